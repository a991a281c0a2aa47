//! How the queues behind outputs are getting on.

use crate::family::Families;
use crate::output_label::output_labels;
use hyperlog_delivery::{Breaker, DeliveryHealth, Handle};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use std::fmt;

/// How the queues behind outputs are getting on: [`Handle::health`] at the moment of each scrape.
///
/// ```
/// use hyperlog_delivery::Exporter;
/// use hyperlog_prometheus::{Metrics, Queues};
/// # use hyperlog_delivery::{Backend, Batch, Reply};
/// # struct Void;
/// # impl Backend for Void { fn deliver(&mut self, _: &Batch<'_>) -> Reply { Reply::Delivered } }
///
/// let sink = Exporter::new(Void).name("void").start()?;
/// let metrics = Metrics::new().with(Queues::of([sink.handle()]));
/// # let text = metrics.render(Default::default()).unwrap().body;
/// # assert!(text.contains(r#"hyperlog_queue_records{output="void"} 0.0"#), "{text}");
/// # Ok::<(), hyperlog_delivery::StartError>(())
/// ```
#[derive(Debug)]
pub struct Queues {
    handles: Vec<Handle>,
}

impl Queues {
    /// Of the outputs with these handles.
    pub fn of(handles: impl IntoIterator<Item = Handle>) -> Queues {
        Queues { handles: handles.into_iter().collect() }
    }
}

const BREAKERS: [Breaker; 3] = [Breaker::Closed, Breaker::Open, Breaker::HalfOpen];

impl Collector for Queues {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        if self.handles.is_empty() {
            return Ok(());
        }
        let health: Vec<DeliveryHealth> = self.handles.iter().map(Handle::health).collect();
        let labels = output_labels(health.iter().map(|queue| &*queue.name));
        let by_output = |select: fn(&DeliveryHealth) -> u64| {
            labels.iter().zip(&health).map(move |(name, queue)| ([("output", &**name)], select(queue)))
        };
        let breakers = labels.iter().zip(&health).flat_map(|(name, queue)| {
            let labels = |state: Breaker| [("output", &**name), ("state", state.name())];
            BREAKERS.map(|state| (labels(state), u64::from(queue.breaker == state)))
        });

        let mut families = Families::new(encoder);
        families.gauge("hyperlog_queue_records", "Records that wait or are in flight.", {
            by_output(|queue| queue.queued_records)
        })?;
        families.gauge("hyperlog_queue_bytes", "What they take of the capacity.", {
            by_output(|queue| queue.queued_bytes as u64)
        })?;
        families.gauge("hyperlog_queue_capacity_bytes", "The most that the queue holds.", {
            by_output(|queue| queue.capacity as u64)
        })?;
        families.counter(
            "hyperlog_delivery_batches",
            "Batches that have arrived.",
            by_output(|queue| queue.batches),
        )?;
        families.counter("hyperlog_delivery_failures", "Deliveries and syncs that failed.", {
            by_output(|queue| queue.failures)
        })?;
        families.counter("hyperlog_delivery_retries", "Deliveries that were tried again.", {
            by_output(|queue| queue.retries)
        })?;
        families.gauge(
            "hyperlog_delivery_breaker",
            "Whether the output is tried: 1 for the state that it is in.",
            breakers,
        )
    }
}
