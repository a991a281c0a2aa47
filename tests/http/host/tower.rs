//! hyper with a plain tower service.

use std::convert::Infallible;
use std::future::{Future, pending};
use std::io::Error;
use std::net::TcpListener;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::StreamExt;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::header::HeaderValue;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use hyperlog::tower::HyperLogLayer;
use hyperlog::{Logger, info};
use tokio::sync::oneshot;
use tower_layer::Layer;
use tower_service::Service;

use crate::host::{Host, Leaving, SECRET, Server, Then};

pub(crate) struct Subject;

impl Host for Subject {
    const HAS_ROUTES: bool = false;

    fn start(logger: Logger) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        listener.set_nonblocking(true).expect("it can be");
        let (stop, stopped) = oneshot::channel::<()>();
        let service = HyperLogLayer::new().logger(logger).layer(App);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).expect("it listens");
                tokio::select! {
                    () = accept(listener, service) => {}
                    _ = stopped => {}
                }
            });
        });
        Server::new(address, move || drop(stop), thread)
    }
}

async fn accept(
    listener: tokio::net::TcpListener,
    service: hyperlog::tower::LogService<App, hyperlog::tower::NoRouter>,
) {
    while let Ok((connection, _)) = listener.accept().await {
        let service = TowerToHyperService::new(service.clone());
        let served = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(connection), service);
        tokio::spawn(served);
    }
}

type Body = UnsyncBoxBody<Bytes, Error>;

#[derive(Clone)]
struct App;

impl Service<Request<Incoming>> for App {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Incoming>) -> Self::Future {
        if request.uri().path() == "/sudden" {
            panic!("{SECRET}");
        }
        Box::pin(async move { Ok(answer(&request).await) })
    }
}

async fn answer(request: &Request<Incoming>) -> Response<Body> {
    match request.uri().path() {
        "/fail" => {
            let mut response = respond(StatusCode::SERVICE_UNAVAILABLE, full("try again"));
            response.headers_mut().insert("x-request-id", HeaderValue::from_static("forged"));
            response
        }
        "/panic" => panic!("{SECRET}"),
        "/empty" => respond(StatusCode::NO_CONTENT, full("ghost")),
        "/exact" => {
            let mut response = respond(StatusCode::OK, stream(Then::Waits));
            response.headers_mut().insert("content-length", 5.into());
            response
        }
        "/stream" => respond(StatusCode::OK, stream(Then::Waits)),
        "/broken" => respond(StatusCode::OK, stream(Then::Fails)),
        "/rotten" => respond(StatusCode::OK, stream(Then::Panics)),
        "/hang" => {
            let _leaving = Leaving;
            info!("hanging");
            pending().await
        }
        path => match path.strip_prefix("/hello/") {
            Some(name) => {
                info!(seen = ?request.headers()["x-request-id"], "greeting");
                respond(StatusCode::OK, full(&format!("hello {name}")))
            }
            None => respond(StatusCode::NOT_FOUND, full("")),
        },
    }
}

fn respond(status: StatusCode, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
}

fn full(text: &str) -> Body {
    Full::new(Bytes::from(text.to_owned())).map_err(|never| match never {}).boxed_unsync()
}

fn stream(then: Then) -> Body {
    StreamBody::new(then.stream().map(|chunk| chunk.map(Frame::data))).boxed_unsync()
}
