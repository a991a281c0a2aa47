//! Records to a web hook: batches of JSON over HTTPS, signed, in order, tried again, each record counted.
//!
//! ```no_run
//! use hyperlog_core::{Json, Logger, Output, info};
//! use hyperlog_webhook::Webhook;
//!
//! let sink = Webhook::new("https://hooks.example.com/logs")
//!     .secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
//!     .start()?;
//! let logger = Logger::builder().output(Output::new(Json::new(), sink).name("webhook")).build()?;
//!
//! info!(logger: logger, user = "ann", "signed in");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A second later the receiver gets
//!
//! ```text
//! POST /logs HTTP/1.1
//! content-type: application/json
//! webhook-id: 51c3f0e2a9b7d684-0-1
//! webhook-timestamp: 1795162543
//! webhook-signature: v1,pPX4n4mO9tv7DFr4B6NUvKFT9UrXFVHp02OXzbLeyU8=
//!
//! [{"timestamp":"2026-11-20T08:15:42.120934Z","level":"INFO","target":"shop","message":"signed in","user":"ann"}]
//! ```
//!
//! It checks the signature with [`Verifier`], or with any library for [Standard Webhooks](https://www.standardwebhooks.com).
//!
//! # Options
//!
//! | option | by default |
//! |---|---|
//! | [`name`](Webhook::name) | `"webhook"` |
//! | [`secret`](Webhook::secret) | none: requests are not signed |
//! | `private_key`, with the feature `ed25519` | none |
//! | [`header`](Webhook::header), [`secret_header`](Webhook::secret_header) | none |
//! | [`shape`](Webhook::shape) | [`Shape::Array`] |
//! | [`accepts`](Webhook::accepts) | 200, 201, 202, 204 |
//! | [`limits`](Webhook::limits) | 1,000 records or 256 KiB, for which a record waits a second |
//! | [`compression`](Webhook::compression) | [`Compression::Off`] |
//! | [`transport`](Webhook::transport) | [`Transport::TlsOnly`] |
//! | [`addresses`](Webhook::addresses) | [`Addresses::Public`] |
//! | [`verification`](Webhook::verification) | [`Verification::Full`] |
//! | [`root_certificate`](Webhook::root_certificate) | those that the system trusts |
//! | [`proxy`](Webhook::proxy) | [`Proxy::FromEnvironment`] |
//! | [`connect_within`](Webhook::connect_within) | 5 s |
//! | [`answer_within`](Webhook::answer_within) | 30 s |
//! | [`clock`](Webhook::clock) | the system's |
//!
//! The queue, the retries and where refused records go are set on [`Webhook::exporter`].
//!
//! # When it fails
//!
//! | what happens | what becomes of the records |
//! |---|---|
//! | the receiver cannot be reached, does not answer in time, or answers 408, 425, 429 or 5xx | they are sent again, in their order, not before `retry-after`; after five minutes they are lost and counted as `failed` |
//! | it answers 401 | the same: a secret may be just about to be changed |
//! | it answers 413 | they are sent in halves |
//! | it answers another 4xx | they are sent in halves, until one is to blame: that one is put aside or counted as `rejected`, the others arrive |
//! | it answers 3xx | the same: what is meant for one receiver is told to no other |
//! | it answers 410 | it is never sent anything again; they are counted as `gone`, and health says `Failed` |
//! | a record is no line of JSON | it is left out, and counted as `rejected` |
//! | the queue is full meanwhile | the least severe are let go of and counted as `full` |
//!
//! A request that was received, and whose answer was not, is sent again: with the same `webhook-id`, by which the receiver
//! can tell. All requests go one after the other, so that they arrive in the order in which records were logged.
//!
//! What is signed are the bytes that are sent. They are not compressed, unless asked for, since a framework that
//! decompresses hands a receiver other bytes than those.

mod backend;
mod config;
#[cfg(feature = "ed25519")]
mod ed25519;
mod key;
mod sign;
mod verify;
mod wire;

pub use crate::backend::WebhookBackend;
pub use crate::config::{Webhook, WebhookError};
pub use crate::key::KeyError;
pub use crate::verify::{Refused, ReplayCache, Signed, Verifier};
pub use crate::wire::Shape;
pub use hyperlog_delivery::http::{Addresses, Compression, Proxy, Transport, Verification};
