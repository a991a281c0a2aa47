//! Whatever comes over the bridge, nothing panics out of it.

use crate::{captured, heard};
use hyperlog_core::{Level, Logger};
use hyperlog_tracing::RecordLayer;
use std::error::Error;
use std::fmt;

struct Panics;

impl fmt::Debug for Panics {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("secret half")?;
        panic!("in Debug")
    }
}

impl fmt::Display for Panics {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("in Display")
    }
}

impl Error for Panics {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        panic!("in source")
    }
}

struct Endless;

impl fmt::Debug for Endless {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        loop {
            formatter.write_str("on and on ")?;
        }
    }
}

#[test]
fn a_value_that_panics_or_never_ends_costs_itself_alone() {
    let records = captured(
        |layer| layer.closing(Level::DEBUG),
        |_| {
            let span =
                tracing::info_span!("span", bad = ?Panics, error = &Panics as &(dyn Error + 'static), long = ?Endless);
            let _entered = span.entered();
            tracing::info!(good = 1, bad = ?Panics, after = "still here", "said");
            tracing::info!(error = &Panics as &(dyn Error + 'static), after = "still here", "erred");
            tracing::info!(long = ?Endless, "endless");
            tracing::info!("{:?}", Panics);
        },
    );
    let record = records.only_saying("said");
    assert_eq!((record.number("good"), record.text("after")), (1.0, "still here"));
    assert!(record.text("bad").contains("panicked"), "{:?}", record.get("bad"));
    assert_eq!(records.only_saying("erred").text("after"), "still here");
    assert!(records.only_saying("endless").text("long").len() < 100_000);
    assert_eq!(records.len(), 5);
}

/// Does with `tracing` what can be done while it is shown.
struct Busy;

impl fmt::Debug for Busy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let span = tracing::info_span!("within", depth = 1, late = tracing::field::Empty);
        span.record("late", 2);
        let _entered = span.entered();
        tracing::info!(inner = "value", "from within");
        formatter.write_str("busy")
    }
}

/// A process may have one global subscriber, under which events may come while another is heard.
#[test]
fn a_debug_that_logs_and_opens_spans_works() {
    let (logger, captured) = Logger::capture();
    let subscriber = RecordLayer::new().logger(logger).into_subscriber();
    tracing::subscriber::set_global_default(subscriber).expect("no other test of this process sets one");
    let _span = tracing::info_span!("outer", outer = 3, busy = ?Busy).entered();
    tracing::info!(first = "a", busy = ?Busy, last = "z", "outside");
    let record = captured.only_saying("outside");
    assert_eq!([record.text("first"), record.text("busy"), record.text("last")], ["a", "busy", "z"]);
    assert_eq!(record.number("outer"), 3.0);
    assert!(!record.has("depth"));
    let within: Vec<_> = captured.records().into_iter().filter(|record| record.message() == "from within").collect();
    assert_eq!(within.len(), 2);
    for record in &within {
        assert_eq!((record.text("inner"), record.number("depth"), record.number("late")), ("value", 1.0, 2.0));
    }
}

/// Logs when its thread ends.
struct Farewell;

impl Drop for Farewell {
    fn drop(&mut self) {
        let span = tracing::info_span!("farewell", at = "the end");
        span.record("at", "the very end");
        span.in_scope(|| tracing::info!(count = 1, "farewell"));
        tracing::info!(parent: &span, missing = tracing::field::Empty, "by name");
    }
}

#[test]
fn a_thread_that_ends_can_still_log() {
    thread_local!(static FIRST: Farewell = const { Farewell });
    thread_local!(static LAST: Farewell = const { Farewell });
    let (logger, captured) = Logger::capture();
    let dispatch = tracing::Dispatch::new(RecordLayer::new().logger(logger).into_subscriber());
    tracing::dispatcher::set_global_default(dispatch).expect("no other test of this process sets one");
    let thread = std::thread::spawn(|| {
        FIRST.with(|_| ());
        let _span = tracing::info_span!("alive").entered();
        tracing::info!(count = 1, "alive");
        LAST.with(|_| ());
    });
    thread.join().expect("nothing panics");
    let farewells = captured.records().iter().filter(|record| record.message() == "farewell").count();
    assert_eq!(farewells, 2);
}

#[test]
fn a_span_left_open_at_the_end_of_its_thread_is_no_trouble() {
    let (logger, captured) = Logger::capture();
    let dispatch = tracing::Dispatch::new(RecordLayer::new().logger(logger).into_subscriber());
    let other = dispatch.clone();
    let thread = std::thread::spawn(move || {
        let guard = tracing::dispatcher::set_default(&other);
        std::mem::forget(tracing::info_span!("forgotten", id = 1).entered());
        tracing::info!("inside");
        drop(guard);
    });
    thread.join().expect("nothing panics");
    assert_eq!(captured.only().number("id"), 1.0);
}

#[test]
fn deep_spans_and_many_late_fields_are_no_trouble() {
    let records = heard(|_| {
        let outermost = tracing::info_span!("outermost", late = tracing::field::Empty);
        let mut entered = vec![outermost.clone().entered()];
        for depth in 0..2_000 {
            entered.push(tracing::info_span!("deeper", depth).entered());
        }
        for number in 0..100 {
            outermost.record("late", number);
        }
        tracing::info!("deep");
        while let Some(span) = entered.pop() {
            drop(span);
        }
        tracing::info!("out");
    });
    let record = records.only_saying("deep");
    assert_eq!((record.number("depth"), record.number("late")), (1_999.0, 99.0));
    assert!(records.only_saying("out").fields().is_empty());
}

#[test]
fn texts_of_any_length_are_cut_and_the_next_event_is_whole() {
    let long = "x".repeat(3 << 20);
    let records = heard(|_| {
        tracing::info!(a = long.as_str(), b = %long, c = 1, "{long}");
        tracing::info!(a = "short", b = 2, "next");
    });
    let records = records.records();
    assert!(records[0].text("a").len() < 20_000 && records[0].message().len() < 20_000);
    assert_eq!((records[1].text("a"), records[1].number("b")), ("short", 2.0));
}
