//! Binding: fields become part of a context.

use crate::append::Appender;
use crate::block;
use crate::contain::contain;
use crate::context::{Context, Ends, Facts, has_one_of};
use crate::encode::Encode;
use crate::fault;
use crate::field::{FieldSet, Fields};
use crate::filter::sample::stable_hash_upon;
use crate::key::Key;
use crate::keyset::{Findings, KeySet, KeyVerdicts};
use crate::reading::{FieldCursor, Overriding, Reading};
use crate::rules::{LOST_BOUND, Rules};
use crate::snapshot::Snapshot;
use crate::value::Value;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::OnceLock;

/// Fields that can be bound: `fields!(..)` or a [`FieldSet`].
pub trait BindFields: sealed::Parts + Copy {}

impl BindFields for &FieldSet {}
impl BindFields for Gathered<'_> {}

/// What `fields!` makes.
#[derive(Clone, Copy)]
pub struct Gathered<'a> {
    keys: &'static KeySet,
    values: &'a [Value<'a>],
}

impl<'a> Gathered<'a> {
    #[doc(hidden)]
    pub const fn new(keys: &'static KeySet, values: &'a [Value<'a>]) -> Gathered<'a> {
        Gathered { keys, values }
    }
}

mod sealed {
    use super::*;

    pub trait Parts {
        #[expect(private_interfaces, reason = "sealed")]
        fn parts(&self) -> Fields<'_>;
    }

    impl Parts for &FieldSet {
        #[expect(private_interfaces, reason = "sealed")]
        fn parts(&self) -> Fields<'_> {
            self.as_fields()
        }
    }

    impl Parts for Gathered<'_> {
        #[expect(private_interfaces, reason = "sealed")]
        fn parts(&self) -> Fields<'_> {
            Fields::Gathered { keys: self.keys, values: self.values }
        }
    }
}

/// Which fields are left out where a context has no room for all.
#[derive(Clone, Copy)]
pub(crate) enum Yielding {
    /// Those that are to be bound.
    New,
    /// Those that are bound already.
    #[cfg(feature = "http")]
    Bound,
}

/// Adds fields to a context: one by one, then every format's form of them.
pub(crate) fn bind(
    parent: &Context,
    fields: Fields<'_>,
    yielding: Yielding,
    snapshot: &Snapshot,
    reading: Reading<'_>,
    bytes: &mut Vec<u8>,
) -> Context {
    if let Fields::Gathered { keys, values } = fields
        && parent.is_empty()
        && let Some(context) = bind_gathered(keys, values, snapshot, reading, bytes)
    {
        return context;
    }
    bind_upon(parent, fields, yielding, snapshot, reading, bytes)
}

/// Fields from a macro, the first to be bound, none of which has to be looked at: what is bound most. None if it is not
/// like that.
#[inline(always)]
fn bind_gathered(
    keys: &'static KeySet,
    values: &[Value<'_>],
    snapshot: &Snapshot,
    reading: Reading<'_>,
    bytes: &mut Vec<u8>,
) -> Option<Context> {
    let (rules, shape, count) = (reading.rules, &snapshot.shape, values.len());
    let findings = keys.findings(rules, None);
    let may_cover_identity = keys.marks() & shape.identity.marks() != 0;
    if !findings.has_plain_keys(count) || count > rules.limits.fields || may_cover_identity {
        return None;
    }
    bytes.clear();
    let mut block = Appender::new(bytes);
    let shows = |value: &Value<'_>| !matches!(value, Value::Str(text) if !rules.passes(text));
    let are_plain = values.iter().all(|value| shows(value) && block::push_plain_value(value, &mut block));
    block.finish();
    if !are_plain {
        return None;
    }
    let block = bytes.len();
    let mut ends = Ends::new();
    for encoder in snapshot.formats.encoders() {
        let fields = Fields::Gathered { keys, values };
        let mut fields = FieldCursor::new(reading, fields, findings.keys(), Overriding::Nothing);
        let is_prepared = prepare(encoder, &mut fields, bytes);
        ends.push(bytes.len(), is_prepared);
    }
    let facts = Facts {
        keys: Some(keys.keys),
        block,
        count,
        covers_identity: false,
        encoding: shape.encoding,
        marks: keys.marks(),
        shape: keys.shape_upon(0, rules),
    };
    Some(Context::new(bytes, &ends, facts))
}

#[inline(never)]
fn bind_upon(
    parent: &Context,
    fields: Fields<'_>,
    yielding: Yielding,
    snapshot: &Snapshot,
    reading: Reading<'_>,
    bytes: &mut Vec<u8>,
) -> Context {
    let encoding = snapshot.shape.encoding;
    let marks = marks(fields.keys(), fields);
    let overriding = marks & parent.marks() != 0 && has_one_of(fields, [parent]);
    let count = parent.count().saturating_add(fields.count_from(0));
    if count > reading.rules.limits.fields {
        return bind_some(parent, fields, yielding, snapshot, reading, bytes);
    }
    let findings = findings(fields.keys(), fields, None, reading.rules);
    let later = if findings.is_repeated() { Overriding::ByLater(fields) } else { Overriding::Nothing };
    let own = || FieldCursor::new(reading, fields, findings.keys(), later);
    let kept = || {
        let overriding = if overriding { Overriding::ByCall(fields) } else { Overriding::Nothing };
        FieldCursor::new(reading.of_bound(parent, encoding), parent.fields(), KeyVerdicts::UNKNOWN, overriding)
    };
    bytes.clear();
    // What was bound under other rules is read by these: from here on it passes for read.
    if overriding || !parent.is_empty() && !parent.is_for(encoding) {
        push_all(kept(), bytes);
    } else {
        parent.fields().copy_all(bytes);
    }
    push_all(own(), bytes);
    let block = bytes.len();
    let mut ends = Ends::new();
    for (format, encoder) in snapshot.formats.encoders().enumerate() {
        let is_kept_prepared = match parent.encoded(encoding, format) {
            Some(encoded) if !overriding => {
                bytes.extend_from_slice(encoded);
                true
            }
            _ => prepare(encoder, &mut kept(), bytes),
        };
        let is_prepared = is_kept_prepared && prepare(encoder, &mut own(), bytes);
        ends.push(bytes.len(), is_prepared);
    }
    // What an error brings along depends on the error, and bears names that stand among no keys.
    let (own_marks, shape) = match fields {
        Fields::Gathered { values, .. } if values.iter().any(is_error) => {
            let bound = Fields::Block(&bytes[..block]);
            (self::marks(None, bound), shape_by_names(bound))
        }
        Fields::Gathered { keys, .. } if parent.is_empty() || parent.shape() != 0 => {
            (marks, keys.shape_upon(parent.shape(), reading.rules))
        }
        _ => (marks, shape_by_names(Fields::Block(&bytes[..block]))),
    };
    let marks = own_marks | parent.marks();
    let identity = &snapshot.shape.identity;
    let covers_identity = marks & identity.marks() != 0 && has_one_of(Fields::Block(&bytes[..block]), [identity]);
    Context::new(bytes, &ends, Facts { keys: None, block, count, covers_identity, encoding, marks, shape })
}

/// The shape of a context whose keys stand in no program. Spans are like that, and each has many records. Nobody outside
/// can find names for which it is the same: they would have to know where it begins.
fn shape_by_names(bound: Fields<'_>) -> u64 {
    static BEGINNING: OnceLock<u64> = OnceLock::new();
    let beginning = *BEGINNING.get_or_init(|| RandomState::new().hash_one(0));
    bound.names().fold(beginning, |shape, name| stable_hash_upon(shape, name.as_bytes())) | 2
}

fn is_error(value: &Value<'_>) -> bool {
    matches!(value, Value::Error(_) | Value::TypedError(_))
}

/// Binds as many as are allowed, and how many were not.
#[cold]
#[inline(never)]
fn bind_some(
    parent: &Context,
    fields: Fields<'_>,
    yielding: Yielding,
    snapshot: &Snapshot,
    reading: Reading<'_>,
    bytes: &mut Vec<u8>,
) -> Context {
    let mut some = FieldSet::new();
    let mut take = |mut fields: FieldCursor<'_>, room: usize| {
        let (mut taken, mut lost) = (0, 0);
        while let Some((key, value)) = fields.next() {
            match value {
                Value::U64(count) if key.name() == LOST_BOUND => lost += count,
                _ if taken >= room => lost += 1,
                _ => {
                    some.add(key.name(), value);
                    taken += 1;
                }
            }
        }
        (taken, lost)
    };
    let (unknown, by_call, by_later) = (KeyVerdicts::UNKNOWN, Overriding::ByCall(fields), Overriding::ByLater(fields));
    let of_parent = reading.of_bound(parent, snapshot.shape.encoding);
    let of_parent = FieldCursor::new(of_parent, parent.fields(), unknown, by_call);
    let lost = match yielding {
        Yielding::New => {
            let (taken, before) = take(of_parent, usize::MAX);
            let rules = reading.rules.for_binding(taken);
            before
                + take(FieldCursor::new(Reading { rules: &rules, ..reading }, fields, unknown, by_later), usize::MAX).1
        }
        #[cfg(feature = "http")]
        Yielding::Bound => {
            let rules = reading.rules.for_binding(0);
            let own = FieldCursor::new(Reading { rules: &rules, ..reading }, fields, unknown, by_later);
            let (taken, now) = take(own, usize::MAX);
            now + take(of_parent, reading.rules.limits.fields.saturating_sub(taken)).1
        }
    };
    if lost > 0 {
        some.add(LOST_BOUND, lost);
    }
    let reading = Reading { rules: reading.rules_of_bound, ..reading };
    bind(&Context::EMPTY, some.as_fields(), yielding, snapshot, reading, bytes)
}

/// The marks of the keys.
#[inline]
pub(crate) fn marks(keys: Option<&'static KeySet>, fields: Fields<'_>) -> u64 {
    match keys {
        Some(keys) => keys.marks(),
        None => fields.names().fold(0, |marks, name| marks | Key::new(name).mark_bit()),
    }
}

/// What has to be looked at, of the keys and of the message if it has no arguments.
#[inline]
pub(crate) fn findings(
    keys: Option<&'static KeySet>,
    fields: Fields<'_>,
    literal: Option<&'static str>,
    rules: &Rules,
) -> Findings {
    match keys {
        Some(keys) => keys.findings(rules, literal),
        None => Findings::unknown(may_repeat(&fields)),
    }
}

/// Whether a key may stand more than once.
#[inline(never)]
fn may_repeat(fields: &Fields<'_>) -> bool {
    let mut marks = 0;
    fields.names().any(|name| {
        let before = marks;
        marks |= Key::new(name).mark_bit();
        before == marks
    })
}

/// Has fields prepared. An encoder that panics over them prepares nothing, and meets them again record by record.
fn prepare(encoder: &dyn Encode, fields: &mut FieldCursor<'_>, bytes: &mut Vec<u8>) -> bool {
    let start = bytes.len();
    let prepared = contain(|| encoder.encode_bound(fields, bytes));
    if prepared.is_none() {
        bytes.truncate(start);
        fault::report("encoder", format_args!("it panicked over bound fields"));
    }
    prepared.unwrap_or(false)
}

/// Appends fields to a block as they are shown.
fn push_all(mut fields: FieldCursor<'_>, out: &mut Vec<u8>) {
    while let Some((key, value)) = fields.next() {
        block::push(key.name(), value, out);
    }
}
