//! How do I test what my service logs? By a logger of the test's own, given to the layer.
//!
//! What stands in `main` here stands in a test of yours: `cargo run --example testing_with_capture`.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Path;
use axum::http::{Request, StatusCode};
use axum::routing::get;
use hyperlog::axum::{HyperLogLayer, Log};
use hyperlog::{Level, Logger, warn};
use tower::ServiceExt;

/// The service, with the logger as an argument.
fn app(logger: Logger) -> Router {
    Router::new().route("/orders/{id}", get(order)).layer(HyperLogLayer::new().logger(logger))
}

async fn order(log: Log, Path(id): Path<u32>) -> StatusCode {
    log.add("order.id", id);
    warn!(password = "hunter2", "the warehouse does not answer");
    StatusCode::SERVICE_UNAVAILABLE
}

#[tokio::main]
async fn main() {
    let (logger, captured) = Logger::capture();

    let request = Request::get("/orders/17").header("x-request-id", "t-1").body(Body::empty()).expect("it is one");
    let response = app(logger).oneshot(request).await.expect("a router cannot fail");
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    // The record comes with the last byte.
    to_bytes(response.into_body(), usize::MAX).await.expect("the body is complete");

    let access = captured.only_at(Level::ERROR);
    assert_eq!((access.text("request_id"), access.text("route")), ("t-1", "/orders/{id}"));
    assert_eq!((access.number("status"), access.text("outcome")), (503.0, "error"));
    assert_eq!(access.number("order.id"), 17.0);

    let warning = captured.only_at(Level::WARN);
    assert_eq!((warning.text("request_id"), warning.text("password")), ("t-1", "[REDACTED]"));

    hyperlog::info!(records = captured.len(), "all as expected");
}
