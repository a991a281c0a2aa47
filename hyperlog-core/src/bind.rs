//! Binding: fields become part of a context.

use crate::block;
use crate::context::{Context, UNPREPARED};
use crate::field::{FieldSet, Fields, Key};
use crate::keyset::{Findings, KeySet};
use crate::reading::{FieldCursor, KeyVerdicts, Overriding, Reading, Rules};
use crate::snapshot::Snapshot;
use crate::value::Value;

/// Fields that can be bound: `fields!(..)` or a [`FieldSet`].
pub trait BindFields: sealed::Parts {}

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
        fn parts(&self) -> (Fields<'_>, Option<&'static KeySet>);
    }

    impl Parts for &FieldSet {
        #[expect(private_interfaces, reason = "sealed")]
        fn parts(&self) -> (Fields<'_>, Option<&'static KeySet>) {
            (self.as_fields(), None)
        }
    }

    impl Parts for Gathered<'_> {
        #[expect(private_interfaces, reason = "sealed")]
        fn parts(&self) -> (Fields<'_>, Option<&'static KeySet>) {
            (Fields::Gathered { keys: self.keys.keys, values: self.values }, Some(self.keys))
        }
    }
}

/// Adds fields to a context: the block, then every format's form of them.
pub(crate) fn bind(
    parent: &Context,
    fields: Fields<'_>,
    keys: Option<&'static KeySet>,
    snapshot: &Snapshot,
    reading: Reading<'_>,
    bytes: &mut Vec<u8>,
) -> Context {
    let marks = marks(fields, keys);
    let overriding = marks & parent.marks() != 0 && has_one_of(fields, [parent]);
    let findings = findings(fields, keys, reading.rules);
    let later = if findings.repeated { Overriding::ByLater(fields) } else { Overriding::Nothing };
    let own = || FieldCursor::new(reading, fields, findings.keys, later);
    let kept = || {
        let overriding = if overriding { Overriding::ByCall(fields) } else { Overriding::Nothing };
        FieldCursor::new(reading, Fields::Block(parent.block()), KeyVerdicts::UNKNOWN, overriding)
    };
    bytes.clear();
    if overriding {
        block::push_all(kept(), bytes);
    } else {
        bytes.extend_from_slice(parent.block());
    }
    block::push_all(own(), bytes);
    let block = bytes.len();
    let mut ends = [0_u32; MOST_FORMATS];
    for (index, format) in snapshot.formats.iter().enumerate().take(MOST_FORMATS) {
        let prepared = match parent.encoded(snapshot.shape.encoding, index) {
            Some(encoded) if !overriding => {
                bytes.extend_from_slice(encoded);
                true
            }
            _ => format.encoder.encode_bound(&mut kept(), bytes),
        };
        let prepared = prepared && format.encoder.encode_bound(&mut own(), bytes);
        ends[index] = bytes.len() as u32 | if prepared { 0 } else { UNPREPARED };
    }
    for end in ends.iter().take(snapshot.formats.len()).rev() {
        bytes.extend_from_slice(&end.to_le_bytes());
    }
    let shape = match keys {
        Some(keys) if parent.is_empty() || parent.shape() != 0 => keys.shape_upon(parent.shape()),
        _ => 0,
    };
    Context::new(bytes, block, snapshot.shape.encoding, marks | parent.marks(), shape)
}

/// Beyond so many formats, contexts are encoded anew for each record.
const MOST_FORMATS: usize = 8;

/// The marks of the keys.
#[inline]
pub(crate) fn marks(fields: Fields<'_>, keys: Option<&KeySet>) -> u64 {
    match keys {
        Some(keys) => keys.marks(),
        None => fields.names().fold(0, |marks, name| marks | Key::new(name).mark_bit()),
    }
}

/// What has to be looked at.
#[inline]
pub(crate) fn findings(fields: Fields<'_>, keys: Option<&KeySet>, rules: &Rules) -> Findings {
    match keys {
        Some(keys) => keys.findings(rules),
        None => Findings { keys: KeyVerdicts::UNKNOWN, looks_at_message: true, repeated: may_repeat(fields) },
    }
}

/// Whether a key may stand more than once.
#[inline(never)]
fn may_repeat(fields: Fields<'_>) -> bool {
    let mut marks = 0;
    fields.names().any(|name| {
        let before = marks;
        marks |= Key::new(name).mark_bit();
        before == marks
    })
}

/// Whether one of the keys is bound.
#[cold]
pub(crate) fn has_one_of<const COUNT: usize>(fields: Fields<'_>, bound: [&Context; COUNT]) -> bool {
    fields.names().any(|name| bound.iter().any(|context| Fields::Block(context.block()).has_from(name, 0)))
}
