//! A request from its first line to the last byte of its response, as one owned value.
//!
//! The value moves from the call to the future to the body, so that there is always exactly one place that knows how the
//! request stands, and `Drop` sees to it that no ending goes untold.

use crate::field::FieldSet;
use crate::http::head::{RequestHead, ResponseHead};
use crate::http::outcome::Outcome;
use crate::http::request_id::RequestId;
use crate::keys;
use crate::logger::Logger;
#[cfg(feature = "panic")]
use crate::panic::Panic;
use crate::record::Site;
use crate::scope::{Entered, Scope};
use crate::value::{ToValue, Value};
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// A request and its response: opened, routed, responded, sent, closed.
///
/// However it ends, it writes one access record, through the scope's logger. Dropped before [`Exchange::close`] or
/// [`Exchange::failed`], it was cancelled, unless nothing was missing.
///
/// ```
/// use hyperlog_core::Logger;
/// use hyperlog_core::http::{Exchange, RequestHead, ResponseHead};
/// # use std::net::IpAddr;
/// # struct Request;
/// # impl RequestHead for Request {
/// #     fn method(&self) -> &str { "GET" }
/// #     fn path(&self) -> &str { "/users/7" }
/// #     fn route(&self) -> Option<&str> { Some("/users/{id}") }
/// #     fn header(&self, _: &str) -> Option<&[u8]> { None }
/// #     fn peer(&self) -> Option<IpAddr> { None }
/// # }
/// # struct Response;
/// # impl ResponseHead for Response {
/// #     fn status(&self) -> u16 { 200 }
/// #     fn header(&self, _: &str) -> Option<&[u8]> { None }
/// #     fn body_size(&self) -> Option<u64> { Some(5) }
/// # }
///
/// let (logger, captured) = Logger::capture();
/// let mut exchange = Exchange::open(&logger, &Request);
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
    scope: Scope,
    id: RequestId,
    opened: Instant,
    /// What the record is going to say, as far as it cannot change any more.
    fields: FieldSet,
    route: Option<Box<str>>,
    peer: Option<IpAddr>,
    is_head: bool,
    responded: Option<Responded>,
    sent: u64,
    has_panicked: bool,
    is_closed: bool,
}

/// What is known once there is a response.
struct Responded {
    status: u16,
    after: Duration,
    extent: Extent,
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

/// The target of access records, by which they are filtered.
const TARGET: &str = "hyperlog::http";

impl Exchange {
    /// A request has come in. Its scope logs through a child of this logger that knows the request's id.
    pub fn open(logger: &Logger, head: &impl RequestHead) -> Exchange {
        let opened = Instant::now();
        let id = RequestId::accept(head.header(RequestId::HEADER));
        let mut fields = FieldSet::new();
        fields.add(keys::KIND, "access").add(keys::METHOD, head.method()).add(keys::PATH, head.path());
        Exchange {
            scope: Scope::new(logger.with(&FieldSet::new().with(keys::REQUEST_ID, id.as_str()))),
            id,
            opened,
            fields,
            route: head.route().map(Box::from),
            peer: head.peer(),
            is_head: head.method() == "HEAD",
            responded: None,
            sent: 0,
            has_panicked: false,
            is_closed: false,
        }
    }

    /// What everything that works on this request shares.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Makes the request's scope current until the guard is dropped: for the length of one poll.
    pub fn enter(&self) -> Entered {
        self.scope.enter()
    }

    /// The id of the request.
    pub fn id(&self) -> &RequestId {
        &self.id
    }

    /// The route is known now, or it is known that there is none.
    pub fn routed(&mut self, route: Option<&str>) {
        if route != self.route.as_deref() {
            self.route = route.map(Box::from);
        }
    }

    /// There is a response; its body is still to come.
    pub fn responded(&mut self, head: &impl ResponseHead) {
        let extent = Extent::of(self.is_head, head);
        self.responded = Some(Responded { status: head.status(), after: self.opened.elapsed(), extent });
    }

    /// So many bytes of the body were handed to the transport, which lets them fall where there may be no body.
    pub fn sent(&mut self, bytes: usize) {
        if !matches!(self.responded, Some(Responded { extent: Extent::Nothing, .. })) {
            self.sent = self.sent.saturating_add(bytes as u64);
        }
    }

    /// The handler or the body panicked. Writes a record of its own, with the frames; the access record says how and
    /// where.
    #[cfg(feature = "panic")]
    pub fn panicked(&mut self, panic: &Panic) {
        if self.has_panicked {
            return;
        }
        self.has_panicked = true;
        panic.write(&self.scope.logger());
        self.fields.add(keys::ERROR, panic.message()).add(keys::LOCATION, panic.location());
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
        let outcome = self.outcome(&ending);
        let status = self.responded.as_ref().map(|responded| responded.status);
        if let Ending::Failed(error) = ending {
            self.fields.add(keys::ERROR, error);
        }
        self.complete_fields(outcome);
        let (level, message) = (outcome.level(status), outcome.message());
        let site = Site { level, target: TARGET, module: None, file: None, line: None, template: message, keys: &[] };
        self.scope.logger().log_from(&site, format_args!("{message}"), &self.fields);
    }

    fn outcome(&self, ending: &Ending<'_>) -> Outcome {
        if self.has_panicked || std::thread::panicking() {
            return Outcome::Panic;
        }
        let Some(Responded { status, extent, .. }) = self.responded else {
            return if matches!(ending, Ending::Failed(_)) { Outcome::Error } else { Outcome::Cancelled };
        };
        match (ending, extent) {
            (Ending::Failed(_), _) => Outcome::BodyError,
            (Ending::Complete, _) | (Ending::Dropped, Extent::Nothing) => Outcome::of_status(status),
            (Ending::Dropped, Extent::Bytes(bytes)) if self.sent >= bytes => Outcome::of_status(status),
            (Ending::Dropped, Extent::Endless) => Outcome::Closed,
            (Ending::Dropped, Extent::Bytes(_) | Extent::Unknown) => Outcome::Cancelled,
        }
    }

    fn complete_fields(&mut self, outcome: Outcome) {
        let fields = &mut self.fields;
        if let Some(route) = self.route.as_deref() {
            fields.add(keys::ROUTE, route);
        }
        if let Some(responded) = &self.responded {
            fields.add(keys::STATUS, responded.status);
        }
        fields.add(keys::OUTCOME, outcome.name()).add(keys::DURATION, self.opened.elapsed());
        if let Some(responded) = &self.responded {
            fields.add(keys::TTFB, responded.after).add(keys::RESPONSE_BYTES, self.sent);
        }
        if let Some(peer) = self.peer {
            fields.add(keys::CLIENT_IP, Value::Display(&peer));
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
        formatter.debug_struct("Exchange").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Extent {
    fn of(is_head: bool, head: &impl ResponseHead) -> Extent {
        if is_head || matches!(head.status(), 100..=199 | 204 | 304) {
            return Extent::Nothing;
        }
        if head.header("content-type").is_some_and(is_event_stream) {
            return Extent::Endless;
        }
        let promised = head.header("content-length").and_then(parse_length);
        promised.or(head.body_size()).map_or(Extent::Unknown, Extent::Bytes)
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
    use crate::level::Level;
    use crate::sink::Captured;

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

        fn body_size(&self) -> Option<u64> {
            self.body_size
        }
    }

    const OK: Response = Response { status: 200, headers: &[], body_size: None };

    fn open(method: &'static str) -> (Exchange, Captured) {
        let (logger, captured) = Logger::capture();
        (Exchange::open(&logger, &Request { method }), captured)
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
    fn the_route_can_be_learnt_and_unlearnt_late() {
        let (mut exchange, captured) = open("GET");
        exchange.routed(Some("/users/{name}"));
        drop(exchange);
        assert_eq!(captured.only().text(keys::ROUTE), "/users/{name}");

        let (mut exchange, captured) = open("GET");
        exchange.routed(None);
        drop(exchange);
        assert!(!captured.only().has(keys::ROUTE));
    }

    #[test]
    fn what_is_bound_in_the_scope_is_on_the_record() {
        let (mut exchange, captured) = open("GET");
        exchange.scope().bind(crate::fields!(tenant = "acme"));
        exchange.close();
        assert_eq!(captured.only().text("tenant"), "acme");
    }
}
