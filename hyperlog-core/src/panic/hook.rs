//! What notes a panic while its stack still stands.
//!
//! The hook runs on the thread that panics, before anything unwinds. It notes only where a [`Guard`] waits for it, takes
//! no lock, and always goes on to the hook that was there before.

use crate::logger::Logger;
use crate::panic::{Panic, message_of};
use backtrace::Backtrace;
use std::cell::{Cell, RefCell};
use std::panic::PanicHookInfo;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::time::Duration;

/// Puts our hook before the one that is there now. Only the first call does anything.
pub fn install() {
    static INSTALLED: Once = Once::new();
    if std::thread::panicking() {
        // A hook cannot be changed now; the next call will.
        return;
    }
    INSTALLED.call_once(|| {
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let is_told = note(info) || tell(info);
            if !(is_told && IS_QUIET.load(Ordering::Relaxed)) {
                previous(info);
            }
        }));
    });
}

/// Keeps the hook that was there before from printing panics that become records.
pub fn quiet() {
    IS_QUIET.store(true, Ordering::Relaxed);
}

/// Writes a record of each panic that nobody here catches too: of plain threads and spawned tasks. It goes to the logger
/// that is current on the thread.
pub fn tell_uncaught() {
    install();
    TELLS_UNCAUGHT.store(true, Ordering::Relaxed);
}

/// When the frames of a panic are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[repr(u8)]
pub enum FramePolicy {
    /// Of each panic.
    Always,
    /// If the environment asks for a stack trace, by `RUST_BACKTRACE` or `RUST_LIB_BACKTRACE`.
    ByEnvironment,
    /// Never.
    Never,
}

/// Says when the frames of panics are taken. They always are, unless something else is said.
pub fn set_frames(policy: FramePolicy) {
    FRAMES.store(policy as u8, Ordering::Relaxed);
}

static IS_QUIET: AtomicBool = AtomicBool::new(false);
static TELLS_UNCAUGHT: AtomicBool = AtomicBool::new(false);
static FRAMES: AtomicU8 = AtomicU8::new(FramePolicy::Always as u8);

fn takes_frames() -> bool {
    const ALWAYS: u8 = FramePolicy::Always as u8;
    const BY_ENVIRONMENT: u8 = FramePolicy::ByEnvironment as u8;
    match FRAMES.load(Ordering::Relaxed) {
        ALWAYS => true,
        BY_ENVIRONMENT => {
            let asked = std::env::var_os("RUST_LIB_BACKTRACE").or_else(|| std::env::var_os("RUST_BACKTRACE"));
            asked.is_some_and(|value| value != "0")
        }
        _ => false,
    }
}

/// A panic, as it was when it began.
pub(crate) struct Note {
    pub(crate) message: String,
    pub(crate) location: String,
    /// Addresses alone: names are looked up by whoever wants them.
    pub(crate) stack: Option<Backtrace>,
}

impl Note {
    fn of(info: &PanicHookInfo<'_>) -> Note {
        Note {
            message: message_of(info.payload()).into_owned(),
            location: info.location().map(ToString::to_string).unwrap_or_default(),
            stack: takes_frames().then(Backtrace::new_unresolved),
        }
    }
}

thread_local! {
    /// None while nobody on this thread waits for panics.
    static NOTES: RefCell<Option<Vec<Note>>> = const { RefCell::new(None) };
}

/// Work may swallow any number of panics before the one that counts, which is the last.
pub(crate) const MOST_NOTES: usize = 8;

/// Notes a panic where somebody waits for it; says whether somebody does. What cannot be caught is told at once.
fn note(info: &PanicHookInfo<'_>) -> bool {
    if cfg!(panic = "abort") {
        return false;
    }
    let noted = NOTES.try_with(|notes| {
        let Ok(mut notes) = notes.try_borrow_mut() else { return false };
        let Some(notes) = notes.as_mut() else { return false };
        if notes.len() == MOST_NOTES {
            notes.remove(0);
        }
        notes.push(Note::of(info));
        true
    });
    noted.unwrap_or(false)
}

/// Writes a record here and now, if that is wanted or the process is about to end.
fn tell(info: &PanicHookInfo<'_>) -> bool {
    thread_local!(static IS_TELLING: Cell<bool> = const { Cell::new(false) });
    let is_wanted = cfg!(panic = "abort") || TELLS_UNCAUGHT.load(Ordering::Relaxed);
    // A panic while one is told is left to the hook before.
    if !is_wanted || IS_TELLING.try_with(|is_telling| is_telling.replace(true)).unwrap_or(true) {
        return false;
    }
    let (note, logger) = (Note::of(info), Logger::current());
    Panic { message: note.message.clone(), note: Some(note), payload: Box::new(()) }.write(&logger);
    if cfg!(panic = "abort") {
        let _ = logger.flush(LAST_WORDS);
    }
    IS_TELLING.set(false);
    true
}

/// How long a process that is about to abort waits for its records to leave.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Waits for panics on this thread, until it is dropped.
pub(crate) struct Guard {
    /// What another guard around this one has got so far.
    outer: Option<Vec<Note>>,
}

impl Guard {
    pub(crate) fn new() -> Guard {
        Guard { outer: replace(Some(Vec::new())) }
    }

    /// The note of the panic that was caught: of all panics, also those that were swallowed on the way, the last that
    /// says the same.
    pub(crate) fn take(self, message: &str) -> Option<Note> {
        let notes = replace(Some(Vec::new())).unwrap_or_default();
        notes.into_iter().rev().find(|note| note.message == message)
    }

    /// The note of the last panic, which somebody else caught.
    #[inline]
    pub(crate) fn last(self) -> Option<Note> {
        let has_none =
            NOTES.try_with(|place| place.try_borrow().is_ok_and(|place| place.as_ref().is_none_or(Vec::is_empty)));
        if has_none.unwrap_or(true) { None } else { replace(Some(Vec::new()))?.pop() }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        drop(replace(self.outer.take()));
    }
}

fn replace(notes: Option<Vec<Note>>) -> Option<Vec<Note>> {
    NOTES
        .try_with(|place| place.try_borrow_mut().ok().and_then(|mut place| std::mem::replace(&mut *place, notes)))
        .ok()?
}

/// How many panics were noted on this thread.
#[cfg(test)]
pub(crate) fn noted() -> usize {
    NOTES.with_borrow(|notes| notes.as_ref().map_or(0, Vec::len))
}
