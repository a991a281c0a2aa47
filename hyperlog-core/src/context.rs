//! What a logger or a request knows: fields that are bound once and written with every record.
//!
//! One allocation holds them twice: one by one, which serves whoever has to read them, and encoded for each format, which
//! is what a record copies.

use crate::field::Fields;
use crate::key::Key;
use std::sync::Arc;

/// Bound fields. Cloning shares them.
#[derive(Clone, Default)]
pub(crate) struct Context {
    bytes: Option<Arc<[u8]>>,
    /// The names, if they stand in the program; otherwise each value has its name before it.
    keys: Option<&'static [Key<'static>]>,
    /// How much of the bytes is the fields one by one.
    block: u32,
    /// Where the first format's fields end: nearly all loggers have no other.
    first: u32,
    /// How many fields there are at most.
    count: u32,
    /// Whether a key is one of the identity's too, under which it was bound.
    covers_identity: bool,
    /// The formats that the rest was encoded for.
    encoding: u64,
    /// The marks of all keys.
    marks: u64,
    /// A number that only contexts with the same keys share; 0 if there are none.
    shape: u64,
}

impl Context {
    pub(crate) const EMPTY: Context = Context {
        bytes: None,
        keys: None,
        block: 0,
        first: 0,
        count: 0,
        covers_identity: false,
        encoding: 0,
        marks: 0,
        shape: 0,
    };

    /// `bytes` is the fields one by one, then their encoded form for each format.
    #[inline(always)]
    pub(crate) fn new(bytes: &mut Vec<u8>, ends: &Ends, facts: Facts) -> Context {
        ends.push_others(bytes);
        let Facts { keys, block, count, covers_identity, encoding, marks, shape } = facts;
        let bytes = Some(Arc::from(&bytes[..]));
        let (block, first, count) = (block as u32, ends.ends[0], count as u32);
        Context { bytes, keys, block, first, count, covers_identity, encoding, marks, shape }
    }

    /// Whether this is the same context, or as empty as the other.
    pub(crate) fn is(&self, other: &Context) -> bool {
        match (&self.bytes, &other.bytes) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            (one, other) => one.is_none() && other.is_none(),
        }
    }

    /// The fields one by one.
    #[inline]
    pub(crate) fn fields(&self) -> Fields<'_> {
        let bytes = self.bytes.as_deref().and_then(|bytes| bytes.get(..self.block as usize)).unwrap_or_default();
        match self.keys {
            None => Fields::Block(bytes),
            Some(keys) => Fields::Bound { keys, values: bytes },
        }
    }

    /// Whether nothing is bound.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_none()
    }

    /// How many fields there are, those that were overridden included.
    #[inline]
    pub(crate) fn count(&self) -> usize {
        self.count as usize
    }

    #[inline]
    pub(crate) fn covers_identity(&self) -> bool {
        self.covers_identity
    }

    /// Whether it was bound for these formats, and so under the rules that belong to them.
    #[inline]
    pub(crate) fn is_for(&self, encoding: u64) -> bool {
        self.encoding == encoding
    }

    #[inline]
    pub(crate) fn shape(&self) -> u64 {
        self.shape
    }

    #[inline]
    pub(crate) fn marks(&self) -> u64 {
        self.marks
    }

    /// The fields as a format wants them; none if they were bound for other formats, or it prepares nothing.
    #[inline]
    pub(crate) fn encoded(&self, encoding: u64, format: usize) -> Option<&[u8]> {
        let Some(bytes) = &self.bytes else { return Some(&[]) };
        if self.encoding != encoding {
            return None;
        }
        let (start, end) = match format {
            0 => (self.block, self.first),
            1 => (self.first & !UNPREPARED, end_of(bytes, 1)?),
            _ => (end_of(bytes, format - 1)? & !UNPREPARED, end_of(bytes, format)?),
        };
        bytes.get(start as usize..end as usize)
    }
}

/// Whether one of the keys is bound.
#[cold]
pub(crate) fn has_one_of<const COUNT: usize>(fields: Fields<'_>, bound: [&Context; COUNT]) -> bool {
    fields.names().any(|name| bound.iter().any(|context| context.fields().has_from(name, 0)))
}

/// What is known of the fields of a [`Context`], which has the same names for it.
pub(crate) struct Facts {
    pub(crate) keys: Option<&'static [Key<'static>]>,
    pub(crate) block: usize,
    pub(crate) count: usize,
    pub(crate) covers_identity: bool,
    pub(crate) encoding: u64,
    pub(crate) marks: u64,
    pub(crate) shape: u64,
}

/// Where the fields of each format end.
pub(crate) struct Ends {
    ends: [u32; MOST_FORMATS],
    count: usize,
}

impl Ends {
    #[inline]
    pub(crate) fn new() -> Ends {
        Ends { ends: [UNPREPARED; MOST_FORMATS], count: 0 }
    }

    /// Notes where the next format's end; or that it prepares nothing, and has no fields there.
    #[inline]
    pub(crate) fn push(&mut self, end: usize, is_prepared: bool) {
        if let Some(place) = self.ends.get_mut(self.count) {
            *place = end as u32 | if is_prepared { 0 } else { UNPREPARED };
            self.count += 1;
        }
    }

    /// Those of all but the first format, in reverse, so that each is found from the end of the bytes.
    #[inline]
    fn push_others(&self, bytes: &mut Vec<u8>) {
        for end in self.ends[..self.count].iter().skip(1).rev() {
            bytes.extend_from_slice(&end.to_le_bytes());
        }
    }
}

/// Where a format's fields end, of any but the first.
#[inline(never)]
fn end_of(bytes: &[u8], format: usize) -> Option<u32> {
    if format >= MOST_FORMATS {
        return None;
    }
    let place = bytes.len().checked_sub(4 * format)?;
    Some(u32::from_le_bytes(*bytes.get(place..)?.first_chunk()?))
}

/// Beyond so many formats, contexts are encoded anew for each record.
const MOST_FORMATS: usize = 8;

/// Marks the end of a format that prepares nothing, which then lies beyond all bytes.
const UNPREPARED: u32 = 1 << 31;
