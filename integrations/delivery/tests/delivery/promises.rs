//! What is true once a call has returned.

use crate::stage::{Answers, SOON, Stage, assert_accounted, line, number, retry};
use hyperlog_core::{Builder, Json, Level, Logger, Memory, Output, Sink, Written, info};
use hyperlog_delivery::{Errors, Exporter, Limits, Promise, Retry};
use std::time::{Duration, Instant};

#[test]
fn an_error_has_left_when_its_call_returns() {
    let stage = Stage::new();
    let sink = stage.exporter().errors(Errors::WrittenThrough { bound: SOON, per_second: 1_000 }).start().unwrap();
    for index in 0..50 {
        assert_eq!(sink.write(&line(Level::DEBUG, "before")), Written::Queued);
        assert_eq!(sink.write(&line(Level::ERROR, &format!("error {index}"))), Written::Queued);
        assert_eq!(stage.seen().arrived.last().unwrap(), &format!("error {index}"));
    }
}

#[test]
fn who_waits_for_a_record_does_not_wait_for_others_to_go_with_it() {
    let stage = Stage::new();
    let backend = stage.backend_with(Limits::default().linger(SOON * 2));
    let sink = Exporter::new(backend).promise(Promise::Flushed).patience(SOON).start().unwrap();
    for text in ["first", "second"] {
        assert_eq!(sink.write(&line(Level::INFO, text)), Written::Done);
    }
}

#[test]
fn a_stalled_output_holds_up_one_error_and_not_the_next() {
    let stage = Stage::new();
    let bound = Duration::from_millis(100);
    let sink = stage.exporter().errors(Errors::WrittenThrough { bound, per_second: 1_000 }).start().unwrap();
    stage.hold_in_deliver(&sink);
    let begun = Instant::now();
    for _ in 0..100 {
        assert_eq!(sink.write(&line(Level::ERROR, "error")), Written::Queued);
    }
    assert!(begun.elapsed() >= bound, "the first waits");
    assert!(begun.elapsed() < bound * 10, "the others do not: {:?}", begun.elapsed());
    stage.release();
    sink.flush(SOON).unwrap();
    assert_eq!(stage.seen().arrived.len(), 101);
}

#[test]
fn a_storm_of_errors_waits_so_often_and_no_more() {
    let stage = Stage::new();
    let sink = stage.exporter().errors(Errors::WrittenThrough { bound: SOON, per_second: 0 }).start().unwrap();
    stage.hold_in_deliver(&sink);
    for _ in 0..100 {
        assert_eq!(sink.write(&line(Level::ERROR, "error")), Written::Queued);
    }
    stage.release();
}

#[test]
fn what_is_flushed_has_been_delivered_and_what_is_durable_synced() {
    for (promise, syncs) in [(Promise::Flushed, 0), (Promise::Durable, 1)] {
        let stage = Stage::new();
        let sink = stage.exporter().promise(promise).patience(SOON).start().unwrap();
        for index in 0..20 {
            assert_eq!(sink.write(&line(Level::DEBUG, &index.to_string())), Written::Done);
            let seen = stage.seen();
            assert_eq!(seen.arrived.len(), index + 1);
            assert_eq!(seen.syncs, syncs * (index + 1), "{promise:?}");
        }
        // Those are answered for by the call, and by nobody else.
        let account = sink.account().unwrap();
        assert_eq!((account.left.total(), account.pending.total(), account.dropped_total()), (0, 0, 0));
    }
}

#[test]
fn many_that_wait_share_one_sync() {
    let stage = Stage::new();
    let sink = stage.exporter().promise(Promise::Durable).patience(SOON).start().unwrap();
    stage.hold();
    std::thread::scope(|scope| {
        for _ in 0..64 {
            let sink = &sink;
            scope.spawn(move || assert_eq!(sink.write(&line(Level::INFO, "m")), Written::Done));
        }
        while sink.handle().health().queued_records < 64 {
            std::thread::yield_now();
        }
        stage.release();
    });
    assert_eq!(stage.seen().arrived.len(), 64);
    assert!(stage.seen().syncs <= 2, "{}", stage.seen().syncs);
}

#[test]
fn what_is_not_synced_is_never_said_to_be() {
    let stage = Stage::new();
    let sink = stage.exporter().promise(Promise::Durable).patience(SOON).start().unwrap();
    assert_eq!(sink.write(&line(Level::INFO, "good")), Written::Done);
    stage.fail_syncs(true);
    assert_eq!(sink.write(&line(Level::INFO, "bad")), Written::Queued, "not done");
    stage.fail_syncs(false);
    let error = sink.flush(SOON).unwrap_err();
    assert_eq!(error.to_string(), "could not sync what was delivered");
    sink.flush(SOON).unwrap();
    assert_eq!(sink.write(&line(Level::INFO, "good again")), Written::Done);
    assert_eq!(sink.handle().health().failures, 1);
}

#[test]
fn while_a_sync_hangs_who_wants_it_waits_and_nobody_else() {
    let stage = Stage::new();
    let sink = stage.exporter().errors(Errors::Queued).start().unwrap();
    stage.hold_syncs(true);
    assert_eq!(sink.write(&line(Level::INFO, "first\n")), Written::Queued);
    std::thread::scope(|scope| {
        let flush = scope.spawn(|| sink.flush(SOON));
        drop(stage.wait_until("a sync hangs", |seen| seen.syncs == 1));
        for _ in 0..1_000 {
            assert_eq!(sink.write(&line(Level::ERROR, "m\n")), Written::Queued);
        }
        assert!(!flush.is_finished());
        stage.hold_syncs(false);
        flush.join().unwrap().unwrap();
    });
}

#[test]
fn what_is_lost_on_the_way_is_not_said_to_be_done() {
    let stage = Stage::new();
    let retrying = Retry::new().give_up_after(Duration::ZERO);
    let sink = stage.exporter().promise(Promise::Flushed).patience(SOON).retry(retrying).start().unwrap();
    let mut answers = Answers::default();
    number(sink.write(&line(Level::INFO, "good")), &mut answers);
    stage.answer(|_| retry());
    number(sink.write(&line(Level::INFO, "bad")), &mut answers);
    number(sink.write(&line(Level::INFO, "good")), &mut answers);
    assert_eq!(answers, Answers { done: 2, queued: 1, ..Answers::default() });
    assert_accounted(&sink.account().unwrap(), answers);
}

#[test]
fn patience_has_an_end_and_the_record_stays() {
    let stage = Stage::new();
    let sink = stage.exporter().promise(Promise::Flushed).patience(Duration::from_millis(20)).start().unwrap();
    stage.hold();
    assert_eq!(sink.write(&line(Level::INFO, "late")), Written::Queued);
    stage.release();
    sink.flush(SOON).unwrap();
    assert_eq!(stage.seen().arrived, ["late"]);
}

#[test]
fn a_flush_covers_all_that_came_before_it() {
    let stage = Stage::new();
    let sink = stage.exporter().start().unwrap();
    sink.flush(SOON).unwrap();
    for round in 1..=50 {
        for _ in 0..20 {
            assert_eq!(sink.write(&line(Level::INFO, "m")), Written::Queued);
        }
        sink.flush(SOON).unwrap();
        assert_eq!(stage.seen().arrived.len(), round * 20);
    }
    assert!(stage.seen().syncs >= 50, "a flush syncs");
}

#[test]
fn a_flush_of_a_full_queue_is_heard_and_one_that_takes_too_long_says_so() {
    let stage = Stage::new();
    let sink = stage.exporter().capacity(64 * 1024).start().unwrap();
    stage.hold_in_deliver(&sink);
    while sink.write(&line(Level::INFO, &"x".repeat(1_000))) == Written::Queued {}
    let error = sink.flush(Duration::from_millis(20)).unwrap_err();
    assert_eq!(error.to_string(), "could not deliver what was logged in time");
    stage.release();
    sink.flush(SOON).unwrap();
    assert_eq!(sink.account().unwrap().pending.total(), 0);
}

#[test]
fn what_was_lost_is_told_by_the_flush_of_a_logger_with_several_outputs() {
    let stage = Stage::new();
    let sink = stage.exporter().retry(Retry::new().give_up_after(Duration::ZERO)).start().unwrap();
    let handle = sink.handle();
    let outputs = [Output::new(Json::new(), sink), Output::new(Json::new(), Memory::new())];
    let logger = outputs.into_iter().fold(Logger::builder(), Builder::output).build().unwrap();
    stage.answer(|_| retry());
    info!(logger: logger, "lost");
    while handle.account().dropped_total() == 0 {
        std::thread::yield_now();
    }
    let error = logger.flush(SOON).unwrap_err();
    assert_eq!(error.to_string(), "could not deliver what was logged");
    logger.flush(SOON).unwrap();
}

#[test]
fn a_flush_that_takes_too_long_leaves_it_to_the_next_to_tell_what_was_lost() {
    let stage = Stage::new();
    let sink = stage.exporter().retry(Retry::new().give_up_after(Duration::ZERO)).start().unwrap();
    stage.answer(|_| retry());
    assert_eq!(sink.write(&line(Level::INFO, "lost")), Written::Queued);
    drop(stage.wait_until("it was tried", |seen| !seen.tried.is_empty()));
    stage.hold_in_deliver(&sink);
    for deadline in [Duration::ZERO, Duration::from_millis(1)] {
        let error = sink.flush(deadline).unwrap_err();
        assert_eq!(error.to_string(), "could not deliver what was logged in time");
    }
    stage.release();
    let error = sink.flush(SOON).unwrap_err();
    assert_eq!(error.to_string(), "could not deliver what was logged");
    sink.flush(SOON).unwrap();
}
