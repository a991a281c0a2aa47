//! JSON: one line, valid for an independent parser, and what was logged is read back.

use super::input::{Given, Input, assert_inert};
use hyperlog_core::{Gelf, Json, Schema};
use serde_json::Value;

/// Logs the bytes as JSON, in every schema, and as GELF.
pub fn run(data: &[u8]) {
    let input = Input::read(data);
    let parsed = parse(&input.line(Json::new()));
    assert_eq!(parsed["target"], *input.target);
    assert_eq!(parsed["message"], *input.message);
    for (key, value) in &input.fields {
        check(&input, &parsed, key, value);
    }
    for schema in [Schema::OPEN_TELEMETRY, Schema::ECS, Schema::GOOGLE_CLOUD, Schema::BUNYAN, Schema::LOGSTASH] {
        parse(&input.line(Json::with_schema(schema)));
    }
    let gelf = parse(&input.line(Gelf::new(&input.target)));
    assert!(gelf.get("_id").is_none(), "GELF forbids it");
}

fn parse(line: &str) -> Value {
    let inside = line.strip_suffix('\n').expect("a line ends");
    assert_inert(inside);
    serde_json::from_str(inside).expect("the line is JSON")
}

/// The names that only the record itself may write.
const RESERVED: [&str; 8] =
    ["timestamp", "level", "target", "message", "sample_rate", "cut_from_bytes", "code.file", "code.line"];

fn check(input: &Input<'_>, parsed: &Value, key: &str, value: &Given<'_>) {
    let name = if RESERVED.contains(&key) { format!("field.{key}") } else { key.to_owned() };
    // Two fields that come to bear one name are two, of which a parser keeps the last.
    if name != key && input.fields.iter().any(|(other, _)| *other == name) || key.starts_with("field.") {
        return;
    }
    match value {
        Given::Text(text) => assert_eq!(parsed[&name], *text),
        Given::Number(number) if number.is_finite() => {
            // The parser is off by the last bit now and then; logfmt's oracle wants the very number.
            let read = parsed[&name].as_f64().expect("a number is one");
            assert!((read - number).abs() <= number.abs() * 1e-15, "{read} is not {number}");
        }
        Given::Number(_) | Given::Bytes(_) => assert!(parsed[&name].is_string()),
        Given::List(items) => {
            let list = parsed[&name].as_array().expect("a list is one");
            assert!(list.iter().map(Value::as_str).eq(items.iter().map(|item| Some(&**item))));
        }
    }
}
