//! An argument of a message as a value: as itself if it can be one, else as it would be shown.
//!
//! A message may name an argument of any type that can be formatted, and not all of these can be values of fields. Which
//! it is is found by the order in which the compiler looks for methods: first on the value behind four references.

use crate::value::{ToValue, Value};
use std::fmt::{Debug, Display};

#[doc(hidden)]
pub struct Named<'a, T: ?Sized>(pub &'a T);

#[doc(hidden)]
pub trait ByValue {
    fn as_value(&self) -> Value<'_>;
}

impl<T: ToValue + ?Sized> ByValue for &&&Named<'_, T> {
    fn as_value(&self) -> Value<'_> {
        self.0.to_value()
    }
}

#[doc(hidden)]
pub trait ByDisplay {
    fn as_value(&self) -> Value<'_>;
}

impl<T: Display> ByDisplay for &&Named<'_, T> {
    fn as_value(&self) -> Value<'_> {
        Value::Display(self.0)
    }
}

#[doc(hidden)]
pub trait ByDebug {
    fn as_value(&self) -> Value<'_>;
}

impl<T: Debug> ByDebug for &Named<'_, T> {
    fn as_value(&self) -> Value<'_> {
        Value::Debug(self.0)
    }
}

/// An argument that only a form such as `{:x}` can show: its field is null. One that nothing can show is told by the
/// message alone, so that a mistake is one error and not two.
#[doc(hidden)]
pub trait ByNothing {
    fn as_value(&self) -> Value<'_>;
}

impl<T: ?Sized> ByNothing for Named<'_, T> {
    fn as_value(&self) -> Value<'_> {
        Value::Null
    }
}
