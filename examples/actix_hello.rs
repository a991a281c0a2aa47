//! The smallest actix-web service with a record for each request.
//!
//! `cargo run --example actix_hello`, then `curl localhost:3000/hello/world`. Another address may be given as an argument.

use actix_web::{App, HttpServer, get, web};
use hyperlog::info;

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let _logging = hyperlog::init()?;
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:3000".to_owned());
    let server = HttpServer::new(|| App::new().wrap(hyperlog::actix::HyperLog).service(hello));
    Ok(server.bind(address)?.run().await?)
}

#[get("/hello/{name}")]
async fn hello(name: web::Path<String>) -> String {
    info!(%name, "greeting");
    format!("Hello, {name}!\n")
}
