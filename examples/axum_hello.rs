//! The smallest axum service with a record for each request.
//!
//! `cargo run --example axum_hello`, then `curl localhost:3000/hello/world`. Another address may be given as an argument.

use axum::{Router, extract::Path, routing::get};
use hyperlog::info;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let _logging = hyperlog::init()?;
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:3000".to_owned());
    let app = Router::new().route("/hello/{name}", get(hello)).layer(hyperlog::axum::HyperLogLayer::new());
    let listener = tokio::net::TcpListener::bind(address).await?;
    Ok(axum::serve(listener, app).await?)
}

async fn hello(Path(name): Path<String>) -> String {
    info!(name, "greeting");
    format!("Hello, {name}!\n")
}
