//! YAML, with bounds on what its aliases unfold to.

use super::{MOST_NODES, Source};
use crate::config::error::ConfigError;
use crate::config::node::{Node, Table, Value};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::options::DuplicateKeyPolicy;
use serde_saphyr::{Location, Spanned};
use std::fmt;

pub(super) fn parse(source: &mut Source<'_>) -> Result<Node, ConfigError> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! { max_nodes: MOST_NODES },
        duplicate_keys: DuplicateKeyPolicy::Error,
        strict_booleans: true,
        // A piece of the file may hold a secret.
        with_snippet: false,
    };
    let parsed = serde_saphyr::from_str_with_options::<Spanned<Raw>>(source.text, options).map_err(|error| {
        let place = error.location().map_or_else(|| source.line(1, 1), |location| place_of(source, &location));
        ConfigError::new("this is no YAML, or one with too much of something").at(&place)
    })?;
    node(source, parsed, 0)
}

fn place_of(source: &Source<'_>, location: &Location) -> crate::config::node::Origin {
    let number = |number: u64| usize::try_from(number.max(1)).unwrap_or(usize::MAX);
    source.line(number(location.line()), number(location.column()))
}

fn node(source: &mut Source<'_>, from: Spanned<Raw>, depth: usize) -> Result<Node, ConfigError> {
    let origin = place_of(source, &from.referenced);
    source.count(depth, &origin)?;
    let value = match from.value {
        Raw::Value(value) => value,
        Raw::List(items) => {
            Value::List(items.into_iter().map(|item| node(source, item, depth + 1)).collect::<Result<_, _>>()?)
        }
        Raw::Table(entries) => {
            let mut table = Table::new();
            for (key, entry) in entries {
                let mut node = node(source, entry, depth + 1)?;
                node.origin = place_of(source, &key.referenced);
                table.insert(key.value, node);
            }
            Value::Table(table)
        }
    };
    Ok(Node::new(origin, value))
}

/// What a document says, before it is known where it stands.
enum Raw {
    Value(Value),
    List(Vec<Spanned<Raw>>),
    Table(Vec<(Spanned<String>, Spanned<Raw>)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Raw, D::Error> {
        deserializer.deserialize_any(Anything)
    }
}

struct Anything;

impl<'de> Visitor<'de> for Anything {
    type Value = Raw;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value of a configuration")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Value(Value::Nothing))
    }

    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Value(Value::Nothing))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Raw, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Value(Value::Bool(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Value(Value::Integer(value)))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Raw, E> {
        let value = i64::try_from(value).map_err(|_| E::custom("this integer has more than 64 bits"))?;
        Ok(Raw::Value(Value::Integer(value)))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Raw, E> {
        Ok(Raw::Value(Value::Float(value)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Raw, E> {
        Ok(Raw::Value(Value::Text(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Raw, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Raw::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Raw, A::Error> {
        let mut table = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            table.push(entry);
        }
        Ok(Raw::Table(table))
    }
}
