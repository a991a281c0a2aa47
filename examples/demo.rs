//! What hyperlog makes of an axum service: requests of every kind, and the record of each.
//!
//! ```text
//! cargo run --example demo               sends itself requests of every kind
//! cargo run --example demo -- --serve    and serves on, at port 3000
//! ```
//!
//! The same for actix-web is `examples/actix_hello.rs`.

use std::convert::Infallible;
use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use futures_util::stream::unfold;
use hyperlog::axum::{HyperLogLayer, Log};
use hyperlog::{info, warn};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::time::sleep;

#[tokio::main]
async fn main() -> io::Result<()> {
    let serves_on = std::env::args().any(|argument| argument == "--serve");
    let listener = TcpListener::bind(if serves_on { "127.0.0.1:3000" } else { "127.0.0.1:0" }).await?;
    let address = listener.local_addr()?;
    info!(%address, "listening");

    let (stop, stopped) = oneshot::channel::<()>();
    let service = service().into_make_service_with_connect_info::<SocketAddr>();
    let server = axum::serve(listener, service).with_graceful_shutdown(async move { drop(stopped.await) });
    let server = tokio::spawn(server.into_future());

    send_every_kind(address).await?;
    if serves_on {
        info!("serving on: curl {address}/users/7");
    } else {
        // The server ends when the last request has, its record included.
        drop(stop);
    }
    server.await?
}

fn service() -> Router {
    Router::new()
        .route("/users/{id}", get(user))
        .route("/orders", post(order))
        .route("/stock", get(stock))
        .route("/bug", get(bug))
        .route("/report", get(report))
        .route("/export", get(export))
        .layer(HyperLogLayer::new())
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
async fn stock(log: Log) -> (StatusCode, &'static str) {
    warn!(logger: log, dependency = "warehouse", "connection refused");
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

async fn send_every_kind(address: SocketAddr) -> io::Result<()> {
    send(address, "GET /users/7", "").await?;
    send(address, "GET /nowhere", "").await?;
    send(address, "POST /orders", r#"["three apples"]"#).await?;
    send(address, "GET /stock", "").await?;
    send(address, "GET /bug", "").await?;
    send(address, "GET /report", "").await?;
    leave_early(address, "GET /export").await
}

/// Sends a request and reads its response to the end.
async fn send(address: SocketAddr, line: &str, body: &str) -> io::Result<()> {
    let mut connection = begin(address, line, body).await?;
    connection.read_to_end(&mut Vec::new()).await?;
    Ok(())
}

/// Sends a request and leaves as soon as the response has begun.
async fn leave_early(address: SocketAddr, line: &str) -> io::Result<()> {
    let mut connection = begin(address, line, "").await?;
    connection.read_u8().await?;
    Ok(())
}

async fn begin(address: SocketAddr, line: &str, body: &str) -> io::Result<TcpStream> {
    let mut connection = TcpStream::connect(address).await?;
    let head = format!(
        "{line} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    connection.write_all((head + body).as_bytes()).await?;
    Ok(connection)
}
