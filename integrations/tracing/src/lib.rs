#![doc = include_str!("../README.md")]

mod closing;
mod crossing;
mod gathering;
mod install;
mod layer;
mod level;
mod levels;
mod outward;
mod span;
mod spot;
mod subscriber;

pub use crate::install::{InstallError, install};
pub use crate::layer::{RecordLayer, SpanIds, SpanNames};
pub use crate::levels::Levels;
pub use crate::outward::to_tracing;
pub use crate::subscriber::RecordSubscriber;
