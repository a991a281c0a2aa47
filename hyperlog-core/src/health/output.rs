//! What became of the records of one output, and how it is.

use super::counts::LevelCounts;
use super::delivery::DeliveryHealth;
use super::last_error::LastError;
use crate::condition::Condition;
use crate::drop_reason::DropReason;
use crate::level::Level;

/// What became of the records that one output accepted.
///
/// At any moment without a call in progress, `accepted = written + dropped + pending`, exactly.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OutputHealth {
    /// The output's name.
    pub name: String,
    /// Records that passed the output's level.
    pub accepted: LevelCounts,
    /// Records that have left.
    pub written: LevelCounts,
    /// Records that a queue has taken and not yet accounted for.
    pub pending: LevelCounts,
    /// Records that were lost, by reason.
    pub dropped: Vec<(DropReason, LevelCounts)>,
    /// The least severe level that its queue takes at present, where that is not all.
    pub floor: Option<Level>,
    /// Records that were cut to fit.
    pub cut: u64,
    /// How the sink says it is.
    pub condition: Condition,
    /// What went wrong last, if the sink remembers, though all may be well again.
    pub last_error: Option<LastError>,
    /// How deliveries are getting on, if records wait in a queue of ours.
    pub delivery: Option<DeliveryHealth>,
}

impl OutputHealth {
    /// Records that were lost for whatever reason.
    pub fn dropped_total(&self) -> u64 {
        self.dropped.iter().map(|(_, counts)| counts.total()).sum()
    }

    /// Whether every accepted record is accounted for.
    pub fn is_conserved(&self) -> bool {
        self.accepted.total() == self.written.total() + self.dropped_total() + self.pending.total()
    }
}
