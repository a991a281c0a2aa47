//! The ways a record holds its keys and values.

#[cfg(feature = "http")]
use crate::block::Stored;
use crate::block::{self, Block, Entries};
use crate::key::Key;
use crate::keyset::{KeySet, NO_KEYS};
use crate::value::{ToValue, Value};
#[cfg(feature = "http")]
use std::collections::HashMap;

/// The fields of a record as the call gave them: not yet redacted, not yet limited.
#[derive(Clone, Copy)]
pub(crate) enum Fields<'a> {
    /// From a macro: the keys stand in the program, the values on the stack.
    Gathered { keys: &'static KeySet, values: &'a [Value<'a>] },
    /// From a builder, a bridge or a hook.
    Block(&'a [u8]),
    /// Bound by a macro: the keys stand in the program, and the values one after the other in a block without names.
    Bound { keys: &'static [Key<'static>], values: &'a [u8] },
}

impl<'a> Fields<'a> {
    pub(crate) const NONE: Fields<'static> = Fields::Gathered { keys: &NO_KEYS, values: &[] };

    /// The keys of a macro's fields at the call.
    pub(crate) fn keys(&self) -> Option<&'static KeySet> {
        match self {
            Fields::Gathered { keys, .. } => Some(keys),
            Fields::Block(_) | Fields::Bound { .. } => None,
        }
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Fields::Gathered { keys, .. } => keys.keys.is_empty(),
            Fields::Block(block) => block.is_empty(),
            Fields::Bound { keys, .. } => keys.is_empty(),
        }
    }

    /// The names, in order.
    pub(crate) fn names(self) -> impl Iterator<Item = &'a str> {
        let (keys, block): (&[Key<'static>], &[u8]) = match self {
            Fields::Gathered { keys, .. } => (keys.keys, &[]),
            Fields::Block(block) => (&[], block),
            Fields::Bound { keys, .. } => (keys, &[]),
        };
        keys.iter().map(Key::name).chain(Entries::new(block).names())
    }

    /// Whether a field of this name stands at a place or behind it.
    pub(crate) fn has_from(self, name: &str, index: usize) -> bool {
        self.names().skip(index).any(|other| other == name)
    }

    /// Whether an error of this name is at a place or behind it: in a block, it has become text.
    pub(crate) fn has_error_from(self, name: &str, index: usize) -> bool {
        let Fields::Gathered { keys, values } = self else { return false };
        let mut later = keys.keys.iter().zip(values).skip(index);
        later.any(|(key, value)| key.name() == name && matches!(value, Value::Error(_) | Value::TypedError(_)))
    }

    /// How many stand at a place or behind it; of a block that is being copied from, how many are left.
    pub(crate) fn count_from(self, index: usize) -> usize {
        match self {
            Fields::Gathered { keys, .. } => keys.keys.len().saturating_sub(index),
            Fields::Block(rest) => Entries::new(rest).count(),
            Fields::Bound { keys, .. } => keys.len(),
        }
    }

    /// Copies all of them.
    pub(crate) fn copy_all(mut self, out: &mut Vec<u8>) {
        if let Fields::Block(block) = self {
            return out.extend_from_slice(block);
        }
        for index in 0.. {
            if self.copy(index, out).is_none() {
                break;
            }
        }
    }

    /// Copies the field at a place; those that were stored are given one after the other.
    pub(crate) fn copy(&mut self, index: usize, out: &mut Vec<u8>) -> Option<()> {
        match self {
            Fields::Gathered { keys, values } => block::push(keys.keys.get(index)?.name(), *values.get(index)?, out),
            Fields::Block(rest) => {
                let mut entries = Entries::new(rest);
                entries.next()?;
                let (entry, behind) = rest.split_at(rest.len() - entries.remaining());
                out.extend_from_slice(entry);
                *rest = behind;
            }
            Fields::Bound { keys, values } => {
                let (key, behind) = keys.split_first()?;
                *values = block::push_stored(key.name(), values, out)?;
                *keys = behind;
            }
        }
        Some(())
    }
}

/// Fields known only at run time, gathered one by one.
///
/// ```
/// use hyperlog_core::{FieldSet, Level, Logger};
///
/// let headers = [("accept", "text/html"), ("host", "example.org")];
/// let mut fields = FieldSet::new();
/// for (name, value) in headers {
///     fields.add(name, value);
/// }
/// let (logger, captured) = Logger::capture();
/// logger.log(Level::INFO, "request received", &fields);
/// assert_eq!(captured.only().text("host"), "example.org");
/// ```
#[derive(Clone, Default)]
pub struct FieldSet(Block);

impl FieldSet {
    /// No fields yet.
    pub const fn new() -> FieldSet {
        FieldSet(Block::new())
    }

    /// Adds a field; of two with one name the later counts.
    pub fn add(&mut self, name: &str, value: impl ToValue) -> &mut FieldSet {
        self.0.push(name, value.to_value());
        self
    }

    /// [`FieldSet::add`], for chains.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl ToValue) -> FieldSet {
        self.add(name, value);
        self
    }

    /// Adds the fields of another behind those that are there.
    pub fn append(&mut self, other: &FieldSet) -> &mut FieldSet {
        self.0.append(&other.0);
        self
    }

    /// Those that count: of several with one name the last, with what an error brought along.
    #[cfg(feature = "http")]
    pub(crate) fn latest(&self) -> FieldSet {
        let last: HashMap<&str, usize> = self.as_fields().names().enumerate().map(|(at, name)| (name, at)).collect();
        let (mut latest, mut entry, mut rest) = (FieldSet::new(), Vec::new(), self.as_fields());
        let mut left_out = None;
        for (at, name) in self.as_fields().names().enumerate() {
            entry.clear();
            let _ = rest.copy(at, &mut entry);
            let brought = left_out.and_then(|error| name.strip_prefix(error));
            if last.get(name) != Some(&at) {
                left_out = left_out.filter(|_| brought.is_some_and(block::is_brought)).or(Some(name));
            } else if !brought.is_some_and(block::is_brought) {
                left_out = None;
                latest.0.push_entry(&entry);
            }
        }
        latest
    }

    /// How many there are.
    #[cfg(feature = "http")]
    pub(crate) fn count(&self) -> usize {
        self.as_fields().count_from(0)
    }

    /// How many bytes they take.
    #[cfg(feature = "http")]
    pub(crate) fn size(&self) -> usize {
        self.0.as_bytes().len()
    }

    /// The text of a field.
    #[cfg(feature = "http")]
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let values = Entries::new(self.0.as_bytes()).filter(|(key, _)| key.name() == name);
        match values.last()? {
            (_, Stored::Plain(Value::Str(text))) => Some(text),
            _ => None,
        }
    }

    /// Forgets every field and keeps the memory.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.as_bytes().is_empty()
    }

    pub(crate) fn as_fields(&self) -> Fields<'_> {
        Fields::Block(self.0.as_bytes())
    }

    pub(crate) fn copied(fields: Fields<'_>) -> FieldSet {
        let mut copy = FieldSet::new();
        copy.0.fill(|bytes| fields.copy_all(bytes));
        copy
    }

    /// The others, if those of some names are left out.
    pub(crate) fn without(&self, is_left_out: impl Fn(&str) -> bool) -> FieldSet {
        let (mut others, mut entry, mut rest) = (FieldSet::new(), Vec::new(), self.as_fields());
        for name in self.as_fields().names() {
            entry.clear();
            let _ = rest.copy(0, &mut entry);
            if !is_left_out(name) {
                others.0.push_entry(&entry);
            }
        }
        others
    }
}

impl std::fmt::Debug for FieldSet {
    /// Shows the names alone: the values have met no redaction.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_set().entries(Entries::new(self.0.as_bytes()).map(|(key, _)| key)).finish()
    }
}

#[cfg(all(test, feature = "http"))]
mod tests {
    use super::*;
    use std::fmt;

    #[derive(Debug)]
    struct Caused(fmt::Error);

    impl fmt::Display for Caused {
        fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("it failed")
        }
    }

    impl std::error::Error for Caused {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&self.0)
        }
    }

    #[test]
    fn of_several_with_one_name_the_latest_is_left_with_what_it_brought() {
        let error = Value::Error(&Caused(fmt::Error));
        let names = |fields: &FieldSet| fields.latest().as_fields().names().map(str::to_owned).collect::<Vec<_>>();
        let mut fields = FieldSet::new();
        fields.add("a", 1).add("b", 1).add("a", 2);
        assert_eq!(names(&fields), ["b", "a"]);
        fields.add("e", error).add("c", 3);
        assert_eq!(names(&fields), ["b", "a", "e", "e.causes", "c"]);
        fields.add("e", "no error any more");
        assert_eq!(names(&fields), ["b", "a", "c", "e"]);
        fields.add("e", error).add("e", error);
        assert_eq!(names(&fields), ["b", "a", "c", "e", "e.causes"]);
        assert_eq!(names(&FieldSet::new()), [""; 0]);
    }
}
