//! Syslog as RFC 5424 has it.

use crate::encode::Encode;
use crate::encode::line::{Leaf, flatten, is_active, push_escaping, push_percent, push_reversible, unit_of, with_text};
use crate::encode::theme::{Palette, Token};
use crate::filter::sample::SampleRate;
use crate::keys::{Schema, syslog_severity};
use crate::partition::Partition;
use crate::reading::FieldCursor;
use crate::record::{Bound, Record};
use crate::time::TimeFormat;
use crate::value::Value;
use std::any::Any;

/// Writes each record as one message of RFC 5424, ended by a line end.
///
/// ```
/// use hyperlog_core::{Clock, Facility, Logger, Memory, Output, Syslog, Timestamp, info};
///
/// let memory = Memory::new();
/// let (clock, _) = Clock::manual(Timestamp::new(1_700_000_000, 42_000_000));
/// let syslog = Syslog::new("shop").facility(Facility::Local0).host("web-1").process("4711");
/// let logger = Logger::builder().clock(clock).output(Output::new(syslog, memory.clone())).build()?;
///
/// info!(logger: logger, target: "shop::cart", item = 42, "added");
/// assert_eq!(
///     memory.text(),
///     r#"<134>1 2023-11-14T22:13:20.042000Z web-1 shop 4711 - [fields@32473 target="shop::cart" item="42"] added"#
///         .to_owned() + "\n"
/// );
/// # Ok::<(), hyperlog_core::BuildError>(())
/// ```
///
/// | option | default | what it does |
/// |---|---|---|
/// | [`facility`](Syslog::facility) | [`Facility::User`] | what kind of program this is |
/// | [`host`](Syslog::host) | `-` | the machine, at most 255 characters |
/// | [`process`](Syslog::process) | `-` | the number of the process, at most 128 |
/// | [`message_id`](Syslog::message_id) | `-` | the kind of message, at most 32 |
/// | [`fields_id`](Syslog::fields_id) | `fields@32473` | the name of the fields; what follows `@` should be your own enterprise number |
/// | [`mark`](Syslog::mark) | [`Mark::Omitted`] | whether a byte order mark says that the message is UTF-8 |
///
/// What is longer is cut, and what is no printable ASCII becomes `_`.
///
/// | level | TRACE, DEBUG | INFO | NOTICE | WARN | ERROR | CRITICAL | SECURITY, AUDIT | FATAL |
/// |---|---|---|---|---|---|---|---|---|
/// | severity | 7 | 6 | 5 | 4 | 3 | 2 | 1 | 0 |
///
/// | what | becomes |
/// |---|---|
/// | `\` in text | `\\`; line ends and other controls `\n`, `\r`, `\t` or `\uXXXX`, so that a message is one line and can be read back |
/// | `"` and `]` in a value | `\"` and `\]` |
/// | numbers, `true`, `false` | as they are; nothing becomes an empty text |
/// | a span of time | milliseconds, with `_ms` behind the name |
/// | maps and lists | a pair for each value inside: `limits.soft`, `tags.0`; nothing for empty ones |
/// | a name with a space, `=`, `]`, `"`, `%` or anything but printable ASCII | `%XX` for each such byte, and cut after 32 characters |
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Syslog {
    facility: Facility,
    host: Box<str>,
    app: Box<str>,
    process: Box<str>,
    message_id: Box<str>,
    fields_id: Box<str>,
    mark: Mark,
    palette: Palette,
}

/// What kind of program a message comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "they are what they are called")]
#[repr(u8)]
pub enum Facility {
    Kernel = 0,
    #[default]
    User = 1,
    Mail = 2,
    Daemon = 3,
    Auth = 4,
    Syslog = 5,
    Printer = 6,
    News = 7,
    Uucp = 8,
    Cron = 9,
    AuthPrivate = 10,
    Ftp = 11,
    Ntp = 12,
    Audit = 13,
    Alert = 14,
    Clock = 15,
    Local0 = 16,
    Local1 = 17,
    Local2 = 18,
    Local3 = 19,
    Local4 = 20,
    Local5 = 21,
    Local6 = 22,
    Local7 = 23,
}

/// Whether a byte order mark says that a message is UTF-8.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mark {
    /// It does not: few receivers ask for it, and many show it.
    #[default]
    Omitted,
    /// It does, as the RFC has it.
    Written,
}

impl Syslog {
    /// From a program of this name, at most 48 characters.
    pub fn new(app: &str) -> Syslog {
        Syslog {
            facility: Facility::User,
            host: header("", 255),
            app: header(app, 48),
            process: header("", 128),
            message_id: header("", 32),
            fields_id: "fields@32473".into(),
            mark: Mark::Omitted,
            palette: Palette::PLAIN,
        }
    }

    /// What kind of program this is.
    #[must_use]
    pub fn facility(mut self, facility: Facility) -> Syslog {
        self.facility = facility;
        self
    }

    /// The machine.
    #[must_use]
    pub fn host(mut self, host: &str) -> Syslog {
        self.host = header(host, 255);
        self
    }

    /// The number of the process.
    #[must_use]
    pub fn process(mut self, process: &str) -> Syslog {
        self.process = header(process, 128);
        self
    }

    /// The kind of message.
    #[must_use]
    pub fn message_id(mut self, id: &str) -> Syslog {
        self.message_id = header(id, 32);
        self
    }

    /// The name of the fields.
    #[must_use]
    pub fn fields_id(mut self, id: &str) -> Syslog {
        let mut name = Vec::new();
        push_parameter_name(id, "", &mut name);
        self.fields_id = String::from_utf8_lossy(&name).into();
        self
    }

    /// Whether a byte order mark says that the message is UTF-8.
    #[must_use]
    pub fn mark(mut self, mark: Mark) -> Syslog {
        self.mark = mark;
        self
    }

    fn push_head(&self, record: &Record<'_>, out: &mut Vec<u8>) {
        let severity = syslog_severity(record.level());
        self.palette.paint(Token::of_level(record.level()), out, |out| {
            out.push(b'<');
            out.extend_from_slice(itoa::Buffer::new().format(self.facility as u8 * 8 + severity).as_bytes());
            out.extend_from_slice(b">1");
        });
        out.push(b' ');
        let time = record.timestamp();
        self.palette.paint(Token::Timestamp, out, |out| TimeFormat::Rfc3339Micros.write(time, out));
        for part in [&self.host, &self.app, &self.process, &self.message_id] {
            out.push(b' ');
            self.palette.paint(Token::Target, out, |out| out.extend_from_slice(part.as_bytes()));
        }
    }

    fn push_data(&self, record: &Record<'_>, out: &mut Vec<u8>) {
        self.palette.paint(Token::Punctuation, out, |out| {
            out.extend_from_slice(b" [");
            out.extend_from_slice(self.fields_id.as_bytes());
        });
        self.push_leaf(Schema::DEFAULT.target, Leaf::Value(Value::Str(record.target())), out);
        self.push_bound(record.identity(), out);
        self.push_bound(record.context(), out);
        self.push_fields(&mut record.fields(), out);
        if record.has_extras() {
            self.push_extras(record, out);
        }
        self.palette.paint(Token::Punctuation, out, |out| out.push(b']'));
    }

    fn push_extras(&self, record: &Record<'_>, out: &mut Vec<u8>) {
        let names = &Schema::DEFAULT;
        if let Some((file, line)) = record.location() {
            self.push_leaf(names.file, Leaf::Value(Value::Str(file)), out);
            self.push_leaf(names.line, Leaf::Value(Value::U64(line.into())), out);
        }
        if record.rate() != SampleRate::ONE {
            self.push_leaf(names.sample_rate, Leaf::Value(Value::F32(record.rate().get())), out);
        }
        if let Some(length) = record.cut_from() {
            self.push_leaf(names.cut_from, Leaf::Value(Value::U64(length as u64)), out);
        }
    }

    fn push_bound(&self, bound: Bound<'_>, out: &mut Vec<u8>) {
        match bound {
            Bound::Encoded(encoded) => out.extend_from_slice(encoded),
            Bound::Fields(mut fields) => self.push_fields(&mut fields, out),
        }
    }

    fn push_fields(&self, fields: &mut FieldCursor<'_>, out: &mut Vec<u8>) {
        while let Some((key, value)) = fields.next() {
            flatten(key.name(), value, &mut |name, leaf| self.push_leaf(name, leaf, out));
        }
    }

    fn push_leaf(&self, name: &str, leaf: Leaf<'_>, out: &mut Vec<u8>) {
        let Leaf::Value(value) = leaf else { return };
        out.push(b' ');
        self.palette.paint(Token::Key, out, |out| push_parameter_name(name, unit_of(name, &value), out));
        self.palette.paint(Token::Punctuation, out, |out| out.push(b'='));
        self.palette.paint(Token::of_value(name, &value), out, |out| {
            out.push(b'"');
            if !matches!(value, Value::Null) {
                with_text(value, out, push_parameter_text);
            }
            out.push(b'"');
        });
    }
}

/// A part of the header: printable ASCII, not longer than the RFC allows, and `-` for nothing.
fn header(text: &str, longest: usize) -> Box<str> {
    let printable = |character: char| if character.is_ascii_graphic() { character } else { '_' };
    let part: String = text.chars().map(printable).take(longest).collect();
    if part.is_empty() { "-".into() } else { part.into() }
}

/// The name of a parameter is at most as long as this.
const LONGEST_NAME: usize = 32;

fn push_parameter_name(name: &str, suffix: &str, out: &mut Vec<u8>) {
    let start = out.len();
    for byte in name.bytes() {
        let plain = byte.is_ascii_graphic() && !matches!(byte, b'=' | b']' | b'"' | b'%');
        if out.len() - start + if plain { 1 } else { 3 } > LONGEST_NAME - suffix.len() {
            break;
        }
        if plain { out.push(byte) } else { push_percent(byte, out) }
    }
    if name.is_empty() {
        out.push(b'%');
    }
    out.extend_from_slice(suffix.as_bytes());
}

fn push_parameter_text(text: &str, out: &mut Vec<u8>) {
    push_escaping(text, |character| matches!(character, '"' | '\\' | ']') || is_active(character), out);
}

impl Encode for Syslog {
    fn encode(&self, record: &Record<'_>, out: &mut Vec<u8>) -> Partition {
        self.push_head(record, out);
        self.push_data(record, out);
        out.push(b' ');
        if self.mark == Mark::Written {
            out.extend_from_slice(b"\xEF\xBB\xBF");
        }
        self.palette.paint(Token::Message, out, |out| push_reversible(record.message(), out));
        out.push(b'\n');
        Partition::NONE
    }

    fn encode_bound(&self, fields: &mut FieldCursor<'_>, out: &mut Vec<u8>) -> bool {
        self.push_fields(fields, out);
        true
    }

    fn painted(&self, palette: &Palette) -> Option<Box<dyn Encode>> {
        Some(Box::new(Syslog { palette: palette.clone(), ..self.clone() }))
    }

    fn is_same(&self, other: &dyn Any) -> bool {
        other.downcast_ref() == Some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::line::is_active;
    use crate::encode::theme::{ColorDepth, Theme};
    use crate::encode::written;
    use crate::field::FieldSet;
    use crate::level::Level;
    use crate::logger::Logger;
    use crate::value::{ToValue, list, map};
    use proptest::prelude::*;
    use std::time::Duration;

    /// A message as RFC 5424 describes it, read without any help of the encoder.
    #[derive(Debug)]
    struct Read<'a> {
        priority: u8,
        /// Time, host, program, process, kind.
        head: [&'a str; 5],
        id: &'a str,
        parameters: Vec<(&'a str, String)>,
        message: &'a str,
    }

    /// Checks each rule of the grammar on the way.
    fn read(line: &str) -> Read<'_> {
        let line = line.strip_suffix('\n').expect("a line ends");
        let (priority, rest) = line.strip_prefix('<').and_then(|rest| rest.split_once(">1 ")).expect("PRI and VERSION");
        let mut rest = rest;
        let head = [64, 255, 48, 128, 32].map(|longest| {
            let (part, behind) = rest.split_once(' ').expect("a part of the header");
            assert!(
                (1..=longest).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_graphic()),
                "{part:?}"
            );
            rest = behind;
            part
        });
        rest = rest.strip_prefix('[').expect("structured data");
        let end = rest.find([' ', ']']).expect("an id ends");
        let (id, behind) = rest.split_at(end);
        check_name(id);
        rest = behind;
        let mut parameters = Vec::new();
        while let Some(behind) = rest.strip_prefix(' ') {
            let (name, behind) = behind.split_once("=\"").expect("a parameter has a name");
            check_name(name);
            let mut value = String::new();
            let mut characters = behind.char_indices();
            let end = loop {
                match characters.next().expect("a value ends") {
                    (at, '"') => break at,
                    (_, ']') => panic!("a bracket needs a backslash"),
                    (_, '\\') => {
                        let (_, escaped) = characters.next().expect("something behind a backslash");
                        if !matches!(escaped, '"' | '\\' | ']') {
                            value.push('\\');
                        }
                        value.push(escaped);
                    }
                    (_, plain) => value.push(plain),
                }
            };
            parameters.push((name, value));
            rest = &behind[end + 1..];
        }
        let message = rest.strip_prefix("] ").expect("structured data ends, and a message follows");
        Read { priority: priority.parse().expect("PRI is a number"), head, id, parameters, message }
    }

    fn check_name(name: &str) {
        let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'=' | b']' | b'"');
        assert!((1..=32).contains(&name.len()) && name.bytes().all(plain), "{name:?}");
    }

    fn syslog() -> Syslog {
        Syslog::new("app")
    }

    #[test]
    fn facility_and_level_become_the_priority() {
        let check = |facility, level, expected| {
            let line = written(syslog().facility(facility), |logger| logger.log(level, "m", &FieldSet::new()));
            assert_eq!(read(&line).priority, expected, "{facility:?} {level}");
        };
        check(Facility::Kernel, Level::FATAL, 0);
        check(Facility::User, Level::TRACE, 15);
        check(Facility::User, Level::DEBUG, 15);
        check(Facility::User, Level::INFO, 14);
        check(Facility::Daemon, Level::NOTICE, 29);
        check(Facility::Audit, Level::AUDIT, 105);
        check(Facility::Local0, Level::WARN, 132);
        check(Facility::Local7, Level::ERROR, 187);
        check(Facility::Local7, Level::CRITICAL, 186);
    }

    #[test]
    fn the_header_holds_what_the_rfc_allows() {
        let syslog = Syslog::new(&"a".repeat(60)).host("wéb 1").process(&"1".repeat(200)).message_id(&"k".repeat(40));
        let line = written(syslog.fields_id("my fields@1"), |logger| logger.log(Level::INFO, "m", &FieldSet::new()));
        let Read { head: [time, host, app, process, kind], id, .. } = read(&line);
        assert_eq!((time, host), ("2023-11-14T22:13:20.042000Z", "w_b_1"));
        assert_eq!((app.len(), process.len(), kind.len()), (48, 128, 32));
        assert_eq!(id, "my%20fields@1");
        let line = written(Syslog::new(""), |logger| logger.log(Level::INFO, "m", &FieldSet::new()));
        assert_eq!(read(&line).head[1..], ["-"; 4]);
    }

    fn check(key: &str, value: impl ToValue, expected: &str) {
        let fields = FieldSet::new().with(key, value);
        let line = written(syslog(), |logger| logger.named("t").log(Level::INFO, "m", &fields));
        read(&line);
        let (_, data) = line.split_once("target=\"t\"").unwrap();
        assert_eq!(data, format!("{expected}] m\n"));
    }

    #[test]
    fn every_kind_of_field_has_its_form() {
        check("k", 1, r#" k="1""#);
        check("k", (), r#" k="""#);
        check("k", true, r#" k="true""#);
        check("k", f64::NAN, r#" k="NaN""#);
        check("took", Duration::from_millis(2), r#" took_ms="2""#);
        check("k", "a\"b\\c]d", r#" k="a\"b\\c\]d""#);
        check("k", "a\nb\u{2028}", r#" k="a\nb\u2028""#);
        check("k", list(&["x", "y"]), r#" k.0="x" k.1="y""#);
        check("k", map(&[("a", 1)]), r#" k.a="1""#);
        check("k", list::<i32>(&[]), "");
        check("a b]=\"é", 1, r#" a%20b%5D%3D%22%C3%A9="1""#);
        check("", 1, r#" %="1""#);
        check(&"n".repeat(40), 1, &format!(" {}=\"1\"", "n".repeat(32)));
        check(&"é".repeat(10), 1, &format!(" {}=\"1\"", "%C3%A9".repeat(5)));
        check(&"n".repeat(40), Duration::ZERO, &format!(" {}_ms=\"0\"", "n".repeat(29)));
    }

    #[test]
    fn the_message_is_one_line_that_can_be_read_back() {
        let check = |message: &str, expected: &str| {
            let line = written(syslog(), |logger| logger.log(Level::INFO, message, &FieldSet::new()));
            assert_eq!(read(&line).message, expected);
        };
        check("plain é", "plain é");
        check("a\nb\\n\0", "a\\nb\\\\n\\u0000");
        check("", "");
        let marked = written(syslog().mark(Mark::Written), |logger| logger.log(Level::INFO, "m", &FieldSet::new()));
        assert_eq!(read(&marked).message, "\u{feff}m");
    }

    #[test]
    fn bound_fields_and_colors_change_nothing_below() {
        let log = |logger: &Logger| {
            let bound = logger.with(&FieldSet::new().with("a b", "x"));
            bound.log(Level::ERROR, "m", &FieldSet::new().with("n", 1));
        };
        let plain = written(syslog(), log);
        let parameters = [("target", "".to_owned()), ("a%20b", "x".to_owned()), ("n", "1".to_owned())];
        assert_eq!(read(&plain).parameters, parameters);
        let palette = Palette::new(&Theme::DARK, ColorDepth::Indexed);
        let colored = written(Syslog { palette, ..syslog() }, log);
        let uncolored = colored.split("\x1b[").enumerate().map(|(index, piece)| match index {
            0 => piece,
            _ => piece.split_once('m').unwrap().1,
        });
        assert_eq!(uncolored.collect::<String>(), plain);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_record_is_a_message_of_the_rfc(
            message: String, target: String, key: String, value in prop_oneof![any::<String>(), "[\"\\\\\\]\n ]{0,6}"]
        ) {
            let fields = FieldSet::new().with(&key, &*value);
            let line = written(syslog().host(&target), |logger| logger.named(&target).log(Level::INFO, &message, &fields));
            prop_assert!(!line.trim_end_matches('\n').contains(is_active));
            let read = read(&line);
            prop_assert_eq!(read.priority, 14);
            prop_assert_eq!(read.parameters.len(), 2);
            if !value.contains(is_active) && !key.ends_with("password") {
                prop_assert_eq!(&read.parameters[1].1, &value);
            }
        }
    }
}
