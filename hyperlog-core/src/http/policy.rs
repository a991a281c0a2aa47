//! What is logged of requests, as one value that serves every framework.
//!
//! A policy is plain data, and a few functions for what data cannot say. It holds only what was said, so that one can be
//! laid over another. It can be swapped while requests are served: each request keeps the one it began with.

use crate::contain::contain;
use crate::fault;
use crate::field::FieldSet;
use crate::http::baggage::Baggage;
use crate::http::client_ip::Network;
use crate::http::debug_token::DebugTokens;
use crate::http::ended::Ended;
use crate::http::extract::Extract;
use crate::http::flight::InFlight;
use crate::http::head::{RequestHead, ResponseHead};
use crate::http::outcome::Outcome;
use crate::http::request_id::{IdSource, RequestId};
use crate::http::route::{Extra, RoutePattern, RouteRule, RouteTable};
use crate::keys;
use crate::level::Level;
use crate::scope::Scope;
use std::fmt;
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

/// What is logged of requests.
///
/// ```
/// use hyperlog_core::Level;
/// use hyperlog_core::http::{Policy, RouteRule};
///
/// let policy = Policy::new()
///     .trust(["10.0.0.0/8".parse()?])
///     .route("/health", RouteRule::off())
///     .route("/admin/*", RouteRule::new().level(Level::NOTICE))
///     .status_level(404..=404, Level::INFO);
/// # Ok::<(), hyperlog_core::http::NetworkError>(())
/// ```
#[derive(Clone, Default)]
#[must_use]
pub struct Policy {
    mode: Option<Mode>,
    ids: Ids,
    pub(crate) trusted: Vec<Network>,
    routes: RouteTable,
    default_rule: RouteRule,
    levels: Vec<(RangeInclusive<u16>, Level)>,
    outcome_levels: [Option<Level>; Outcome::ALL.len()],
    level_of: Option<LevelOf>,
    skips: Vec<Skip>,
    pub(crate) request_headers: Vec<Box<str>>,
    pub(crate) response_headers: Vec<Box<str>>,
    body_limit: Option<usize>,
    recovery: Option<Recovery>,
    panic_reply: Option<MakeReply>,
    extractors: Vec<Arc<dyn Extract>>,
    observers: Vec<Observer>,
    pub(crate) in_flight: Option<InFlight>,
    pub(crate) slow_poll: Option<Duration>,
    server_timing: Option<ServerTiming>,
    pub(crate) debug: Option<Debug>,
}

type MakeReply = Arc<dyn Fn(&RequestId) -> Reply + Send + Sync>;
type LevelOf = Arc<dyn Fn(&Ended<'_>) -> Level + Send + Sync>;
type Skip = Arc<dyn Fn(&Ended<'_>) -> bool + Send + Sync>;
type Observer = Arc<dyn Fn(&Ended<'_>) + Send + Sync>;

/// Whether anything is done at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mode {
    /// All of it.
    On,
    /// Nothing: requests pass as if the layer were not there.
    Off,
}

/// Which inbound request ids are taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InboundIds {
    /// Those that are valid.
    Valid,
    /// Those that are valid and come from a trusted peer.
    FromTrusted,
    /// None: each request gets one that is made here.
    Ignored,
}

/// What becomes of a panic of a handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Recovery {
    /// The client gets a 500, and the server lives on.
    Answer,
    /// It is recorded and goes on as if nobody had caught it.
    Resume,
}

/// Whether the times that handlers took for something leave in a `server-timing` header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServerTiming {
    /// They do not: they are nobody's business.
    Hidden,
    /// They do.
    Shown,
}

#[derive(Clone, Default)]
struct Ids {
    header: Option<Box<str>>,
    inbound: Option<InboundIds>,
    generate: Option<Arc<dyn Fn() -> RequestId + Send + Sync>>,
    /// Other ids: their fields, and the headers that carry them.
    others: Vec<(&'static str, Box<str>)>,
}

/// What a client gets instead of the response of a handler that panicked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The media type of the body.
    pub content_type: String,
    /// The body.
    pub body: String,
    /// Further headers.
    pub headers: Vec<(&'static str, String)>,
}

/// Who may ask for the debug records of a request, and how.
#[derive(Clone)]
pub(crate) struct Debug {
    pub(crate) header: Box<str>,
    pub(crate) level: Level,
    pub(crate) tokens: Arc<dyn DebugTokens>,
}

impl Policy {
    /// How much of a body is shown where bodies are, unless it is said otherwise.
    pub const BODY_LIMIT: usize = 1024;

    /// One access record per request; everything else off.
    pub fn new() -> Policy {
        Policy::default()
    }

    /// This, and what it leaves open as the other says it: as if all that was said here had been said after what was said
    /// there. What options add to, such as routes and trusted networks, is added to; of everything else this counts.
    ///
    /// ```
    /// use hyperlog_core::http::{Policy, RouteRule};
    ///
    /// let of_all = Policy::new().id_header("x-trace").route("/health", RouteRule::off());
    /// let own = Policy::new().route("/metrics", RouteRule::off()).over(of_all);
    /// ```
    pub fn over(self, other: Policy) -> Policy {
        Policy {
            mode: self.mode.or(other.mode),
            ids: self.ids.over(other.ids),
            trusted: both(other.trusted, self.trusted),
            routes: other.routes.and(self.routes),
            default_rule: self.default_rule.over(other.default_rule),
            levels: both(other.levels, self.levels),
            outcome_levels: std::array::from_fn(|at| self.outcome_levels[at].or(other.outcome_levels[at])),
            level_of: self.level_of.or(other.level_of),
            skips: both(other.skips, self.skips),
            request_headers: both(other.request_headers, self.request_headers),
            response_headers: both(other.response_headers, self.response_headers),
            body_limit: self.body_limit.or(other.body_limit),
            recovery: self.recovery.or(other.recovery),
            panic_reply: self.panic_reply.or(other.panic_reply),
            extractors: both(other.extractors, self.extractors),
            observers: both(other.observers, self.observers),
            in_flight: self.in_flight.or(other.in_flight),
            slow_poll: self.slow_poll.or(other.slow_poll),
            server_timing: self.server_timing.or(other.server_timing),
            debug: self.debug.or(other.debug),
        }
    }

    /// Whether anything is done at all.
    pub fn mode(mut self, mode: Mode) -> Policy {
        self.mode = Some(mode);
        self
    }

    /// What a route's requests log. The pattern is compared with the pattern of the route, or with the path where there is
    /// none; a star stands for any text. Exact patterns count more than those with stars, and later ones more than earlier
    /// ones.
    pub fn route(mut self, pattern: impl Into<RoutePattern>, rule: RouteRule) -> Policy {
        self.routes.push(pattern.into(), rule);
        self
    }

    /// What all requests log, unless a rule for their route says otherwise.
    pub fn rule(mut self, rule: RouteRule) -> Policy {
        self.default_rule = rule.over(self.default_rule);
        self
    }

    /// Gives no access record of what this says yes to, once it is known how it ended. A failure is recorded all the same.
    pub fn skip(mut self, skips: impl Fn(&Ended<'_>) -> bool + Send + Sync + 'static) -> Policy {
        self.skips.push(Arc::new(skips));
        self
    }

    /// The level of access records of these statuses. Of two that fit, the later counts.
    pub fn status_level(mut self, statuses: RangeInclusive<u16>, level: Level) -> Policy {
        self.levels.push((statuses, level));
        self
    }

    /// The level of access records of this outcome, whatever the status.
    pub fn outcome_level(mut self, outcome: Outcome, level: Level) -> Policy {
        self.outcome_levels[outcome as usize] = Some(level);
        self
    }

    /// The level of access records, by a function in the place of all tables.
    pub fn levels(mut self, level_of: impl Fn(&Ended<'_>) -> Level + Send + Sync + 'static) -> Policy {
        self.level_of = Some(Arc::new(level_of));
        self
    }

    /// Whose forwarded headers are believed: the networks of the proxies before this server.
    pub fn trust(mut self, networks: impl IntoIterator<Item = Network>) -> Policy {
        self.trusted.extend(networks);
        self
    }

    /// The header that carries request ids, in lower case, in place of `x-request-id`.
    pub fn id_header(mut self, name: &str) -> Policy {
        match is_header_name(name) {
            true => self.ids.header = Some(name.to_ascii_lowercase().into()),
            false => fault::report("policy", format_args!("{name:?} is no name of a header: ids stay where they were")),
        }
        self
    }

    /// Which inbound request ids are taken over. Those that are valid, unless it is said otherwise.
    pub fn inbound_ids(mut self, inbound: InboundIds) -> Policy {
        self.ids.inbound = Some(inbound);
        self
    }

    /// How request ids are made, in place of UUIDs of version 7.
    pub fn generate_ids(mut self, generate: impl Fn() -> RequestId + Send + Sync + 'static) -> Policy {
        self.ids.generate = Some(Arc::new(generate));
        self
    }

    /// The header that carries what requests of several services have in common: it stands on all records as
    /// `correlation_id`, and goes on to the services that are called. It is believed of [trusted](Policy::trust) peers alone.
    pub fn correlation_id(self, header: &str) -> Policy {
        self.other_id(keys::CORRELATION_ID, header)
    }

    /// The header in which a proxy says who the user is: on all records as `user_id`. It is believed of
    /// [trusted](Policy::trust) peers alone.
    pub fn user_id(self, header: &str) -> Policy {
        self.other_id(keys::USER_ID, header)
    }

    /// The header in which a proxy says whose data a request is about: on all records as `tenant_id`. It is believed of
    /// [trusted](Policy::trust) peers alone.
    pub fn tenant_id(self, header: &str) -> Policy {
        self.other_id(keys::TENANT_ID, header)
    }

    fn other_id(mut self, key: &'static str, header: &str) -> Policy {
        self.ids.others.retain(|(other, _)| *other != key);
        match is_header_name(header) {
            true => self.ids.others.push((key, header.to_ascii_lowercase().into())),
            false => fault::report("policy", format_args!("{header:?} is no name of a header: there is no {key}")),
        }
        self
    }

    /// The entries of the header `baggage` that stand on all records, `tenant` as `baggage.tenant`. Anybody may send any.
    pub fn baggage(self, names: impl IntoIterator<Item = impl AsRef<str>>) -> Policy {
        self.extract(Baggage::of(names))
    }

    /// The request headers that are shown where a rule [shows](RouteRule::show) them. Values pass redaction.
    pub fn request_headers(mut self, names: impl IntoIterator<Item = impl AsRef<str>>) -> Policy {
        self.request_headers.extend(names.into_iter().map(|name| name.as_ref().to_ascii_lowercase().into()));
        self.default_rule = RouteRule::new().show(Extra::RequestHeaders).over(self.default_rule);
        self
    }

    /// The response headers that are shown where a rule [shows](RouteRule::show) them. Values pass redaction.
    pub fn response_headers(mut self, names: impl IntoIterator<Item = impl AsRef<str>>) -> Policy {
        self.response_headers.extend(names.into_iter().map(|name| name.as_ref().to_ascii_lowercase().into()));
        self.default_rule = RouteRule::new().show(Extra::ResponseHeaders).over(self.default_rule);
        self
    }

    /// How many bytes of a body are shown where a rule shows bodies.
    pub fn body_limit(mut self, bytes: usize) -> Policy {
        self.body_limit = Some(bytes);
        self
    }

    /// What becomes of a panic of a handler once it is recorded.
    pub fn recovery(mut self, recovery: Recovery) -> Policy {
        self.recovery = Some(recovery);
        self
    }

    /// What a client gets instead of the response of a handler that panicked. It is given the id alone: what the panic said
    /// may hold anything.
    pub fn panic_reply(mut self, reply: impl Fn(&RequestId) -> Reply + Send + Sync + 'static) -> Policy {
        self.panic_reply = Some(Arc::new(reply));
        self
    }

    /// Draws fields from requests and responses.
    pub fn extract(mut self, extractor: impl Extract) -> Policy {
        self.extractors.push(Arc::new(extractor));
        self
    }

    /// Is shown every request once it has ended, whether or not it is recorded: for metrics. It must not wait.
    pub fn observe(mut self, observer: impl Fn(&Ended<'_>) + Send + Sync + 'static) -> Policy {
        self.observers.push(Arc::new(observer));
        self
    }

    /// Keeps a table of the requests that are open.
    pub fn in_flight(mut self, in_flight: &InFlight) -> Policy {
        self.in_flight = Some(in_flight.clone());
        self
    }

    /// From which time on a single poll of a request is told of, as a warning: it kept its thread from all other requests.
    pub fn slow_poll(mut self, threshold: Duration) -> Policy {
        self.slow_poll = Some(threshold);
        self
    }

    /// Whether times that handlers took leave in a `server-timing` header.
    pub fn server_timing(mut self, server_timing: ServerTiming) -> Policy {
        self.server_timing = Some(server_timing);
        self
    }

    /// Shows the records down to a level of each request that bears a valid token in this header, whatever the levels say.
    pub fn debug_by_token(mut self, header: &str, level: Level, tokens: impl DebugTokens + 'static) -> Policy {
        self.debug = Some(Debug { header: header.to_ascii_lowercase().into(), level, tokens: Arc::new(tokens) });
        self
    }

    /// Whether requests pass as if the layer were not there.
    #[doc(hidden)]
    pub fn is_off(&self) -> bool {
        self.mode == Some(Mode::Off)
    }

    /// Adds what this says to a request that another layer has opened already: rules and the route, as far as they are
    /// known here.
    pub(crate) fn refine(&self, scope: &Scope, head: &impl RequestHead) {
        if let Some(route) = head.route() {
            scope.set_route(route);
        }
        scope.apply_at(self.rule_for(head.route(), head.path()), head);
    }

    /// What is said of a route, by the table and by default.
    #[inline]
    pub(crate) fn rule_for(&self, route: Option<&str>, path: &str) -> RouteRule {
        match self.routes.is_empty() {
            true => self.default_rule,
            false => self.routes.rule_for(route, path).over(self.default_rule),
        }
    }

    /// The header that carries request ids.
    #[inline]
    pub(crate) fn header_of_ids(&self) -> &str {
        self.ids.header.as_deref().unwrap_or(RequestId::HEADER)
    }

    #[inline]
    pub(crate) fn inbound(&self) -> InboundIds {
        self.ids.inbound.unwrap_or(InboundIds::Valid)
    }

    /// How many bytes of a body are shown where bodies are.
    #[inline]
    pub(crate) fn most_of_a_body(&self) -> usize {
        self.body_limit.unwrap_or(Policy::BODY_LIMIT)
    }

    /// Whether a panic goes on once it is recorded.
    pub(crate) fn resumes_panics(&self) -> bool {
        self.recovery == Some(Recovery::Resume)
    }

    /// Whether times that handlers took leave with the response.
    #[inline]
    pub(crate) fn shows_times(&self) -> bool {
        self.server_timing == Some(ServerTiming::Shown)
    }

    /// Whether something goes by the route before a request has ended.
    pub(crate) fn asks_for_routes_at_once(&self) -> bool {
        !self.routes.is_empty()
            || self.in_flight.is_some()
            || self.slow_poll.is_some()
            || self.default_rule.shows(Extra::Start)
    }

    pub(crate) fn level(&self, ended: &Ended<'_>) -> Level {
        if let Some(level) = self.level_of.as_ref().and_then(|level_of| ask("levels", || level_of(ended))) {
            return level;
        }
        if let Some(level) = self.outcome_levels[ended.outcome as usize] {
            return level;
        }
        let of_status = ended.status.filter(|_| matches!(ended.outcome, Outcome::Ok | Outcome::Error));
        let table = of_status.and_then(|status| self.levels.iter().rev().find(|(range, _)| range.contains(&status)));
        table.map_or_else(|| ended.outcome.level(ended.status), |(_, level)| *level)
    }

    pub(crate) fn make_id(&self) -> (RequestId, IdSource) {
        match self.ids.generate.as_ref().and_then(|generate| ask("generate_ids", || generate())) {
            Some(id) => (id, IdSource::Application),
            None => (RequestId::generate(), IdSource::Here),
        }
    }

    /// Whether somebody says that this need not be recorded.
    pub(crate) fn skips(&self, ended: &Ended<'_>) -> bool {
        self.skips.iter().any(|skips| ask("skip", || skips(ended)).unwrap_or(false))
    }

    pub(crate) fn tell_observers(&self, ended: &Ended<'_>) {
        for observer in &self.observers {
            ask("observe", || observer(ended));
        }
    }

    /// Whether what a peer says of others is believed.
    pub(crate) fn trusts(&self, peer: Option<IpAddr>) -> bool {
        peer.is_some_and(|peer| self.trusted.iter().any(|network| network.contains(peer)))
    }

    /// The header of the id that belongs to a field.
    pub(crate) fn header_of(&self, key: &str) -> Option<&str> {
        self.ids.others.iter().find(|(other, _)| *other == key).map(|(_, header)| &**header)
    }

    pub(crate) fn extract_from_request(&self, head: &dyn RequestHead, fields: &mut FieldSet) {
        if !self.ids.others.is_empty() && self.trusts(head.peer()) {
            for (key, header) in &self.ids.others {
                if let Some(id) = head.only_header(header).and_then(plain_id) {
                    fields.add(key, id);
                }
            }
        }
        for extractor in &self.extractors {
            ask("extract", || extractor.on_request(head, fields));
        }
    }

    pub(crate) fn extract_from_response(&self, head: &dyn ResponseHead, fields: &mut FieldSet) {
        for extractor in &self.extractors {
            ask("extract", || extractor.on_response(head, fields));
        }
    }

    /// The reply to a panic that somebody made for it.
    pub(crate) fn own_reply(&self, id: &RequestId) -> Option<Reply> {
        self.panic_reply.as_ref().and_then(|reply| ask("panic_reply", || reply(id)))
    }

    /// Whether a request bears a token that lets its bearer see all of its records.
    pub(crate) fn is_asked_for(&self, head: &impl RequestHead) -> bool {
        let Some(debug) = &self.debug else { return false };
        let Some(token) = head.header(&debug.header) else { return false };
        let is_valid = ask("debug_by_token", || debug.tokens.is_valid(token)).unwrap_or(false);
        if !is_valid {
            fault::report("debug_token", format_args!("a request bears a debug token that is forged or stale"));
        }
        is_valid
    }
}

impl Ids {
    fn over(mut self, other: Ids) -> Ids {
        let is_said_here = |key: &str| self.others.iter().any(|(own, _)| *own == key);
        let left_open: Vec<_> = other.others.into_iter().filter(|(key, _)| !is_said_here(key)).collect();
        self.others.extend(left_open);
        Ids {
            header: self.header.or(other.header),
            inbound: self.inbound.or(other.inbound),
            generate: self.generate.or(other.generate),
            others: self.others,
        }
    }
}

/// The one list, and behind it the other.
fn both<T>(mut first: Vec<T>, second: Vec<T>) -> Vec<T> {
    first.extend(second);
    first
}

/// Calls a function of the user's own, which may panic: that is told aside, and the request goes on.
fn ask<R>(option: &'static str, function: impl FnOnce() -> R) -> Option<R> {
    let answer = contain(function);
    if answer.is_none() {
        fault::report("policy", format_args!("the function given to `{option}` panicked"));
    }
    answer
}

impl fmt::Debug for Policy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("Policy");
        shown.field("mode", &self.mode).field("id_header", &self.ids.header).field("inbound_ids", &self.ids.inbound);
        shown.field("trusted", &self.trusted).field("routes", &self.routes).field("rule", &self.default_rule);
        shown.field("recovery", &self.recovery).finish_non_exhaustive()
    }
}

/// Whether a text can name a header: RFC 9110 calls that a token.
fn is_header_name(name: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    (1..=256).contains(&name.len()) && name.bytes().all(is_allowed)
}

/// An id that others made: 1 to 128 characters of ASCII that can be seen.
fn plain_id(id: &[u8]) -> Option<&str> {
    let is_plain = (1..=RequestId::MAX_LENGTH).contains(&id.len()) && id.iter().all(u8::is_ascii_graphic);
    std::str::from_utf8(id).ok().filter(|_| is_plain)
}

/// What every layer and middleware forwards to its policy. It needs `fn change(self, impl FnOnce(Policy) -> Policy) ->
/// Self`.
#[doc(hidden)]
#[macro_export]
macro_rules! __policy_options {
    () => {
        $crate::__policy_options! {
            mode(mode: $crate::http::Mode);
            route(pattern: impl Into<$crate::http::RoutePattern>, rule: $crate::http::RouteRule);
            rule(rule: $crate::http::RouteRule);
            skip(skips: impl Fn(&$crate::http::Ended<'_>) -> bool + Send + Sync + 'static);
            status_level(statuses: ::std::ops::RangeInclusive<u16>, level: $crate::Level);
            outcome_level(outcome: $crate::http::Outcome, level: $crate::Level);
            levels(level_of: impl Fn(&$crate::http::Ended<'_>) -> $crate::Level + Send + Sync + 'static);
            trust(networks: impl IntoIterator<Item = $crate::http::Network>);
            id_header(name: &str);
            inbound_ids(inbound: $crate::http::InboundIds);
            correlation_id(header: &str);
            user_id(header: &str);
            tenant_id(header: &str);
            baggage(names: impl IntoIterator<Item = impl AsRef<str>>);
            generate_ids(generate: impl Fn() -> $crate::http::RequestId + Send + Sync + 'static);
            request_headers(names: impl IntoIterator<Item = impl AsRef<str>>);
            response_headers(names: impl IntoIterator<Item = impl AsRef<str>>);
            body_limit(bytes: usize);
            recovery(recovery: $crate::http::Recovery);
            panic_reply(reply: impl Fn(&$crate::http::RequestId) -> $crate::http::Reply + Send + Sync + 'static);
            extract(extractor: impl $crate::http::Extract);
            observe(observer: impl Fn(&$crate::http::Ended<'_>) + Send + Sync + 'static);
            in_flight(in_flight: &$crate::http::InFlight);
            slow_poll(threshold: ::std::time::Duration);
            server_timing(server_timing: $crate::http::ServerTiming);
            debug_by_token(header: &str, level: $crate::Level, tokens: impl $crate::http::DebugTokens + 'static);
        }
    };
    ($($name:ident($($argument:ident: $type:ty),*);)+) => {
        $(
            #[doc = concat!("See [`Policy::", stringify!($name), "`](hyperlog_core::http::Policy::", stringify!($name), ").")]
            #[must_use]
            pub fn $name(self $(, $argument: $type)*) -> Self {
                self.change(|policy| policy.$name($($argument),*))
            }
        )+
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Nobody;

    impl DebugTokens for Nobody {
        fn is_valid(&self, _: &[u8]) -> bool {
            false
        }
    }

    /// With everything said in one of two ways.
    fn full(is_first: bool) -> Policy {
        let name = if is_first { "x-one" } else { "x-other" };
        let level = if is_first { Level::DEBUG } else { Level::NOTICE };
        let network = if is_first { "10.0.0.1" } else { "10.0.0.2" };
        let status = if is_first { 500 } else { 503 };
        Policy::new()
            .mode(if is_first { Mode::On } else { Mode::Off })
            .route("/a", RouteRule::new().level(level))
            .rule(RouteRule::new().failures(level))
            .skip(|_| true)
            .status_level(404..=404, level)
            .outcome_level(Outcome::Closed, level)
            .levels(move |_| level)
            .trust([network.parse().unwrap()])
            .id_header(name)
            .inbound_ids(if is_first { InboundIds::Ignored } else { InboundIds::FromTrusted })
            .generate_ids(RequestId::generate)
            .user_id(name)
            .baggage([name])
            .request_headers([name])
            .response_headers([name])
            .body_limit(status.into())
            .recovery(if is_first { Recovery::Answer } else { Recovery::Resume })
            .panic_reply(move |_| {
                let (content_type, body, headers) = Default::default();
                Reply { status, content_type, body, headers }
            })
            .observe(|_| {})
            .in_flight(&InFlight::new())
            .slow_poll(Duration::from_millis(status.into()))
            .server_timing(if is_first { ServerTiming::Hidden } else { ServerTiming::Shown })
            .debug_by_token(name, level, Nobody)
    }

    /// All that a policy says, as far as it can be told.
    fn told(policy: &Policy) -> String {
        let id = RequestId::generate();
        let ended = Ended {
            id: &id,
            trace: None,
            method: "GET",
            route: None,
            path: "/",
            status: Some(404),
            outcome: Outcome::Ok,
            duration: Duration::ZERO,
            time_to_first_byte: None,
            request_bytes: 0,
            response_bytes: 0,
        };
        let counts = [policy.skips.len(), policy.extractors.len(), policy.observers.len()];
        format!(
            "{policy:?} {counts:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
            policy.debug.as_ref().map(|debug| (&debug.header, debug.level)),
            policy.levels,
            policy.outcome_levels,
            policy.level(&ended),
            policy.ids.others,
            policy.ids.generate.is_some(),
            (&policy.request_headers, &policy.response_headers),
            policy.body_limit,
            policy.own_reply(&id).map(|reply| reply.status),
            policy.slow_poll,
            policy.server_timing,
            policy.in_flight.is_some(),
        )
    }

    #[test]
    fn what_is_left_open_is_as_the_other_says_it_and_what_is_said_twice_as_it_is_said_here() {
        let (one, other) = (|| full(true), || full(false));
        assert_eq!(told(&Policy::new().over(one())), told(&one()));
        assert_eq!(told(&one().over(Policy::new())), told(&one()));
        assert_ne!(told(&one()), told(&other()));

        let both = one().over(other());
        assert_eq!(both.rule_for(Some("/a"), "/a").level, Some(Level::DEBUG));
        assert_eq!((both.header_of_ids(), both.inbound(), both.most_of_a_body()), ("x-one", InboundIds::Ignored, 500));
        assert_eq!((both.mode, both.recovery, both.server_timing), (one().mode, one().recovery, one().server_timing));
        assert_eq!((both.header_of(keys::USER_ID), both.ids.others.len()), (Some("x-one"), 1));
        assert_eq!((both.outcome_levels, both.slow_poll), (one().outcome_levels, one().slow_poll));
        assert_eq!(both.default_rule, one().default_rule);
        assert_eq!(both.own_reply(&RequestId::generate()).map(|reply| reply.status), Some(500));
        assert_eq!(both.debug.as_ref().map(|debug| &*debug.header), Some("x-one"));
        let peers = ["10.0.0.1", "10.0.0.2"].map(|peer| both.trusts(peer.parse().ok()));
        assert_eq!(
            (peers, both.request_headers, both.levels.len()),
            ([true, true], vec!["x-other".into(), "x-one".into()], 2)
        );
    }
}
