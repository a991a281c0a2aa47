//! A happening, borrowed from the call that tells it, on its way to bytes.
//!
//! Encoders, hooks and filters read it through here and only through here, so that none of them ever sees a value that
//! redaction hides or a text longer than the limits allow.

use crate::context::{Context, has_one_of};
use crate::desk::Desk;
use crate::field::Fields;
use crate::filter::sample::SampleRate;
use crate::heads::{Body, Head, Owner};
use crate::key::Key;
use crate::keyset::{Findings, KeyVerdicts};
use crate::level::Level;
use crate::limits;
use crate::reading::{FieldCursor, Overriding, Plain, Reading, Scratch};
use crate::rules::Rules;
use crate::time::{SecondDigits, Timestamp};
use crate::value::Value;
use std::cell::Cell;
use std::fmt;
use std::sync::Arc;

/// A happening: when, how severe, where, what, and its fields.
#[derive(Clone, Copy)]
pub struct Record<'a> {
    pub(crate) timestamp: Timestamp,
    pub(crate) level: Level,
    /// The logger's name, which takes the target's place.
    pub(crate) name: &'a Option<Arc<str>>,
    /// None if the message is the call's, as it stands there.
    pub(crate) message: Option<&'a str>,
    pub(crate) call: &'a Call<'a>,
    /// What is known of its keys.
    pub(crate) findings: Findings,
    /// Whether the call has a key that the context or the identity has too.
    pub(crate) overriding: bool,
    pub(crate) context: &'a Context,
    pub(crate) shape: &'a Shape,
    /// Which of the logger's formats is being written.
    pub(crate) format: usize,
    pub(crate) desk: &'a Desk,
    /// What is kept for records like this, or for others.
    pub(crate) head: &'a Head,
    /// The number of the call site, by which heads are kept; 0 if none can be, since message or target are this record's
    /// own.
    pub(crate) head_site: usize,
    pub(crate) cut_from: usize,
}

impl fmt::Debug for Record<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Record")
            .field("level", &self.level)
            .field("target", &self.target())
            .finish_non_exhaustive()
    }
}

/// What the call gave: nothing of it redacted yet.
pub(crate) struct Call<'a> {
    pub(crate) site: &'a Site<'a>,
    pub(crate) message: fmt::Arguments<'a>,
    pub(crate) fields: Fields<'a>,
    pub(crate) rate: SampleRate,
    pub(crate) may_be_sampled: bool,
}

impl Call<'_> {
    /// By which heads of call sites are told apart.
    #[inline(always)]
    pub(crate) fn site_number(&self) -> usize {
        std::ptr::from_ref(self.site).addr()
    }
}

/// What all records of a logger have in common.
#[derive(Clone)]
pub(crate) struct Shape {
    pub(crate) identity: Context,
    /// The number of the formats, by which contexts know what they were encoded for. Added to the place of one of them
    /// it is that one's own number.
    pub(crate) encoding: u64,
    pub(crate) location: bool,
    /// How the call's fields are read.
    pub(crate) rules: Rules,
    /// How fields are read that were read by the same rules when they were bound.
    pub(crate) rules_of_bound: Rules,
}

/// The least that lies between the numbers of two loggers' formats, so that each of them has room for its own.
pub(crate) const MOST_ENCODINGS: u64 = 256;

impl Shape {
    pub(crate) fn reading<'a>(&'a self, scratch: &'a Cell<Option<Box<Scratch>>>) -> Reading<'a> {
        Reading { rules: &self.rules, rules_of_bound: &self.rules_of_bound, scratch }
    }
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

    /// How its values are read.
    #[inline]
    pub(crate) fn reading(&self) -> Reading<'a> {
        self.shape.reading(&self.desk.scratch)
    }

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
        match self.name {
            None => self.call.site.target,
            Some(name) => name,
        }
    }

    /// What happened, in words.
    #[inline]
    pub fn message(&self) -> &str {
        match self.message {
            None => self.call.message.as_str().unwrap_or_default(),
            Some(message) => message,
        }
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

    /// The digits of its time, to the second; none if [`Record::renew_second`] has to be called before.
    #[inline(always)]
    pub(crate) fn second_digits(&self) -> Option<&Cell<SecondDigits>> {
        self.desk.second.digits_of(self.timestamp.seconds())
    }

    /// Makes the digits of its second.
    pub(crate) fn renew_second(&self) {
        self.desk.second.renew(self.timestamp.seconds());
    }

    /// What the encoder of this number kept for all records from this call site in this format.
    #[inline(always)]
    pub(crate) fn head_of(&self, encoder: u64) -> Option<&'a Head> {
        self.head.is_of(self.head_owner(encoder)).then_some(self.head)
    }

    /// Whether a head can be kept, and none of this logger is: there is room for one of its formats, the first that asks.
    #[inline]
    pub(crate) fn wants_head(&self) -> bool {
        let formats = self.shape.encoding..self.shape.encoding + MOST_ENCODINGS;
        self.head_site != 0 && !self.head.is_of_any(self.head_site, formats)
    }

    /// Keeps what all records from this call site have in common.
    pub(crate) fn keep_head(&self, encoder: u64, text: &[u8], end: &[u8], body: Body) {
        if self.wants_head() && text.len() <= Head::LONGEST {
            self.desk.put_head(self.head_owner(encoder), text, end, body);
        }
    }

    #[inline(always)]
    fn head_owner(&self, encoder: u64) -> Owner {
        Owner { site: self.head_site, format: self.shape.encoding.wrapping_add(self.format as u64), encoder }
    }

    /// Whether there is anything beside head and fields.
    #[inline]
    pub(crate) fn has_extras(&self) -> bool {
        self.shape.location || self.cut_from > 0 || !self.call.rate.is_one()
    }

    /// Whether nothing is bound to the logger.
    #[inline(always)]
    pub(crate) fn is_unbound(&self) -> bool {
        self.context.is_empty()
    }

    /// What is bound, where all of it was prepared: the process's fields, and the logger's.
    #[inline(always)]
    pub(crate) fn prepared(&self) -> Option<(&[u8], &[u8])> {
        let (identity, context) = (&self.shape.identity, self.context);
        if self.overriding || !identity.is_empty() && self.context_covers_identity() {
            return None;
        }
        let encoding = self.shape.encoding;
        Some((identity.encoded(encoding, self.format)?, context.encoded(encoding, self.format)?))
    }

    /// Whether all that is shown of it beside its head is bound to the logger.
    pub(crate) fn is_bare(&self) -> bool {
        self.shape.identity.is_empty() && self.call.site.keys.is_empty()
    }

    /// Whether nothing has to be looked at in any of the keys.
    pub(crate) fn has_plain_keys(&self) -> bool {
        let count = self.call.site.keys.len();
        count <= self.shape.rules.limits.fields && self.plain_fields().iter().count() == count
    }

    /// The fields of the call, as far as they can be shown as they are.
    #[inline(always)]
    pub(crate) fn plain_fields(&self) -> Plain<'_> {
        match self.findings.is_repeated() {
            false => Plain::new(self.call.fields, self.findings.keys(), &self.shape.rules),
            true => Plain::none(&self.shape.rules),
        }
    }

    /// The fields given at the call.
    #[inline]
    pub fn fields(&self) -> FieldCursor<'_> {
        FieldCursor::new(self.reading(), self.call.fields, self.findings.keys(), self.own_repeats())
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
        if self.findings.is_repeated() { Overriding::ByLater(self.call.fields) } else { Overriding::Nothing }
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
            false => has_one_of(self.context.fields(), [&self.shape.identity]),
        }
    }

    /// The process's fields that nothing else overrides.
    fn identity_fields(&self) -> FieldCursor<'_> {
        if !self.context_covers_identity() {
            return self.bound_fields(&self.shape.identity);
        }
        let call = if self.overriding { self.call.fields } else { Fields::NONE };
        let overriding = Overriding::ByBound(self.context.fields(), call);
        let reading = self.reading().of_bound(&self.shape.identity, self.shape.encoding);
        FieldCursor::new(reading, self.shape.identity.fields(), KeyVerdicts::UNKNOWN, overriding)
    }

    fn bound_fields<'r>(&'r self, context: &'r Context) -> FieldCursor<'r> {
        let overriding = if self.overriding { Overriding::ByCall(self.call.fields) } else { Overriding::Nothing };
        let reading = self.reading().of_bound(context, self.shape.encoding);
        FieldCursor::new(reading, context.fields(), KeyVerdicts::UNKNOWN, overriding)
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
