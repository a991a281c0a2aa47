#![doc = include_str!("../README.md")]

mod closing;
mod crossing;
mod gathering;
mod install;
mod layer;
mod level;
mod levels;
mod outward;
#[cfg(feature = "http")]
mod request;
mod span;
mod spot;
mod subscriber;

pub use crate::install::{InstallError, install};
pub use crate::layer::{RecordLayer, SpanIds, SpanNames};
pub use crate::levels::Levels;
pub use crate::outward::to_tracing;
#[cfg(feature = "http")]
pub use crate::request::{RequestSpans, RequestSpansError};
pub use crate::subscriber::RecordSubscriber;
