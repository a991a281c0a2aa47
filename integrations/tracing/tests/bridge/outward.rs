//! Records become events, and with both ways open nothing goes round.

use hyperlog_core::{Captured, Level, Logger, error, fields, info, notice};
use hyperlog_tracing::{RecordLayer, to_tracing};
use std::fmt;
use std::sync::{Arc, Mutex};
use tracing::field::{Field, Visit};
use tracing::subscriber::with_default;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

/// Writes down what it hears.
#[derive(Clone, Default)]
struct Listener(Arc<Mutex<Vec<String>>>);

impl Listener {
    fn heard(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

struct Words<'a>(&'a mut String);

impl Visit for Words<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.push_str(&format!(" [{field}] {value:?}"));
    }
}

impl<S: tracing::Subscriber> Layer<S> for Listener {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        let mut line = event.metadata().level().to_string();
        event.record(&mut Words(&mut line));
        self.0.lock().unwrap().push(line);
    }
}

fn both_ways() -> (Logger, Captured) {
    Logger::capture_with(|builder| builder.hook(to_tracing()))
}

#[test]
fn a_record_becomes_an_event_with_level_target_message_and_fields() {
    let (logger, _captured) = both_ways();
    let listener = Listener::default();
    with_default(tracing_subscriber::registry().with(listener.clone()), || {
        let job = logger.with(fields!(job = 7));
        error!(logger: job, target: "shop", password = "hunter2", note = "two words", "failed");
        notice!(logger: logger, "noted");
    });
    let heard = listener.heard();
    assert!(heard[0].starts_with("ERROR"), "{heard:?}");
    for part in ["failed job=7", "note=\"two words\"", "[log.target] \"shop\""] {
        assert!(heard[0].contains(part), "{part} in {heard:?}");
    }
    assert!(!heard[0].contains("hunter2"), "{heard:?}");
    assert!(heard[1].starts_with("INFO") && heard[1].contains("noted"));
    assert_eq!(heard.len(), 2);
}

#[test]
fn with_both_ways_open_each_is_heard_once_on_each_side() {
    let (logger, captured) = both_ways();
    let listener = Listener::default();
    let ours = RecordLayer::new().logger(logger.clone());
    with_default(tracing_subscriber::registry().with(ours).with(listener.clone()), || {
        info!(logger: logger, "a record");
        tracing::info!("an event");
        tracing::info_span!("span", rows = 1).in_scope(|| info!("within"));
        info!(logger: logger, "another record");
    });
    let said: Vec<String> = captured.records().iter().map(|record| record.message().to_owned()).collect();
    assert_eq!(said, ["a record", "an event", "within", "another record"]);
    assert_eq!(listener.heard().len(), 4, "{:?}", listener.heard());
}

/// Logs by both while it is shown.
struct Talks(Logger);

impl fmt::Display for Talks {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        info!(logger: self.0, "record within");
        tracing::info!("event within");
        formatter.write_str("shown")
    }
}

#[test]
fn nothing_goes_round_when_both_log_while_a_value_is_shown() {
    let (logger, captured) = both_ways();
    let listener = Listener::default();
    let ours = RecordLayer::new().logger(logger.clone());
    // Global, since a scoped subscriber hears nothing of what happens while it hears.
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(ours).with(listener.clone())).unwrap();
    tracing::info!("alone");
    assert_eq!(listener.heard().len(), 1, "{:?}", listener.heard());
    info!(logger: logger, "alone");
    assert_eq!((listener.heard().len(), captured.len()), (2, 2), "{:?}", listener.heard());
    tracing::info!(value = %Talks(logger.clone()), "event");
    info!(logger: logger, value = %Talks(logger.clone()), "record");
    let said: Vec<String> = captured.records().iter().map(|record| record.message().to_owned()).collect();
    let times = |text: &str| said.iter().filter(|message| *message == text).count();
    assert_eq!((times("event"), times("record")), (1, 1), "{said:?}");
    assert!(times("record within") >= 2 && times("event within") >= 2, "{said:?}");
    assert!(said.len() < 14 && listener.heard().len() < 18, "{said:?} {:?}", listener.heard());
}

#[test]
fn only_what_the_hook_is_given_goes_out() {
    let (logger, _captured) = Logger::capture_with(|builder| builder.hook(to_tracing().level(Level::WARN)));
    let listener = Listener::default();
    with_default(tracing_subscriber::registry().with(listener.clone()), || {
        info!(logger: logger, "not this");
        error!(logger: logger, "this");
    });
    assert_eq!(listener.heard().len(), 1);
}
