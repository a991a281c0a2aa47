//! How often a request was polled and how long that took: who blocks the executor.

use crate::field::FieldSet;
use crate::keys;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The polls of one request.
#[derive(Default)]
pub(crate) struct Polls {
    count: u64,
    busy: Duration,
    longest: Duration,
}

impl Polls {
    pub(crate) fn add(&mut self, taken: Duration) {
        self.count += 1;
        self.busy += taken;
        self.longest = self.longest.max(taken);
    }

    pub(crate) fn tell(&self, fields: &mut FieldSet) {
        fields.add(keys::POLLS, self.count).add(keys::BUSY, self.busy).add(keys::LONGEST_POLL, self.longest);
    }

    /// Whether a warning may be given now: a process gives one a second.
    pub(crate) fn may_warn() -> bool {
        static BEGUN: OnceLock<Instant> = OnceLock::new();
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let now = BEGUN.get_or_init(Instant::now).elapsed().as_millis() as u64;
        let next = NEXT.load(Ordering::Relaxed);
        now >= next && NEXT.compare_exchange(next, now + 1000, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}
