//! How deliveries from queues are getting on.

use crate::family::Families;
use hyperlog_core::{Breaker, DeliveryHealth};
use std::fmt;

const BREAKERS: [Breaker; 3] = [Breaker::Closed, Breaker::Open, Breaker::HalfOpen];

/// Writes the families of these outputs, by the label of each.
pub(crate) fn encode(deliveries: &[(&str, &DeliveryHealth)], families: &mut Families<'_>) -> fmt::Result {
    let counted = |select: fn(&DeliveryHealth) -> u64| {
        deliveries.iter().map(move |(name, delivery)| ([("output", *name)], select(delivery)))
    };
    let measured = |select: fn(&DeliveryHealth) -> f64| {
        deliveries.iter().map(move |(name, delivery)| ([("output", *name)], select(delivery)))
    };
    let breakers = deliveries.iter().flat_map(|(name, delivery)| {
        let labels = |state: Breaker| [("output", *name), ("state", state.name())];
        BREAKERS.map(|state| (labels(state), f64::from(delivery.breaker == state)))
    });

    families.gauge("hyperlog_queue_records", "Records that wait or are in flight.", {
        measured(|delivery| delivery.queued_records as f64)
    })?;
    families.gauge("hyperlog_queue_bytes", "What they take of the capacity.", {
        measured(|delivery| delivery.queued_bytes as f64)
    })?;
    families.gauge("hyperlog_queue_capacity_bytes", "The most that the queue holds.", {
        measured(|delivery| delivery.capacity as f64)
    })?;
    families.counter(
        "hyperlog_delivery_batches",
        "Batches that have arrived.",
        counted(|delivery| delivery.batches),
    )?;
    families.counter("hyperlog_delivery_failures", "Deliveries and syncs that failed.", {
        counted(|delivery| delivery.failures)
    })?;
    families.counter("hyperlog_delivery_retries", "Deliveries that were tried again.", {
        counted(|delivery| delivery.retries)
    })?;
    families.counter("hyperlog_delivery_seconds", "The time that deliveries took, failed ones included.", {
        measured(|delivery| delivery.delivering.as_secs_f64())
    })?;
    families.gauge("hyperlog_delivery_breaker", "Whether the output is tried: 1 for the state that it is in.", breakers)
}
