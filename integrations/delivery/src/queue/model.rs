use super::*;
use crate::ladder::Ladder;
use crate::segment::OVERHEAD;
use hyperlog_core::{Partition, Timestamp};
use proptest::prelude::*;

#[test]
fn what_is_in_flight_is_a_quarter_of_what_waits_at_most() {
    let (mib, kib) = (1024 * 1024, 1024);
    assert_eq!(batch_and_load(usize::MAX, mib), (256 * kib, 256 * kib));
    assert_eq!(batch_and_load(0, mib).0, 1);
    assert_eq!(batch_and_load(usize::MAX, 3), (1, 1));
}

const MEBIBYTE: usize = 1024 * 1024;

fn rules(when_full: WhenFull) -> Rules {
    Rules {
        capacity: 8 * MEBIBYTE,
        reserve: MEBIBYTE,
        batch: 256 * 1024,
        load: 256 * 1024,
        rungs: Ladder::new().of(8 * MEBIBYTE),
        when_full,
        promise: Promise::BestEffort,
        errors: Errors::Queued,
        patience: Duration::ZERO,
        linger: Duration::ZERO,
    }
}

fn line(lane: usize, bytes: &[u8]) -> Line<'_> {
    Line { bytes, level: level_of(lane), timestamp: Timestamp::default(), partition: Partition::NONE }
}

#[test]
fn a_queue_stays_within_its_memory_however_little_is_taken_at_a_time() {
    for limit in [0, 256, 1_400, 64 * 1024, usize::MAX] {
        let (batch, load) = batch_and_load(limit, 8 * MEBIBYTE);
        let queue = Queue::new(Rules { batch, load, ..rules(WhenFull::DropNewest) });
        for number in 0..100_000 {
            let _ = queue.push(&line(number % ERRORS, &[b'x'; 100]), || false);
        }
        let memory: usize = queue.lock().waiting.iter().map(Load::memory).sum();
        assert!(memory < 2 * 8 * MEBIBYTE, "{limit} at a time take {memory}");
    }
}

/// A queue that is full of records of one lane.
fn full_of(lane: usize, when_full: WhenFull) -> Queue {
    let queue = Queue::new(rules(when_full));
    while queue.lock().has_room(&queue.rules, lane, 100 + OVERHEAD) {
        assert_eq!(queue.push(&line(lane, &[b'x'; 100]), || false).written, Written::Queued);
    }
    queue
}

#[test]
fn a_record_as_large_as_all_there_is_takes_the_place_of_all_others_and_a_larger_one_of_none() {
    let waiting = |queue: &Queue| queue.lock().waiting.iter().map(|load| load.lines().count()).sum::<usize>();
    let longest = 8 * MEBIBYTE - OVERHEAD;
    for (length, has_place) in [(longest, true), (longest + 1, false)] {
        let queue = full_of(0, WhenFull::ShedLowest);
        let before = waiting(&queue);
        let written = queue.push(&line(ERRORS, &vec![b'x'; length]), || false).written;
        let (wanted, left) =
            if has_place { (Written::Queued, 1) } else { (Written::Dropped(DropReason::Full), before) };
        assert_eq!((written, waiting(&queue)), (wanted, left), "{length}");
    }
}

#[test]
fn whoever_cannot_write_through_is_refused_and_does_not_try_for_ever() {
    let queue = full_of(2, WhenFull::WriteThrough);
    let tried = std::cell::Cell::new(0);
    let taken = queue.push(&line(2, &[b'x'; 100]), || {
        tried.set(tried.get() + 1);
        assert!(tried.get() < 2, "it was told that this helps nobody");
        false
    });
    assert_eq!(taken.written, Written::Dropped(DropReason::Full));
    // One that helps, though only at the third time.
    let taken = queue.push(&line(2, &[b'x'; 100]), || {
        tried.set(tried.get() + 1);
        if tried.get() == 4 {
            let load = queue.take().expect("it is full");
            queue.settle(&load.counts(), None, std::iter::empty());
            queue.finish(load);
        }
        true
    });
    assert_eq!((taken.written, tried.get()), (Written::Queued, 4));
}

#[test]
fn of_several_that_flush_at_once_each_is_told_what_was_lost_or_not_synced() {
    for is_synced in [true, false] {
        let queue = Queue::new(rules(WhenFull::ShedLowest));
        assert_eq!(queue.push(&line(2, b"m\n"), || false).written, Written::Queued);
        let failures = std::thread::scope(|scope| {
            let flush = || queue.flush(Duration::from_secs(30));
            let flushing: Vec<_> = (0..4).map(|_| scope.spawn(flush)).collect();
            while queue.lock().waiters < 4 {
                std::thread::yield_now();
            }
            let load = queue.take().unwrap();
            queue.settle(&load.counts(), is_synced.then_some(DropReason::Failed), std::iter::empty());
            queue.finish(load);
            queue.synced(1, is_synced);
            let flushed = flushing.into_iter().map(|flushing| flushing.join().unwrap());
            flushed.filter(|flushed| flushed.is_in_time && (flushed.lost == 1 || !flushed.is_synced)).count()
        });
        assert_eq!(failures, 4, "{is_synced}");
        let next = queue.flush(Duration::from_secs(30));
        assert!(next.is_in_time && next.is_synced && next.lost == 0, "it was told");
    }
}

/// What the queue is to do, without lanes, segments or locks: records with the group that goes as a whole.
#[derive(Default)]
struct Model {
    waiting: Vec<(u64, usize, usize, u64)>,
    lost: u64,
    next: u64,
}

impl Model {
    fn weight(&self, lanes: impl Fn(usize) -> bool) -> usize {
        self.waiting.iter().filter(|record| lanes(record.1)).map(|record| record.2).sum()
    }

    fn push(&mut self, rules: &Rules, lane: usize, length: usize, group: u64) -> bool {
        let weight = length + OVERHEAD;
        let reserved = rules.reserve.saturating_sub(self.weight(|lane| lane >= ERRORS));
        let room = rules.capacity - if lane >= ERRORS { 0 } else { reserved };
        if self.weight(|other| other >= lane) + weight > room {
            return false;
        }
        while self.weight(|_| true) + weight > room {
            let lowest = self.waiting.iter().map(|record| record.1).min().unwrap();
            let group = self.waiting.iter().find(|record| record.1 == lowest).unwrap().3;
            let before = self.waiting.len();
            self.waiting.retain(|record| record.3 != group);
            self.lost += (before - self.waiting.len()) as u64;
        }
        self.waiting.push((self.next, lane, weight, group));
        self.next += 1;
        true
    }
}

#[derive(Clone, Debug)]
enum Deed {
    Push(usize, usize),
    Take,
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        20 => (0..LANES, prop_oneof![8 => Just(100_usize), 1 => Just(MEBIBYTE), 1 => 1..60_000_usize]).prop_map(|(lane, length)| Deed::Push(lane, length)),
        1 => Just(Deed::Take),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Whatever comes in whatever sizes: what is kept, what is lost and in what order it leaves is what a model of
    /// thirty lines says, and the budget holds after every step.
    #[test]
    fn a_queue_that_sheds_does_what_the_model_does(deeds in prop::collection::vec(deed(), 1..600)) {
        let rules = rules(WhenFull::ShedLowest);
        let queue = Queue::new(rules);
        let mut model = Model::default();
        let bytes = vec![b'x'; MEBIBYTE];
        for deed in deeds {
            match deed {
                Deed::Push(lane, length) => {
                    let is_kept = queue.push(&line(lane, &bytes[..length]), || false).written == Written::Queued;
                    // Which records share a segment is nothing that the model would know better.
                    let group = queue.lock().waiting.back().and_then(|load| load.newest_of(lane)).unwrap_or(0);
                    prop_assert_eq!(is_kept, model.push(&rules, lane, length, group));
                }
                Deed::Take => {
                    let Some(load) = queue.take() else {
                        prop_assert!(model.waiting.is_empty());
                        continue;
                    };
                    let mut runs = Vec::new();
                    load.order_into(&mut runs);
                    let taken: Vec<u64> = runs.iter().flat_map(|run| load.marks(*run).iter().map(|mark| mark.sequence)).collect();
                    let expected: Vec<u64> = model.waiting.drain(..taken.len()).map(|record| record.0).collect();
                    prop_assert_eq!(taken, expected);
                    queue.settle(&load.counts(), None, std::iter::empty());
                    queue.finish(load);
                }
            }
            prop_assert!(queue.depth().bytes <= rules.capacity);
            prop_assert_eq!(queue.depth().records, model.waiting.len() as u64);
            prop_assert_eq!(queue.account().dropped_total(), model.lost);
        }
    }
}
