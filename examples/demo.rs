//! What hyperlog makes of an axum service: requests of every kind, and the record of each.
//!
//! ```text
//! cargo run --example demo              sends itself requests of every kind, and serves on at port 3000
//! cargo run --example demo -- --once    ends after them
//! ```
//!
//! The same for actix-web is `examples/actix_hello.rs`.

use std::convert::Infallible;
use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use futures_util::stream::unfold;
use hyperlog::axum::HyperLogLayer;
use hyperlog::health::{HealthCheck, axum_liveness, axum_readiness};
use hyperlog::http::{InFlight, RouteRule};
use hyperlog::prometheus::{Metrics, Records, Requests, axum_handler};
use hyperlog::{Level, Logger, debug, info, warn};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::time::sleep;

#[tokio::main]
async fn main() -> io::Result<()> {
    let ends = std::env::args().any(|argument| argument == "--once");
    // Panics become records: they need not be printed as well.
    hyperlog::panic::quiet();
    let listener = TcpListener::bind(if ends { "127.0.0.1:0" } else { "127.0.0.1:3000" }).await?;
    let address = listener.local_addr()?;

    let (stop, stopped) = oneshot::channel::<()>();
    let service = service().into_make_service_with_connect_info::<SocketAddr>();
    let server = axum::serve(listener, service).with_graceful_shutdown(async move { drop(stopped.await) });
    let server = tokio::spawn(server.into_future());

    send_every_kind(address).await?;
    if ends {
        // The server ends when the last request has, its record included.
        drop(stop);
    } else {
        info!("serving on: curl {address}/users/7");
        info!("what is counted: curl {address}/metrics, and how it is: curl {address}/readyz");
        info!("the same with actix-web: cargo run --example actix_hello 127.0.0.1:3001");
    }
    let served = server.await?;
    // The names in a stack are looked up aside: the record of a panic may still be on its way.
    Logger::current().flush(Duration::from_secs(10)).map_err(io::Error::other)?;
    served
}

fn service() -> Router {
    let layer = HyperLogLayer::new()
        // The debug records of /stock are seen only where it fails.
        .route("/stock", RouteRule::new().recorder(Level::DEBUG))
        .route("/report", RouteRule::new().slow(Duration::from_millis(200)));
    let in_flight = InFlight::new();
    let requests = Arc::new(Requests::new().in_flight(&in_flight));
    let layer = layer.in_flight(&in_flight).observe(requests.observer());
    let metrics = Metrics::new().with(Records::of(&Logger::current())).with(requests);
    let check = HealthCheck::of(&Logger::current());
    Router::new()
        .route("/users/{id}", get(user))
        .route("/orders", post(order))
        .route("/stock", get(stock))
        .route("/bug", get(bug))
        .route("/report", get(report))
        .route("/export", get(export))
        .layer(layer)
        // Behind the layer: whoever watches the service is no request of it.
        .route("/metrics", axum_handler(&metrics))
        .route("/livez", axum_liveness(&check))
        .route("/readyz", axum_readiness(&check))
}

/// Success. A plain record carries the request's id.
async fn user(Path(id): Path<u32>) -> String {
    info!(user.id = id, "looking up");
    format!("user {id}\n")
}

/// A validation error: axum refuses whatever is not a list of numbers.
async fn order(Json(items): Json<Vec<u32>>) -> String {
    format!("{} items\n", items.len())
}

/// A dependency that fails.
async fn stock() -> (StatusCode, &'static str) {
    debug!(dependency = "warehouse", "connecting");
    warn!(dependency = "warehouse", "connection refused");
    (StatusCode::SERVICE_UNAVAILABLE, "try again later\n")
}

/// A panic.
async fn bug() -> String {
    let shelves: [u32; 0] = [];
    let wanted = std::hint::black_box(3);
    format!("shelf {}\n", shelves[wanted])
}

/// Slow.
async fn report() -> &'static str {
    sleep(Duration::from_millis(300)).await;
    "done\n"
}

/// A download that goes on until the client has enough.
async fn export() -> Body {
    let lines = unfold(0_u32, async |line| {
        if line > 0 {
            pending::<()>().await;
        }
        Some((Ok::<_, Infallible>(format!("line {line}\n")), line + 1))
    });
    Body::from_stream(lines)
}

/// Each request names itself, so that its records can be found.
async fn send_every_kind(address: SocketAddr) -> io::Result<()> {
    send(address, "GET /users/7", "success", "").await?;
    send(address, "GET /nowhere", "not-found", "").await?;
    send(address, "POST /orders", "bad-input", r#"["three apples"]"#).await?;
    send(address, "GET /stock", "failing-dependency", "").await?;
    send(address, "GET /bug", "panic", "").await?;
    send(address, "GET /report", "slow", "").await?;
    leave_early(address, "GET /export", "cancelled").await
}

/// Sends a request and reads its response to the end.
async fn send(address: SocketAddr, line: &str, id: &str, body: &str) -> io::Result<()> {
    let mut connection = begin(address, line, id, body).await?;
    connection.read_to_end(&mut Vec::new()).await?;
    Ok(())
}

/// Sends a request and leaves as soon as the response has begun.
async fn leave_early(address: SocketAddr, line: &str, id: &str) -> io::Result<()> {
    let mut connection = begin(address, line, id, "").await?;
    connection.read_u8().await?;
    Ok(())
}

async fn begin(address: SocketAddr, line: &str, id: &str, body: &str) -> io::Result<TcpStream> {
    let mut connection = TcpStream::connect(address).await?;
    let head = format!(
        "{line} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\nx-request-id: {id}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    connection.write_all((head + body).as_bytes()).await?;
    Ok(connection)
}
