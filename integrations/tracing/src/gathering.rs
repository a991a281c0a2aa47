//! The values of an event, gathered once into memory that the thread keeps.
//!
//! `tracing` shows each value for a moment only, so that none can be borrowed for the record: numbers are copied, and
//! texts are put one after the other.

use crate::spot::{self, Spot};
use hyperlog_core::bridge::write_text;
use hyperlog_core::{FieldSet, Value};
use std::cell::Cell;
use std::error::Error;
use std::fmt;
use tracing_core::field::{Field, Visit};

/// What an event said.
#[derive(Default)]
pub(crate) struct Gathering {
    /// One for each field of the place from the first on, as long as none is missing and all are of the common kinds.
    kept: Vec<Kept>,
    text: String,
    message: String,
    /// All fields, once that is over.
    fields: FieldSet,
    is_uneven: bool,
}

/// A value of a common kind.
#[derive(Clone, Copy)]
enum Kept {
    Bool(bool),
    I64(i64),
    U64(u64),
    F64(f64),
    /// From here to there in the text.
    Text(u32, u32),
}

/// How an event's fields are to be logged.
pub(crate) enum Gathered<'a> {
    /// Those of the place, in its order.
    Even(&'a [Value<'a>]),
    /// Some of them, or others.
    Uneven(&'a FieldSet),
}

/// An event of more fields is gathered as if it had other fields than its place.
const MOST: usize = 24;

/// Memory that one huge event needed is not kept for all the small ones.
const LARGEST_KEPT: usize = 64 << 10;

thread_local! {
    /// Taken while an event is gathered, so that one that is logged meanwhile, by a `Debug` say, finds none and makes its
    /// own.
    static KEPT: Cell<Option<Box<Gathering>>> = const { Cell::new(None) };
}

impl Gathering {
    /// Lends the one that the thread keeps, or another.
    #[inline]
    pub(crate) fn lend<R>(act: impl FnOnce(&mut Gathering) -> R) -> R {
        let mut gathering = KEPT.try_with(Cell::take).ok().flatten().unwrap_or_default();
        let result = act(&mut gathering);
        gathering.clear();
        let _ = KEPT.try_with(|kept| kept.set(Some(gathering)));
        result
    }

    #[inline]
    fn clear(&mut self) {
        if self.text.capacity() > LARGEST_KEPT || self.message.capacity() > LARGEST_KEPT || self.is_uneven {
            return self.shed();
        }
        self.kept.clear();
        self.text.clear();
        self.message.clear();
    }

    #[inline(never)]
    fn shed(&mut self) {
        let is_large = self.text.capacity() > LARGEST_KEPT || self.message.capacity() > LARGEST_KEPT;
        let mut fields = std::mem::take(&mut self.fields);
        fields.clear();
        match is_large {
            true => *self = Gathering::default(),
            false => {
                self.kept.clear();
                self.text.clear();
                self.message.clear();
                self.is_uneven = false;
                self.fields = fields;
            }
        }
    }

    /// Gathers the fields of an event.
    #[inline]
    pub(crate) fn gather<'a>(&'a mut self, spot: &'static Spot) -> Gatherer<'a> {
        self.is_uneven = spot.count > MOST;
        Gatherer { gathering: self, spot }
    }

    /// The fields, and the message.
    #[inline]
    pub(crate) fn with<R>(&mut self, spot: &Spot, act: impl FnOnce(Gathered<'_>, &str) -> R) -> R {
        if !self.is_uneven && self.kept.len() != spot.count {
            self.become_uneven(spot);
        }
        if self.is_uneven {
            return act(Gathered::Uneven(&self.fields), &self.message);
        }
        let mut values = [Value::Null; MOST];
        for (value, kept) in values.iter_mut().zip(&self.kept) {
            *value = kept.value(&self.text);
        }
        act(Gathered::Even(&values[..self.kept.len()]), &self.message)
    }

    #[cold]
    fn become_uneven(&mut self, spot: &Spot) {
        self.is_uneven = true;
        for (key, kept) in spot.origin.site().keys.iter().zip(&self.kept) {
            self.fields.add(key.name(), kept.value(&self.text));
        }
    }
}

impl Kept {
    #[inline]
    fn value<'a>(&self, text: &'a str) -> Value<'a> {
        match *self {
            Kept::Bool(value) => Value::Bool(value),
            Kept::I64(value) => Value::I64(value),
            Kept::U64(value) => Value::U64(value),
            Kept::F64(value) => Value::F64(value),
            Kept::Text(start, end) => Value::Str(text.get(start as usize..end as usize).unwrap_or_default()),
        }
    }
}

/// What an event tells its fields to.
pub(crate) struct Gatherer<'a> {
    gathering: &'a mut Gathering,
    spot: &'static Spot,
}

impl Gatherer<'_> {
    #[inline]
    fn keep(&mut self, field: &Field, kept: Kept) {
        let gathering = &mut *self.gathering;
        if !gathering.is_uneven && self.spot.place_of(field) == gathering.kept.len() {
            return gathering.kept.push(kept);
        }
        if !gathering.is_uneven {
            gathering.become_uneven(self.spot);
        }
        gathering.fields.add(field.name(), kept.value(&gathering.text));
    }

    #[inline]
    fn keep_number(&mut self, field: &Field, kept: Kept) {
        if self.spot.is_message(field) {
            return write_text(kept.value(""), &mut self.gathering.message);
        }
        self.keep(field, kept);
    }

    #[inline]
    fn keep_text(&mut self, field: &Field, value: Value<'_>) {
        if self.spot.is_message(field) {
            return write_text(value, &mut self.gathering.message);
        }
        // What stands there may be the half of a value whose formatting panicked; it is in no range.
        let start = self.gathering.text.len();
        match value {
            Value::Str(text) if text.len() <= LARGEST_KEPT => self.gathering.text.push_str(text),
            _ => write_text(value, &mut self.gathering.text),
        }
        let end = self.gathering.text.len();
        match (u32::try_from(start), u32::try_from(end)) {
            (Ok(start), Ok(end)) => self.keep(field, Kept::Text(start, end)),
            _ => self.keep_other(field, Value::Null),
        }
    }

    /// What is of no common kind.
    #[cold]
    fn keep_other(&mut self, field: &Field, value: Value<'_>) {
        if self.spot.is_message(field) {
            return write_text(value, &mut self.gathering.message);
        }
        if !self.gathering.is_uneven {
            self.gathering.become_uneven(self.spot);
        }
        self.gathering.fields.add(field.name(), value);
    }
}

impl Visit for Gatherer<'_> {
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.keep_number(field, Kept::Bool(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.keep_number(field, Kept::I64(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.keep_number(field, Kept::U64(value));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.keep_number(field, Kept::F64(value));
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        self.keep_other(field, Value::I128(&value));
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        self.keep_other(field, Value::U128(&value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.keep_text(field, Value::Str(value));
    }

    fn record_bytes(&mut self, field: &Field, value: &[u8]) {
        self.keep_text(field, Value::Bytes(value));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.keep_other(field, Value::Error(value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.keep_text(field, Value::Debug(&value));
    }
}

/// Puts fields into a set, whatever they are: those of spans.
pub(crate) struct IntoSet<'a>(pub(crate) &'a mut FieldSet);

impl IntoSet<'_> {
    fn add(&mut self, field: &Field, value: Value<'_>) {
        self.0.add(field.name(), value);
    }
}

impl Visit for IntoSet<'_> {
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, Value::Bool(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, Value::I64(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, Value::U64(value));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, Value::F64(value));
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        self.add(field, Value::I128(&value));
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        self.add(field, Value::U128(&value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, Value::Str(value));
    }

    fn record_bytes(&mut self, field: &Field, value: &[u8]) {
        self.add(field, Value::Bytes(value));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.add(field, Value::Error(value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, Value::Debug(&value));
    }
}

/// What an event of the `log` crate says of its place, and its message.
#[derive(Default)]
pub(crate) struct OfLog {
    pub(crate) message: String,
    pub(crate) target: String,
    pub(crate) module: Option<String>,
    pub(crate) file: Option<String>,
    pub(crate) line: Option<u32>,
}

impl Visit for OfLog {
    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == spot::LOG_LINE {
            self.line = u32::try_from(value).ok();
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            spot::LOG_TARGET => self.target = value.to_owned(),
            spot::LOG_MODULE => self.module = Some(value.to_owned()),
            spot::LOG_FILE => self.file = Some(value.to_owned()),
            _ => {}
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            write_text(Value::Debug(&value), &mut self.message);
        }
    }
}
