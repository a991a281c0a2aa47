//! actix-web: the app that everyone wraps, a request to it without a server, and a server for it.

use crate::http::request::{Asked, CLIENT, HEADERS, REPLY, ROUTE};
use crate::http::server;
use actix_web::body::{MessageBody, to_bytes};
use actix_web::dev::{Service, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::rt::System;
use actix_web::test::{TestRequest, init_service};
use actix_web::{App, Error, Handler, HttpServer, Responder, web};
use std::hint::black_box;
use std::net::Ipv4Addr;

/// The app: one route, around which a peer wraps its middleware.
pub fn app<H>(
    handler: H,
) -> App<impl ServiceFactory<ServiceRequest, Config = (), Response = ServiceResponse, Error = Error, InitError = ()>>
where
    H: Handler<(), Output: Responder + 'static>,
{
    App::new().route(ROUTE, web::get().to(handler))
}

pub async fn user() -> &'static str {
    REPLY
}

/// Asks the app so many times, each time with a new request, and reads the reply to its end.
pub fn drive<T, B>(app: App<T>, asked: Asked) -> impl Fn(u64)
where
    T: ServiceFactory<ServiceRequest, Config = (), Response = ServiceResponse<B>, Error = Error, InitError = ()>,
    T: 'static,
    T::Future: 'static,
    B: MessageBody + 'static,
{
    let system = System::new();
    let service = system.block_on(init_service(app));
    move |times| {
        system.block_on(async {
            for _ in 0..times {
                let response = service.call(request(asked).to_request()).await.expect("every handler answers");
                assert_eq!(response.status(), asked.status);
                black_box(to_bytes(response.into_body()).await.ok());
            }
        })
    }
}

/// Serves the app by one worker.
pub fn serve<T, B>(app: impl Fn() -> App<T> + Send + Clone + 'static)
where
    T: ServiceFactory<ServiceRequest, Config = (), Response = ServiceResponse<B>, Error = Error, InitError = ()>,
    T: 'static,
    T::Future: 'static,
    T::Service: 'static,
    B: MessageBody + 'static,
{
    let served = System::new().block_on(async {
        let server = HttpServer::new(app).workers(1).bind((Ipv4Addr::LOCALHOST, 0))?;
        server::announce(server.addrs().first().map_or(0, |address| address.port()));
        server.run().await
    });
    served.expect("loopback can be listened on");
}

fn request(asked: Asked) -> TestRequest {
    let request = TestRequest::get().uri(asked.path).peer_addr(CLIENT);
    HEADERS.into_iter().fold(request, |request, header| request.insert_header(header))
}
