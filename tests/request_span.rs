//! With `RequestSpans`, each request is one span of `tracing`, and what a handler records on it is on the request's record.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, Once};
use std::task::{Context as TaskContext, Waker};

use actix_web::test::{TestRequest, init_service};
use actix_web::{App, HttpResponse, web};
use axum::Router;
use axum::body::Body;
use axum::response::IntoResponse;
use axum::routing::get;
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use hyperlog::tracing::{RecordLayer, RequestSpans, SpanNames};
use hyperlog::{Captured, Level, Logger, info};
use tower::ServiceExt;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::with_default;
use tracing::{Span, Subscriber, instrument};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

/// How a request is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Served,
    Failed,
    Panicked,
    /// The client goes while the handler works.
    Gone,
}

const ENDS: [End; 4] = [End::Served, End::Failed, End::Panicked, End::Gone];

impl End {
    fn of(path: &str) -> End {
        ENDS.into_iter().find(|end| end.path() == path).expect("it is one of them")
    }

    fn path(self) -> &'static str {
        match self {
            End::Served => "served",
            End::Failed => "failed",
            End::Panicked => "panicked",
            End::Gone => "gone",
        }
    }

    /// What the span says of the end: status, status for OpenTelemetry, type of the error, outcome.
    fn told(self) -> [Option<&'static str>; 4] {
        match self {
            End::Served => [Some("200"), None, None, Some("ok")],
            End::Failed => [Some("503"), Some("ERROR"), Some("503"), Some("error")],
            End::Panicked => [Some("500"), Some("ERROR"), Some("panic"), Some("panic")],
            End::Gone => [None, None, None, Some("cancelled")],
        }
    }
}

/// What both handlers do.
#[instrument(skip_all)]
async fn handle(end: End) -> u16 {
    tracing::info!("within");
    info!("ours");
    match end {
        End::Served => 200,
        End::Failed => 503,
        End::Panicked => panic!("as asked"),
        End::Gone => std::future::pending().await,
    }
}

/// What comes before it: it records on the span of the request, late.
async fn authenticate_and_handle(path: &str) -> u16 {
    Span::current().record("enduser.id", "ann").record("nobody.knows", 7);
    handle(End::of(path)).await
}

async fn ask_axum(end: End, logger: Logger) {
    let handler = async |axum::extract::Path(end): axum::extract::Path<String>| {
        let status = authenticate_and_handle(&end).await;
        (StatusCode::from_u16(status).expect("it is one"), "body").into_response()
    };
    let layer = hyperlog::axum::HyperLogLayer::new().logger(logger);
    let app: Router = Router::new().route("/end/{end}", get(handler)).layer(layer);
    let request =
        Request::get(format!("/end/{}", end.path())).header("x-request-id", "r-1").header("traceparent", PARENT);
    let call = app.oneshot(request.body(Body::empty()).expect("it is valid"));
    if end == End::Gone {
        return begin_and_go(call);
    }
    let response = call.await.expect("it cannot fail");
    response.into_body().collect().await.expect("it is whole");
}

async fn ask_actix(end: End, logger: Logger) {
    let handler = async |end: web::Path<String>| {
        let status = authenticate_and_handle(&end).await;
        HttpResponse::build(actix_web::http::StatusCode::from_u16(status).expect("it is one")).body("body")
    };
    let app = App::new().wrap(hyperlog::actix::HyperLog.logger(logger)).route("/end/{end}", web::get().to(handler));
    let app = init_service(app).await;
    let request = TestRequest::get().uri(&format!("/end/{}", end.path()));
    let request = request.insert_header(("x-request-id", "r-1")).insert_header(("traceparent", PARENT)).to_request();
    let call = actix_web::dev::Service::call(&app, request);
    if end == End::Gone {
        return begin_and_go(call);
    }
    // A panic is an error here, of which the server makes the response.
    let Ok(response) = call.await else { return };
    actix_web::body::to_bytes(response.into_body()).await.expect("it is whole");
}

/// A client that goes while it waits.
fn begin_and_go(call: impl Future) {
    let mut call = pin!(call);
    assert!(call.as_mut().poll(&mut TaskContext::from_waker(Waker::noop())).is_pending());
}

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

#[test]
fn a_request_of_axum_is_one_span_however_it_ends() {
    for end in ENDS {
        let told = told_of(|logger| block_on(ask_axum(end, logger)));
        check(end, &told);
    }
}

#[test]
fn a_request_of_actix_is_one_span_however_it_ends() {
    for end in ENDS {
        let told = told_of(|logger| actix_web::rt::System::new().block_on(ask_actix(end, logger)));
        check(end, &told);
    }
}

#[test]
fn other_layers_have_the_span_where_the_logger_wants_no_more_than_errors() {
    let (logger, _captured) = Logger::capture_with(|builder| builder.level(Level::ERROR));
    let told = told_to(logger, |logger| block_on(ask_axum(End::Served, logger)));
    let told = told.lock().expect("nobody panics over it");
    assert_eq!(told.spans().filter(|span| span.name == "request").count(), 1);
}

#[test]
fn requests_have_spans_once() {
    install();
    let error = RequestSpans::new().install().expect_err("they have some");
    assert!(error.to_string().contains("once"), "{error}");
}

#[track_caller]
fn check(end: End, (spans, records): &(Arc<Mutex<Told>>, Captured)) {
    let told = spans.lock().expect("nobody panics over it");
    let requests: Vec<&Seen> = told.spans().filter(|span| span.name == "request").collect();
    let [request] = requests[..] else { panic!("{end:?}: one span, and not {requests:?}") };
    assert_eq!((request.closed, request.inside), (1, 0), "{end:?}: it is closed once, and left as often as entered");
    let has = |key: &str| request.values.get(key).map(String::as_str);
    let path = format!("/end/{}", end.path());
    let expected = [
        ("otel.kind", "server"),
        ("otel.name", "GET /end/{end}"),
        ("http.request.method", "GET"),
        ("http.route", "/end/{end}"),
        ("url.path", &path),
        ("request_id", "r-1"),
        ("traceparent", PARENT),
        ("enduser.id", "ann"),
    ];
    for (key, value) in expected {
        assert_eq!(has(key), Some(value), "{end:?}: {key} of {request:?}");
    }
    let ending = ["http.response.status_code", "otel.status_code", "error.type", "outcome"].map(has);
    assert_eq!(ending, end.told(), "{end:?}");

    let handler = told.spans().find(|span| span.name == "handle").expect("it is instrumented");
    assert_eq!(handler.parent, Some("request"), "{end:?}: the handler's span is its child");
    assert_eq!((handler.closed, handler.inside), (1, 0), "{end:?}");

    // The record is as it would be without the span, but for what was recorded late.
    let access =
        records.records().iter().filter(|record| record.has("kind") && record.text("kind") == "access").count();
    assert_eq!(access, 1, "{end:?}: one request, one record");
    for record in records.records() {
        assert_eq!(record.text("request_id"), "r-1", "{end:?}: {record:?}");
        assert_eq!(record.text("enduser.id"), "ann", "{end:?}: {record:?}");
        let names: Vec<&str> = record.fields().iter().map(|(name, _)| name.as_str()).collect();
        let of_span =
            |name: &&str| ["otel.", "http.", "url.", "traceparent"].iter().any(|start| name.starts_with(start));
        assert!(!names.iter().any(of_span), "{end:?}: {names:?}");
        assert_eq!(names.iter().filter(|name| **name == "request_id").count(), 1, "{end:?}: {names:?}");
    }
    for message in ["within", "ours", "span closed"] {
        records.only_saying(message);
    }
}

/// What a layer beside ours is told while something is done, and what is logged meanwhile.
fn told_of(work: impl FnOnce(Logger)) -> (Arc<Mutex<Told>>, Captured) {
    let (logger, captured) = Logger::capture();
    (told_to(logger, work), captured)
}

fn told_to(logger: Logger, work: impl FnOnce(Logger)) -> Arc<Mutex<Told>> {
    install();
    let told = Arc::<Mutex<Told>>::default();
    let ours = RecordLayer::new().logger(logger.clone()).span_names(SpanNames::Shown).closing(Level::INFO);
    let subscriber = tracing_subscriber::registry().with(ours).with(Listener(told.clone()));
    with_default(subscriber, || work(logger));
    told
}

fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        RequestSpans::new().field("enduser.id").field("http.route").install().expect("nobody was here before")
    });
}

fn block_on<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("there is room");
    runtime.block_on(future)
}

/// What is told of spans, by their numbers.
#[derive(Default)]
struct Told {
    open: BTreeMap<u64, Seen>,
    closed: Vec<Seen>,
}

impl Told {
    fn spans(&self) -> impl Iterator<Item = &Seen> {
        self.closed.iter().chain(self.open.values())
    }
}

#[derive(Clone, Debug, Default)]
struct Seen {
    name: &'static str,
    parent: Option<&'static str>,
    values: BTreeMap<&'static str, String>,
    inside: i32,
    closed: u32,
}

impl Visit for Seen {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.values.insert(field.name(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.values.insert(field.name(), value.to_owned());
    }
}

/// What exports spans would be such a layer.
struct Listener(Arc<Mutex<Told>>);

impl Listener {
    fn with(&self, id: &Id, act: impl FnOnce(&mut Seen)) {
        let mut told = self.0.lock().expect("nobody panics over it");
        act(told.open.get_mut(&id.into_u64()).expect("it is open"));
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Listener {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let span = context.span(id).expect("it was just made");
        let parent = span.parent().map(|parent| parent.name());
        let mut seen = Seen { name: span.name(), parent, ..Seen::default() };
        attributes.record(&mut seen);
        self.0.lock().expect("nobody panics over it").open.insert(id.into_u64(), seen);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, S>) {
        self.with(id, |seen| values.record(seen));
    }

    fn on_enter(&self, id: &Id, _: Context<'_, S>) {
        self.with(id, |seen| seen.inside += 1);
    }

    fn on_exit(&self, id: &Id, _: Context<'_, S>) {
        self.with(id, |seen| seen.inside -= 1);
    }

    fn on_close(&self, id: Id, _: Context<'_, S>) {
        let mut told = self.0.lock().expect("nobody panics over it");
        let mut seen = told.open.remove(&id.into_u64()).expect("it is closed once");
        seen.closed += 1;
        told.closed.push(seen);
    }
}
