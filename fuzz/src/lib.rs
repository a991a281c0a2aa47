//! What each target does with hostile bytes.
//!
//! Apart from the fuzzer, so that `tests/corpus.rs` can do the same with the corpus, as a plain test. A new target is a
//! module and a line here, a file in `targets/` and a `[[bin]]`, and a folder with its first inputs in `corpus/`.

pub mod baggage;
pub mod configuration;
pub mod csv;
pub mod directives;
mod input;
pub mod json;
pub mod level;
pub mod logfmt;
pub mod redact;
pub mod request;
pub mod syslog;
pub mod template;
pub mod webhook;

/// A target: its name, and what it does.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: &[Target] = &[
    ("baggage", baggage::run),
    ("configuration", configuration::run),
    ("csv", csv::run),
    ("directives", directives::run),
    ("json", json::run),
    ("level", level::run),
    ("logfmt", logfmt::run),
    ("redact", redact::run),
    ("request", request::run),
    ("syslog", syslog::run),
    ("template", template::run),
    ("webhook", webhook::run),
];
