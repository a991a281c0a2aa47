//! What is in force, and where each value comes from.

use crate::config::error::on_one_line;
use crate::config::node::{Node, Origin, Value};
use hyperlog_core::{Redaction, Verdict};
use std::fmt;

/// A configuration as it is in force: each value with where it comes from, and no secret.
///
/// ```text
/// level                    debug        HYPERLOG_LEVEL
/// outputs.console.format   json         preset production
/// outputs.console.kind     console      preset production
/// ```
#[derive(Clone, Debug)]
pub struct Explanation {
    values: Vec<ExplainedValue>,
}

/// One value of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExplainedValue {
    /// The keys that lead to it, with dots between them.
    pub path: String,
    /// What it says. `[REDACTED]` if it is secret.
    pub value: String,
    /// Where that was written.
    pub origin: Origin,
}

/// Keys whose values are secret, whatever redaction thinks of their names.
const SECRET: [&str; 4] = ["secret", "secret_headers", "headers", "url"];

impl Explanation {
    pub(crate) fn of(node: &Node) -> Explanation {
        let redaction = Redaction::default();
        let mut values = Vec::new();
        node.each_leaf(&mut Vec::new(), &mut |path, node| {
            if path.is_empty() {
                return;
            }
            let value = match is_secret(path, node, &redaction) {
                true => "[REDACTED]".to_owned(),
                false => redacted(&shown(&node.value), &redaction),
            };
            values.push(ExplainedValue { path: on_one_line(&path.join(".")), value, origin: node.origin.clone() });
        });
        Explanation { values }
    }

    /// The values, by their paths.
    pub fn values(&self) -> &[ExplainedValue] {
        &self.values
    }
}

/// Where a secret is kept is none itself.
fn is_secret(path: &[&str], node: &Node, redaction: &Redaction) -> bool {
    let (last, before) = match path {
        [before @ .., last] => (*last, before),
        [] => return false,
    };
    let is_reference = matches!(last, "env" | "file") && before.iter().any(|key| SECRET.contains(key));
    let is_named = path.iter().any(|key| SECRET.contains(key) || redaction.key(key).is_some());
    is_named && !is_reference && !matches!(node.value, Value::Bool(_) | Value::Integer(_) | Value::Float(_))
}

fn shown(value: &Value) -> String {
    match value {
        Value::Nothing => "nothing".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Integer(value) => value.to_string(),
        Value::Float(value) => value.to_string(),
        Value::Text(text) | Value::Word(text) => text.clone(),
        Value::List(nodes) => {
            format!("[{}]", nodes.iter().map(|node| shown(&node.value)).collect::<Vec<_>>().join(", "))
        }
        Value::Table(table) => {
            let entries = table.iter().map(|(key, node)| format!("{key} = {}", shown(&node.value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
    }
}

/// What gives itself away is hidden wherever it stands, and nothing can pass for another line.
fn redacted(text: &str, redaction: &Redaction) -> String {
    let mut hidden = String::new();
    let text = match redaction.text(text, &mut hidden) {
        Verdict::Clean => text,
        _ => &hidden,
    };
    on_one_line(text)
}

impl fmt::Display for Explanation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widest = |of: fn(&ExplainedValue) -> &str| {
            self.values.iter().map(|value| of(value).chars().count()).filter(|width| *width <= 40).max().unwrap_or(0)
        };
        let (path_width, value_width) = (widest(|value| &value.path), widest(|value| &value.value));
        for ExplainedValue { path, value, origin } in &self.values {
            let origin = on_one_line(&origin.to_string());
            writeln!(formatter, "{path:path_width$}  {value:value_width$}  {origin}")?;
        }
        Ok(())
    }
}
