//! How do I log less of some routes and more of others? Rules: beside the route, in a table, and at run time.
//!
//! `cargo run --example route_rules` sends itself a few requests and ends.

use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Path;
use axum::http::{Request, StatusCode};
use axum::routing::get;
use hyperlog::Level;
use hyperlog::axum::{HyperLogLayer, Log, RouteLogExt};
use hyperlog::http::{Extra, RouteRule};
use tower::ServiceExt;

const HEALTH: RouteRule = RouteRule::off();

#[tokio::main]
async fn main() {
    let app = Router::new()
        // Beside the route.
        .route("/health/{part}", get(health).log(HEALTH))
        .route("/search", get(async || "found nothing\n"))
        .route("/admin/{page}", get(async || "welcome\n"))
        .route("/report", get(report))
        .layer(
            HyperLogLayer::new()
                // For all routes.
                .rule(RouteRule::new().failures(Level::CRITICAL))
                // In a table.
                .route("/search", RouteRule::new().show(Extra::Query))
                .route("/admin/*", RouteRule::new().level(Level::NOTICE).show(Extra::Params)),
        );

    ask(&app, "/health/disk").await; // no record
    ask(&app, "/health/network").await; // a critical record: no rule hides a failure
    ask(&app, "/search?q=cheese&token=hunter2").await; // with the query, redacted
    ask(&app, "/admin/users").await; // a notice, with the parameters
    ask(&app, "/report").await; // a warning: it was slow
}

async fn health(Path(part): Path<String>) -> StatusCode {
    if part == "disk" { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
}

async fn report(log: Log) -> &'static str {
    // At run time.
    log.apply(RouteRule::new().slow(Duration::from_millis(50)));
    tokio::time::sleep(Duration::from_millis(60)).await;
    "done\n"
}

async fn ask(app: &Router, address: &str) {
    let request = Request::get(address).body(Body::empty()).expect("the address is one");
    let response = app.clone().oneshot(request).await.expect("a router cannot fail");
    to_bytes(response.into_body(), usize::MAX).await.expect("the body is complete");
}
