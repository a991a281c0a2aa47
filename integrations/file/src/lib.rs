#![doc = include_str!("../README.md")]

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
mod options;
mod pack;
mod retention;
mod rotation;
mod ticket;

pub use crate::calendar::Period;
pub use crate::config::File;
pub use crate::direct::Direct;
pub use crate::error::FileError;
pub use crate::handle::FileHandle;
pub use crate::options::{Buffer, Compression, Links, Retention, Rotation, Sharing};
