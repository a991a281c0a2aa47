//! That every record is accounted for, whatever happens at once.

use crate::stage::{Answers, SOON, Stage, assert_accounted, line, number, retry};
use hyperlog_core::testing::check_sink;
use hyperlog_core::{Json, Level, Logger, Output, Sink, error, info, warn};
use hyperlog_delivery::{Errors, Promise, Refusal, Reply, Retry, WhenFull};
use std::time::Duration;

#[test]
fn a_queue_keeps_what_every_sink_promises() {
    for promise in [Promise::BestEffort, Promise::Flushed, Promise::Durable] {
        let stage = Stage::new();
        let sink = stage.exporter().promise(promise).when_full(WhenFull::Block(SOON)).start().unwrap();
        let observed = stage.clone();
        let observe =
            move || observed.seen().arrived.iter().flat_map(|text| format!("{text}\n").into_bytes()).collect();
        check_sink(sink).observed_by(observe).run();
    }
}

/// Many threads, a backend that does all that a backend may do, and a queue that is too small.
#[test]
fn the_account_is_exact_under_every_policy_and_promise() {
    let policies = [
        WhenFull::ShedLowest,
        WhenFull::DropNewest,
        WhenFull::DropOldest,
        WhenFull::Block(Duration::from_millis(1)),
        WhenFull::WriteThrough,
    ];
    for when_full in policies {
        for promise in [Promise::BestEffort, Promise::Flushed, Promise::Durable] {
            let stage = Stage::new();
            stage.answer_always(|texts| match texts.len() % 7 {
                0 => retry(),
                1 => Reply::Reject(crate::stage::error("400")),
                2 => Reply::Partial(vec![Refusal { index: 0, why: crate::stage::error("bad") }]),
                3 if texts.len() > 3 => Reply::Split(crate::stage::error("413")),
                4 => panic!("a backend that panics"),
                _ => Reply::Delivered,
            });
            let retry = Retry::new().first(Duration::from_micros(10)).longest(Duration::from_millis(1));
            let retry = retry.give_up_after(Duration::from_millis(5));
            let exporter = stage.exporter().capacity(32 * 1024).when_full(when_full).promise(promise).retry(retry);
            let sink = exporter.errors(Errors::WrittenThrough { bound: SOON, per_second: 10 }).start().unwrap();
            let total: Vec<Answers> = std::thread::scope(|scope| {
                let threads: Vec<_> = (0..4)
                    .map(|thread| {
                        let sink = &sink;
                        scope.spawn(move || {
                            let mut answers = Answers::default();
                            for index in 0..200_usize {
                                let level = [Level::DEBUG, Level::INFO, Level::WARN, Level::ERROR][index * thread % 4];
                                let text = format!("{thread} {index} {}\n", "x".repeat(index * 31 % 500));
                                number(sink.write(&line(level, &text)), &mut answers);
                            }
                            answers
                        })
                    })
                    .collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).collect()
            });
            let mut answers = Answers::default();
            for one in total {
                answers.done += one.done;
                answers.queued += one.queued;
                answers.dropped += one.dropped;
            }
            assert_eq!(answers.done + answers.queued + answers.dropped, 800);
            assert_accounted(&sink.account().unwrap(), answers);
            let _ = sink.flush(SOON);
            assert_accounted(&sink.account().unwrap(), answers);
            let account = sink.handle().close(SOON);
            assert_accounted(&account, answers);
            assert_eq!(account.pending.total(), 0);
            let arrived = stage.seen().arrived.len() as u64;
            assert_eq!(
                account.left.total() + answers.done,
                arrived,
                "{when_full:?} {promise:?} {account:?} {answers:?}"
            );
        }
    }
}

#[test]
fn what_a_logger_says_of_its_queue_adds_up_at_any_time() {
    let stage = Stage::new();
    let sink = stage.exporter().capacity(16 * 1024).start().unwrap();
    let logger = Logger::builder().output(Output::new(Json::new(), sink).name("queue")).build().unwrap();
    stage.hold();
    for number in 0..500 {
        match number % 3 {
            0 => info!(logger: logger, number, "m"),
            1 => warn!(logger: logger, number, "m"),
            _ => error!(logger: logger, number, "m"),
        }
        let health = &logger.health()[0];
        assert!(health.is_conserved(), "{health:?}");
        assert_eq!(health.accepted.total(), number + 1);
    }
    stage.release();
    let _ = logger.flush(SOON);
    let health = &logger.health()[0];
    assert!(health.is_conserved() && health.pending.total() == 0, "{health:?}");
    assert!(health.dropped_total() > 0);
    let arrived = stage.seen().arrived.clone();
    assert!(arrived.iter().any(|text| text.contains(r#""kind":"lost","output":"queue""#)), "it says so: {arrived:#?}");
}
