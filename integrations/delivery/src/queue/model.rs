use super::*;
use crate::ladder::Ladder;
use crate::segment::OVERHEAD;
use hyperlog_core::{Partition, Timestamp};
use proptest::prelude::*;

const MEBIBYTE: usize = 1024 * 1024;

fn rules(when_full: WhenFull) -> Rules {
    Rules {
        capacity: 8 * MEBIBYTE,
        reserve: MEBIBYTE,
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
