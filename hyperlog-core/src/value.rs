//! What a field can hold: a borrowed, typed value.
//!
//! Scalars are held as they are and everything else by reference, so that gathering the fields of a record costs no
//! heap.

use crate::time::Timestamp;
use std::borrow::Cow;
use std::error::Error;
use std::fmt::{self, Debug, Display};
use std::num::{NonZero, Wrapping};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// The value of a field.
///
/// Macros make values by [`ToValue`]; by hand they are made with the variants.
///
/// An encoder or a hook never meets [`Value::Display`], [`Value::Debug`], [`Value::Bytes`], [`Value::Error`] or
/// [`Value::TypedError`]: they have become text by then, so that redaction and limits have seen every character.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Value<'a> {
    /// Nothing, as of an `Option` that is `None`.
    Null,
    /// True or false.
    Bool(bool),
    /// A signed integer.
    I64(i64),
    /// An unsigned integer.
    U64(u64),
    /// A signed integer beyond 64 bits.
    I128(&'a i128),
    /// An unsigned integer beyond 64 bits.
    U128(&'a u128),
    /// A float of single precision, printed with the digits that single precision needs.
    F32(f32),
    /// A float.
    F64(f64),
    /// One character.
    Char(char),
    /// Text.
    Str(&'a str),
    /// Bytes: text as far as they are UTF-8, `\xNN` where they are not.
    Bytes(&'a [u8]),
    /// A span of time.
    Duration(Duration),
    /// A point in time.
    Time(Timestamp),
    /// Text that is formatted when an output wants it.
    Display(&'a dyn Display),
    /// Text that is formatted when an output wants it, for developers.
    Debug(&'a dyn Debug),
    /// An error with all its sources.
    Error(&'a (dyn Error + 'static)),
    /// An error with all its sources and the name of its type.
    TypedError(&'a TypedError<'a>),
    /// A map or a list.
    Tree(&'a dyn Tree),
}

impl Debug for Value<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Null => formatter.write_str("Null"),
            Value::Bool(value) => Debug::fmt(value, formatter),
            Value::I64(value) => Debug::fmt(value, formatter),
            Value::U64(value) => Debug::fmt(value, formatter),
            Value::I128(value) => Debug::fmt(value, formatter),
            Value::U128(value) => Debug::fmt(value, formatter),
            Value::F32(value) => Debug::fmt(value, formatter),
            Value::F64(value) => Debug::fmt(value, formatter),
            Value::Char(value) => Debug::fmt(value, formatter),
            Value::Duration(value) => Debug::fmt(value, formatter),
            Value::Time(value) => Debug::fmt(value, formatter),
            // Text may be a secret, and this form has met no redaction.
            Value::Str(_) | Value::Bytes(_) | Value::Display(_) | Value::Debug(_) => formatter.write_str("Text(..)"),
            Value::Error(_) | Value::TypedError(_) => formatter.write_str("Error(..)"),
            Value::Tree(_) => formatter.write_str("Tree(..)"),
        }
    }
}

/// What can stand as a field's value without a sigil.
///
/// Numbers, text, bools, characters, byte slices, durations, times, errors, and options and references of these. For any
/// other type write `%value` (its `Display`) or `?value` (its `Debug`), or implement this trait.
///
/// ```
/// use hyperlog_core::{ToValue, Value};
///
/// struct Celsius(f64);
///
/// impl ToValue for Celsius {
///     fn to_value(&self) -> Value<'_> {
///         Value::F64(self.0)
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the value of a field as it is",
    label = "write `%` before it to log its `Display` form, or `?` for its `Debug` form",
    note = "types of your own can implement `ToValue`"
)]
pub trait ToValue {
    /// This as a value.
    fn to_value(&self) -> Value<'_>;
}

/// A value with values inside: a map or a list.
///
/// ```
/// use hyperlog_core::{Tree, TreeVisitor, Value};
///
/// struct Point { x: f64, y: f64 }
///
/// impl Tree for Point {
///     fn walk(&self, visitor: &mut dyn TreeVisitor) {
///         visitor.begin_map();
///         visitor.key("x");
///         visitor.value(Value::F64(self.x));
///         visitor.key("y");
///         visitor.value(Value::F64(self.y));
///         visitor.end();
///     }
/// }
/// ```
pub trait Tree {
    /// Shows everything inside, from the outermost [`TreeVisitor::begin_map`] or [`TreeVisitor::begin_list`] to its
    /// [`TreeVisitor::end`].
    fn walk(&self, visitor: &mut dyn TreeVisitor);
}

/// What a [`Tree`] tells its insides to.
pub trait TreeVisitor {
    /// A map begins: a key follows, or the end.
    fn begin_map(&mut self);
    /// A list begins: a value follows, or the end.
    fn begin_list(&mut self);
    /// The key of the value that follows, in a map.
    fn key(&mut self, key: &str);
    /// A value: of the key before it, or the next of a list.
    fn value(&mut self, value: Value<'_>);
    /// The innermost map or list is complete.
    fn end(&mut self);
    /// Nothing more is wanted: a walk over something endless may stop here.
    fn is_full(&self) -> bool {
        false
    }
}

/// An error with the name of its type: `error = typed(&problem)`.
///
/// The fields are `error`, `error.causes` if it has sources, and `error.type`. What is `dyn Error` has forgotten its type;
/// this has to be called where it is still known.
///
/// ```
/// use hyperlog_core::{Logger, error, typed};
///
/// let (logger, captured) = Logger::capture();
/// let problem = "80a".parse::<u16>().unwrap_err();
/// error!(logger: logger, error = typed(&problem), "cannot start");
///
/// let record = captured.only();
/// assert_eq!(record.text("error"), "invalid digit found in string");
/// assert_eq!(record.text("error.type"), "core::num::error::ParseIntError");
/// ```
///
/// The name is that of [`std::any::type_name`]: for people and for grouping, and not the same for ever.
pub fn typed<E: Error + 'static>(error: &E) -> TypedError<'_> {
    TypedError { error, name: std::any::type_name::<E>() }
}

/// What [`typed`] makes.
#[derive(Clone, Copy)]
pub struct TypedError<'a> {
    pub(crate) error: &'a (dyn Error + 'static),
    pub(crate) name: &'static str,
}

impl ToValue for TypedError<'_> {
    fn to_value(&self) -> Value<'_> {
        Value::TypedError(self)
    }
}

/// A list as a value: `tags = list(&["a", "b"])`.
///
/// ```
/// use hyperlog_core::{info, list};
///
/// info!(tags = list(&["blue", "large"]), "packed");
/// ```
pub fn list<T: ToValue>(items: &[T]) -> List<'_, T> {
    List(items)
}

/// What [`list`] makes.
pub struct List<'a, T>(&'a [T]);

impl<T: ToValue> Tree for List<'_, T> {
    fn walk(&self, visitor: &mut dyn TreeVisitor) {
        visitor.begin_list();
        for item in self.0.iter() {
            if visitor.is_full() {
                break;
            }
            visitor.value(item.to_value());
        }
        visitor.end();
    }
}

impl<T: ToValue> ToValue for List<'_, T> {
    fn to_value(&self) -> Value<'_> {
        Value::Tree(self)
    }
}

/// A map as a value: `limits = map(&[("soft", 10), ("hard", 20)])`.
///
/// ```
/// use hyperlog_core::{info, map};
///
/// info!(limits = map(&[("soft", 10), ("hard", 20)]), "configured");
/// ```
pub fn map<K: AsRef<str>, T: ToValue>(entries: &[(K, T)]) -> Map<'_, K, T> {
    Map(entries)
}

/// What [`map`] makes.
pub struct Map<'a, K, T>(&'a [(K, T)]);

impl<K: AsRef<str>, T: ToValue> Tree for Map<'_, K, T> {
    fn walk(&self, visitor: &mut dyn TreeVisitor) {
        visitor.begin_map();
        for (key, value) in self.0.iter() {
            if visitor.is_full() {
                break;
            }
            visitor.key(key.as_ref());
            visitor.value(value.to_value());
        }
        visitor.end();
    }
}

impl<K: AsRef<str>, T: ToValue> ToValue for Map<'_, K, T> {
    fn to_value(&self) -> Value<'_> {
        Value::Tree(self)
    }
}

macro_rules! to_value {
    ($($type:ty: $self:ident => $value:expr;)*) => {
        $(impl ToValue for $type {
            #[inline]
            fn to_value(&self) -> Value<'_> {
                let $self = self;
                $value
            }
        })*
    };
}

to_value! {
    (): _unit => Value::Null;
    bool: value => Value::Bool(*value);
    i8: value => Value::I64(i64::from(*value));
    i16: value => Value::I64(i64::from(*value));
    i32: value => Value::I64(i64::from(*value));
    i64: value => Value::I64(*value);
    isize: value => Value::I64(*value as i64);
    i128: value => Value::I128(value);
    u8: value => Value::U64(u64::from(*value));
    u16: value => Value::U64(u64::from(*value));
    u32: value => Value::U64(u64::from(*value));
    u64: value => Value::U64(*value);
    usize: value => Value::U64(*value as u64);
    u128: value => Value::U128(value);
    f32: value => Value::F32(*value);
    f64: value => Value::F64(*value);
    char: value => Value::Char(*value);
    str: value => Value::Str(value);
    String: value => Value::Str(value);
    Cow<'_, str>: value => Value::Str(value);
    [u8]: value => Value::Bytes(value);
    Duration: value => Value::Duration(*value);
    Timestamp: value => Value::Time(*value);
    SystemTime: value => Value::Time(Timestamp::from(*value));
    fmt::Arguments<'_>: value => Value::Display(value);
    dyn Error + 'static: value => Value::Error(value);
    dyn Error + Send + 'static: value => Value::Error(value);
    dyn Error + Sync + 'static: value => Value::Error(value);
    dyn Error + Send + Sync + 'static: value => Value::Error(value);
    std::io::Error: value => Value::Error(value);
    fmt::Error: value => Value::Error(value);
    std::str::Utf8Error: value => Value::Error(value);
    std::num::ParseIntError: value => Value::Error(value);
    std::num::ParseFloatError: value => Value::Error(value);
    dyn Tree + '_: value => Value::Tree(value);
    Value<'_>: value => *value;
}

macro_rules! to_value_through {
    ($([$($generics:tt)*] $type:ty;)*) => {
        $(impl<$($generics)*> ToValue for $type {
            #[inline]
            fn to_value(&self) -> Value<'_> {
                (**self).to_value()
            }
        })*
    };
}

to_value_through! {
    [T: ToValue + ?Sized] &T;
    [T: ToValue + ?Sized] &mut T;
    [T: ToValue + ?Sized] Box<T>;
    [T: ToValue + ?Sized] Rc<T>;
    [T: ToValue + ?Sized] Arc<T>;
}

impl<T: ToValue> ToValue for Option<T> {
    #[inline]
    fn to_value(&self) -> Value<'_> {
        match self {
            Some(value) => value.to_value(),
            None => Value::Null,
        }
    }
}

impl<T: ToValue> ToValue for Wrapping<T> {
    #[inline]
    fn to_value(&self) -> Value<'_> {
        self.0.to_value()
    }
}

macro_rules! to_value_non_zero {
    ($($type:ty => $variant:ident as $as:ty;)*) => {
        $(impl ToValue for NonZero<$type> {
            #[inline]
            fn to_value(&self) -> Value<'_> {
                Value::$variant(self.get() as $as)
            }
        })*
    };
}

to_value_non_zero! {
    u8 => U64 as u64;
    u16 => U64 as u64;
    u32 => U64 as u64;
    u64 => U64 as u64;
    usize => U64 as u64;
    i8 => I64 as i64;
    i16 => I64 as i64;
    i32 => I64 as i64;
    i64 => I64 as i64;
    isize => I64 as i64;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_takes_three_words() {
        assert_eq!(size_of::<Value<'_>>(), 3 * size_of::<usize>());
    }

    #[test]
    fn the_debug_form_shows_no_text() {
        let shown = format!("{:?}", Value::Str("hunter2"));
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
