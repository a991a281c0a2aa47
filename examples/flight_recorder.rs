//! Can I have the debug records of those requests alone that fail? With a flight recorder, yes.
//!
//! `cargo run --example flight_recorder` sends itself two requests, of which one fails, and ends.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Path;
use axum::http::{Request, StatusCode};
use axum::routing::get;
use hyperlog::axum::HyperLogLayer;
use hyperlog::http::RouteRule;
use hyperlog::{Level, debug};
use tower::ServiceExt;

#[tokio::main]
async fn main() {
    let app = Router::new()
        .route("/orders/{id}", get(order))
        .layer(HyperLogLayer::new().route("/orders/{id}", RouteRule::new().recorder(Level::DEBUG)));

    // The level is INFO: of this request there is its access record.
    ask(&app, "/orders/1").await;
    // Of this one there is all that led to the failure, in order, and the access record says how much that was.
    ask(&app, "/orders/2").await;
}

async fn order(Path(id): Path<u32>) -> StatusCode {
    debug!(order.id = id, "asking the warehouse");
    let shelves = stock(id);
    debug!(shelves, "the warehouse answered");
    if shelves == 0 { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK }
}

fn stock(id: u32) -> u32 {
    id % 2
}

async fn ask(app: &Router, address: &str) {
    let request = Request::get(address).body(Body::empty()).expect("the address is one");
    let response = app.clone().oneshot(request).await.expect("a router cannot fail");
    to_bytes(response.into_body(), usize::MAX).await.expect("the body is complete");
}
