#![doc = include_str!("../README.md")]

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
