#![doc = include_str!("../README.md")]

mod backend;
mod batch;
mod console;
mod desk;
mod exporter;
mod fork;
#[cfg(feature = "http")]
pub mod http;
mod ladder;
mod listener;
mod load;
mod policy;
mod queue;
mod report;
mod retry;
mod segment;
#[cfg(all(unix, feature = "signal"))]
mod signal;
mod sync;
#[cfg(feature = "testing")]
pub mod testing;
mod worker;

pub use crate::backend::{Backend, DeliveryError, Limits, Partitions, Refusal, Reply, Tick};
pub use crate::batch::{Batch, BatchId, Entry};
pub use crate::exporter::{ExportSink, Exporter, Guard, Handle, StartError, Waiting};
pub use crate::fork::Origin;
pub use crate::ladder::Ladder;
pub use crate::listener::Listener;
pub use crate::policy::{Errors, Promise, WhenFull};
pub use crate::report::Dropped;
pub use crate::retry::Retry;
#[cfg(all(unix, feature = "signal"))]
pub use crate::signal::{Afterwards, close_on_termination};
pub use hyperlog_core::{Breaker, DeliveryHealth};
