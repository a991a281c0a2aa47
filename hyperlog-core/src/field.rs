//! A key and its value, and the ways a record holds many of them.

use crate::append::{PADDING, Padded};
use crate::block::{self, Block, Entries};
use crate::value::{ToValue, Value};

/// The name of a field.
///
/// Names known when the program is built carry their JSON form with them, so that an encoder copies instead of
/// escaping.
#[derive(Clone, Copy)]
pub struct Key<'a> {
    form: Form<'a>,
    /// A number by which two names can often be told apart without comparing them.
    mark: u8,
}

#[derive(Clone, Copy)]
enum Form<'a> {
    /// The name.
    Name(&'a str),
    /// `,"name":` of a name in which nothing needs an escape.
    Fragment(Padded<'a>),
}

impl<'a> Key<'a> {
    /// A name known at run time.
    #[inline]
    pub const fn new(name: &'a str) -> Key<'a> {
        Key { form: Form::Name(name), mark: mark_of(name) }
    }

    /// A name that a macro took from an identifier, with `,"` before it and `":` and sixteen spaces behind it.
    #[doc(hidden)]
    pub const fn identifier(fragment: &'a str) -> Key<'a> {
        let (_, tail) = fragment.split_at(2);
        let (name, _) = tail.split_at(tail.len() - 2 - PADDING);
        // `r#type` is the identifier `type`.
        if let [b'r', b'#', ..] = name.as_bytes() {
            return Key::new(name.split_at(2).1);
        }
        Key { form: Form::Fragment(Padded::new(fragment)), mark: mark_of(name) }
    }

    /// The name itself.
    #[inline]
    pub fn name(&self) -> &'a str {
        match self.form {
            Form::Name(name) => name,
            Form::Fragment(fragment) => {
                let text = fragment.text();
                &text[2..text.len() - 2]
            }
        }
    }

    /// `,"name":`, where it was known when the program was built.
    #[inline]
    pub(crate) fn fragment(&self) -> Option<Padded<'a>> {
        match self.form {
            Form::Name(_) => None,
            Form::Fragment(fragment) => Some(fragment),
        }
    }

    /// A number by which two names can often be told apart without comparing them.
    #[inline]
    pub(crate) fn mark(&self) -> u8 {
        self.mark
    }

    /// The mark as one of the lower 62 bits.
    #[inline]
    pub(crate) fn mark_bit(&self) -> u64 {
        1 << (self.mark % 62)
    }
}

/// From the first and the last letter and the length.
const fn mark_of(name: &str) -> u8 {
    let bytes = name.as_bytes();
    match bytes {
        [] => 0,
        [first, ..] => {
            first.wrapping_mul(7).wrapping_add(bytes[bytes.len() - 1].wrapping_mul(29)).wrapping_add(bytes.len() as u8)
        }
    }
}

impl std::fmt::Debug for Key<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(self.name(), formatter)
    }
}

/// The fields of a record as the call gave them: not yet redacted, not yet limited.
#[derive(Clone, Copy)]
pub(crate) enum Fields<'a> {
    /// From a macro: the keys stand in the program, the values on the stack.
    Gathered { keys: &'a [Key<'a>], values: &'a [Value<'a>] },
    /// From a builder, a bridge or a hook.
    Block(&'a [u8]),
}

impl<'a> Fields<'a> {
    pub(crate) const NONE: Fields<'static> = Fields::Gathered { keys: &[], values: &[] };

    /// The names, in order.
    pub(crate) fn names(self) -> impl Iterator<Item = &'a str> {
        let (keys, block): (&[Key<'a>], &[u8]) = match self {
            Fields::Gathered { keys, .. } => (keys, &[]),
            Fields::Block(block) => (&[], block),
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
        let mut later = keys.iter().zip(values).skip(index);
        later.any(|(key, value)| key.name() == name && matches!(value, Value::Error(_) | Value::TypedError(_)))
    }

    /// How many stand at a place or behind it; of a block that is being copied from, how many are left.
    pub(crate) fn count_from(self, index: usize) -> usize {
        match self {
            Fields::Gathered { keys, .. } => keys.len().saturating_sub(index),
            Fields::Block(rest) => Entries::new(rest).count(),
        }
    }

    /// Copies the field at a place; a block gives them one after the other.
    pub(crate) fn copy(&mut self, index: usize, out: &mut Vec<u8>) -> Option<()> {
        match self {
            Fields::Gathered { keys, values } => block::push(keys.get(index)?.name(), *values.get(index)?, out),
            Fields::Block(rest) => {
                let mut entries = Entries::new(rest);
                entries.next()?;
                let (entry, behind) = rest.split_at(rest.len() - entries.remaining());
                out.extend_from_slice(entry);
                *rest = behind;
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
        copy.0.prepend(fields);
        copy
    }
}

impl std::fmt::Debug for FieldSet {
    /// Shows the names alone: the values have met no redaction.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_set().entries(Entries::new(self.0.as_bytes()).map(|(key, _)| key)).finish()
    }
}
