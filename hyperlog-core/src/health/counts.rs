//! Records, counted by the class of their level.

use crate::level::Level;
use std::ops::AddAssign;

/// How many records each of the six classes of levels saw, from trace to fatal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LevelCounts(pub(super) [u64; CLASSES]);

pub(super) const CLASSES: usize = 6;

impl LevelCounts {
    /// Of all levels together.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// Of the class that a level belongs to: see [`Level::class`].
    pub fn of(&self, level: Level) -> u64 {
        self.0[class_of(level)]
    }

    /// Counts so many more of a level's class.
    pub fn add(&mut self, level: Level, records: u64) {
        self.0[class_of(level)] += records;
    }

    /// The classes that saw any, by the name of the level that each begins with.
    pub(crate) fn by_name(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let classes = [Level::TRACE, Level::DEBUG, Level::INFO, Level::WARN, Level::ERROR, Level::FATAL];
        classes.into_iter().map(|class| (class.name(), self.of(class))).filter(|(_, records)| *records > 0)
    }

    /// What has come since it stood so.
    pub(crate) fn since(&self, before: &LevelCounts) -> LevelCounts {
        LevelCounts(std::array::from_fn(|class| self.0[class].saturating_sub(before.0[class])))
    }
}

impl AddAssign<&LevelCounts> for LevelCounts {
    fn add_assign(&mut self, more: &LevelCounts) {
        self.0.iter_mut().zip(more.0).for_each(|(records, more)| *records += more);
    }
}

/// As many as three bits can name, so that finding one needs no comparison. Two are never used.
pub(super) const ROWS: usize = 8;

#[inline]
pub(super) fn class_of(level: Level) -> usize {
    row_of(level).min(CLASSES - 1)
}

#[inline(always)]
pub(super) fn row_of(level: Level) -> usize {
    usize::from(level.severity() - 1) / 4 % ROWS
}
