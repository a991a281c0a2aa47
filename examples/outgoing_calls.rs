//! How does the request id reach the services that I call? By a layer around the client.
//!
//! `cargo run --example outgoing_calls` starts two services, of which one calls the other, and ends after one request.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Request, StatusCode};
use axum::routing::get;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use hyperlog::axum::{HyperLogLayer, OutgoingLayer};
use hyperlog::info;
use tokio::net::TcpListener;
use tower::{Layer, ServiceExt};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("http://{}/stock", listener.local_addr()?);
    let warehouse = Router::new().route("/stock", get(stock)).layer(HyperLogLayer::new());
    tokio::spawn(axum::serve(listener, warehouse).into_future());

    let shop = Router::new().route("/orders", get(orders)).with_state(address).layer(HyperLogLayer::new());
    let request = Request::get("/orders")
        .header("x-request-id", "order-17")
        .header("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
        .body(Body::empty())
        .expect("the address is one");
    let response = shop.oneshot(request).await.expect("a router cannot fail");
    to_bytes(response.into_body(), usize::MAX).await.map_err(std::io::Error::other)?;
    Ok(())
}

/// Of the shop. The call to the warehouse bears the ids of the request that it belongs to.
async fn orders(State(address): State<String>) -> StatusCode {
    let client = OutgoingLayer.layer(Client::builder(TokioExecutor::new()).build_http());
    let call = Request::get(address).body(Body::empty()).expect("the address is one");
    match client.oneshot(call).await {
        Ok(response) => response.status(),
        Err(_) => StatusCode::BAD_GATEWAY,
    }
}

/// Of the warehouse, which shows what it got.
async fn stock(headers: HeaderMap) -> StatusCode {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    info!(got_id = header("x-request-id"), got_parent = header("traceparent"), "asked by the shop");
    StatusCode::NO_CONTENT
}
