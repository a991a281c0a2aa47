//! hyper with a plain tower service.

use std::any::Any;
use std::convert::Infallible;
use std::future::{Future, pending};
use std::io::Error;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Body as HttpBody, Frame, Incoming};
use hyper::header::{HeaderMap, HeaderValue};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use hyperlog::http::SharedPolicy;
use hyperlog::info;
use hyperlog::tower::{BoxError, Cause, HyperLogLayer, LogPanicReply, MakeLogId, RouteLog};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::oneshot;
use tower::ServiceExt as _;
use tower::limit::ConcurrencyLimitLayer;
use tower::util::MapRequestLayer;
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
    self, Act, Answer, Asked, CHAIN, Chaos, Content, Host, Inside, Leaving, Other, PAUSE, SECRET, Server, Setup, Side,
    TEXT, Tenant, Then,
};

pub(crate) struct Subject;

impl Host for Subject {
    const HAS_ROUTES: bool = false;
    const MAY_MISS_THE_END: bool = false;

    fn start(setup: Setup) -> Server {
        let (ours, app) = (ours(&setup), App(setup.act.clone()));
        let Some((other, side)) = setup.beside else {
            return match &setup.inside {
                Inside::Nothing => serve(&setup, ours.layer(app)),
                Inside::Rules([outer, inner]) => {
                    serve(&setup, ours.layer(RouteLog::new(*outer).layer(RouteLog::new(*inner).layer(app))))
                }
                Inside::Again(policy) => {
                    let again = HyperLogLayer::new().policy(&SharedPolicy::new((**policy).clone()));
                    serve(&setup, ours.layer(again.layer(app)))
                }
                Inside::Failing => serve(&setup, ours.layer(tower::service_fn(fail))),
                Inside::Data(_) => unreachable!("it is for another framework"),
            };
        };
        /// Serves the application in two layers. What they make is of another type in each order.
        macro_rules! beside {
            ($other:expr) => {
                match side {
                    Side::Inside => serve(&setup, ours.layer($other.layer(app))),
                    Side::Outside => serve(&setup, $other.layer(ours.layer(app))),
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
            Other::Door => beside!(MapRequestLayer::new(enter::<Incoming>)),
            Other::Limit => beside!(ConcurrencyLimitLayer::new(1)),
            Other::NormalizePath => beside!(NormalizePathLayer::trim_trailing_slash()),
            Other::Files => serve(&setup, ours.layer(ServeDir::new(host::FOLDER))),
            Other::Function
            | Other::HandleError
            | Other::AccessLog
            | Other::ErrorHandlers
            | Other::On
            | Other::Off
            | Other::Pieces => {
                unreachable!("it is for another framework")
            }
        }
    }

    fn call_once(setup: Setup) -> u16 {
        let service = ours(&setup).layer(App(setup.act.clone()));
        let request = Request::get("/act/ann").body(Full::new(Bytes::new())).expect("it is valid");
        call(service, request)
    }

    fn spawn(work: impl Future<Output = ()> + Send + 'static) -> impl Future<Output = bool> + Send {
        let task = hyperlog::tower::spawn(work);
        async { task.await.is_ok() }
    }

    fn block(work: impl FnOnce() + Send + 'static) -> impl Future<Output = bool> + Send {
        let task = hyperlog::tower::spawn_blocking(work);
        async { task.await.is_ok() }
    }

    fn tenant(extensions: &dyn Any) -> Option<Tenant> {
        hyperlog::tower::extension(extensions).cloned()
    }
}

fn ours(setup: &Setup) -> HyperLogLayer {
    let ours = HyperLogLayer::new().logger(setup.logger.clone());
    match &setup.policy {
        Some(policy) => ours.policy(policy),
        None => ours,
    }
}

/// Calls a service without any server, and lets go of the response; gives its status.
pub(super) fn call<S, Q, B>(service: S, request: Request<Q>) -> u16
where
    S: Service<Request<Q>, Response = Response<B>>,
    S::Error: std::fmt::Debug,
{
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(service.oneshot(request)).expect("it answers").status().as_u16()
}

/// Leaves with a request who sent it, and hides a header of it.
pub(super) fn enter<Q>(mut request: Request<Q>) -> Request<Q> {
    request.extensions_mut().insert(Tenant("acme"));
    if let Some(mood) = request.headers_mut().get_mut("x-mood") {
        mood.set_sensitive(true);
    }
    request
}

async fn fail(_request: Request<Incoming>) -> Result<Response<Body>, BoxError> {
    Err(CHAIN.into())
}

fn serve<S, B>(setup: &Setup, service: S) -> Server
where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
    B: HttpBody + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    Server::run(setup, |listener, finished| accept(listener, finished, service))
}

async fn accept<S, B>(listener: tokio::net::TcpListener, mut finished: oneshot::Receiver<()>, service: S)
where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
    B: HttpBody + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    let graceful = GracefulShutdown::new();
    loop {
        let connection = tokio::select! {
            accepted = listener.accept() => accepted.expect("it listens").0,
            _ = &mut finished => return graceful.shutdown().await,
        };
        let (service, watcher) = (TowerToHyperService::new(service.clone()), graceful.watcher());
        tokio::spawn(async move {
            let builder = auto::Builder::new(TokioExecutor::new());
            let served = builder.serve_connection_with_upgrades(TokioIo::new(connection), service);
            let _ = watcher.watch(served).await;
        });
    }
}

type Body = UnsyncBoxBody<Bytes, Error>;

#[derive(Clone)]
struct App(Act);

impl<Q> Service<Request<Q>> for App
where
    Q: HttpBody + Send + 'static,
    Q::Data: Send,
    Q::Error: Into<BoxError>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Q>) -> Self::Future {
        if request.uri().path() == "/sudden" {
            panic!("{SECRET}");
        }
        let act = self.0.clone();
        Box::pin(async move { Ok(answer(request, act).await) })
    }
}

async fn answer<Q>(mut request: Request<Q>, act: Act) -> Response<Body>
where
    Q: HttpBody + Send + 'static,
    Q::Data: Send,
    Q::Error: Into<BoxError>,
{
    let path = request.uri().path().to_owned();
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    match segments[..] {
        ["hello", name] => {
            info!(seen = ?request.headers()["x-request-id"], "greeting");
            full(&format!("hello {name}"))
        }
        ["fail"] => {
            let mut response = with(StatusCode::SERVICE_UNAVAILABLE, full("try again"));
            response.headers_mut().insert("x-request-id", HeaderValue::from_static("forged"));
            response
        }
        ["text"] => full(&"a".repeat(TEXT)),
        ["large"] => stream(Then::Ends.after(host::content(host::LARGE), 64 * 1024)),
        ["slow"] => stream(host::slowly()),
        ["echo"] => match request.into_body().collect().await {
            Ok(body) => full(&body.to_bytes().len().to_string()),
            Err(_) => with(StatusCode::BAD_REQUEST, full("")),
        },
        ["empty"] => with(StatusCode::NO_CONTENT, full("ghost")),
        ["unchanged"] => with(StatusCode::NOT_MODIFIED, full("ghost")),
        ["exact"] => {
            let mut response = stream(Then::Waits.stream());
            response.headers_mut().insert("content-length", 5.into());
            response
        }
        ["stream"] => stream(Then::Waits.stream()),
        ["events"] => {
            let mut response = stream(host::events());
            response.headers_mut().insert("content-type", HeaderValue::from_static("text/event-stream"));
            response
        }
        ["trailers"] => Response::new(trailed()),
        ["upgrade"] => {
            tokio::spawn(converse(hyper::upgrade::on(&mut request)));
            let mut response = with(StatusCode::SWITCHING_PROTOCOLS, full(""));
            response.headers_mut().insert("connection", HeaderValue::from_static("upgrade"));
            response.headers_mut().insert("upgrade", HeaderValue::from_static("websocket"));
            response
        }
        ["broken"] => stream(Then::Fails.stream()),
        ["rotten"] => stream(Then::Panics.stream()),
        ["panic"] => full(host::panic_later().await),
        ["number"] => full(host::panic_with_a_number()),
        ["rethrown"] => full(host::rethrow()),
        ["swallowed"] => full(host::swallow()),
        ["hang"] => {
            let _leaving = Leaving;
            info!("hanging");
            pending().await
        }
        ["gate", name] => full(host::pass(name).await),
        ["chaos", ending, size] => match Chaos::named(ending).body(size.parse().expect("it is a number")) {
            Ok(bytes) => Response::new(Full::new(bytes).map_err(|never| match never {}).boxed_unsync()),
            Err(chunks) => stream(chunks),
        },
        ["act", name] => {
            let body = request.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
            say(act(Asked { name: name.to_owned(), body }).await)
        }
        _ => with(StatusCode::NOT_FOUND, full("")),
    }
}

/// What a scenario answers.
pub(super) fn say(answer: Answer) -> Response<Body> {
    let mut response = match answer.content {
        Content::Full(bytes) => Response::new(Full::new(bytes).map_err(|never| match never {}).boxed_unsync()),
        Content::Stream(chunks) => stream(chunks),
        Content::Trailed(bytes, trailers) => Response::new(trail(bytes, trailers)),
    };
    *response.headers_mut() = answer.headers;
    if let Some(cause) = answer.cause {
        response.extensions_mut().insert(Cause::new(cause));
    }
    with(answer.status, response)
}

/// The end of another protocol: says something, hears something, and is done.
pub(super) async fn converse(upgrade: hyper::upgrade::OnUpgrade) {
    let Ok(upgraded) = upgrade.await else { return };
    let mut upgraded = TokioIo::new(upgraded);
    let _ = upgraded.write_all(b"hi").await;
    let _ = upgraded.read(&mut [0; 16]).await;
}

/// A chunk, and a trailer behind it.
pub(super) fn trailed() -> Body {
    let mut trailers = HeaderMap::new();
    trailers.insert("grade", HeaderValue::from_static("good"));
    trail(Bytes::from_static(b"first"), trailers)
}

fn trail(bytes: Bytes, trailers: HeaderMap) -> Body {
    let frames = [Ok(Frame::data(bytes)), Ok(Frame::trailers(trailers))];
    StreamBody::new(futures_util::stream::iter(frames)).boxed_unsync()
}

fn with(status: StatusCode, mut response: Response<Body>) -> Response<Body> {
    *response.status_mut() = status;
    response
}

fn full(text: &str) -> Response<Body> {
    Response::new(Full::new(Bytes::from(text.to_owned())).map_err(|never| match never {}).boxed_unsync())
}

fn stream(chunks: impl Stream<Item = Result<Bytes, Error>> + Send + 'static) -> Response<Body> {
    Response::new(StreamBody::new(chunks.map(|chunk| chunk.map(Frame::data))).boxed_unsync())
}
