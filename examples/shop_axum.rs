//! A small shop on axum that logs nothing yet: a service to try hyperlog on.
//!
//! `cargo run --example shop_axum`, then `curl localhost:3000/orders/7`. Another address may be given as an argument. The
//! same on actix-web is `examples/shop_actix.rs`.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

const SHELVES: [&str; 3] = ["cups", "plates", "bowls"];

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:3000".to_owned());
    let app = Router::new()
        .route("/orders/{id}", get(order))
        .route("/shelves/{number}", get(shelf))
        .route("/stock", get(stock));
    let listener = tokio::net::TcpListener::bind(address).await?;
    Ok(axum::serve(listener, app).await?)
}

/// Orders up to 100 are there.
async fn order(Path(id): Path<u32>) -> Result<Json<Value>, StatusCode> {
    if id > 100 { Err(StatusCode::NOT_FOUND) } else { Ok(Json(json!({ "id": id, "total": 12.5 }))) }
}

/// A shelf that is not there is a bug: nobody looked.
async fn shelf(Path(number): Path<usize>) -> &'static str {
    SHELVES[number]
}

/// The warehouse never answers.
async fn stock() -> (StatusCode, &'static str) {
    match tokio::net::TcpStream::connect("127.0.0.1:1").await {
        Ok(_) => (StatusCode::OK, "3 cups"),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "try again later"),
    }
}
