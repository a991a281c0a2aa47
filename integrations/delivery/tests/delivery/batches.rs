//! How records are put together.

use crate::stage::{SOON, Stage, line, line_at};
use hyperlog_core::{Level, Sink, Written};
use hyperlog_delivery::{Exporter, Limits, Partitions, Tick};
use std::time::Duration;

/// The batches in which these records leave under these limits.
fn batches(limits: Limits, records: &[(&str, i64, u64)]) -> Vec<Vec<String>> {
    let stage = Stage::new();
    let sink = Exporter::new(stage.backend_with(limits.linger(Duration::ZERO))).start().unwrap();
    stage.hold_in_deliver(&sink);
    for (text, second, partition) in records {
        assert_eq!(sink.write(&line_at(Level::INFO, text, *second, *partition)), Written::Queued);
    }
    stage.release();
    let _ = sink.flush(SOON);
    stage.seen().tried[1..].iter().map(|(_, _, texts)| texts.clone()).collect()
}

#[test]
fn a_batch_ends_at_whichever_limit_comes_first() {
    let four = [("aa", 0, 1), ("bb", 10, 1), ("cc", 20, 2), ("dd", 60, 1)];
    let check = |limits: Limits, expected: &[&[&str]]| {
        assert_eq!(batches(limits, &four), expected, "{limits:?}");
    };
    let limits = Limits::default();
    check(limits, &[&["aa", "bb", "cc", "dd"]]);
    check(limits.records(3), &[&["aa", "bb", "cc"], &["dd"]]);
    check(limits.records(1), &[&["aa"], &["bb"], &["cc"], &["dd"]]);
    check(limits.overhead(50).bytes(104), &[&["aa", "bb"], &["cc", "dd"]]);
    check(limits.overhead(50).bytes(103), &[&["aa"], &["bb"], &["cc"], &["dd"]]);
    check(limits.span(Duration::from_secs(20)), &[&["aa", "bb", "cc"], &["dd"]]);
    check(limits.span(Duration::from_secs(9)), &[&["aa"], &["bb"], &["cc"], &["dd"]]);
    check(limits.partitions(Partitions::Apart), &[&["aa", "bb"], &["cc"], &["dd"]]);
    check(limits.overhead(usize::MAX), &[&["aa"], &["bb"], &["cc"], &["dd"]]);
    check(limits.overhead(usize::MAX).bytes(usize::MAX), &[&["aa", "bb", "cc", "dd"]]);
    check(limits.records(0).bytes(0), &[&["aa"], &["bb"], &["cc"], &["dd"]]);
}

#[test]
fn a_record_longer_than_the_system_takes_is_not_sent() {
    // Whether a batch would hold it or not, and whatever it would be sent with.
    for (bytes, linger) in [(10, Duration::ZERO), (1_000, Duration::ZERO), (1_000, SOON)] {
        let stage = Stage::new();
        let limits = Limits::default().linger(linger).bytes(bytes).record_bytes(10);
        let sink = Exporter::new(stage.backend_with(limits)).start().unwrap();
        for text in ["very much longer\n", "short\n", "very much longer\n", "again\n", "very much longer\n"] {
            assert_eq!(sink.write(&line(Level::INFO, text)), Written::Queued);
        }
        sink.flush(SOON).unwrap_err();
        assert_eq!(stage.seen().arrived, ["short", "again"]);
        let account = sink.account().unwrap();
        assert_eq!((account.left.total(), account.dropped_total()), (2, 3));
    }
}

#[test]
fn records_wait_for_others_until_there_are_enough_or_the_time_is_up() {
    let stage = Stage::new();
    let limits = Limits::default().linger(SOON).bytes(1_000);
    let sink = Exporter::new(stage.backend_with(limits)).start().unwrap();
    let text = format!("{}\n", "x".repeat(400));
    for _ in 0..21 {
        assert_eq!(sink.write(&line(Level::INFO, &text)), Written::Queued);
    }
    // Enough for some loads, which go without waiting.
    drop(stage.wait_until("loads are full", |seen| seen.arrived.len() >= 10));
    sink.flush(SOON).unwrap();
    assert_eq!(stage.seen().arrived.len(), 21, "a flush waits for nothing");

    let stage = Stage::new();
    let sink = Exporter::new(stage.backend_with(Limits::default().linger(SOON))).start().unwrap();
    for text in ["a\n", "b\n", "c\n"] {
        assert_eq!(sink.write(&line(Level::INFO, text)), Written::Queued);
        // The worker looks again, if it will.
        std::thread::yield_now();
    }
    sink.flush(SOON).unwrap();
    let batches: Vec<usize> = stage.seen().tried.iter().map(|(_, _, texts)| texts.len()).collect();
    assert_eq!(batches, [3], "there were not enough for anything to go before");

    let limits = Limits::default().linger(Duration::from_millis(20));
    let sink = Exporter::new(stage.backend_with(limits)).start().unwrap();
    assert_eq!(sink.write(&line(Level::INFO, "one\n")), Written::Queued);
    drop(stage.wait_until("the time is up", |seen| seen.arrived.last().is_some_and(|text| text == "one")));
}

#[test]
fn a_backend_is_called_when_there_is_nothing_to_do_if_it_wants_to_be() {
    let stage = Stage::new();
    let limits = Limits::default().linger(Duration::ZERO).tick(Tick::Every(Duration::from_millis(5)));
    let sink = Exporter::new(stage.backend_with(limits)).start().unwrap();
    drop(stage.wait_until("it ticks", |seen| seen.ticks >= 3));
    drop(sink);
}

#[test]
fn what_stands_before_the_first_record_reaches_the_backend() {
    let stage = Stage::new();
    let sink = stage.exporter().start().unwrap();
    sink.begin(b"a,b\n");
    assert_eq!(stage.seen().preamble, b"a,b\n");
}

#[test]
fn a_name_that_no_thread_can_have_is_no_reason_not_to_deliver() {
    for name in ["", "with\0nothing", &"long".repeat(1_000)] {
        let stage = Stage::new();
        let sink = stage.exporter().name(name).start().unwrap();
        assert_eq!(sink.write(&line(Level::INFO, "m\n")), Written::Queued);
        sink.flush(SOON).unwrap();
        assert_eq!(sink.handle().health().name, name);
    }
}
