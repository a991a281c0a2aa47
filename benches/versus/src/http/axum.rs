//! axum: the app that everyone wraps, a request to it without a server, and a server for it.

use crate::http::request::{Asked, CLIENT, HEADERS, REPLY, ROUTE};
use crate::http::server;
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::handler::Handler;
use axum::routing::get;
use http::Request;
use http_body_util::BodyExt;
use std::hint::black_box;
use std::net::{Ipv4Addr, SocketAddr};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt;

/// The app: one route, on top of which a peer puts its layers.
pub fn app<H: Handler<T, ()>, T: 'static>(handler: H) -> Router {
    Router::new().route(ROUTE, get(handler))
}

pub async fn user() -> &'static str {
    REPLY
}

pub async fn panics() -> &'static str {
    let user: Option<&'static str> = black_box(None);
    user.expect("there is no such user")
}

/// Asks the app so many times, each time with a new request, and reads the reply to its end.
pub fn drive(app: Router, asked: Asked) -> impl Fn(u64) {
    let runtime = runtime();
    // With its state, the router has its layers in place; without, it would put them in place anew for each request.
    let app = app.with_state(());
    move |times| {
        runtime.block_on(async {
            for _ in 0..times {
                let Ok(response) = app.clone().oneshot(request(asked)).await;
                assert_eq!(response.status(), asked.status);
                let body = response.into_body().collect().await.expect("the body has no errors");
                black_box(body.to_bytes());
            }
        })
    }
}

/// Serves the app from this thread, as [`axum::serve`] does.
pub fn serve(app: impl Fn() -> Router) {
    let app = app().into_make_service_with_connect_info::<SocketAddr>();
    let served = runtime().block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        server::announce(listener.local_addr()?.port());
        axum::serve(listener, app).await
    });
    served.expect("loopback can be listened on");
}

fn request(asked: Asked) -> Request<Body> {
    let mut request = Request::get(asked.path).extension(ConnectInfo(CLIENT));
    for (name, value) in HEADERS {
        request = request.header(name, value);
    }
    request.body(Body::empty()).expect("every part is valid")
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime of one thread can be made")
}
