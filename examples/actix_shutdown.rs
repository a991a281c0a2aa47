//! How does an actix-web server end when the system asks it to? What it has begun it serves to the end, and every record is
//! out.
//!
//! `cargo run --example actix_shutdown`, then `curl localhost:3000/work/5000` and meanwhile `kill` the program, or Ctrl-C.

use actix_web::{App, HttpServer, get, rt, web};
use hyperlog::Termination;
use hyperlog::actix::HyperLog;
use hyperlog::http::{Drain, InFlight};
use hyperlog::info;
use std::time::Duration;

#[cfg(unix)]
#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let _logging = hyperlog::init()?.close_within(Duration::from_secs(5));
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:3000".to_owned());

    let in_flight = InFlight::new();
    let layer = HyperLog.in_flight(&in_flight);
    let server = HttpServer::new(move || App::new().wrap(layer.clone()).service(work)).workers(2).bind(&address)?;

    let drain = Drain::new(&in_flight);
    let asked = drain.after(Termination::listen()?);
    drain.started(&address);
    // Whoever is not served by then is left, and told of.
    server.shutdown_timeout(20).shutdown_signal(asked).run().await?;
    drain.finish(Drain::PATIENCE)?;
    Ok(())
}

#[get("/work/{ms}")]
async fn work(ms: web::Path<u64>) -> &'static str {
    info!("working");
    rt::time::sleep(Duration::from_millis(*ms)).await;
    "done\n"
}

/// Elsewhere there are no such signals.
#[cfg(not(unix))]
fn main() {}
