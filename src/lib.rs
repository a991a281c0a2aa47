//! The logging suite a Rust web team adds on day one and never outgrows.

pub use hyperlog_core::*;
