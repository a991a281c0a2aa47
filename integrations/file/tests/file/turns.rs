//! An output that takes the place of another one on the same path.

use crate::place::{PATIENCE, Place, write};
use hyperlog_core::{Condition, Json, Logger, Output, Sink, info};
use hyperlog_file::{File, Rotation, Sharing};
use std::fs;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

#[test]
fn what_is_logged_meanwhile_stands_behind_what_the_output_before_had_taken() {
    let place = Place::new();
    let first = File::new(place.path()).start().unwrap();
    write(&first, "one\n");
    let second = File::new(place.path()).in_turn().rotation(Rotation::new().size(1 << 20)).start().unwrap();
    second.begin(b"head\n");
    write(&second, "three\n");
    write(&first, "two\n");
    first.close(PATIENCE).unwrap();
    second.flush(PATIENCE).unwrap();
    assert_eq!(second.condition(), Condition::Well);
    second.close(PATIENCE).unwrap();
    assert_eq!(place.text(), "one\ntwo\nthree\n");
}

#[test]
fn nobody_waits_for_another_process() {
    let place = Place::new();
    let lock = fs::File::create(place.directory().join(".app.log.lock")).unwrap();
    lock.lock().unwrap();
    let error = File::new(place.path()).in_turn().start().unwrap_err();
    assert!(error.to_string().contains("another output writes to it"), "{error}");
    drop(lock);
    File::new(place.path()).in_turn().start().unwrap().close(PATIENCE).unwrap();
}

#[test]
fn who_wants_a_file_alone_waits_for_one_that_shared_it_and_not_the_other_way_round() {
    let place = Place::new();
    let shared = || File::new(place.path()).sharing(Sharing::Shared).in_turn().start().unwrap();
    let first = shared();
    write(&first, "one\n");
    let alone = File::new(place.path()).in_turn().start().unwrap();
    write(&alone, "two\n");
    first.close(PATIENCE).unwrap();
    alone.flush(PATIENCE).unwrap();
    let last = shared();
    write(&last, "three\n");
    last.flush(PATIENCE).unwrap();
    alone.close(PATIENCE).unwrap();
    last.close(PATIENCE).unwrap();
    assert_eq!(place.text(), "one\ntwo\nthree\n");
}

#[test]
fn a_logger_that_is_set_up_anew_under_load_loses_no_line_and_writes_none_twice() {
    // Where a sync that takes its time is none of what is tried here.
    #[cfg(target_os = "linux")]
    let place = Place::in_memory();
    #[cfg(not(target_os = "linux"))]
    let place = Place::new();
    let output = |round: u64| {
        let rotation = Rotation::new().size(200_000 + round);
        let sink = File::new(place.path()).in_turn().rotation(rotation).start().unwrap();
        Output::new(Json::new(), sink).name("file")
    };
    let logger = Logger::builder().output(output(0)).build().unwrap();
    let (is_over, logged) = (AtomicBool::new(false), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for thread in 0..2 {
            let (logger, is_over, logged) = (&logger, &is_over, &logged);
            scope.spawn(move || {
                for number in 0.. {
                    info!(logger: logger, thread = thread, number = number, "record");
                    if is_over.load(Ordering::Acquire) {
                        logged.fetch_add(number + 1, Ordering::AcqRel);
                        return;
                    }
                    // As fast as a disk takes it, so that nothing is let go of.
                    if number % 500 == 499 {
                        let _ = logger.flush(PATIENCE);
                    }
                }
            });
        }
        for round in 1..=30 {
            logger.reconfigure(Logger::builder().output(output(round)), PATIENCE).unwrap();
        }
        is_over.store(true, Ordering::Release);
    });
    logger.close(PATIENCE).unwrap();
    let logged = logged.load(Ordering::Acquire);
    let health = &logger.health()[0];
    assert!(health.is_conserved() && health.pending.total() == 0, "{health:?}");
    assert_eq!((health.written.total(), health.dropped_total()), (logged, 0));
    let lines = place.lines();
    assert!(lines.values().all(|count| *count == 1));
    assert_eq!(lines.len() as u64, logged);
}
