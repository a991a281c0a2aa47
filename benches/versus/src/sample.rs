//! Whether the line of a peer is what the case asks for; before that is known, none of its figures count.

use crate::case::{Case, Output};
use crate::http::request::Asked;
use crate::input::Input;
use serde_json::{Value, json};
use std::ops::RangeInclusive;

/// Holds what one call wrote against the case.
pub fn check(case: Case, output: Output, written: &str) -> Result<(), String> {
    match output {
        Output::Nothing if written.is_empty() => Ok(()),
        Output::Nothing => Err(format!("wrote a record that it should not: {written}")),
        Output::Text if written.trim().is_empty() => Err("wrote nothing".to_owned()),
        Output::Text => Ok(()),
        Output::Request(least, most) => request(Asked::of(case), least..=most, written),
        Output::Json(fields) => json_line(case, fields, written),
    }
}

fn json_line(case: Case, fields: &[&str], written: &str) -> Result<(), String> {
    let line = written.strip_suffix('\n').unwrap_or(written);
    if line.contains('\n') {
        return Err(format!("wrote more than one line: {written}"));
    }
    let record: Value = serde_json::from_str(line).map_err(|error| format!("is no JSON, {error}: {line}"))?;
    let input = Input::leaked();
    if !holds(&record, &|_, value| *value == message(case, input)) {
        return Err(format!("left out the message: {line}"));
    }
    let missing =
        fields.iter().find(|name| !holds(&record, &|key, value| key == **name && *value == field(input, name)));
    match missing {
        Some(name) => Err(format!("left out {name} or changed its value or its type: {line}")),
        None => Ok(()),
    }
}

fn request(asked: Asked, lines: RangeInclusive<usize>, written: &str) -> Result<(), String> {
    if !lines.contains(&written.lines().count()) {
        return Err(format!("did not write {lines:?} lines: {written}"));
    }
    match written.lines().any(|line| tells(asked, line)) {
        true => Ok(()),
        false => Err(format!("left out method, path or status: {written}")),
    }
}

/// Whether a line, of JSON or of text, says what was asked for and how it ended.
fn tells(asked: Asked, line: &str) -> bool {
    if !line.starts_with('{') {
        return line.contains(&format!("GET {}", asked.path)) && line.contains(&format!(" {} ", asked.status));
    }
    let Ok(record) = serde_json::from_str(line) else { return false };
    [json!("GET"), json!(asked.path), json!(asked.status)]
        .iter()
        .all(|wanted| holds(&record, &|_, value| value == wanted))
}

/// Whether an entry that `wanted` accepts stands anywhere in the record: every peer nests in its own way.
fn holds(value: &Value, wanted: &dyn Fn(&str, &Value) -> bool) -> bool {
    match value {
        Value::Object(entries) => entries.iter().any(|(key, value)| wanted(key, value) || holds(value, wanted)),
        Value::Array(values) => values.iter().any(|value| holds(value, wanted)),
        _ => false,
    }
}

fn message(case: Case, input: &Input) -> Value {
    match case {
        Case::Message => json!(input.big),
        _ => json!("request completed"),
    }
}

fn field(input: &Input, name: &str) -> Value {
    match name {
        "method" => json!(input.method),
        "route" => json!(input.route),
        "status" => json!(input.status),
        "latency_ms" => json!(input.latency_ms),
        "request_id" => json!(input.request_id),
        "user_id" => json!(input.user_id),
        "tenant" => json!(input.tenant),
        "region" => json!(input.region),
        "bytes_in" => json!(input.bytes_in),
        "bytes_out" => json!(input.bytes_out),
        "cached" => json!(input.cached),
        "retries" => json!(input.retries),
        "shard" => json!(input.shard),
        "host" => json!(input.host),
        "version" => json!(input.version),
        "cpu_ms" => json!(input.cpu_ms),
        "db_ms" => json!(input.db_ms),
        "ok" => json!(input.ok),
        "attempt" => json!(input.attempt),
        "trace_id" => json!(input.trace_id),
        "rows" => json!(input.rows),
        "cache" => json!(input.cache),
        "text" => json!(input.esc),
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIVE: &str = r#""method":"GET","route":"/users/:id","status":200,"latency_ms":1.234,
        "request_id":"3f2b8a52-7d0c-4b6e-9a41-5c8e1f0d2b37""#;

    #[track_caller]
    fn refused(case: Case, written: &str, because: &str) {
        let error = check(case, case.output(), written).unwrap_err();
        assert!(error.starts_with(because), "{error}");
    }

    #[test]
    fn a_whole_line_passes_flat_or_nested() {
        let five = FIVE.replace('\n', "");
        check(Case::Five, Case::Five.output(), &format!("{{\"message\":\"request completed\",{five}}}\n")).unwrap();
        check(Case::Five, Case::Five.output(), &format!("{{\"fields\":{{\"msg\":\"request completed\",{five}}}}}\n"))
            .unwrap();
        check(Case::Below, Case::Below.output(), "").unwrap();
    }

    #[test]
    fn a_line_that_is_not_what_was_asked_for_is_refused() {
        let five = FIVE.replace('\n', "");
        refused(Case::Five, "", "is no JSON");
        refused(Case::Five, "{\n}\n", "wrote more than one line");
        refused(Case::Five, &format!("{{{five}}}\n"), "left out the message");
        refused(Case::Five, "{\"message\":\"request completed\"}\n", "left out method");
        let text = format!("{{\"message\":\"request completed\",{}}}\n", five.replace("200", "\"200\""));
        refused(Case::Five, &text, "left out status or changed its value or its type");
        refused(Case::Below, "{}\n", "wrote a record that it should not");
        refused(Case::Csv, "\n", "wrote nothing");
    }

    #[test]
    fn a_request_may_be_told_as_json_or_as_text_but_has_to_be_told() {
        let check = |written: &str| check(Case::Axum, Case::Axum.output(), written);
        check("{\"method\":\"GET\",\"span\":{\"path\":\"/users/42\"},\"status\":200}\n").unwrap();
        check("INFO 203.0.113.7 \"GET /users/42 HTTP/1.1\" 200 22 \"-\"\n").unwrap();
        refused(Case::Axum, "", "did not write 1..=1 lines");
        refused(Case::Axum, "{\"method\":\"GET\",\"path\":\"/users/42\"}\n", "left out method, path or status");
        refused(Case::Axum, "\"GET /users/42 HTTP/1.1\" 404 0\n", "left out method, path or status");
    }
}
