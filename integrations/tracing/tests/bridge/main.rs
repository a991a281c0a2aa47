//! What becomes of events and spans of `tracing`.

mod context;
mod events;
mod hostile;
mod levels;
mod outward;

use hyperlog_core::{Captured, Logger};
use hyperlog_tracing::RecordLayer;
use tracing::subscriber::with_default;
use tracing_subscriber::layer::SubscriberExt;

/// Runs something whose events become records, outside of every scope of a logger that is captured: under a subscriber of
/// our own, and under the registry that layers share. What is heard has to be the same.
#[track_caller]
fn captured(set_up: impl Fn(RecordLayer) -> RecordLayer, work: impl Fn(&Logger)) -> Captured {
    let layer = |logger: &Logger| set_up(RecordLayer::new().logger(logger.clone()));
    let (shared, below) = Logger::capture();
    with_default(tracing_subscriber::registry().with(layer(&shared)), || work(&shared));
    let (own, captured) = Logger::capture();
    with_default(layer(&own).into_subscriber(), || work(&own));
    let said = |captured: &Captured| -> Vec<String> {
        let shown = |record: &hyperlog_core::CapturedRecord| {
            let names: Vec<&str> = record.fields().iter().map(|(name, _)| name.as_str()).collect();
            format!("{} {} {names:?}", record.level(), record.message())
        };
        captured.records().iter().map(shown).collect()
    };
    assert_eq!(said(&below), said(&captured));
    captured
}

/// The same without options.
#[track_caller]
fn heard(work: impl Fn(&Logger)) -> Captured {
    captured(|layer| layer, work)
}
