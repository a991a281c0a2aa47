//! Requests that are served under what a configuration says of them, and what is seen of that.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use futures_util::{StreamExt, stream};
use hyperlog::axum::{HyperLogLayer, Log};
use hyperlog::{debug, info};
use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::task::Poll;
use std::time::Instant;
use tower::ServiceExt;

use crate::stage::SOON;

/// Sends a request of each kind there is, and leaves one open until this is seen. What answers show is told.
pub(crate) fn send_all(layer: HyperLogLayer, is_seen: impl Fn() -> bool) -> String {
    let app: Router = Router::new()
        .route("/hello/{name}", post(hello))
        .route("/missing", get(async || StatusCode::NOT_FOUND))
        .route("/health", get(async || "well"))
        .route("/fails", get(fails))
        .route("/panics", get(panics))
        .route(
            "/breaks",
            get(async || Body::from_stream(stream::iter([Ok("half"), Err(std::io::Error::other("cut"))]))),
        )
        .route("/waits", get(std::future::pending::<()>))
        .route("/streams", get(streams))
        .layer(layer)
        .with_state(());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let mut told = String::new();
        for path in ["/hello/ann?color=red", "/missing", "/health", "/fails", "/panics", "/breaks"] {
            let answer = tokio::spawn(ask(app.clone(), path)).await;
            told += &answer.unwrap_or_else(|_| format!("{path} panicked on\n"));
        }
        let mut open = Box::pin(app.clone().oneshot(request("/waits")));
        assert!(poll_fn(|context| Poll::Ready(open.as_mut().poll(context).is_pending())).await);
        let until = Instant::now() + SOON;
        while !is_seen() && Instant::now() < until {
            std::thread::yield_now();
        }
        drop(open);
        let left = app.clone().oneshot(request("/streams")).await.unwrap();
        let _ = left.into_body().into_data_stream().next().await;
        told
    })
}

async fn ask(app: Router, path: &str) -> String {
    let response = app.oneshot(request(path)).await.unwrap();
    let head = format!("{path} {} {:?}\n", response.status(), response.headers());
    let _ = to_bytes(response.into_body(), usize::MAX).await;
    head
}

fn request(path: &str) -> Request<Body> {
    let method = if path.starts_with("/hello") { "POST" } else { "GET" };
    let headers = [
        ("x-request-id", "r-17"),
        ("x-trace", "t-17"),
        ("x-common", "c-17"),
        ("x-user", "ann-17"),
        ("x-tenant", "acme-17"),
        ("x-forwarded-for", "203.0.113.9"),
        ("baggage", "plan=gold"),
        ("accept-language", "fr"),
        ("content-type", "text/plain"),
        ("content-length", "9"),
    ];
    let request = Request::builder().method(method).uri(path);
    let mut request = headers.into_iter().fold(request, |request, (name, value)| request.header(name, value));
    request = request.extension(ConnectInfo(SocketAddr::from(([10, 1, 2, 3], 4000))));
    request.body(Body::from("wholesale")).unwrap()
}

async fn hello(log: Log, _: HeaderMap, body: String) -> Response {
    debug!("detail");
    info!("working");
    drop((log.time("parse"), body));
    ([("etag", "e-17"), ("content-type", "text/plain")], "greetings to all").into_response()
}

async fn fails() -> StatusCode {
    debug!("asking");
    debug!("waiting");
    StatusCode::SERVICE_UNAVAILABLE
}

async fn panics() -> StatusCode {
    panic!("no more")
}

async fn streams() -> Response {
    let pieces = stream::iter([Ok::<_, Infallible>("data: 1\n\n")]).chain(stream::pending());
    ([("content-type", "text/event-stream")], Body::from_stream(pieces)).into_response()
}
