//! What a logger or a request knows: fields that are bound once and written with every record.
//!
//! One allocation holds them twice: as a block, which serves whoever needs them one by one, and encoded for each format,
//! which is what a record copies.

use std::sync::Arc;

/// Bound fields. Cloning shares them.
#[derive(Clone, Default)]
pub(crate) struct Context {
    bytes: Option<Arc<[u8]>>,
    /// How much of the bytes is the block.
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
    /// A number that only contexts with the same keys share; 0 if some of them were known at run time alone.
    shape: u64,
}

impl Context {
    pub(crate) const EMPTY: Context =
        Context { bytes: None, block: 0, first: 0, count: 0, covers_identity: false, encoding: 0, marks: 0, shape: 0 };

    /// `bytes` is the block, then for each format the encoded fields, then the ends of these as `u32`s in reverse.
    pub(crate) fn new(bytes: &[u8], block: usize, encoding: u64, marks: u64, shape: u64, count: usize) -> Context {
        Context {
            bytes: Some(Arc::from(bytes)),
            block: block as u32,
            first: end_of(bytes, 0).unwrap_or(UNPREPARED),
            count: count as u32,
            covers_identity: false,
            encoding,
            marks,
            shape,
        }
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
    pub(crate) fn block(&self) -> &[u8] {
        match &self.bytes {
            Some(bytes) => bytes.get(..self.block as usize).unwrap_or_default(),
            None => &[],
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

    #[must_use]
    pub(crate) fn covering_identity(self, covers_identity: bool) -> Context {
        Context { covers_identity, ..self }
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
            _ => (end_of(bytes, format - 1)? & !UNPREPARED, end_of(bytes, format)?),
        };
        bytes.get(start as usize..end as usize)
    }
}

/// Where a format's fields end: the ends stand at the very end, in reverse.
#[inline(never)]
fn end_of(bytes: &[u8], format: usize) -> Option<u32> {
    if format >= MOST_FORMATS {
        return None;
    }
    let place = bytes.len().checked_sub(4 * (format + 1))?;
    Some(u32::from_le_bytes(*bytes.get(place..)?.first_chunk()?))
}

/// Beyond so many formats, contexts are encoded anew for each record.
pub(crate) const MOST_FORMATS: usize = 8;

/// Marks the end of a format that prepares nothing, which then lies beyond all bytes.
pub(crate) const UNPREPARED: u32 = 1 << 31;
