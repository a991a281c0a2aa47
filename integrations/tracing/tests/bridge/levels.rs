//! hyperlog's levels decide, now and after every change.

use crate::heard;
use hyperlog_core::{Directives, Level, LevelFilter, Logger, Recording};
use hyperlog_tracing::{Levels, RecordLayer};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tracing::subscriber::with_default;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

fn captured_with(directives: &str) -> (Logger, hyperlog_core::Captured) {
    Logger::capture_with(|builder| builder.directives(directives.parse().expect("it is a directive")))
}

fn listening(logger: &Logger) -> impl tracing::Subscriber + Send + Sync + use<> {
    RecordLayer::new().logger(logger.clone()).into_subscriber()
}

#[test]
fn directives_as_they_are_given_to_an_env_filter_decide() {
    let (logger, captured) = captured_with("info,sqlx=warn,my_crate::module=debug");
    with_default(listening(&logger), || {
        tracing::info!(target: "elsewhere", "1");
        tracing::debug!(target: "elsewhere", "unheard");
        tracing::warn!(target: "sqlx::query", "2");
        tracing::info!(target: "sqlx::query", "unheard");
        tracing::debug!(target: "my_crate::module::inner", "3");
        tracing::debug!(target: "my_crate::other", "unheard");
    });
    let said: Vec<String> = captured.records().iter().map(|record| record.message().to_owned()).collect();
    assert_eq!(said, ["1", "2", "3"]);
}

#[test]
fn directives_that_ask_for_spans_or_fields_are_refused_with_a_reason() {
    for refused in ["[span{field}]=debug", "info,[{user=ann}]=debug", "my_crate[span]=debug"] {
        let error = refused.parse::<Directives>().expect_err(refused);
        assert!(!error.to_string().is_empty());
    }
}

/// One place in the program, so that what `tracing` remembers of it has to change.
fn at_debug() {
    tracing::debug!("at debug");
}

#[test]
fn levels_that_change_while_running_change_what_is_heard_at_places_that_are_known() {
    let (logger, captured) = captured_with("info");
    with_default(listening(&logger), || {
        at_debug();
        assert!(captured.is_empty());
        logger.set_level(Level::DEBUG);
        at_debug();
        assert_eq!(captured.len(), 1);
        assert!(tracing::enabled!(tracing::Level::DEBUG));
        logger.set_level(Level::ERROR);
        at_debug();
        logger.set_level(LevelFilter::OFF);
        at_debug();
        assert_eq!(captured.len(), 1);
    });
}

#[test]
fn what_nobody_wants_is_not_even_asked_for() {
    let evaluated = AtomicUsize::new(0);
    let (logger, captured) = captured_with("info");
    with_default(listening(&logger), || {
        for _ in 0..3 {
            tracing::trace!(count = evaluated.fetch_add(1, Ordering::Relaxed), "costly");
        }
    });
    assert_eq!((evaluated.into_inner(), captured.len()), (0, 0));
}

#[test]
fn what_a_scope_holds_back_is_not_hidden_from_it() {
    let (logger, captured) = captured_with("warn");
    with_default(listening(&logger), || {
        at_debug();
        let recording = Recording::new(&logger, Level::DEBUG);
        let entered = recording.logger().enter();
        at_debug();
        tracing::debug_span!("inner", rows = 3).in_scope(at_debug);
        drop(entered);
        at_debug();
        assert!(captured.is_empty());
        assert_eq!(recording.tell().0, 2);
    });
    assert_eq!(captured.len(), 2);
    assert_eq!(captured.records()[1].number("rows"), 3.0);
}

#[test]
fn a_scope_with_a_lower_level_of_its_own_is_heard() {
    let (quiet, unheard) = captured_with("error");
    let (verbose, captured) = captured_with("debug");
    with_default(listening(&quiet), || {
        at_debug();
        let entered = verbose.enter();
        at_debug();
        drop(entered);
        at_debug();
    });
    assert_eq!((unheard.len(), captured.len()), (0, 1));
}

/// Counts what it hears.
struct Beside(Arc<AtomicUsize>);

impl<S: tracing::Subscriber> Layer<S> for Beside {
    fn on_event(&self, _: &tracing::Event<'_>, _: Context<'_, S>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn with_levels_as_a_filter_other_layers_hear_what_we_do_not_want() {
    let (logger, captured) = captured_with("info");
    let count = Arc::new(AtomicUsize::new(0));
    let ours = RecordLayer::new().logger(logger.clone()).with_filter(Levels::new());
    let subscriber = tracing_subscriber::registry().with(ours).with(Beside(Arc::clone(&count)));
    with_default(subscriber, || {
        at_debug();
        tracing::info_span!("job", job = 7).in_scope(|| tracing::info!("heard"));
        logger.set_level(Level::DEBUG);
        at_debug();
    });
    assert_eq!(count.load(Ordering::Relaxed), 3);
    assert_eq!((captured.len(), captured.only_saying("heard").number("job")), (2, 7.0));
}

#[test]
fn samplers_keep_back_events_as_they_do_records() {
    use hyperlog_core::{Sampling, SamplingMethod, SamplingRule};
    let rule = SamplingRule::new(SamplingMethod::OneIn(10));
    let (logger, captured) = Logger::capture_with(|builder| builder.sampling(Sampling::new().rule(rule)));
    with_default(listening(&logger), || {
        for _ in 0..100 {
            tracing::info!(step = 1, "sampled");
        }
    });
    let kept = captured.records().iter().filter(|record| record.message() == "sampled").count();
    assert_eq!(kept, 10);
}

#[test]
fn a_logger_that_is_made_later_is_heard_at_places_that_are_known() {
    let records = heard(|_| {
        let (other, captured) = captured_with("trace");
        let _entered = other.enter();
        at_debug();
        assert_eq!(captured.len(), 1);
    });
    assert!(records.is_empty());
}
