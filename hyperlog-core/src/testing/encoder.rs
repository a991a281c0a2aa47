//! What every encoder promises.

use crate::builder::Location;
use crate::encode::Encode;
use crate::field::FieldSet;
use crate::level::Level;
use crate::limits::Limits;
use crate::logger::Logger;
use crate::output::Output;
use crate::partition::Partition;
use crate::reading::FieldCursor;
use crate::record::{Record, Site};
use crate::redact::Redaction;
use crate::sink::Memory;
use crate::time::{Clock, Timestamp};
use crate::value::{Tree, TreeVisitor, Value, list, map};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Holds an encoder against what every encoder promises:
///
/// | promise | why |
/// |---|---|
/// | it does not panic, whatever a record holds | a panic loses the record |
/// | it appends: what was in `out` before stays | several encoders share memory |
/// | each record ends as all others do | sinks and readers part records by their end |
/// | the same record gives the same bytes | encodings are made once and shared |
/// | what `encode_bound` prepared and what `encode` writes say the same | bound fields are prepared once |
///
/// and, where the encoder promises it, one line for each record and validity in its format.
#[must_use = "nothing is checked before `run`"]
pub struct EncoderCheck<E> {
    make: Box<dyn Fn() -> E>,
    lines: bool,
    is_valid: Option<Validity>,
}

type Validity = Box<dyn Fn(&[u8]) -> Result<(), String>>;

impl<E: Encode> EncoderCheck<E> {
    pub(super) fn new(make: impl Fn() -> E + 'static) -> EncoderCheck<E> {
        EncoderCheck { make: Box::new(make), lines: false, is_valid: None }
    }

    /// Each record is one line.
    pub fn one_line_per_record(mut self) -> EncoderCheck<E> {
        self.lines = true;
        self
    }

    /// Each record passes this, which says what is wrong with it.
    pub fn each_record_is(mut self, valid: impl Fn(&[u8]) -> Result<(), String> + 'static) -> EncoderCheck<E> {
        self.is_valid = Some(Box::new(valid));
        self
    }

    /// Runs the check.
    ///
    /// # Panics
    ///
    /// When a promise is broken, with what to do about it.
    #[track_caller]
    pub fn run(self) {
        let mut end = None;
        for case in cases() {
            let encoded = self.encode(&case, Prepared::Yes, b"");
            self.check_record(&case, &encoded);
            self.check_repetition(&case, &encoded);
            let (name, last) = (&case.name, encoded.last().copied());
            let usual = *end.get_or_insert(last);
            assert!(
                usual == last,
                "{name}: the record ends in {last:?} and others in {usual:?}: end every record in the same way, with a line \
                 feed say"
            );
        }
        self.check_preamble();
    }

    /// The same record in other circumstances.
    #[track_caller]
    fn check_repetition(&self, case: &Case, encoded: &[u8]) {
        let name = &case.name;
        let again = self.encode(case, Prepared::Yes, b"");
        assert!(again == encoded, "{name}: other bytes the second time: write nothing that is not in the record");
        let behind = self.encode(case, Prepared::Yes, b"what was there before {[,");
        assert!(behind == encoded, "{name}: other bytes behind others: look at nothing in `out` but what you wrote");
        let unprepared = self.encode(case, Prepared::No, b"");
        assert!(
            unprepared == encoded,
            "{name}: `encode_bound` and `encode` write bound fields differently: let one call the other: {} and {}",
            String::from_utf8_lossy(encoded),
            String::from_utf8_lossy(&unprepared)
        );
    }

    #[track_caller]
    fn check_record(&self, case: &Case, encoded: &[u8]) {
        let name = &case.name;
        assert!(
            !encoded.is_empty(),
            "{name}: nothing was written: every record is, even one without message and fields"
        );
        if self.lines {
            let newlines = encoded.iter().filter(|byte| **byte == b'\n').count();
            assert!(
                newlines == 1 && encoded.ends_with(b"\n"),
                "{name}: a record of one line has {newlines} line feeds: escape those of texts and keys, and end with one: \
                 {}",
                String::from_utf8_lossy(encoded)
            );
        }
        if let Some(is_valid) = &self.is_valid
            && let Err(what) = is_valid(encoded)
        {
            panic!("{name}: {what}: {}", String::from_utf8_lossy(encoded));
        }
    }

    #[track_caller]
    fn check_preamble(&self) {
        let mut out = b"before".to_vec();
        (self.make)().preamble(&mut out);
        assert!(out.starts_with(b"before"), "`preamble` touched what was in `out` before: append only");
    }

    /// What the encoder makes of a case, by the logger's own walk.
    #[track_caller]
    fn encode(&self, case: &Case, prepared: Prepared, before: &'static [u8]) -> Vec<u8> {
        let trouble = Arc::new(Mutex::new(None));
        let memory = Memory::new();
        let watched = Watched {
            encoder: (self.make)(),
            before,
            prepares: prepared == Prepared::Yes,
            trouble: Arc::clone(&trouble),
        };
        let (clock, _) = Clock::manual(Timestamp::new(1_700_000_000, 123_456_789));
        let limits = Limits::default().record(1 << 30).depth(200);
        let mut builder = Logger::builder().level(Level::TRACE).redaction(Redaction::off()).limits(limits).clock(clock);
        builder = builder.location(Location::Shown);
        let Ok(logger) = builder.output(Output::new(watched, memory.clone())).build() else {
            unreachable!("one output and no other option that could be refused");
        };
        let logger = case.bound.iter().fold(logger, |logger, fields| logger.with(fields));
        let (target, message) = (&*case.target, &*case.message);
        let file = Some("src/main.rs");
        let site = Site { level: case.level, target, module: None, file, line: Some(7), template: message, keys: &[] };
        logger.log_from(&site, format_args!("{message}"), &case.fields);
        let trouble = trouble.lock().unwrap_or_else(PoisonError::into_inner).take();
        match trouble {
            Some(Trouble::Panicked) => panic!(
                "{}: it panicked: whatever a record holds, write something; index nothing and unwrap nothing",
                case.name
            ),
            Some(Trouble::Touched) => {
                panic!("{}: what was in `out` before is no longer there: append only", case.name)
            }
            None => memory.bytes(),
        }
    }
}

/// An encoder, watched at its work: a panic and a touch of what was there before are kept for the one who asked.
struct Watched<E> {
    encoder: E,
    before: &'static [u8],
    /// Whether bound fields may be prepared.
    prepares: bool,
    trouble: Arc<Mutex<Option<Trouble>>>,
}

/// Whether bound fields are prepared.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Prepared {
    Yes,
    No,
}

enum Trouble {
    Panicked,
    Touched,
}

impl<E: Encode> Encode for Watched<E> {
    fn encode(&self, record: &Record<'_>, out: &mut Vec<u8>) -> Partition {
        let start = out.len();
        out.extend_from_slice(self.before);
        let encoded = catch_unwind(AssertUnwindSafe(|| self.encoder.encode(record, out)));
        if encoded.is_err() {
            self.note(Trouble::Panicked);
        } else if out.get(start..start + self.before.len()) != Some(self.before) {
            self.note(Trouble::Touched);
        } else {
            out.drain(start..start + self.before.len());
        }
        encoded.unwrap_or_default()
    }

    fn encode_bound(&self, fields: &mut FieldCursor<'_>, out: &mut Vec<u8>) -> bool {
        if !self.prepares {
            return false;
        }
        let before = out.clone();
        let prepared = catch_unwind(AssertUnwindSafe(|| self.encoder.encode_bound(fields, out)));
        if prepared.is_err() {
            self.note(Trouble::Panicked);
        } else if !out.starts_with(&before) {
            self.note(Trouble::Touched);
        }
        prepared.unwrap_or_default()
    }
}

impl<E> Watched<E> {
    fn note(&self, trouble: Trouble) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some(trouble);
    }
}

/// A record to encode.
struct Case {
    name: String,
    level: Level,
    target: String,
    message: String,
    bound: Vec<FieldSet>,
    fields: FieldSet,
}

impl Case {
    fn new(name: &str) -> Case {
        Case {
            name: name.to_owned(),
            level: Level::INFO,
            target: "target".to_owned(),
            message: "message".to_owned(),
            bound: Vec::new(),
            fields: FieldSet::new(),
        }
    }
}

/// Texts that end a line, a quote, a format or a terminal's patience.
const TEXTS: &[(&str, &str)] = &[
    ("nothing", ""),
    ("a blank", " "),
    ("quotes", "say \"it\" and 'it' and `it`"),
    ("backslashes", "C:\\new\\table\\"),
    ("line ends", "one\ntwo\r\nthree\rfour\u{b}\u{c}"),
    ("line ends beyond ASCII", "one\u{85}two\u{2028}three\u{2029}"),
    ("controls", "\0\u{1}\u{7}\u{8}\t\u{1b}[31mred\u{1b}[0m\u{7f}\u{9b}31m"),
    ("a forged record", "x\"}\n{\"level\":\"ERROR\",\"message\":\"forged\"}"),
    ("pairs", "a=1 b=\"2\" =c= ,;|&?"),
    ("markup", "<script>alert(1)</script> [a]{b} %s %n {} ${x} {{y}}"),
    ("letters of all lengths", "aé€𝄞 \u{feff}\u{fffd}\u{10ffff} e\u{301} אב عر 👩‍👩‍👧"),
    ("marks of direction", "\u{202e}txt.exe\u{2066}"),
];

fn cases() -> Vec<Case> {
    let mut cases = vec![Case { message: String::new(), target: String::new(), ..Case::new("nothing at all") }];
    for level in (1..=Level::MAX_SEVERITY).filter_map(Level::from_severity) {
        cases.push(Case { level, ..Case::new(&format!("the level {level}")) });
    }
    for (name, text) in TEXTS {
        let text = (*text).to_owned();
        cases.push(Case { message: text.clone(), ..Case::new(&format!("{name} in the message")) });
        cases.push(Case { target: text.clone(), ..Case::new(&format!("{name} in the target")) });
        let as_key = FieldSet::new().with(&text, "value");
        let as_value = FieldSet::new().with("key", text.as_str());
        let in_trees = FieldSet::new().with("map", map(&[(&text, &text)])).with("list", list(&[&text]));
        for (where_, fields) in [("a key", as_key), ("a value", as_value), ("maps and lists", in_trees)] {
            cases.push(Case { bound: vec![fields.clone()], ..Case::new(&format!("{name} in {where_}, bound")) });
            cases.push(Case { fields, ..Case::new(&format!("{name} in {where_}")) });
        }
    }
    for (name, value) in values() {
        let fields = FieldSet::new().with("key", value);
        cases.push(Case { bound: vec![fields.clone()], ..Case::new(&format!("{name}, bound")) });
        cases.push(Case { fields, ..Case::new(name) });
    }
    cases.extend(shapes());
    cases
}

/// One value of each kind, and those at the edges.
fn values() -> Vec<(&'static str, Value<'static>)> {
    vec![
        ("null", Value::Null),
        ("a bool", Value::Bool(true)),
        ("the least integer", Value::I64(i64::MIN)),
        ("a large integer", Value::U64(u64::MAX)),
        ("the least integer of 128 bits", Value::I128(&i128::MIN)),
        ("the largest integer of 128 bits", Value::U128(&u128::MAX)),
        ("a float of single precision", Value::F32(0.1)),
        ("a float", Value::F64(-0.0)),
        ("a tiny float", Value::F64(f64::MIN_POSITIVE / 2.0)),
        ("a huge float", Value::F64(f64::MAX)),
        ("NaN", Value::F64(f64::NAN)),
        ("infinity", Value::F64(f64::INFINITY)),
        ("minus infinity", Value::F32(f32::NEG_INFINITY)),
        ("a character", Value::Char('"')),
        ("bytes", Value::Bytes(b"caf\xc3\xa9 \xff\n")),
        ("no time at all", Value::Duration(Duration::ZERO)),
        ("the longest time", Value::Duration(Duration::MAX)),
        ("a time before 1970", Value::Time(Timestamp::new(-1, 1))),
        ("the last time", Value::Time(Timestamp::new(i64::MAX, 999_999_999))),
        ("the first time", Value::Time(Timestamp::new(i64::MIN, 0))),
        ("an error", Value::Error(&std::fmt::Error)),
    ]
}

/// Records of every size, depth and repetition.
fn shapes() -> Vec<Case> {
    let numbered =
        |count: usize| (0..count).fold(FieldSet::new(), |fields, index| fields.with(&format!("key_{index}"), index));
    let repeated = FieldSet::new().with("key", 1).with("key", "two").with("other", 3).with("key", 4.0);
    let own_names = ["level", "message", "timestamp", "target", "time", "msg", "severity"]
        .iter()
        .fold(FieldSet::new(), |fields, name| fields.with(name, "forged"));
    let deep = (0..100).fold(String::new(), |name, index| format!("{name}.{index}"));
    let long = "long ".repeat(100_000);
    vec![
        Case { fields: numbered(20), ..Case::new("twenty fields") },
        Case { fields: numbered(1_000), ..Case::new("a thousand fields") },
        Case {
            bound: vec![numbered(20), numbered(5)],
            fields: numbered(3),
            ..Case::new("bound and overridden fields")
        },
        Case { bound: vec![repeated.clone()], ..Case::new("a key that is bound many times") },
        Case { fields: repeated, ..Case::new("a key that is given many times") },
        Case { bound: vec![own_names.clone()], ..Case::new("bound fields that bear the names of a record's parts") },
        Case { fields: own_names, ..Case::new("fields that bear the names of a record's parts") },
        Case { fields: FieldSet::new().with("empty", Value::Tree(&Nested(0))), ..Case::new("an empty map") },
        Case { fields: FieldSet::new().with("deep", Value::Tree(&Nested(100))), ..Case::new("a deep map") },
        Case { fields: FieldSet::new().with(&deep, 1), ..Case::new("a dotted key") },
        Case { message: long.clone(), ..Case::new("a long message") },
        Case { fields: FieldSet::new().with("long", &long), ..Case::new("a long value") },
        Case { fields: FieldSet::new().with(&long, 1), ..Case::new("a long key") },
    ]
}

/// Maps and lists by turns, so many of them.
struct Nested(usize);

impl Tree for Nested {
    fn walk(&self, visitor: &mut dyn TreeVisitor) {
        for level in 0..self.0 {
            if level % 2 == 0 {
                visitor.begin_map();
                visitor.key("key");
            } else {
                visitor.begin_list();
                visitor.value(Value::U64(level as u64));
            }
        }
        visitor.begin_map();
        (0..=self.0).for_each(|_| visitor.end());
    }
}
