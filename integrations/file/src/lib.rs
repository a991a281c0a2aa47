//! Files as an output of hyperlog: rotated by size and time, kept within bounds, compressed, and safe from what happens
//! around them.
//!
//! ```
//! use hyperlog_core::{Json, Logger, Output, info};
//! use hyperlog_file::{File, Period, Retention, Rotation};
//! use std::time::Duration;
//!
//! # let directory = tempfile::tempdir()?;
//! # let path = directory.path().join("app.log");
//! let sink = File::new(&path) // "logs/app.log", say
//!     .rotation(Rotation::new().size(64 << 20).every(Period::Day))
//!     .retention(Retention::new().count(30))
//!     .start()?;
//! let logger = Logger::builder().output(Output::new(Json::new(), sink)).build()?;
//!
//! info!(logger: logger, "ready");
//! logger.close(Duration::from_secs(5))?;
//! assert_eq!(std::fs::read_to_string(&path)?.lines().count(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`File`] lists the options. What is promised of a record that waits in the queue is said in `hyperlog-delivery`.
mod archive;
mod backend;
mod calendar;
mod config;
mod direct;
mod error;
#[cfg(test)]
mod faults;
mod fs;
mod handle;
mod live;
mod pack;
mod retention;
mod rotation;

pub use crate::calendar::Period;
pub use crate::config::{Buffer, Compression, File, Links, Retention, Rotation, Sharing};
pub use crate::direct::Direct;
pub use crate::error::FileError;
pub use crate::handle::FileHandle;
