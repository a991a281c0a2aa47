//! What became of the records that one piece of code logged, for code that has to know.

use crate::drop_reason::DropReason;
use std::cell::RefCell;

/// What the outputs of a logger did with the records that one piece of code logged on its thread. A record counts once
/// for each output that accepted it; one that no output wants counts nowhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Outcome {
    /// How many were accepted.
    pub accepted: u64,
    /// How many of them have left. Where an output promises more than that, it is so.
    pub written: u64,
    /// How many of them wait in a queue.
    pub queued: u64,
    /// Why the others are lost, one for each.
    pub lost: Vec<DropReason>,
}

/// A loss, and the number of the output that had it.
type Loss = (usize, DropReason);

thread_local! {
    /// None as long as nobody wants to know.
    static LOST: RefCell<Option<Vec<Loss>>> = const { RefCell::new(None) };
}

/// A record was lost on this thread.
pub(crate) fn note_lost(output: usize, reason: DropReason) {
    // A thread that is about to end has nobody any more who could ask.
    let _ = LOST.try_with(|lost| {
        if let Some(lost) = &mut *lost.borrow_mut() {
            lost.push((output, reason));
        }
    });
}

/// Runs something, and says what was lost on this thread meanwhile. What is run may ask the same.
pub(crate) fn losses_of(work: impl FnOnce()) -> Vec<Loss> {
    let outer = Outer(LOST.replace(Some(Vec::new())));
    work();
    let lost = LOST.with_borrow(Clone::clone).unwrap_or_default();
    drop(outer);
    lost
}

/// What somebody further out wants to know, however the work ends.
struct Outer(Option<Vec<Loss>>);

impl Drop for Outer {
    fn drop(&mut self) {
        let inner = LOST.take().unwrap_or_default();
        if let Some(outer) = &mut self.0 {
            outer.extend(inner);
        }
        LOST.set(self.0.take());
    }
}
