//! How do I log requests without a framework? A tower service on hyper, which knows no routes: a layer inside names them.
//!
//! `cargo run --example tower_hyper` answers one connection of its own and ends.

use std::convert::Infallible;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use hyperlog::http::RouteRule;
use hyperlog::info;
use hyperlog::tower::{HyperLogLayer, RouteLog};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tower::service_fn;
use tower_layer::Layer;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let client = tokio::spawn(ask(listener.local_addr()?));

    let named = RouteLog::new(RouteRule::new()).route("/hello/{name}");
    let service = HyperLogLayer::new().layer(named.layer(service_fn(hello)));
    let (connection, _) = listener.accept().await?;
    let server = auto::Builder::new(TokioExecutor::new());
    let served = server.serve_connection(TokioIo::new(connection), TowerToHyperService::new(service)).await;
    served.map_err(std::io::Error::other)?;

    assert!(client.await??.ends_with("Hello, world!\n"));
    Ok(())
}

async fn hello(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let name = request.uri().path().rsplit('/').next().unwrap_or_default();
    info!(name, "greeting");
    Ok(Response::new(Full::from(format!("Hello, {name}!\n"))))
}

async fn ask(address: std::net::SocketAddr) -> std::io::Result<String> {
    let mut connection = TcpStream::connect(address).await?;
    connection.write_all(b"GET /hello/world HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await?;
    let mut response = String::new();
    connection.read_to_string(&mut response).await?;
    Ok(response)
}
