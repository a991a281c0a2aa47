//! The smallest actix-web service with a record for each request.
//!
//! `cargo run --example actix_hello`, then `curl localhost:3000/hello/world`.

use actix_web::{App, HttpServer, get, web};
use hyperlog::actix::HyperLog;
use hyperlog::info;

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    HttpServer::new(|| App::new().wrap(HyperLog).service(hello)).bind("127.0.0.1:3000")?.run().await
}

#[get("/hello/{name}")]
async fn hello(name: web::Path<String>) -> String {
    info!(%name, "greeting");
    format!("Hello, {name}!\n")
}
