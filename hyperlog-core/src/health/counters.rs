//! What became of every record, counted per output.
//!
//! Each thread counts in a place of its own, so that counting costs a plain addition and two threads never wait for one
//! another's cache line. The places are added up when somebody asks.

use super::account::Account;
use super::counts::{CLASSES, LevelCounts, ROWS, class_of, row_of};
use super::output::OutputHealth;
use crate::condition::Condition;
use crate::drop_reason::DropReason;
use crate::level::Level;
use crate::seat::{Room, SEATS, Seat};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The counters of one output, for all that write for it one after the other.
#[derive(Clone)]
pub(crate) struct Counters {
    shards: Arc<[Shard; SHARDS]>,
    rare: Arc<Rare>,
}

/// What hardly ever happens.
#[derive(Default)]
struct Rare {
    dropped: [[AtomicU64; CLASSES]; DropReason::ALL.len()],
    cut: AtomicU64,
}

/// The counters of one thread, on cache lines of their own.
#[repr(align(128))]
#[derive(Default)]
struct Shard {
    accepted: [AtomicU64; ROWS],
    written: [AtomicU64; ROWS],
}

impl Shard {
    /// Put together where they stay: as an array, they would pass over the stack, and leave it larger than it has to be.
    fn all() -> Arc<[Shard; SHARDS]> {
        let shards: Arc<[Shard]> = std::iter::repeat_with(Shard::default).take(SHARDS).collect();
        shards.try_into().unwrap_or_else(|_| unreachable!("there are as many as there should be"))
    }
}

/// All threads without a seat share the last.
const SHARDS: usize = SEATS + 1;

impl Default for Counters {
    fn default() -> Counters {
        Counters { shards: Shard::all(), rare: Arc::default() }
    }
}

impl Counters {
    /// Counts a record that an output was given.
    #[inline]
    pub(crate) fn accept(&self, level: Level, place: &Place) {
        place.count(&self.shards, |shard| [&shard.accepted[row_of(level)]]);
    }

    /// Counts a record that an output was given and has written.
    #[inline(always)]
    pub(crate) fn write(&self, level: Level, place: &Place) {
        let row = row_of(level);
        place.count(&self.shards, |shard| [&shard.accepted[row], &shard.written[row]]);
    }

    #[cold]
    pub(crate) fn drop_one(&self, level: Level, reason: DropReason) {
        self.rare.dropped[reason as usize][class_of(level)].fetch_add(1, Ordering::Relaxed);
    }

    #[cold]
    pub(crate) fn cut_one(&self) {
        self.rare.cut.fetch_add(1, Ordering::Relaxed);
    }

    /// What has become of all records, if sinks of before and the one of now say of those in their queues that it is so.
    pub(crate) fn read(
        &self,
        name: &str,
        condition: Condition,
        past: Account,
        account: Option<Account>,
    ) -> OutputHealth {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let sum = |select: fn(&Shard) -> &[AtomicU64; ROWS]| {
            let of_class = |class: usize| self.shards.iter().map(|shard| load(&select(shard)[class])).sum();
            LevelCounts(std::array::from_fn(of_class))
        };
        // Written before accepted: a record in between must not seem to come from nowhere.
        let mut written = sum(|shard| &shard.written);
        let mut dropped = DropReason::ALL.map(|reason| {
            (reason, LevelCounts(std::array::from_fn(|class| load(&self.rare.dropped[reason as usize][class]))))
        });
        let accepted = sum(|shard| &shard.accepted);
        let floor = account.as_ref().and_then(|account| account.floor);
        let is_told = account.is_some();
        let mut all = past;
        all += &account.unwrap_or_default();
        written += &all.left;
        all.dropped.iter().for_each(|(reason, lost)| dropped[*reason as usize].1 += lost);
        let pending = match is_told {
            true => all.pending,
            // Nobody says more of what went into a queue.
            false => dropped.iter().fold(accepted.since(&written), |rest, (_, lost)| rest.since(lost)),
        };
        OutputHealth {
            name: name.to_owned(),
            accepted,
            written,
            pending,
            dropped: dropped.into(),
            floor,
            cut: load(&self.rare.cut),
            condition,
            last_error: None,
            delivery: None,
        }
    }
}

impl Counters {
    /// By which they are told from all others, as long as they are there.
    pub(crate) fn number(&self) -> usize {
        Arc::as_ptr(&self.shards).addr()
    }

    /// What a thread itself has counted as accepted and as written. None if it shares its place with others.
    pub(crate) fn of_thread(&self, place: &Place) -> Option<(u64, u64)> {
        let shard = self.shards.get(place.0.number()).filter(|_| place.0.number() < SEATS)?;
        let sum = |counters: &[AtomicU64; ROWS]| counters.iter().map(|counter| counter.load(Ordering::Relaxed)).sum();
        Some((sum(&shard.accepted), sum(&shard.written)))
    }
}

/// The place where a thread counts; given back when the thread ends.
pub(crate) struct Place(Seat);

static ROOM: Room = Room::new();

impl Place {
    /// A place that no other thread has, as long as there are any.
    pub(crate) fn claim() -> Place {
        Place(ROOM.sit())
    }

    #[inline(always)]
    fn count<const N: usize>(&self, shards: &[Shard; SHARDS], counters: impl Fn(&Shard) -> [&AtomicU64; N]) {
        match shards.get(self.0.number()) {
            // No other thread writes here, so that this needs no bus lock.
            Some(shard) if self.0.number() < SEATS => {
                counters(shard).map(|counter| counter.store(counter.load(Ordering::Relaxed) + 1, Ordering::Relaxed))
            }
            _ => counters(&shards[SEATS]).map(|counter| _ = counter.fetch_add(1, Ordering::Relaxed)),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_all_threads_add_up_with_and_without_a_place() {
        let counters = Counters::default();
        std::thread::scope(|scope| {
            for _ in 0..80 {
                scope.spawn(|| {
                    let place = Place::claim();
                    for _ in 0..100 {
                        counters.write(Level::INFO, &place);
                    }
                });
            }
        });
        let health = counters.read("test", Condition::Well, Account::new(), None);
        assert_eq!((health.accepted.total(), health.written.of(Level::NOTICE)), (8_000, 8_000));
        assert!(health.is_conserved());
    }
}
