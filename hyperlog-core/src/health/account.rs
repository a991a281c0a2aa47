//! What became of the records in a queue, as the sink that has the queue says.

use super::counts::LevelCounts;
use crate::drop_reason::DropReason;
use crate::level::Level;
use std::ops::AddAssign;

/// What became of the records that a sink took into its queue, counted by the sink.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Account {
    /// Those that have left.
    pub left: LevelCounts,
    /// Those that wait, or are being delivered.
    pub pending: LevelCounts,
    /// Those that were lost, by reason.
    pub dropped: Vec<(DropReason, LevelCounts)>,
    /// The least severe level that is taken at present, where that is not all.
    pub floor: Option<Level>,
}

impl Account {
    /// Of a queue that has taken nothing yet.
    pub fn new() -> Account {
        Account::default()
    }

    /// Counts so many more of a level's class as lost.
    pub fn lose(&mut self, reason: DropReason, level: Level, records: u64) {
        match self.dropped.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, counts)) => counts.add(level, records),
            None => {
                let mut counts = LevelCounts::default();
                counts.add(level, records);
                self.dropped.push((reason, counts));
            }
        }
    }

    /// Records that were lost for whatever reason.
    pub fn dropped_total(&self) -> u64 {
        self.dropped.iter().map(|(_, counts)| counts.total()).sum()
    }
}

impl AddAssign<&Account> for Account {
    fn add_assign(&mut self, more: &Account) {
        self.left += &more.left;
        self.pending += &more.pending;
        for (reason, lost) in &more.dropped {
            match self.dropped.iter_mut().find(|(known, _)| known == reason) {
                Some((_, counts)) => *counts += lost,
                None => self.dropped.push((*reason, *lost)),
            }
        }
    }
}
