//! Every interleaving of a few threads: no record lost or told twice, nobody left waiting.

use super::*;
use crate::ladder::Ladder;
use crate::segment::OVERHEAD;
use hyperlog_core::{Partition, Timestamp};
use loom::sync::Arc;
use loom::thread;

const FOREVER: Duration = Duration::from_secs(3_600);

fn rules() -> Rules {
    Rules {
        capacity: 64 * 1024,
        reserve: 1024,
        batch: 16 * 1024,
        load: 16 * 1024,
        rungs: Ladder::new().of(64 * 1024),
        when_full: WhenFull::ShedLowest,
        promise: Promise::BestEffort,
        errors: Errors::Queued,
        patience: FOREVER,
        linger: Duration::ZERO,
    }
}

fn push(queue: &Queue, level: Level, text: &str) -> Written {
    let line = Line { bytes: text.as_bytes(), level, timestamp: Timestamp::default(), partition: Partition::NONE };
    queue.push(&line, || false).written
}

/// What the worker does, without a desk: what it takes has left.
fn work(queue: &Queue) -> Vec<u64> {
    let mut left = Vec::new();
    loop {
        match queue.await_work(None) {
            Work::Stop => break,
            Work::Tick => {}
            Work::Sync => {}
            Work::Deliver => {
                let Some(load) = queue.take() else { continue };
                let mut runs = Vec::new();
                load.order_into(&mut runs);
                left.extend(runs.iter().flat_map(|run| load.marks(*run).iter().map(|mark| mark.sequence)));
                queue.settle(&load.counts(), None, std::iter::empty());
                queue.finish(load);
            }
        }
        if let Some(to) = queue.sync_wanted() {
            queue.synced(to, true);
        }
    }
    queue.worker_is_gone();
    left
}

/// Does something with the queue on a thread of its own.
fn beside<R: 'static>(queue: &Arc<Queue>, act: impl FnOnce(&Queue) -> R + 'static) -> thread::JoinHandle<R> {
    let queue = Arc::clone(queue);
    thread::spawn(move || act(&queue))
}

fn model(check: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(check);
}

#[test]
fn what_two_threads_push_leaves_once_and_in_order() {
    model(|| {
        let queue = Arc::new(Queue::new(rules()));
        let worker = beside(&queue, work);
        let other = beside(&queue, |queue| push(queue, Level::INFO, "a"));
        assert_eq!(push(&queue, Level::ERROR, "b"), Written::Queued);
        assert_eq!(other.join().unwrap(), Written::Queued);
        queue.close(FOREVER);
        assert_eq!(worker.join().unwrap(), [0, 1]);
        assert_eq!(queue.account().left.total(), 2);
    });
}

#[test]
fn a_flush_returns_and_not_before_what_came_before_it_has_left() {
    model(|| {
        let queue = Arc::new(Queue::new(rules()));
        let worker = beside(&queue, work);
        assert_eq!(push(&queue, Level::INFO, "a"), Written::Queued);
        let flushed = queue.flush(FOREVER);
        assert!(flushed.is_in_time && flushed.is_synced && flushed.lost == 0);
        assert_eq!(queue.account().left.total(), 1);
        queue.close(FOREVER);
        worker.join().unwrap();
    });
}

#[test]
fn who_waits_for_its_record_is_woken() {
    model(|| {
        let queue = Arc::new(Queue::new(Rules { promise: Promise::Durable, ..rules() }));
        let worker = beside(&queue, work);
        let other = beside(&queue, |queue| push(queue, Level::INFO, "a"));
        assert_eq!(push(&queue, Level::INFO, "b"), Written::Done);
        assert_eq!(other.join().unwrap(), Written::Done);
        queue.close(FOREVER);
        worker.join().unwrap();
    });
}

#[test]
fn a_record_that_meets_the_close_is_taken_or_refused_and_never_both() {
    model(|| {
        let queue = Arc::new(Queue::new(rules()));
        let worker = beside(&queue, work);
        let other = beside(&queue, |queue| push(queue, Level::INFO, "a"));
        let (account, _) = queue.close(FOREVER);
        let written = other.join().unwrap();
        let left = worker.join().unwrap().len() as u64;
        assert_eq!(left, u64::from(written == Written::Queued));
        assert_eq!((account.left.total(), account.dropped_total()), (left, 0));
    });
}

#[test]
fn who_blocks_is_woken_by_room_and_the_budget_holds() {
    model(|| {
        let capacity = 2 * (OVERHEAD + 1);
        let rules = Rules { capacity, reserve: 0, when_full: WhenFull::Block(FOREVER), ..rules() };
        let queue = Arc::new(Queue::new(rules));
        let worker = beside(&queue, work);
        for _ in 0..3 {
            assert_eq!(push(&queue, Level::INFO, "a"), Written::Queued);
            assert!(queue.depth().bytes <= capacity);
        }
        queue.close(FOREVER);
        assert_eq!(worker.join().unwrap(), [0, 1, 2]);
    });
}
