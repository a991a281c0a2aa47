//! Files as an output of hyperlog: rotated by size and by time, kept within bounds, compressed on the side, and safe from
//! what happens around them.
//!
//! ```
//! use hyperlog_core::{Json, Logger, Output, info};
//! use hyperlog_file::{Compression, File, Period, Retention, Rotation};
//! use std::time::Duration;
//!
//! # let directory = tempfile::tempdir()?;
//! # let path = directory.path().join("logs/app.log");
//! let sink = File::new(&path) // "logs/app.log", say
//!     .rotation(Rotation::new().size(64 << 20).every(Period::Day))
//!     .retention(Retention::new().count(30).total_bytes(1 << 30))
//!     .compression(Compression::gzip())
//!     .start()?;
//! let logger = Logger::builder().output(Output::new(Json::new(), sink).name("file")).build()?;
//!
//! info!(logger: logger, "ready");
//! logger.flush(Duration::from_secs(5))?;
//! assert!(std::fs::read_to_string(&path)?.contains("ready"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What was put away is called `app.20261127T083000Z.0001.log`: by the second, in UTC, and numbered within it. With
//! compression, `.gz` or `.zst` comes after it.
//!
//! | ends with | is | and a call that logs |
//! |---|---|---|
//! | [`File::start`] | a queue and a thread of its own | copies the record into the queue |
//! | [`File::exporter`] | the same, with all options of [`Exporter`](hyperlog_delivery::Exporter) | the same |
//! | [`File::direct`] | no queue | writes to the file, or to a [`Buffer`] |
//!
//! # Options
//!
//! | option | by default | or |
//! |---|---|---|
//! | [`rotation`](File::rotation) | never | [`Rotation::size`], [`Rotation::every`] minute, hour, day or week in UTC, or both |
//! | [`retention`](File::retention) | all archives stay | by [`count`](Retention::count), [`age`](Retention::age), [`total_bytes`](Retention::total_bytes), or several |
//! | [`compression`](File::compression) | none | [`Compression::gzip`]; with the feature `zstd`, `Compression::zstd`; each with a level |
//! | [`mode`](File::mode), [`directory_mode`](File::directory_mode) | `0o640`, `0o750`, whatever the mask is | others, but never such that everybody may write |
//! | [`sharing`](File::sharing) | a second output on the path is refused | [`Sharing::Shared`] |
//! | [`links`](File::links) | a symbolic link is refused | [`Links::Followed`] |
//! | [`buffer`](File::buffer) | none, and of use only with [`File::direct`] | [`Buffer::Bytes`] |
//! | [`clock`](File::clock) | the system's | one of a test |
//!
//! # When it fails
//!
//! | what happens | what it does |
//! |---|---|
//! | the file cannot be opened at the start | an error with the path, and what to do |
//! | the disk is full, or fails, or is read-only | a line that was written in part is taken back; records wait in the queue, which sheds when it is full; it is tried again every 50 to 500 ms. Without a queue the record is answered as lost |
//! | the file was renamed or removed | a new one within a second, or at once by [`FileHandle::reopen`] |
//! | its directory is gone | it is made anew |
//! | the path can no longer be opened | the old file is written to as long as it has a name |
//! | a file cannot be put away | it grows on, and it is tried again with the next record in another second |
//! | a sync fails | whoever waited is told, and the next record begins a fresh file: what the kernel says of the old one means nothing any more |
//! | the process is killed | whole lines up to the last one; the next process ends that one, removes what was half compressed, and compresses it |
//! | the clock is set back | nothing is rotated for it, and names go on after the last archive |
//!
//! The logger's own trouble is told by [`on_fault`](hyperlog_core::on_fault), never in the file.

mod archive;
mod backend;
mod calendar;
mod config;
mod direct;
mod errand;
mod error;
#[cfg(all(test, unix))]
mod faults;
mod fs;
mod handle;
mod live;
mod open;
mod pack;
mod retention;
mod rotation;

pub use crate::calendar::Period;
pub use crate::config::{Buffer, Compression, File, Links, Retention, Rotation, Sharing};
pub use crate::direct::Direct;
pub use crate::error::FileError;
pub use crate::handle::FileHandle;
