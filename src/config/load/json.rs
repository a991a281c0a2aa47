//! JSON, without the liberties that others take with it.

use super::Source;
use crate::config::error::ConfigError;
use crate::config::node::{Node, Table, Value};
use jsonc_parser::ast;
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

pub(super) fn parse(source: &mut Source<'_>) -> Result<Node, ConfigError> {
    let text = source.text;
    let parsed = parse_to_ast(text, &CollectOptions::default(), &STRICT).map_err(|error| {
        let place = source.line(error.line_display(), error.column_display());
        ConfigError::new(format!("this is no JSON: {}", error.kind())).at(&place)
    })?;
    match parsed.value {
        Some(from) => value(source, &from, 0),
        None => Err(ConfigError::new("this is no JSON: there is nothing").at(&source.line(1, 1))),
    }
}

const STRICT: ParseOptions = ParseOptions {
    allow_comments: false,
    allow_loose_object_property_names: false,
    allow_trailing_commas: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

fn value(source: &mut Source<'_>, from: &ast::Value<'_>, depth: usize) -> Result<Node, ConfigError> {
    let origin = source.place(from.start());
    source.count(depth, &origin)?;
    let value = match from {
        ast::Value::NullKeyword(_) => Value::Nothing,
        ast::Value::BooleanLit(literal) => Value::Bool(literal.value),
        ast::Value::NumberLit(literal) => number(literal.value).map_err(|error| error.at(&origin))?,
        ast::Value::StringLit(literal) => Value::Text(literal.value.to_string()),
        ast::Value::Array(array) => {
            let items = array.elements.iter().map(|item| self::value(source, item, depth + 1));
            Value::List(items.collect::<Result<_, _>>()?)
        }
        ast::Value::Object(object) => {
            let mut table = Table::new();
            for property in &object.properties {
                let mut node = self::value(source, &property.value, depth + 1)?;
                node.origin = source.place(property.start());
                let key = property.name.as_str().to_owned();
                let place = node.origin.clone();
                if table.insert(key.clone(), node).is_some() {
                    return Err(ConfigError::new("this key is there twice").at(&place).below(&key));
                }
            }
            Value::Table(table)
        }
    };
    Ok(Node::new(origin, value))
}

fn number(literal: &str) -> Result<Value, ConfigError> {
    match literal.contains(['.', 'e', 'E']) {
        true => literal.parse().map(Value::Float).map_err(|_| ConfigError::new("this is no number")),
        false => {
            literal.parse().map(Value::Integer).map_err(|_| ConfigError::new("this integer has more than 64 bits"))
        }
    }
}
