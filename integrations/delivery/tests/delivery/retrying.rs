//! What becomes of records that a system does not take at once.

use crate::stage::{SOON, Stage, error, line, retry};
use hyperlog_core::{Condition, DropReason, Level, Memory, Sink, Written};
use hyperlog_delivery::{Breaker, Errors, ExportSink, Exporter, Refusal, Reply, Retry};
use std::time::{Duration, Instant};

const MILLISECOND: Duration = Duration::from_millis(1);

fn exporter(stage: &Stage) -> Exporter {
    let retry = Retry::new().first(MILLISECOND).longest(MILLISECOND * 5);
    stage.exporter().retry(retry).errors(Errors::Queued)
}

fn write_all(sink: &ExportSink, texts: &[&str]) {
    for text in texts {
        assert_eq!(sink.write(&line(Level::INFO, text)), Written::Queued);
    }
}

fn lost(sink: &ExportSink, reason: DropReason) -> u64 {
    let account = sink.account().unwrap();
    account.dropped.iter().find(|(known, _)| *known == reason).map_or(0, |(_, counts)| counts.total())
}

#[test]
fn what_fails_is_tried_again_under_the_same_id_and_in_its_order() {
    let stage = Stage::new();
    let sink = exporter(&stage).start().unwrap();
    stage.hold_in_deliver(&sink);
    write_all(&sink, &["a", "b", "c"]);
    stage.answer(|_| Reply::Delivered);
    stage.answer(|_| retry());
    stage.answer(|_| retry());
    stage.release();
    sink.flush(SOON).unwrap();
    let seen = stage.seen();
    assert_eq!(seen.arrived, ["first", "a", "b", "c"]);
    let tried: Vec<(&str, u32)> = seen.tried.iter().map(|(id, attempt, _)| (&**id, *attempt)).collect();
    let (first, second) = (tried[0].0, tried[1].0);
    assert_eq!(tried, [(first, 0), (second, 0), (second, 1), (second, 2)]);
    assert_ne!(first, second);
    let health = sink.handle().health();
    assert_eq!((health.failures, health.retries, health.batches), (2, 2, 2));
    assert_eq!(health.last_error.as_ref().map(|error| &*error.what), Some("not now"));
}

#[test]
fn whoever_asks_for_time_is_given_it() {
    let stage = Stage::new();
    let sink = exporter(&stage).start().unwrap();
    stage.answer(|_| Reply::Retry { after: Some(MILLISECOND * 200), why: error("busy") });
    let begun = Instant::now();
    write_all(&sink, &["a"]);
    sink.flush(SOON).unwrap();
    assert!(begun.elapsed() >= MILLISECOND * 200);
    assert_eq!(stage.seen().tried.len(), 2);
}

#[test]
fn the_breaker_opens_is_seen_and_closes_again() {
    let stage = Stage::new();
    let sink = exporter(&stage).start().unwrap();
    stage.answer_always(|_| retry());
    write_all(&sink, &["a"]);
    drop(stage.wait_until("it was tried often", |seen| seen.tried.len() > 6));
    let health = sink.handle().health();
    assert_ne!(health.breaker, Breaker::Closed);
    assert_eq!(health.condition, Condition::Degraded("it does not answer: not now".to_owned()));
    assert_eq!(sink.condition(), health.condition);
    // It drops nothing by itself.
    assert_eq!(sink.account().unwrap().pending.total(), 1);
    stage.answer_always(|_| Reply::Delivered);
    sink.flush(SOON).unwrap();
    assert_eq!((sink.handle().health().breaker, sink.condition()), (Breaker::Closed, Condition::Well));
}

#[test]
fn an_output_is_degraded_from_the_first_failure_on_and_while_anything_waits() {
    let stage = Stage::new();
    let sink = exporter(&stage).start().unwrap();
    stage.answer(|_| Reply::Retry { after: Some(SOON), why: error("not now") });
    write_all(&sink, &["a"]);
    let begun = Instant::now();
    while sink.handle().health().failures == 0 {
        assert!(begun.elapsed() < SOON);
        std::thread::yield_now();
    }
    let health = sink.handle().health();
    assert_eq!(health.condition, Condition::Degraded("it does not answer: not now".to_owned()));
    assert_eq!((health.breaker, health.queued_records), (Breaker::Closed, 1));
    sink.close(SOON).unwrap();

    // With nothing left that could show whether it works, it is to be tried.
    let sink = exporter(&stage).retry(Retry::new().breaks_after(1).give_up_after(Duration::ZERO)).start().unwrap();
    stage.answer(|_| retry());
    write_all(&sink, &["b"]);
    sink.flush(SOON).unwrap_err();
    let health = sink.handle().health();
    assert_eq!((health.breaker, health.condition), (Breaker::Open, Condition::Well));
    assert_eq!(lost(&sink, DropReason::Failed), 1);
}

#[test]
fn what_was_tried_for_too_long_is_given_up_and_the_next_is_tried() {
    let stage = Stage::new();
    let sink = exporter(&stage).retry(Retry::new().first(MILLISECOND).give_up_after(Duration::ZERO)).start().unwrap();
    stage.hold_in_deliver(&sink);
    write_all(&sink, &["a", "b"]);
    stage.answer(|_| Reply::Delivered);
    stage.answer(|_| retry());
    stage.release();
    sink.flush(SOON).unwrap_err();
    write_all(&sink, &["c"]);
    sink.flush(SOON).unwrap();
    assert_eq!(stage.seen().arrived, ["first", "c"]);
    assert_eq!(lost(&sink, DropReason::Failed), 2);
}

#[test]
fn one_bad_record_is_found_put_aside_and_takes_no_other_with_it() {
    let (stage, dead) = (Stage::new(), Memory::new());
    let sink = exporter(&stage).dead_letters(dead.clone()).start().unwrap();
    stage.hold_in_deliver(&sink);
    stage.answer_always(|texts| match texts.iter().any(|text| text.starts_with("poison")) {
        true => Reply::Reject(error("400")),
        false => Reply::Delivered,
    });
    let texts: Vec<String> =
        (0..500).map(|index| if index == 377 { "poison\n".to_owned() } else { format!("{index}\n") }).collect();
    write_all(&sink, &texts.iter().map(|text| &**text).collect::<Vec<_>>());
    stage.release();
    sink.flush(SOON).unwrap_err();
    let seen = stage.seen();
    let expected =
        std::iter::once("first").chain(texts.iter().map(|text| text.trim_end()).filter(|text| *text != "poison"));
    assert!(seen.arrived.iter().map(|text| &**text).eq(expected));
    assert!(seen.tried.len() < 30, "{}", seen.tried.len());
    assert_eq!(dead.text(), "poison\n");
    assert_eq!((lost(&sink, DropReason::DeadLettered), lost(&sink, DropReason::Rejected)), (1, 0));
    drop(seen);
    // What is put aside is closed behind the queue.
    sink.close(SOON).unwrap();
    assert_eq!(dead.write(&line(Level::INFO, "late\n")), Written::Closed);
}

#[test]
fn where_all_are_refused_nobody_looks_for_whom_to_blame() {
    let stage = Stage::new();
    let sink = exporter(&stage).start().unwrap();
    stage.hold_in_deliver(&sink);
    write_all(&sink, &["m\n"; 4_000]);
    stage.answer(|_| Reply::Delivered);
    stage.answer_always(|_| Reply::Reject(error("404")));
    stage.release();
    sink.flush(SOON).unwrap_err();
    assert_eq!(lost(&sink, DropReason::Rejected), 4_000);
    assert!(stage.seen().tried.len() < 60, "{}", stage.seen().tried.len());
    let text = sink.handle().health().last_error.unwrap().what;
    assert_eq!(text, "404");
}

#[test]
fn of_a_batch_that_arrives_in_part_the_rest_is_not_sent_again() {
    let (stage, dead) = (Stage::new(), Memory::new());
    let sink = exporter(&stage).dead_letters(dead.clone()).start().unwrap();
    stage.hold_in_deliver(&sink);
    write_all(&sink, &["a\n", "b\n", "c\n", "d\n"]);
    stage.answer(|_| Reply::Delivered);
    let refusal = |index| Refusal { index, why: error("too old") };
    stage.answer(move |_| Reply::Partial(vec![refusal(1), refusal(3), refusal(99)]));
    stage.release();
    sink.flush(SOON).unwrap_err();
    assert_eq!(stage.seen().arrived, ["first", "a", "c"]);
    assert_eq!(stage.seen().tried.len(), 2);
    assert_eq!(dead.text(), "b\nd\n");
    assert_eq!(sink.account().unwrap().left.total(), 3);
}

#[test]
fn what_is_too_large_is_halved_until_it_is_not() {
    let stage = Stage::new();
    let sink = exporter(&stage).start().unwrap();
    stage.hold_in_deliver(&sink);
    stage.answer_always(|texts| if texts.len() > 3 { Reply::Split(error("413")) } else { Reply::Delivered });
    write_all(&sink, &["m\n"; 50]);
    stage.release();
    sink.flush(SOON).unwrap();
    assert_eq!(stage.seen().arrived.len(), 51);
}

#[test]
fn credentials_are_renewed_once_and_then_it_is_a_failure_like_any_other() {
    let stage = Stage::new();
    let sink = exporter(&stage).start().unwrap();
    for _ in 0..3 {
        stage.answer(|_| Reply::AuthExpired(error("401")));
    }
    write_all(&sink, &["a"]);
    sink.flush(SOON).unwrap();
    let seen = stage.seen();
    assert_eq!((seen.renewals, seen.tried.len()), (1, 4));
    assert_eq!(sink.handle().health().failures, 2);
}

#[test]
fn an_address_that_is_gone_is_never_tried_again() {
    let stage = Stage::new();
    let sink = exporter(&stage).start().unwrap();
    stage.answer(|_| Reply::Disable(error("410")));
    write_all(&sink, &["a"]);
    sink.flush(SOON).unwrap_err();
    write_all(&sink, &["b", "c"]);
    sink.flush(SOON).unwrap_err();
    assert_eq!(stage.seen().tried.len(), 1);
    assert_eq!(lost(&sink, DropReason::Gone), 3);
    assert_eq!(sink.condition(), Condition::Failed("nothing is sent any more: 410".to_owned()));
}

#[test]
fn a_backend_that_panics_loses_its_batch_and_no_other() {
    let stage = Stage::new();
    let sink = exporter(&stage).start().unwrap();
    stage.answer(|_| panic!("no"));
    write_all(&sink, &["a"]);
    sink.flush(SOON).unwrap_err();
    write_all(&sink, &["b"]);
    sink.flush(SOON).unwrap();
    assert_eq!(stage.seen().arrived, ["b"]);
    assert_eq!(lost(&sink, DropReason::Panicked), 1);
}

#[test]
fn what_a_backend_logs_is_not_delivered_by_it_or_anybody_else() {
    let (stage, other) = (Stage::new(), Stage::new());
    let other_sink = std::sync::Arc::new(other.exporter().start().unwrap());
    let sink = std::sync::Arc::new(exporter(&stage).start().unwrap());
    let (inner, beside) = (std::sync::Arc::downgrade(&sink), std::sync::Arc::clone(&other_sink));
    stage.answer_always(move |_| {
        let echoed = Written::Dropped(DropReason::Echoed);
        assert_eq!(inner.upgrade().unwrap().write(&line(Level::ERROR, "about myself")), echoed);
        assert_eq!(beside.write(&line(Level::ERROR, "about another")), echoed);
        assert!(inner.upgrade().unwrap().flush(SOON).is_err(), "it cannot wait for itself");
        Reply::Delivered
    });
    write_all(&sink, &["a"]);
    sink.flush(SOON).unwrap();
    other_sink.flush(SOON).unwrap();
    assert_eq!(stage.seen().arrived, ["a"]);
    assert!(other.seen().tried.is_empty());
}

#[test]
fn no_complaint_shows_more_than_the_backend_says() {
    let stage = Stage::new();
    let sink = exporter(&stage).start().unwrap();
    assert_eq!(
        format!("{sink:?} {:?}", sink.handle()),
        r#"ExportSink { handle: Handle { name: "stage", .. }, close_within: 10s, surface: Storage } Handle { name: "stage", .. }"#
    );
}
