//! How it ends.

use crate::stage::{Answers, SOON, Stage, assert_accounted, line, number, retry};
use hyperlog_core::{Condition, DropReason, Json, Level, Logger, Output, Sink, Written, info};
use hyperlog_delivery::{Dropped, Promise, Retry, WhenFull};
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake};
use std::thread::Thread;
use std::time::{Duration, Instant};

#[test]
fn closing_delivers_all_that_waits_however_long_that_takes_within_its_time() {
    let stage = Stage::new();
    let sink = stage.exporter().capacity(64 * 1024 * 1024).start().unwrap();
    stage.hold_in_deliver(&sink);
    for index in 0..100_000 {
        assert_eq!(sink.write(&line(Level::INFO, &index.to_string())), Written::Queued);
    }
    stage.release();
    drop(sink);
    let seen = stage.seen();
    assert_eq!(seen.arrived.len(), 100_001);
    assert!(seen.is_closed);
}

#[test]
fn a_guard_delivers_all_when_it_goes() {
    let stage = Stage::new();
    let sink = stage.exporter().start().unwrap();
    let guard = sink.handle().guard(SOON);
    let logger = Logger::builder().output(Output::new(Json::new(), sink)).build().unwrap();
    for number in 0..1_000 {
        info!(logger: logger, number, "m");
    }
    drop(guard);
    assert_eq!(stage.seen().arrived.len(), 1_000);
    info!(logger: logger, "too late");
    let health = &logger.health()[0];
    assert!(health.is_conserved());
    assert_eq!((health.written.total(), health.dropped_total()), (1_000, 1));
    assert_eq!(health.condition, Condition::Failed("it was closed".to_owned()));
}

#[test]
fn what_hangs_is_left_behind_and_counted_to_the_record() {
    let stage = Stage::new();
    let sink = stage.exporter().start().unwrap();
    stage.hold_in_deliver(&sink);
    for _ in 0..123 {
        assert_eq!(sink.write(&line(Level::INFO, "m")), Written::Queued);
    }
    let begun = Instant::now();
    let account = sink.handle().close(Duration::from_millis(100));
    assert!(begun.elapsed() < Duration::from_secs(10));
    assert_eq!(account.dropped.len(), 1);
    assert_eq!((account.dropped[0].0, account.dropped[0].1.total()), (DropReason::Abandoned, 124));
    assert_eq!(account.pending.total(), 0);
    // What comes of it after all is not counted a second time.
    stage.release();
    drop(stage.wait_until("the backend goes on", |seen| seen.is_closed));
    assert_eq!(sink.account().unwrap(), account);
    drop(sink);
}

#[test]
fn whoever_wants_them_is_given_the_bytes_of_what_is_left_behind() {
    let (stage, lost) = (Stage::new(), Arc::new(Mutex::new(Vec::new())));
    let keep = Arc::clone(&lost);
    let keep = move |dropped: Dropped| keep.lock().unwrap().push((dropped.bytes, dropped.reason));
    let sink = stage.exporter().on_drop(keep).start().unwrap();
    stage.hold_in_deliver(&sink);
    for text in ["one\n", "two\n"] {
        assert_eq!(sink.write(&line(Level::INFO, text)), Written::Queued);
    }
    stage.answer(|_| retry());
    sink.handle().close(Duration::ZERO);
    let left_behind = |text: &str| (text.as_bytes().to_vec(), DropReason::Abandoned);
    assert_eq!(*lost.lock().unwrap(), [left_behind("one\n"), left_behind("two\n")]);
    // What is being delivered may still arrive.
    stage.release();
    drop(stage.wait_until("the backend goes on", |seen| seen.is_closed));
    assert_eq!(lost.lock().unwrap().last(), Some(&left_behind("first\n")));
    assert_eq!(lost.lock().unwrap().len() as u64, sink.handle().account().dropped_total());
}

#[test]
fn who_waits_for_a_record_that_is_left_behind_is_told_so_at_once() {
    for promise in [Promise::Flushed, Promise::Durable] {
        let stage = Stage::new();
        let sink = stage.exporter().promise(promise).patience(SOON).start().unwrap();
        stage.hold();
        let begun = Instant::now();
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| sink.write(&line(Level::INFO, "m")));
            drop(stage.wait_until("it is held", |seen| seen.is_in_deliver));
            let account = sink.handle().close(Duration::from_millis(20));
            assert_eq!(waiting.join().unwrap(), Written::Queued, "not done");
            assert_eq!((account.left.total(), account.dropped_total()), (0, 1));
        });
        assert!(begun.elapsed() < SOON / 2, "{:?}", begun.elapsed());
        stage.release();
    }
}

#[test]
fn a_flush_that_meets_a_close_in_vain_says_that_not_all_has_left() {
    let stage = Stage::new();
    let sink = stage.exporter().start().unwrap();
    stage.hold_in_deliver(&sink);
    std::thread::scope(|scope| {
        let flushing = scope.spawn(|| sink.flush(SOON));
        sink.handle().close(Duration::from_millis(20));
        let error = flushing.join().unwrap().unwrap_err();
        assert_eq!(error.to_string(), "could not deliver what was logged");
    });
    stage.release();
}

#[test]
fn closing_twice_does_nothing_more_and_nothing_is_taken_any_more() {
    let stage = Stage::new();
    let sink = stage.exporter().start().unwrap();
    let mut answers = Answers::default();
    number(sink.write(&line(Level::INFO, "m")), &mut answers);
    sink.close(SOON).unwrap();
    number(sink.write(&line(Level::ERROR, "m")), &mut answers);
    sink.close(SOON).unwrap();
    sink.flush(SOON).unwrap();
    number(sink.write(&line(Level::DEBUG, "m")), &mut answers);
    assert_eq!(answers, Answers { queued: 1, closed: 2, ..Answers::default() });
    assert_accounted(&sink.account().unwrap(), answers);
}

#[test]
fn who_waits_for_room_when_the_queue_is_closed_waits_no_longer() {
    let stage = Stage::new();
    let sink = Arc::new(stage.exporter().capacity(64 * 1024).when_full(WhenFull::Block(SOON)).start().unwrap());
    stage.hold_in_deliver(&sink);
    let handle = sink.handle();
    let blocked = {
        let sink = Arc::clone(&sink);
        std::thread::spawn(move || {
            loop {
                match sink.write(&line(Level::INFO, &"x".repeat(1_000))) {
                    Written::Queued => {}
                    written => return written,
                }
            }
        })
    };
    while handle.health().queued_bytes < 40 * 1024 {
        std::thread::yield_now();
    }
    handle.close(Duration::from_millis(20));
    assert_eq!(blocked.join().unwrap(), Written::Closed);
    stage.release();
}

#[test]
fn a_pause_does_not_outlast_the_close() {
    let stage = Stage::new();
    let hour = Duration::from_secs(3_600);
    let sink = stage.exporter().retry(Retry::new().longest_asked(hour)).start().unwrap();
    stage.answer(move |_| hyperlog_delivery::Reply::Retry { after: Some(hour), why: crate::stage::error("later") });
    stage.answer(|_| retry());
    assert_eq!(sink.write(&line(Level::INFO, "m")), Written::Queued);
    drop(stage.wait_until("it was tried", |seen| !seen.tried.is_empty()));
    sink.close(SOON).unwrap();
    assert_eq!(stage.seen().arrived, ["m"]);
}

/// Polls on this thread until it is done.
fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Arc::new(Unpark(std::thread::current())).into();
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(done) => return done,
            Poll::Pending => std::thread::park_timeout(SOON),
        }
    }
}

#[test]
fn flushing_and_closing_can_be_awaited() {
    let stage = Stage::new();
    let sink = stage.exporter().start().unwrap();
    stage.hold_in_deliver(&sink);
    let mut flushed = pin!(sink.handle().flushed(SOON));
    let waker = Arc::new(Nothing).into();
    assert!(flushed.as_mut().poll(&mut Context::from_waker(&waker)).is_pending(), "no thread waits here");
    stage.release();
    block_on(flushed).unwrap();
    assert_eq!(stage.seen().arrived.len(), 1);
    assert_eq!(sink.write(&line(Level::INFO, "m")), Written::Queued);
    let account = block_on(sink.handle().closed(SOON));
    assert_eq!((account.left.total(), account.dropped_total()), (2, 0));
}

struct Nothing;

impl Wake for Nothing {
    fn wake(self: Arc<Self>) {}
}
