//! axum.

use std::future::pending;
use std::net::{SocketAddr, TcpListener};

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use hyperlog::axum::{HyperLogLayer, Log};
use hyperlog::{Logger, info};
use tokio::sync::oneshot;

use crate::host::{Host, Leaving, SECRET, Server, Then};

pub(crate) struct Subject;

impl Host for Subject {
    const HAS_ROUTES: bool = true;

    fn start(logger: Logger) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        listener.set_nonblocking(true).expect("it can be");
        let (stop, stopped) = oneshot::channel::<()>();
        let app = app(logger).into_make_service_with_connect_info::<SocketAddr>();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).expect("it listens");
                tokio::select! {
                    _ = axum::serve(listener, app) => {}
                    _ = stopped => {}
                }
            });
        });
        Server::new(address, move || drop(stop), thread)
    }
}

fn app(logger: Logger) -> Router {
    let layer = HyperLogLayer::new().logger(logger);
    let nested = Router::new().route("/{id}", get(async || "nested")).layer(layer.clone());
    Router::new()
        .route("/hello/{name}", get(hello))
        .route("/fail", get(async || (StatusCode::SERVICE_UNAVAILABLE, [("x-request-id", "forged")], "try again")))
        .route("/panic", get(panics))
        .route("/empty", get(async || (StatusCode::NO_CONTENT, "ghost")))
        .route("/exact", get(async || ([(header::CONTENT_LENGTH, "5")], stream(Then::Waits))))
        .route("/stream", get(async || stream(Then::Waits)))
        .route("/broken", get(async || stream(Then::Fails)))
        .route("/rotten", get(async || stream(Then::Panics)))
        .route("/hang", get(hang))
        .route("/private/{*__private__axum_fallback}", get(async || "not a route of the application's"))
        .layer(layer)
        .nest("/nest", nested)
}

async fn hello(log: Log, Path(name): Path<String>, headers: HeaderMap) -> String {
    info!(seen = ?headers["x-request-id"], "greeting");
    info!(logger: log, "by the extractor");
    format!("hello {name}")
}

async fn panics() -> &'static str {
    panic!("{SECRET}")
}

async fn hang() -> &'static str {
    let _leaving = Leaving;
    info!("hanging");
    pending().await
}

fn stream(then: Then) -> Response {
    Body::from_stream(then.stream()).into_response()
}
