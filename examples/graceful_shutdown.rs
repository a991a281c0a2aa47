//! How does a server end without losing anything? It is told what the server still waits for, and what was logged has left.
//!
//! `cargo run --example graceful_shutdown` is asked to end while it serves a request, and ends when that is done.

use axum::routing::get;
use axum::{Router, extract::State};
use hyperlog::axum::HyperLogLayer;
use hyperlog::http::{Drain, InFlight};
use hyperlog::info;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// What a real server would learn from the system: somebody wants it to end.
#[derive(Clone, Default)]
struct Shop {
    is_asked: Arc<Notify>,
    is_to_end: Arc<Notify>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let client = tokio::spawn(ask(listener.local_addr()?));

    let (shop, in_flight) = (Shop::default(), InFlight::new());
    let layer = HyperLogLayer::new().in_flight(&in_flight);
    let app = Router::new().route("/report", get(report)).with_state(shop.clone()).layer(layer);

    let drain = Drain::new(&in_flight);
    let told = drain.after(async move { shop.is_asked.notified().await });
    let told = async move {
        told.await;
        shop.is_to_end.notify_one();
    };
    axum::serve(listener, app).with_graceful_shutdown(told).await?;
    drain.finish(Drain::PATIENCE)?;

    assert!(client.await??.ends_with("all is well\n"));
    Ok(())
}

/// Ends after the server was asked to.
async fn report(State(shop): State<Shop>) -> &'static str {
    shop.is_asked.notify_one();
    shop.is_to_end.notified().await;
    info!("reporting to the last");
    "all is well\n"
}

async fn ask(address: std::net::SocketAddr) -> std::io::Result<String> {
    let mut connection = TcpStream::connect(address).await?;
    connection.write_all(b"GET /report HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await?;
    let mut response = String::new();
    connection.read_to_string(&mut response).await?;
    Ok(response)
}
