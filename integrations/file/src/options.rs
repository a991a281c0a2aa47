//! What there is to choose, as plain values.

use crate::archive::Codec;
use crate::calendar::Period;
use hyperlog_core::Clock;
use std::time::Duration;

/// All that was chosen.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) rotation: Rotation,
    pub(crate) retention: Retention,
    pub(crate) compression: Option<Compression>,
    pub(crate) buffer: Buffer,
    pub(crate) sharing: Sharing,
    /// Whether it waits for another output of this process that has the file.
    pub(crate) is_in_turn: bool,
    pub(crate) links: Links,
    pub(crate) mode: u32,
    pub(crate) directory_mode: u32,
    pub(crate) clock: Clock,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            rotation: Rotation::new(),
            retention: Retention::new(),
            compression: None,
            buffer: Buffer::Nothing,
            sharing: Sharing::Alone,
            is_in_turn: false,
            links: Links::Refused,
            mode: 0o640,
            directory_mode: 0o750,
            clock: Clock::system(),
        }
    }
}

/// When a new file begins. A record stands in one file as a whole, and one that is larger than a file may be has one of its
/// own.
///
/// ```
/// use hyperlog_file::{Period, Rotation};
///
/// let rotation = Rotation::new().size(10 << 20).every(Period::Hour); // at whichever comes first
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Rotation {
    pub(crate) size: Option<u64>,
    pub(crate) every: Option<Period>,
}

impl Rotation {
    /// Never.
    pub const fn new() -> Rotation {
        Rotation { size: None, every: None }
    }

    /// Before a file grows beyond so many bytes.
    pub const fn size(mut self, bytes: u64) -> Rotation {
        self.size = Some(bytes);
        self
    }

    /// When the clock passes from one period to the next. A file that was there before is of the period in which it was last
    /// written to.
    pub const fn every(mut self, period: Period) -> Rotation {
        self.every = Some(period);
        self
    }
}

/// Which archives stay. What exceeds any of the bounds goes, the oldest first, at start and after each rotation; never the
/// file that is written to, one that is being compressed, or any file that is no archive of this one.
///
/// A bound of zero is refused: whoever wants no archives has no use for rotation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Retention {
    pub(crate) count: Option<usize>,
    pub(crate) age: Option<Duration>,
    pub(crate) total_bytes: Option<u64>,
}

impl Retention {
    /// All of them.
    pub const fn new() -> Retention {
        Retention { count: None, age: None, total_bytes: None }
    }

    /// The newest so many.
    pub const fn count(mut self, archives: usize) -> Retention {
        self.count = Some(archives);
        self
    }

    /// Those that were put away no longer ago than this.
    pub const fn age(mut self, age: Duration) -> Retention {
        self.age = Some(age);
        self
    }

    /// The newest that take no more bytes together, with what is being compressed. The file that is written to comes on top,
    /// so that together with [`Rotation::size`] this bounds what the log takes of a disk.
    pub const fn total_bytes(mut self, bytes: u64) -> Retention {
        self.total_bytes = Some(bytes);
        self
    }

    pub(crate) fn is_unbounded(&self) -> bool {
        *self == Retention::new()
    }
}

/// How archives are compressed, on a thread of its own, one at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Compression {
    pub(crate) codec: Codec,
    pub(crate) level: i32,
}

impl Compression {
    /// As `.gz`, at level 6.
    pub const fn gzip() -> Compression {
        Compression { codec: Codec::Gzip, level: 6 }
    }

    /// As `.zst`, at level 3.
    #[cfg(feature = "zstd")]
    pub const fn zstd() -> Compression {
        Compression { codec: Codec::Zstd, level: 3 }
    }

    /// How hard it tries: 0 to 9 for gzip, 1 to 22 for zstd.
    pub const fn level(mut self, level: i32) -> Compression {
        self.level = level;
        self
    }

    pub(crate) fn is_level_known(self) -> bool {
        match self.codec {
            Codec::Gzip => (0..=9).contains(&self.level),
            Codec::Zstd => (1..=22).contains(&self.level),
        }
    }
}

/// What a file that is written to directly holds back, to write it at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Buffer {
    /// Nothing: each record is written before the call returns.
    #[default]
    Nothing,
    /// Up to so many bytes, until there are more, a flush, the end, an error or worse, or the first record after a second.
    Bytes(usize),
}

/// Whether several processes may write to a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Sharing {
    /// They may not: whoever comes second is refused.
    #[default]
    Alone,
    /// They may. Lines stay whole; whoever came first rotates, and when it has gone another one does. Cannot be combined with
    /// compression, since another process may still write to what has just been put away.
    Shared,
}

/// Whether a file may be a symbolic link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Links {
    /// It may not: whoever can write to a directory could make another file grow.
    #[default]
    Refused,
    /// It may. It is followed once, at the start; archives lie where it leads.
    Followed,
}
