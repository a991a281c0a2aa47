//! actix-web.

use std::any::Any;
use std::collections::HashMap;
use std::fmt;
use std::future::{Future, Ready, pending, ready};
use std::net::SocketAddr;
use std::sync::mpsc;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{self, Payload, ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::{
    Compress, Condition, ErrorHandlerResponse, ErrorHandlers, Logger as AccessLog, Next, NormalizePath, from_fn,
};
use actix_web::{
    App, Error, FromRequest, HttpMessage, HttpRequest, HttpResponse, HttpServer, Responder, ResponseError, guard, web,
};
use bytes::Bytes;
use futures_util::StreamExt;
use hyperlog::actix::{HyperLog, Log, RouteLog};
use hyperlog::http::SharedPolicy;
use hyperlog::{Logger, info};

use crate::host::{
    self, Act, Answer, Asked, CHAIN, Chain, Chaos, Content, Host, Inside, Leaving, Other, SECRET, Server, Setup, Side,
    Stop, TEXT, Tenant, Then,
};

pub(crate) struct Subject;

/// Binds a server whose application is made by the expression, which differs in its type with each middleware.
macro_rules! bind {
    ($setup:ident, |$ours:ident, $routes:ident| $app:expr) => {{
        let Setup { logger, workers, policy, act, inside, .. } = $setup;
        run(move || {
            let server = HttpServer::new(move || {
                let $ours = ours(&logger, policy.as_ref());
                let $routes = |app: &mut web::ServiceConfig| routes(app, &act, &inside);
                $app
            });
            let server = server.workers(workers).shutdown_timeout(10).disable_signals();
            // On a machine that is busy a client may take longer than usual, and is not to be sent away for it.
            let server = server.client_request_timeout(std::time::Duration::from_secs(60));
            let server = server.bind_auto_h2c("127.0.0.1:0").expect("a port is free");
            (server.addrs()[0], server.run())
        })
    }};
}

/// Binds a server with two middlewares around its routes. The last that is named comes first to a request.
macro_rules! beside {
    ($setup:ident, $side:ident, $other:expr) => {
        match $side {
            Side::Inside => bind!($setup, |ours, routes| App::new().wrap($other).wrap(ours).configure(routes)),
            Side::Outside => bind!($setup, |ours, routes| App::new().wrap(ours).wrap($other).configure(routes)),
        }
    };
}

impl Host for Subject {
    const HAS_ROUTES: bool = true;
    const MAY_MISS_THE_END: bool = true;
    const MOST_OF_JSON: usize = 2 << 20;
    const MOST_OF_BODY: usize = 256 << 10;
    const BODY: &str = "Payload";

    fn start(setup: Setup) -> Server {
        let Some((other, side)) = setup.beside else {
            if let Inside::Again(policy) = &setup.inside {
                let again = SharedPolicy::new((**policy).clone());
                return bind!(setup, |ours, routes| {
                    App::new().wrap(HyperLog.policy(&again)).wrap(ours).configure(routes)
                });
            }
            return bind!(setup, |ours, routes| App::new().wrap(ours).configure(routes));
        };
        match other {
            Other::Compression => beside!(setup, side, Compress::default()),
            Other::Function => beside!(setup, side, from_fn(mark)),
            Other::Door => beside!(setup, side, from_fn(enter)),
            Other::NormalizePath => beside!(setup, side, NormalizePath::trim()),
            Other::AccessLog => beside!(setup, side, AccessLog::default()),
            Other::ErrorHandlers => {
                beside!(setup, side, ErrorHandlers::new().handler(StatusCode::SERVICE_UNAVAILABLE, replace))
            }
            Other::On => bind!(setup, |ours, routes| App::new().wrap(Condition::new(true, ours)).configure(routes)),
            Other::Off => bind!(setup, |ours, routes| App::new().wrap(Condition::new(false, ours)).configure(routes)),
            Other::Pieces => bind!(setup, |ours, _routes| App::new().configure(|app| pieces(app, ours))),
            Other::Decompression
            | Other::Cors
            | Other::Timeout
            | Other::CatchPanic
            | Other::RequestIds
            | Other::Ours
            | Other::Trace
            | Other::Limit
            | Other::HandleError
            | Other::Files => unreachable!("it is for another framework"),
        }
    }

    fn call_once(setup: Setup) -> u16 {
        actix_web::rt::System::new().block_on(async move {
            let ours = ours(&setup.logger, setup.policy.as_ref());
            let app = App::new().wrap(ours).configure(|app| routes(app, &setup.act, &setup.inside));
            let app = actix_web::test::init_service(app).await;
            let request = actix_web::test::TestRequest::get().uri("/act/ann").to_request();
            actix_web::test::call_service(&app, request).await.status().as_u16()
        })
    }

    fn spawn(work: impl Future<Output = ()> + Send + 'static) -> impl Future<Output = bool> + Send {
        let task = hyperlog::actix::spawn(work);
        async { task.await.is_ok() }
    }

    fn block(work: impl FnOnce() + Send + 'static) -> impl Future<Output = bool> + Send {
        let done = hyperlog::actix::block(work);
        async { done.await.is_ok() }
    }

    fn tenant(extensions: &dyn Any) -> Option<Tenant> {
        hyperlog::actix::extension(extensions).cloned()
    }
}

fn ours(logger: &Logger, policy: Option<&SharedPolicy>) -> HyperLog {
    let ours = HyperLog.logger(logger.clone()).error_type::<Known>();
    match policy {
        Some(policy) => ours.policy(policy),
        None => ours,
    }
}

/// Runs a server that is made on its own thread.
fn run(bind: impl FnOnce() -> (SocketAddr, dev::Server) + Send + 'static) -> Server {
    let (started, starting) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let (address, server) = bind();
            started.send((address, server.handle())).expect("the scenario waits");
            server.await.expect("it serves until it is stopped");
        });
    });
    let (address, handle) = starting.recv().expect("the server starts");
    let stop = move |how: Stop| drop(handle.stop(matches!(how, Stop::Gracefully)));
    Server { address, stop: Box::new(stop), thread: Some(thread) }
}

fn routes(app: &mut web::ServiceConfig, act: &Act, inside: &Inside) {
    let act = act.clone();
    let acting = web::resource("/{name}").app_data(web::PayloadConfig::new(4 << 20)).to(
        move |name: web::Path<String>, body: web::Bytes| {
            let answer = act(Asked { name: name.into_inner(), body });
            async { say(answer.await) }
        },
    );
    match *inside {
        Inside::Rules([outer, inner]) => {
            app.service(web::scope("/act").wrap(RouteLog(outer)).service(acting.wrap(RouteLog(inner))))
        }
        Inside::Data([outer, inner]) => {
            let plain = web::resource("/plain/{name}").to(async || "plain");
            app.service(web::scope("/act").app_data(outer).service(acting.app_data(inner)).service(plain))
        }
        _ => app.service(web::scope("/act").service(acting)),
    };
    app.service(web::resource("/hello/{name}").route(web::get().to(hello)).route(web::head().to(hello)))
        .route("/fail", web::get().to(fail))
        .route("/text", web::get().to(async || "a".repeat(TEXT)))
        .route("/large", web::get().to(large))
        .route("/slow", web::get().to(async || HttpResponse::Ok().streaming(host::slowly())))
        .route("/echo", web::post().to(async |body: web::Bytes| body.len().to_string()))
        .route("/empty", web::get().to(async || HttpResponse::NoContent().body("ghost")))
        .route("/unchanged", web::get().to(async || HttpResponse::NotModified().body("ghost")))
        .route("/stream", web::get().to(async || stream(Then::Waits)))
        .route("/events", web::get().to(events))
        .route("/upgrade", web::get().to(upgrade))
        .route("/broken", web::get().to(async || stream(Then::Fails)))
        .route("/rotten", web::get().to(async || stream(Then::Panics)))
        .route("/panic", web::get().to(host::panic_later))
        .route("/number", web::get().to(async || host::panic_with_a_number()))
        .route("/rethrown", web::get().to(async || host::rethrow()))
        .route("/swallowed", web::get().to(async || host::swallow()))
        .route("/extracted", web::get().to(async |_: Rotten| "never"))
        .route("/responding", web::get().to(async || Rotten))
        .service(web::scope("/within").wrap(from_fn(burst)).route("", web::get().to(async || "never")))
        .service(web::scope("/sudden").wrap_fn(sudden).route("", web::get().to(async || "never")))
        .route("/hang", web::get().to(hang))
        .route("/gate/{name}", web::get().to(async |name: web::Path<String>| host::pass(&name).await))
        .service(web::resource("/chaos/{ending}/{size}").route(web::get().to(chaos)).route(web::head().to(chaos)))
        .service(
            web::resource("/typed/{number}").route(web::get().to(async |number: web::Path<u32>| number.to_string())),
        )
        .route("/logged/path/{number}", web::get().to(async |number: web::Path<u32>| number.to_string()))
        .route("/logged/query", web::get().to(async |asked: web::Query<HashMap<String, u32>>| asked.len().to_string()))
        .route("/logged/json", web::post().to(async |asked: web::Json<HashMap<String, u32>>| asked.len().to_string()))
        .route("/logged/body", web::post().to(async |body: web::Bytes| body.len().to_string()))
        .service(web::scope("/locked").wrap(from_fn(lock)).route("", web::get().to(async || "never")))
        .service(web::resource("/guarded/{id}").guard(guard::Post()).to(async || "posted"))
        .service(web::resource("/guarded/{name}").to(async || "got"))
        .service(web::scope("/nest").route("/{id}", web::get().to(async || "nested")))
        .service(
            web::scope("/covered")
                .default_service(web::to(async || HttpResponse::NotFound().body("the nested fallback"))),
        )
        .service(web::scope("/refused").wrap(from_fn(refuse)).route("", web::get().to(async || "never")))
        .route("/known", web::get().to(async || Err::<&str, Known>(Known(CHAIN))))
        .route("/unknown", web::get().to(async || Err::<&str, Unknown>(Unknown(CHAIN))))
        .route("/teapot", web::get().to(async || Err::<&str, Teapot>(Teapot)))
        .default_service(web::to(async || HttpResponse::NotFound().body("nowhere")));
}

/// Our middleware on everything that takes one, and one route without it.
fn pieces(app: &mut web::ServiceConfig, ours: HyperLog) {
    app.service(web::scope("/scope").wrap(ours.clone()).route("/{id}", web::get().to(async || "in a scope")))
        .service(web::resource("/resource/{id}").wrap(ours.clone()).to(async || "a resource"))
        .route("/route/{id}", web::get().to(async || "a route").wrap(ours))
        .route("/uncovered", web::get().to(uncovered))
        // Only for the compiler: the name is a value as well as a type.
        .service(web::scope("/value").wrap(HyperLog))
        .service(web::scope("/type").wrap(HyperLog::default()));
}

async fn hello(log: Log, name: web::Path<String>, request: HttpRequest) -> String {
    info!(seen = ?request.headers().get("x-request-id"), "greeting");
    info!(logger: log, "by the extractor");
    format!("hello {name}")
}

async fn uncovered(log: Log) -> &'static str {
    info!(logger: log, "by the extractor alone");
    "uncovered"
}

async fn fail() -> HttpResponse {
    HttpResponse::ServiceUnavailable().insert_header(("x-request-id", "forged")).body("try again")
}

async fn large() -> HttpResponse {
    HttpResponse::Ok().streaming(Then::Ends.after(host::content(host::LARGE), 64 * 1024))
}

async fn events() -> HttpResponse {
    HttpResponse::Ok().content_type("text/event-stream").streaming(host::events())
}

/// Says `hi`, and is done when it has heard something.
async fn upgrade(heard: web::Payload) -> HttpResponse {
    let said = futures_util::stream::iter([Ok::<_, Error>(Bytes::from_static(b"hi"))]);
    let heard = heard.take(1).filter_map(|_| ready(None));
    HttpResponse::SwitchingProtocols().upgrade("websocket").streaming(said.chain(heard))
}

async fn hang() -> &'static str {
    let _leaving = Leaving;
    info!("hanging");
    pending().await
}

async fn chaos(asked: web::Path<(String, usize)>) -> HttpResponse {
    let (ending, size) = asked.into_inner();
    match Chaos::named(&ending).body(size) {
        Ok(bytes) => HttpResponse::Ok().body(bytes),
        Err(chunks) => HttpResponse::Ok().streaming(chunks),
    }
}

/// What a scenario answers.
fn say(answer: Answer) -> HttpResponse {
    let mut response = HttpResponse::build(StatusCode::from_u16(answer.status.as_u16()).expect("it is one"));
    for (name, value) in &answer.headers {
        response.append_header((name.as_str(), value.as_bytes()));
    }
    match answer.content {
        Content::Full(bytes) => response.body(bytes),
        Content::Stream(chunks) => response.streaming(chunks),
        Content::Trailed(..) => unreachable!("its bodies have no trailers"),
    }
}

fn stream(then: Then) -> HttpResponse {
    HttpResponse::Ok().streaming(then.stream())
}

/// Panics wherever it is used.
struct Rotten;

impl FromRequest for Rotten {
    type Error = Error;
    type Future = Ready<Result<Rotten, Error>>;

    fn from_request(_: &HttpRequest, _: &mut Payload) -> Self::Future {
        panic!("{SECRET}")
    }
}

impl Responder for Rotten {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        panic!("{SECRET}")
    }
}

fn sudden<S>(_request: ServiceRequest, _service: &S) -> Ready<Result<ServiceResponse, Error>> {
    panic!("{SECRET}")
}

async fn burst(_request: ServiceRequest, _next: Next<impl MessageBody>) -> Result<ServiceResponse<BoxBody>, Error> {
    panic!("{SECRET}")
}

async fn lock(request: ServiceRequest, _next: Next<impl MessageBody>) -> Result<ServiceResponse<BoxBody>, Error> {
    Ok(request.into_response(HttpResponse::Unauthorized().finish()))
}

/// Leaves with a request who sent it, and hides a header of it.
async fn enter<B: MessageBody>(mut request: ServiceRequest, next: Next<B>) -> Result<ServiceResponse<B>, Error> {
    request.extensions_mut().insert(Tenant("acme"));
    if let Some(mood) = request.headers_mut().get_mut("x-mood") {
        mood.set_sensitive(true);
    }
    next.call(request).await
}

async fn mark<B: MessageBody>(request: ServiceRequest, next: Next<B>) -> Result<ServiceResponse<B>, Error> {
    let mut response = next.call(request).await?;
    response.headers_mut().insert(HeaderName::from_static("marked"), HeaderValue::from_static("yes"));
    Ok(response)
}

fn replace<B>(response: ServiceResponse<B>) -> actix_web::Result<ErrorHandlerResponse<B>> {
    let (request, response) = response.into_parts();
    let response = response.set_body("replaced").map_into_boxed_body().map_into_right_body();
    Ok(ErrorHandlerResponse::Response(ServiceResponse::new(request, response)))
}

async fn refuse(_request: ServiceRequest, _next: Next<impl MessageBody>) -> Result<ServiceResponse<BoxBody>, Error> {
    Err(Teapot.into())
}

/// Says one thing by its status and another by its response, which is what the client sees.
#[derive(Debug)]
struct Teapot;

impl fmt::Display for Teapot {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("short and stout")
    }
}

impl ResponseError for Teapot {
    fn error_response(&self) -> HttpResponse {
        HttpResponse::build(StatusCode::IM_A_TEAPOT).body("short and stout")
    }
}

/// Errors with causes, of a type that our middleware is told of and of one that it is not.
#[derive(Debug)]
struct Known(Chain);

#[derive(Debug)]
struct Unknown(Chain);

impl fmt::Display for Known {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, formatter)
    }
}

impl fmt::Display for Unknown {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, formatter)
    }
}

impl std::error::Error for Known {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}

impl ResponseError for Known {}
impl ResponseError for Unknown {}
