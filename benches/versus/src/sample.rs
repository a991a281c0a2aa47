//! Whether the line of a peer is what the case asks for; before that is known, none of its figures count.

use crate::case::{Case, Output};
use crate::input::Input;
use serde_json::{Value, json};

/// Holds what one call wrote against the case.
pub fn check(case: Case, written: &str) -> Result<(), String> {
    match case.output() {
        Output::Nothing if written.is_empty() => Ok(()),
        Output::Nothing => Err(format!("wrote a record that it should not: {written}")),
        Output::Text if written.trim().is_empty() => Err("wrote nothing".to_owned()),
        Output::Text => Ok(()),
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
        let error = check(case, written).unwrap_err();
        assert!(error.starts_with(because), "{error}");
    }

    #[test]
    fn a_whole_line_passes_flat_or_nested() {
        let five = FIVE.replace('\n', "");
        check(Case::Five, &format!("{{\"message\":\"request completed\",{five}}}\n")).unwrap();
        check(Case::Five, &format!("{{\"fields\":{{\"msg\":\"request completed\",{five}}}}}\n")).unwrap();
        check(Case::Below, "").unwrap();
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
}
