//! Web hooks.

use crate::config::quantity::Time;
use crate::config::registry::{Opened, Registry, Surroundings};
use crate::config::secret::Secret;
use hyperlog_delivery::http::{Addresses, Proxy, Transport};
use hyperlog_webhook::{Shape, Webhook};
use schemars::JsonSchema;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Batches of records to an address.
#[derive(serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Where they go. It may hold a secret.
    url: Secret,
    /// With what requests are signed: `whsec_…`.
    #[serde(default)]
    secret: Option<Secret>,
    /// Headers of each request.
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// Headers that are secret.
    #[serde(default)]
    secret_headers: BTreeMap<String, Secret>,
    /// How the records of a batch stand in the body.
    #[serde(default)]
    shape: Option<Form>,
    /// The answers that mean that all is well.
    #[serde(default)]
    accepts: Vec<u16>,
    /// Whether records may travel without encryption.
    #[serde(default)]
    plain: bool,
    /// Whether the address may be of a private network.
    #[serde(default)]
    private: bool,
    /// Whether the proxy that the environment names is passed by.
    #[serde(default)]
    no_proxy: bool,
    /// A file with a certificate that is trusted besides those of the system, as PEM.
    #[serde(default)]
    root_certificate: Option<PathBuf>,
    /// How long connecting takes at most. 5 s if nothing is said.
    #[serde(default)]
    connect_within: Option<Time>,
    /// How long a request takes at most. 30 s if nothing is said.
    #[serde(default)]
    answer_within: Option<Time>,
}

#[derive(Clone, Copy, serde::Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Form {
    /// As an array of JSON.
    Array,
    /// As lines of JSON.
    Lines,
}

pub(super) fn all(registry: Registry) -> Registry {
    registry.output("webhook", |settings: Settings, place| Ok(Opened::exporter(settings.webhook(place)?.exporter()?)))
}

impl Settings {
    fn webhook(self, place: &Surroundings) -> Result<Webhook, Box<dyn std::error::Error + Send + Sync>> {
        let mut webhook = Webhook::new(&self.url.reveal(place)?);
        if let Some(secret) = &self.secret {
            webhook = webhook.secret(&secret.reveal(place)?);
        }
        for (name, value) in &self.headers {
            webhook = webhook.header(name, value);
        }
        for (name, value) in &self.secret_headers {
            webhook = webhook.secret_header(name, &value.reveal(place)?);
        }
        if let Some(form) = self.shape {
            webhook = webhook.shape(match form {
                Form::Array => Shape::Array,
                Form::Lines => Shape::Lines,
            });
        }
        if !self.accepts.is_empty() {
            webhook = webhook.accepts(&self.accepts);
        }
        if self.plain {
            webhook = webhook.transport(Transport::PlainAllowed);
        }
        if self.private {
            webhook = webhook.addresses(Addresses::Any);
        }
        if self.no_proxy {
            webhook = webhook.proxy(Proxy::Off);
        }
        if let Some(path) = &self.root_certificate {
            webhook = webhook.root_certificate(std::fs::read(place.path(path)?)?);
        }
        if let Some(time) = self.connect_within {
            webhook = webhook.connect_within(time.0);
        }
        if let Some(time) = self.answer_within {
            webhook = webhook.answer_within(time.0);
        }
        Ok(webhook)
    }
}
