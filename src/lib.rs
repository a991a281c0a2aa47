//! The logging suite a Rust web team adds on day one and never outgrows.
//!
//! One line gives every request an id, one record that says how it ended, and panics that are caught and told:
//!
//! ```
//! use axum::{Router, extract::Path, routing::get};
//! use hyperlog::axum::HyperLogLayer;
//! use hyperlog::info;
//!
//! async fn hello(Path(name): Path<String>) -> String {
//!     info!(name, "greeting");
//!     format!("Hello, {name}!\n")
//! }
//!
//! let app: Router = Router::new().route("/hello/{name}", get(hello)).layer(HyperLogLayer::new());
//! ```
//!
//! For actix-web it is `.wrap(hyperlog::actix::HyperLog)`; for other tower services `hyperlog::tower::HyperLogLayer`.

pub use hyperlog_core::*;

#[cfg(feature = "actix")]
pub use hyperlog_actix as actix;
#[cfg(feature = "axum")]
pub use hyperlog_axum as axum;
#[cfg(feature = "tower")]
pub use hyperlog_tower as tower;
