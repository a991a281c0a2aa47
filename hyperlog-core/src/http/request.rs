//! What a request is to its scope: what was known when it came, and what joined it on the way.
//!
//! Whatever stands inside writes here, through the scope: route layers, extractors, handlers, error types, spawned work.
//! Only the exchange reads it, once, at the end.

use crate::core::note_recorded;
use crate::field::FieldSet;
use crate::filter::directive::LevelFilter;
use crate::filter::sample::stable_hash;
use crate::http::capture::body_limit;
use crate::http::head::RequestHead;
use crate::http::policy::Policy;
use crate::http::request_id::{IdSource, RequestId};
use crate::http::route::{Access, Extra, RouteRule};
use crate::http::shown;
use crate::http::texts::Texts;
use crate::http::trace_parent::TraceParent;
use crate::keys;
use crate::logger::Logger;
use crate::recorder::Recorder;
use crate::recording::{Recording, recorder_for};
use crate::scope::{Scope, Subject};
use crate::value::{ToValue, Value};
use std::borrow::Cow;
use std::error::Error;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// What a request is to its scope.
pub(crate) struct Request {
    pub(crate) policy: Arc<Policy>,
    pub(crate) id: RequestId,
    pub(crate) id_source: IdSource,
    pub(crate) trace: Option<TraceParent>,
    pub(crate) opened: Instant,
    /// Method, path, route, user agent, query, trace state, client.
    texts: Texts<7>,
    pub(crate) has_route: bool,
    pub(crate) has_agent: bool,
    pub(crate) has_query: bool,
    pub(crate) has_client: bool,
    /// What extractors drew from its head.
    pub(crate) drawn: FieldSet,
    /// What the policy says of it, as far as that was known when it came.
    pub(crate) rule: RouteRule,
    /// Whether somebody who may asked to see all of it.
    pub(crate) is_asked_for: bool,
    /// How much of its body is to be shown.
    pub(crate) request_limit: AtomicUsize,
    recorder: OnceLock<Arc<Recorder>>,
    /// So many bytes of its body were announced, or read.
    received: AtomicU64,
    has_notes: AtomicBool,
    notes: Mutex<Written>,
}

/// Nothing joins most requests.
#[derive(Default)]
struct Written {
    notes: Option<Box<Notes>>,
    is_over: bool,
}

/// What joined a request on the way.
#[derive(Default)]
pub(crate) struct Notes {
    pub(crate) route: Option<Box<str>>,
    pub(crate) rule: RouteRule,
    pub(crate) query: Option<Box<str>>,
    pub(crate) fields: FieldSet,
    /// What it failed by: never among what had no room.
    pub(crate) error: FieldSet,
    pub(crate) times: Vec<(Box<str>, Duration)>,
    pub(crate) request_headers: FieldSet,
    pub(crate) response_headers: FieldSet,
    pub(crate) request_body: Vec<u8>,
    pub(crate) response_body: Vec<u8>,
    has_error: bool,
    /// Whether fields had no room, though each name stood there once.
    is_full: bool,
}

/// The texts of a request that are known when it comes.
#[derive(Clone, Copy)]
pub(crate) struct RequestTexts<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) route: Option<&'a str>,
    pub(crate) agent: Option<&'a str>,
    pub(crate) query: Option<&'a str>,
    pub(crate) trace_state: Option<&'a str>,
    pub(crate) client: Option<IpAddr>,
}

/// As many fields may join a request as this many bytes hold.
const MOST_BYTES_OF_FIELDS: usize = 64 << 10;
const MOST_TIMES: usize = 32;

impl Request {
    #[inline(always)]
    #[expect(clippy::too_many_arguments, reason = "all that is known of a request, once")]
    pub(crate) fn new(
        policy: Arc<Policy>,
        opened: Instant,
        id: RequestId,
        id_source: IdSource,
        trace: Option<TraceParent>,
        texts: RequestTexts<'_>,
        announced: u64,
        rule: RouteRule,
    ) -> Request {
        let RequestTexts { method, path, route, agent, query, trace_state, client } = texts;
        Request {
            policy,
            opened,
            id,
            id_source,
            trace,
            texts: Texts::new(
                [
                    method,
                    path,
                    route.unwrap_or_default(),
                    agent.unwrap_or_default(),
                    query.unwrap_or_default(),
                    trace_state.unwrap_or_default(),
                ],
                client,
            ),
            has_route: route.is_some(),
            has_agent: agent.is_some(),
            has_query: query.is_some(),
            has_client: client.is_some(),
            drawn: FieldSet::new(),
            rule,
            is_asked_for: false,
            request_limit: AtomicUsize::new(0),
            recorder: OnceLock::new(),
            received: AtomicU64::new(announced),
            has_notes: AtomicBool::new(false),
            notes: Mutex::default(),
        }
    }

    pub(crate) fn is_id_made_here(&self) -> bool {
        self.id_source == IdSource::Here
    }

    pub(crate) fn method(&self) -> &str {
        self.texts.get(0)
    }

    pub(crate) fn path(&self) -> &str {
        self.texts.get(1)
    }

    /// Who sent it.
    pub(crate) fn client(&self) -> Option<&str> {
        self.has_client.then(|| self.texts.get(6))
    }

    /// The route as it was known when the request came.
    pub(crate) fn route(&self) -> Option<&str> {
        self.has_route.then(|| self.texts.get(2))
    }

    pub(crate) fn agent(&self) -> Option<&str> {
        self.has_agent.then(|| self.texts.get(3))
    }

    pub(crate) fn query(&self) -> Option<&str> {
        self.has_query.then(|| self.texts.get(4))
    }

    fn trace_state(&self) -> Option<&str> {
        Some(self.texts.get(5)).filter(|state| !state.is_empty())
    }

    /// Whether a rule has nothing of it seen, unless it fails.
    pub(crate) fn is_passed_over(&self, rule: &RouteRule) -> bool {
        !self.is_asked_for && (rule.access == Some(Access::Quiet) || !self.is_sampled(rule))
    }

    /// Whether it is among the share of a rule: by its trace, so that all services that see one decide alike, or by its id.
    pub(crate) fn is_sampled(&self, rule: &RouteRule) -> bool {
        let Some(share) = rule.share.filter(|share| *share < 1.0) else { return true };
        let text = self.trace.as_ref().map_or(self.id.as_str(), TraceParent::trace_id);
        (stable_hash(text.as_bytes()) as f64) < share * 2_f64.powi(64)
    }

    pub(crate) fn recorder(&self) -> Option<&Arc<Recorder>> {
        self.recorder.get()
    }

    pub(crate) fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    /// So many bytes of the body were read: counted from here on, whatever was announced.
    pub(crate) fn set_received(&self, bytes: u64) {
        self.received.store(bytes, Ordering::Relaxed);
    }

    /// Writes down what joins the request, as long as it is not over.
    pub(crate) fn note<R>(&self, write: impl FnOnce(&mut Notes) -> R) -> Option<R> {
        let mut written = self.lock();
        if written.is_over {
            return None;
        }
        self.has_notes.store(true, Ordering::Release);
        Some(write(written.notes.get_or_insert_default()))
    }

    /// Keeps what the policy lists of the headers of the request, for the case that they are shown.
    pub(crate) fn note_headers(&self, head: &impl RequestHead) {
        let headers = |each: &mut dyn FnMut(_)| head.for_each_header(each);
        let token = self.policy.debug.as_ref().map(|debug| &*debug.header);
        let shown = shown::headers(&self.policy.request_headers, token, headers);
        let field = FieldSet::new().with(keys::REQUEST_HEADERS, shown.to_value());
        self.note(|notes| notes.request_headers = field);
    }

    #[inline]
    pub(crate) fn has_notes(&self) -> bool {
        self.has_notes.load(Ordering::Relaxed)
    }

    /// What joined it, and no more from now on; none if nothing did.
    pub(crate) fn end_notes(&self) -> Option<Box<Notes>> {
        std::mem::replace(&mut *self.lock(), Written { notes: None, is_over: true }).notes
    }

    /// The rule as of now.
    pub(crate) fn rule_now(&self) -> RouteRule {
        match self.has_notes.load(Ordering::Acquire) {
            true => self.lock().notes.as_ref().map_or(self.rule, |notes| notes.rule.over(self.rule)),
            false => self.rule,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Written> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The route that somebody inside told.
    pub(crate) fn noted_route(&self) -> Option<String> {
        self.lock().notes.as_ref().and_then(|notes| notes.route.as_deref().map(String::from))
    }

    /// The route as far as it is known by now.
    pub(crate) fn route_now(&self) -> Option<String> {
        self.noted_route().or_else(|| self.route().map(String::from))
    }

    /// Begins to hold records back, if a rule wants that and none are yet.
    pub(crate) fn record(&self, given: &Logger, rule: RouteRule, holds_all: bool) {
        let (level, room) = self.recorded(&rule);
        let is_wanted = holds_all || level.level().is_some() || self.policy.in_flight.is_some();
        if is_wanted && self.recorder.get().is_none() {
            let _ = self.recorder.set(recorder_for(given, level, room, holds_all));
        }
    }

    /// What all of its records bear: the id, and the trace if there is one.
    fn names(&self) -> FieldSet {
        let mut names = FieldSet::new();
        names.add(keys::REQUEST_ID, self.id.as_str());
        if let Some(trace) = &self.trace {
            names.add(keys::TRACE_ID, trace.trace_id());
        }
        names
    }

    /// The same, bound. By a macro: nothing has to be read back from a block.
    fn bind_names(&self, logger: &Logger) -> Logger {
        let request_id = self.id.as_str();
        match self.trace.as_ref().map(TraceParent::trace_id) {
            Some(trace_id) => logger.with_first(crate::fields!(request_id, trace_id)),
            None => logger.with_first(crate::fields!(request_id)),
        }
    }

    /// Has the names count where others added fields that are called alike.
    pub(crate) fn keep_names(&self, fields: &mut FieldSet) {
        let is_name = |key: &str| matches!(key, keys::REQUEST_ID | keys::TRACE_ID);
        if fields.as_fields().names().any(is_name) {
            fields.append(&self.names());
        }
    }

    /// From which level on a recorder is to hold records under this rule, and in how much room.
    fn recorded(&self, rule: &RouteRule) -> (LevelFilter, usize) {
        let asked = self.policy.debug.as_ref().filter(|_| self.is_asked_for).map(|debug| debug.level.into());
        let level = asked.into_iter().chain(rule.recorder).min().unwrap_or(LevelFilter::OFF);
        (level, rule.room.unwrap_or(Recording::ROOM))
    }
}

impl Subject for Request {
    fn logger(&self, given: &Logger) -> Logger {
        // Of what is called alike, what is bound last counts.
        let logger = match self.drawn.is_empty() {
            true => self.bind_names(given),
            false => self.bind_names(&given.with(&self.drawn)),
        };
        match self.recorder.get() {
            Some(recorder) => logger.recorded(Arc::clone(recorder)),
            None => logger,
        }
    }

    fn is_named_by(&self, key: &str) -> bool {
        key == keys::REQUEST_ID || key == keys::TRACE_ID && self.trace.is_some()
    }
}

/// What code inside a request can do with its scope. On the scope of anything else, fields are bound to all later records,
/// and the rest has no effect.
impl Scope {
    pub(crate) fn request(&self) -> Option<&Request> {
        self.subject()
    }

    /// The id of the request.
    ///
    /// ```
    /// use hyperlog_core::Scope;
    ///
    /// // Anywhere below a handler.
    /// let id = Scope::current().and_then(|scope| scope.request_id());
    /// # assert!(id.is_none());
    /// ```
    pub fn request_id(&self) -> Option<RequestId> {
        self.request().map(|request| request.id.clone())
    }

    /// Where the request stands in a distributed trace.
    pub fn trace_parent(&self) -> Option<TraceParent> {
        self.request()?.trace
    }

    /// Shows the headers that an outgoing request should bear, so that whoever gets it knows what it belongs to: the id, the
    /// correlation id if there is one, and where the request stands in its trace. The parent passes unchanged: no span of ours is written anywhere.
    pub fn for_each_outgoing_header(&self, mut each: impl FnMut(&str, &str)) {
        let Some(request) = self.request() else { return };
        each(request.policy.header_of_ids(), request.id.as_str());
        if let Some(header) = request.policy.header_of(keys::CORRELATION_ID)
            && let Some(id) = request.drawn.text(keys::CORRELATION_ID)
        {
            each(header, id);
        }
        if let Some(trace) = &request.trace {
            each(TraceParent::HEADER, trace.as_str());
            if let Some(state) = request.trace_state() {
                each(TraceParent::STATE_HEADER, state);
            }
        }
    }

    /// Adds a field to the access record alone; of two with one name the later counts. To have it on every later record,
    /// [bind](Scope::bind) it.
    pub fn add(&self, key: &str, value: impl ToValue) {
        match self.request() {
            // What shows the value may log, through this very scope: not under the lock.
            Some(request) => {
                let field = FieldSet::new().with(key, value);
                request.note(|notes| notes.add(key, &field));
            }
            None => self.bind(&FieldSet::new().with(key, value)),
        }
    }

    /// Puts an error with its causes on the access record. The first counts: it is nearest to where it happened.
    pub fn record_error(&self, error: &(dyn Error + 'static)) {
        self.record_error_value(Value::Error(error));
    }

    pub(crate) fn record_error_value(&self, error: Value<'_>) {
        self.record_error_fields(FieldSet::new().with(keys::ERROR, error));
    }

    fn record_error_fields(&self, fields: FieldSet) {
        let Some(request) = self.request() else { return };
        request.note(|notes| {
            if !std::mem::replace(&mut notes.has_error, true) {
                notes.error.append(&fields);
            }
        });
    }

    /// Puts the rejection of an argument of a handler on the access record: the extractor that rejected, as the code names
    /// it, and what it says. An error that stands there already counts more.
    pub fn record_rejection(&self, extractor: &str, error: impl ToValue) {
        self.record_error_fields(FieldSet::new().with(keys::REJECTION, extractor).with(keys::ERROR, error));
    }

    /// Puts the time that something takes on the access record, `db` as `db_ms`, until the guard is dropped. Times of one
    /// name add up.
    pub fn time(&self, name: &str) -> Timing {
        Timing { scope: self.clone(), name: name.into(), begun: Instant::now() }
    }

    /// Changes what is logged of this request.
    pub fn apply(&self, rule: RouteRule) {
        let Some(request) = self.request() else { return };
        request.note(|notes| notes.rule = rule.over(notes.rule));
        let now = request.rule_now();
        let holds_all = request.is_passed_over(&now);
        match request.recorder() {
            Some(recorder) => {
                // It may be there for another reason, and hold nothing yet.
                if rule.recorder.is_some() || rule.room.is_some() {
                    let (level, room) = request.recorded(&now);
                    note_recorded(level);
                    recorder.want(level, room);
                }
                if holds_all {
                    recorder.hold_all();
                }
            }
            None if holds_all || rule.recorder.is_some() => {
                request.record(self.given(), now, holds_all);
                if let (Some(recorder), true) = (request.recorder(), self.is_touched()) {
                    self.rebind(|logger| logger.recorded(Arc::clone(recorder)));
                }
            }
            None => {}
        }
    }

    /// [`Scope::apply`], from a place that sees the head of the request: what a rule wants shown of it is taken from there.
    #[doc(hidden)]
    pub fn apply_at(&self, rule: RouteRule, head: &impl RequestHead) {
        self.apply(rule);
        let Some(request) = self.request() else { return };
        if rule.shows(Extra::Query)
            && let Some(query) = head.query()
        {
            request.note(|notes| notes.query = Some(query.into()));
        }
        if rule.shows(Extra::RequestHeaders) {
            request.note_headers(head);
        }
        if rule.shows(Extra::RequestBody) {
            let limit = body_limit(&request.policy, &rule, Extra::RequestBody, |name| head.header(name));
            request.request_limit.store(limit, Ordering::Relaxed);
        }
    }

    /// Tells the pattern of the route, from a place that knows it.
    pub fn set_route(&self, route: &str) {
        let Some(request) = self.request() else { return };
        request.note(|notes| notes.route = Some(route.into()));
    }
}

impl Notes {
    fn add(&mut self, key: &str, field: &FieldSet) {
        // As encoders call the record's own, which count: a name must not stand twice.
        if matches!(key, "duration_ms" | "ttfb_ms") {
            return;
        }
        let fields = match key {
            keys::ERROR | keys::LOCATION | keys::PANIC_ID => &mut self.error,
            _ => &mut self.fields,
        };
        if fields.size() >= MOST_BYTES_OF_FIELDS && !std::mem::replace(&mut self.is_full, true) {
            *fields = fields.latest();
        }
        if fields.size() < MOST_BYTES_OF_FIELDS {
            self.is_full = false;
            fields.append(field);
        }
    }

    /// What was added, each name once if there is much.
    pub(crate) fn added(&self) -> Cow<'_, FieldSet> {
        const FEW: usize = 32;
        if self.fields.count() <= FEW { Cow::Borrowed(&self.fields) } else { Cow::Owned(self.fields.latest()) }
    }
}

/// Measures until it is dropped: see [`Scope::time`].
#[must_use = "the time ends when this is dropped, at once if it is not kept"]
pub struct Timing {
    scope: Scope,
    name: Box<str>,
    begun: Instant,
}

impl Drop for Timing {
    fn drop(&mut self) {
        let Some(request) = self.scope.request() else { return };
        let (name, taken) = (std::mem::take(&mut self.name), self.begun.elapsed());
        request.note(|notes| {
            let has_room = notes.times.len() < MOST_TIMES;
            match notes.times.iter_mut().find(|(other, _)| *other == name) {
                Some((_, sum)) => *sum += taken,
                None if has_room => notes.times.push((name, taken)),
                None => {}
            }
        });
    }
}

impl std::fmt::Debug for Timing {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Timing").field("name", &self.name).finish_non_exhaustive()
    }
}
