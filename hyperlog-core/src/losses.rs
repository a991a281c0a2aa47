//! What was lost, or is not even taken any more, told in a record: who only counts losses may be believed to have none.
//!
//! A sink rings, and within a second one record per output says what was lost, however much that is and however often it
//! rang. What becomes of that record is told with the next loss: one that is lost itself must not bring about another.

use crate::background;
use crate::contain::contain;
use crate::drop_reason::DropReason;
use crate::field::FieldSet;
use crate::health::LevelCounts;
use crate::keys;
use crate::level::Level;
use crate::value::{ToValue, map};
use std::cell::Cell;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// By which a sink says that it lost something, so that a record tells of it.
#[derive(Clone, Default)]
pub struct LossBell(Arc<Bell>);

#[derive(Default)]
struct Bell {
    is_rung: AtomicBool,
    /// Logs what [`LossBell::not_told`] says.
    teller: Mutex<Option<Teller>>,
    told: Mutex<Vec<(DropReason, LevelCounts)>>,
    told_floor: Mutex<Option<Level>>,
}

type Teller = Arc<dyn Fn() + Send + Sync>;

impl LossBell {
    /// Something was lost, or more or less is taken from here on. Costs next to nothing where that is known already.
    pub fn ring(&self) {
        if IS_TELLING.get() || self.0.is_rung.swap(true, Ordering::AcqRel) {
            return;
        }
        let bell = Arc::downgrade(&self.0);
        background::after(SECOND, move || {
            LossBell(bell.upgrade()?).answer();
            None
        });
    }

    /// From here on this is how losses are told.
    pub(crate) fn connect(&self, tell: impl Fn() + Send + Sync + 'static) {
        let before = lock(&self.0.teller).replace(Arc::new(tell));
        // Outside of the lock: a logger may go with it.
        drop(before);
    }

    /// Tells what was rung for, without waiting for the second to pass. Whether there was anything.
    pub(crate) fn answer(&self) -> bool {
        if !self.0.is_rung.swap(false, Ordering::AcqRel) {
            return false;
        }
        let teller = lock(&self.0.teller).clone();
        IS_TELLING.set(true);
        contain(|| teller.map(|tell| tell()));
        IS_TELLING.set(false);
        true
    }

    /// What was lost since the last time that somebody asked. None if that is nothing.
    pub(crate) fn not_told(&self, dropped: Vec<(DropReason, LevelCounts)>) -> Option<Lost> {
        let mut told = lock(&self.0.told);
        let mut lost = Lost { reasons: Vec::new(), levels: LevelCounts::default() };
        for (reason, counts) in &dropped {
            let before = told.iter().find(|(known, _)| known == reason).map(|(_, counts)| *counts);
            let since = counts.since(&before.unwrap_or_default());
            if since.total() > 0 {
                lost.reasons.push((reason.name(), since.total()));
                lost.levels += &since;
            }
        }
        *told = dropped;
        (!lost.reasons.is_empty()).then_some(lost)
    }

    /// Whether less or more is taken than when somebody asked last.
    pub(crate) fn moved(&self, floor: Option<Level>) -> Option<Moved> {
        let before = std::mem::replace(&mut *lock(&self.0.told_floor), floor);
        let (before, least) = (before.unwrap_or(Level::TRACE), floor.unwrap_or(Level::TRACE));
        (before != least).then_some(Moved { least, is_less: before < least })
    }
}

impl fmt::Debug for LossBell {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("LossBell")
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

const SECOND: Duration = Duration::from_secs(1);

thread_local! {
    static IS_TELLING: Cell<bool> = const { Cell::new(false) };
}

/// What one record tells.
pub(crate) struct Lost {
    reasons: Vec<(&'static str, u64)>,
    levels: LevelCounts,
}

impl Lost {
    pub(crate) fn fields(&self, output: &str) -> FieldSet {
        let levels: Vec<_> = self.levels.by_name().collect();
        let mut fields = FieldSet::new();
        fields.add(keys::KIND, "lost").add(keys::OUTPUT, output).add(keys::LOST, self.levels.total());
        fields.add(keys::LOST_REASONS, map(&self.reasons).to_value());
        fields.add(keys::LOST_LEVELS, map(&levels).to_value());
        fields
    }
}

/// A step of an output on its ladder.
pub(crate) struct Moved {
    least: Level,
    pub(crate) is_less: bool,
}

impl Moved {
    pub(crate) fn fields(&self, output: &str) -> FieldSet {
        let mut fields = FieldSet::new();
        fields.add(keys::KIND, "ladder").add(keys::OUTPUT, output).add(keys::LEAST_LEVEL, self.least.name());
        fields
    }
}
