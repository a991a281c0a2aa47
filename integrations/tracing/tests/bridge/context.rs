//! Spans become context: entering one is entering a logger.

use crate::{captured, heard};
use hyperlog_core::{FieldSet, Level, Logger, Scope, ScopeExt, fields, info, wrap};
use hyperlog_tracing::{RecordLayer, SpanIds};
use std::sync::Arc;
use tokio::sync::Barrier;
use tracing::{Instrument, Span};

/// What a library does that knows nothing of us.
fn library() {
    let _query = tracing::debug_span!("query", db.rows = 3).entered();
    tracing::debug!(statement = "SELECT 1", "executed");
}

#[test]
fn events_of_a_library_inside_a_scope_carry_its_fields() {
    let records = heard(|logger| {
        let _request = Scope::new(logger.with(fields!(request_id = "r-1"))).enter();
        library();
    });
    let record = records.only();
    assert_eq!((record.text("request_id"), record.number("db.rows")), ("r-1", 3.0));
    assert_eq!(record.text("statement"), "SELECT 1");
}

#[test]
fn a_scope_that_is_entered_within_a_span_keeps_its_fields_on_events() {
    let records = heard(|logger| {
        let _outside = tracing::info_span!("connection", peer = "a").entered();
        let _request = Scope::new(logger.with(fields!(request_id = "r-1"))).enter();
        tracing::info!("directly");
        library();
    });
    assert_eq!(records.only_saying("directly").text("request_id"), "r-1");
    assert_eq!(records.only_saying("executed").text("request_id"), "r-1");
}

#[test]
fn what_is_bound_to_the_scope_later_is_on_events_of_spans_that_are_open() {
    let records = heard(|logger| {
        let request = Scope::new(logger.with(fields!(request_id = "r-1")));
        let _entered = request.enter();
        let _handler = tracing::info_span!("handler", step = 1).entered();
        let _query = tracing::info_span!("query", rows = 2).entered();
        request.bind(fields!(user = "ann"));
        Scope::current().unwrap().bind(fields!(tenant = "acme"));
        tracing::info!("asked");
        info!(logger: request.logger(), "by the request");
    });
    let record = records.only_saying("asked");
    assert_eq!([record.text("request_id"), record.text("user"), record.text("tenant")], ["r-1", "ann", "acme"]);
    assert_eq!((record.number("step"), record.number("rows")), (1.0, 2.0));
    let record = records.only_saying("by the request");
    assert_eq!(record.text("tenant"), "acme");
    assert!(!record.has("rows"));
}

#[test]
fn calls_of_ours_inside_a_span_carry_its_fields_too() {
    let records = heard(|_| {
        tracing::info_span!("job", job = 7).in_scope(|| info!("ours"));
    });
    assert_eq!(records.only().number("job"), 7.0);
}

#[test]
fn of_nested_spans_with_one_key_the_inner_counts_and_the_event_counts_most() {
    let records = heard(|_| {
        let _outer = tracing::info_span!("outer", id = 1, a = "outer").entered();
        let _inner = tracing::info_span!("inner", id = 2, b = "inner").entered();
        tracing::info!("spans");
        tracing::info!(id = 3, "event");
    });
    let record = records.only_saying("spans");
    assert_eq!((record.number("id"), record.text("a"), record.text("b")), (2.0, "outer", "inner"));
    assert_eq!(record.fields().iter().filter(|(name, _)| name == "id").count(), 1);
    let record = records.only_saying("event");
    assert_eq!(record.number("id"), 3.0);
    assert_eq!(record.fields().iter().filter(|(name, _)| name == "id").count(), 1);
}

#[test]
fn a_field_recorded_late_is_on_events_of_the_span_and_of_spans_within_that_are_open() {
    let records = heard(|_| {
        let outer = tracing::info_span!("outer", user = tracing::field::Empty, id = 1);
        let _outer = outer.clone().entered();
        let inner = tracing::info_span!("inner", id = 2).entered();
        tracing::info!("before");
        outer.record("user", "ann").record("id", 9);
        tracing::info!("after");
        drop(inner);
        tracing::info!("outside");
    });
    assert!(!records.only_saying("before").has("user"));
    let record = records.only_saying("after");
    assert_eq!((record.text("user"), record.number("id")), ("ann", 2.0));
    assert_eq!(records.only_saying("outside").number("id"), 9.0);
}

#[test]
fn a_field_recorded_late_stays_in_its_own_span() {
    let records = heard(|_| {
        let around = tracing::info_span!("around").entered();
        let [a, b] = [(); 2].map(|()| tracing::info_span!("part", rows = tracing::field::Empty));
        a.record("rows", 5);
        b.in_scope(|| tracing::info!("b"));
        a.in_scope(|| tracing::info!("a"));
        tracing::info!("around");
        drop(around);
    });
    assert_eq!(records.only_saying("a").number("rows"), 5.0);
    assert!(!records.only_saying("b").has("rows") && !records.only_saying("around").has("rows"));
}

#[test]
fn spans_that_are_left_out_of_order_leave_the_others() {
    let records = heard(|_| {
        let [a, b] = [tracing::info_span!("a", a = 1), tracing::info_span!(parent: None, "b", b = 2)];
        let (a, b) = (a.entered(), b.entered());
        drop(a);
        tracing::info!("in b");
        drop(b);
        tracing::info!("in none");
    });
    let record = records.only_saying("in b");
    assert_eq!(record.number("b"), 2.0);
    assert!(!record.has("a"));
    assert!(records.only_saying("in none").fields().is_empty());
}

#[test]
fn a_span_entered_twice_is_left_twice() {
    let records = heard(|_| {
        let span = tracing::info_span!("again", id = 1);
        let first = span.enter();
        span.in_scope(|| tracing::info!("twice"));
        tracing::info!("once");
        drop(first);
        tracing::info!("never");
    });
    for said in ["twice", "once"] {
        assert_eq!(records.only_saying(said).number("id"), 1.0);
    }
    assert!(!records.only_saying("never").has("id"));
}

#[test]
fn parents_that_are_named_are_honoured_and_roots_have_none() {
    let records = heard(|logger| {
        let named = tracing::info_span!("named", named = 1);
        let _request = logger.with(fields!(request_id = "r-1")).enter();
        let _current = tracing::info_span!("current", current = 2).entered();
        tracing::info!(parent: &named, "by name");
        tracing::info!(parent: None, "root");
        tracing::info_span!(parent: &named, "child", child = 3).in_scope(|| tracing::info!("in child"));
        tracing::info_span!(parent: None, "alone", alone = 4).in_scope(|| tracing::info!("in root"));
        tracing::info!("after");
    });
    let names = |said: &str| {
        let record = records.only_saying(said);
        let mut names: Vec<String> = record.fields().iter().map(|(name, _)| name.clone()).collect();
        names.sort();
        names.join(" ")
    };
    assert_eq!(names("by name"), "named");
    assert_eq!(names("root"), "");
    assert_eq!(names("in child"), "child named");
    assert_eq!(names("in root"), "alone");
    assert_eq!(names("after"), "current request_id");
}

#[test]
fn a_parent_that_has_closed_is_no_parent() {
    let (logger, records) = Logger::capture();
    // The registry that layers share panics over this.
    tracing::subscriber::with_default(RecordLayer::new().logger(logger).into_subscriber(), || {
        let id = tracing::info_span!("gone", gone = 1).id();
        tracing::info_span!(parent: id.clone(), "child", child = 2).in_scope(|| tracing::info!("in child"));
        tracing::info!(parent: id, "event");
    });
    assert_eq!(records.only_saying("in child").number("child"), 2.0);
    assert!(records.only_saying("event").fields().is_empty());
}

#[test]
fn the_scope_of_a_span_goes_along_into_a_thread() {
    let records = heard(|_| {
        let work = tracing::info_span!("job", job = 7).in_scope(|| wrap(|| info!("elsewhere")));
        std::thread::spawn(work).join().unwrap();
    });
    assert_eq!(records.only().number("job"), 7.0);
}

#[tracing::instrument(fields(late), skip(secret))]
fn instrumented(id: u64, name: &str, secret: &str) {
    let _ = secret;
    Span::current().record("late", "yes");
    tracing::info!("inside");
}

#[test]
fn an_instrumented_function_has_its_arguments_on_its_events() {
    let records = heard(|_| instrumented(7, "ann", "hunter2"));
    let record = records.only();
    assert_eq!((record.number("id"), record.text("name"), record.text("late")), (7.0, "ann", "yes"));
    assert!(!record.has("secret"));
}

#[tracing::instrument]
async fn instrumented_async(id: u64, barrier: Arc<Barrier>) {
    tracing::info!("before");
    barrier.wait().await;
    tokio::task::yield_now().await;
    tracing::info!("after");
}

/// The subscriber of this process, which the tests here share: nextest gives each test a process, and `cargo test` one.
#[test]
fn futures_keep_their_spans_and_scopes_from_thread_to_thread() {
    let (logger, captured) = Logger::capture();
    RecordLayer::new().logger(logger.clone()).install().expect("no other test installs one");
    assert!(hyperlog_tracing::install().unwrap_err().to_string().contains("already"));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).build().unwrap();
    const TASKS: u64 = 32;
    runtime.block_on(async {
        let barrier = Arc::new(Barrier::new(TASKS as usize));
        let tasks: Vec<_> = (0..TASKS)
            .map(|id| {
                let work = instrumented_async(id, Arc::clone(&barrier));
                let work = work.instrument(tracing::info_span!("task", task = id));
                tokio::spawn(work.in_scope(Scope::new(logger.with(fields!(request_id = id)))))
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    });
    let records = captured.records();
    let ours: Vec<_> = records.iter().filter(|record| ["before", "after"].contains(&record.message())).collect();
    assert_eq!(ours.len(), 2 * TASKS as usize);
    for record in ours {
        assert_eq!(record.number("id"), record.number("task"), "{:?}", record.fields());
        // The span was made outside of the scope, so that the scope is what is around its first poll.
        assert!(record.has("barrier"));
    }
}

#[test]
fn a_span_that_follows_others_names_them_on_request() {
    let records = captured(
        |layer| layer.span_ids(SpanIds::Shown),
        |_| {
            let cause = tracing::info_span!("cause");
            cause.in_scope(|| tracing::info!("cause"));
            let effect = tracing::info_span!("effect");
            effect.follows_from(&cause);
            effect.in_scope(|| tracing::info!("effect"));
        },
    );
    let cause = records.only_saying("cause").number("span.id");
    let effect = records.only_saying("effect");
    assert_ne!(effect.number("span.id"), cause);
    let follows = format!("{:?}", effect.get("span.follows_from"));
    assert!(follows.contains(&format!("{cause}")), "{follows} {cause}");
}

#[test]
fn a_span_that_closes_tells_how_long_it_took_on_request() {
    let work = || {
        let span = tracing::info_span!(target: "jobs", "job", job = 7);
        span.in_scope(|| ());
    };
    let records = captured(|layer| layer.closing(Level::DEBUG), |_| work());
    let record = records.only();
    assert_eq!((record.message(), record.target(), record.level()), ("span closed", "jobs", Level::DEBUG));
    assert_eq!(record.number("job"), 7.0);
    assert!(record.has("busy") && record.has("idle"), "{:?}", record.fields());
    assert!(heard(|_| work()).is_empty());
}

#[test]
fn fields_known_at_run_time_alone_do_not_stand_twice_either() {
    let records = heard(|logger| {
        let scope = Scope::new(logger.clone()).part(&FieldSet::new().with("id", 1).with("other", 2));
        let _entered = scope.enter();
        for _ in 0..2 {
            tracing::info!(id = 3, "said");
        }
    });
    for record in records.records() {
        assert_eq!((record.number("id"), record.fields().len()), (3.0, 2));
    }
}
