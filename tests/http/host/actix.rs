//! actix-web.

use std::future::{Ready, pending};
use std::sync::mpsc;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::middleware::{Next, from_fn};
use actix_web::{App, Error, HttpRequest, HttpResponse, HttpServer, ResponseError, guard, web};
use hyperlog::actix::{HyperLog, Log};
use hyperlog::{Logger, info};

use crate::host::{Host, Leaving, SECRET, Server, Then};

pub(crate) struct Subject;

impl Host for Subject {
    const HAS_ROUTES: bool = true;

    fn start(logger: Logger) -> Server {
        let (started, starting) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let server =
                    HttpServer::new(move || App::new().wrap(HyperLog.logger(logger.clone())).configure(routes));
                let server = server.workers(1).disable_signals().bind("127.0.0.1:0").expect("a port is free");
                let address = server.addrs()[0];
                let server = server.run();
                started.send((address, server.handle())).expect("the scenario waits");
                server.await.expect("it serves until it is stopped");
            });
        });
        let (address, handle) = starting.recv().expect("the server starts");
        Server::new(address, move || drop(handle.stop(false)), thread)
    }
}

fn routes(app: &mut web::ServiceConfig) {
    app.service(web::resource("/hello/{name}").route(web::get().to(hello)).route(web::head().to(hello)))
        .route("/fail", web::get().to(fail))
        .route("/panic", web::get().to(panics))
        .route("/empty", web::get().to(async || HttpResponse::NoContent().body("ghost")))
        .route("/stream", web::get().to(async || stream(Then::Waits)))
        .route("/broken", web::get().to(async || stream(Then::Fails)))
        .route("/rotten", web::get().to(async || stream(Then::Panics)))
        .route("/hang", web::get().to(hang))
        .service(web::resource("/guarded/{id}").guard(guard::Post()).to(async || "posted"))
        .service(web::resource("/guarded/{name}").to(async || "got"))
        .service(web::scope("/nest").route("/{id}", web::get().to(async || "nested")))
        .service(web::scope("/sudden").wrap_fn(sudden).route("", web::get().to(async || "never")))
        .service(web::scope("/refused").wrap(from_fn(refuse)).route("", web::get().to(async || "never")));
}

async fn hello(log: Log, name: web::Path<String>, request: HttpRequest) -> String {
    info!(seen = ?request.headers().get("x-request-id").expect("it is set"), "greeting");
    info!(logger: log, "by the extractor");
    format!("hello {name}")
}

async fn fail() -> HttpResponse {
    HttpResponse::ServiceUnavailable().insert_header(("x-request-id", "forged")).body("try again")
}

async fn panics() -> &'static str {
    panic!("{SECRET}")
}

async fn hang() -> &'static str {
    let _leaving = Leaving;
    info!("hanging");
    pending().await
}

fn stream(then: Then) -> HttpResponse {
    HttpResponse::Ok().streaming(then.stream())
}

fn sudden<S>(_request: ServiceRequest, _service: &S) -> Ready<Result<ServiceResponse, Error>> {
    panic!("{SECRET}")
}

async fn refuse(
    _request: ServiceRequest,
    _next: Next<impl MessageBody>,
) -> Result<ServiceResponse<actix_web::body::BoxBody>, Error> {
    Err(Teapot.into())
}

/// Says one thing by its status and another by its response, which is what the client sees.
#[derive(Debug)]
struct Teapot;

impl std::fmt::Display for Teapot {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("short and stout")
    }
}

impl ResponseError for Teapot {
    fn error_response(&self) -> HttpResponse {
        HttpResponse::build(StatusCode::IM_A_TEAPOT).body("short and stout")
    }
}
