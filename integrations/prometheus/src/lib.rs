#![doc = include_str!("../README.md")]

mod deliveries;
mod family;
mod format;
mod metrics;
mod output_label;
mod records;
mod requests;
mod route_table;
mod series;

pub use crate::format::Format;
pub use crate::metrics::{Exposition, Metrics};
pub use crate::records::Records;
pub use crate::requests::Requests;
pub use prometheus_client;
