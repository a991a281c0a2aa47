//! actix-web: the app that everyone wraps and a request to it without a server.

use crate::http::request::{Asked, CLIENT, HEADERS, REPLY, ROUTE};
use actix_web::body::{MessageBody, to_bytes};
use actix_web::dev::{Service, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::rt::System;
use actix_web::test::{TestRequest, init_service};
use actix_web::{App, Error, Handler, Responder, web};
use std::hint::black_box;

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

fn request(asked: Asked) -> TestRequest {
    let request = TestRequest::get().uri(asked.path).peer_addr(CLIENT);
    HEADERS.into_iter().fold(request, |request, header| request.insert_header(header))
}
