//! The name of a field, with its JSON form where that was known when the program was built.

use crate::append::{PADDING, Padded};

/// The name of a field.
///
/// Names known when the program is built carry their JSON form with them, so that an encoder copies instead of
/// escaping.
#[derive(Clone, Copy)]
pub struct Key<'a> {
    form: Form<'a>,
    /// A number by which two names can often be told apart without comparing them.
    mark: u8,
    is_harmless: bool,
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
        Key { form: Form::Name(name), mark: mark_of(name), is_harmless: false }
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
        Key { form: Form::Fragment(Padded::new(fragment)), mark: mark_of(name), is_harmless: false }
    }

    /// The key of texts that are made here, or held to a form that has no room for a secret: words, ids, addresses.
    #[cfg(feature = "http")]
    pub(crate) const fn harmless(self) -> Key<'a> {
        Key { is_harmless: true, ..self }
    }

    /// Whether no secret has to be looked for in its texts.
    #[inline]
    pub(crate) fn is_harmless(&self) -> bool {
        self.is_harmless
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
