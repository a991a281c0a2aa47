//! Panics caught at a boundary, with the place and the frames of where they began.
//!
//! What `catch_unwind` returns is only the payload: the stack is gone by then. A hook notes place and frames while the
//! stack still stands, on the thread that panics, and [`catch`] picks the note up.

mod frames;
mod hook;
pub(crate) mod stack;

pub use crate::panic::hook::install;

use crate::contain::discard;
use crate::field::FieldSet;
use crate::keys;
use crate::level::Level;
use crate::logger::Logger;
use crate::panic::frames::Frames;
use crate::panic::hook::{Guard, Note};
use crate::record::Site;
use crate::value::Value;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

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
    let guard = Guard::new();
    catch_unwind(AssertUnwindSafe(work)).map_err(|payload| {
        let message = message_of(&*payload).to_owned();
        let note = guard.take(&message);
        Panic { message, note, payload }
    })
}

/// A panic that was caught.
pub struct Panic {
    message: String,
    note: Option<Note>,
    payload: Box<dyn Any + Send>,
}

impl Panic {
    /// What was said.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Where it began, as file, line and column; not known of a panic that was only passed on from another thread.
    pub fn location(&self) -> Option<&str> {
        self.note.as_ref().map(|note| note.location.as_str())
    }

    /// Panics on, as if it had not been caught.
    pub fn resume(mut self) -> ! {
        resume_unwind(self.take_payload())
    }

    /// Writes a record of kind `panic`: message, location and frames, innermost first. The frames get their names here
    /// and now, which takes milliseconds the first time in a process.
    pub fn write(&self, logger: &Logger) {
        let mut fields = FieldSet::new();
        fields.add(keys::KIND, "panic").add(keys::ERROR, self.message()).add(keys::LOCATION, self.location());
        if let Some(note) = &self.note {
            fields.add(keys::FRAMES, Value::Tree(&Frames::resolve(note.stack.clone(), MOST_FRAMES)));
        }
        let (level, message) = (Level::ERROR, "panicked");
        let site = Site { level, target: TARGET, module: None, file: None, line: None, template: message, keys: &[] };
        logger.log_from(&site, format_args!("{message}"), &fields);
    }

    fn take_payload(&mut self) -> Box<dyn Any + Send> {
        std::mem::replace(&mut self.payload, Box::new(()))
    }
}

impl Drop for Panic {
    /// The payload is whatever the code that panicked made of it: going, it must not panic past whoever caught it.
    fn drop(&mut self) {
        discard(self.take_payload());
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

/// The text of a panic, if it is text.
fn message_of(payload: &(dyn Any + Send)) -> &str {
    if let Some(text) = payload.downcast_ref::<&'static str>() {
        text
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text
    } else {
        "a panic without a message"
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
