//! `key=value`, one record a line.

use crate::encode::Encode;
use crate::encode::line::{push_lower, push_pair, push_pairs, push_word};
use crate::encode::theme::{Palette, Token};
use crate::filter::sample::SampleRate;
use crate::keys::Schema;
use crate::partition::Partition;
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

/// A pattern of the user's own may hold spaces and quotes, though no controls.
fn push_time(time: &TimeFormat, record: &Record<'_>, out: &mut Vec<u8>) {
    let start = out.len();
    time.write(record.timestamp(), out);
    let end = out.len();
    if out[start..].iter().all(|byte| !matches!(byte, b' ' | b'=' | b'"' | b'\\')) {
        return;
    }
    out.push(b'"');
    for at in start..end {
        if matches!(out[at], b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(out[at]);
    }
    out.push(b'"');
    out.drain(start..end);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::line::is_active;
    use crate::encode::theme::{ColorDepth, Theme};
    use crate::encode::written;
    use crate::field::FieldSet;
    use crate::level::Level;
    use crate::value::{ToValue, Tree, TreeVisitor, list, map};
    use proptest::prelude::*;
    use std::collections::BTreeMap;
    use std::time::Duration;

    /// JSON's escapes leave it alone.
    const ARABIC_MARK: char = '\u{61c}';

    /// What a reader who knows nothing of the encoder makes of a pair.
    #[derive(Debug, PartialEq)]
    enum Read {
        Text(String),
        Number(String),
        Word(String),
    }

    /// Reads a line without any help of the encoder.
    fn read(line: &str) -> Vec<(String, Read)> {
        let mut rest = line.strip_suffix('\n').expect("a line ends");
        let mut pairs = Vec::new();
        while !rest.is_empty() {
            let (key, behind) = rest.split_once('=').expect("a pair has a key");
            let length = match behind.starts_with('"') {
                true => 2 + quoted_length(&behind[1..]),
                false => behind.find(' ').unwrap_or(behind.len()),
            };
            let (value, behind) = behind.split_at(length);
            let value = match value {
                quoted if quoted.starts_with('"') => Read::Text(serde_json::from_str(quoted).expect("JSON's escapes")),
                "true" | "false" | "null" | "{}" | "[]" => Read::Word(value.to_owned()),
                number if serde_json::from_str::<serde_json::Number>(number).is_ok() => Read::Number(number.to_owned()),
                word => Read::Text(word.to_owned()),
            };
            pairs.push((unpercent(key), value));
            rest = behind.strip_prefix(' ').unwrap_or(behind);
        }
        pairs
    }

    fn quoted_length(text: &str) -> usize {
        let mut is_escaped = false;
        let end = text.bytes().position(|byte| {
            let closes = byte == b'"' && !is_escaped;
            is_escaped = byte == b'\\' && !is_escaped;
            closes
        });
        end.expect("a quote is closed")
    }

    fn unpercent(key: &str) -> String {
        if key == "%" {
            return String::new();
        }
        let mut pieces = key.split('%');
        let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
        for piece in pieces {
            let (code, plain) = piece.split_at(2);
            bytes.push(u8::from_str_radix(code, 16).expect("two digits"));
            bytes.extend_from_slice(plain.as_bytes());
        }
        String::from_utf8(bytes).expect("keys are UTF-8")
    }

    fn fields_of(fields: &FieldSet) -> String {
        let line = written(Logfmt::new(), |logger| logger.named("t").log(Level::INFO, "m", fields));
        let head = "timestamp=2023-11-14T22:13:20.042000Z level=info target=t message=m";
        let fields = line.strip_prefix(head).expect("the head").strip_suffix('\n').expect("the end");
        fields.to_owned()
    }

    fn check(key: &str, value: impl ToValue, expected: &str) {
        assert_eq!(fields_of(&FieldSet::new().with(key, value)), expected);
    }

    #[test]
    fn a_value_is_quoted_exactly_when_it_must_be() {
        check("k", "plain", " k=plain");
        check("k", "a|b,c;d{e}/:@'", " k=a|b,c;d{e}/:@'");
        check("k", "café", " k=café");
        check("k", "10.0.0.1", " k=10.0.0.1");
        check("k", "", r#" k="""#);
        check("k", "two words", r#" k="two words""#);
        check("k", "a=b", r#" k="a=b""#);
        check("k", "say \"hi\"", r#" k="say \"hi\"""#);
        check("k", "C:\\", r#" k="C:\\""#);
        check("k", "a\nb level=fatal", r#" k="a\nb level=fatal""#);
        check("k", "\u{2028}\u{202e}\u{9b}", r#" k="\u2028\u202e\u009b""#);
        check("k", "a\u{a0}b", " k=\"a\u{a0}b\"");
    }

    #[test]
    fn what_would_be_read_as_another_kind_is_quoted() {
        for text in ["1", "-1.5", "1e9", "true", "false", "null", "{}", "[]"] {
            check("k", text, &format!(" k=\"{text}\""));
        }
    }

    #[test]
    fn every_kind_of_value_has_its_form() {
        check("k", u128::MAX, " k=340282366920938463463374607431768211455");
        check("k", i128::MIN, " k=-170141183460469231731687303715884105728");
        check("k", -0.0, " k=-0.0");
        check("k", 0.1_f32, " k=0.1");
        check("k", f64::NAN, " k=NaN");
        check("k", f32::NEG_INFINITY, " k=-Infinity");
        check("k", true, " k=true");
        check("k", (), " k=null");
        check("k", 'x', " k=x");
        check("k", &b"a\xff"[..], r#" k="a\\xff""#);
        check("took", Duration::from_micros(1_500), " took_ms=1.5");
        check("took_ms", Duration::from_millis(2), " took_ms=2");
        check("k", list::<i32>(&[]), " k=[]");
        check("k", map::<&str, i32>(&[]), " k={}");
        let inner = list(&["x", "y z"]);
        check(
            "k",
            map(&[("a b", inner.to_value()), ("c", Value::Bool(true))]),
            " k.a%20b.0=x k.a%20b.1=\"y z\" k.c=true",
        );
    }

    #[test]
    fn a_key_is_one_word() {
        check("a b", 1, " a%20b=1");
        check("a=b", 1, " a%3Db=1");
        check("\"", 1, " %22=1");
        check("%", 1, " %25=1");
        check("", 1, " %=1");
        check("é", 1, " é=1");
        check("a\nlevel", 1, " a%0Alevel=1");
        check("\u{2028}", 1, " %E2%80%A8=1");
        check("level", "forged", " field.level=forged");
        check("timestamp", map(&[("a", 1)]), " field.timestamp.a=1");
    }

    /// A small tree with a path so long that its line would be a hundred times as large.
    struct Deep;
    impl Tree for Deep {
        fn walk(&self, visitor: &mut dyn TreeVisitor) {
            for _ in 0..10 {
                visitor.begin_map();
                visitor.key(&"k".repeat(100));
            }
            visitor.begin_list();
            (0..10_000).for_each(|number| visitor.value(Value::U64(number)));
            (0..11).for_each(|_| visitor.end());
        }
    }

    #[test]
    fn a_small_tree_does_not_become_a_huge_line() {
        let line = fields_of(&FieldSet::new().with("deep", Value::Tree(&Deep)));
        assert!(line.len() < 100_000, "{}", line.len());
        let (_, lost) = line.rsplit_once(" deep.leaves_cut=").expect("what was lost is counted");
        let kept = line.matches('=').count() as u64 - 1;
        assert_eq!(lost.parse::<u64>().unwrap() + kept, 10_000);
    }

    #[test]
    fn bound_fields_are_written_as_those_of_the_call() {
        let line = written(Logfmt::new(), |logger| {
            let bound = logger.with(&FieldSet::new().with("a b", "x y").with("n", 1));
            bound.log(Level::WARN, "m", &FieldSet::new().with("k", 2));
            bound.log(Level::WARN, "m", &FieldSet::new().with("n", 3));
        });
        let ends: Vec<&str> =
            line.lines().filter_map(|line| line.split_once("message=m")).map(|(_, end)| end).collect();
        assert_eq!(ends, [" a%20b=\"x y\" n=1 k=2", " a%20b=\"x y\" n=3"]);
    }

    #[test]
    fn a_time_of_ones_own_is_one_value() {
        let time = TimeFormat::pattern("%F %T").unwrap();
        let line = written(Logfmt::new().time(time), |logger| logger.log(Level::INFO, "m", &FieldSet::new()));
        assert!(line.starts_with("timestamp=\"2023-11-14 22:13:20\" level"), "{line}");
        let time = TimeFormat::pattern("%Y\"\\").unwrap();
        let line = written(Logfmt::new().time(time), |logger| logger.log(Level::INFO, "m", &FieldSet::new()));
        assert_eq!(read(&line)[0].1, Read::Text("2023\"\\".to_owned()));
        let line =
            written(Logfmt::new().time(TimeFormat::Off), |logger| logger.log(Level::INFO, "m", &FieldSet::new()));
        assert_eq!(line, "level=info target=\"\" message=m\n");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn exactly_the_given_pairs_are_read_back(
            message: String,
            target: String,
            fields in prop::collection::btree_map(
                prop_oneof![any::<String>(), "[a=\" |\\\\\n\u{2028}.%]{0,4}"],
                prop_oneof![any::<String>(), "[a=\" |\\\\\n\u{2028}%1tru]{0,5}"],
                0..5,
            ),
        ) {
            let fields: BTreeMap<String, String> =
                fields.into_iter().filter(|(key, _)| key.len() < 100).collect();
            let mut set = FieldSet::new();
            for (key, value) in &fields {
                set.add(key, &**value);
            }
            let log = |logger: &crate::logger::Logger| logger.named(&target).log(Level::INFO, &message, &set);

            let line = written(Logfmt::new(), log);
            let inside = line.trim_end_matches('\n');
            prop_assert!(!inside.contains(|letter| letter != ARABIC_MARK && is_active(letter)), "{:?}", inside);
            let read = read(&line);
            let text = |text: &str| Read::Text(text.to_owned());
            prop_assert_eq!(&read[1], &("level".to_owned(), text("info")));
            prop_assert_eq!(&read[2], &("target".to_owned(), text(&target)));
            prop_assert_eq!(&read[3], &("message".to_owned(), text(&message)));
            let given: Vec<(String, Read)> = fields.iter().map(|(key, value)| (key.clone(), text(value))).collect();
            prop_assert_eq!(&read[4..], given);

            let painted = Logfmt { palette: Palette::new(&Theme::DARK, ColorDepth::True), ..Logfmt::new() };
            let painted = written(painted, log);
            let uncolored: String = painted.split("\x1b[").enumerate().map(|(index, piece)| match index {
                0 => piece,
                _ => piece.split_once('m').unwrap().1,
            }).collect();
            prop_assert_eq!(uncolored, line);
        }

        #[test]
        fn numbers_are_read_back_exactly(integer: i128, float: f64) {
            let line = written(Logfmt::new(), |logger| {
                logger.log(Level::INFO, "m", &FieldSet::new().with("integer", integer).with("float", float));
            });
            let read = read(&line);
            prop_assert_eq!(&read[4].1, &Read::Number(integer.to_string()));
            let Read::Number(shown) = &read[5].1 else { panic!("a number is one") };
            prop_assert_eq!(shown.parse::<f64>().unwrap(), float);
        }
    }
}
