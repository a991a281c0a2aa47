//! The engine under every output of hyperlog that is slower than memory.
//!
//! A record is copied into a queue that is bounded in bytes, and delivered by a thread of its own, in batches as large as
//! the system takes. What cannot be delivered is tried again, put aside or lost, and counted in each case.
//!
//! ```
//! use hyperlog_core::{Json, Logger, Output, info};
//! use hyperlog_delivery::{Backend, Batch, Exporter, Reply};
//! use std::sync::mpsc::{Sender, channel};
//! use std::time::Duration;
//!
//! /// Sends batches through a channel, as one would through a network.
//! struct Channel(Sender<String>);
//!
//! impl Backend for Channel {
//!     fn deliver(&mut self, batch: &Batch<'_>) -> Reply {
//!         let text: String = batch.entries().map(|entry| String::from_utf8_lossy(entry.bytes)).collect();
//!         drop(self.0.send(text));
//!         Reply::Delivered
//!     }
//! }
//!
//! let (sender, receiver) = channel();
//! let sink = Exporter::new(Channel(sender)).name("channel").start()?;
//! let logger = Logger::builder().output(Output::new(Json::new(), sink).name("channel")).build()?;
//!
//! info!(logger: logger, "ready");
//! info!(logger: logger, "steady");
//! logger.flush(Duration::from_secs(5))?;
//!
//! let batch = receiver.recv()?;
//! assert_eq!(batch.lines().count(), 2);
//! assert!(logger.health()[0].is_conserved());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod backend;
mod batch;
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
pub use crate::report::{DeliveryHealth, Dropped};
pub use crate::retry::{Breaker, Retry};
#[cfg(all(unix, feature = "signal"))]
pub use crate::signal::{Afterwards, close_on_termination};
