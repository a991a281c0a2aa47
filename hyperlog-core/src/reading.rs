//! What stands between a record and whoever reads its values: redaction first, then limits.
//!
//! Most values pass as they are. One that has to be formatted, masked or cut is prepared in memory that the thread keeps
//! for this, and lent from there.

use crate::block::{self, Entries, Stored, TreeBytes, TreeWriter};
use crate::context::Context;
use crate::field::Fields;
use crate::key::Key;
use crate::keyset::KeyVerdicts;
use crate::limits;
use crate::redact::{Mask, Verdict};
use crate::rules::Rules;
use crate::time::Timestamp;
use crate::value::{Tree, TreeVisitor, Value};
use std::cell::Cell;
use std::time::Duration;

/// Rules, and the memory to prepare values in.
#[derive(Clone, Copy)]
pub(crate) struct Reading<'a> {
    pub(crate) rules: &'a Rules,
    /// For what was read by the same rules when it was bound.
    pub(crate) rules_of_bound: &'a Rules,
    pub(crate) scratch: &'a Cell<Option<Box<Scratch>>>,
}

impl<'a> Reading<'a> {
    /// How the fields of a context are read: a second masking would show another hash, and a second cut another length.
    #[inline]
    pub(crate) fn of_bound(self, context: &Context, encoding: u64) -> Reading<'a> {
        let rules = if context.is_for(encoding) { self.rules_of_bound } else { self.rules };
        Reading { rules, ..self }
    }
}

/// Goes through fields. Not an iterator, because a value may be lent from the cursor itself.
///
/// ```
/// use hyperlog_core::{Encode, Partition, Record};
///
/// struct Names;
///
/// impl Encode for Names {
///     fn encode(&self, record: &Record<'_>, out: &mut Vec<u8>) -> Partition {
///         let mut fields = record.fields();
///         while let Some((key, _value)) = fields.next() {
///             out.extend_from_slice(key.name().as_bytes());
///             out.push(b'\n');
///         }
///         Partition::NONE
///     }
/// }
/// ```
pub struct FieldCursor<'r> {
    reading: Reading<'r>,
    fields: Fields<'r>,
    index: usize,
    verdicts: KeyVerdicts,
    overriding: Overriding<'r>,
    /// How much of [`Scratch::block`] is still to be read.
    pending: usize,
    scratch: Option<Box<Scratch>>,
}

/// Fields of which nothing but a text has to be looked at: ask [`Rules::passes`].
#[derive(Clone, Copy)]
pub(crate) struct Plain<'r> {
    keys: &'r [Key<'r>],
    values: &'r [Value<'r>],
    verdicts: u64,
    pub(crate) rules: &'r Rules,
}

impl<'r> Plain<'r> {
    #[inline(always)]
    pub(crate) fn new(fields: Fields<'r>, verdicts: KeyVerdicts, rules: &'r Rules) -> Plain<'r> {
        let Fields::Gathered { keys, values } = fields else { return Plain::none(rules) };
        let keys = keys.keys;
        let keys = if keys.len() <= rules.limits.fields { keys } else { &keys[..rules.limits.fields] };
        Plain { keys, values, verdicts: verdicts.0, rules }
    }

    #[inline(always)]
    pub(crate) fn none(rules: &'r Rules) -> Plain<'r> {
        Plain { keys: &[], values: &[], verdicts: 0, rules }
    }

    #[inline(always)]
    fn from(self, index: usize) -> Plain<'r> {
        if index == 0 {
            return self;
        }
        Plain {
            keys: self.keys.get(index..).unwrap_or_default(),
            values: self.values.get(index..).unwrap_or_default(),
            verdicts: self.verdicts.checked_shr(index as u32).unwrap_or(!0),
            rules: self.rules,
        }
    }

    /// As far as no key has to be looked at.
    #[inline(always)]
    pub(crate) fn iter(self) -> impl Iterator<Item = (&'r Key<'r>, &'r Value<'r>)> + use<'r> {
        let mut verdicts = self.verdicts;
        self.keys.iter().zip(self.values).take_while(move |_| {
            let passes = verdicts & 1 == 0;
            verdicts >>= 1;
            passes
        })
    }
}

/// Where values are prepared that cannot be shown as they were given.
#[derive(Default)]
pub(crate) struct Scratch {
    name: String,
    text: String,
    block: Vec<u8>,
    tree: TreeBytes,
    shown: Shown,
}

const LARGEST_KEPT: usize = 1 << 20;

/// The prepared value.
#[derive(Default)]
enum Shown {
    #[default]
    Null,
    Bool(bool),
    I64(i64),
    U64(u64),
    I128(i128),
    U128(u128),
    F32(f32),
    F64(f64),
    Char(char),
    Duration(Duration),
    Time(Timestamp),
    Text,
    Tree,
}

impl<'r> FieldCursor<'r> {
    #[inline]
    pub(crate) fn new(
        reading: Reading<'r>,
        fields: Fields<'r>,
        verdicts: KeyVerdicts,
        overriding: Overriding<'r>,
    ) -> FieldCursor<'r> {
        FieldCursor { reading, fields, index: 0, verdicts, overriding, pending: 0, scratch: None }
    }

    /// The next field, redacted and no longer than the limits allow.
    #[expect(clippy::should_implement_trait, reason = "a lent value does not outlive the next call")]
    pub fn next(&mut self) -> Option<(Key<'_>, Value<'_>)> {
        let rules = self.reading.rules;
        if let Some((key, value)) = self.plain().iter().next() {
            let passes = match value {
                Value::Str(text) => rules.passes(text),
                Value::Bytes(_)
                | Value::Display(_)
                | Value::Debug(_)
                | Value::Error(_)
                | Value::TypedError(_)
                | Value::Tree(_) => false,
                _ => true,
            };
            if passes {
                self.index += 1;
                return Some((*key, *value));
            }
        }
        self.next_prepared()
    }

    /// The fields from the next on, as far as they can be shown as they are.
    #[inline(always)]
    pub(crate) fn plain(&self) -> Plain<'r> {
        match self.overriding {
            Overriding::Nothing if self.pending == 0 => {
                Plain::new(self.fields, self.verdicts, self.reading.rules).from(self.index)
            }
            _ => Plain::none(self.reading.rules),
        }
    }

    /// Passes over fields that [`FieldCursor::plain`] showed.
    #[inline]
    pub(crate) fn skip(&mut self, taken: usize) {
        self.index += taken;
    }

    pub(crate) fn skipping(mut self, taken: usize) -> FieldCursor<'r> {
        self.skip(taken);
        self
    }

    /// The next field, whatever has to be done for it.
    pub(crate) fn next_prepared(&mut self) -> Option<(Key<'_>, Value<'_>)> {
        let is_exhausted =
            self.pending == 0 && matches!(self.fields, Fields::Gathered { keys, .. } if self.index >= keys.keys.len());
        if is_exhausted { None } else { self.prepare() }
    }

    #[inline(never)]
    fn prepare(&mut self) -> Option<(Key<'_>, Value<'_>)> {
        if self.scratch.is_none() {
            self.scratch = Some(self.reading.scratch.take().unwrap_or_default());
        }
        loop {
            if self.pending == 0 {
                self.fetch()?;
            }
            let scratch = self.scratch.as_mut()?;
            let unread = scratch.block.len() - self.pending;
            let mut entries = Entries::new(&scratch.block[unread..]);
            let Some((key, stored)) = entries.next() else {
                self.pending = 0;
                continue;
            };
            self.pending = entries.remaining();
            // What an error brings along bears names that were not compared when it was fetched.
            if self.overriding.covers(key.name(), self.index.saturating_sub(1)) {
                continue;
            }
            scratch.name.clear();
            scratch.name.push_str(key.name());
            if scratch.shown.prepare(&self.reading, &scratch.name, stored, &mut scratch.text, &mut scratch.tree) {
                self.reading.read_key(&mut scratch.name);
                break;
            }
        }
        let scratch = self.scratch.as_deref()?;
        Some((Key::new(&scratch.name), scratch.value()))
    }

    /// Brings the next field into the scratch block: formatted, and an error as two fields.
    fn fetch(&mut self) -> Option<()> {
        let scratch = self.scratch.as_mut()?;
        loop {
            let index = self.index;
            self.index += 1;
            scratch.block.clear();
            if index >= self.reading.rules.limits.fields {
                let lost = self.fields.count_from(index);
                self.fields = Fields::NONE;
                if lost > 0 {
                    block::push(self.reading.rules.lost, Value::U64(lost as u64), &mut scratch.block);
                    self.pending = scratch.block.len();
                }
                return (lost > 0).then_some(());
            }
            self.fields.copy(index, &mut scratch.block)?;
            let (key, _) = Entries::new(&scratch.block).next()?;
            if !self.overriding.covers(key.name(), index) {
                self.pending = scratch.block.len();
                return Some(());
            }
        }
    }
}

/// The fields that count more than one of the same name that came before.
#[derive(Clone, Copy)]
pub(crate) enum Overriding<'r> {
    Nothing,
    /// Those of the call, over a bound one.
    ByCall(Fields<'r>),
    /// Those that are bound, and those of the call, over what the process says of itself.
    ByBound(Fields<'r>, Fields<'r>),
    /// Later ones of the call, over earlier ones.
    ByLater(Fields<'r>),
}

impl Overriding<'_> {
    fn covers(self, name: &str, index: usize) -> bool {
        match self {
            Overriding::Nothing => false,
            Overriding::ByCall(fields) => has_field(fields, name, 0),
            Overriding::ByBound(bound, call) => has_field(bound, name, 0) || has_field(call, name, 0),
            Overriding::ByLater(Fields::Gathered { keys, values }) => {
                let fields = Fields::Gathered { keys, values };
                let is_brought = |suffix: &str| {
                    name.strip_suffix(suffix).is_some_and(|error| fields.has_error_from(error, index + 1))
                };
                fields.has_from(name, index + 1) || is_brought(block::CAUSES) || is_brought(block::TYPE)
            }
            Overriding::ByLater(fields) => {
                fields.has_from(name, index + 1)
                    || error_that_brought(fields, name, index).is_some_and(|error| fields.has_from(error, index + 1))
            }
        }
    }
}

/// Whether a field of this name stands at a place or behind it, or an error whose causes or type would bear it.
fn has_field(fields: Fields<'_>, name: &str, index: usize) -> bool {
    let error = name.strip_suffix(block::CAUSES);
    let typed = name.strip_suffix(block::TYPE);
    fields.has_from(name, index)
        || error.is_some_and(|error| fields.has_from(error, index))
        || typed.is_some_and(|typed| fields.has_error_from(typed, index))
}

/// The name of the error that brought a field of a block along: what an error brings stands right behind it.
fn error_that_brought<'n>(fields: Fields<'_>, name: &'n str, index: usize) -> Option<&'n str> {
    let error = name.strip_suffix(block::CAUSES).or_else(|| name.strip_suffix(block::TYPE))?;
    let is_brought =
        |other: &&str| other.strip_prefix(error).is_some_and(|rest| [block::CAUSES, block::TYPE].contains(&rest));
    let before = fields.names().take(index).filter(|other| !is_brought(other)).last()?;
    (before == error).then_some(error)
}

impl Drop for FieldCursor<'_> {
    #[inline]
    fn drop(&mut self) {
        if let Some(scratch) = self.scratch.take().filter(|scratch| scratch.is_small()) {
            self.reading.scratch.set(Some(scratch));
        }
    }
}

impl Scratch {
    /// Memory that one huge value needed is not kept for all the small ones.
    fn is_small(&self) -> bool {
        let text = self.name.capacity() + self.text.capacity();
        text + self.block.capacity() + self.tree.capacity() <= LARGEST_KEPT
    }

    fn value(&self) -> Value<'_> {
        match &self.shown {
            Shown::Null => Value::Null,
            Shown::Bool(value) => Value::Bool(*value),
            Shown::I64(value) => Value::I64(*value),
            Shown::U64(value) => Value::U64(*value),
            Shown::I128(value) => Value::I128(value),
            Shown::U128(value) => Value::U128(value),
            Shown::F32(value) => Value::F32(*value),
            Shown::F64(value) => Value::F64(*value),
            Shown::Char(value) => Value::Char(*value),
            Shown::Duration(value) => Value::Duration(*value),
            Shown::Time(value) => Value::Time(*value),
            Shown::Text => Value::Str(&self.text),
            Shown::Tree => Value::Tree(&self.tree),
        }
    }
}

impl Shown {
    /// Says whether the field is shown at all.
    fn prepare(
        &mut self,
        reading: &Reading<'_>,
        path: &str,
        stored: Stored<'_>,
        text: &mut String,
        tree: &mut TreeBytes,
    ) -> bool {
        text.clear();
        if let Some(mask) = reading.mask_for(path)
            && !matches!(stored, Stored::Plain(Value::Null))
        {
            *self = Shown::Text;
            return reading.mask(mask, stored.value(), text);
        }
        *self = match stored {
            Stored::I128(value) => Shown::I128(value),
            Stored::U128(value) => Shown::U128(value),
            Stored::Tree(stored) => {
                tree.fill(|writer| stored.walk(&mut TreeReader::new(reading, path, writer)));
                Shown::Tree
            }
            Stored::Plain(value) => match value {
                Value::Bool(value) => Shown::Bool(value),
                Value::I64(value) => Shown::I64(value),
                Value::U64(value) => Shown::U64(value),
                Value::F32(value) => Shown::F32(value),
                Value::F64(value) => Shown::F64(value),
                Value::Char(value) => Shown::Char(value),
                Value::Duration(value) => Shown::Duration(value),
                Value::Time(value) => Shown::Time(value),
                Value::Str(value) => {
                    reading.read_text(value, reading.rules.limits.text, text);
                    Shown::Text
                }
                _ => Shown::Null,
            },
        };
        true
    }
}

impl Reading<'_> {
    #[inline]
    fn mask_for(&self, path: &str) -> Option<Mask> {
        self.rules.redaction().and_then(|redaction| redaction.key(path))
    }

    /// Masks any value; says whether anything is left to show.
    fn mask(&self, mask: Mask, value: Value<'_>, out: &mut String) -> bool {
        let Some(redaction) = self.rules.redaction() else { return false };
        match value {
            Value::Str(text) => redaction.mask(mask, text, out),
            // What is inside a tree cannot be shown in part, and the kinds of a number tell nothing.
            _ => redaction.mask(if mask == Mask::Drop { mask } else { Mask::Full }, "", out),
        }
    }

    /// Appends a text as it may be shown: redacted, then cut.
    pub(crate) fn read_text(&self, text: &str, limit: usize, out: &mut String) {
        let start = out.len();
        let is_masked = self.rules.redaction().is_some_and(|redaction| redaction.text(text, out) == Verdict::Masked);
        if !is_masked {
            out.push_str(limits::cut(text, limit));
        }
        let shown = if is_masked { out.len() - start } else { text.len() };
        if shown > limit {
            let kept = limits::cut(&out[start..], limit).len();
            out.truncate(start + kept);
            limits::push_cut_mark(text.len(), out);
        }
    }

    /// A message as it may be shown.
    pub(crate) fn shown_message(&self, message: &str) -> String {
        let mut shown = String::new();
        self.read_text(message, self.rules.limits.message, &mut shown);
        shown
    }

    /// A name as it may be shown: redacted, for it may come from data, then cut.
    fn read_key(&self, name: &mut String) {
        if self.rules.redaction().is_some_and(|redaction| !redaction.is_clean(name)) {
            let raw = std::mem::take(name);
            self.read_text(&raw, self.rules.limits.key, name);
            return;
        }
        if name.len() > self.rules.limits.key {
            name.truncate(limits::cut(name, self.rules.limits.key).len());
            name.push('…');
        }
    }
}

/// Copies a tree, redacted and limited.
struct TreeReader<'a, 'w> {
    reading: &'a Reading<'a>,
    writer: &'a mut TreeWriter<'w>,
    path: String,
    /// How long the path was before each open map's or list's key.
    path_lengths: Vec<usize>,
    text: String,
    /// How many levels below the deepest allowed, or below a hidden key, are being passed over.
    passed_over: usize,
    mask: Option<Mask>,
    name: String,
}

/// So much of a key in a map counts for the path of what is below.
const LONGEST_PART: usize = 128;

impl<'a, 'w> TreeReader<'a, 'w> {
    fn new(reading: &'a Reading<'a>, path: &str, writer: &'a mut TreeWriter<'w>) -> TreeReader<'a, 'w> {
        TreeReader {
            reading,
            writer,
            path: path.to_owned(),
            path_lengths: Vec::new(),
            text: String::new(),
            passed_over: 0,
            mask: None,
            name: String::new(),
        }
    }

    fn begin(&mut self, begin: fn(&mut TreeWriter<'_>)) {
        if self.passed_over > 0 {
            self.passed_over += 1;
        } else if self.mask.is_some() {
            self.value(Value::Str(""));
            self.passed_over = 1;
        } else if self.path_lengths.len() >= self.reading.rules.limits.depth {
            self.writer.value(Value::Str("[too deep]"));
            self.passed_over = 1;
        } else {
            begin(self.writer);
            self.path_lengths.push(self.path.len());
        }
    }

    /// The path without the last key of the innermost map.
    fn leave_key(&mut self) {
        if let Some(&length) = self.path_lengths.last() {
            self.path.truncate(length);
        }
    }
}

impl TreeVisitor for TreeReader<'_, '_> {
    fn begin_map(&mut self) {
        self.begin(|writer| writer.begin_map());
    }

    fn begin_list(&mut self) {
        self.begin(|writer| writer.begin_list());
    }

    fn key(&mut self, key: &str) {
        if self.passed_over > 0 {
            return;
        }
        self.leave_key();
        self.path.push('.');
        // A path is judged anew for each key: it must not grow with what data calls itself. What is left of a longer key
        // may not tell what stood at its end.
        let part = limits::cut(key, LONGEST_PART);
        self.path.push_str(part);
        self.mask = self.reading.mask_for(&self.path);
        if self.mask.is_none() && part.len() < key.len() {
            self.mask = self.reading.mask_for(key);
        }
        self.name.clear();
        self.name.push_str(key);
        self.reading.read_key(&mut self.name);
        if self.mask != Some(Mask::Drop) {
            self.writer.key(&self.name);
        }
    }

    fn value(&mut self, value: Value<'_>) {
        if self.passed_over > 0 {
            return;
        }
        self.text.clear();
        let mask = self.mask.take();
        match (mask, value) {
            (None, Value::Str(text)) => {
                self.reading.read_text(text, self.reading.rules.limits.text, &mut self.text);
                self.writer.value(Value::Str(&self.text));
            }
            (None, scalar) | (Some(_), scalar @ Value::Null) => self.writer.value(scalar),
            (Some(mask), hidden) => {
                if self.reading.mask(mask, hidden, &mut self.text) {
                    self.writer.value(Value::Str(&self.text));
                }
            }
        }
    }

    fn end(&mut self) {
        if self.passed_over > 0 {
            self.passed_over -= 1;
            return;
        }
        self.leave_key();
        self.path_lengths.pop();
        self.writer.end();
    }
}
