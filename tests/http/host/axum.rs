//! axum.

use std::any::Any;
use std::collections::HashMap;
use std::convert::Infallible;
use std::future::{Future, pending};
use std::net::SocketAddr;

use axum::body::Body;
use axum::error_handling::HandleErrorLayer;
use axum::extract::{FromRequestParts, Path, Query, Request};
use axum::handler::Handler;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use axum::{Extension, Json, Router};
use bytes::Bytes;
use hyperlog::axum::{HyperLogLayer, Log, Logged, RouteLogExt};
use hyperlog::http::{RouteRule, SharedPolicy};
use hyperlog::info;
use hyperlog::tower::{LogPanicReply, MakeLogId};
use tower::limit::ConcurrencyLimitLayer;
use tower::util::{MapRequestLayer, MapResponse};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::cors::CorsLayer;
use tower_http::decompression::RequestDecompressionLayer;
use tower_http::normalize_path::NormalizePathLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::services::ServeDir;
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::TraceLayer;
use tower_layer::Layer;
use tower_service::Service;

use crate::host::{
    self, Answer, Asked, Chaos, Host, Inside, Leaving, Other, PAUSE, SECRET, Server, Setup, Side, TEXT, Tenant, Then,
};

pub(crate) struct Subject;

impl Host for Subject {
    const HAS_ROUTES: bool = true;
    const MAY_MISS_THE_END: bool = false;
    const MOST_OF_JSON: usize = 2 << 20;
    const MOST_OF_BODY: usize = 2 << 20;
    const BODY: &str = "Bytes";

    fn start(setup: Setup) -> Server {
        let ours = ours(&setup);
        let Some((other, side)) = setup.beside else { return serve(&setup, whole(&setup, ours)) };
        /// Puts two layers around the routes.
        macro_rules! beside {
            ($other:expr) => {
                match side {
                    Side::Inside => serve(&setup, routes(&setup).layer($other).layer(ours)),
                    Side::Outside => serve(&setup, routes(&setup).layer(ours).layer($other)),
                }
            };
        }
        match other {
            Other::Compression => beside!(CompressionLayer::new()),
            Other::Decompression => beside!(RequestDecompressionLayer::new()),
            Other::Cors => beside!(CorsLayer::permissive()),
            Other::Timeout => beside!(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, PAUSE)),
            Other::CatchPanic => beside!(CatchPanicLayer::new()),
            Other::RequestIds => {
                beside!((SetRequestIdLayer::x_request_id(MakeRequestUuid), PropagateRequestIdLayer::x_request_id()))
            }
            Other::Ours => beside!((
                CatchPanicLayer::custom(LogPanicReply),
                SetRequestIdLayer::x_request_id(MakeLogId),
                PropagateRequestIdLayer::x_request_id(),
            )),
            Other::Trace => beside!(TraceLayer::new_for_http()),
            Other::Door => beside!(MapRequestLayer::new(host::tower::enter::<Body>)),
            Other::Limit => beside!(ConcurrencyLimitLayer::new(1)),
            Other::Function => beside!(from_fn(mark)),
            Other::HandleError => beside!((
                HandleErrorLayer::new(async |_: axum::BoxError| StatusCode::GATEWAY_TIMEOUT),
                tower::timeout::TimeoutLayer::new(PAUSE),
            )),
            // It must see a request before the router does, so it cannot be a layer of the router.
            Other::NormalizePath => {
                let around = NormalizePathLayer::trim_trailing_slash();
                match side {
                    Side::Inside => {
                        let service = ours.layer(around.layer(routes(&setup)));
                        serve(&setup, MapResponse::new(service, |response: Response<_>| response.map(Body::new)))
                    }
                    Side::Outside => serve(&setup, around.layer(routes(&setup).layer(ours))),
                }
            }
            Other::Files => serve(&setup, Router::new().fallback_service(ServeDir::new(host::FOLDER)).layer(ours)),
            Other::Pieces => serve(&setup, whole(&setup, ours)),
            Other::AccessLog | Other::ErrorHandlers | Other::On | Other::Off => {
                unreachable!("it is for another framework")
            }
        }
    }

    fn call_once(setup: Setup) -> u16 {
        let app = routes(&setup).layer(ours(&setup));
        host::tower::call(app, Request::get("/act/ann").body(Body::empty()).expect("it is valid"))
    }

    fn spawn(work: impl Future<Output = ()> + Send + 'static) -> impl Future<Output = bool> + Send {
        let task = hyperlog::axum::spawn(work);
        async { task.await.is_ok() }
    }

    fn block(work: impl FnOnce() + Send + 'static) -> impl Future<Output = bool> + Send {
        let task = hyperlog::axum::spawn_blocking(work);
        async { task.await.is_ok() }
    }

    fn tenant(extensions: &dyn Any) -> Option<Tenant> {
        hyperlog::axum::extension(extensions).cloned()
    }
}

fn ours(setup: &Setup) -> HyperLogLayer {
    let ours = HyperLogLayer::new().logger(setup.logger.clone());
    match &setup.policy {
        Some(policy) => ours.policy(policy),
        None => ours,
    }
}

/// What a scenario answers.
fn say(answer: Answer) -> Response {
    host::tower::say(answer).map(Body::new)
}

fn serve<S>(setup: &Setup, service: S) -> Server
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send,
{
    let service = axum::ServiceExt::<Request>::into_make_service_with_connect_info::<SocketAddr>(service);
    Server::run(setup, |listener, finished| async {
        let served = axum::serve(listener, service).with_graceful_shutdown(async { drop(finished.await) });
        served.await.expect("it serves until it is stopped");
    })
}

fn routes(setup: &Setup) -> Router {
    let act = setup.act.clone();
    let act = any(async move |Path(name): Path<String>, body: Bytes| say(act(Asked { name, body }).await));
    let act = match &setup.inside {
        Inside::Rules([_, inner]) => act.log(*inner),
        _ => act,
    };
    Router::new()
        .route("/act/{name}", act)
        .route("/ruled/{id}", get(async || "ruled").log(RouteRule::new()))
        .route("/hello/{name}", get(hello))
        .route("/fail", get(async || (StatusCode::SERVICE_UNAVAILABLE, [("x-request-id", "forged")], "try again")))
        .route("/text", get(async || "a".repeat(TEXT)))
        .route("/large", get(async || Body::from_stream(Then::Ends.after(host::content(host::LARGE), 64 * 1024))))
        .route("/slow", get(async || Body::from_stream(host::slowly())))
        .route("/echo", post(async |body: Bytes| body.len().to_string()))
        .route("/empty", get(async || (StatusCode::NO_CONTENT, "ghost")))
        .route("/unchanged", get(async || (StatusCode::NOT_MODIFIED, "ghost")))
        .route("/exact", get(async || ([(header::CONTENT_LENGTH, "5")], stream(Then::Waits))))
        .route("/stream", get(async || stream(Then::Waits)))
        .route("/events", get(events))
        .route("/trailers", get(async || Body::new(host::tower::trailed())))
        .route("/upgrade", get(upgrade))
        .route("/broken", get(async || stream(Then::Fails)))
        .route("/rotten", get(async || stream(Then::Panics)))
        .route("/panic", get(host::panic_later))
        .route("/number", get(async || host::panic_with_a_number()))
        .route("/rethrown", get(async || host::rethrow()))
        .route("/swallowed", get(async || host::swallow()))
        .route("/extracted", get(async |_: Rotten| "never"))
        .route("/responding", get(async || Rotten))
        .route("/within", get(async || "never").layer(from_fn(burst)))
        .route("/hang", get(hang))
        .route("/gate/{name}", get(async |Path(name): Path<String>| host::pass(&name).await))
        .route("/chaos/{ending}/{size}", get(chaos))
        .route("/typed/{number}", get(async |Path(number): Path<u32>| number.to_string()))
        .route("/logged/path/{number}", get(async |Logged(Path(number)): Logged<Path<u32>>| number.to_string()))
        .route("/logged/query", get(async |Logged(Query(asked)): Logged<Query<HashMap<String, u32>>>| count(&asked)))
        .route("/logged/json", post(async |Logged(Json(asked)): Logged<Json<HashMap<String, u32>>>| count(&asked)))
        .route("/logged/body", post(async |Logged(body): Logged<Bytes>| body.len().to_string()))
        .route("/logged/extension", get(async |Logged(Extension(_)): Logged<Extension<Tenant>>| "never"))
        .route("/locked", get(async || "never").layer(from_fn(refuse)))
}

/// What is not only routes: each with the layer, as an application may have it.
fn whole(setup: &Setup, ours: HyperLogLayer) -> Router {
    let nested = Router::new().route("/{id}", get(async || "nested")).layer(ours.clone());
    let service = Router::new().route("/{id}", get(async || "nested as a service")).layer(ours.clone());
    let bare = Router::new().route("/{id}", get(async || "nested bare"));
    let method = get(async || "a method router").layer(ours.clone());
    let handler = (async || "a handler").layer(ours.clone());
    let stateful = Router::<u32>::new().route("/stateful", get(async || "with state")).layer(ours.clone());
    let fallback = Router::new()
        .route("/{id}", get(async || "never"))
        .fallback(async || (StatusCode::NOT_FOUND, "the nested fallback"));
    let whole = routes(setup)
        .route("/private/{*__private__axum_fallback}", get(async || "not a route of the application's"))
        .nest("/covered", fallback)
        .nest_service("/bare", bare)
        .fallback(async || (StatusCode::NOT_FOUND, "nowhere"));
    let whole = match &setup.inside {
        Inside::Rules([outer, _]) => whole.log(*outer),
        Inside::Again(policy) => whole.layer(HyperLogLayer::new().policy(&SharedPolicy::new((**policy).clone()))),
        Inside::Nothing | Inside::Data(_) | Inside::Failing => whole,
    };
    whole
        .layer(ours)
        // Added after the layer: what covers them is their own.
        .nest("/nest", nested)
        .nest_service("/service", service)
        .route("/method", method)
        .route("/handler", get(handler))
        .route("/uncovered", get(uncovered))
        .merge(stateful.with_state(7))
}

async fn hello(log: Log, Path(name): Path<String>, headers: HeaderMap) -> String {
    info!(seen = ?headers["x-request-id"], "greeting");
    info!(logger: log, "by the extractor");
    format!("hello {name}")
}

async fn uncovered(log: Log) -> &'static str {
    info!(logger: log, "by the extractor alone");
    "uncovered"
}

async fn hang() -> &'static str {
    let _leaving = Leaving;
    info!("hanging");
    pending().await
}

async fn events() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/event-stream")], Body::from_stream(host::events()))
}

async fn upgrade(mut request: Request) -> impl IntoResponse {
    tokio::spawn(host::tower::converse(hyper::upgrade::on(&mut request)));
    (StatusCode::SWITCHING_PROTOCOLS, [(header::CONNECTION, "upgrade"), (header::UPGRADE, "websocket")])
}

async fn chaos(Path((ending, size)): Path<(String, usize)>) -> Body {
    match Chaos::named(&ending).body(size) {
        Ok(bytes) => Body::from(bytes),
        Err(chunks) => Body::from_stream(chunks),
    }
}

fn stream(then: Then) -> Response {
    Body::from_stream(then.stream()).into_response()
}

fn count(asked: &HashMap<String, u32>) -> String {
    asked.len().to_string()
}

/// Panics wherever it is used.
struct Rotten;

impl<S: Sync> FromRequestParts<S> for Rotten {
    type Rejection = Infallible;

    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Rotten, Infallible> {
        panic!("{SECRET}")
    }
}

impl IntoResponse for Rotten {
    fn into_response(self) -> Response {
        panic!("{SECRET}")
    }
}

async fn burst(_request: Request, _next: Next) -> Response {
    panic!("{SECRET}")
}

async fn refuse(_request: Request, _next: Next) -> Response {
    StatusCode::UNAUTHORIZED.into_response()
}

async fn mark(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().insert("marked", HeaderValue::from_static("yes"));
    response
}
