//! What a queue does where there is a choice: when it is full, and before a call returns.

use std::time::Duration;

/// What becomes of a record for which there is no room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum WhenFull {
    /// Of what waits, the least severe is let go of first, the oldest of it before the rest. A record than which nothing
    /// less severe waits is lost itself.
    #[default]
    ShedLowest,
    /// It is lost, and what waits stays.
    DropNewest,
    /// What has waited longest is let go of. Errors stay as long as anything else waits.
    DropOldest,
    /// The caller waits for room, for at most this long. Never on a thread that runs async tasks, if you can help it.
    Block(Duration),
    /// The caller delivers what waits and then its record, in its turn. It takes as long as it takes.
    WriteThrough,
}

/// What is true of a record once the call that logged it has returned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Promise {
    /// It is in the queue: lost if the process dies before it leaves.
    #[default]
    BestEffort,
    /// It has been delivered, or is counted as lost: it outlives the process.
    Flushed,
    /// It has been delivered and synced, or is counted as lost: it outlives a loss of power.
    Durable,
}

/// Whether a call that logs an error waits until it has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Errors {
    /// It does, for at most `bound`, and no more than so many calls in a second.
    WrittenThrough {
        /// How long one call waits at most.
        bound: Duration,
        /// How many calls wait in a second, at most.
        per_second: u32,
    },
    /// It does not.
    Queued,
}

impl Default for Errors {
    /// Five milliseconds, a hundred times a second.
    fn default() -> Errors {
        Errors::WrittenThrough { bound: Duration::from_millis(5), per_second: 100 }
    }
}

/// How many calls may still wait in this second, and whether it is worth while.
pub(crate) struct Allowance {
    second: u64,
    taken: u32,
    /// The last one waited in vain: nobody does again until something has left.
    pub(crate) is_stalled: bool,
}

impl Allowance {
    pub(crate) fn new() -> Allowance {
        Allowance { second: 0, taken: 0, is_stalled: false }
    }

    pub(crate) fn take(&mut self, second: u64, per_second: u32) -> bool {
        if second != self.second {
            (self.second, self.taken) = (second, 0);
        }
        let is_granted = !self.is_stalled && self.taken < per_second;
        self.taken += u32::from(is_granted);
        is_granted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_wait_in_a_second_and_none_where_it_is_in_vain() {
        let mut allowance = Allowance::new();
        assert_eq!((0..5).filter(|_| allowance.take(7, 3)).count(), 3);
        assert!(allowance.take(8, 3));
        allowance.is_stalled = true;
        assert!(!allowance.take(9, 3));
        allowance.is_stalled = false;
        assert!(allowance.take(9, 3));
    }
}
