//! The JSON Schema of a configuration, put together from its types: editors complete and check by it.

use crate::config::output::OutputSettings;
use crate::config::registry::Registry;
use crate::config::schema::Settings;
use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

/// What may be said, with these kinds of outputs and formats.
pub(crate) fn of(registry: &Registry, presets: &[&str]) -> Value {
    let mut generator =
        SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true).into_generator();
    let format = format(registry, &mut generator);
    let outputs: Vec<Value> = registry
        .output_schemas(&mut generator)
        .into_iter()
        .map(|(name, own)| output(&name, own, &format, &mut generator))
        .collect();
    let mut root = Map::from_iter([
        ("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema")),
        ("title".to_owned(), json!("hyperlog")),
    ]);
    root.extend(object(generator.subschema_for::<Settings>()));
    let preset = json!({ "description": "The preset that all else goes over.", "type": "string", "examples": presets });
    let outputs = json!({
        "description": "Where records go, by the name of the output. Standard output, if nothing is said.",
        "type": "object",
        "additionalProperties": { "oneOf": outputs },
    });
    properties(&mut root).extend([("preset".to_owned(), preset), ("outputs".to_owned(), outputs)]);
    Value::Object(root)
}

/// An output of one kind: what may be said of every output, and of this kind.
fn output(name: &str, own: Schema, format: &Value, generator: &mut SchemaGenerator) -> Value {
    let mut own = object(own);
    properties(&mut own).extend([("kind".to_owned(), json!({ "const": name })), ("format".to_owned(), format.clone())]);
    let mut common = object(generator.subschema_for::<OutputSettings>());
    properties(&mut own).extend(std::mem::take(properties(&mut common)));
    #[cfg(feature = "delivery")]
    {
        let queue = generator.subschema_for::<crate::config::kinds::queue::Queue>();
        properties(&mut own).insert("queue".to_owned(), queue.into());
    }
    require(&mut own, "kind");
    Value::Object(own)
}

/// A format by its name alone, or with what may be said about it.
fn format(registry: &Registry, generator: &mut SchemaGenerator) -> Value {
    let mut ways = Vec::new();
    for (name, own) in registry.format_schemas(generator) {
        let mut own = object(own);
        if own.get("required").is_none() {
            ways.push(json!({ "const": name }));
        }
        properties(&mut own).insert("kind".to_owned(), json!({ "const": name }));
        require(&mut own, "kind");
        ways.push(Value::Object(own));
    }
    json!({ "description": "The form of the records.", "oneOf": ways })
}

fn object(schema: Schema) -> Map<String, Value> {
    match Value::from(schema) {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}

fn properties(object: &mut Map<String, Value>) -> &mut Map<String, Value> {
    let entry = object.entry("properties").or_insert_with(|| json!({}));
    if !entry.is_object() {
        *entry = json!({});
    }
    match entry {
        Value::Object(properties) => properties,
        _ => unreachable!("it was made an object above"),
    }
}

fn require(object: &mut Map<String, Value>, key: &str) {
    match object.entry("required").or_insert_with(|| json!([])) {
        Value::Array(required) => required.push(json!(key)),
        other => *other = json!([key]),
    }
}
