//! The order in which outputs of this process have a file that each of them wants alone.
//!
//! An output that takes the place of another is there before that has ended, and a third may be before the second has
//! begun: none may pass another by.

use crate::fs::Identity;
use std::ffi::{OsStr, OsString};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// All tickets of the process, in the order in which they were drawn.
static LINE: Mutex<Line> = Mutex::new(Line { last: 0, waiting: Vec::new() });

struct Line {
    last: u64,
    waiting: Vec<(u64, Wanted)>,
}

/// A file, by its directory and its name there.
#[derive(Clone, PartialEq, Eq)]
struct Wanted(Identity, OsString);

fn line() -> MutexGuard<'static, Line> {
    LINE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A place in the line for a file, until it is dropped.
pub(crate) struct Ticket {
    number: u64,
    wanted: Wanted,
}

impl Ticket {
    /// The last place.
    pub(crate) fn draw(directory: Identity, name: &OsStr) -> Ticket {
        let wanted = Wanted(directory, name.to_owned());
        let mut line = line();
        line.last += 1;
        let number = line.last;
        line.waiting.push((number, wanted.clone()));
        Ticket { number, wanted }
    }

    /// Whether nobody stands before this one.
    pub(crate) fn is_first(&self) -> bool {
        let first = line().waiting.iter().find(|(_, wanted)| *wanted == self.wanted).map(|(number, _)| *number);
        first == Some(self.number)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        line().waiting.retain(|(number, _)| *number != self.number);
    }
}
