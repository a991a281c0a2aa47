//! `key=value`, one record a line.

use crate::encode::line::{push_lower, push_pair, push_pairs, push_word};
use crate::encode::theme::{Palette, Token};
use crate::encode::{Encode, Partition};
use crate::filter::sample::SampleRate;
use crate::keys::Schema;
use crate::reading::FieldCursor;
use crate::record::{Bound, Record};
use crate::time::TimeFormat;
use crate::value::Value;
use std::any::Any;

/// Writes each record as one line of `key=value`.
///
/// ```
/// use hyperlog_core::{Clock, Logfmt, Logger, Memory, Output, Timestamp, info, list};
///
/// let memory = Memory::new();
/// let (clock, _) = Clock::manual(Timestamp::new(1_700_000_000, 42_000_000));
/// let logger = Logger::builder().clock(clock).output(Output::new(Logfmt::new(), memory.clone())).build()?;
///
/// info!(logger: logger, target: "shop::cart", item = 42, note = "a gift", tags = list(&["blue"]), "item added");
/// assert_eq!(
///     memory.text(),
///     "timestamp=2023-11-14T22:13:20.042000Z level=info target=shop::cart message=\"item added\" item=42 note=\"a gift\" tags.0=blue\n"
/// );
/// # Ok::<(), hyperlog_core::BuildError>(())
/// ```
///
/// | option | default | what it does |
/// |---|---|---|
/// | [`time`](Logfmt::time) | RFC 3339 with microseconds | how the time is written |
///
/// | what | becomes |
/// |---|---|
/// | text | a bare word; in quotes, with the escapes of JSON, where it is empty, holds a space, `=`, `"`, `\`, a control or a character that turns the direction of text, or would be read as one of the following |
/// | numbers | digits, exactly, also beyond 64 bits |
/// | `true`, `false`, nothing | `true`, `false`, `null` |
/// | `NaN` and the infinities | the words `NaN`, `Infinity`, `-Infinity` |
/// | bytes that are no text | `\xNN` within a text |
/// | a span of time | milliseconds, with `_ms` behind the key |
/// | maps and lists | a pair for each value inside, with dots between the keys and places: `tags.0=blue`; empty ones `{}` and `[]`. Of a huge one the beginning, and `leaves_cut` |
/// | an odd character in a key | `%XX`, byte by byte in hexadecimal; an empty key `%` |
/// | a key such as `level`, which a part of the record has | `field.level` |
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Logfmt {
    time: TimeFormat,
    palette: Palette,
}

impl Logfmt {
    /// With the time in RFC 3339.
    pub fn new() -> Logfmt {
        Logfmt::default()
    }

    /// How the time is written.
    #[must_use]
    pub fn time(mut self, time: TimeFormat) -> Logfmt {
        self.time = time;
        self
    }

    fn push_name(&self, name: &str, out: &mut Vec<u8>) {
        self.palette.paint(Token::Key, out, |out| out.extend_from_slice(name.as_bytes()));
        self.palette.paint(Token::Punctuation, out, |out| out.push(b'='));
    }

    fn push_head(&self, record: &Record<'_>, out: &mut Vec<u8>) {
        let names = &Schema::DEFAULT;
        if self.time != TimeFormat::Off {
            self.push_name(names.timestamp, out);
            self.palette.paint(Token::Timestamp, out, |out| push_time(&self.time, record, out));
            out.push(b' ');
        }
        self.push_name(names.level, out);
        self.palette.paint(Token::of_level(record.level()), out, |out| push_lower(record.level().name(), out));
        out.push(b' ');
        self.push_name(names.target, out);
        self.palette.paint(Token::Target, out, |out| push_word(record.target(), out));
        out.push(b' ');
        self.push_name(names.message, out);
        self.palette.paint(Token::Message, out, |out| push_word(record.message(), out));
    }

    fn push_bound(&self, bound: Bound<'_>, out: &mut Vec<u8>) {
        match bound {
            Bound::Encoded(encoded) => out.extend_from_slice(encoded),
            Bound::Fields(mut fields) => push_pairs(&mut fields, &self.palette, out),
        }
    }

    fn push_extras(&self, record: &Record<'_>, out: &mut Vec<u8>) {
        let names = &Schema::DEFAULT;
        let mut push = |name: &str, value: Value<'_>| {
            out.push(b' ');
            self.push_name(name, out);
            self.palette.paint(Token::of_value(name, &value), out, |out| super::line::push_scalar(value, out));
        };
        if let Some((file, line)) = record.location() {
            push(names.file, Value::Str(file));
            push(names.line, Value::U64(line.into()));
        }
        if record.rate() != SampleRate::ONE {
            push(names.sample_rate, Value::F32(record.rate().get()));
        }
        if let Some(length) = record.cut_from() {
            push(names.cut_from, Value::U64(length as u64));
        }
    }
}

/// A pattern of the user's own may hold spaces.
fn push_time(time: &TimeFormat, record: &Record<'_>, out: &mut Vec<u8>) {
    match time {
        TimeFormat::Pattern(_) => {
            let start = out.len();
            time.write(record.timestamp(), out);
            let text = String::from_utf8_lossy(&out[start..]).into_owned();
            out.truncate(start);
            push_word(&text, out);
        }
        other => other.write(record.timestamp(), out),
    }
}

impl Encode for Logfmt {
    fn encode(&self, record: &Record<'_>, out: &mut Vec<u8>) -> Partition {
        self.push_head(record, out);
        self.push_bound(record.identity(), out);
        self.push_bound(record.context(), out);
        push_pairs(&mut record.fields(), &self.palette, out);
        if record.has_extras() {
            self.push_extras(record, out);
        }
        out.push(b'\n');
        Partition::NONE
    }

    fn encode_bound(&self, fields: &mut FieldCursor<'_>, out: &mut Vec<u8>) -> bool {
        while let Some((key, value)) = fields.next() {
            push_pair(key.name(), value, &self.palette, out);
        }
        true
    }

    fn painted(&self, palette: &Palette) -> Option<Box<dyn Encode>> {
        Some(Box::new(Logfmt { palette: palette.clone(), ..self.clone() }))
    }

    fn is_same(&self, other: &dyn Any) -> bool {
        other.downcast_ref() == Some(self)
    }
}
