#![doc = include_str!("../README.md")]

mod body;
mod error;
mod extract;
mod future;
mod head;
mod route;
mod service;
mod task;
mod transform;

pub use crate::body::LogBody;
pub use crate::extract::Log;
pub use crate::future::LogFuture;
pub use crate::head::extension;
pub use crate::route::{RouteLog, RouteLogService};
pub use crate::service::LogService;
pub use crate::task::{block, spawn};
pub use crate::transform::HyperLog;
