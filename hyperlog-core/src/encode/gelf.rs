//! Graylog's extended log format, GELF 1.1.

use crate::encode::Encode;
use crate::encode::json;
use crate::encode::line::{DISTINCTION, Leaf, flatten, unit_of};
use crate::filter::sample::SampleRate;
use crate::keys::{DurationForm, Schema, syslog_severity};
use crate::partition::Partition;
use crate::reading::FieldCursor;
use crate::record::{Bound, Record};
use crate::time::Timestamp;
use crate::value::Value;
use std::any::Any;

/// Writes each record as one GELF message.
///
/// ```
/// use hyperlog_core::{Clock, Gelf, Logger, Memory, Output, Timestamp, info};
///
/// let memory = Memory::new();
/// let (clock, _) = Clock::manual(Timestamp::new(1_700_000_000, 42_000_000));
/// let logger = Logger::builder().clock(clock).output(Output::new(Gelf::new("web-1"), memory.clone())).build()?;
///
/// info!(logger: logger, target: "shop::cart", item = 42, "added");
/// assert_eq!(
///     memory.text(),
///     r#"{"version":"1.1","host":"web-1","short_message":"added","timestamp":1700000000.042000,"level":6,"_target":"shop::cart","_item":42}"#
///         .to_owned() + "\n"
/// );
/// # Ok::<(), hyperlog_core::BuildError>(())
/// ```
///
/// | option | default | what it does |
/// |---|---|---|
/// | [`terminator`](Gelf::terminator) | [`Terminator::Newline`] | what ends a message |
///
/// | what | becomes |
/// |---|---|
/// | an empty message | `-`, since GELF wants one |
/// | numbers | as they are; `NaN` and the infinities become text |
/// | `true`, `false` | the texts `"true"`, `"false"`, since GELF knows text and numbers alone |
/// | nothing, an empty map or list | nothing |
/// | a map or a list | a field for each value inside: `_limits.soft`, `_tags.0` |
/// | a span of time | milliseconds, with `_ms` behind the name |
/// | a name with anything but ASCII letters, digits, `.`, `-` and `_` | each such character becomes `_` |
/// | fields named `id`, `target`, `file`, `line`, `sample_rate`, `cut_from_bytes` | `_field.id` and so on: GELF forbids `_id`, and the others are ours |
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gelf {
    /// Up to the message.
    open: Box<str>,
    terminator: Terminator,
}

/// What ends a GELF message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Terminator {
    /// A line end, for files and consoles.
    #[default]
    Newline,
    /// A zero byte, as Graylog's TCP input wants it.
    Nul,
}

impl Gelf {
    /// Messages from a host of this name.
    pub fn new(host: &str) -> Gelf {
        let mut open = br#"{"version":"1.1","host":"#.to_vec();
        json::push_text(host, &mut open);
        open.extend_from_slice(br#","short_message":"#);
        Gelf { open: String::from_utf8_lossy(&open).into(), terminator: Terminator::Newline }
    }

    /// What ends a message.
    #[must_use]
    pub fn terminator(mut self, terminator: Terminator) -> Gelf {
        self.terminator = terminator;
        self
    }

    fn push_bound(&self, bound: Bound<'_>, out: &mut Vec<u8>) {
        match bound {
            Bound::Encoded(encoded) => out.extend_from_slice(encoded),
            Bound::Fields(mut fields) => push_fields(&mut fields, out),
        }
    }
}

/// The names that are GELF's or ours.
const RESERVED: &[&str] = &["id", PARTS.target, PARTS.file, PARTS.line, PARTS.sample_rate, PARTS.cut_from];

const PARTS: &Schema = &Schema::DEFAULT;

fn push_fields(fields: &mut FieldCursor<'_>, out: &mut Vec<u8>) {
    while let Some((key, value)) = fields.next() {
        let distinction = if RESERVED.contains(&key.name()) { DISTINCTION } else { "" };
        flatten(key.name(), value, &mut |name, leaf| push_leaf(distinction, name, leaf, out));
    }
}

fn push_leaf(distinction: &str, name: &str, leaf: Leaf<'_>, out: &mut Vec<u8>) {
    let Leaf::Value(value) = leaf else { return };
    if matches!(value, Value::Null) {
        return;
    }
    out.extend_from_slice(b",\"_");
    out.extend_from_slice(distinction.as_bytes());
    out.extend(name.chars().map(|character| match character {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '-' | '_' => character as u8,
        _ => b'_',
    }));
    out.extend_from_slice(unit_of(name, &value).as_bytes());
    out.extend_from_slice(b"\":");
    match value {
        Value::Bool(true) => out.extend_from_slice(b"\"true\""),
        Value::Bool(false) => out.extend_from_slice(b"\"false\""),
        other => json::push_value(other, DurationForm::Millis, out),
    }
}

/// Seconds, with six digits behind the point.
fn push_seconds(time: Timestamp, out: &mut Vec<u8>) {
    let micros = time.unix_nanos().div_euclid(1_000);
    let fraction = micros.unsigned_abs() % 1_000_000;
    if micros < 0 {
        out.push(b'-');
    }
    out.extend_from_slice(itoa::Buffer::new().format(micros.unsigned_abs() / 1_000_000).as_bytes());
    out.push(b'.');
    let mut place = 100_000;
    while place > 0 {
        out.push(b'0' + (fraction / place % 10) as u8);
        place /= 10;
    }
}

impl Encode for Gelf {
    fn encode(&self, record: &Record<'_>, out: &mut Vec<u8>) -> Partition {
        out.extend_from_slice(self.open.as_bytes());
        json::push_text(if record.message().is_empty() { "-" } else { record.message() }, out);
        out.extend_from_slice(b",\"timestamp\":");
        push_seconds(record.timestamp(), out);
        out.extend_from_slice(b",\"level\":");
        out.push(b'0' + syslog_severity(record.level()));
        out.extend_from_slice(b",\"_target\":");
        json::push_text(record.target(), out);
        self.push_bound(record.identity(), out);
        self.push_bound(record.context(), out);
        push_fields(&mut record.fields(), out);
        if let Some((file, line)) = record.location() {
            push_leaf("", Schema::DEFAULT.file, Leaf::Value(Value::Str(file)), out);
            push_leaf("", Schema::DEFAULT.line, Leaf::Value(Value::U64(line.into())), out);
        }
        if record.rate() != SampleRate::ONE {
            push_leaf("", Schema::DEFAULT.sample_rate, Leaf::Value(Value::F32(record.rate().get())), out);
        }
        if let Some(length) = record.cut_from() {
            push_leaf("", Schema::DEFAULT.cut_from, Leaf::Value(Value::U64(length as u64)), out);
        }
        out.extend_from_slice(match self.terminator {
            Terminator::Newline => b"}\n",
            Terminator::Nul => b"}\0",
        });
        Partition::NONE
    }

    fn encode_bound(&self, fields: &mut FieldCursor<'_>, out: &mut Vec<u8>) -> bool {
        push_fields(fields, out);
        true
    }

    fn is_same(&self, other: &dyn Any) -> bool {
        other.downcast_ref() == Some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::written;
    use crate::field::FieldSet;
    use crate::level::Level;
    use crate::value::{ToValue, list, map};
    use proptest::prelude::*;
    use serde_json::{Value as Parsed, json};
    use std::time::Duration;

    fn parsed(message: &str, fields: &FieldSet) -> Parsed {
        let text = written(Gelf::new("h\"ost"), |logger| logger.log(Level::WARN, message, fields));
        serde_json::from_str(text.strip_suffix('\n').unwrap()).unwrap()
    }

    fn check(key: &str, value: impl ToValue, expected: Parsed) {
        let parsed = parsed("m", &FieldSet::new().with(key, value));
        let own = ["version", "host", "short_message", "timestamp", "level", "_target"];
        let fields: serde_json::Map<_, _> =
            parsed.as_object().unwrap().clone().into_iter().filter(|(key, _)| !own.contains(&&**key)).collect();
        assert_eq!(Parsed::Object(fields), expected);
    }

    #[test]
    fn every_kind_of_value_has_its_form() {
        check("a", 1, json!({"_a": 1}));
        check("a", true, json!({"_a": "true"}));
        check("a", false, json!({"_a": "false"}));
        check("a", (), json!({}));
        check("a", f64::NAN, json!({"_a": "NaN"}));
        check("a", Duration::from_millis(1500), json!({"_a_ms": 1500}));
        check("a", list(&["x", "y"]), json!({"_a.0": "x", "_a.1": "y"}));
        check("a", map(&[("k", 1)]), json!({"_a.k": 1}));
        check("a", list::<i32>(&[]), json!({}));
        check("id", 7, json!({"_field.id": 7}));
        check("target", "forged", json!({"_field.target": "forged"}));
        check("level", 0, json!({"_level": 0}));
        check("an odd\"kéy\n", 1, json!({"_an_odd_k_y_": 1}));
    }

    #[test]
    fn the_head_is_as_gelf_wants_it() {
        let parsed = parsed("", &FieldSet::new());
        assert_eq!(
            parsed,
            json!({"version": "1.1", "host": "h\"ost", "short_message": "-", "timestamp": 1700000000.042, "level": 4, "_target": ""})
        );
    }

    #[test]
    fn times_before_the_epoch_keep_their_fraction() {
        let check = |time: Timestamp, expected: &str| {
            let mut out = Vec::new();
            push_seconds(time, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        };
        check(Timestamp::new(-1, 500_000_000), "-0.500000");
        check(Timestamp::new(-2, 0), "-2.000000");
        check(Timestamp::new(1, 1_999), "1.000001");
    }

    #[test]
    fn a_zero_byte_ends_a_message_on_request() {
        let gelf = Gelf::new("h").terminator(Terminator::Nul);
        let text = written(gelf, |logger| logger.log(Level::INFO, "a\0b\nc", &FieldSet::new()));
        assert!(text.ends_with("}\0"));
        assert_eq!(text.matches(['\0', '\n']).count(), 1);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn anything_is_one_line_of_json_without_an_id(message: String, target: String, key: String, value: String) {
            let fields = FieldSet::new().with(&key, &*value);
            let text = written(Gelf::new(&target), |logger| logger.named(&target).log(Level::INFO, &message, &fields));
            prop_assert!(!text.trim_end_matches('\n').contains(char::is_control));
            let parsed: Parsed = serde_json::from_str(&text).unwrap();
            prop_assert!(parsed.get("_id").is_none());
            prop_assert_eq!(&parsed["_target"], &target);
            prop_assert_eq!(&parsed["host"], &target);
            prop_assert_eq!(&parsed["short_message"], if message.is_empty() { "-" } else { &message });
        }
    }
}
