//! A rule beside the route that it is for.

use crate::head::AxumRouter;
use axum::Router;
use axum::routing::MethodRouter;
use hyperlog_core::http::RouteRule;
use hyperlog_tower::RouteLog;
use std::convert::Infallible;

/// Says what is logged of the requests of a route, where the route is written down.
///
/// ```
/// use axum::Router;
/// use axum::routing::{get, post};
/// use hyperlog_axum::{HyperLogLayer, RouteLogExt};
/// use hyperlog_core::Level;
/// use hyperlog_core::http::RouteRule;
///
/// let app: Router = Router::new()
///     .route("/health", get(async || "ok").log(RouteRule::off()))
///     .route("/upload", post(async || "taken").log(RouteRule::new().level(Level::DEBUG).sample(0.1)))
///     .layer(HyperLogLayer::new());
/// ```
pub trait RouteLogExt {
    /// Applies a rule to all requests that come this way.
    #[must_use]
    fn log(self, rule: RouteRule) -> Self;
}

impl<S: Clone + Send + Sync + 'static> RouteLogExt for MethodRouter<S, Infallible> {
    fn log(self, rule: RouteRule) -> Self {
        self.layer(RouteLog::<AxumRouter>::with_router(rule))
    }
}

impl<S: Clone + Send + Sync + 'static> RouteLogExt for Router<S> {
    fn log(self, rule: RouteRule) -> Self {
        self.route_layer(RouteLog::<AxumRouter>::with_router(rule))
    }
}
