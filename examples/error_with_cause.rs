//! Why was it a 500? The error of a handler, with its causes, on the record of its request.
//!
//! `cargo run --example error_with_cause` sends itself two requests that fail, and ends. With actix-web nothing is to be done
//! but `HyperLog.error_type::<OrderError>()`.

use std::error::Error;
use std::{fmt, io};

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use hyperlog::Scope;
use hyperlog::axum::{Cause, HyperLogLayer};
use tower::ServiceExt;

#[tokio::main]
async fn main() {
    let app = Router::new().route("/orders", get(orders)).route("/invoices", get(invoices)).layer(HyperLogLayer::new());
    ask(&app, "/orders").await;
    ask(&app, "/invoices").await;
}

#[derive(Debug)]
struct OrderError(io::Error);

impl fmt::Display for OrderError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the orders cannot be read")
    }
}

impl Error for OrderError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

/// Where an error becomes a response, the request is still current: one line puts it on the record.
impl IntoResponse for OrderError {
    fn into_response(self) -> Response {
        if let Some(scope) = Scope::current() {
            scope.record_error(&self);
        }
        (StatusCode::INTERNAL_SERVER_ERROR, "try again later\n").into_response()
    }
}

async fn orders() -> Result<&'static str, OrderError> {
    Err(OrderError(refused()))
}

/// An error that becomes a response where the request is not current travels with the response.
async fn invoices() -> impl IntoResponse {
    let error = OrderError(refused());
    (StatusCode::BAD_GATEWAY, Extension(Cause::new(error)), "try again later\n")
}

fn refused() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionRefused, "10.0.0.4 refused the connection")
}

async fn ask(app: &Router, address: &str) {
    let request = Request::get(address).body(Body::empty()).expect("the address is one");
    let response = app.clone().oneshot(request).await.expect("a router cannot fail");
    to_bytes(response.into_body(), usize::MAX).await.expect("the body is complete");
}
