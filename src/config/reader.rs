//! A configuration read into a type: strictly, and with the place of whatever is wrong.
//!
//! Nothing is taken for what it is not: a text is no number, unless it is the word of a variable, which has no other way to
//! say a number.

use crate::config::error::ConfigError;
use crate::config::node::{Node, Table, Value};
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error, IntoDeserializer, MapAccess, SeqAccess,
    Unexpected, VariantAccess, Visitor, value,
};
use std::collections::btree_map;

/// Reads a whole node.
pub(crate) fn read<T: DeserializeOwned>(node: &Node) -> Result<T, ConfigError> {
    T::deserialize(Reader(node)).map_err(|error| error.at(&node.origin))
}

#[derive(Clone, Copy)]
struct Reader<'n>(&'n Node);

impl Reader<'_> {
    fn mismatch<T>(self, visitor: &dyn serde::de::Expected) -> Result<T, ConfigError> {
        let found = match &self.0.value {
            Value::Nothing => Unexpected::Unit,
            Value::Bool(value) => Unexpected::Bool(*value),
            Value::Integer(value) => Unexpected::Signed(*value),
            Value::Float(value) => Unexpected::Float(*value),
            Value::Text(text) | Value::Word(text) => Unexpected::Str(text),
            Value::List(_) => Unexpected::Seq,
            Value::Table(_) => Unexpected::Map,
        };
        Err(ConfigError::invalid_type(found, visitor))
    }
}

macro_rules! numbers {
    ($($method:ident)*) => {
        $(
            fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConfigError> {
                match &self.0.value {
                    Value::Integer(value) => visitor.visit_i64(*value),
                    Value::Float(value) => visitor.visit_f64(*value),
                    Value::Word(word) => number_of(word, visitor),
                    _ => self.mismatch(&visitor),
                }
            }
        )*
    };
}

impl<'de> Deserializer<'de> for Reader<'de> {
    type Error = ConfigError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConfigError> {
        match &self.0.value {
            Value::Nothing => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Integer(value) => visitor.visit_i64(*value),
            Value::Float(value) => visitor.visit_f64(*value),
            Value::Text(text) | Value::Word(text) => visitor.visit_borrowed_str(text),
            Value::List(nodes) => visitor.visit_seq(List { nodes: nodes.iter(), index: 0 }),
            Value::Table(table) => visitor.visit_map(Entries::of(table)),
        }
    }

    numbers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_u8 deserialize_u16 deserialize_u32
        deserialize_u64 deserialize_f32 deserialize_f64
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConfigError> {
        match &self.0.value {
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Word(word) if word == "true" => visitor.visit_bool(true),
            Value::Word(word) if word == "false" => visitor.visit_bool(false),
            _ => self.mismatch(&visitor),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConfigError> {
        match &self.0.value {
            Value::Text(text) | Value::Word(text) => visitor.visit_borrowed_str(text),
            _ => self.mismatch(&visitor),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConfigError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConfigError> {
        match &self.0.value {
            Value::Nothing => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, ConfigError> {
        visitor.visit_newtype_struct(self)
    }

    /// A word may be a list of words, with commas between them.
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConfigError> {
        match &self.0.value {
            Value::List(nodes) => visitor.visit_seq(List { nodes: nodes.iter(), index: 0 }),
            Value::Word(word) => {
                let words = word.split(',').map(str::trim).filter(|word| !word.is_empty());
                visitor.visit_seq(value::SeqDeserializer::new(words.map(OneWord)))
            }
            _ => self.mismatch(&visitor),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, ConfigError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConfigError> {
        match &self.0.value {
            Value::Table(table) => visitor.visit_map(Entries::of(table)),
            _ => self.mismatch(&visitor),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ConfigError> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ConfigError> {
        match &self.0.value {
            Value::Text(name) | Value::Word(name) => visitor.visit_enum(name.as_str().into_deserializer()),
            Value::Table(table) if table.len() == 1 => visitor.visit_enum(Variant(table)),
            _ => self.mismatch(&"a name, or a table with one"),
        }
    }

    serde::forward_to_deserialize_any! {
        i128 u128 char bytes byte_buf unit unit_struct tuple_struct identifier ignored_any
    }
}

struct List<'n> {
    nodes: std::slice::Iter<'n, Node>,
    index: usize,
}

impl<'de> SeqAccess<'de> for List<'de> {
    type Error = ConfigError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, ConfigError> {
        let Some(node) = self.nodes.next() else { return Ok(None) };
        let index = self.index;
        self.index += 1;
        seed.deserialize(Reader(node)).map(Some).map_err(|error| error.at(&node.origin).below(&format!("[{index}]")))
    }
}

/// One of several words of a variable: a text, or what a word alone may be besides.
struct OneWord<'n>(&'n str);

impl<'de> IntoDeserializer<'de, ConfigError> for OneWord<'de> {
    type Deserializer = OneWord<'de>;

    fn into_deserializer(self) -> OneWord<'de> {
        self
    }
}

macro_rules! numbers_of_words {
    ($($method:ident)*) => {
        $(
            fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConfigError> {
                number_of(self.0, visitor)
            }
        )*
    };
}

impl<'de> Deserializer<'de> for OneWord<'de> {
    type Error = ConfigError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConfigError> {
        visitor.visit_borrowed_str(self.0)
    }

    numbers_of_words! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_u8 deserialize_u16 deserialize_u32
        deserialize_u64 deserialize_f32 deserialize_f64
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ConfigError> {
        visitor.visit_enum(IntoDeserializer::<ConfigError>::into_deserializer(self.0))
    }

    serde::forward_to_deserialize_any! {
        bool i128 u128 char str string bytes byte_buf option unit unit_struct newtype_struct seq tuple tuple_struct map
        struct identifier ignored_any
    }
}

/// The number that a word says.
fn number_of<'de, V: Visitor<'de>>(word: &str, visitor: V) -> Result<V::Value, ConfigError> {
    match (word.parse::<i64>(), word.parse::<f64>()) {
        (Ok(value), _) => visitor.visit_i64(value),
        (_, Ok(value)) => visitor.visit_f64(value),
        _ => Err(ConfigError::invalid_type(Unexpected::Str(word), &visitor)),
    }
}

struct Entries<'n> {
    entries: btree_map::Iter<'n, String, Node>,
    value: Option<(&'n str, &'n Node)>,
}

impl<'n> Entries<'n> {
    fn of(table: &'n Table) -> Entries<'n> {
        Entries { entries: table.iter(), value: None }
    }
}

impl<'de> MapAccess<'de> for Entries<'de> {
    type Error = ConfigError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, ConfigError> {
        // What is taken back is not there.
        let Some((key, node)) = self.entries.find(|(_, node)| !matches!(node.value, Value::Nothing)) else {
            return Ok(None);
        };
        self.value = Some((key, node));
        let reader = value::BorrowedStrDeserializer::new(key);
        seed.deserialize(reader).map(Some).map_err(|error: ConfigError| error.at(&node.origin).below(key))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, ConfigError> {
        let (key, node) = self.value.take().ok_or_else(|| ConfigError::new("a value was asked for before its key"))?;
        seed.deserialize(Reader(node)).map_err(|error| error.at(&node.origin).below(key))
    }
}

/// A table with one key, which names what the value is of.
struct Variant<'n>(&'n Table);

impl<'de> EnumAccess<'de> for Variant<'de> {
    type Error = ConfigError;
    type Variant = Content<'de>;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Content<'de>), ConfigError> {
        let (key, node) = self.0.iter().next().ok_or_else(|| ConfigError::new("a table with one key was expected"))?;
        let name = seed.deserialize(value::BorrowedStrDeserializer::<ConfigError>::new(key));
        Ok((name.map_err(|error| error.at(&node.origin))?, Content { key, node }))
    }
}

struct Content<'n> {
    key: &'n str,
    node: &'n Node,
}

impl Content<'_> {
    fn placed(&self, error: ConfigError) -> ConfigError {
        error.at(&self.node.origin).below(self.key)
    }
}

impl<'de> VariantAccess<'de> for Content<'de> {
    type Error = ConfigError;

    fn unit_variant(self) -> Result<(), ConfigError> {
        Err(self.placed(ConfigError::new("this takes nothing: write its name alone")))
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, ConfigError> {
        seed.deserialize(Reader(self.node)).map_err(|error| self.placed(error))
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, ConfigError> {
        Reader(self.node).deserialize_tuple(length, visitor).map_err(|error| self.placed(error))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ConfigError> {
        Reader(self.node).deserialize_struct("", fields, visitor).map_err(|error| self.placed(error))
    }
}
