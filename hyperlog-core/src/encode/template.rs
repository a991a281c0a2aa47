//! Lines in a shape of your own.

use crate::encode::line::{Leaf, flatten, is_active, push_inert, push_pair, with_text};
use crate::encode::theme::{Palette, Token};
use crate::encode::{Encode, json};
use crate::filter::sample::SampleRate;
use crate::keys::{DurationForm, Schema};
use crate::partition::Partition;
use crate::reading::FieldCursor;
use crate::record::{Bound, Record};
use crate::time::TimeFormat;
use crate::value::Value;
use std::any::Any;
use std::error::Error;
use std::fmt;

/// Writes each record as one line in a shape of your own.
///
/// ```
/// use hyperlog_core::{Clock, Logger, Memory, Output, Template, Timestamp, warn};
///
/// let template = Template::parse("{timestamp} {level:<5} [{target}] {user|nobody}: {message:?} {fields}")?;
/// let memory = Memory::new();
/// let (clock, _) = Clock::manual(Timestamp::new(1_700_000_000, 42_000_000));
/// let logger = Logger::builder().clock(clock).output(Output::new(template, memory.clone())).build()?;
///
/// warn!(logger: logger, target: "shop", user = "ann", item = 42, "sold out");
/// assert_eq!(memory.text(), "2023-11-14T22:13:20.042000Z WARN  [shop] ann: \"sold out\" item=42\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// | in the pattern | becomes |
/// |---|---|
/// | `{timestamp}` `{level}` `{target}` `{message}` | the parts of the record |
/// | `{file}` `{line}` | where it comes from, if the logger shows it |
/// | `{sample_rate}` `{cut_from_bytes}` | how many records it stands for; how long it was, if it was cut |
/// | `{fields}` | every field that the pattern does not name, as [`Logfmt`](crate::Logfmt) writes it; a space before it goes if there is none |
/// | `{any.other.name}` | the field of that name, or what is at that place inside of it |
/// | `{name\|default}` | the same, with a text for when it is missing, without `:` and braces |
/// | `{name:<8}` `{name:>8}` `{name:^8}` | at least so many characters, filled up with spaces behind, before or around |
/// | `{name:?}` `{name:<8?}` | as JSON: text in quotes, so that it can be read back wherever it ends |
/// | `{{` `}}` | a brace |
///
/// The pattern is read once, and a mistake in it is an error with its place. What data holds is never read as a pattern:
/// `{message}` or `${jndi:…}` inside a message is written as it stands. Line ends and controls in data become `\n`,
/// `\u001b` and the like, so that a record is one line. Numbers, times and the rest are as in
/// [`Logfmt`](crate::Logfmt), maps and lists JSON; nothing counts as missing.
///
/// | option | default | what it does |
/// |---|---|---|
/// | [`time`](Template::time) | RFC 3339 with microseconds | how the time is written |
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    pieces: Box<[Piece]>,
    time: TimeFormat,
    palette: Palette,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Literal(Box<str>),
    /// All fields that have no piece, and whether a space was before them.
    Fields {
        spaced: bool,
    },
    Part {
        part: Part,
        default: Box<str>,
        fill: Fill,
        is_quoted: bool,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Timestamp,
    Level,
    Target,
    Message,
    File,
    Line,
    SampleRate,
    CutFrom,
    Field(Box<str>),
}

/// How many characters there are at least, and where the spaces go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Fill {
    side: Side,
    width: usize,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Side {
    #[default]
    Behind,
    Before,
    Around,
}

impl Template {
    /// Reads a pattern.
    ///
    /// # Errors
    ///
    /// When a brace is not closed or not opened, something in braces is not understood, or the pattern holds line ends or
    /// other controls than tabs.
    ///
    /// ```
    /// use hyperlog_core::Template;
    ///
    /// let error = Template::parse("{level} {message").unwrap_err();
    /// assert_eq!(error.position(), 8);
    /// ```
    pub fn parse(pattern: &str) -> Result<Template, TemplateError> {
        let pieces = Parser { pattern, at: 0, literal: String::new(), pieces: Vec::new() }.parse()?;
        Ok(Template { pieces: pieces.into(), time: TimeFormat::default(), palette: Palette::PLAIN })
    }

    /// How the time is written.
    #[must_use]
    pub fn time(mut self, time: TimeFormat) -> Template {
        self.time = time;
        self
    }

    /// Whether a piece of its own shows a field, or something inside of it.
    fn names(&self, key: &str) -> bool {
        self.pieces.iter().any(|piece| {
            matches!(piece, Piece::Part { part: Part::Field(name), .. }
                if name.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
        })
    }

    fn push_rest(&self, fields: &mut FieldCursor<'_>, out: &mut Vec<u8>) {
        while let Some((key, value)) = fields.next() {
            if !self.names(key.name()) {
                push_pair(key.name(), value, &self.palette, out);
            }
        }
    }

    fn push_bound(&self, bound: Bound<'_>, out: &mut Vec<u8>) {
        match bound {
            Bound::Encoded(encoded) => out.extend_from_slice(encoded),
            Bound::Fields(mut fields) => self.push_rest(&mut fields, out),
        }
    }

    fn push_part(&self, part: &Part, quoted: bool, record: &Record<'_>, out: &mut Vec<u8>) {
        let start = out.len();
        let paint = |token, value: Value<'_>, out: &mut Vec<u8>| {
            self.palette.paint(token, out, |out| push_value(value, quoted, out));
        };
        match part {
            Part::Timestamp => {
                self.palette.paint(Token::Timestamp, out, |out| self.time.write(record.timestamp(), out));
            }
            Part::Level => paint(Token::of_level(record.level()), Value::Str(record.level().name()), out),
            Part::Target => paint(Token::Target, Value::Str(record.target()), out),
            Part::Message => paint(Token::Message, Value::Str(record.message()), out),
            Part::File => {
                if let Some((file, _)) = record.location() {
                    paint(Token::Text, Value::Str(file), out);
                }
            }
            Part::Line => {
                if let Some((_, line)) = record.location() {
                    paint(Token::Number, Value::U64(line.into()), out);
                }
            }
            Part::SampleRate => {
                if record.rate() != SampleRate::ONE {
                    paint(Token::Number, Value::F32(record.rate().get()), out);
                }
            }
            Part::CutFrom => {
                if let Some(length) = record.cut_from() {
                    paint(Token::Number, Value::U64(length as u64), out);
                }
            }
            Part::Field(wanted) => record.for_each_field(|key, value| {
                find(wanted, key.name(), value, &mut |value| {
                    // Of two at one place the later counts.
                    out.truncate(start);
                    paint(Token::of_value(wanted, &value), value, out);
                });
            }),
        }
    }
}

/// Shows the field of a name, or what is at that place inside of it.
fn find(wanted: &str, name: &str, value: Value<'_>, show: &mut dyn FnMut(Value<'_>)) {
    match (wanted.strip_prefix(name), value) {
        (None, _) | (Some(""), Value::Null) => {}
        (Some(""), value) => show(value),
        (Some(_), tree @ Value::Tree(_)) => flatten(name, tree, &mut |path, leaf| match leaf {
            Leaf::Value(Value::Null) => {}
            Leaf::Value(value) if path == wanted => show(value),
            _ => {}
        }),
        _ => {}
    }
}

fn push_value(value: Value<'_>, quoted: bool, out: &mut Vec<u8>) {
    match value {
        Value::Tree(tree) => json::push_tree(tree, DurationForm::Millis, out),
        value if quoted => json::push_value(value, DurationForm::Millis, out),
        value => with_text(value, out, push_inert),
    }
}

impl Fill {
    /// Puts spaces around what was written from a place on.
    fn apply(self, start: usize, out: &mut Vec<u8>) {
        let missing = self.width.saturating_sub(visible_characters(&out[start..]));
        let before = match self.side {
            Side::Behind => 0,
            Side::Before => missing,
            Side::Around => missing / 2,
        };
        let end = out.len();
        out.resize(end + missing, b' ');
        if before > 0 {
            out.copy_within(start..end, start + before);
            out[start..start + before].fill(b' ');
        }
    }
}

/// How many characters there are beside our own colours: data holds no escape by then.
fn visible_characters(bytes: &[u8]) -> usize {
    let mut is_color = false;
    let mut count = 0;
    for byte in bytes {
        match byte {
            0x1b => is_color = true,
            b'm' if is_color => is_color = false,
            // A character counts by its first byte.
            0x80..0xC0 => {}
            _ => count += usize::from(!is_color),
        }
    }
    count
}

impl Encode for Template {
    fn encode(&self, record: &Record<'_>, out: &mut Vec<u8>) -> Partition {
        for piece in &self.pieces {
            let start = out.len();
            match piece {
                Piece::Literal(text) => out.extend_from_slice(text.as_bytes()),
                Piece::Fields { spaced } => {
                    self.push_bound(record.identity(), out);
                    self.push_bound(record.context(), out);
                    self.push_rest(&mut record.fields(), out);
                    if !spaced && out.len() > start {
                        out.remove(start);
                    }
                }
                Piece::Part { part, default, fill, is_quoted } => {
                    self.push_part(part, *is_quoted, record, out);
                    if out.len() == start {
                        out.extend_from_slice(default.as_bytes());
                    }
                    fill.apply(start, out);
                }
            }
        }
        out.push(b'\n');
        Partition::NONE
    }

    fn encode_bound(&self, fields: &mut FieldCursor<'_>, out: &mut Vec<u8>) -> bool {
        self.push_rest(fields, out);
        true
    }

    fn painted(&self, palette: &Palette) -> Option<Box<dyn Encode>> {
        Some(Box::new(Template { palette: palette.clone(), ..self.clone() }))
    }

    fn is_same(&self, other: &dyn Any) -> bool {
        other.downcast_ref() == Some(self)
    }
}

struct Parser<'a> {
    pattern: &'a str,
    at: usize,
    literal: String,
    pieces: Vec<Piece>,
}

impl Parser<'_> {
    fn parse(mut self) -> Result<Vec<Piece>, TemplateError> {
        while let Some(character) = self.pattern[self.at..].chars().next() {
            let rest = &self.pattern[self.at..];
            match character {
                '{' | '}' if rest[1..].starts_with(character) => {
                    self.literal.push(character);
                    self.at += 2;
                }
                '{' => self.parse_piece()?,
                '}' => return self.refuse("a brace is closed that was not opened: write `}}` for the character"),
                character if is_active(character) && character != '\t' => {
                    return self.refuse("a template is one line, without controls other than tabs");
                }
                plain => {
                    self.literal.push(plain);
                    self.at += plain.len_utf8();
                }
            }
        }
        self.finish_literal();
        Ok(self.pieces)
    }

    fn finish_literal(&mut self) {
        if !self.literal.is_empty() {
            self.pieces.push(Piece::Literal(std::mem::take(&mut self.literal).into()));
        }
    }

    fn refuse<T>(&self, why: &'static str) -> Result<T, TemplateError> {
        Err(TemplateError { position: self.at, why })
    }

    /// What stands in braces.
    fn parse_piece(&mut self) -> Result<(), TemplateError> {
        let inner = &self.pattern[self.at + 1..];
        let Some(length) = inner.find(['{', '}']).filter(|at| inner.as_bytes()[*at] == b'}') else {
            return self.refuse("this brace is not closed: write `{{` for the character");
        };
        let inner = &inner[..length];
        let (what, form) = inner.split_once(':').unwrap_or((inner, ""));
        let (name, default) = what.split_once('|').unwrap_or((what, ""));
        if name.is_empty() || inner.chars().any(is_active) || name.contains(char::is_whitespace) {
            return self.refuse("in braces stands a name, without spaces: `{message}`, `{user.id}`");
        }
        let (fill, is_quoted) = self.parse_form(form)?;
        if name == "fields" {
            if !default.is_empty() || fill != Fill::default() || is_quoted {
                return self.refuse("`{fields}` has no default, no width and no form");
            }
            let spaced = self.literal.ends_with(' ');
            if spaced {
                self.literal.pop();
            }
            self.finish_literal();
            self.pieces.push(Piece::Fields { spaced });
        } else {
            self.finish_literal();
            self.pieces.push(Piece::Part { part: Part::named(name), default: default.into(), fill, is_quoted });
        }
        self.at += length + 2;
        Ok(())
    }

    fn parse_form(&self, form: &str) -> Result<(Fill, bool), TemplateError> {
        let is_quoted = form.ends_with('?');
        let form = form.strip_suffix('?').unwrap_or(form);
        let (side, width) = match form.as_bytes().first() {
            None => return Ok((Fill::default(), is_quoted)),
            Some(b'<') => (Side::Behind, &form[1..]),
            Some(b'>') => (Side::Before, &form[1..]),
            Some(b'^') => (Side::Around, &form[1..]),
            Some(_) => (Side::Behind, form),
        };
        match width.parse() {
            Ok(wide @ 1..=WIDEST) if !width.starts_with('+') => Ok((Fill { side, width: wide }, is_quoted)),
            _ => self.refuse("behind the colon goes `<`, `>` or `^` with a width from 1 to 255, then `?` for JSON"),
        }
    }
}

const WIDEST: usize = 255;

impl Part {
    fn named(name: &str) -> Part {
        let names = &Schema::DEFAULT;
        match name {
            _ if name == names.timestamp => Part::Timestamp,
            _ if name == names.level => Part::Level,
            _ if name == names.target => Part::Target,
            _ if name == names.message => Part::Message,
            _ if name == names.file => Part::File,
            _ if name == names.line => Part::Line,
            _ if name == names.sample_rate => Part::SampleRate,
            _ if name == names.cut_from => Part::CutFrom,
            field => Part::Field(field.into()),
        }
    }
}

/// Why a pattern could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError {
    position: usize,
    why: &'static str,
}

impl TemplateError {
    /// Where in the pattern, in bytes.
    pub fn position(&self) -> usize {
        self.position
    }
}

impl fmt::Display for TemplateError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the template cannot be read at byte {}: {}", self.position, self.why)
    }
}

impl Error for TemplateError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::theme::{ColorDepth, Theme};
    use crate::encode::written;
    use crate::field::FieldSet;
    use crate::level::Level;
    use crate::logger::Logger;
    use crate::value::{ToValue, list, map};
    use proptest::prelude::*;
    use std::time::Duration;

    fn template(pattern: &str) -> Template {
        Template::parse(pattern).unwrap()
    }

    fn check(pattern: &str, fields: &FieldSet, expected: &str) {
        let line = written(template(pattern), |logger| logger.named("t").log(Level::INFO, "m", fields));
        assert_eq!(line, format!("{expected}\n"), "{pattern}");
    }

    #[test]
    fn each_piece_becomes_what_it_names() {
        let none = FieldSet::new();
        check("", &none, "");
        check("{timestamp}", &none, "2023-11-14T22:13:20.042000Z");
        check("{level}|{target}|{message}", &none, "INFO|t|m");
        check("{level}\t{message}", &none, "INFO\tm");
        check("{{{level}}} {{}}", &none, "{INFO} {}");
        check("{file|?}:{line|0} {sample_rate|1} {cut_from_bytes|whole}", &none, "?:0 1 whole");
        let inner = list(&["x", "y"]);
        let pairs = [("name", Value::Str("ann")), ("roles", inner.to_value()), ("none", Value::Null)];
        let user = FieldSet::new().with("user", map(&pairs)).with("dotted.key", 7).with("nothing", ());
        check("{user.name} {user.roles.1} {dotted.key}", &user, "ann y 7");
        check("{user}", &user, r#"{"name":"ann","roles":["x","y"],"none":null}"#);
        check("[{user.none|-}] [{nothing|-}] [{missing|a b}] [{missing}]", &user, "[-] [-] [a b] []");
        check("{took}", &FieldSet::new().with("took", Duration::from_millis(3)), "3");
    }

    #[test]
    fn the_other_fields_are_pairs_and_their_space_goes_with_them() {
        let fields = FieldSet::new().with("a", 1).with("b", "x y").with("c", ());
        check("{message} {fields}", &fields, "m a=1 b=\"x y\" c=null");
        check("{message} {fields} {a}", &fields, "m b=\"x y\" c=null 1");
        check("{message}[{fields}]", &fields, "m[a=1 b=\"x y\" c=null]");
        check("{message} {fields}.", &FieldSet::new(), "m.");
        check("{message}[{fields}]", &FieldSet::new(), "m[]");
    }

    #[test]
    fn a_width_is_filled_with_spaces_and_never_cuts() {
        let fields = FieldSet::new().with("k", "é日").with("q", "a\"b");
        check("[{k:4}] [{k:<4}] [{k:>4}] [{k:^5}] [{k:1}]", &fields, "[é日  ] [é日  ] [  é日] [ é日  ] [é日]");
        check("[{missing|-:>3}] [{missing:3}]", &fields, "[  -] [   ]");
        check("{q:?} [{q:>8?}] {message:?}", &fields, r#""a\"b" [  "a\"b"] "m""#);
    }

    #[test]
    fn a_width_does_not_count_colors() {
        let palette = Palette::new(&Theme::DARK, ColorDepth::True);
        let plain = template("[{level:>8}] {k:^9} {message} {fields}");
        let colored = Template { palette, ..plain.clone() };
        let log = |logger: &Logger| {
            logger.log(Level::WARN, "m", &FieldSet::new().with("k", "mm").with("error", "bad").with("n", 1));
        };
        let colored = written(colored, log);
        let uncolored = colored.split("\x1b[").enumerate().map(|(index, piece)| match index {
            0 => piece,
            _ => piece.split_once('m').unwrap().1,
        });
        assert_ne!(colored, written(plain.clone(), log));
        assert_eq!(uncolored.collect::<String>(), written(plain, log));
    }

    #[test]
    fn a_mistake_is_refused_with_its_place() {
        let check = |pattern: &str, position: usize| {
            assert_eq!(Template::parse(pattern).unwrap_err().position(), position, "{pattern}");
        };
        check("a {", 2);
        check("a {message", 2);
        check("a {mess{age}", 2);
        check("é }", 3);
        check("{}", 0);
        check("{|default}", 0);
        check("{a b}", 0);
        check("{message:x}", 0);
        check("{message:<}", 0);
        check("{message:0}", 0);
        check("{message:<256}", 0);
        check("{message:<+5}", 0);
        check("{message:+5}", 0);
        check("{message:<5!}", 0);
        check("ab {fields:5}", 3);
        check("{fields|none}", 0);
        check("{fields:?}", 0);
        check("a\nb", 1);
        check("a\x1b[31m", 1);
        check("{a|b\nc}", 0);
    }

    #[test]
    fn data_is_never_read_as_a_pattern() {
        for hostile in ["${jndi:ldap://x/a}", "${env:HOME}", "{}", "%n", "{{x}}", "{message}", "{level:>200}", "{0}"] {
            let fields = FieldSet::new().with("k", hostile);
            let line = written(template("{message} {k} {fields}"), |logger| logger.log(Level::INFO, hostile, &fields));
            assert_eq!(line, format!("{hostile} {hostile}\n"));
        }
    }

    #[test]
    fn bound_fields_are_found_by_name_and_among_the_rest() {
        let log = |logger: &Logger| {
            let bound = logger.with(&FieldSet::new().with("user", "ann").with("tenant", 7));
            bound.log(Level::INFO, "m", &FieldSet::new().with("n", 1));
            bound.log(Level::INFO, "m", &FieldSet::new().with("user", "bob").with("tenant", 8));
        };
        assert_eq!(written(template("{user}: {message} {fields}"), log), "ann: m tenant=7 n=1\nbob: m tenant=8\n");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_pattern_is_read_or_refused_inside_of_it(pattern in "[{}a.|:<>^?0-9é \n]{0,30}") {
            match Template::parse(&pattern) {
                Ok(template) => {
                    let line = written(template, |logger| logger.log(Level::INFO, "m\n", &FieldSet::new().with("a", "\n")));
                    prop_assert_eq!(line.matches('\n').count(), 1);
                }
                Err(error) => prop_assert!(pattern.is_char_boundary(error.position()) && error.position() < pattern.len()),
            }
        }

        #[test]
        fn whatever_is_logged_is_one_inert_line(message: String, target: String, key: String, value: String) {
            let fields = FieldSet::new().with(&key, &*value).with("k", &*value);
            let template = template("{timestamp} [{target:>9}] {k|none:^7} {k:?} {message} {fields}");
            let line = written(template, |logger| logger.named(&target).log(Level::INFO, &message, &fields));
            prop_assert_eq!(line.matches('\n').count(), 1);
            let inside = line.trim_end_matches('\n');
            prop_assert!(!inside.contains(|letter| letter != '\u{61c}' && is_active(letter)), "{:?}", inside);
        }

        #[test]
        fn what_is_quoted_is_read_back(message: String, target: String) {
            let line = written(template("{message:?}|{target:?}"), |logger| {
                logger.named(&target).log(Level::INFO, &message, &FieldSet::new());
            });
            let (first, second) = {
                let mut texts = serde_json::Deserializer::from_str(&line).into_iter::<String>();
                let first = texts.next().unwrap().unwrap();
                let rest = &line[texts.byte_offset() + 1..];
                (first, serde_json::from_str::<String>(rest).unwrap())
            };
            prop_assert_eq!((first, second), (message, target));
        }
    }
}
