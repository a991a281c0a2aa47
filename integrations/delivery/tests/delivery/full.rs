//! What becomes of records when there is no room.

use crate::stage::{Answers, SOON, Stage, assert_accounted, line, number};
use hyperlog_core::{
    CapturedRecord, Condition, DropReason, Json, Level, Logger, Memory, Output, Sink, Typed, Written, event,
};
use hyperlog_delivery::{Errors, ExportSink, Ladder, WhenFull};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const CAPACITY: usize = 1024 * 1024;

fn start(stage: &Stage, when_full: WhenFull) -> ExportSink {
    stage.exporter().capacity(CAPACITY).when_full(when_full).errors(Errors::Queued).start().unwrap()
}

/// A text of some length with a number in front.
fn text(number: usize) -> String {
    format!("{number:06} {}\n", "x".repeat(number * 7919 % 1000))
}

fn numbers(arrived: &[String]) -> Vec<usize> {
    arrived.iter().filter_map(|text| text.get(..6)?.parse().ok()).collect()
}

#[test]
fn with_nobody_to_wait_for_all_arrive_in_the_order_in_which_each_thread_logged_them() {
    let stage = Stage::new();
    let sink = start(&stage, WhenFull::Block(SOON));
    std::thread::scope(|scope| {
        for thread in 0..8_usize {
            let sink = &sink;
            scope.spawn(move || {
                for index in 0..1_000 {
                    let text = format!("{thread} {index} {}\n", "x".repeat(index % 300));
                    assert_eq!(sink.write(&line(Level::INFO, &text)), Written::Queued);
                }
            });
        }
    });
    sink.flush(SOON).unwrap();
    let arrived = &stage.seen().arrived;
    assert_eq!(arrived.len(), 8_000);
    for thread in 0..8 {
        let of_thread = arrived.iter().filter_map(|text| text.strip_prefix(&format!("{thread} ")));
        let indices: Vec<usize> = of_thread.map(|text| text.split(' ').next().unwrap().parse().unwrap()).collect();
        assert!(indices.iter().copied().eq(0..1_000), "{thread}: {indices:?}");
    }
    assert_eq!(sink.account().unwrap().dropped_total(), 0);
}

#[test]
fn records_of_all_levels_arrive_in_their_order() {
    let stage = Stage::new();
    let sink = start(&stage, WhenFull::ShedLowest);
    stage.hold_in_deliver(&sink);
    let levels = [Level::WARN, Level::TRACE, Level::FATAL, Level::INFO, Level::ERROR, Level::DEBUG];
    for index in 0..600 {
        assert_eq!(sink.write(&line(levels[index * 7 % 6], &text(index))), Written::Queued);
    }
    stage.release();
    sink.flush(SOON).unwrap();
    assert!(numbers(&stage.seen().arrived).into_iter().eq(0..600));
}

#[test]
fn the_newest_is_lost_and_nobody_waits() {
    let stage = Stage::new();
    let sink = start(&stage, WhenFull::DropNewest);
    stage.hold_in_deliver(&sink);
    let mut answers = Answers { queued: 1, ..Answers::default() };
    for index in 0..5_000 {
        number(sink.write(&line(Level::INFO, &text(index))), &mut answers);
        assert!(sink.handle().health().queued_bytes <= CAPACITY);
    }
    assert!(answers.dropped > 1_000 && answers.queued > 1_000, "{answers:?}");
    assert_accounted(&sink.account().unwrap(), answers);
    stage.release();
    sink.flush(SOON).unwrap();
    let account = sink.account().unwrap();
    assert_accounted(&account, answers);
    assert_eq!((account.left.total(), account.pending.total()), (answers.queued, 0));
    let numbers = numbers(&stage.seen().arrived);
    // Every so often a short one still fits: what is lost is lost at the end.
    assert!(numbers.iter().take(1_500).copied().eq(0..1_500), "{numbers:?}");
}

#[test]
fn the_oldest_is_lost_and_what_is_left_is_in_order() {
    let stage = Stage::new();
    let sink = start(&stage, WhenFull::DropOldest);
    stage.hold_in_deliver(&sink);
    let mut answers = Answers { queued: 1, ..Answers::default() };
    for index in 0..5_000 {
        let level = [Level::DEBUG, Level::WARN, Level::INFO][index % 3];
        number(sink.write(&line(level, &text(index))), &mut answers);
        assert!(sink.handle().health().queued_bytes <= CAPACITY);
    }
    assert_eq!(answers.dropped, 0, "each new one finds room");
    stage.release();
    sink.flush(SOON).unwrap();
    let account = sink.account().unwrap();
    assert_accounted(&account, answers);
    let numbers = numbers(&stage.seen().arrived);
    assert!(numbers.is_sorted());
    assert_eq!(numbers.last(), Some(&4_999));
    assert_eq!(numbers.len() as u64 + account.dropped_total(), 5_000);
    // As new as can be, to the segment: half of what is left is from the end without a gap.
    let tail = &numbers[numbers.len() / 2..];
    assert!(tail.windows(2).all(|pair| pair[1] == pair[0] + 1), "{numbers:?}");
}

#[test]
fn where_the_oldest_goes_an_error_goes_for_errors_alone() {
    let stage = Stage::new();
    let sink = start(&stage, WhenFull::DropOldest);
    stage.hold_in_deliver(&sink);
    let error = "e".repeat(1_000);
    while sink.handle().health().queued_bytes + 2_000 < CAPACITY {
        assert_eq!(sink.write(&line(Level::ERROR, &error)), Written::Queued);
    }
    let longer = "x".repeat(3_000);
    assert_eq!(sink.write(&line(Level::INFO, &longer)), Written::Dropped(DropReason::Full));
    assert_eq!(sink.account().unwrap().dropped_total(), 0, "no error went for it");
    assert_eq!(sink.write(&line(Level::ERROR, &longer)), Written::Queued);
    assert!(sink.account().unwrap().dropped_total() > 0, "the oldest of them went for it");
    stage.release();
}

#[test]
fn nothing_severe_is_lost_while_anything_less_severe_waits() {
    let stage = Stage::new();
    let sink = start(&stage, WhenFull::ShedLowest);
    stage.hold_in_deliver(&sink);
    let mut answers = Answers { queued: 1, ..Answers::default() };
    for index in 0..3_000 {
        let level = if index % 2 == 0 { Level::DEBUG } else { Level::INFO };
        number(sink.write(&line(level, &text(index))), &mut answers);
    }
    for index in 3_000..4_000 {
        assert_eq!(sink.write(&line(Level::WARN, &text(index))), Written::Queued, "{index}");
        answers.queued += 1;
    }
    for index in 4_000..4_500 {
        assert_eq!(sink.write(&line(Level::ERROR, &text(index))), Written::Queued, "{index}");
        answers.queued += 1;
    }
    let lost = sink.account().unwrap().dropped;
    let [(DropReason::Full, lost)] = &lost[..] else { panic!("{lost:?}") };
    assert!(lost.of(Level::DEBUG) > 0, "{lost:?}");
    assert_eq!((lost.of(Level::WARN), lost.of(Level::ERROR)), (0, 0));
    stage.release();
    sink.flush(SOON).unwrap();
    assert_accounted(&sink.account().unwrap(), answers);
    let numbers = numbers(&stage.seen().arrived);
    assert!(numbers.is_sorted());
    assert!(numbers[numbers.len() - 1_500..].iter().copied().eq(3_000..4_500));
}

#[test]
fn errors_have_room_of_their_own() {
    for when_full in [WhenFull::DropNewest, WhenFull::ShedLowest, WhenFull::DropOldest, WhenFull::Block(Duration::ZERO)]
    {
        let stage = Stage::new();
        let sink = start(&stage, when_full);
        stage.hold_in_deliver(&sink);
        // Nothing less severe could make room.
        while sink.write(&line(Level::WARN, &text(999))) == Written::Queued
            && sink.account().unwrap().dropped_total() == 0
        {}
        for index in 0..100 {
            assert_eq!(sink.write(&line(Level::ERROR, &text(index))), Written::Queued, "{when_full:?} {index}");
        }
        stage.release();
        drop(sink);
    }
}

#[test]
fn a_queue_on_a_ladder_takes_less_before_it_is_full_and_more_again_when_it_has_emptied() {
    let stage = Stage::new();
    let ladder = Ladder::new().from(25, Level::INFO).from(50, Level::ERROR);
    let sink = stage.exporter().capacity(CAPACITY).ladder(ladder).errors(Errors::Queued).start().unwrap();
    let (handle, memory) = (sink.handle(), Memory::new());
    let logger = Logger::builder()
        .level(Level::TRACE)
        .output(Output::new(Json::new(), sink).name("queue"))
        .output(Output::new(Typed::new(), memory.clone()))
        .build()
        .unwrap();
    stage.hold();
    macro_rules! is_taken {
        ($level:expr) => {{
            let before = handle.health().queued_records;
            event!(logger: logger, $level, text = "x".repeat(1_000), "m");
            handle.health().queued_records > before
        }};
    }
    // Told in its time, or by whoever flushes.
    let told = || {
        let _ = logger.flush(Duration::ZERO);
        let lines = memory.take().into_iter().filter_map(|(level, bytes)| CapturedRecord::decode(level, &bytes));
        let told = lines.filter(|record| record.has("least_level"));
        told.map(|record| (record.message().to_owned(), record.text("least_level").to_owned())).collect::<Vec<_>>()
    };
    assert!(is_taken!(Level::TRACE));
    drop(stage.wait_until("a batch is held", |seen| seen.is_in_deliver));

    while handle.health().queued_bytes < CAPACITY / 4 {
        assert!(is_taken!(Level::TRACE));
    }
    assert!(!is_taken!(Level::DEBUG) && is_taken!(Level::INFO));
    assert_eq!(logger.health()[0].floor, Some(Level::INFO));
    assert_eq!(told(), [less("INFO")]);

    while handle.health().queued_bytes < CAPACITY / 2 {
        assert!(is_taken!(Level::INFO));
    }
    assert!(!is_taken!(Level::WARN) && is_taken!(Level::ERROR));
    assert_eq!(told(), [less("ERROR")]);
    assert!(matches!(handle.health().condition, Condition::Degraded(_)));

    stage.release();
    logger.flush(SOON).unwrap();
    assert_eq!(logger.health()[0].floor, None);
    assert_eq!(told(), [("an output takes more again".to_owned(), "TRACE".to_owned())]);
    assert!(logger.health()[0].is_conserved());
}

fn less(least: &str) -> (String, String) {
    ("an output takes less".to_owned(), least.to_owned())
}

#[test]
fn a_ladder_with_a_rung_at_no_percentage_is_refused() {
    let error = Stage::new().exporter().ladder(Ladder::new().from(0, Level::INFO)).start().unwrap_err();
    assert!(error.to_string().contains("from 1 to 100"), "{error}");
}

#[test]
fn a_record_larger_than_all_is_lost_and_takes_nothing_with_it() {
    for when_full in [
        WhenFull::DropNewest,
        WhenFull::ShedLowest,
        WhenFull::DropOldest,
        WhenFull::Block(SOON),
        WhenFull::WriteThrough,
    ] {
        let stage = Stage::new();
        let sink = start(&stage, when_full);
        stage.hold_in_deliver(&sink);
        assert_eq!(sink.write(&line(Level::DEBUG, "small\n")), Written::Queued);
        let huge = "x".repeat(CAPACITY);
        for level in [Level::INFO, Level::FATAL] {
            assert_eq!(sink.write(&line(level, &huge)), Written::Dropped(DropReason::Full), "{when_full:?}");
        }
        stage.release();
        sink.flush(SOON).unwrap();
        assert_eq!(stage.seen().arrived, ["first", "small"], "{when_full:?}");
    }
}

#[test]
fn who_blocks_waits_for_room_and_no_longer_than_was_said() {
    let stage = Stage::new();
    let sink = start(&stage, WhenFull::Block(Duration::from_millis(30)));
    stage.hold_in_deliver(&sink);
    let mut answers = Answers { queued: 1, ..Answers::default() };
    let begun = Instant::now();
    for index in 0..3_000 {
        number(sink.write(&line(Level::INFO, &text(index))), &mut answers);
        if answers.dropped == 5 {
            break;
        }
    }
    assert_eq!(answers.dropped, 5);
    assert!(begun.elapsed() >= Duration::from_millis(150));
    assert!(begun.elapsed() < Duration::from_secs(10));
    stage.release();
    sink.flush(SOON).unwrap();
    assert_accounted(&sink.account().unwrap(), answers);
    assert_eq!(stage.seen().arrived.len() as u64, answers.queued);
}

#[test]
fn who_blocks_goes_on_as_soon_as_there_is_room() {
    let stage = Stage::new();
    let sink = Arc::new(start(&stage, WhenFull::Block(SOON)));
    stage.hold_in_deliver(&sink);
    let is_full = Arc::new(AtomicBool::new(false));
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (sink, is_full) = (&sink, &is_full);
            scope.spawn(move || {
                for index in 0..1_000 {
                    if sink.handle().health().queued_bytes > CAPACITY / 8 * 6 {
                        is_full.store(true, Ordering::Relaxed);
                    }
                    assert_eq!(sink.write(&line(Level::INFO, &text(thread * 1_000 + index))), Written::Queued);
                }
            });
        }
        while !is_full.load(Ordering::Relaxed) {
            std::thread::yield_now();
        }
        stage.release();
    });
    sink.flush(SOON).unwrap();
    assert_eq!(stage.seen().arrived.len(), 4_001);
}

#[test]
fn who_writes_through_delivers_what_waits_and_keeps_the_order() {
    let stage = Stage::new();
    let sink = start(&stage, WhenFull::WriteThrough);
    std::thread::scope(|scope| {
        for thread in 0..4_usize {
            let sink = &sink;
            scope.spawn(move || {
                for index in 0..2_000 {
                    let text = format!("{thread} {index} {}\n", "x".repeat(900));
                    assert_eq!(sink.write(&line(Level::INFO, &text)), Written::Queued);
                }
            });
        }
    });
    sink.flush(SOON).unwrap();
    let arrived = &stage.seen().arrived;
    for thread in 0..4 {
        let of_thread = arrived.iter().filter_map(|text| text.strip_prefix(&format!("{thread} ")));
        let indices: Vec<usize> = of_thread.map(|text| text.split(' ').next().unwrap().parse().unwrap()).collect();
        assert!(indices.iter().copied().eq(0..2_000), "{thread}: {indices:?}");
    }
}

#[test]
fn whoever_wants_them_is_given_the_bytes_of_all_that_is_lost() {
    for when_full in [WhenFull::DropNewest, WhenFull::ShedLowest, WhenFull::DropOldest, WhenFull::Block(Duration::ZERO)]
    {
        let (stage, lost) = (Stage::new(), Arc::new(Mutex::new(Vec::new())));
        let keep = Arc::clone(&lost);
        let exporter = stage.exporter().capacity(CAPACITY).when_full(when_full).errors(Errors::Queued);
        let sink = exporter.on_drop(move |dropped| keep.lock().unwrap().push(dropped)).start().unwrap();
        stage.hold_in_deliver(&sink);
        for index in 0..4_000 {
            let level = [Level::DEBUG, Level::INFO, Level::WARN][index / 1_000 % 3];
            let _ = sink.write(&line(level, &text(index)));
        }
        stage.release();
        let _ = sink.flush(SOON);
        let lost = lost.lock().unwrap();
        assert!(lost.len() > 500, "{when_full:?}");
        assert!(lost.iter().all(|dropped| dropped.reason == DropReason::Full));
        let lost = lost.iter().map(|dropped| String::from_utf8(dropped.bytes.clone()).unwrap());
        let mut all: Vec<String> = lost.map(|text| text.trim_end().to_owned()).collect();
        all.extend(stage.seen().arrived.iter().filter(|text| *text != "first").cloned());
        all.sort();
        let expected: Vec<String> = (0..4_000).map(|index| text(index).trim_end().to_owned()).collect();
        assert!(all == expected, "{when_full:?}: {} of {}", all.len(), expected.len());
    }
}

#[test]
fn what_is_called_for_the_lost_may_panic() {
    let stage = Stage::new();
    let exporter = stage.exporter().capacity(CAPACITY).when_full(WhenFull::DropNewest);
    let sink = exporter.on_drop(|_| panic!("no")).start().unwrap();
    assert_eq!(sink.write(&line(Level::INFO, &"x".repeat(CAPACITY))), Written::Dropped(DropReason::Full));
    assert_eq!(sink.write(&line(Level::INFO, "m\n")), Written::Queued);
    sink.flush(SOON).unwrap();
}

#[test]
fn a_reserve_that_leaves_no_room_is_refused() {
    let error = Stage::new().exporter().capacity(1000).reserve(1000).start().unwrap_err();
    assert!(error.to_string().contains("less than the capacity"), "{error}");
}
