//! Syslog as RFC 5424 has it.

use crate::encode::line::{Leaf, flatten, is_active, push_escaping, push_percent, push_reversible, unit_of, with_text};
use crate::encode::theme::{Palette, Token};
use crate::encode::{Encode, Partition};
use crate::filter::sample::SampleRate;
use crate::keys::{Schema, syslog_severity};
use crate::reading::FieldCursor;
use crate::record::{Bound, Record};
use crate::time::rfc3339_micros;
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
        let time = rfc3339_micros(record.timestamp());
        self.palette.paint(Token::Timestamp, out, |out| out.extend_from_slice(&time));
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
