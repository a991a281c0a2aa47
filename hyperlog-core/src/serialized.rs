//! Whatever implements `serde::Serialize` as the value of a field.
//!
//! A serializer that drives a [`TreeVisitor`], so that a serialized value meets redaction and limits like any other tree.
//! It trusts no `Serialize`: one that is too deep, fails or panics costs its own place in the tree and nothing around it.

use crate::contain::contain;
use crate::limits::{LONGEST_TEXT, format_into};
use crate::value::{ToValue, Tree, TreeVisitor, Value};
use serde::ser::{self, Serialize};
use std::fmt::{self, Display};

/// Anything that implements `serde::Serialize` as a value: `user = serde(&user)`.
///
/// Structures and maps become maps, sequences and tuples lists, and enums are tagged by the name of their variant as serde
/// does it by default. A key that is no text is written as one. What a key hides is hidden at any depth, by its path:
/// `user.address.street`.
///
/// ```
/// use hyperlog_core::{Json, Logger, Memory, Output, info, serde};
///
/// #[derive(serde::Serialize)]
/// struct User { name: &'static str, password: &'static str }
///
/// let memory = Memory::new();
/// let logger = Logger::builder().output(Output::new(Json::new(), memory.clone())).build()?;
/// let user = User { name: "ann", password: "hunter2" };
/// info!(logger: logger, user = serde(&user), "signed in");
/// assert!(memory.text().contains(r#""user":{"name":"ann","password":"[REDACTED]"}"#));
/// # Ok::<(), hyperlog_core::BuildError>(())
/// ```
///
/// # When it fails
///
/// A value that cannot be serialized, or panics meanwhile, is `[its serialization failed]`, and the values around it stay
/// as they are. One below 64 others is `[too deep]`, whatever [`Limits`](crate::Limits) allow.
pub fn serde<T: Serialize + ?Sized>(value: &T) -> Serialized<'_, T> {
    Serialized(value)
}

/// What [`serde()`] makes.
pub struct Serialized<'a, T: ?Sized>(&'a T);

impl<T: Serialize + ?Sized> Tree for Serialized<'_, T> {
    fn walk(&self, visitor: &mut dyn TreeVisitor) {
        // Nothing is left to stop: a walk is over when its outermost value is.
        let _ = Walk { visitor, within: 0, open: 0, maps: 0, place: Place::Value }.contain(self.0);
    }
}

impl<T: Serialize + ?Sized> ToValue for Serialized<'_, T> {
    fn to_value(&self) -> Value<'_> {
        Value::Tree(self)
    }
}

/// How many values may be open, each inside the one before: with more, a small stack would not do.
const DEEPEST: u32 = 64;
const TOO_DEEP: Value<'static> = Value::Str("[too deep]");
const TOO_LONG: Value<'static> = Value::Str("[too long]");
const FAILED: Value<'static> = Value::Str("[its serialization failed]");

/// A value on its way into a visitor.
struct Walk<'a> {
    visitor: &'a mut dyn TreeVisitor,
    /// How many values are being serialized, each inside the one before.
    within: u32,
    /// How many maps and lists are open.
    open: u32,
    /// For each of them, the innermost last, whether it is a map.
    maps: u128,
    place: Place,
}

/// What may come next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// A value.
    Value,
    /// The key of a map.
    Key,
    /// Nothing more: the outermost value is there.
    Nowhere,
}

/// Why a value could not be serialized.
#[derive(Debug)]
enum Stop {
    /// Its own fault.
    Failed,
    /// The visitor wants nothing more.
    Full,
}

impl Display for Stop {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Stop::Failed => "the value failed to serialize",
            Stop::Full => "the value is too long",
        })
    }
}

impl std::error::Error for Stop {}

impl ser::Error for Stop {
    /// What the value says of its trouble may quote what redaction hides.
    fn custom<T: Display>(_: T) -> Stop {
        Stop::Failed
    }
}

impl Walk<'_> {
    /// Serializes a value so that nothing it does reaches further than its own place.
    fn contain<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Stop> {
        if self.visitor.is_full() {
            self.value(TOO_LONG);
            return Err(Stop::Full);
        }
        if self.within == DEEPEST {
            self.value(TOO_DEEP);
            return Ok(());
        }
        let open = self.open;
        self.within += 1;
        let within = self.within;
        let result = contain(|| value.serialize(&mut *self)).unwrap_or(Err(Stop::Failed));
        self.within = within - 1;
        match result {
            Ok(()) => Ok(()),
            Err(stop) => {
                if matches!(stop, Stop::Failed) {
                    self.mark_failure();
                }
                while self.open > open {
                    self.end();
                }
                match stop {
                    Stop::Failed => Ok(()),
                    Stop::Full => Err(Stop::Full),
                }
            }
        }
    }

    fn mark_failure(&mut self) {
        if self.place == Place::Key {
            self.key("…");
        }
        self.value(FAILED);
    }

    fn value(&mut self, value: Value<'_>) {
        if self.place == Place::Value {
            self.visitor.value(value);
            self.place = self.place_behind();
        }
    }

    fn key(&mut self, key: &str) {
        self.visitor.key(key);
        self.place = Place::Value;
    }

    fn begin_map(&mut self) {
        self.visitor.begin_map();
        self.open(1);
    }

    fn begin_list(&mut self) {
        self.visitor.begin_list();
        self.open(0);
    }

    fn open(&mut self, map: u128) {
        self.maps = self.maps << 1 | map;
        self.open += 1;
        self.place = self.place_behind();
    }

    fn end(&mut self) {
        if self.maps & 1 == 1 && self.place == Place::Value {
            self.value(Value::Null);
        }
        self.visitor.end();
        self.maps >>= 1;
        self.open -= 1;
        self.place = self.place_behind();
    }

    /// What may come behind a value.
    fn place_behind(&self) -> Place {
        match (self.open, self.maps & 1) {
            (0, _) => Place::Nowhere,
            (_, 1) => Place::Key,
            _ => Place::Value,
        }
    }

    fn scalar(&mut self, value: Value<'_>) -> Result<(), Stop> {
        self.value(value);
        Ok(())
    }

    /// A map or list that is complete.
    fn close(&mut self) -> Result<(), Stop> {
        self.end();
        Ok(())
    }

    fn keyed<T: Serialize + ?Sized>(&mut self, key: &str, value: &T) -> Result<(), Stop> {
        self.key(key);
        self.contain(value)
    }
}

impl ser::Serializer for &mut Walk<'_> {
    type Ok = ();
    type Error = Stop;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Self;
    type SerializeMap = Self;
    type SerializeStruct = Self;
    type SerializeStructVariant = Self;

    fn serialize_bool(self, value: bool) -> Result<(), Stop> {
        self.scalar(Value::Bool(value))
    }

    fn serialize_i8(self, value: i8) -> Result<(), Stop> {
        self.scalar(Value::I64(value.into()))
    }

    fn serialize_i16(self, value: i16) -> Result<(), Stop> {
        self.scalar(Value::I64(value.into()))
    }

    fn serialize_i32(self, value: i32) -> Result<(), Stop> {
        self.scalar(Value::I64(value.into()))
    }

    fn serialize_i64(self, value: i64) -> Result<(), Stop> {
        self.scalar(Value::I64(value))
    }

    fn serialize_i128(self, value: i128) -> Result<(), Stop> {
        self.scalar(Value::I128(&value))
    }

    fn serialize_u8(self, value: u8) -> Result<(), Stop> {
        self.scalar(Value::U64(value.into()))
    }

    fn serialize_u16(self, value: u16) -> Result<(), Stop> {
        self.scalar(Value::U64(value.into()))
    }

    fn serialize_u32(self, value: u32) -> Result<(), Stop> {
        self.scalar(Value::U64(value.into()))
    }

    fn serialize_u64(self, value: u64) -> Result<(), Stop> {
        self.scalar(Value::U64(value))
    }

    fn serialize_u128(self, value: u128) -> Result<(), Stop> {
        self.scalar(Value::U128(&value))
    }

    fn serialize_f32(self, value: f32) -> Result<(), Stop> {
        self.scalar(Value::F32(value))
    }

    fn serialize_f64(self, value: f64) -> Result<(), Stop> {
        self.scalar(Value::F64(value))
    }

    fn serialize_char(self, value: char) -> Result<(), Stop> {
        self.scalar(Value::Char(value))
    }

    fn serialize_str(self, value: &str) -> Result<(), Stop> {
        self.scalar(Value::Str(value))
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), Stop> {
        self.scalar(Value::Bytes(value))
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<(), Stop> {
        self.scalar(Value::Display(&value))
    }

    fn serialize_none(self) -> Result<(), Stop> {
        self.scalar(Value::Null)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Stop> {
        self.contain(value)
    }

    fn serialize_unit(self) -> Result<(), Stop> {
        self.scalar(Value::Null)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Stop> {
        self.scalar(Value::Null)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Stop> {
        self.scalar(Value::Str(variant))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), Stop> {
        self.contain(value)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Stop> {
        self.begin_map();
        self.keyed(variant, value)?;
        self.close()
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self, Stop> {
        self.begin_list();
        Ok(self)
    }

    fn serialize_tuple(self, _: usize) -> Result<Self, Stop> {
        self.begin_list();
        Ok(self)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self, Stop> {
        self.begin_list();
        Ok(self)
    }

    fn serialize_tuple_variant(self, _: &'static str, _: u32, variant: &'static str, _: usize) -> Result<Self, Stop> {
        self.begin_map();
        self.key(variant);
        self.begin_list();
        Ok(self)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self, Stop> {
        self.begin_map();
        Ok(self)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, Stop> {
        self.begin_map();
        Ok(self)
    }

    fn serialize_struct_variant(self, _: &'static str, _: u32, variant: &'static str, _: usize) -> Result<Self, Stop> {
        self.begin_map();
        self.key(variant);
        self.begin_map();
        Ok(self)
    }
}

macro_rules! serialize_items {
    ($($part:ident $item:ident;)*) => {
        $(impl ser::$part for &mut Walk<'_> {
            type Ok = ();
            type Error = Stop;

            fn $item<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Stop> {
                self.contain(value)
            }

            fn end(self) -> Result<(), Stop> {
                self.close()
            }
        })*
    };
}

serialize_items! {
    SerializeSeq serialize_element;
    SerializeTuple serialize_element;
    SerializeTupleStruct serialize_field;
}

impl ser::SerializeTupleVariant for &mut Walk<'_> {
    type Ok = ();
    type Error = Stop;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Stop> {
        self.contain(value)
    }

    fn end(self) -> Result<(), Stop> {
        Walk::end(self);
        self.close()
    }
}

impl ser::SerializeMap for &mut Walk<'_> {
    type Ok = ();
    type Error = Stop;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Stop> {
        let mut text = KeyText::default();
        let mut walk = Walk { visitor: &mut text, within: self.within, open: 0, maps: 0, place: Place::Value };
        walk.contain(key)?;
        self.key(&text.text);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Stop> {
        self.contain(value)
    }

    fn end(self) -> Result<(), Stop> {
        self.close()
    }
}

impl ser::SerializeStruct for &mut Walk<'_> {
    type Ok = ();
    type Error = Stop;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Stop> {
        self.keyed(key, value)
    }

    fn end(self) -> Result<(), Stop> {
        self.close()
    }
}

impl ser::SerializeStructVariant for &mut Walk<'_> {
    type Ok = ();
    type Error = Stop;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Stop> {
        self.keyed(key, value)
    }

    fn end(self) -> Result<(), Stop> {
        Walk::end(self);
        self.close()
    }
}

/// A key as text: a map or a list in brackets, its parts one after the other.
#[derive(Default)]
struct KeyText {
    text: String,
    closers: String,
}

impl KeyText {
    fn separate(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with(['{', '[', ':']) {
            self.text.push(',');
        }
    }

    fn begin(&mut self, open: char, close: char) {
        self.separate();
        self.text.push(open);
        self.closers.push(close);
    }
}

impl TreeVisitor for KeyText {
    fn begin_map(&mut self) {
        self.begin('{', '}');
    }

    fn begin_list(&mut self) {
        self.begin('[', ']');
    }

    fn key(&mut self, key: &str) {
        self.separate();
        self.text.push_str(key);
        self.text.push(':');
    }

    fn value(&mut self, value: Value<'_>) {
        self.separate();
        match value {
            Value::Null => self.text.push_str("null"),
            Value::Char(character) => self.text.push(character),
            other => format_into(other, &mut self.text),
        }
    }

    fn end(&mut self) {
        self.text.extend(self.closers.pop());
    }

    fn is_full(&self) -> bool {
        self.text.len() > LONGEST_TEXT
    }
}
