//! What does a service write that logs by `tracing`? The same as `migrated_after`, but for its `main`.

#[path = "migrated/shop.rs"]
mod shop;

use tower_http::trace::{DefaultOnResponse, TraceLayer};
use tracing::Level;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().json().flatten_event(true).init();

    let told = DefaultOnResponse::new().level(Level::INFO);
    let app = shop::router().layer(TraceLayer::new_for_http().on_response(told));
    shop::ask(app).await;
    Ok(())
}
