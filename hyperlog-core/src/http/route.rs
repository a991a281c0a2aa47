//! What is logged of a request, by its route.
//!
//! A rule says only what it wants to be different; what it leaves open is decided by whoever stands behind it: from the
//! handler over the layers and the table of patterns to the default. No rule can hide a failure.

use crate::filter::directive::LevelFilter;
use crate::level::Level;
use std::fmt;
use std::time::Duration;

/// What is logged of the requests of a route.
///
/// ```
/// use hyperlog_core::Level;
/// use hyperlog_core::http::{Extra, RouteRule};
/// use std::time::Duration;
///
/// const HEALTH: RouteRule = RouteRule::off();
/// const SEARCH: RouteRule = RouteRule::new()
///     .level(Level::DEBUG)
///     .sample(0.01)
///     .slow(Duration::from_millis(500))
///     .recorder(Level::DEBUG)
///     .show(Extra::Query);
/// ```
///
/// | setting | default | what it does |
/// |---|---|---|
/// | [`access`](RouteRule::access) | [`Access::On`] | whether there is an access record of a request that does not fail |
/// | [`level`](RouteRule::level) | by status and outcome | the level of that record |
/// | [`failures`](RouteRule::failures) | error | the level of the record of a failure |
/// | [`sample`](RouteRule::sample) | 1.0 | the share of requests of which anything is seen, unless they fail or are slow |
/// | [`slow`](RouteRule::slow) | never | from which duration on a request is marked as slow, and seen in any case |
/// | [`recorder`](RouteRule::recorder) | off | the level down to which records are held, and shown if the request fails |
/// | [`recorder_room`](RouteRule::recorder_room) | 64 KiB | how much is held |
/// | [`show`](RouteRule::show), [`hide`](RouteRule::hide) | nothing | what else is told |
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[must_use]
pub struct RouteRule {
    pub(crate) access: Option<Access>,
    pub(crate) level: Option<Level>,
    pub(crate) failures: Option<Level>,
    pub(crate) share: Option<f64>,
    pub(crate) slow: Option<Duration>,
    pub(crate) recorder: Option<LevelFilter>,
    pub(crate) room: Option<usize>,
    shown: u16,
    hidden: u16,
}

/// Whether a request that does not fail gives an access record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Access {
    /// It does.
    On,
    /// It gives none; what handlers log is seen.
    Off,
    /// It gives none, and nothing that handlers log is seen either.
    Quiet,
}

/// What is told of a request on demand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[repr(u16)]
pub enum Extra {
    /// The parameters of the route, redacted: `params`.
    Params = 1,
    /// The query, redacted: `query`.
    Query = 1 << 1,
    /// The headers of the request that the policy lists, redacted: `request_headers`.
    RequestHeaders = 1 << 2,
    /// The headers of the response that the policy lists, redacted: `response_headers`.
    ResponseHeaders = 1 << 3,
    /// How often the request was polled, how long that took in all, and the longest poll: `polls`, `busy_ms`,
    /// `longest_poll_ms`.
    Polls = 1 << 4,
    /// A record of its own when the request comes in, of kind `start`.
    Start = 1 << 5,
    /// A record of its own when a response begins whose end cannot be foreseen, of kind `open`.
    Open = 1 << 6,
    /// The beginning of the request's body, redacted: `request_body`.
    RequestBody = 1 << 7,
    /// The beginning of the response's body, redacted: `response_body`.
    ResponseBody = 1 << 8,
}

impl RouteRule {
    /// Changes nothing.
    pub const fn new() -> RouteRule {
        RouteRule {
            access: None,
            level: None,
            failures: None,
            share: None,
            slow: None,
            recorder: None,
            room: None,
            shown: 0,
            hidden: 0,
        }
    }

    /// No access record, unless the request fails.
    pub const fn off() -> RouteRule {
        RouteRule::new().access(Access::Off)
    }

    /// Whether there is an access record of a request that does not fail.
    pub const fn access(self, access: Access) -> RouteRule {
        RouteRule { access: Some(access), ..self }
    }

    /// The level of the access record of a request that does not fail.
    pub const fn level(self, level: Level) -> RouteRule {
        RouteRule { level: Some(level), ..self }
    }

    /// The level of the access record of a request that fails: no lower than warn, since no rule hides a failure.
    pub const fn failures(self, level: Level) -> RouteRule {
        RouteRule { failures: Some(level), ..self }
    }

    /// The share of requests of which anything is seen, from 0.0 to 1.0: all records of a request, or none. What fails or
    /// is slow is always seen.
    pub const fn sample(self, share: f64) -> RouteRule {
        RouteRule { share: Some(share), ..self }
    }

    /// From which duration on a request is marked as slow, which lifts its level to warn and has it seen in any case.
    pub const fn slow(self, threshold: Duration) -> RouteRule {
        RouteRule { slow: Some(threshold), ..self }
    }

    /// Turns the flight recorder on: records down to this level are held back, and shown before the access record if the
    /// request fails, is cancelled or is slow.
    pub const fn recorder(self, level: Level) -> RouteRule {
        RouteRule { recorder: Some(LevelFilter::from_level(level)), ..self }
    }

    /// How many bytes the flight recorder holds for a request; the oldest records make room for the newest.
    pub const fn recorder_room(self, bytes: usize) -> RouteRule {
        RouteRule { room: Some(bytes), ..self }
    }

    /// Turns the flight recorder off.
    pub const fn no_recorder(self) -> RouteRule {
        RouteRule { recorder: Some(LevelFilter::OFF), ..self }
    }

    /// Tells something that is not told by default.
    pub const fn show(self, extra: Extra) -> RouteRule {
        RouteRule { shown: self.shown | extra as u16, hidden: self.hidden & !(extra as u16), ..self }
    }

    /// Does not tell something, whoever else wants it.
    pub const fn hide(self, extra: Extra) -> RouteRule {
        RouteRule { shown: self.shown & !(extra as u16), hidden: self.hidden | extra as u16, ..self }
    }

    /// Whether something is told that is not told by default.
    pub(crate) fn shows(&self, extra: Extra) -> bool {
        self.shown & extra as u16 != 0
    }

    /// Whether something is not told, whoever else wants it.
    pub(crate) fn hides(&self, extra: Extra) -> bool {
        self.hidden & extra as u16 != 0
    }

    /// What this says, and what it leaves open as the other says it.
    pub const fn over(self, other: RouteRule) -> RouteRule {
        macro_rules! first {
            ($($field:ident)*) => {
                RouteRule {
                    $($field: if self.$field.is_some() { self.$field } else { other.$field },)*
                    shown: self.shown | other.shown & !self.hidden,
                    hidden: self.hidden | other.hidden & !self.shown,
                }
            };
        }
        first!(access level failures share slow recorder room)
    }
}

/// Which routes a rule is for.
///
/// ```
/// use hyperlog_core::http::RoutePattern;
///
/// assert!(RoutePattern::from("/users/{id}").matches("/users/{id}"));
/// assert!(RoutePattern::from("/admin/*").matches("/admin/users/{id}"));
/// assert!(!RoutePattern::from("/admin/*").matches("/administration"));
/// ```
#[derive(Clone)]
pub struct RoutePattern(Kind);

#[derive(Clone)]
enum Kind {
    Exact(Box<str>),
    /// The texts between the stars.
    Glob(Vec<Box<str>>),
    #[cfg(feature = "patterns")]
    Regex(regex::Regex),
}

impl RoutePattern {
    /// Routes that match a regular expression anywhere.
    ///
    /// # Errors
    ///
    /// When it is none, or too large.
    #[cfg(feature = "patterns")]
    pub fn regex(expression: &str) -> Result<RoutePattern, RoutePatternError> {
        let built = regex::RegexBuilder::new(expression).size_limit(1 << 20).build();
        built.map(|regex| RoutePattern(Kind::Regex(regex))).map_err(RoutePatternError)
    }

    /// Whether this is a route it is for.
    pub fn matches(&self, route: &str) -> bool {
        match &self.0 {
            Kind::Exact(exact) => **exact == *route,
            Kind::Glob(pieces) => matches_pieces(pieces, route),
            #[cfg(feature = "patterns")]
            Kind::Regex(regex) => regex.is_match(route),
        }
    }

    fn is_exact(&self) -> bool {
        matches!(self.0, Kind::Exact(_))
    }
}

/// Each piece at the first place behind the one before: with stars alone there is no need to go back. The first piece
/// stands at the beginning and the last at the end.
fn matches_pieces(pieces: &[Box<str>], route: &str) -> bool {
    let [first, middle @ .., last] = pieces else { return false };
    let Some(mut rest) = route.strip_prefix(&**first) else { return false };
    for piece in middle {
        match rest.split_once(&**piece) {
            Some((_, behind)) => rest = behind,
            None => return false,
        }
    }
    rest.ends_with(&**last)
}

impl From<&str> for RoutePattern {
    /// Exactly this route, or, with stars in it, each that fits when a star stands for any text.
    fn from(pattern: &str) -> RoutePattern {
        // A star within braces belongs to the route: `/files/{*path}`.
        let mut pieces = vec![String::new()];
        let mut depth = 0_usize;
        for letter in pattern.chars() {
            match letter {
                '{' => depth += 1,
                '}' => depth = depth.saturating_sub(1),
                '*' if depth == 0 => {
                    pieces.push(String::new());
                    continue;
                }
                _ => {}
            }
            if let Some(piece) = pieces.last_mut() {
                piece.push(letter);
            }
        }
        match &mut pieces[..] {
            [exact] => RoutePattern(Kind::Exact(std::mem::take(exact).into())),
            _ => RoutePattern(Kind::Glob(pieces.into_iter().map(Box::from).collect())),
        }
    }
}

impl fmt::Debug for RoutePattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Exact(exact) => fmt::Debug::fmt(exact, formatter),
            Kind::Glob(pieces) => fmt::Debug::fmt(&pieces.join("*"), formatter),
            #[cfg(feature = "patterns")]
            Kind::Regex(regex) => fmt::Debug::fmt(regex.as_str(), formatter),
        }
    }
}

/// A regular expression that cannot be used.
#[cfg(feature = "patterns")]
#[derive(Clone, Debug)]
pub struct RoutePatternError(regex::Error);

#[cfg(feature = "patterns")]
impl fmt::Display for RoutePatternError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the pattern of a route is no regular expression that can be used")
    }
}

#[cfg(feature = "patterns")]
impl std::error::Error for RoutePatternError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

/// Rules by pattern.
#[derive(Clone, Debug, Default)]
pub(crate) struct RouteTable(Vec<(RoutePattern, RouteRule)>);

impl RouteTable {
    pub(crate) fn push(&mut self, pattern: RoutePattern, rule: RouteRule) {
        self.0.push((pattern, rule));
    }

    /// These rules, and later those of the other.
    pub(crate) fn and(mut self, later: RouteTable) -> RouteTable {
        self.0.extend(later.0);
        self
    }

    /// What the table says of a route, or of the path where there is no route: exact patterns count more than others, and
    /// later ones more than earlier.
    pub(crate) fn rule_for(&self, route: Option<&str>, path: &str) -> RouteRule {
        let subject = route.unwrap_or(path);
        let of_kind = |exact: bool| {
            let fitting =
                self.0.iter().filter(move |(pattern, _)| pattern.is_exact() == exact && pattern.matches(subject));
            fitting.fold(RouteRule::new(), |rule, (_, later)| later.over(rule))
        };
        of_kind(true).over(of_kind(false))
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Shows the parameters of a route: what stands in a path where its pattern has braces.
pub(crate) fn for_each_param<'t>(mut route: &'t str, mut path: &'t str, mut each: impl FnMut(&'t str, &'t str)) {
    while let Some((literal, behind)) = route.split_once('{') {
        let (Some(rest), Some((parameter, after))) = (path.strip_prefix(literal), split_at_closing(behind)) else {
            return;
        };
        let (name, form) = parameter.split_once(':').unwrap_or((parameter, ""));
        let (name, takes_slashes) = match name.strip_prefix('*') {
            Some(name) => (name, true),
            None => (name, form.contains(".*") || form.contains(".+")),
        };
        let next = after.split('{').next().unwrap_or_default();
        let end_of_part = if takes_slashes { rest.len() } else { rest.find('/').unwrap_or(rest.len()) };
        let end = if next.is_empty() { None } else { rest.find(next) };
        let (value, behind) = rest.split_at(end.map_or(end_of_part, |end| end.min(end_of_part)));
        each(name, value);
        (route, path) = (after, behind);
    }
}

/// What stands before the brace that closes one, and behind it.
fn split_at_closing(text: &str) -> Option<(&str, &str)> {
    let mut depth = 0_usize;
    for (place, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 0 => return Some((&text[..place], &text[place + 1..])),
            b'}' => depth -= 1,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_says_what_it_says_and_leaves_the_rest_to_the_other() {
        let own = RouteRule::new().level(Level::DEBUG).hide(Extra::Query);
        let other = RouteRule::off().level(Level::NOTICE).sample(0.5).show(Extra::Query).show(Extra::Params);
        let both = own.over(other);
        assert_eq!((both.level, both.access, both.share), (Some(Level::DEBUG), Some(Access::Off), Some(0.5)));
        assert!(!both.shows(Extra::Query) && both.shows(Extra::Params));
        assert!(RouteRule::new().show(Extra::Query).over(both).shows(Extra::Query));
        assert_eq!(RouteRule::new().over(both), both);
    }

    #[test]
    fn stars_stand_for_any_text_and_what_is_in_braces_belongs_to_the_route() {
        let check = |pattern: &str, route: &str, expected| {
            assert_eq!(RoutePattern::from(pattern).matches(route), expected, "{pattern} {route}");
        };
        check("/health", "/health", true);
        check("/health", "/healthy", false);
        check("/admin/*", "/admin/", true);
        check("/admin/*", "/admin/a/b", true);
        check("/admin/*", "/admin", false);
        check("*/metrics", "/a/metrics", true);
        check("*/metrics", "/a/metrics/b", false);
        check("/a*b*c", "/a-b-c", true);
        check("/a*b*c", "/a-c-b", false);
        check("/aa*aa", "/aaa", false);
        check("*", "", true);
        check("/files/{*path}", "/files/{*path}", true);
        check("/files/{*path}", "/files/a", false);
        check("/v*/users/{id}", "/v2/users/{id}", true);
        check("", "", true);
    }

    #[test]
    fn an_exact_pattern_counts_more_than_one_with_stars_and_a_later_more_than_an_earlier() {
        let mut table = RouteTable::default();
        table.push("/users/{id}".into(), RouteRule::new().level(Level::DEBUG));
        table.push("/users/*".into(), RouteRule::new().level(Level::NOTICE).sample(0.1));
        table.push("*".into(), RouteRule::new().sample(0.2).show(Extra::Params));
        let rule = table.rule_for(Some("/users/{id}"), "/users/7");
        assert_eq!((rule.level, rule.share, rule.shows(Extra::Params)), (Some(Level::DEBUG), Some(0.2), true));
        assert_eq!(table.rule_for(None, "/users/7").level, Some(Level::NOTICE));
        assert_eq!(RouteTable::default().rule_for(None, "/").level, None);
    }

    #[test]
    fn parameters_are_what_stands_in_the_place_of_braces() {
        let check = |route: &str, path: &str, expected: &[(&str, &str)]| {
            let mut found = Vec::new();
            for_each_param(route, path, |name, value| found.push((name, value)));
            assert_eq!(found, expected, "{route} {path}");
        };
        check("/users/{id}", "/users/7", &[("id", "7")]);
        check("/a/{x}/b/{y}", "/a/1/b/2", &[("x", "1"), ("y", "2")]);
        check("/files/{*path}", "/files/a/b/c", &[("path", "a/b/c")]);
        check("/files/{*path}", "/files/", &[("path", "")]);
        check(r"/n/{id:\d+}.json", "/n/12.json", &[("id", "12")]);
        check(r"/n/{id:\d{2}}-{of}", "/n/12-x", &[("id", "12"), ("of", "x")]);
        check("/static/{tail:.*}", "/static/a/b", &[("tail", "a/b")]);
        check("/users/{id}", "/users", &[]);
        check("/users/{id", "/users/7", &[]);
        check("/users/{id}/x", "/users/\u{e9}/x", &[("id", "\u{e9}")]);
        check("/plain", "/plain", &[]);
    }
}
