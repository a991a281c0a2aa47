//! A span of `tracing` for each request: for layers that export spans, and for handlers that record on the current one.
//!
//! The request is told by its own record, so that our own layer makes no context of this span: it is the request's scope
//! itself. What a handler records on it late is bound to the request.

use crate::crossing::CROSSING;
use hyperlog_core::bridge::Way;
use hyperlog_core::http::{Begun, Ended, OpenSpan, Outcome, RequestSpan, TraceParent, set_request_spans};
use hyperlog_core::keys;
use std::error::Error;
use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, Ordering};
use tracing_core::callsite::{self, Callsite, Identifier};
use tracing_core::field::{FieldSet, Value, ValueSet, display};
use tracing_core::metadata::{Kind, LevelFilter};
use tracing_core::span::{Attributes, Id, Record};
use tracing_core::subscriber::Interest;
use tracing_core::{Dispatch, Level, Metadata, dispatcher};

/// Opens a span named `request` for each request that a layer or middleware of hyperlog sees, with the names that
/// OpenTelemetry has for its fields.
///
/// It is opened when the request comes in, entered whenever the request is worked on, and closed when its last byte is out,
/// or with whatever else it ends by. Spans and events of the handler are inside.
///
/// ```
/// use hyperlog_tracing::RequestSpans;
///
/// RequestSpans::new().field("enduser.id").install()?;
/// // and in a handler:
/// tracing::Span::current().record("enduser.id", "ann");
/// # Ok::<(), hyperlog_tracing::RequestSpansError>(())
/// ```
#[derive(Debug, Default)]
#[must_use = "it opens no spans until it is installed"]
pub struct RequestSpans {
    late: Vec<&'static str>,
}

impl RequestSpans {
    /// With the fields that every such span has.
    pub fn new() -> RequestSpans {
        RequestSpans::default()
    }

    /// A field that handlers are going to record: `tracing` wants to know all names of a span beforehand. What is recorded
    /// is on the request's later records too, its own among them.
    pub fn field(mut self, name: &'static str) -> RequestSpans {
        if !NAMES.contains(&name) && !self.late.contains(&name) {
            self.late.push(name);
        }
        self
    }

    /// From now on each request has a span, in the subscriber that is current where it comes in.
    ///
    /// # Errors
    ///
    /// When that is so already.
    pub fn install(self) -> Result<(), RequestSpansError> {
        PLACE.describe(self.late)?;
        callsite::register(&PLACE);
        set_request_spans(&Spans).map_err(|_| RequestSpansError(()))
    }
}

/// Requests have spans already.
#[derive(Debug)]
pub struct RequestSpansError(());

impl fmt::Display for RequestSpansError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .write_str("cannot open spans for requests: they have some already; install `RequestSpans` once, in `main`")
    }
}

impl Error for RequestSpansError {}

/// What every such span has.
const NAMES: [&str; 11] =
    [OTEL_NAME, OTEL_KIND, METHOD, ROUTE, PATH, REQUEST_ID, TRACE_PARENT, STATUS, OTEL_STATUS, ERROR_TYPE, OUTCOME];
const OTEL_NAME: &str = "otel.name";
const OTEL_KIND: &str = "otel.kind";
const METHOD: &str = "http.request.method";
const ROUTE: &str = "http.route";
const PATH: &str = "url.path";
const REQUEST_ID: &str = keys::REQUEST_ID;
const TRACE_PARENT: &str = TraceParent::HEADER;
const STATUS: &str = "http.response.status_code";
const OTEL_STATUS: &str = "otel.status_code";
const ERROR_TYPE: &str = keys::ERROR_TYPE;
const OUTCOME: &str = keys::OUTCOME;

/// The place in the program that all of these spans are from. It has no line: `tracing` wants to know of places what only
/// `install` knows of this one.
static PLACE: Place = Place { metadata: OnceLock::new(), interest: AtomicU8::new(SOMETIMES) };

struct Place {
    metadata: OnceLock<Metadata<'static>>,
    interest: AtomicU8,
}

const NEVER: u8 = 0;
const SOMETIMES: u8 = 1;
const ALWAYS: u8 = 2;

/// Whether this describes the spans of requests.
pub(crate) fn is_place(metadata: &Metadata<'_>) -> bool {
    PLACE.metadata.get().is_some_and(|own| std::ptr::from_ref(own).addr() == std::ptr::from_ref(metadata).addr())
}

impl Place {
    fn describe(&'static self, late: Vec<&'static str>) -> Result<(), RequestSpansError> {
        let mut is_first = false;
        self.metadata.get_or_init(|| {
            is_first = true;
            let names = NAMES.into_iter().chain(late).collect::<Vec<_>>().leak();
            let fields = FieldSet::new(names, Identifier(self));
            Metadata::new("request", "hyperlog::http", Level::INFO, None, None, None, fields, Kind::SPAN)
        });
        if is_first { Ok(()) } else { Err(RequestSpansError(())) }
    }

    fn known(&'static self) -> &'static Metadata<'static> {
        self.metadata.get().expect("it is described before anybody hears of it")
    }

    fn is_wanted_by(&'static self, dispatch: &Dispatch) -> bool {
        match self.interest.load(Ordering::Relaxed) {
            NEVER => false,
            ALWAYS => true,
            _ => dispatch.enabled(self.known()),
        }
    }
}

impl Callsite for Place {
    fn set_interest(&self, interest: Interest) {
        let interest = match (interest.is_never(), interest.is_always()) {
            (true, _) => NEVER,
            (_, true) => ALWAYS,
            _ => SOMETIMES,
        };
        self.interest.store(interest, Ordering::Relaxed);
    }

    fn metadata(&self) -> &Metadata<'_> {
        self.metadata.get().expect("it is described before anybody hears of it")
    }
}

/// What opens them.
struct Spans;

impl OpenSpan for Spans {
    fn open(&self, begun: &Begun<'_>) -> Option<Box<dyn RequestSpan>> {
        if LevelFilter::current() < Level::INFO {
            return None;
        }
        let dispatch = dispatcher::get_default(|dispatch| PLACE.is_wanted_by(dispatch).then(|| dispatch.clone()))?;
        let name = name_of(begun.method, begun.route);
        let (id, parent) = (display(begun.id), begun.trace.map(display));
        let route = begun.route.as_ref().map(|route| route as &dyn Value);
        let parent = parent.as_ref().map(|parent| parent as &dyn Value);
        let attributes: [(&str, Option<&dyn Value>); 7] = [
            (OTEL_NAME, Some(&name)),
            (OTEL_KIND, Some(&"server")),
            (METHOD, Some(&begun.method)),
            (ROUTE, route),
            (PATH, Some(&begun.path)),
            (REQUEST_ID, Some(&id)),
            (TRACE_PARENT, parent),
        ];
        let id = with_values(&attributes, |values| dispatch.new_span(&Attributes::new(PLACE.known(), values)));
        Some(Box::new(Open { dispatch, id, had_route: begun.route.is_some() }))
    }
}

/// The span of a request that has not ended.
struct Open {
    dispatch: Dispatch,
    id: Id,
    had_route: bool,
}

impl RequestSpan for Open {
    fn enter(&self) {
        self.dispatch.enter(&self.id);
    }

    fn leave(&self) {
        self.dispatch.exit(&self.id);
    }

    fn end(&self, ended: &Ended<'_>) {
        let late_route = ended.route.filter(|_| !self.had_route);
        let name = late_route.map(|route| name_of(ended.method, Some(route)));
        let status = ended.status.map(u64::from);
        let has_failed = matches!(ended.outcome, Outcome::Error | Outcome::Panic | Outcome::BodyError);
        let status_text = ended.status.filter(|status| *status >= 500).map(|status| status.to_string());
        let error_type = match (ended.outcome, &status_text) {
            (Outcome::Error, Some(status)) => status,
            (outcome, _) => outcome.name(),
        };
        let outcome = ended.outcome.name();
        let values: [(&str, Option<&dyn Value>); 6] = [
            (OTEL_NAME, name.as_ref().map(|name| name as &dyn Value)),
            (ROUTE, late_route.as_ref().map(|route| route as &dyn Value)),
            (STATUS, status.as_ref().map(|status| status as &dyn Value)),
            (OTEL_STATUS, has_failed.then_some(&"ERROR" as &dyn Value)),
            (ERROR_TYPE, has_failed.then_some(&error_type as &dyn Value)),
            (OUTCOME, Some(&outcome)),
        ];
        with_values(&values, |values| self.dispatch.record(&self.id, &Record::new(values)));
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.dispatch.try_close(self.id.clone());
    }
}

/// What OpenTelemetry calls a request: by its route, since there are few of them.
fn name_of(method: &str, route: Option<&str>) -> String {
    route.map_or_else(|| method.to_owned(), |route| format!("{method} {route}"))
}

/// Gives values to a subscriber. They are ours: our own layer has no use for them.
fn with_values<R, const N: usize>(named: &[(&str, Option<&dyn Value>); N], act: impl FnOnce(&ValueSet<'_>) -> R) -> R {
    let fields = PLACE.known().fields();
    let values = named.map(|(name, value)| (fields.field(name).expect("it is one of ours"), value));
    let values = values.each_ref().map(|(field, value)| (field, *value));
    Way::Outward.take(&CROSSING, || act(&fields.value_set(&values)))
}
