//! logfmt: one line, and exactly the pairs that were logged are read back.

use super::input::{Given, Input, assert_inert, unpercent};
use hyperlog_core::Logfmt;

/// Logs the bytes as logfmt.
pub fn run(data: &[u8]) {
    let input = Input::read(data);
    let line = input.line(Logfmt::new());
    let inside = line.strip_suffix('\n').expect("a line ends");
    assert_inert(inside);
    let mut pairs = pairs(inside).into_iter();
    assert_eq!(pairs.next().expect("a time").0, "timestamp");
    let mut expect = |key: &str, is_right: &dyn Fn(&Shown) -> bool| {
        let (found, shown) = pairs.next().expect("no pair is missing");
        assert_eq!(found, key);
        assert!(is_right(&shown), "{key:?} is {:?}", shown.text);
    };
    expect("level", &|shown| shown.is("info"));
    expect("target", &|shown| shown.is(&input.target));
    expect("message", &|shown| shown.is(&input.message));
    for (key, value) in &input.fields {
        let name = if RESERVED.contains(&&**key) { format!("field.{key}") } else { key.to_string() };
        match value {
            Given::Text(text) => expect(&name, &|shown| shown.is(text)),
            Given::Bytes(_) => expect(&name, &|shown| shown.is_text),
            Given::Number(number) if number.is_finite() => {
                expect(&name, &|shown| !shown.is_text && shown.text.parse() == Ok(*number));
            }
            Given::Number(_) => expect(&name, &|shown| shown.is_text),
            Given::List(items) => {
                for (place, item) in items.iter().enumerate() {
                    expect(&format!("{name}.{place}"), &|shown| shown.is(item));
                }
            }
        }
    }
    assert!(pairs.next().is_none(), "nothing is added");
}

/// The names that only the record itself may write.
const RESERVED: [&str; 8] =
    ["timestamp", "level", "target", "message", "sample_rate", "cut_from_bytes", "code.file", "code.line"];

struct Shown {
    text: String,
    is_text: bool,
}

impl Shown {
    fn is(&self, text: &str) -> bool {
        self.is_text && self.text == text
    }
}

fn pairs(line: &str) -> Vec<(String, Shown)> {
    let mut rest = line;
    let mut pairs = Vec::new();
    while !rest.is_empty() {
        let (key, behind) = rest.split_once('=').expect("a pair has a key");
        assert!(!key.contains([' ', '"']), "{key:?}");
        let (shown, behind) = match behind.starts_with('"') {
            true => quoted(behind),
            false => {
                let (word, behind) = behind.split_at(behind.find(' ').unwrap_or(behind.len()));
                let is_text = !is_number(word) && !matches!(word, "true" | "false" | "null" | "{}" | "[]");
                (Shown { text: word.to_owned(), is_text }, behind)
            }
        };
        pairs.push((unpercent(key), shown));
        rest = behind.strip_prefix(' ').unwrap_or_else(|| {
            assert!(behind.is_empty(), "a space stands between pairs");
            behind
        });
    }
    pairs
}

/// Whether this is a number as JSON has it, be it larger than any the parser can hold.
fn is_number(word: &str) -> bool {
    match serde_json::from_str::<serde_json::Number>(word) {
        Ok(_) => true,
        Err(error) => error.to_string().starts_with("number out of range") && is_all_of_a_number(word),
    }
}

/// The parser stops where it runs out of range: what follows must still be a number's.
fn is_all_of_a_number(word: &str) -> bool {
    let mantissa = word.split(['e', 'E']).next().unwrap_or_default();
    let exponents = word.len() - mantissa.len();
    let exponent = word.get(mantissa.len() + 1..).unwrap_or_default().trim_start_matches(['+', '-']);
    exponents == 0 || !exponent.is_empty() && exponent.bytes().all(|byte| byte.is_ascii_digit())
}

fn quoted(text: &str) -> (Shown, &str) {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<String>();
    let value = values.next().expect("a text begins").expect("it has JSON's escapes");
    let behind = &text[values.byte_offset()..];
    (Shown { text: value, is_text: true }, behind)
}
