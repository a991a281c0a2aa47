//! Which levels pass for which targets, in the syntax people know: `info,my_crate::db=trace,hyper=off`.
//!
//! A value without state, so that a reload is an assignment and two configurations can be compared.

use std::error::Error;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::level::Level;

/// A level for everything, and other levels for the targets that are named.
///
/// | part | meaning |
/// |---|---|
/// | `info` | the level for every target without a directive of its own; a name in any case, a registered name, or a number from 1 to 24 |
/// | `off` | nothing, for every target without a directive of its own |
/// | `my_crate=debug` | `my_crate` and what is inside it, from debug up |
/// | `my_crate` or `my_crate=` | `my_crate` and what is inside it, every level |
/// | `hyper=off` | nothing from `hyper` |
/// | `"odd, target"=debug` | a target with characters that mean something here; `\"` and `\\` stand for themselves |
///
/// Parts are separated by commas. Spaces around them and empty parts are ignored. The longest target that matches
/// decides, and of two parts with the same target the later one. A target matches itself and whatever follows it after
/// `::`, `.` or `/`: `foo` speaks for `foo::bar`, not for `foobar`.
///
/// A word alone that is nearly a level, such as `inof`, or one in another logger, such as `verbose`, is refused: as a target
/// it would be the only one that is heard.
///
/// With named targets only, everything else is off. The empty text is the default, `info`.
///
/// ```
/// use hyperlog_core::{Directives, Level};
///
/// let directives: Directives = "info, my_crate::db=trace, hyper=off".parse()?;
///
/// assert!(directives.enabled(Level::TRACE, "my_crate::db::pool"));
/// assert!(!directives.enabled(Level::DEBUG, "my_crate"));
/// assert!(!directives.enabled(Level::ERROR, "hyper::proto"));
/// assert_eq!(directives.to_string(), "info,my_crate::db=trace,hyper=off");
/// # Ok::<(), hyperlog_core::DirectiveError>(())
/// ```
///
/// A text may have [`Directives::MAX_LENGTH`] bytes and [`Directives::MAX_PARTS`] parts; a longer one is refused.
/// Clones share their memory.
#[derive(Clone, PartialEq, Eq)]
pub struct Directives {
    default: LevelFilter,
    most_verbose: LevelFilter,
    /// Longest target first, then by name: the first match is the longest, and equal directives are equal values.
    targets: Arc<Vec<(Box<str>, LevelFilter)>>,
}

impl Directives {
    /// The longest text that is parsed, in bytes.
    pub const MAX_LENGTH: usize = 16 * 1024;

    /// The most parts that a text may have.
    pub const MAX_PARTS: usize = 256;

    /// The same level for every target.
    pub fn new(default: LevelFilter) -> Directives {
        Directives { default, most_verbose: default, targets: Arc::default() }
    }

    /// Gives `target`, and whatever is inside it, a level of its own. The empty target stands for everything without
    /// one.
    ///
    /// ```
    /// use hyperlog_core::{Directives, Level, LevelFilter};
    ///
    /// let directives = Directives::new(Level::INFO.into()).with("hyper", LevelFilter::OFF);
    /// assert_eq!(directives, "info,hyper=off".parse()?);
    /// # Ok::<(), hyperlog_core::DirectiveError>(())
    /// ```
    pub fn with(mut self, target: &str, filter: LevelFilter) -> Directives {
        if target.is_empty() {
            self.default = filter;
        } else {
            let targets = Arc::make_mut(&mut self.targets);
            match targets.binary_search_by(|(known, _)| rank(known).cmp(&rank(target))) {
                Ok(same) => targets[same].1 = filter,
                Err(place) => targets.insert(place, (target.into(), filter)),
            }
        }
        self.most_verbose = self.targets.iter().map(|(_, filter)| *filter).fold(self.default, LevelFilter::min);
        self
    }

    /// The levels that pass for this target.
    ///
    /// The time grows with the number of named targets; ask once per call site and remember.
    pub fn level_for(&self, target: &str) -> LevelFilter {
        let own = self.targets.iter().find(|(prefix, _)| covers(prefix, target));
        own.map_or(self.default, |(_, filter)| *filter)
    }

    /// Whether a record of this level and target passes.
    #[inline]
    pub fn enabled(&self, level: Level, target: &str) -> bool {
        self.most_verbose.allows(level) && self.level_for(target).allows(level)
    }

    /// What passes for at least one target: below this, nothing needs to be asked.
    pub fn most_verbose(&self) -> LevelFilter {
        self.most_verbose
    }
}

impl Default for Directives {
    /// `info` for every target.
    fn default() -> Directives {
        Directives::new(LevelFilter::from(Level::INFO))
    }
}

impl FromStr for Directives {
    type Err = DirectiveError;

    fn from_str(text: &str) -> Result<Directives, DirectiveError> {
        if text.len() > Directives::MAX_LENGTH {
            return Err(DirectiveError::new(text, Directives::MAX_LENGTH, Kind::TooLong));
        }
        let mut default = None;
        let mut targets = Vec::new();
        for (count, part) in Parts::of(text).enumerate() {
            let (position, part) = part?;
            if count == Directives::MAX_PARTS {
                return Err(DirectiveError::new(part, position, Kind::TooMany));
            }
            match parse(part).map_err(|kind| DirectiveError::new(part, position, kind))? {
                (None, filter) => default = Some(filter),
                (Some(target), filter) => targets.push((target, filter)),
            }
        }
        let otherwise = if targets.is_empty() { Directives::default().default } else { LevelFilter::OFF };
        let directives = Directives::new(default.unwrap_or(otherwise));
        Ok(targets.into_iter().fold(directives, |all, (target, filter)| all.with(&target, filter)))
    }
}

impl fmt::Display for Directives {
    /// The same directives in a fixed order, which parse to an equal value.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.default)?;
        for (target, filter) in self.targets.iter() {
            if target.chars().all(is_plain) {
                write!(formatter, ",{target}={filter}")?;
            } else {
                let escaped = target.replace('\\', "\\\\").replace('"', "\\\"");
                write!(formatter, ",\"{escaped}\"={filter}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Directives {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Directives({self})")
    }
}

/// Off, or every level from one upwards.
///
/// Filters are ordered by what they hold back: [`LevelFilter::OFF`] is the greatest.
///
/// ```
/// use hyperlog_core::{Level, LevelFilter};
///
/// let filter = LevelFilter::from(Level::WARN);
/// assert!(filter.allows(Level::ERROR) && !filter.allows(Level::NOTICE));
/// assert!(!LevelFilter::OFF.allows(Level::FATAL));
/// assert_eq!("off".parse(), Ok(LevelFilter::OFF));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LevelFilter(u8);

impl LevelFilter {
    /// Nothing passes.
    pub const OFF: LevelFilter = LevelFilter(u8::MAX);

    /// Everything passes.
    pub const ALL: LevelFilter = LevelFilter::from_level(Level::TRACE);

    /// This level and whatever is more severe. As `From<Level>`, for constants.
    pub const fn from_level(level: Level) -> LevelFilter {
        LevelFilter(level.severity())
    }

    /// Whether a record of this level passes.
    #[inline]
    pub const fn allows(self, level: Level) -> bool {
        level.severity() >= self.0
    }

    /// The least severe level that passes, or `None` if nothing does.
    pub const fn level(self) -> Option<Level> {
        Level::from_severity(self.0)
    }
}

impl From<Level> for LevelFilter {
    fn from(level: Level) -> LevelFilter {
        LevelFilter::from_level(level)
    }
}

impl FromStr for LevelFilter {
    type Err = crate::level::ParseLevelError;

    /// `off`, or what [`Level`] understands.
    fn from_str(text: &str) -> Result<LevelFilter, Self::Err> {
        if text.trim().eq_ignore_ascii_case("off") {
            Ok(LevelFilter::OFF)
        } else {
            text.parse().map(LevelFilter::from_level)
        }
    }
}

impl fmt::Display for LevelFilter {
    /// The name as it stands in directives, in lower case.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.level() {
            Some(level) => formatter.pad(&level.name().to_ascii_lowercase()),
            None => formatter.pad("off"),
        }
    }
}

impl fmt::Debug for LevelFilter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "LevelFilter({self})")
    }
}

/// Why a text is not a list of directives: which part, where it begins, and what to write instead.
///
/// ```
/// use hyperlog_core::Directives;
///
/// let error = "info,[request{id=7}]=trace".parse::<Directives>().unwrap_err();
/// assert_eq!(error.position(), 5);
/// assert_eq!(
///     error.to_string(),
///     "directive \"[request{id=7}]=trace\" at byte 5: filters on spans and fields are not part of this syntax; write target=level",
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectiveError {
    part: String,
    position: usize,
    kind: Kind,
}

impl DirectiveError {
    /// Where the refused part begins, in bytes from the start of the text.
    pub fn position(&self) -> usize {
        self.position
    }

    fn new(part: &str, position: usize, kind: Kind) -> DirectiveError {
        const SHOWN: usize = 60;
        let part = match part.char_indices().nth(SHOWN) {
            Some((end, _)) => format!("{}…", &part[..end]),
            None => part.into(),
        };
        DirectiveError { part, position, kind }
    }
}

impl fmt::Display for DirectiveError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "directive {:?} at byte {}: {}", self.part, self.position, self.kind.advice())
    }
}

impl Error for DirectiveError {}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    TooLong,
    TooMany,
    Span,
    Regex,
    Wildcard,
    NoTarget,
    Level,
    NearlyLevel,
    Target,
    Quote,
}

impl Kind {
    fn advice(self) -> &'static str {
        match self {
            Kind::TooLong => "the text is too long; write at most 16384 bytes",
            Kind::TooMany => "there are too many directives; write at most 256",
            Kind::Span => "filters on spans and fields are not part of this syntax; write target=level",
            Kind::Regex => {
                "filters on the message (/regex) are not part of this syntax; remove the slash and what follows"
            }
            Kind::Wildcard => "a target speaks for all that is inside it; remove the asterisk",
            Kind::NoTarget => {
                "there is no target before the equals sign; write target=level, or the level alone for all targets"
            }
            Kind::Level => {
                "no such level; write off, trace, debug, info, notice, warn, error, critical, security, audit, fatal, a registered name or a number from 1 to 24"
            }
            Kind::NearlyLevel => {
                "no such level, though nearly one or one elsewhere; write off, trace, debug, info, notice, warn, error, critical, security, audit or fatal, or target=trace for a target of that name"
            }
            Kind::Target => "a target cannot hold spaces or control characters as it stands; put it in double quotes",
            Kind::Quote => {
                "a quoted target ends with a double quote that only =level may follow; write \"target\"=level"
            }
        }
    }
}

/// The parts between commas that are not inside quotes, trimmed, with their places; empty ones left out.
struct Parts<'a> {
    text: &'a str,
    next: usize,
}

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Parts<'a> {
        Parts { text, next: 0 }
    }
}

impl<'a> Iterator for Parts<'a> {
    type Item = Result<(usize, &'a str), DirectiveError>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.next < self.text.len() {
            let rest = &self.text[self.next..];
            let trimmed = rest.trim_start();
            let position = self.next + rest.len() - trimmed.len();
            let quoted = if trimmed.starts_with('"') {
                let Some(end) = quote_end(trimmed) else {
                    self.next = self.text.len();
                    return Some(Err(DirectiveError::new(trimmed, position, Kind::Quote)));
                };
                end
            } else {
                0
            };
            let end = trimmed[quoted..].find(',').map_or(trimmed.len(), |comma| quoted + comma);
            self.next = position + end + 1;
            let part = trimmed[..end].trim_end();
            if !part.is_empty() {
                return Some(Ok((position, part)));
            }
        }
        None
    }
}

/// Where the quoted text that begins here ends, closing quote included.
fn quote_end(text: &str) -> Option<usize> {
    let mut escaped = true; // the opening quote does not close
    for (place, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(place + 1),
            _ => {}
        }
    }
    None
}

fn parse(part: &str) -> Result<(Option<String>, LevelFilter), Kind> {
    if let Some(end) = part.starts_with('"').then(|| quote_end(part)).flatten() {
        let level = part[end..].trim_start();
        let target = unescape(&part[1..end - 1]);
        return match level.strip_prefix('=') {
            _ if target.is_empty() => Err(Kind::NoTarget),
            Some(level) => Ok((Some(target), parse_level(level)?)),
            None if level.is_empty() => Ok((Some(target), LevelFilter::ALL)),
            None => Err(Kind::Quote),
        };
    }
    if part.contains(['[', ']', '{', '}']) {
        return Err(Kind::Span);
    }
    match part.split_once('=') {
        Some((target, level)) => Ok((Some(parse_target(target.trim_end())?), parse_level(level)?)),
        None => parse_bare(part),
    }
}

fn parse_bare(part: &str) -> Result<(Option<String>, LevelFilter), Kind> {
    if let Ok(filter) = part.parse() {
        return Ok((None, filter));
    }
    if part.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Kind::Level);
    }
    // As a target it would be the only one that is heard: whoever mistypes a level must not have to guess that.
    let is_elsewhere = ELSEWHERE.iter().any(|name| part.eq_ignore_ascii_case(name));
    if is_elsewhere || LEVEL_NAMES.iter().any(|name| is_nearly(part, name)) {
        return Err(Kind::NearlyLevel);
    }
    match part.split_once('/') {
        Some((level, _)) if level.is_empty() || level.parse::<LevelFilter>().is_ok() => Err(Kind::Regex),
        _ => Ok((Some(parse_target(part)?), LevelFilter::ALL)),
    }
}

/// The names that are mistyped; others that a level may have are too short or too rare.
const LEVEL_NAMES: [&str; 10] =
    ["trace", "debug", "info", "notice", "warn", "error", "critical", "security", "audit", "fatal"];

/// What levels are called in other loggers, and in none of ours.
const ELSEWHERE: [&str; 9] = ["all", "none", "disabled", "verbose", "silly", "fine", "finer", "finest", "severe"];

/// Whether a name comes of it by a letter more, a letter less, or two that change places. Another letter in its place is
/// not looked at, since words do that: `audio`, `trade`.
fn is_nearly(word: &str, name: &str) -> bool {
    let (word, name) = (word.to_ascii_lowercase().into_bytes(), name.as_bytes());
    let (longer, shorter) = if word.len() > name.len() { (&*word, name) } else { (name, &*word) };
    match longer.len() - shorter.len() {
        0 => (1..name.len()).any(|at| {
            let mut swapped = word.clone();
            swapped.swap(at - 1, at);
            swapped == name
        }),
        1 => (0..longer.len()).any(|at| longer[..at] == shorter[..at] && longer[at + 1..] == shorter[at..]),
        _ => false,
    }
}

fn parse_target(target: &str) -> Result<String, Kind> {
    match target {
        "" => Err(Kind::NoTarget),
        _ if target.contains('*') => Err(Kind::Wildcard),
        _ if target.chars().all(is_plain) => Ok(target.into()),
        _ => Err(Kind::Target),
    }
}

fn parse_level(level: &str) -> Result<LevelFilter, Kind> {
    match level.trim() {
        "" => Ok(LevelFilter::ALL),
        level if level.contains('/') => Err(Kind::Regex),
        level => level.parse().map_err(|_| Kind::Level),
    }
}

fn unescape(quoted: &str) -> String {
    let mut target = String::with_capacity(quoted.len());
    let mut characters = quoted.chars();
    while let Some(character) = characters.next() {
        target.push(if character == '\\' { characters.next().unwrap_or('\\') } else { character });
    }
    target
}

fn is_plain(character: char) -> bool {
    !character.is_whitespace()
        && !character.is_control()
        && !matches!(character, ',' | '=' | '"' | '\\' | '*' | '[' | ']' | '{' | '}')
}

/// Longest first, then by name.
fn rank(target: &str) -> (std::cmp::Reverse<usize>, &str) {
    (std::cmp::Reverse(target.len()), target)
}

/// Whether `prefix` speaks for `target`: it is the target, or ends where a level of the target ends.
pub(crate) fn covers(prefix: &str, target: &str) -> bool {
    let boundary = |rest: &str| rest.is_empty() || rest.starts_with("::") || rest.starts_with(['.', '/']);
    let closed = || prefix.ends_with("::") || prefix.ends_with(['.', '/']);
    target.strip_prefix(prefix).is_some_and(|rest| boundary(rest) || closed())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, target: &str, expected: &str) {
        let directives: Directives = text.parse().unwrap_or_else(|error| panic!("{text:?}: {error}"));
        let filter = directives.level_for(target);
        assert_eq!(filter.to_string(), expected, "{text:?} for {target:?}");
        for level in (1..=Level::MAX_SEVERITY).filter_map(Level::from_severity) {
            assert_eq!(directives.enabled(level, target), filter.allows(level), "{text:?} for {level} {target:?}");
        }
        assert_eq!(directives.to_string().parse(), Ok(directives), "{text:?} read back");
    }

    #[test]
    fn the_syntax_people_know_means_what_they_know() {
        for (text, target, expected) in [
            ("", "any", "info"),
            (" , ,", "any", "info"),
            ("debug", "any", "debug"),
            ("WARNING", "any", "warn"),
            ("off", "any", "off"),
            ("17", "any", "error"),
            ("my_crate", "my_crate", "trace"),
            ("my_crate=", "my_crate", "trace"),
            ("my_crate", "other", "off"),
            ("my_crate=debug", "my_crate::db", "debug"),
            ("my_crate=debug", "other", "off"),
            (" my_crate = debug , warn ,", "my_crate", "debug"),
            (" my_crate = debug , warn ,", "other", "warn"),
            ("my_crate::db=trace,hyper=off,warn", "my_crate::db::pool", "trace"),
            ("my_crate::db=trace,hyper=off,warn", "my_crate", "warn"),
            ("my_crate::db=trace,hyper=off,warn", "hyper::proto", "off"),
            ("a=debug,a=error", "a", "error"),
            ("info,warn", "a", "warn"),
            ("audit", "a", "audit"),
            ("a=info4", "a", "info4"),
            ("\"odd, target\"=debug", "odd, target", "debug"),
            ("\"say \\\"hi\\\" \\\\ [x]\"", "say \"hi\" \\ [x]", "trace"),
            ("ünïcode=warn", "ünïcode::x", "warn"),
        ] {
            check(text, target, expected);
        }
    }

    #[test]
    fn a_mistyped_level_is_no_target() {
        for (text, position) in
            [("inof", 0), ("my_crate=debug,wran", 15), ("DEBG", 0), ("errror", 0), ("otice", 0), ("Verbose", 0)]
        {
            let error = text.parse::<Directives>().unwrap_err();
            assert_eq!((error.kind, error.position()), (Kind::NearlyLevel, position), "{text}");
        }
        for (text, target) in
            [("inof=trace", "inof"), ("\"inof\"", "inof"), ("audio", "audio"), ("verbose=trace", "verbose")]
        {
            check(text, target, "trace");
        }
    }

    #[test]
    fn a_target_matches_at_boundaries_and_the_longest_wins() {
        let text = "error,foo=warn,foo::bar=info,web/api=debug,db.pool=trace,end::=notice";
        for (target, expected) in [
            ("foo", "warn"),
            ("foobar", "error"),
            ("foo:bar", "error"),
            ("foo::b", "warn"),
            ("foo::bar", "info"),
            ("foo::bar::baz", "info"),
            ("foo::barbaz", "warn"),
            ("web/api/users", "debug"),
            ("web/apis", "error"),
            ("db.pool.idle", "trace"),
            ("end::inside", "notice"),
            ("end", "error"),
            ("", "error"),
        ] {
            check(text, target, expected);
        }
    }

    #[test]
    fn registered_names_are_levels() {
        Level::register(15, "REVIEW").unwrap();
        check("a=review", "a", "review");
        check("Review", "a", "review");
    }

    #[test]
    fn what_is_refused_is_named_with_its_place_and_a_remedy() {
        let long = "x".repeat(Directives::MAX_LENGTH + 1);
        let many = "a=info,".repeat(Directives::MAX_PARTS) + "b=info";
        for (text, position, word) in [
            ("info,[span]=debug", 5, "spans"),
            ("a[{field=1}]=debug", 0, "spans"),
            ("a=debug, b={x}", 9, "spans"),
            ("info/re.*", 0, "slash"),
            ("warn, a=debug/x", 6, "slash"),
            ("/x", 0, "slash"),
            ("a*=info", 0, "asterisk"),
            ("=info", 0, "no target"),
            ("\"\"=info", 0, "no target"),
            ("a=loud", 0, "no such level"),
            ("a=b=info", 0, "no such level"),
            ("25", 0, "no such level"),
            ("999999999999", 0, "no such level"),
            ("a b=info", 0, "double quotes"),
            ("info,\"open", 5, "quoted target"),
            ("\"a\"b", 0, "quoted target"),
            (&long, Directives::MAX_LENGTH, "16384"),
            (&many, 7 * Directives::MAX_PARTS, "256"),
        ] {
            let error = text.parse::<Directives>().expect_err(text);
            assert_eq!(error.position(), position, "{error}");
            assert!(error.to_string().contains(word), "{error}");
            assert!(error.to_string().len() < 400, "{error}");
        }
    }

    #[test]
    fn the_most_verbose_level_follows_every_change() {
        let directives = Directives::new(LevelFilter::OFF).with("a", LevelFilter::ALL);
        assert_eq!(directives.most_verbose(), LevelFilter::ALL);
        let directives = directives.with("a", Level::ERROR.into()).with("", Level::WARN.into());
        assert_eq!(directives.most_verbose(), Level::WARN.into());
        assert!(!directives.enabled(Level::WARN, "a") && directives.enabled(Level::WARN, "b"));
    }

    #[test]
    fn a_clone_is_not_changed_by_its_original() {
        let first = Directives::default().with("a", LevelFilter::OFF);
        let second = first.clone().with("a", LevelFilter::ALL);
        assert_eq!(first.level_for("a"), LevelFilter::OFF);
        assert_ne!(first, second);
    }

    /// The rule of matching, told the slow and obvious way.
    fn slow_level_for(parts: &[(String, u8)], target: &str) -> LevelFilter {
        let mut best = (0, LevelFilter::OFF);
        for (prefix, severity) in parts {
            let at_boundary =
                target == prefix || ["::", ".", "/"].iter().any(|end| target.starts_with(&format!("{prefix}{end}")));
            if at_boundary && prefix.len() >= best.0 {
                best = (prefix.len(), Level::from_severity(*severity).unwrap().into());
            }
        }
        best.1
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_text_parses_or_is_refused_and_reads_back(text in "[a-z:=,\"\\\\/ \\[*é.0-9]{0,40}") {
            match text.parse::<Directives>() {
                Ok(directives) => prop_assert_eq!(directives.to_string().parse(), Ok(directives)),
                Err(error) => prop_assert!(error.position() <= text.len() && text.is_char_boundary(error.position())),
            }
        }

        #[test]
        fn any_built_directives_read_back(targets in prop::collection::vec((any::<String>(), 1u8..=24), 0..6)) {
            let directives = targets.iter().fold(Directives::default(), |all, (target, severity)| {
                all.with(target, Level::from_severity(*severity).unwrap().into())
            });
            prop_assert_eq!(directives.to_string().parse(), Ok(directives));
        }

        #[test]
        fn matching_agrees_with_the_obvious_way(
            parts in prop::collection::vec(("(a|b|ab)((::|\\.|/)(a|b|ab)){0,2}", 1u8..=24), 0..8),
            target in "(a|b|ab)((::|\\.|/|:)(a|b|ab)){0,3}",
        ) {
            let directives = parts.iter().fold(Directives::new(LevelFilter::OFF), |all, (target, severity)| {
                all.with(target, Level::from_severity(*severity).unwrap().into())
            });
            prop_assert_eq!(directives.level_for(&target), slow_level_for(&parts, &target));
        }
    }
}
