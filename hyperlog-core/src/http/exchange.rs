//! A request from its first line to the last byte of its response, as one owned value.
//!
//! The value moves from the call to the future to the body, so that there is always exactly one place that knows how the
//! request stands, and `Drop` sees to it that no ending goes untold.

use crate::field::FieldSet;
use crate::filter::directive::LevelFilter;
use crate::http::access::{Access as AccessRecord, AccessResponse};
use crate::http::capture::{RequestMeter, body_limit, keep};
use crate::http::client_ip::client_ip;
use crate::http::ended::Ended;
use crate::http::event::log_event;
use crate::http::flight::Ticket;
use crate::http::head::{RequestHead, ResponseHead};
use crate::http::outcome::Outcome;
use crate::http::path::shown_path;
use crate::http::policy::{InboundIds, Policy, Reply};
use crate::http::polls::Polls;
use crate::http::problem::{PROBLEM_JSON, internal_server_error};
use crate::http::request::{Notes, Request, RequestTexts};
use crate::http::request_id::{IdSource, RequestId};
use crate::http::route::{Extra, RouteRule};
use crate::http::rpc::Rpc;
use crate::http::shown;
use crate::http::span::{self, Begun, OpenSpan, Opened};
use crate::http::trace_parent::TraceParent;
use crate::http::verdict::Verdict;
use crate::keys;
use crate::level::Level;
use crate::logger::{Logger, Pass};
use crate::panic::{self, Origin, Panic};
use crate::recorder::Told;
use crate::scope::{Entered, Scope, Work};
use crate::value::{ToValue, Value};
use crate::workspace::Workspace;
use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A request and its response: opened, routed, responded, sent, closed.
///
/// However it ends, it writes one access record, through the scope's logger. Dropped before [`Exchange::close`] or
/// [`Exchange::failed`], it was cancelled, unless nothing was missing.
///
/// ```
/// use hyperlog_core::Logger;
/// use hyperlog_core::http::{Exchange, Header, Policy, RequestHead, ResponseHead};
/// use std::sync::Arc;
/// # struct Request;
/// # impl RequestHead for Request {
/// #     fn method(&self) -> &str { "GET" }
/// #     fn path(&self) -> &str { "/users/7" }
/// #     fn route(&self) -> Option<&str> { Some("/users/{id}") }
/// #     fn header(&self, _: &str) -> Option<&[u8]> { None }
/// #     fn for_each_header<'h>(&'h self, _: &mut dyn FnMut(Header<'h>)) {}
/// # }
/// # struct Response;
/// # impl ResponseHead for Response {
/// #     fn status(&self) -> u16 { 200 }
/// #     fn header(&self, _: &str) -> Option<&[u8]> { None }
/// #     fn for_each_header<'h>(&'h self, _: &mut dyn FnMut(Header<'h>)) {}
/// #     fn body_size(&self) -> Option<u64> { Some(5) }
/// # }
///
/// let (logger, captured) = Logger::capture();
/// let mut exchange = Exchange::open(&logger, &Arc::new(Policy::new()), &Request);
/// exchange.responded(&Response);
/// exchange.sent(5);
/// exchange.close();
///
/// let record = captured.only();
/// assert_eq!(record.text("kind"), "access");
/// assert_eq!(record.text("route"), "/users/{id}");
/// assert_eq!(record.text("outcome"), "ok");
/// assert_eq!(record.number("response_bytes"), 5.0);
/// ```
#[must_use = "an exchange that is dropped is over"]
pub struct Exchange {
    work: Work<Request>,
    route: Routed,
    responded: Option<Responded>,
    sent: u64,
    /// How much of the response's body is to be shown.
    response_limit: usize,
    is_head: bool,
    is_multiplexed: bool,
    has_panicked: bool,
    is_closed: bool,
    /// What the record is going to say beside what every record does.
    fields: FieldSet,
    /// None unless somebody wants to know.
    polls: Option<Box<Polls>>,
    rpc: Option<Rpc>,
    /// A panic that something inside caught before we could.
    swallowed: Option<Panic>,
    ticket: Option<Ticket>,
    /// What another facade keeps open meanwhile.
    span: Option<Opened>,
}

/// What is known of the route, beyond what was when the request came.
enum Routed {
    AsOpened,
    /// Nobody has asked yet.
    Later,
    Nowhere,
    To(Box<str>),
}

/// What is known once there is a response.
#[derive(Clone, Copy)]
struct Responded {
    status: u16,
    after: Duration,
    extent: Extent,
    /// Whether anybody asked for the body.
    is_polled: bool,
}

/// How much of a body there is going to be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Extent {
    /// None at all, whatever the framework may hold.
    Nothing,
    /// As many bytes as the client was promised.
    Bytes(u64),
    /// As much as comes until it ends.
    Unknown,
    /// As much as comes until someone leaves.
    Endless,
}

/// What brought an exchange to its end.
enum Ending<'a> {
    /// The body is complete.
    Complete,
    /// The service or the body gave an error.
    Failed(Value<'a>),
    /// It was let go of.
    Dropped,
}

impl Exchange {
    /// A request has come in. Its scope logs through a child of this logger that knows the request's id.
    pub fn open(logger: &Logger, policy: &Arc<Policy>, head: &impl RequestHead) -> Exchange {
        let opened = Instant::now();
        let headers = head.usual_headers();
        let (id, id_source) = accept_id(policy, head, headers.request_id);
        let trace = headers.trace_parent.and_then(TraceParent::parse);
        let trace_state = trace.and_then(|_| trace_state(head));
        let route_comes_later = head.is_routed_later() && !policy.asks_for_routes_at_once();
        let route = if route_comes_later { None } else { head.route() };
        let (method, path) = (head.method(), head.path());
        let rule = policy.rule_for(route, path);
        let agent = headers.user_agent.map(text_of);
        let texts = RequestTexts {
            method,
            path,
            route,
            agent: agent.as_deref(),
            query: if rule.shows(Extra::Query) { head.query() } else { None },
            trace_state: trace_state.as_deref(),
            client: client_ip(head, &policy.trusted),
        };
        let announced = headers.content_length.and_then(parse_length).unwrap_or(0);
        let mut request = Request::new(Arc::clone(policy), opened, id, id_source, trace, texts, announced, rule);
        request.is_asked_for = policy.is_asked_for(head);
        policy.extract_from_request(head, &mut request.drawn);
        request.request_limit = body_limit(policy, &rule, Extra::RequestBody, |name| head.header(name)).into();
        request.record(logger, rule, request.is_passed_over(&rule));
        let is_head = method == "HEAD";
        let rpc = Rpc::of(headers.content_type);
        let polls = (rule.shows(Extra::Polls) || policy.slow_poll.is_some()).then(Box::default);
        if rule.shows(Extra::RequestHeaders) {
            request.note_headers(head);
        }
        let work = Work::new(logger.clone(), request);
        let ticket = policy.in_flight.as_ref().map(|in_flight| in_flight.enter(work.scope(), opened));
        let mut exchange = Exchange {
            work,
            route: if route_comes_later { Routed::Later } else { Routed::AsOpened },
            responded: None,
            sent: 0,
            response_limit: 0,
            is_head,
            is_multiplexed: head.is_multiplexed(),
            has_panicked: false,
            is_closed: false,
            fields: FieldSet::new(),
            polls,
            rpc,
            swallowed: None,
            ticket,
            span: None,
        };
        if let Some(opener) = span::opener() {
            exchange.open_span(opener);
        }
        if rule.shows(Extra::Start) {
            exchange.tell_start();
        }
        exchange
    }

    #[cold]
    #[inline(never)]
    fn open_span(&mut self, opener: &dyn OpenSpan) {
        let entered = self.enter();
        let request = self.request();
        let begun = Begun {
            id: &request.id,
            method: request.method(),
            route: request.route(),
            path: &self.shown_path(request.route()),
            trace: request.trace.as_ref(),
        };
        self.span = Opened::of(opener, &begun);
        drop(entered);
    }

    fn request(&self) -> &Request {
        self.work.subject()
    }

    /// What everything that works on this request shares.
    pub fn scope(&self) -> Scope {
        self.work.scope()
    }

    /// The id of the request.
    pub fn id(&self) -> &RequestId {
        &self.request().id
    }

    /// The name of the header that carries the id, in lower case.
    pub fn id_header(&self) -> &str {
        self.request().policy.header_of_ids()
    }

    /// Makes the request's scope current until the guard is dropped.
    pub fn enter(&self) -> Entered {
        self.scope().into_entered()
    }

    /// Runs a piece of the request, one poll say, in its scope. None if it panicked, which is told then.
    ///
    /// # Panics
    ///
    /// With the panic of the work, once that is told, if the policy wants it so.
    pub fn run<R>(&mut self, work: impl FnOnce() -> R) -> Option<R> {
        let entered = self.enter();
        if let Some(responded) = &mut self.responded {
            responded.is_polled = true;
        }
        let begun = self.polls.is_some().then(Instant::now);
        let mut swallowed = None;
        let inside = self.span.as_ref().map(Opened::enter);
        let result = panic::catch_with(work, &mut swallowed);
        drop(inside);
        if swallowed.is_some() {
            self.swallowed = swallowed;
        }
        if let (Some(polls), Some(begun)) = (&mut self.polls, begun) {
            polls.add(begun.elapsed());
            self.tell_slow_poll(begun.elapsed());
        } else if self.request().has_notes() && self.request().rule_now().shows(Extra::Polls) {
            // Wanted by a rule inside: from the next poll on.
            self.polls = Some(Box::default());
        }
        match result {
            Ok(result) => Some(result),
            Err(panic) => {
                self.recover(panic, entered);
                None
            }
        }
    }

    /// Drops a piece of the request in its scope, a future or a body. A panic of its destructors is told as in
    /// [`Exchange::run`], though nothing was polled; one that meets another under way is left to the language.
    ///
    /// # Panics
    ///
    /// With that panic, once it is told, if the policy wants it so.
    pub fn let_go(&mut self, piece: impl FnOnce()) {
        let entered = self.enter();
        let inside = self.span.as_ref().map(Opened::enter);
        if std::thread::panicking() {
            return piece();
        }
        let result = panic::catch(piece);
        drop(inside);
        if let Err(panic) = result {
            self.recover(panic, entered);
        }
    }

    /// Tells a panic, and lets it go on if the policy wants it so.
    #[cold]
    fn recover(&mut self, panic: Panic, entered: Entered) {
        self.panicked(&panic);
        if self.request().policy.resumes_panics() {
            self.close();
            drop(entered);
            panic.resume();
        }
    }

    fn panicked(&mut self, panic: &Panic) {
        if std::mem::replace(&mut self.has_panicked, true) {
            return;
        }
        let number = panic.tell(&self.scope().logger(), Origin::Here);
        let mut fields = FieldSet::new();
        fields.add(keys::ERROR, panic.message());
        match panic.location() {
            Some(location) => fields.add(keys::LOCATION, location),
            None => fields.add(keys::RETHROWN, true),
        };
        fields.add(keys::PANIC_ID, number);
        // Behind what the handler wrote down: of two errors the panic is what the request failed by.
        self.request().note(|notes| _ = notes.error.append(&fields));
    }

    /// The route is known now, or it is known that there is none.
    pub fn routed(&mut self, route: Option<String>) {
        self.route = match route {
            Some(route) if self.request().route() == Some(&*route) => Routed::AsOpened,
            Some(route) => Routed::To(route.into()),
            None => Routed::Nowhere,
        };
    }

    /// The same, if nobody has asked yet, from the path: for a request that ends before anything better is known.
    pub fn routed_by(&mut self, route_of: impl FnOnce(&str) -> Option<String>) {
        if matches!(self.route, Routed::Later) {
            self.routed(route_of(self.request().path()));
        }
    }

    /// What the client gets instead of a response when the handler panicked.
    pub fn panic_reply(&self) -> Reply {
        let request = self.request();
        if let Some(rpc) = &self.rpc {
            return rpc.panic_reply();
        }
        request.policy.own_reply(&request.id).unwrap_or_else(|| Reply {
            status: 500,
            content_type: PROBLEM_JSON.to_owned(),
            body: internal_server_error(&request.id),
            headers: Vec::new(),
        })
    }

    /// Puts an error of which only the text is known on the record, unless one stands there.
    pub fn record_error_text(&self, error: impl ToValue) {
        self.scope().record_error_value(error.to_value());
    }

    /// A rule that is known only now, and counts less than what was said inside; with the query, which it may want shown.
    pub fn apply_before(&self, rule: RouteRule, query: &str) {
        self.request().note(|notes| {
            notes.rule = notes.rule.over(rule);
            if rule.shows(Extra::Query) && !query.is_empty() {
                notes.query.get_or_insert_with(|| query.into());
            }
        });
    }

    /// There is a response; its body is still to come.
    pub fn responded(&mut self, head: &impl ResponseHead) {
        let request = self.request();
        let (status, after) = (head.status(), request.opened.elapsed());
        let extent = Extent::of(self.is_head, head);
        let rule = request.rule_now();
        let policy = Arc::clone(&request.policy);
        if status >= 500
            && let Some(swallowed) = self.swallowed.take()
        {
            self.panicked(&swallowed);
        }
        if rule.shows(Extra::ResponseHeaders) {
            let headers = |each: &mut dyn FnMut(_)| head.for_each_header(each);
            let shown = shown::headers(&policy.response_headers, None, headers);
            let field = FieldSet::new().with(keys::RESPONSE_HEADERS, shown.to_value());
            self.request().note(|notes| notes.response_headers = field);
        }
        policy.extract_from_response(head, &mut self.fields);
        if let Some(cause) = head.cause() {
            self.scope().record_error(cause);
        }
        if let Some(rpc) = &mut self.rpc {
            rpc.read(|name| head.header(name));
        }
        self.response_limit = body_limit(&policy, &rule, Extra::ResponseBody, |name| head.header(name));
        self.responded = Some(Responded { status, after, extent, is_polled: false });
        let tells_open = rule.shows(Extra::Open) || head.may_miss_the_end() && !rule.hides(Extra::Open);
        if tells_open && matches!(extent, Extent::Unknown | Extent::Endless) {
            self.tell_open(status, after);
        }
        if status == SWITCHING_PROTOCOLS {
            if let Some(protocol) = head.header("upgrade").map(text_of) {
                self.fields.add(keys::UPGRADE, protocol);
            }
            // What comes next is another protocol's.
            self.close();
        }
    }

    /// The value of a `server-timing` header for the response, if the policy wants one and something took time.
    pub fn server_timing(&self) -> Option<String> {
        let request = self.request();
        if !request.policy.shows_times() {
            return None;
        }
        let taken = |name: &str, time: Duration| format!("{name};dur={:.3}", time.as_secs_f64() * 1000.0);
        let mut parts = vec![taken("app", request.opened.elapsed())];
        request.note(|notes| {
            let token = |name: &str| name.replace(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_', "-");
            parts.extend(notes.times.iter().map(|(name, time)| taken(&token(name), *time)));
        });
        Some(parts.join(", "))
    }

    /// What counts the body of the request as it is read.
    pub fn request_meter(&self) -> RequestMeter {
        RequestMeter { scope: self.scope(), received: 0 }
    }

    /// Whether [`Exchange::show`] wants to see what is sent.
    #[inline]
    pub fn shows_body(&self) -> bool {
        self.response_limit > 0
    }

    /// A piece of the response's body, for the record.
    pub fn show(&mut self, piece: &[u8]) {
        let limit = self.response_limit;
        self.request().note(|notes| keep(piece, limit, &mut notes.response_body));
    }

    /// What comes now is not seen whole: nothing more is shown, since no gap would be seen either.
    pub fn show_no_more(&mut self) {
        self.response_limit = 0;
    }

    /// The body ended with trailers.
    pub fn trailers<'t>(&mut self, header: impl Fn(&str) -> Option<&'t [u8]>) {
        if let Some(rpc) = &mut self.rpc {
            rpc.read(header);
        }
    }

    /// So many bytes of the body were handed to the transport, which lets them fall where there may be no body.
    pub fn sent(&mut self, bytes: usize) {
        if !matches!(self.responded, Some(Responded { extent: Extent::Nothing, .. })) {
            self.sent = self.sent.saturating_add(bytes as u64);
        }
    }

    /// The response is complete. Of all that ends an exchange only the first counts.
    pub fn close(&mut self) {
        self.end(Ending::Complete);
    }

    /// The service gave an error instead of a response, or the body broke off with one.
    pub fn failed(&mut self, error: impl ToValue) {
        self.end(Ending::Failed(error.to_value()));
    }

    fn end(&mut self, ending: Ending<'_>) {
        if std::mem::replace(&mut self.is_closed, true) {
            return;
        }
        let span = self.span.take();
        let inside = span.as_ref().map(Opened::enter);
        self.tell(ending, span.as_ref());
        drop(inside);
        if let Some(span) = span {
            span.close();
        }
    }

    fn tell(&mut self, ending: Ending<'_>, span: Option<&Opened>) {
        // Of what is over nobody tells that it is open.
        drop(self.ticket.take());
        let outcome = self.outcome(&ending);
        let duration = self.request().opened.elapsed();
        let notes = self.request().end_notes();
        let mut fields = std::mem::take(&mut self.fields);
        if let Ending::Failed(error) = ending {
            fields.add(keys::ERROR, error);
        }
        let request = self.request();
        let noted_route = notes.as_deref().and_then(|notes| notes.route.as_deref());
        let route = noted_route.or(match &self.route {
            Routed::AsOpened => request.route(),
            Routed::Later | Routed::Nowhere => None,
            Routed::To(route) => Some(route),
        });
        let policy = &request.policy;
        let rule = self.rule_at_end(route, notes.as_deref());
        let ended = Ended {
            id: &request.id,
            trace: request.trace.as_ref(),
            method: request.method(),
            route,
            path: request.path(),
            status: self.responded.map(|responded| responded.status),
            outcome,
            duration,
            time_to_first_byte: self.responded.map(|responded| responded.after),
            request_bytes: request.received(),
            response_bytes: self.sent,
        };
        let verdict = Verdict::of(&ended, request, &rule);
        let told = self.settle_recorder(&verdict, &rule);
        policy.tell_observers(&ended);
        if let Some(span) = span {
            span.end(&ended);
        }
        if !verdict.is_seen {
            return;
        }
        self.complete(&mut fields, &rule, &verdict, told, route, notes.as_deref());
        let is_touched = self.work.is_touched();
        if is_touched {
            request.keep_names(&mut fields);
        }
        // Where bound fields have to go, the id and the trace may be among them.
        let has_room = || self.scope().with_logger(|logger| logger.has_room_for(fields.count()));
        let is_bound = is_touched && (fields.is_empty() || has_room());
        let path = self.shown_path(route);
        let access = AccessRecord {
            request,
            route,
            path: &path,
            response: self.responded.map(|Responded { status, after, .. }| AccessResponse {
                status,
                after,
                bytes: self.sent,
            }),
            outcome,
            duration,
            is_bound,
        };
        let write = |logger: &Logger| access.write(logger, verdict.level, !verdict.is_kept, Pass::at(verdict.rate));
        let write_with_fields = |logger: &Logger| match fields.is_empty() {
            true => write(logger),
            false => write(&logger.with_first(&fields)),
        };
        match is_touched {
            true => self.scope().with_logger(write_with_fields),
            false if request.drawn.is_empty() => write_with_fields(self.work.given()),
            false => write_with_fields(&self.work.given().with(&request.drawn)),
        }
    }

    /// What the policy says of the route that it was in the end, and whoever stood inside.
    fn rule_at_end(&self, route: Option<&str>, notes: Option<&Notes>) -> RouteRule {
        let request = self.request();
        let is_as_opened = route == request.route();
        let of_policy = match is_as_opened {
            true => request.rule,
            false => request.policy.rule_for(route, request.path()),
        };
        notes.map_or(of_policy, |notes| notes.rule.over(of_policy))
    }

    fn settle_recorder(&self, verdict: &Verdict, rule: &RouteRule) -> Told {
        let request = self.request();
        let Some(recorder) = request.recorder() else { return Told::default() };
        // Somebody inside may have turned it off, when it held something already.
        let is_off = rule.recorder == Some(LevelFilter::OFF) && !request.is_asked_for;
        match verdict.shows_held && !is_off {
            true => Workspace::lend(|workspace| recorder.tell(&workspace.tools.place)),
            false => {
                // Held on the way, and no longer to be.
                if (verdict.is_seen || verdict.shows_held) && recorder.holds_all() {
                    Workspace::lend(|workspace| recorder.give_up_wanted(&workspace.tools.place));
                }
                // What is merely not told of is no loss.
                Told { held: 0, lost: recorder.forget() }
            }
        }
    }

    /// What only some records say.
    fn complete(
        &self,
        fields: &mut FieldSet,
        rule: &RouteRule,
        verdict: &Verdict,
        told: Told,
        route: Option<&str>,
        notes: Option<&Notes>,
    ) {
        let request = self.request();
        if let Some(rpc) = &self.rpc {
            rpc.tell(request.path(), fields);
        }
        if rule.shows(Extra::Params)
            && let Some(route) = route
        {
            fields.add(keys::PARAMS, shown::params(route, request.path()).to_value());
        }
        let query = notes.and_then(|notes| notes.query.as_deref()).or(request.query());
        if let Some(query) = query.filter(|_| rule.shows(Extra::Query)) {
            fields.add(keys::QUERY, shown::query(query).to_value());
        }
        if verdict.is_slow {
            fields.add(keys::SLOW, true);
        }
        if let Some(reason) = verdict.keep_reason {
            fields.add(keys::KEEP_REASON, reason);
        }
        if told.held > 0 {
            fields.add(keys::HELD, told.held);
        }
        if told.lost > 0 {
            fields.add(keys::HELD_LOST, told.lost);
        }
        if let Some(polls) = self.polls.as_ref().filter(|_| rule.shows(Extra::Polls)) {
            polls.tell(fields);
        }
        if let Some(notes) = notes {
            // Before what a handler added, of which there may be more than a record has room for.
            fields.append(&notes.error);
            for (name, time) in &notes.times {
                fields.add(name, *time);
            }
            // What was kept on the way may be no longer to be shown.
            let headers =
                [(Extra::RequestHeaders, &notes.request_headers), (Extra::ResponseHeaders, &notes.response_headers)];
            for (_, headers) in headers.into_iter().filter(|(extra, _)| rule.shows(*extra)) {
                fields.append(headers);
            }
            let bodies = [
                (Extra::RequestBody, keys::REQUEST_BODY, &notes.request_body, request.received()),
                (Extra::ResponseBody, keys::RESPONSE_BODY, &notes.response_body, self.sent),
            ];
            for (_, key, body, length) in
                bodies.into_iter().filter(|(extra, _, body, _)| rule.shows(*extra) && !body.is_empty())
            {
                fields.add(key, shown::body(body, length));
            }
            fields.append(&notes.added());
        }
    }

    fn outcome(&self, ending: &Ending<'_>) -> Outcome {
        if self.has_panicked || std::thread::panicking() {
            return Outcome::Panic;
        }
        let Some(Responded { status, extent, is_polled, .. }) = self.responded else {
            return if matches!(ending, Ending::Failed(_)) { Outcome::Error } else { Outcome::Cancelled };
        };
        let complete = match self.rpc.as_ref().is_some_and(Rpc::is_failure) {
            true => Outcome::Error,
            false => Outcome::of_status(status),
        };
        match (ending, extent) {
            (Ending::Failed(_), _) => Outcome::BodyError,
            (Ending::Complete, _) | (Ending::Dropped, Extent::Nothing) => complete,
            (Ending::Dropped, Extent::Bytes(bytes)) if self.sent >= bytes => complete,
            // The server's failure is the greater news.
            (Ending::Dropped, _) if complete == Outcome::Error => complete,
            // Nobody asked for what was there in full: on a connection of its own, nobody leaves between the response and
            // the first look at its body. It was a test that looked at the status, or somebody put another in its place.
            (Ending::Dropped, Extent::Bytes(_)) if !is_polled && self.sent == 0 && !self.is_multiplexed => {
                Outcome::Closed
            }
            (Ending::Dropped, Extent::Endless) => Outcome::Closed,
            (Ending::Dropped, Extent::Bytes(_) | Extent::Unknown) => Outcome::Cancelled,
        }
    }

    fn tell_start(&self) {
        let request = self.request();
        let mut fields = FieldSet::new();
        fields.add(keys::KIND, "start").add(keys::METHOD, request.method());
        fields.add(keys::PATH, self.shown_path(request.route()));
        if let Some(route) = request.route() {
            fields.add(keys::ROUTE, route);
        }
        log_event(&self.scope().logger(), Level::INFO, "request begun", &fields);
    }

    /// The path as a record shows it.
    fn shown_path(&self, route: Option<&str>) -> Cow<'_, str> {
        let path = self.request().path();
        let shown = self.work.given().with_rules(|rules| shown_path(path, route, rules.redaction()?));
        shown.map_or(Cow::Borrowed(path), Cow::Owned)
    }

    /// The route as far as it is known by now.
    fn route_now(&self) -> Option<String> {
        match &self.route {
            Routed::To(route) => self.request().noted_route().or_else(|| Some(String::from(&**route))),
            Routed::AsOpened | Routed::Later | Routed::Nowhere => self.request().route_now(),
        }
    }

    fn tell_open(&self, status: u16, after: Duration) {
        let request = self.request();
        let mut fields = FieldSet::new();
        let route = self.route_now();
        fields.add(keys::KIND, "open").add(keys::METHOD, request.method());
        fields.add(keys::PATH, self.shown_path(route.as_deref()));
        if let Some(route) = route {
            fields.add(keys::ROUTE, route);
        }
        fields.add(keys::STATUS, status).add(keys::TTFB, after);
        log_event(&self.scope().logger(), Level::INFO, "response begun", &fields);
    }

    fn tell_slow_poll(&self, taken: Duration) {
        let request = self.request();
        if request.policy.slow_poll.is_some_and(|threshold| taken >= threshold) && Polls::may_warn() {
            let mut fields = FieldSet::new();
            fields.add(keys::KIND, "slow_poll").add(keys::METHOD, request.method());
            if let Some(route) = self.route_now() {
                fields.add(keys::ROUTE, route);
            }
            fields.add(keys::LONGEST_POLL, taken);
            log_event(&self.scope().logger(), Level::WARN, "one poll kept its thread for long", &fields);
        }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.end(Ending::Dropped);
    }
}

impl std::fmt::Debug for Exchange {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Exchange").field("id", self.id()).finish_non_exhaustive()
    }
}

const SWITCHING_PROTOCOLS: u16 = 101;

/// Nearly always it is text already.
fn text_of(header: &[u8]) -> Cow<'_, str> {
    std::str::from_utf8(header).map_or_else(|_| String::from_utf8_lossy(header), Cow::Borrowed)
}

/// What each vendor adds to a trace. Several lines are one list.
fn trace_state(head: &impl RequestHead) -> Option<String> {
    head.header(TraceParent::STATE_HEADER)?;
    let mut whole = Vec::new();
    head.for_each_header(&mut |header| {
        if header.name == TraceParent::STATE_HEADER && !header.value.is_empty() {
            if !whole.is_empty() {
                whole.push(b',');
            }
            whole.extend_from_slice(header.value);
        }
    });
    TraceParent::state(&whole).map(String::from)
}

fn accept_id(policy: &Policy, head: &impl RequestHead, usual: Option<&[u8]>) -> (RequestId, IdSource) {
    let is_accepted = match policy.inbound() {
        InboundIds::Valid => true,
        InboundIds::Ignored => false,
        InboundIds::FromTrusted => policy.trusts(head.peer()),
    };
    let sent = match is_accepted {
        true if policy.header_of_ids() == RequestId::HEADER => usual,
        true => head.header(policy.header_of_ids()),
        false => None,
    };
    match sent.and_then(RequestId::parse) {
        Some(id) => (id, IdSource::Inbound),
        None => policy.make_id(),
    }
}

impl Extent {
    fn of(is_head: bool, head: &impl ResponseHead) -> Extent {
        if is_head || matches!(head.status(), 100..=199 | 204 | 304) {
            return Extent::Nothing;
        }
        if let Some(size) = head.body_size() {
            return Extent::Bytes(size);
        }
        if head.header("content-type").is_some_and(is_event_stream) {
            return Extent::Endless;
        }
        head.header("content-length").and_then(parse_length).map_or(Extent::Unknown, Extent::Bytes)
    }
}

/// Server-sent events go on until someone leaves.
fn is_event_stream(content_type: &[u8]) -> bool {
    const EVENT_STREAM: &[u8] = b"text/event-stream";
    content_type.get(..EVENT_STREAM.len()).is_some_and(|start| start.eq_ignore_ascii_case(EVENT_STREAM))
}

fn parse_length(text: &[u8]) -> Option<u64> {
    std::str::from_utf8(text).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::event::TARGET;
    use crate::http::head::Header;
    use crate::http::policy::Recovery;
    use crate::level::Level;
    use crate::sink::{Captured, CapturedRecord};
    use std::net::IpAddr;

    struct Request {
        method: &'static str,
    }

    impl RequestHead for Request {
        fn method(&self) -> &str {
            self.method
        }

        fn path(&self) -> &str {
            "/users/7"
        }

        fn route(&self) -> Option<&str> {
            Some("/users/{id}")
        }

        fn header(&self, name: &str) -> Option<&[u8]> {
            (name == RequestId::HEADER).then_some(b"abc-123")
        }

        fn for_each_header<'h>(&'h self, each: &mut dyn FnMut(Header<'h>)) {
            each(Header { name: RequestId::HEADER, value: b"abc-123", is_sensitive: false });
        }

        fn peer(&self) -> Option<IpAddr> {
            Some(IpAddr::from([192, 0, 2, 7]))
        }
    }

    struct Response {
        status: u16,
        headers: &'static [(&'static str, &'static str)],
        body_size: Option<u64>,
    }

    impl ResponseHead for Response {
        fn status(&self) -> u16 {
            self.status
        }

        fn header(&self, name: &str) -> Option<&[u8]> {
            self.headers.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_bytes())
        }

        fn for_each_header<'h>(&'h self, each: &mut dyn FnMut(Header<'h>)) {
            self.headers.iter().for_each(|(name, value)| {
                each(Header { name, value: value.as_bytes(), is_sensitive: false });
            });
        }

        fn body_size(&self) -> Option<u64> {
            self.body_size
        }
    }

    const OK: Response = Response { status: 200, headers: &[], body_size: None };

    /// With a parent, if it is to have one.
    struct Traced {
        parent: Option<&'static [u8]>,
    }

    impl RequestHead for Traced {
        fn method(&self) -> &str {
            "GET"
        }

        fn path(&self) -> &str {
            "/"
        }

        fn header(&self, name: &str) -> Option<&[u8]> {
            match name {
                TraceParent::HEADER => self.parent,
                RequestId::HEADER => Some(b"abc-123"),
                _ => None,
            }
        }

        fn for_each_header<'h>(&'h self, each: &mut dyn FnMut(Header<'h>)) {
            let headers = [TraceParent::HEADER, RequestId::HEADER];
            for (name, value) in headers.into_iter().filter_map(|name| Some((name, self.header(name)?))) {
                each(Header { name, value, is_sensitive: false });
            }
        }
    }

    fn open(method: &'static str) -> (Exchange, Captured) {
        let (logger, captured) = Logger::capture();
        (Exchange::open(&logger, &Arc::new(Policy::new()), &Request { method }), captured)
    }

    #[test]
    fn a_dropped_response_is_cancelled_unless_nothing_was_missing() {
        let check = |method, response: Response, sent, expected: &str| {
            let (mut exchange, captured) = open(method);
            exchange.responded(&response);
            exchange.sent(sent);
            drop(exchange);
            assert_eq!(captured.only().text(keys::OUTCOME), expected, "{method} {} {sent}", response.status);
        };
        check("GET", OK, 5, "cancelled");
        check("GET", Response { body_size: Some(6), ..OK }, 5, "cancelled");
        check("GET", Response { body_size: Some(5), ..OK }, 5, "ok");
        check("GET", Response { headers: &[("content-length", "5")], ..OK }, 5, "ok");
        check("GET", Response { headers: &[("content-length", "6")], ..OK }, 5, "cancelled");
        check("GET", Response { headers: &[("content-length", "-1")], ..OK }, 5, "cancelled");
        check("GET", Response { status: 503, body_size: Some(5), ..OK }, 5, "error");
        check("HEAD", Response { body_size: Some(5), ..OK }, 0, "ok");
        check("HEAD", Response { status: 500, ..OK }, 0, "error");
        check("GET", Response { status: 101, ..OK }, 0, "ok");
        check("GET", Response { status: 204, ..OK }, 0, "ok");
        check("GET", Response { status: 304, body_size: Some(5), ..OK }, 0, "ok");
        check("GET", Response { headers: &[("content-type", "text/event-stream; charset=utf-8")], ..OK }, 5, "closed");
    }

    #[test]
    fn of_an_error_that_was_recorded_and_a_panic_the_panic_is_told() {
        let (mut exchange, captured) = open("GET");
        let scope = exchange.scope();
        let result = exchange.run(|| {
            scope.record_error(&std::io::Error::other("recorded before"));
            panic!("out of cheese")
        });
        assert!(result.map(|()| unreachable!()).is_none());
        exchange.responded(&Response { status: 500, ..OK });
        exchange.close();
        let records = captured.records();
        let access = records.iter().find(|record| record.text(keys::KIND) == "access").unwrap();
        assert_eq!((access.text(keys::OUTCOME), access.text(keys::ERROR)), ("panic", "out of cheese"));
    }

    #[test]
    fn a_closed_exchange_tells_everything_it_knows_once() {
        let (mut exchange, captured) = open("GET");
        exchange.responded(&OK);
        exchange.sent(3);
        exchange.sent(4);
        exchange.close();
        let record = captured.only();
        assert_eq!(record.level(), Level::INFO);
        assert_eq!(record.target(), TARGET);
        for (key, expected) in [
            (keys::KIND, "access"),
            (keys::REQUEST_ID, "abc-123"),
            (keys::METHOD, "GET"),
            (keys::ROUTE, "/users/{id}"),
            (keys::PATH, "/users/7"),
            (keys::OUTCOME, "ok"),
            (keys::CLIENT_IP, "192.0.2.7"),
        ] {
            assert_eq!(record.text(key), expected, "{key}");
        }
        assert_eq!(record.number(keys::STATUS), 200.0);
        assert_eq!(record.number(keys::RESPONSE_BYTES), 7.0);
        assert!(record.has(keys::DURATION) && record.has(keys::TTFB), "{record}");
    }

    #[test]
    fn what_a_framework_hands_over_for_head_is_not_sent() {
        let (mut exchange, captured) = open("HEAD");
        exchange.responded(&Response { body_size: Some(5), ..OK });
        exchange.sent(5);
        exchange.close();
        assert_eq!(captured.only().number(keys::RESPONSE_BYTES), 0.0);
    }

    #[test]
    fn a_request_dropped_before_its_response_is_cancelled_and_has_no_status() {
        let (exchange, captured) = open("GET");
        drop(exchange);
        let record = captured.only();
        assert_eq!((record.text(keys::OUTCOME), record.level()), ("cancelled", Level::INFO));
        assert!(!record.has(keys::STATUS) && !record.has(keys::TTFB) && !record.has(keys::RESPONSE_BYTES), "{record}");
    }

    #[test]
    fn an_error_is_of_the_service_before_the_response_and_of_the_body_after() {
        let error = std::io::Error::other("unplugged");
        let (mut exchange, captured) = open("GET");
        exchange.failed(&error);
        let record = captured.only();
        assert_eq!((record.text(keys::OUTCOME), record.text(keys::ERROR)), ("error", "unplugged"));

        let (mut exchange, captured) = open("GET");
        exchange.responded(&OK);
        exchange.failed(&error);
        let record = captured.only_at(Level::ERROR);
        assert_eq!((record.text(keys::OUTCOME), record.number(keys::STATUS)), ("body_error", 200.0));
    }

    #[test]
    fn an_exchange_dropped_by_a_panic_says_so() {
        let (exchange, captured) = open("GET");
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
            let _exchange = exchange;
            std::panic::resume_unwind(Box::new("boom"));
        }));
        assert!(caught.is_err());
        assert_eq!(captured.only_at(Level::ERROR).text(keys::OUTCOME), "panic");
    }

    #[test]
    fn a_panic_of_what_is_let_go_of_is_told_and_goes_on_only_where_the_policy_wants_it() {
        for recovery in [Recovery::Answer, Recovery::Resume] {
            let (logger, captured) = Logger::capture();
            let policy = Arc::new(Policy::new().recovery(recovery));
            let mut exchange = Exchange::open(&logger, &policy, &Request { method: "GET" });
            let scope = exchange.scope();
            let let_go = std::panic::AssertUnwindSafe(|| {
                exchange.let_go(|| {
                    scope.logger().log(Level::INFO, "leaving", &FieldSet::new());
                    panic!("a destructor")
                });
            });
            assert_eq!(std::panic::catch_unwind(let_go).is_err(), recovery == Recovery::Resume);
            drop(exchange);
            logger.flush(Duration::from_secs(10)).unwrap();
            let records = captured.records();
            let [access, panic] = ["access", "panic"].map(|kind| {
                let is_of_kind = |record: &&CapturedRecord| record.has(keys::KIND) && record.text(keys::KIND) == kind;
                records.iter().find(is_of_kind).unwrap()
            });
            assert_eq!((access.text(keys::OUTCOME), access.text(keys::ERROR)), ("panic", "a destructor"));
            assert_eq!(access.get(keys::PANIC_ID), panic.get(keys::PANIC_ID));
            assert_eq!(records.len(), 3, "{records:#?}");
        }
    }

    #[test]
    fn what_is_let_go_of_by_a_panic_is_dropped_in_the_scope_and_no_panic_of_its_own() {
        struct Body(Exchange);
        impl Drop for Body {
            fn drop(&mut self) {
                self.0.let_go(|| assert_eq!(Scope::current().unwrap().request_id().unwrap().as_str(), "abc-123"));
            }
        }
        let (exchange, captured) = open("GET");
        let body = std::panic::AssertUnwindSafe(Body(exchange));
        let caught = std::panic::catch_unwind(|| {
            let _body = body;
            std::panic::resume_unwind(Box::new("boom"));
        });
        assert!(caught.is_err());
        let record = captured.only_at(Level::ERROR);
        assert!(record.text(keys::OUTCOME) == "panic" && !record.has(keys::PANIC_ID), "{record}");
    }

    #[test]
    fn the_route_can_be_learnt_and_unlearnt_late() {
        let (mut exchange, captured) = open("GET");
        exchange.routed(Some("/users/{name}".to_owned()));
        drop(exchange);
        assert_eq!(captured.only().text(keys::ROUTE), "/users/{name}");

        let (mut exchange, captured) = open("GET");
        exchange.routed(None);
        drop(exchange);
        assert!(!captured.only().has(keys::ROUTE));
    }

    #[test]
    fn what_was_kept_to_be_shown_is_not_once_somebody_inside_hides_it() {
        const ALL: [Extra; 4] =
            [Extra::RequestHeaders, Extra::ResponseHeaders, Extra::RequestBody, Extra::ResponseBody];
        let headers = &[("content-type", "text/plain"), ("x-note", "of the response")];
        for hides in [false, true] {
            let (logger, captured) = Logger::capture();
            let all = ALL.into_iter().fold(RouteRule::new(), RouteRule::show);
            let policy = Policy::new().request_headers(["*"]).response_headers(["*"]).rule(all);
            let mut exchange = Exchange::open(&logger, &Arc::new(policy), &Request { method: "POST" });
            exchange.request().request_limit.store(100, std::sync::atomic::Ordering::Relaxed);
            exchange.request_meter().read(b"of the request");
            exchange.responded(&Response { headers, ..OK });
            exchange.show(b"of the response");
            if hides {
                exchange.scope().apply(ALL.into_iter().fold(RouteRule::new(), RouteRule::hide));
            }
            exchange.close();
            let record = captured.only();
            for key in [keys::REQUEST_HEADERS, keys::RESPONSE_HEADERS, keys::REQUEST_BODY, keys::RESPONSE_BODY] {
                assert_eq!(record.has(key), !hides, "{key} {record}");
            }
        }
    }

    #[test]
    fn a_debug_token_is_never_shown() {
        struct Nobody;
        impl crate::http::DebugTokens for Nobody {
            fn is_valid(&self, _: &[u8]) -> bool {
                false
            }
        }
        let (logger, captured) = Logger::capture();
        // Whatever the header is called: here as the one that the request bears.
        let policy = Policy::new().request_headers(["*"]).debug_by_token(RequestId::HEADER, Level::DEBUG, Nobody);
        let policy = Arc::new(policy.inbound_ids(InboundIds::Ignored));
        drop(Exchange::open(&logger, &policy, &Request { method: "GET" }));
        let record = captured.only();
        assert!(record.has(keys::REQUEST_HEADERS) && !record.to_string().contains("abc-123"), "{record}");
    }

    #[test]
    fn a_recorder_that_is_wanted_inside_records_whatever_was_wanted_before() {
        let in_flight = crate::http::InFlight::new();
        let policies = [
            Policy::new(),
            Policy::new().in_flight(&in_flight),
            Policy::new().rule(RouteRule::new().access(crate::http::Access::Quiet)),
            Policy::new().rule(RouteRule::new().recorder(Level::INFO).recorder_room(1)),
            Policy::new().rule(RouteRule::new().no_recorder()),
        ];
        for policy in policies {
            let (logger, captured) = Logger::capture();
            logger.set_level(Level::INFO);
            let mut exchange = Exchange::open(&logger, &Arc::new(policy.clone()), &Request { method: "GET" });
            let scope = exchange.scope();
            exchange.run(|| {
                scope.apply(RouteRule::new().recorder(Level::DEBUG).recorder_room(1000));
                scope.logger().log(Level::DEBUG, "asking the warehouse", &FieldSet::new());
            });
            exchange.responded(&Response { status: 500, ..OK });
            exchange.close();
            let messages: Vec<_> = captured.records().iter().map(|record| record.message().to_owned()).collect();
            assert_eq!(messages, ["asking the warehouse", "request failed"], "{policy:?}");
        }
    }

    #[test]
    fn a_rule_that_a_handler_applies_counts_for_what_it_logs_by_the_same_hand() {
        let check = |rule: RouteRule, level: Level, status: u16, expected: &[&str]| {
            let (logger, captured) = Logger::capture();
            logger.set_level(Level::INFO);
            let mut exchange = Exchange::open(&logger, &Arc::new(Policy::new()), &Request { method: "GET" });
            let log = crate::http::RequestLog::new(Some(&exchange.scope()));
            exchange.run(|| {
                log.apply(rule);
                log.log(level, "on the way", &FieldSet::new());
            });
            exchange.responded(&Response { status, ..OK });
            exchange.close();
            let messages: Vec<_> = captured.records().iter().map(|record| record.message().to_owned()).collect();
            assert_eq!(messages, expected, "{rule:?}");
        };
        check(RouteRule::new().recorder(Level::DEBUG), Level::DEBUG, 500, &["on the way", "request failed"]);
        check(RouteRule::new().recorder(Level::DEBUG), Level::DEBUG, 204, &["request served"]);
        check(RouteRule::new().access(crate::http::Access::Quiet), Level::INFO, 204, &[]);
        check(RouteRule::new().sample(0.0), Level::INFO, 204, &[]);
        check(RouteRule::new().sample(0.0), Level::INFO, 500, &["on the way", "request failed"]);
    }

    #[test]
    fn a_rule_that_is_applied_while_something_is_bound_is_not_lost() {
        struct Applies(Scope);
        impl std::fmt::Display for Applies {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.apply(RouteRule::new().recorder(Level::DEBUG));
                formatter.write_str("applied")
            }
        }
        let (logger, captured) = Logger::capture();
        logger.set_level(Level::INFO);
        let mut exchange = Exchange::open(&logger, &Arc::new(Policy::new()), &Request { method: "GET" });
        let scope = exchange.scope();
        // Whatever logged before has made the logger of the request.
        scope.logger();
        scope.bind(crate::fields!(rule = %Applies(scope.clone())));
        scope.logger().log(Level::DEBUG, "held", &FieldSet::new());
        exchange.responded(&Response { status: 500, ..OK });
        exchange.close();
        let records = captured.records();
        let told: Vec<_> = records.iter().map(|record| (record.message(), record.text("rule"))).collect();
        assert_eq!(told, [("held", "applied"), ("request failed", "applied")]);
    }

    #[test]
    fn however_much_a_handler_adds_the_record_says_what_it_failed_by_and_what_was_added_last() {
        let (logger, captured) = Logger::capture();
        let mut exchange = Exchange::open(&logger, &Arc::new(Policy::new()), &Request { method: "GET" });
        let scope = exchange.scope();
        let result = exchange.run(|| {
            (0..1000).for_each(|number| scope.add(&format!("item.{number}"), number));
            (0..10_000).for_each(|number| scope.add("progress", number));
            scope.add("location", "Berlin");
            panic!("out of cheese")
        });
        assert!(result.map(|()| unreachable!()).is_none());
        exchange.responded(&Response { status: 500, ..OK });
        exchange.close();
        let records = captured.records();
        let access = records.iter().find(|record| record.text(keys::KIND) == "access").unwrap();
        assert_eq!(access.text(keys::ERROR), "out of cheese");
        assert!(access.has(keys::PANIC_ID) && access.has("item.0"), "{access}");

        let (mut exchange, captured) = open("GET");
        (0..10_000).for_each(|number| exchange.scope().add("progress", number));
        exchange.scope().add("large", "x".repeat(MOST_OF_A_TEST));
        exchange.scope().record_error(&std::io::Error::other("no answer"));
        exchange.responded(&Response { status: 500, ..OK });
        exchange.close();
        let record = captured.only();
        assert_eq!((record.number("progress"), record.text(keys::ERROR)), (9999.0, "no answer"));
        assert!(record.has("large"), "{record}");
    }

    const MOST_OF_A_TEST: usize = 100_000;

    #[test]
    fn however_much_is_bound_the_record_says_whose_it_is_and_what_it_failed_by() {
        let numbered = |count: usize| {
            let mut fields = FieldSet::new();
            (0..count).for_each(|number| _ = fields.add(&format!("bound.{number}"), number));
            fields
        };
        // By the service, by what draws from the head, by the handler; and what that adds on top.
        let cases =
            [[200, 0, 0, 0], [0, 200, 0, 0], [0, 0, 127, 0], [0, 0, 200, 0], [0, 0, 200, 200], [200, 200, 200, 0]];
        for [by_service, drawn, by_handler, added] in cases {
            let (logger, captured) = Logger::capture();
            let logger = logger.with(&numbered(by_service));
            let drawn = numbered(drawn);
            let policy =
                Policy::new().extract(move |_: &dyn RequestHead, fields: &mut FieldSet| _ = fields.append(&drawn));
            let mut exchange = Exchange::open(&logger, &Arc::new(policy), &Request { method: "GET" });
            let scope = exchange.scope();
            scope.bind(&numbered(by_handler));
            scope.logger().log(Level::INFO, "on the way", &FieldSet::new());
            (0..added).for_each(|number| scope.add(&format!("added.{number}"), number));
            scope.record_error(&std::io::Error::other("no answer"));
            exchange.responded(&Response { status: 500, ..OK });
            exchange.close();
            for record in captured.records() {
                assert_eq!(record.text(keys::REQUEST_ID), "abc-123", "{record}");
            }
            let access = captured.only_at(Level::ERROR);
            assert_eq!((access.text(keys::ERROR), access.text(keys::OUTCOME)), ("no answer", "error"), "{access}");
            assert!(access.has("bound.0") || added > 0, "{access}");
            assert!(access.has("bound_fields_cut"), "{access}");
        }
    }

    #[test]
    fn a_field_that_is_called_as_the_id_is_never_takes_its_place() {
        for logs_before in [false, true] {
            let (logger, captured) = Logger::capture();
            let extract = |_: &dyn RequestHead, fields: &mut FieldSet| {
                fields.add(keys::REQUEST_ID, "drawn").add("tenant", "acme");
            };
            let policy = Policy::new().extract(extract);
            let mut exchange = Exchange::open(&logger, &Arc::new(policy), &Request { method: "GET" });
            if logs_before {
                exchange.scope().logger().log(Level::INFO, "on the way", &FieldSet::new());
            }
            exchange.scope().add(keys::REQUEST_ID, "added");
            exchange.responded(&OK);
            exchange.close();
            for record in captured.records() {
                assert_eq!((record.text(keys::REQUEST_ID), record.text("tenant")), ("abc-123", "acme"), "{record}");
            }
        }
    }

    #[test]
    fn what_is_bound_under_the_name_of_the_id_or_the_trace_goes_nowhere() {
        const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        for traced in [false, true] {
            let (logger, captured) = Logger::capture();
            let parent = traced.then_some(PARENT.as_bytes());
            let mut exchange = Exchange::open(&logger, &Arc::new(Policy::new()), &Traced { parent });
            let scope = exchange.scope();
            scope.bind(crate::fields!(request_id = "forged", trace_id = "other", tenant = "acme"));
            scope.bind(&FieldSet::new().with(keys::REQUEST_ID, "forged once more"));
            scope.logger().log(Level::INFO, "on the way", &FieldSet::new());
            exchange.responded(&OK);
            exchange.close();
            let records = captured.records();
            assert_eq!(records.len(), 2);
            let trace = if traced { "4bf92f3577b34da6a3ce929d0e0e4736" } else { "other" };
            for record in records {
                assert_eq!((record.text(keys::REQUEST_ID), record.text("tenant")), ("abc-123", "acme"), "{record}");
                assert_eq!(record.text(keys::TRACE_ID), trace, "{record}");
            }
        }
    }

    #[test]
    fn what_was_held_and_is_seen_after_all_is_seen_in_full_or_the_loss_is_told() {
        let (logger, captured) = Logger::capture();
        let policy = Policy::new().rule(RouteRule::new().sample(0.0).recorder_room(2000));
        let mut exchange = Exchange::open(&logger, &Arc::new(policy), &Request { method: "GET" });
        let scope = exchange.scope();
        (0..100).for_each(|_| scope.logger().log(Level::INFO, "on the way", &FieldSet::new()));
        scope.apply(RouteRule::new().sample(1.0));
        exchange.responded(&OK);
        exchange.close();
        let records = captured.records();
        let (access, seen) = records.split_last().unwrap();
        assert!((1..100).contains(&seen.len()));
        assert_eq!(seen.len() + access.number(keys::HELD_LOST) as usize, 100, "{access}");
    }

    #[test]
    fn what_is_over_is_not_open_however_long_it_is_kept() {
        let (logger, captured) = Logger::capture();
        let in_flight = crate::http::InFlight::new();
        let policy = Arc::new(Policy::new().in_flight(&in_flight));
        let mut exchange = Exchange::open(&logger, &policy, &Request { method: "GET" });
        assert_eq!(in_flight.len(), 1);
        exchange.responded(&Response { status: 101, ..OK });
        assert!(in_flight.is_empty());
        in_flight.tell_open();
        assert_eq!(captured.only().text(keys::KIND), "access");
        drop(exchange);
    }

    #[test]
    fn a_cancelled_request_that_is_skipped_has_no_record_whatever_was_held() {
        let (logger, captured) = Logger::capture();
        logger.set_level(Level::INFO);
        let policy = Policy::new().rule(RouteRule::new().recorder(Level::DEBUG));
        let policy = Arc::new(policy.skip(|ended| ended.outcome == Outcome::Cancelled));
        let exchange = Exchange::open(&logger, &policy, &Request { method: "GET" });
        exchange.scope().logger().log(Level::DEBUG, "held", &FieldSet::new());
        drop(exchange);
        assert!(captured.is_empty());
    }

    #[test]
    fn a_field_that_is_called_as_a_time_of_the_record_does_not_stand_beside_it() {
        let memory = crate::sink::Memory::new();
        let output = crate::output::Output::new(crate::encode::Json::new(), memory.clone());
        let logger = Logger::builder().output(output).build().unwrap();
        let mut exchange = Exchange::open(&logger, &Arc::new(Policy::new()), &Request { method: "GET" });
        exchange.scope().add("duration_ms", 12.5);
        exchange.scope().add("ttfb_ms", 12.5);
        exchange.responded(&OK);
        exchange.close();
        let text = memory.text();
        assert_eq!((text.matches("\"duration_ms\"").count(), text.matches("\"ttfb_ms\"").count()), (1, 1), "{text}");
    }

    #[test]
    fn however_low_a_rule_sets_it_a_failure_is_seen() {
        let (logger, captured) = Logger::capture();
        logger.set_level(Level::INFO);
        let policy = Policy::new().rule(RouteRule::new().failures(Level::TRACE));
        let mut exchange = Exchange::open(&logger, &Arc::new(policy), &Request { method: "GET" });
        exchange.responded(&Response { status: 500, ..OK });
        exchange.close();
        assert_eq!(captured.only_at(Level::WARN).text(keys::OUTCOME), "error");
    }

    #[test]
    fn what_a_request_of_which_nothing_is_seen_left_running_is_not_seen_either_unless_it_fails() {
        for (rule, status, expected) in [
            (RouteRule::new().sample(0.0), 200, &["it broke"][..]),
            (RouteRule::new().access(crate::http::Access::Quiet), 200, &["it broke"]),
            (RouteRule::new().sample(0.0), 500, &["on the way", "request failed", "afterwards", "it broke", "at last"]),
            (RouteRule::new(), 200, &["on the way", "request served", "afterwards", "it broke", "at last"]),
        ] {
            let (logger, captured) = Logger::capture();
            let policy = Arc::new(Policy::new().rule(rule));
            let mut exchange = Exchange::open(&logger, &policy, &Request { method: "GET" });
            let scope = exchange.scope();
            let log = |level, message| scope.logger().log(level, message, &FieldSet::new());
            log(Level::INFO, "on the way");
            exchange.responded(&Response { status, ..OK });
            exchange.close();
            log(Level::INFO, "afterwards");
            log(Level::ERROR, "it broke");
            log(Level::INFO, "at last");
            let messages: Vec<_> = captured.records().iter().map(|record| record.message().to_owned()).collect();
            assert_eq!(messages, expected, "{rule:?} {status}");
        }
    }

    #[test]
    fn what_somebody_inside_calls_the_route_is_what_every_record_calls_it() {
        let (logger, captured) = Logger::capture();
        let policy = Policy::new().rule(RouteRule::new().show(Extra::Open));
        let mut exchange = Exchange::open(&logger, &Arc::new(policy), &Request { method: "GET" });
        exchange.scope().set_route("/told");
        exchange.routed(Some("/guessed".to_owned()));
        exchange.responded(&Response { body_size: None, ..OK });
        exchange.close();
        let routes: Vec<_> = captured.records().iter().map(|record| record.text(keys::ROUTE).to_owned()).collect();
        assert_eq!(routes, ["/told", "/told"]);
    }

    #[test]
    fn the_rule_is_that_of_the_route_it_was_in_the_end() {
        let guessed = RouteRule::new().level(Level::DEBUG);
        let policy = Policy::new().route("/guessed", guessed).route("/told", RouteRule::new().level(Level::NOTICE));
        let policy = Arc::new(policy);
        for (told, level) in [(None, Level::DEBUG), (Some("/told"), Level::NOTICE)] {
            let (logger, captured) = Logger::capture();
            let mut exchange = Exchange::open(&logger, &policy, &Request { method: "GET" });
            exchange.routed(Some("/guessed".to_owned()));
            told.into_iter().for_each(|route| exchange.scope().set_route(route));
            exchange.responded(&OK);
            exchange.close();
            assert_eq!(captured.only().level(), level, "{told:?}");
        }
    }

    #[test]
    fn a_recorder_that_is_turned_off_inside_tells_what_it_held_only_to_whoever_asked_for_it() {
        struct Everybody;
        impl crate::http::DebugTokens for Everybody {
            fn is_valid(&self, _: &[u8]) -> bool {
                true
            }
        }
        let policy = Policy::new().rule(RouteRule::new().recorder(Level::DEBUG));
        let asked = policy.clone().debug_by_token(RequestId::HEADER, Level::DEBUG, Everybody);
        for (policy, expected) in [(policy, &["request failed"][..]), (asked, &["held", "request failed"])] {
            let (logger, captured) = Logger::capture();
            logger.set_level(Level::INFO);
            let mut exchange = Exchange::open(&logger, &Arc::new(policy), &Request { method: "GET" });
            let scope = exchange.scope();
            exchange.run(|| {
                scope.logger().log(Level::DEBUG, "held", &FieldSet::new());
                scope.apply(RouteRule::new().no_recorder());
            });
            exchange.responded(&Response { status: 500, ..OK });
            exchange.close();
            let messages: Vec<_> = captured.records().iter().map(|record| record.message().to_owned()).collect();
            assert_eq!(messages, expected);
        }
    }

    #[test]
    fn what_failed_passes_by_the_sampling_of_the_logger_whatever_its_level() {
        let first = crate::SamplingRule::new(crate::SamplingMethod::First(1));
        let sampling = crate::Sampling::new().rule(first);
        let policy = Arc::new(Policy::new().rule(RouteRule::new().failures(Level::WARN)));
        for (status, seen) in [(200, 1), (500, 3)] {
            let (logger, captured) = Logger::capture_with(|builder| builder.sampling(sampling.clone()));
            for _ in 0..3 {
                let mut exchange = Exchange::open(&logger, &policy, &Request { method: "GET" });
                exchange.responded(&Response { status, ..OK });
                exchange.close();
            }
            assert_eq!(captured.records().len(), seen, "{status}");
        }
    }

    #[test]
    fn behind_a_gap_nothing_of_a_body_is_shown() {
        let (logger, captured) = Logger::capture();
        let policy = Arc::new(Policy::new().rule(RouteRule::new().show(Extra::ResponseBody)));
        let mut exchange = Exchange::open(&logger, &policy, &Request { method: "GET" });
        exchange.responded(&Response { headers: &[("content-type", "text/plain")], ..OK });
        assert!(exchange.shows_body());
        exchange.show(b"before");
        exchange.show_no_more();
        assert!(!exchange.shows_body());
        exchange.show(b"behind");
        exchange.close();
        assert_eq!(captured.only().text(keys::RESPONSE_BODY), "before");
    }

    #[test]
    fn what_is_bound_in_the_scope_is_on_the_record() {
        let (mut exchange, captured) = open("GET");
        exchange.scope().bind(crate::fields!(tenant = "acme"));
        exchange.close();
        assert_eq!(captured.only().text("tenant"), "acme");
    }
}
