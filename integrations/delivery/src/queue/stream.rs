use super::*;
use crate::ladder::Ladder;
use hyperlog_core::{Partition, Timestamp};
use std::sync::Arc;
use std::thread;

pub(super) const SOON: Duration = Duration::from_secs(30);

pub(super) fn roomy(linger: Duration) -> Queue {
    Queue::new(Rules {
        capacity: 1 << 20,
        reserve: 0,
        batch: 1 << 18,
        load: 1 << 18,
        rungs: Ladder::new().of(1 << 20),
        when_full: WhenFull::DropNewest,
        promise: Promise::BestEffort,
        errors: Errors::Queued,
        patience: Duration::ZERO,
        linger,
    })
}

fn worked(linger: Duration) -> Arc<Queue> {
    let queue = Arc::new(roomy(linger));
    let worked = Arc::clone(&queue);
    thread::spawn(move || {
        loop {
            match queue.await_work(None) {
                Work::Stop => break drop(queue.worker_is_gone()),
                Work::Tick => {}
                Work::Sync | Work::Deliver => {
                    if let Some(load) = queue.take() {
                        queue.settle(&load.counts(), None, std::iter::empty());
                        queue.finish(load);
                    }
                    if let Some(to) = queue.sync_wanted() {
                        queue.synced(to, true);
                    }
                }
            }
        }
    });
    worked
}

fn push(queue: &Queue) {
    let (timestamp, partition) = (Timestamp::default(), Partition::NONE);
    queue.push(&Line { bytes: b"a\n", level: Level::INFO, timestamp, partition }, || false);
}

#[track_caller]
fn await_worker(queue: &Queue, wanted: Worker) {
    let begun = Instant::now();
    while queue.lock().worker != wanted {
        assert!(begun.elapsed() < SOON, "the worker does something else");
        thread::yield_now();
    }
}

#[test]
fn a_worker_that_has_delivered_looks_once_more_by_itself() {
    let queue = worked(Duration::from_secs(3_600));
    await_worker(&queue, Worker::Idle);
    for left in 1..=3 {
        push(&queue);
        assert!(queue.flush(SOON).is_in_time);
        await_worker(&queue, Worker::Lingering);
        assert_eq!((queue.depth().records, queue.account().left.total()), (0, left));
    }
    queue.close(SOON);
}

#[test]
fn a_worker_that_has_looked_in_vain_waits_to_be_woken() {
    let queue = worked(Duration::from_millis(1));
    for _ in 0..3 {
        await_worker(&queue, Worker::Idle);
        push(&queue);
        let begun = Instant::now();
        while queue.depth().records > 0 {
            assert!(begun.elapsed() < SOON, "nobody has woken it");
            thread::yield_now();
        }
    }
    await_worker(&queue, Worker::Idle);
    assert_eq!(queue.close(SOON).0.left.total(), 3);
}
