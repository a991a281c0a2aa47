//! Panics caught at a boundary, with the place and the frames of where they began.
//!
//! What `catch_unwind` returns is only the payload: the stack is gone by then. A hook notes place and frames while the
//! stack still stands, on the thread that panics, and [`catch`] picks the note up.

mod aside;
mod frames;
mod hook;
mod spawned;
pub(crate) mod stack;

pub(crate) use crate::panic::aside::write_without_frames;
pub use crate::panic::hook::{FramePolicy, install, quiet, set_frames, tell_uncaught};
pub use crate::panic::spawned::{Spawned, spawned, spawned_call};

use crate::contain::{contain, discard};
use crate::field::FieldSet;
use crate::keys;
use crate::level::Level;
use crate::logger::Logger;
use crate::panic::frames::Frames;
use crate::panic::hook::{Guard, Note};
use crate::record::Site;
use crate::value::Value;
use backtrace::Backtrace;
use std::any::Any;
use std::borrow::Cow;
use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};

/// Runs this, and returns the panic if it panics.
///
/// Without [`install`] a panic has no location and no frames.
///
/// ```
/// use hyperlog_core::panic;
///
/// panic::install();
/// assert_eq!(panic::catch(|| 42).unwrap(), 42);
/// let panic = panic::catch(|| panic!("out of {}", "cheese")).unwrap_err();
/// assert_eq!(panic.message(), "out of cheese");
/// assert!(panic.location().unwrap().contains(".rs:"));
/// ```
///
/// # Errors
///
/// The panic.
pub fn catch<R>(work: impl FnOnce() -> R) -> Result<R, Panic> {
    catch_with(work, &mut None)
}

/// The same, and says which panic was the last that something within the work caught itself.
pub(crate) fn catch_with<R>(work: impl FnOnce() -> R, swallowed: &mut Option<Panic>) -> Result<R, Panic> {
    let guard = Guard::new();
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => {
            if let Some(note) = guard.last() {
                let (message, payload) = (note.message.clone(), Box::new(()));
                *swallowed = Some(Panic::new(message, Some(note), payload));
            }
            Ok(result)
        }
        Err(payload) => {
            let message = message_of(&*payload).into_owned();
            let note = guard.take(&message);
            Err(Panic::new(message, note, payload))
        }
    }
}

/// A panic that was caught.
pub struct Panic(Box<Caught>);

/// In memory of its own, so that whoever might have caught one has little to carry.
struct Caught {
    message: String,
    note: Option<Note>,
    payload: Box<dyn Any + Send>,
}

/// Where a panic happened, as seen by whoever tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// In the work itself.
    Here,
    /// In work that it had spawned.
    Spawned,
}

impl Panic {
    #[cold]
    fn new(message: String, note: Option<Note>, payload: Box<dyn Any + Send>) -> Panic {
        Panic(Box::new(Caught { message, note, payload }))
    }

    /// What was said.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Where it began, as file, line and column; not known of a panic that was only passed on from another thread.
    pub fn location(&self) -> Option<&str> {
        self.0.note.as_ref().map(|note| note.location.as_str())
    }

    /// Panics on, as if it had not been caught.
    pub fn resume(mut self) -> ! {
        resume_unwind(self.take_payload())
    }

    /// Writes a record of kind `panic`: message, location and frames, innermost first. The frames get their names here
    /// and now, which takes milliseconds the first time in a process.
    pub fn write(&self, logger: &Logger) {
        let frames = self.stack().map(|stack| Frames::resolve(stack, MOST_FRAMES));
        self.report(Origin::Here).write(frames, logger);
    }

    /// The same on another thread, so that whoever caught the panic need not wait for names. Gives the number by which the
    /// record can be found. [`Logger::flush`] waits for it.
    pub fn tell(&self, logger: &Logger, origin: Origin) -> u64 {
        let report = self.report(origin);
        let number = report.number;
        aside::write(report, self.stack(), logger);
        number
    }

    fn report(&self, origin: Origin) -> Report {
        Report {
            number: next_number(),
            message: self.0.message.clone(),
            location: self.location().map(String::from),
            origin,
        }
    }

    fn stack(&self) -> Option<Backtrace> {
        self.0.note.as_ref().and_then(|note| note.stack.clone())
    }

    fn take_payload(&mut self) -> Box<dyn Any + Send> {
        std::mem::replace(&mut self.0.payload, Box::new(()))
    }
}

fn next_number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

impl Drop for Panic {
    /// The payload is whatever the code that panicked made of it: going, it must not panic past whoever caught it.
    fn drop(&mut self) {
        discard(self.take_payload());
    }
}

/// What the record of a panic says beside the frames, which take their time.
pub(crate) struct Report {
    number: u64,
    message: String,
    /// None if it was only passed on.
    location: Option<String>,
    origin: Origin,
}

impl Report {
    pub(crate) fn write(self, frames: Option<Frames>, logger: &Logger) {
        let mut fields = FieldSet::new();
        fields.add(keys::KIND, "panic").add(keys::PANIC_ID, self.number).add(keys::ERROR, &self.message);
        match &self.location {
            Some(location) => fields.add(keys::LOCATION, location),
            None => fields.add(keys::RETHROWN, true),
        };
        if self.origin == Origin::Spawned {
            fields.add(keys::SPAWNED, true);
        }
        if let Some(frames) = &frames {
            fields.add(keys::FRAMES, Value::Tree(frames));
        }
        let (level, message) = (Level::ERROR, "panicked");
        let site = Site { level, target: TARGET, module: None, file: None, line: None, template: message, keys: &[] };
        logger.log_from(&site, format_args!("{message}"), &fields);
    }
}

/// A stack may be as deep as a recursion went.
const MOST_FRAMES: usize = 64;

/// The target of panic records, by which they are filtered.
const TARGET: &str = "hyperlog::panic";

impl std::fmt::Debug for Panic {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Panic").field("location", &self.location()).finish_non_exhaustive()
    }
}

/// Reads a payload that is no text: gives its text if it knows the type.
pub type PayloadReader = fn(&(dyn Any + Send)) -> Option<String>;

/// Lets panics that carry something else than text be told in words. A payload that is a boxed error is known already.
///
/// ```
/// use hyperlog_core::panic;
///
/// struct OutOfStock(u32);
///
/// panic::read_payloads(|payload| Some(format!("item {} is out of stock", payload.downcast_ref::<OutOfStock>()?.0)));
/// let panic = panic::catch(|| std::panic::panic_any(OutOfStock(7))).unwrap_err();
/// assert_eq!(panic.message(), "item 7 is out of stock");
/// ```
pub fn read_payloads(reader: PayloadReader) {
    READERS.write().unwrap_or_else(PoisonError::into_inner).push(reader);
}

static READERS: RwLock<Vec<PayloadReader>> = RwLock::new(Vec::new());

/// The text of a panic, if it is text or somebody knows how to read it.
fn message_of(payload: &(dyn Any + Send)) -> Cow<'_, str> {
    if let Some(text) = payload.downcast_ref::<&'static str>() {
        Cow::Borrowed(text)
    } else if let Some(text) = payload.downcast_ref::<String>() {
        Cow::Borrowed(text)
    } else if let Some(error) = payload.downcast_ref::<Box<dyn Error + Send + Sync>>() {
        contain(|| error.to_string()).unwrap_or_default().into()
    } else {
        let readers = READERS.read().unwrap_or_else(PoisonError::into_inner).clone();
        let read = readers.iter().find_map(|reader| contain(|| reader(payload)).flatten());
        read.map_or(Cow::Borrowed("a panic without a message"), Cow::Owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sink::CapturedValue;

    #[test]
    fn a_panic_is_returned_with_its_message_and_its_place() {
        install();
        let line = line!() + 1;
        let panic = catch(|| panic!("boom {}", 7)).unwrap_err();
        assert_eq!(panic.message(), "boom 7");
        let location = panic.location().expect("the hook is installed");
        assert!(location.contains(&format!("{}:{line}:", file!())), "{location}");
    }

    #[test]
    fn a_payload_that_is_no_text_still_has_a_place() {
        install();
        let panic = catch(|| std::panic::panic_any(42_u8)).unwrap_err();
        assert_eq!(panic.message(), "a panic without a message");
        assert!(panic.location().is_some());
    }

    #[test]
    fn a_payload_that_panics_as_it_goes_is_held_back() {
        struct Bitter;
        impl Drop for Bitter {
            fn drop(&mut self) {
                panic!("once more");
            }
        }
        install();
        drop(catch(|| std::panic::panic_any(Bitter)).unwrap_err());
    }

    #[test]
    fn a_panic_passed_on_has_no_invented_place() {
        install();
        let panic = catch(|| resume_unwind(Box::new("from elsewhere"))).unwrap_err();
        assert_eq!(panic.message(), "from elsewhere");
        assert_eq!(panic.location(), None);
    }

    #[test]
    fn a_panic_that_was_swallowed_inside_is_not_taken_for_the_real_one() {
        install();
        let panic = catch(|| {
            let _ = catch_unwind(|| panic!("swallowed"));
            struct AtTheEnd;
            impl Drop for AtTheEnd {
                fn drop(&mut self) {
                    let _ = catch_unwind(|| panic!("in a destructor"));
                }
            }
            let _at_the_end = AtTheEnd;
            panic!("real")
        })
        .map(|()| unreachable!())
        .unwrap_err();
        assert_eq!(panic.message(), "real");
        assert!(panic.location().is_some());
    }

    #[test]
    fn a_catch_within_a_catch_keeps_the_outer_notes() {
        install();
        let panic = catch(|| {
            let inner = catch(|| panic!("inner")).map(|()| unreachable!()).unwrap_err();
            assert!(inner.location().is_some());
            panic!("outer")
        })
        .map(|()| unreachable!())
        .unwrap_err();
        assert_eq!(panic.message(), "outer");
        assert!(panic.location().is_some());
    }

    #[test]
    fn thousands_of_swallowed_panics_keep_few_notes() {
        install();
        let quiet = catch(|| {
            for _ in 0..hook::MOST_NOTES * 3 {
                let _ = catch_unwind(|| panic!("again"));
            }
            hook::noted()
        });
        assert_eq!(quiet.unwrap(), hook::MOST_NOTES);
    }

    #[test]
    fn the_record_has_frames_that_name_the_culprit() {
        #[inline(never)]
        fn culprit() {
            panic!("boom");
        }
        install();
        let (logger, captured) = Logger::capture();
        catch(culprit).unwrap_err().write(&logger);
        let record = captured.only_at(Level::ERROR);
        assert_eq!((record.text(keys::KIND), record.text(keys::ERROR)), ("panic", "boom"));
        let Some(CapturedValue::List(frames)) = record.get(keys::FRAMES) else { panic!("no frames in {record}") };
        let shown = format!("{frames:?}");
        assert!(shown.contains("culprit"), "{shown}");
        assert!(!shown.contains("rust_panic"), "{shown}");
    }
}
