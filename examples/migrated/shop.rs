//! A service as many are: it logs by `tracing` and by `log`, and knows nothing of who listens.

use axum::body::Body;
use axum::http::Request;
use axum::{Router, extract::Path, routing::get};
use tower::ServiceExt;
use tracing::{info, instrument, warn};

pub(crate) fn router() -> Router {
    Router::new().route("/orders/{id}", get(order))
}

#[instrument(skip_all, fields(order = id))]
async fn order(Path(id): Path<u64>) -> String {
    info!(user = "ann", "looking up");
    let left = stock().await;
    log::info!("kept for {} s", 60);
    format!("order {id}: {left} left\n")
}

#[instrument(skip_all, fields(warehouse = "north"))]
async fn stock() -> u32 {
    let left = 3;
    warn!(left, "nearly sold out");
    left
}

/// What a client would ask for.
pub(crate) async fn ask(app: Router) {
    let request = Request::get("/orders/7").header("x-request-id", "r-17").body(Body::empty()).expect("it is valid");
    let response = app.oneshot(request).await.expect("it cannot fail");
    axum::body::to_bytes(response.into_body(), 1024).await.expect("it is short");
}
