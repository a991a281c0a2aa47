#![doc = include_str!("../README.md")]

pub use hyperlog_core::*;

#[cfg(feature = "actix")]
pub use hyperlog_actix as actix;
#[cfg(feature = "axum")]
pub use hyperlog_axum as axum;
#[cfg(feature = "tower")]
pub use hyperlog_tower as tower;
