//! TOML.

use super::Source;
use crate::config::error::ConfigError;
use crate::config::node::{Node, Table, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

pub(super) fn parse(source: &mut Source<'_>) -> Result<Node, ConfigError> {
    let parsed = DeTable::parse(source.text).map_err(|error| {
        let place = source.place(error.span().map_or(0, |span| span.start));
        ConfigError::new(format!("this is no TOML: {}", error.message())).at(&place)
    })?;
    let entries = table(source, parsed.get_ref(), 0)?;
    Ok(Node::new(source.line(1, 1), Value::Table(entries)))
}

fn table(source: &mut Source<'_>, from: &DeTable<'_>, depth: usize) -> Result<Table, ConfigError> {
    let mut table = Table::new();
    for (key, entry) in from {
        let mut node = value(source, entry, depth + 1)?;
        // The place of the key says more than that of a table, which may be anywhere.
        node.origin = source.place(key.span().start);
        table.insert(key.get_ref().to_string(), node);
    }
    Ok(table)
}

fn value(source: &mut Source<'_>, from: &Spanned<DeValue<'_>>, depth: usize) -> Result<Node, ConfigError> {
    let origin = source.place(from.span().start);
    source.count(depth, &origin)?;
    let value = match from.get_ref() {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Boolean(value) => Value::Bool(*value),
        DeValue::Float(float) => match float.as_str().parse() {
            Ok(value) => Value::Float(value),
            Err(_) => return Err(ConfigError::new("this is no number").at(&origin)),
        },
        DeValue::Integer(integer) => match i64::from_str_radix(integer.as_str(), integer.radix()) {
            Ok(value) => Value::Integer(value),
            Err(_) => return Err(ConfigError::new("this integer has more than 64 bits").at(&origin)),
        },
        DeValue::Datetime(time) => Value::Text(time.to_string()),
        DeValue::Array(items) => {
            Value::List(items.iter().map(|item| self::value(source, item, depth + 1)).collect::<Result<_, _>>()?)
        }
        DeValue::Table(entries) => Value::Table(table(source, entries, depth)?),
    };
    Ok(Node::new(origin, value))
}
