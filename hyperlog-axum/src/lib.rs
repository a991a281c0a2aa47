//! One request, one record, for [axum](https://docs.rs/axum).
//!
//! ```
//! use axum::Router;
//! use axum::routing::get;
//! use hyperlog_axum::{HyperLogLayer, Log};
//! use hyperlog_core::info;
//!
//! let app: Router = Router::new()
//!     .route("/hello/{name}", get(async |log: Log| {
//!         info!("a plain record carries the request's id");
//!         info!(logger: log, "and so does one through the extractor");
//!         "hello"
//!     }))
//!     .layer(HyperLogLayer::new());
//! ```
//!
//! Add the layer last: it covers the routes and fallbacks that were added before it. Around a whole `Router`, as with
//! `axum::ServiceExt`, it works as well but does not learn the route.

mod extract;
mod head;
mod logged;
mod route;

pub use crate::extract::Log;
pub use crate::head::AxumRouter;
pub use crate::logged::Logged;
pub use crate::route::RouteLogExt;
pub use hyperlog_tower::{Cause, OutgoingLayer, extension, put_ids, spawn, spawn_blocking};

/// The layer for a [`Router`](axum::Router), a [`MethodRouter`](axum::routing::MethodRouter) or a handler.
///
/// | on the record | taken from |
/// |---|---|
/// | `route` | [`MatchedPath`](axum::extract::MatchedPath); absent if no route matched |
/// | `path` | [`OriginalUri`](axum::extract::OriginalUri), so that nested routers show the whole path |
/// | `client_ip` | [`ConnectInfo`](axum::extract::ConnectInfo), if the server provides it |
pub type HyperLogLayer = hyperlog_tower::LogLayer<AxumRouter>;
