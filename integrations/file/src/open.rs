//! An open file: how much is in it, how it ends, and how all of something is written to it.

use crate::fs::{Fs, Identity, has_name};
use crate::options::Sharing;
use std::fs::{File, Metadata};
use std::io::{self, ErrorKind, IoSlice};

/// An open file.
pub(crate) struct Open {
    pub(crate) file: File,
    pub(crate) identity: Identity,
    pub(crate) size: u64,
    pub(crate) tail: Tail,
    /// Something was written since it was last synced.
    pub(crate) is_unsynced: bool,
    /// A sync failed: what the kernel says of it from here on means nothing.
    pub(crate) is_distrusted: bool,
}

impl Open {
    pub(crate) fn new(file: File, metadata: &Metadata, tail: Tail) -> Open {
        let identity = Identity::of(metadata);
        Open { file, identity, size: metadata.len(), tail, is_unsynced: false, is_distrusted: false }
    }

    pub(crate) fn has_name(&self, fs: &dyn Fs) -> bool {
        fs.metadata(&self.file).is_ok_and(|metadata| has_name(&metadata))
    }

    /// Writes all of these, or says how many bytes of them it has written.
    pub(crate) fn put<'a>(
        &mut self,
        fs: &dyn Fs,
        mut pieces: impl Iterator<Item = &'a [u8]>,
    ) -> Result<(), (usize, io::Error)> {
        let Some(first) = pieces.next() else { return Ok(()) };
        self.is_unsynced = true;
        let mut written = 0;
        let Some(second) = pieces.next() else { return self.put_one(fs, first, &mut written) };
        let mut slices: Vec<IoSlice<'_>> = [first, second].into_iter().map(IoSlice::new).collect();
        loop {
            slices.extend(pieces.by_ref().take(MOST_PIECES - slices.len()).map(IoSlice::new));
            if slices.is_empty() {
                return Ok(());
            }
            self.put_many(fs, &mut slices, &mut written)?;
            slices.clear();
        }
    }

    fn put_one(&mut self, fs: &dyn Fs, bytes: &[u8], written: &mut usize) -> Result<(), (usize, io::Error)> {
        let mut left = bytes;
        while !left.is_empty() {
            let count = self.count(fs.write(&self.file, left), written)?;
            left = left.get(count..).unwrap_or_default();
        }
        Ok(())
    }

    fn put_many(
        &mut self,
        fs: &dyn Fs,
        slices: &mut [IoSlice<'_>],
        written: &mut usize,
    ) -> Result<(), (usize, io::Error)> {
        let mut left = slices;
        IoSlice::advance_slices(&mut left, 0);
        while !left.is_empty() {
            let count = self.count(fs.write_vectored(&self.file, left), written)?;
            IoSlice::advance_slices(&mut left, count);
        }
        Ok(())
    }

    fn count(&mut self, result: io::Result<usize>, written: &mut usize) -> Result<usize, (usize, io::Error)> {
        match result {
            Ok(0) => Err((*written, ErrorKind::WriteZero.into())),
            Ok(count) => {
                *written += count;
                self.size += count as u64;
                Ok(count)
            }
            Err(error) => Err((*written, error)),
        }
    }

    /// Another one may have cut the file: what is not there any more need not be taken back, nor be ended.
    pub(crate) fn forget_tail_if_cut(&mut self, fs: &dyn Fs) {
        if self.tail == Tail::Whole {
            return;
        }
        if let Ok(now) = fs.metadata(&self.file) {
            self.size = now.len();
        }
        let least = match self.tail {
            Tail::Excess(length) => length,
            Tail::Whole | Tail::Torn => 0,
        };
        if self.size <= least {
            self.tail = Tail::Whole;
        }
    }

    /// Takes back a record of which only a part could be written.
    pub(crate) fn cut_to(&mut self, fs: &dyn Fs, length: u64, sharing: Sharing) {
        // What others have written in the meantime must not be cut off.
        let is_ours = sharing == Sharing::Alone && fs.metadata(&self.file).is_ok_and(|now| now.len() == self.size);
        self.tail = match is_ours {
            true if fs.cut(&self.file, length).is_ok() => {
                self.size = length;
                Tail::Whole
            }
            true => Tail::Excess(length),
            false => Tail::Torn,
        };
    }
}

/// How a file ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tail {
    /// With a whole record, or nothing.
    Whole,
    /// With a part of one, which is to be cut back to this length.
    Excess(u64),
    /// With a part of one, after which a new line is to begin.
    Torn,
}

/// As many pieces as the kernel takes at once.
const MOST_PIECES: usize = 1024;
