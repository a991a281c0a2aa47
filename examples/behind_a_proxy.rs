//! Who is the client behind a proxy? Whoever the proxies say that you trust, and nobody else.
//!
//! `cargo run --example behind_a_proxy` sends itself what a proxy would, and ends.

use std::net::SocketAddr;

use axum::Router;
use axum::routing::get;
use hyperlog::axum::HyperLogLayer;
use hyperlog::http::{InboundIds, Network};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let proxies: [Network; 2] = ["127.0.0.1".parse()?, "10.0.0.0/8".parse()?];
    let layer = HyperLogLayer::new().trust(proxies).inbound_ids(InboundIds::FromTrusted);
    let app = Router::new().route("/", get(async || "hello\n")).layer(layer);

    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    // Without this, axum does not tell who is at the other end.
    let service = app.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(axum::serve(listener, service).into_future());

    // The client wrote the first address itself. The others were added by two proxies of ours.
    ask(address, "x-forwarded-for: 203.0.113.66, 198.51.100.7, 10.0.0.2\r\nx-request-id: from-the-proxy\r\n").await?;
    // The newer header says the same in its own words.
    ask(address, "forwarded: for=\"[2001:db8::7]:4711\"\r\n").await?;
    Ok(())
}

async fn ask(address: SocketAddr, headers: &str) -> std::io::Result<()> {
    let mut connection = TcpStream::connect(address).await?;
    let head = format!("GET / HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{headers}\r\n");
    connection.write_all(head.as_bytes()).await?;
    connection.read_to_end(&mut Vec::new()).await?;
    Ok(())
}
