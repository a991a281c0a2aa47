//! How long a span was open, told when it closes.

use hyperlog_core::{FieldSet, keys};
use std::time::{Duration, Instant};

/// How long a span was worked in, and how long it waited.
pub(crate) struct Closing {
    busy: Duration,
    idle: Duration,
    /// Since when it does what it does now.
    since: Instant,
    /// How many have entered and not left: it can be worked in on several threads.
    inside: u64,
}

impl Closing {
    pub(crate) fn new() -> Closing {
        Closing { busy: Duration::ZERO, idle: Duration::ZERO, since: Instant::now(), inside: 0 }
    }

    pub(crate) fn enter(&mut self) {
        self.settle();
        self.inside += 1;
    }

    pub(crate) fn leave(&mut self) {
        self.settle();
        self.inside = self.inside.saturating_sub(1);
    }

    fn settle(&mut self) {
        let now = Instant::now();
        let passed = now.saturating_duration_since(self.since);
        match self.inside {
            0 => self.idle += passed,
            _ => self.busy += passed,
        }
        self.since = now;
    }

    /// What the record says that tells of it.
    pub(crate) fn fields(&mut self) -> FieldSet {
        self.settle();
        FieldSet::new().with(keys::BUSY, self.busy).with(IDLE, self.idle)
    }
}

/// What such a record says.
pub(crate) const MESSAGE: &str = "span closed";
const IDLE: &str = "idle";
