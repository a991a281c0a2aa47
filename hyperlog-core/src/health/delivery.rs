//! How deliveries are getting on.

use super::last_error::LastError;
use crate::condition::Condition;
use crate::level::Level;
use std::time::Duration;

/// How the deliveries of an output with a queue are getting on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeliveryHealth {
    /// The name of whoever delivers.
    pub name: String,
    /// Records that wait or are being delivered.
    pub queued_records: u64,
    /// What they take of the capacity.
    pub queued_bytes: usize,
    /// The most that the queue holds, in bytes.
    pub capacity: usize,
    /// The least severe level that is taken at present, where that is not all.
    pub floor: Option<Level>,
    /// Batches that have arrived.
    pub batches: u64,
    /// Deliveries that failed, and syncs that did.
    pub failures: u64,
    /// Deliveries that were tried again.
    pub retries: u64,
    /// The time that all deliveries took, those that failed included.
    pub delivering: Duration,
    /// Whether the output is tried.
    pub breaker: Breaker,
    /// What went wrong last.
    pub last_error: Option<LastError>,
    /// How it is in a word.
    pub condition: Condition,
}

impl DeliveryHealth {
    /// Of a queue to which nothing has happened yet.
    pub fn new(name: impl Into<String>) -> DeliveryHealth {
        DeliveryHealth {
            name: name.into(),
            queued_records: 0,
            queued_bytes: 0,
            capacity: 0,
            floor: None,
            batches: 0,
            failures: 0,
            retries: 0,
            delivering: Duration::ZERO,
            breaker: Breaker::Closed,
            last_error: None,
            condition: Condition::Well,
        }
    }
}

/// Whether an output is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breaker {
    /// It is, with every batch.
    Closed,
    /// It failed too often in a row. Nothing is sent before the pause ends; the queue fills meanwhile.
    Open,
    /// The pause has ended: one batch shows whether it works again.
    HalfOpen,
}

impl Breaker {
    /// The state in one word.
    pub const fn name(self) -> &'static str {
        match self {
            Breaker::Closed => "closed",
            Breaker::Open => "open",
            Breaker::HalfOpen => "half_open",
        }
    }
}
