//! What notes a panic while its stack still stands.
//!
//! The hook runs on the thread that panics, before anything unwinds. It notes only where a [`Guard`] waits for it, takes
//! no lock, and always goes on to the hook that was there before.

use crate::panic::message_of;
use backtrace::Backtrace;
use std::cell::RefCell;
use std::panic::PanicHookInfo;
use std::sync::Once;

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
            note(info);
            previous(info);
        }));
    });
}

/// A panic, as it was when it began.
pub(crate) struct Note {
    message: String,
    pub(crate) location: String,
    /// Addresses alone: names are looked up by whoever wants them.
    pub(crate) stack: Backtrace,
}

thread_local! {
    /// None while nobody on this thread waits for panics.
    static NOTES: RefCell<Option<Vec<Note>>> = const { RefCell::new(None) };
}

/// Work may swallow any number of panics before the one that counts, which is the last.
pub(crate) const MOST_NOTES: usize = 8;

fn note(info: &PanicHookInfo<'_>) {
    let _ = NOTES.try_with(|notes| {
        let Ok(mut notes) = notes.try_borrow_mut() else { return };
        let Some(notes) = notes.as_mut() else { return };
        if notes.len() == MOST_NOTES {
            notes.remove(0);
        }
        notes.push(Note {
            message: message_of(info.payload()).to_owned(),
            location: info.location().map(ToString::to_string).unwrap_or_default(),
            stack: Backtrace::new_unresolved(),
        });
    });
}

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
