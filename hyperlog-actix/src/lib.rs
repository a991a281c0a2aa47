//! One request, one record, for [actix-web](https://docs.rs/actix-web).
//!
//! ```
//! use actix_web::{App, web};
//! use hyperlog_actix::{HyperLog, Log};
//! use hyperlog_core::info;
//!
//! async fn hello(log: Log, name: web::Path<String>) -> String {
//!     info!("a plain record carries the request's id");
//!     info!(logger: log, "and so does one through the extractor");
//!     format!("hello {name}")
//! }
//!
//! let app = App::new().wrap(HyperLog).route("/hello/{name}", web::get().to(hello));
//! ```
//!
//! A panic of a handler becomes a plain 500 with the request's id, and the worker lives on; a panic of a body becomes an
//! error of the body.

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
