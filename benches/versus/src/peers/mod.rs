//! Everyone who is measured. A new peer is one file with a `Peer` and one line in [`all`].

use crate::case::Case;
use crate::delivery::{logforth, pool, slog_async, tracing_appender};
use crate::input::Input;
use std::error::Error;

mod actix_logger;
mod bare;
mod floor;
mod hyperlog;
mod modes;
pub mod slog;
pub mod spdlog;
mod tower_http;
pub mod tracing;
mod tracing_actix_web;

#[cfg(feature = "more")]
mod rasant;
#[cfg(feature = "more")]
mod structured_logger;

/// Makes one call so many times.
pub type Loop = fn(u64, &'static Input);

/// One logger in one configuration.
pub struct Peer {
    pub name: &'static str,
    /// When it is measured.
    pub standing: Standing,
    /// Sets the logger up for this process, writing to the counting sink.
    pub install: fn(Case) -> Result<(), Box<dyn Error>>,
    /// The work of a case, if the peer can do it.
    pub call: fn(Case) -> Option<Loop>,
    /// How a program that has many call sites uses it.
    pub sites: Option<Sites>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// In every run.
    Always,
    /// Only when `--peer` names it.
    Named,
    /// In every run, whoever is named: others are measured by what they add to it.
    Base,
}

/// The parts of a generated program that logs from many places.
pub struct Sites {
    /// Lines for `[dependencies]`; `{root}` stands for the folder of the main workspace.
    pub dependencies: &'static str,
    /// Statements that set the logger up, writing JSON to standard output.
    pub setup: &'static str,
    /// One call with the five fields of `request`; `{number}` makes its message differ from all others.
    pub call: &'static str,
}

pub fn all() -> Vec<&'static Peer> {
    vec![
        &floor::FLOOR,
        &floor::COARSE,
        &floor::COUNTER,
        &hyperlog::JSON,
        &modes::BALANCED,
        &modes::HIGH_PERFORMANCE,
        &modes::BARE,
        &tracing::JSON,
        &tracing::FLAT,
        &slog::JSON,
        &spdlog::JSON,
        &tracing_appender::JSON,
        &slog_async::JSON,
        &pool::JSON,
        &logforth::JSON,
        &bare::APP,
        &tower_http::LAYERS,
        &actix_logger::TEXT,
        &tracing_actix_web::JSON,
        #[cfg(feature = "more")]
        &tracing::JSON_SUBSCRIBER,
        #[cfg(feature = "more")]
        &structured_logger::JSON,
        #[cfg(feature = "more")]
        &rasant::JSON,
    ]
}
