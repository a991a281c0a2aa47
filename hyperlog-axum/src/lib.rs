#![doc = include_str!("../README.md")]

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
