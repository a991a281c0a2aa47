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
mod pack;
mod retention;
mod rotation;

pub use crate::calendar::Period;
pub use crate::config::{Buffer, Compression, File, Links, Retention, Rotation, Sharing};
pub use crate::direct::Direct;
pub use crate::error::FileError;
pub use crate::handle::FileHandle;
