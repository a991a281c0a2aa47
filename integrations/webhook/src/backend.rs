//! One batch is one request: built, signed as it goes over the wire, sent, and judged by its status.

use crate::key::Message;
use crate::sign::Signer;
use crate::wire::{NOT_JSON, Shape};
use hyperlog_core::Clock;
use hyperlog_delivery::http::Client;
use hyperlog_delivery::{Backend, Batch, DeliveryError, Limits, Refusal, Reply};
use std::fmt;

/// Sends batches to a web hook. It is what [`Webhook::exporter`](crate::Webhook::exporter) delivers to.
pub struct WebhookBackend {
    pub(crate) client: Client,
    pub(crate) signer: Signer,
    pub(crate) shape: Shape,
    pub(crate) accepts: Vec<u16>,
    pub(crate) limits: Limits,
    pub(crate) clock: Clock,
    /// The memory of the last body.
    pub(crate) body: Vec<u8>,
}

impl Backend for WebhookBackend {
    fn limits(&self) -> Limits {
        self.limits
    }

    fn deliver(&mut self, batch: &Batch<'_>) -> Reply {
        self.body.clear();
        let left_out = self.shape.write(batch.entries().map(|entry| entry.bytes), &mut self.body);
        if left_out.len() == batch.len() {
            return Reply::Partial(refusals(&left_out));
        }
        match self.send(&batch.id().to_string()) {
            Reply::Delivered if !left_out.is_empty() => Reply::Partial(refusals(&left_out)),
            reply => reply,
        }
    }
}

impl WebhookBackend {
    /// The id stays the same however often the batch is tried; the time is that of the attempt, and so is the signature.
    fn send(&self, id: &str) -> Reply {
        let body = self.client.pack(&self.body);
        let timestamp = self.clock.now().seconds().to_string();
        let signature = self.signer.sign(&Message { id, timestamp: &timestamp, body: body.bytes() });
        let mut headers =
            vec![("content-type", self.shape.content_type()), ("webhook-id", id), ("webhook-timestamp", &timestamp)];
        if let Some(signature) = &signature {
            headers.push(("webhook-signature", signature));
        }
        self.client.deliver(&body, &headers, &self.accepts)
    }
}

fn refusals(left_out: &[usize]) -> Vec<Refusal> {
    let refuse = |index: &usize| Refusal { index: *index, why: DeliveryError::new(NOT_JSON) };
    left_out.iter().map(refuse).collect()
}

impl fmt::Debug for WebhookBackend {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("WebhookBackend").field("client", &self.client).finish_non_exhaustive()
    }
}
