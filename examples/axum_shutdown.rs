//! How does an axum server end when the system asks it to? What it has begun it serves to the end, and every record is out.
//!
//! `cargo run --example axum_shutdown`, then `curl localhost:3000/work/5000` and meanwhile `kill` the program, or Ctrl-C.

use axum::{Router, extract::Path, routing::get};
use hyperlog::Termination;
use hyperlog::axum::HyperLogLayer;
use hyperlog::http::{Drain, InFlight};
use hyperlog::info;
use std::time::Duration;

#[cfg(unix)]
#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let _logging = hyperlog::init()?.close_within(Duration::from_secs(5));
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:3000".to_owned());

    let in_flight = InFlight::new();
    let app = Router::new().route("/work/{ms}", get(work)).layer(HyperLogLayer::new().in_flight(&in_flight));
    let listener = tokio::net::TcpListener::bind(address).await?;

    let drain = Drain::new(&in_flight);
    let asked = drain.after(Termination::listen()?);
    drain.started(listener.local_addr()?);
    axum::serve(listener, app).with_graceful_shutdown(asked).await?;
    drain.finish(Drain::PATIENCE)?;
    Ok(())
}

async fn work(Path(ms): Path<u64>) -> &'static str {
    info!("working");
    tokio::time::sleep(Duration::from_millis(ms)).await;
    "done\n"
}

/// Elsewhere there are no such signals.
#[cfg(not(unix))]
fn main() {}
