#![doc = include_str!("../README.md")]

mod bridge;
mod crossing;
mod level;
mod outward;

pub use crate::bridge::{Bridge, install};
pub use crate::outward::to_log;
