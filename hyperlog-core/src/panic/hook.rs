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
    /// How many guards on this thread wait for panics, one within the other.
    static GUARDS: Cell<usize> = const { Cell::new(0) };
    /// How many notes there ever were: all that is looked at as long as all goes well.
    static NOTED: Cell<usize> = const { Cell::new(0) };
    /// Those of the outermost guard first, each with the number of guards that there were.
    static NOTES: RefCell<Vec<(usize, Note)>> = const { RefCell::new(Vec::new()) };
}

/// Work may swallow any number of panics before the one that counts, which is the last.
pub(crate) const MOST_NOTES: usize = 8;

/// Notes a panic where somebody waits for it; says whether somebody does. What cannot be caught is told at once.
fn note(info: &PanicHookInfo<'_>) -> bool {
    if cfg!(panic = "abort") {
        return false;
    }
    if GUARDS.get() == 0 {
        return false;
    }
    let noted = NOTES.try_with(|notes| {
        let Ok(mut notes) = notes.try_borrow_mut() else { return false };
        if notes.len() == MOST_NOTES {
            notes.remove(0);
        }
        notes.push((GUARDS.get(), Note::of(info)));
        NOTED.set(NOTED.get().wrapping_add(1));
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
    Panic::new(note.message.clone(), Some(note), Box::new(())).write(&logger);
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
    /// How many guards there are with this one.
    depth: usize,
    /// How many notes there had been before.
    noted: usize,
}

impl Guard {
    #[inline]
    pub(crate) fn new() -> Guard {
        let depth = GUARDS.get() + 1;
        GUARDS.set(depth);
        Guard { depth, noted: NOTED.get() }
    }

    /// The note of the panic that was caught: of all panics, also those that were swallowed on the way, the last that
    /// says the same.
    pub(crate) fn take(self, message: &str) -> Option<Note> {
        self.notes().into_iter().rev().find(|note| note.message == message)
    }

    /// The note of the last panic, which somebody else caught.
    #[inline]
    pub(crate) fn last(self) -> Option<Note> {
        if NOTED.get() == self.noted { None } else { self.notes().pop() }
    }

    #[cold]
    fn notes(&self) -> Vec<Note> {
        let taken = NOTES.try_with(|notes| {
            let Ok(mut notes) = notes.try_borrow_mut() else { return Vec::new() };
            let first = notes.iter().position(|(depth, _)| *depth >= self.depth).unwrap_or(notes.len());
            notes.split_off(first).into_iter().map(|(_, note)| note).collect()
        });
        taken.unwrap_or_default()
    }
}

impl Drop for Guard {
    #[inline]
    fn drop(&mut self) {
        GUARDS.set(GUARDS.get() - 1);
        if NOTED.get() != self.noted {
            drop(self.notes());
        }
    }
}

/// How many panics were noted on this thread.
#[cfg(test)]
pub(crate) fn noted() -> usize {
    NOTES.with_borrow(Vec::len)
}
