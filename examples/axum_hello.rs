//! The smallest axum service with a record for each request.
//!
//! `cargo run --example axum_hello`, then `curl localhost:3000/hello/world`.

use axum::{Router, extract::Path, routing::get};
use hyperlog::axum::HyperLogLayer;
use hyperlog::info;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let app = Router::new().route("/hello/{name}", get(hello)).layer(HyperLogLayer::new());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    axum::serve(listener, app).await
}

async fn hello(Path(name): Path<String>) -> String {
    info!(name, "greeting");
    format!("Hello, {name}!\n")
}
