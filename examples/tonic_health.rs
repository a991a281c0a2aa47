//! How do I log gRPC? The layer goes around the whole server of tonic, and tells of each call its method and its status.
//!
//! `cargo run --example tonic_health` calls itself twice and ends.

use hyperlog::tower::HyperLogLayer;
use tokio::sync::oneshot;
use tonic::Code;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Server};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (_reporter, health) = tonic_health::server::health_reporter();
    let incoming = TcpIncoming::bind("127.0.0.1:0".parse()?)?;
    let address = incoming.local_addr()?;
    let (stop, stopped) = oneshot::channel::<()>();

    let server = Server::builder().layer(HyperLogLayer::new()).add_service(health);
    let server = server.serve_with_incoming_shutdown(incoming, async { drop(stopped.await) });
    let server = tokio::spawn(server);

    let channel = Channel::from_shared(format!("http://{address}"))?.connect().await?;
    let mut client = HealthClient::new(channel);
    // The server as a whole, and a service that it does not have.
    client.check(asking("")).await?;
    let refused = client.check(asking("no.such.Service")).await.map(|_| ());
    assert_eq!(refused.map_err(|status| status.code()), Err(Code::NotFound));

    drop((client, stop));
    Ok(server.await??)
}

fn asking(service: &str) -> HealthCheckRequest {
    HealthCheckRequest { service: service.to_owned() }
}
