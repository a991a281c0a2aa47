//! Web hooks.

use crate::config::error::ConfigError;
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
    let open = |settings: Settings, place: &Surroundings| {
        let mut webhook = settings.webhook(|secret| secret.reveal(place).map(Some))?;
        if let Some(path) = &settings.root_certificate {
            webhook = webhook.root_certificate(std::fs::read(place.path(path)?)?);
        }
        Ok(Opened::exporter(webhook.exporter()?))
    };
    let check = |settings: Settings, place: &Surroundings| {
        if let Some(path) = &settings.root_certificate {
            place.path(path)?;
        }
        let webhook = settings.webhook(|secret| Ok(secret.written(place)?.map(str::to_owned)))?;
        Ok(webhook.check()?)
    };
    registry.output_checked("webhook", open, check)
}

/// Of which nothing can be said yet: it stands elsewhere.
const URL_ELSEWHERE: &str = "https://elsewhere.invalid/";
const VALUE_ELSEWHERE: &str = "elsewhere";

impl Settings {
    /// With the secrets that are known.
    fn webhook(&self, reveal: impl Fn(&Secret) -> Result<Option<String>, ConfigError>) -> Result<Webhook, ConfigError> {
        let mut webhook = Webhook::new(reveal(&self.url)?.as_deref().unwrap_or(URL_ELSEWHERE));
        if let Some(secret) = self.secret.as_ref().map(&reveal).transpose()?.flatten() {
            webhook = webhook.secret(&secret);
        }
        for (name, value) in &self.headers {
            webhook = webhook.header(name, value);
        }
        for (name, value) in &self.secret_headers {
            webhook = webhook.secret_header(name, reveal(value)?.as_deref().unwrap_or(VALUE_ELSEWHERE));
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
        if let Some(time) = self.connect_within {
            webhook = webhook.connect_within(time.0);
        }
        if let Some(time) = self.answer_within {
            webhook = webhook.answer_within(time.0);
        }
        Ok(webhook)
    }
}
