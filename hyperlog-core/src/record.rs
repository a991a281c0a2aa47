//! A happening, borrowed from the call that tells it, on its way to bytes.
//!
//! Encoders, hooks and filters read it through here and only through here, so that none of them ever sees a value that
//! redaction hides or a text longer than the limits allow.

use crate::append::Padded;
use crate::bind::has_one_of;
use crate::context::Context;
use crate::field::Fields;
use crate::filter::sample::SampleRate;
use crate::heads::{Heads, Owner};
use crate::key::Key;
use crate::keyset::KeySet;
use crate::level::Level;
use crate::limits;
use crate::reading::{FieldCursor, KeyVerdicts, Overriding, Plain, Reading};
use crate::time::Timestamp;
use crate::value::Value;
use std::cell::RefCell;
use std::fmt;

/// A happening: when, how severe, where, what, and its fields.
#[derive(Clone, Copy)]
pub struct Record<'a> {
    pub(crate) timestamp: Timestamp,
    pub(crate) level: Level,
    pub(crate) target: &'a str,
    pub(crate) message: &'a str,
    pub(crate) call: &'a Call<'a>,
    pub(crate) verdicts: KeyVerdicts,
    /// Whether a key stands more than once at the call.
    pub(crate) repeated: bool,
    /// Whether the call has a key that the context or the identity has too.
    pub(crate) overriding: bool,
    pub(crate) context: &'a Context,
    pub(crate) shape: &'a Shape,
    /// Which of the logger's formats is being written.
    pub(crate) format: usize,
    pub(crate) reading: Reading<'a>,
    /// Where heads are kept; none if the message or the target is this record's own.
    pub(crate) heads: Option<&'a RefCell<Heads>>,
    pub(crate) cut_from: usize,
}

impl fmt::Debug for Record<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Record")
            .field("level", &self.level)
            .field("target", &self.target)
            .finish_non_exhaustive()
    }
}

/// What the call gave: nothing of it redacted yet.
pub(crate) struct Call<'a> {
    pub(crate) level: Level,
    pub(crate) site: &'a Site<'a>,
    pub(crate) message: fmt::Arguments<'a>,
    pub(crate) fields: Fields<'a>,
    pub(crate) keys: Option<&'a KeySet>,
    pub(crate) rate: SampleRate,
    pub(crate) may_be_sampled: bool,
}

/// What all records of a logger have in common.
#[derive(Clone)]
pub(crate) struct Shape {
    pub(crate) identity: Context,
    /// The number of the formats, by which contexts know what they were encoded for.
    pub(crate) encoding: u64,
    pub(crate) location: bool,
}

/// The place in a program that a record comes from.
#[derive(Clone, Copy, Debug)]
pub struct Site<'a> {
    /// How severe what it tells is.
    pub level: Level,
    /// What part of the program it belongs to.
    pub target: &'a str,
    /// The module.
    pub module: Option<&'a str>,
    /// The source file.
    pub file: Option<&'a str>,
    /// The line in the source file.
    pub line: Option<u32>,
    /// The message before its arguments are put in: the same for all records from here.
    pub template: &'a str,
    /// The names of the fields.
    pub keys: &'a [Key<'a>],
}

impl<'a> Record<'a> {
    /// In place of [`Record::format`]: nothing that was prepared for a format can be used.
    pub(crate) const NO_FORMAT: usize = usize::MAX;

    /// When it happened.
    #[inline]
    pub fn timestamp(&self) -> Timestamp {
        self.timestamp
    }

    /// How severe it is.
    #[inline]
    pub fn level(&self) -> Level {
        self.level
    }

    /// What part of the program it belongs to: the module path, unless the call or the logger names another.
    #[inline]
    pub fn target(&self) -> &str {
        self.target
    }

    /// What happened, in words.
    #[inline]
    pub fn message(&self) -> &str {
        self.message
    }

    /// The message before its arguments were put in, a key to group by; empty if there is none.
    #[inline]
    pub fn template(&self) -> &str {
        self.call.site.template
    }

    /// Whether the message was given without arguments.
    pub(crate) fn is_literal(&self) -> bool {
        self.call.message.as_str().is_some()
    }

    /// The module, file and line, where the logger is told to show them.
    #[inline]
    pub fn location(&self) -> Option<(&str, u32)> {
        if !self.shape.location {
            return None;
        }
        Some((self.call.site.file?, self.call.site.line?))
    }

    /// How many records this one stands for.
    #[inline]
    pub fn rate(&self) -> SampleRate {
        self.call.rate
    }

    /// How long the record would have been, if it had to be cut to fit [`Limits::record`](crate::Limits::record).
    #[inline]
    pub fn cut_from(&self) -> Option<usize> {
        (self.cut_from > 0).then_some(self.cut_from)
    }

    /// Copies what an encoder kept for all records from this call site. Says whether nothing has to be looked at in any of
    /// the keys; none if nothing is kept.
    #[inline(always)]
    pub(crate) fn copy_head(&self, copy: impl FnOnce(Padded<'_>)) -> Option<bool> {
        let heads = self.heads?.borrow();
        let head = heads.get(self.head_owner())?;
        copy(head.text());
        Some(head.has_plain_keys)
    }

    /// Keeps what all records from this call site have in common.
    pub(crate) fn keep_head(&self, text: &[u8], has_plain_keys: bool) {
        if let Some(heads) = self.heads {
            heads.borrow_mut().keep(self.head_owner(), text, has_plain_keys);
        }
    }

    #[inline(always)]
    fn head_owner(&self) -> Owner {
        Owner::new(std::ptr::from_ref(self.call.site).addr(), self.shape.encoding, self.format)
    }

    /// Whether there is anything beside head and fields.
    #[inline]
    pub(crate) fn has_extras(&self) -> bool {
        self.shape.location || self.cut_from > 0 || self.call.rate != SampleRate::ONE
    }

    /// What is bound, where all of it was prepared: the process's fields, and the logger's.
    #[inline(always)]
    pub(crate) fn prepared(&self) -> Option<(&[u8], &[u8])> {
        if self.context.is_empty() && self.shape.identity.is_empty() {
            return Some((&[], &[]));
        }
        if self.overriding || self.context_covers_identity() {
            return None;
        }
        let identity = self.shape.identity.encoded(self.shape.encoding, self.format)?;
        Some((identity, self.context.encoded(self.shape.encoding, self.format)?))
    }

    /// Whether the call gave no fields at all.
    #[inline(always)]
    pub(crate) fn is_bare(&self) -> bool {
        matches!(self.call.fields, Fields::Gathered { keys: [], .. })
    }

    /// Whether nothing has to be looked at in any of the keys.
    pub(crate) fn has_plain_keys(&self) -> bool {
        let count = self.call.site.keys.len();
        count <= self.reading.rules.limits.fields && self.plain_fields().iter().count() == count
    }

    /// The fields of the call, as far as they can be shown as they are.
    #[inline(always)]
    pub(crate) fn plain_fields(&self) -> Plain<'_> {
        match self.repeated {
            false => Plain::new(self.call.fields, self.verdicts, self.reading.rules),
            true => Plain::none(self.reading.rules),
        }
    }

    /// The fields of the call behind those that [`Record::plain_fields`] showed, if there are any.
    #[inline]
    pub(crate) fn fields_behind(&self, taken: usize) -> Option<FieldCursor<'_>> {
        match self.call.fields {
            Fields::Gathered { keys, .. } if taken >= keys.len() => None,
            Fields::Block([]) => None,
            _ => Some(self.fields().skipping(taken)),
        }
    }

    /// The fields given at the call.
    #[inline]
    pub fn fields(&self) -> FieldCursor<'_> {
        FieldCursor::new(self.reading, self.call.fields, self.verdicts, self.own_repeats())
    }

    /// What the process says of itself: service, version, host.
    #[inline]
    pub fn identity(&self) -> Bound<'_> {
        if self.context_covers_identity() {
            Bound::Fields(self.identity_fields())
        } else {
            self.bound(&self.shape.identity)
        }
    }

    /// What is bound to the logger.
    #[inline]
    pub fn context(&self) -> Bound<'_> {
        self.bound(self.context)
    }

    #[inline]
    fn own_repeats(&self) -> Overriding<'_> {
        if self.repeated { Overriding::ByLater(self.call.fields) } else { Overriding::Nothing }
    }

    #[inline]
    fn bound<'r>(&'r self, context: &'r Context) -> Bound<'r> {
        if !self.overriding
            && let Some(encoded) = context.encoded(self.shape.encoding, self.format)
        {
            return Bound::Encoded(encoded);
        }
        Bound::Fields(self.bound_fields(context))
    }

    /// What is bound counts more than what the process says of itself.
    #[inline]
    fn context_covers_identity(&self) -> bool {
        match self.context.is_for(self.shape.encoding) {
            true => self.context.covers_identity(),
            false if self.context.is_empty() => false,
            false => has_one_of(Fields::Block(self.context.block()), [&self.shape.identity]),
        }
    }

    /// The process's fields that nothing else overrides.
    fn identity_fields(&self) -> FieldCursor<'_> {
        if !self.context_covers_identity() {
            return self.bound_fields(&self.shape.identity);
        }
        let call = if self.overriding { self.call.fields } else { Fields::NONE };
        let overriding = Overriding::ByBound(Fields::Block(self.context.block()), call);
        let reading = self.reading.of_bound(&self.shape.identity, self.shape.encoding);
        FieldCursor::new(reading, Fields::Block(self.shape.identity.block()), KeyVerdicts::UNKNOWN, overriding)
    }

    fn bound_fields<'r>(&'r self, context: &'r Context) -> FieldCursor<'r> {
        let overriding = if self.overriding { Overriding::ByCall(self.call.fields) } else { Overriding::Nothing };
        let reading = self.reading.of_bound(context, self.shape.encoding);
        FieldCursor::new(reading, Fields::Block(context.block()), KeyVerdicts::UNKNOWN, overriding)
    }

    /// What a field shows, as text: the last of its name.
    pub(crate) fn value_text(&self, name: &str) -> Option<String> {
        let mut found = None;
        self.for_each_field(|key, value| {
            if key.name() == name {
                let mut text = String::new();
                limits::format_into(value, &mut text);
                found = Some(text);
            }
        });
        found
    }

    /// Every field: of the process, of the logger and of the call, in this order.
    pub fn for_each_field(&self, mut show: impl FnMut(Key<'_>, Value<'_>)) {
        for mut cursor in [self.identity_fields(), self.bound_fields(self.context), self.fields()] {
            while let Some((key, value)) = cursor.next() {
                show(key, value);
            }
        }
    }
}

/// Bound fields, as far as they could be prepared.
pub enum Bound<'r> {
    /// What [`Encode::encode_bound`](crate::Encode::encode_bound) wrote when they were bound.
    Encoded(&'r [u8]),
    /// The fields themselves: nothing was prepared, or the call overrides one of them.
    Fields(FieldCursor<'r>),
}
