//! Records of one level in one piece of memory, which is what the queue lets go of when it has to let go of something.

use hyperlog_core::{Level, Line, Partition, Timestamp};

/// How much memory a segment has, unless a single record needs more. Each lane of each load has one that is not full, so
/// that larger ones would take twice what the queue is allowed once little is left in most loads.
pub(crate) const SEGMENT: usize = 8 * 1024;

/// What a record takes beyond its bytes.
pub(crate) const OVERHEAD: usize = size_of::<Mark>();

/// What a record weighs in a queue.
#[inline]
pub(crate) fn weight_of(bytes: usize) -> usize {
    bytes.saturating_add(OVERHEAD)
}

/// Where a record ends, and what is known of it.
#[derive(Clone, Copy)]
pub(crate) struct Mark {
    pub(crate) sequence: u64,
    pub(crate) timestamp: Timestamp,
    pub(crate) partition: Partition,
    end: u32,
    pub(crate) level: Level,
}

/// Records of one level, in the order in which they came.
pub(crate) struct Segment {
    bytes: Vec<u8>,
    marks: Vec<Mark>,
}

impl Segment {
    /// With room for this much, and as much as all segments have.
    pub(crate) fn with_room_for(bytes: usize) -> Segment {
        Segment { bytes: Vec::with_capacity(bytes.max(SEGMENT)), marks: Vec::new() }
    }

    #[inline]
    pub(crate) fn has_room_for(&self, bytes: usize) -> bool {
        self.bytes.capacity() - self.bytes.len() >= bytes
    }

    #[inline]
    pub(crate) fn push(&mut self, sequence: u64, line: &Line<'_>) {
        self.bytes.extend_from_slice(line.bytes);
        // The queue takes no record that is longer than this can say.
        let end = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX);
        let Line { level, timestamp, partition, .. } = *line;
        self.marks.push(Mark { sequence, timestamp, partition, end, level });
    }

    pub(crate) fn marks(&self) -> &[Mark] {
        &self.marks
    }

    /// Of the records from one to another.
    pub(crate) fn bytes(&self, from: usize, to: usize) -> &[u8] {
        let end_of = |index: usize| index.checked_sub(1).map_or(0, |before| self.marks[before].end as usize);
        &self.bytes[end_of(from)..end_of(to)]
    }

    /// One of the records, as it came.
    pub(crate) fn line(&self, at: usize) -> Line<'_> {
        let Mark { level, timestamp, partition, .. } = self.marks[at];
        Line { bytes: self.bytes(at, at + 1), level, timestamp, partition }
    }

    pub(crate) fn weight(&self) -> usize {
        self.bytes.len() + self.marks.len() * OVERHEAD
    }

    #[cfg(all(test, not(hyperlog_loom)))]
    pub(crate) fn memory(&self) -> usize {
        size_of::<Segment>() + self.bytes.capacity() + self.marks.capacity() * OVERHEAD
    }

    /// Empty, with the memory it has.
    pub(crate) fn emptied(mut self) -> Segment {
        self.bytes.clear();
        self.marks.clear();
        self
    }

    /// Whether it is worth keeping for other records.
    pub(crate) fn is_ordinary(&self) -> bool {
        self.bytes.capacity() <= 2 * SEGMENT
    }
}

/// The longest record that a queue takes.
pub(crate) const LONGEST: usize = u32::MAX as usize / 2;
