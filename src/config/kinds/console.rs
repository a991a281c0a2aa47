//! Standard output and error, and nowhere.

use crate::config::registry::{Opened, Registry, Way};
use hyperlog_core::{Console, Null};
use schemars::JsonSchema;

/// Standard output or standard error.
#[derive(serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Which of the two.
    #[serde(default)]
    stream: Stream,
}

#[derive(Default, serde::Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Stream {
    /// Standard output.
    #[default]
    Stdout,
    /// Standard error.
    Stderr,
}

/// Nowhere: records are encoded, counted and forgotten.
#[derive(serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Nowhere {}

pub(super) fn all(registry: Registry) -> Registry {
    registry
        .output("console", |settings: Settings, _| {
            Ok(Opened(Way::Console(match settings.stream {
                Stream::Stdout => Console::stdout(),
                Stream::Stderr => Console::stderr(),
            })))
        })
        .output("null", |_: Nowhere, _| Ok(Opened::sink(Null)))
}
