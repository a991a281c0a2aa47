//! What a backend is given to deliver.

use crate::load::{Load, Run};
use hyperlog_core::{Level, Partition, Timestamp};
use std::fmt;

/// Records to be delivered together, in the order in which they came.
pub struct Batch<'a> {
    pub(crate) load: &'a Load,
    pub(crate) runs: &'a [Run],
    pub(crate) records: usize,
    pub(crate) bytes: usize,
    pub(crate) id: BatchId,
    pub(crate) attempt: u32,
}

/// A record of a batch.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Entry<'a> {
    /// The record, its end included.
    pub bytes: &'a [u8],
    /// How severe it is.
    pub level: Level,
    /// When it happened.
    pub timestamp: Timestamp,
    /// What the encoder says it may be batched with.
    pub partition: Partition,
    /// Its number in the queue, which it keeps however often it is tried.
    pub sequence: u64,
}

impl<'a> Batch<'a> {
    /// How many records there are: at least one.
    #[expect(clippy::len_without_is_empty, reason = "there is no empty batch")]
    pub fn len(&self) -> usize {
        self.records
    }

    /// How many bytes its records have together.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The same for each attempt to deliver the same records, and no other.
    pub fn id(&self) -> BatchId {
        self.id
    }

    /// How often it was tried before.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// Its records one by one.
    pub fn entries(&self) -> impl Iterator<Item = Entry<'a>> {
        let load = self.load;
        self.runs.iter().flat_map(move |run| {
            load.marks(*run).iter().enumerate().map(move |(index, mark)| Entry {
                bytes: load.segment(*run).bytes(run.from + index, run.from + index + 1),
                level: mark.level,
                timestamp: mark.timestamp,
                partition: mark.partition,
                sequence: mark.sequence,
            })
        })
    }

    /// Its bytes in as few pieces as they lie in, each of which holds whole records.
    pub fn pieces(&self) -> impl Iterator<Item = &'a [u8]> {
        let load = self.load;
        self.runs.iter().map(move |run| load.segment(*run).bytes(run.from, run.to))
    }
}

impl fmt::Debug for Batch<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Batch({}: {} records, {} bytes)", self.id, self.records, self.bytes)
    }
}

/// What tells a batch from all others, in this process and any other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BatchId {
    pub(crate) queue: u64,
    pub(crate) sequence: u64,
    pub(crate) records: u32,
}

impl fmt::Display for BatchId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:016x}-{:x}-{:x}", self.queue, self.sequence, self.records)
    }
}
