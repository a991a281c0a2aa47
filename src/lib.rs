#![doc = include_str!("../README.md")]

mod init;
#[cfg(all(unix, feature = "signal"))]
mod termination;

pub use crate::init::{Guard, InitError, init};
#[cfg(all(unix, feature = "signal"))]
pub use crate::termination::Termination;
pub use hyperlog_core::*;

#[cfg(feature = "config")]
pub mod config;
#[cfg(feature = "prometheus")]
pub mod prometheus;

#[cfg(feature = "actix")]
pub use hyperlog_actix as actix;
#[cfg(feature = "axum")]
pub use hyperlog_axum as axum;
#[cfg(feature = "delivery")]
pub use hyperlog_delivery as delivery;
#[cfg(feature = "file")]
pub use hyperlog_file as file;
#[cfg(feature = "log")]
pub use hyperlog_log as log;
#[cfg(feature = "tower")]
pub use hyperlog_tower as tower;
#[cfg(feature = "tracing")]
pub use hyperlog_tracing as tracing;
#[cfg(feature = "webhook")]
pub use hyperlog_webhook as webhook;

/// The pages of the guide, so that their examples are compiled and run with the tests.
#[cfg(doctest)]
mod guide {
    macro_rules! pages {
        ($($page:ident)*) => {
            $(
                #[doc = include_str!(concat!("../docs/guide/src/", stringify!($page), ".md"))]
                mod $page {}
            )*
        };
    }

    pages! {
        start records formats levels fields context redaction sampling hooks
        http axum actix tower access_record panics
        configuration configuration_reference outputs delivery files webhook sinks encoders health prometheus testing performance
        migration tracing from_trace_layer from_actix_logger from_tracing_actix_web from_go
        why troubleshooting security crates exporters upgrading
    }
}
