//! How an output is getting on, for whoever asks, and the voice in which it complains.

use crate::backend::DeliveryError;
use hyperlog_core::{
    Breaker, Condition, DeliveryHealth, DropReason, LastError, Level, Line, LossBell, Timestamp, report_fault,
};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// What is known of an output beside its queue.
pub(crate) struct Report {
    name: String,
    told: Mutex<Told>,
    bell: OnceLock<LossBell>,
    on_drop: Option<Box<OnDrop>>,
}

type OnDrop = dyn Fn(Dropped) + Send + Sync;

struct Told {
    batches: u64,
    failures: u64,
    retries: u64,
    delivering: Duration,
    breaker: Breaker,
    /// Whether the last that was sent has not arrived.
    is_failing: bool,
    is_disabled: bool,
    last_error: Option<(String, Instant)>,
}

/// A record that was lost, to be kept by whoever wants it.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Dropped {
    /// The record, its end included.
    pub bytes: Vec<u8>,
    /// How severe it is.
    pub level: Level,
    /// When it happened.
    pub timestamp: Timestamp,
    /// Why it was lost.
    pub reason: DropReason,
}

impl fmt::Debug for Dropped {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Dropped({} {} bytes, {})", self.level, self.bytes.len(), self.reason.name())
    }
}

/// What waits in a queue and is in flight.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Depth {
    pub(crate) records: u64,
    /// With what each record takes beyond its own.
    pub(crate) bytes: usize,
    /// The least severe level that is taken, where that is not all.
    pub(crate) floor: Option<Level>,
}

impl Report {
    pub(crate) fn new(name: String, on_drop: Option<Box<OnDrop>>) -> Report {
        let told = Told {
            batches: 0,
            failures: 0,
            retries: 0,
            delivering: Duration::ZERO,
            breaker: Breaker::Closed,
            is_failing: false,
            is_disabled: false,
            last_error: None,
        };
        Report { name, told: Mutex::new(told), bell: OnceLock::new(), on_drop }
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn attach(&self, bell: LossBell) {
        let _ = self.bell.set(bell);
    }

    /// A record was lost.
    pub(crate) fn lost(&self, line: &Line<'_>, reason: DropReason) {
        self.ring();
        let Some(on_drop) = &self.on_drop else { return };
        let dropped = Dropped { bytes: line.bytes.to_vec(), level: line.level, timestamp: line.timestamp, reason };
        if catch_unwind(AssertUnwindSafe(|| on_drop(dropped))).is_err() {
            report_fault("delivery", format_args!("{}: what is called for lost records panicked", self.name));
        }
    }

    /// Something was lost.
    pub(crate) fn ring(&self) {
        if let Some(bell) = self.bell.get() {
            bell.ring();
        }
    }

    /// Whether anybody wants the bytes of what is lost.
    pub(crate) fn wants_lost(&self) -> bool {
        self.on_drop.is_some()
    }

    /// A delivery took so long, however it ended.
    pub(crate) fn tried(&self, breaker: Breaker, took: Duration) {
        let mut told = self.told();
        told.breaker = breaker;
        told.delivering += took;
    }

    pub(crate) fn delivered(&self, records: usize) {
        let mut told = self.told();
        told.batches += u64::from(records > 0);
        told.breaker = Breaker::Closed;
        told.is_failing = false;
    }

    pub(crate) fn failed(&self, error: &DeliveryError) {
        self.note(error, |_| {});
    }

    /// What was sent has not arrived.
    pub(crate) fn failed_to_arrive(&self, error: &DeliveryError) {
        self.note(error, |told| told.is_failing = true);
    }

    pub(crate) fn failed_and_tried_again(&self, error: &DeliveryError, breaker: Breaker) {
        self.note(error, |told| {
            told.is_failing = true;
            told.retries += 1;
            told.breaker = breaker;
        });
    }

    /// All of it at once: whoever asks in between must not see half of it.
    fn note(&self, error: &DeliveryError, and: impl FnOnce(&mut Told)) {
        let text = error.in_full();
        report_fault("delivery", format_args!("{}: {text}", self.name));
        let mut told = self.told();
        told.failures += 1;
        told.last_error = Some((text, Instant::now()));
        and(&mut told);
    }

    /// Records are refused; the output works.
    pub(crate) fn refused(&self, error: &DeliveryError) {
        let text = error.in_full();
        report_fault("delivery", format_args!("{}: records are refused: {text}", self.name));
        self.told().last_error = Some((text, Instant::now()));
    }

    /// Whatever it said, it has answered.
    pub(crate) fn answered(&self) {
        self.told().is_failing = false;
    }

    pub(crate) fn disabled(&self, error: &DeliveryError) {
        self.note(error, |told| told.is_disabled = true);
    }

    pub(crate) fn health(&self, depth: Depth, capacity: usize) -> DeliveryHealth {
        let told = self.told();
        let mut health = DeliveryHealth::new(&self.name);
        health.queued_records = depth.records;
        health.queued_bytes = depth.bytes;
        health.capacity = capacity;
        health.floor = depth.floor;
        health.batches = told.batches;
        health.failures = told.failures;
        health.retries = told.retries;
        health.delivering = told.delivering;
        health.breaker = told.breaker;
        health.condition = told.condition(&depth, capacity);
        health.last_error = told.last_error.as_ref().map(|(text, at)| LastError::new(text, at.elapsed()));
        health
    }
}

impl Told {
    fn condition(&self, depth: &Depth, capacity: usize) -> Condition {
        let last = self.last_error.as_ref().map_or("", |(text, _)| text);
        if self.is_disabled {
            return Condition::Failed(format!("nothing is sent any more: {last}"));
        }
        // With nothing left that waits, only the next record can show whether it works: an output that has to be well
        // for a service to be ready must not wait for requests that wait for it.
        if self.is_failing && depth.records > 0 {
            return Condition::Degraded(format!("it does not answer: {last}"));
        }
        if depth.bytes > capacity / 10 * 9 {
            return Condition::Degraded("the queue is full".to_owned());
        }
        match depth.floor {
            Some(floor) => Condition::Degraded(format!("it takes only {floor} and above")),
            None => Condition::Well,
        }
    }
}
