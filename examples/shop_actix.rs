//! A small shop on actix-web that logs nothing yet: a service to try hyperlog on.
//!
//! `cargo run --example shop_actix`, then `curl localhost:3000/orders/7`. Another address may be given as an argument. The
//! same on axum is `examples/shop_axum.rs`.

use actix_web::{App, HttpResponse, HttpServer, get, web};
use serde_json::json;

const SHELVES: [&str; 3] = ["cups", "plates", "bowls"];

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:3000".to_owned());
    let server = HttpServer::new(|| App::new().service(order).service(shelf).service(stock));
    Ok(server.bind(address)?.run().await?)
}

/// Orders up to 100 are there.
#[get("/orders/{id}")]
async fn order(id: web::Path<u32>) -> HttpResponse {
    match *id {
        id if id > 100 => HttpResponse::NotFound().finish(),
        id => HttpResponse::Ok().json(json!({ "id": id, "total": 12.5 })),
    }
}

/// A shelf that is not there is a bug: nobody looked.
#[get("/shelves/{number}")]
async fn shelf(number: web::Path<usize>) -> &'static str {
    SHELVES[*number]
}

/// The warehouse never answers.
#[get("/stock")]
async fn stock() -> HttpResponse {
    match tokio::net::TcpStream::connect("127.0.0.1:1").await {
        Ok(_) => HttpResponse::Ok().body("3 cups"),
        Err(_) => HttpResponse::ServiceUnavailable().body("try again later"),
    }
}
