#![doc = include_str!("../README.md")]

mod backend;
mod config;
mod encoder;
mod hook;
mod sink;
mod wire;

pub use crate::backend::LedgerBackend;
pub use crate::config::{Ledger, LedgerError};
pub use crate::encoder::Tabs;
pub use crate::hook::thread_name;
pub use crate::sink::Stream;
