//! Compresses archives, one at a time, on a thread of its own.
//!
//! The thread keeps no list of what is to be done: it looks for archives that are not compressed, so that what a process
//! left when it died is found by the next one. At any moment either the archive is there or its whole compressed form.

use crate::archive::{Codec, Shape, Turn};
use crate::fs::{Fs, Identity};
use crate::options::Compression;
use crate::retention::{Keeper, found};
use hyperlog_core::{Clock, report_fault};
use std::collections::BTreeSet;
use std::fs::{File, Metadata};
use std::io::{self, ErrorKind, Read, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The thread that compresses, once there is something to compress.
pub(crate) struct Packer {
    shared: Arc<Shared>,
    is_started: bool,
}

struct Shared {
    keeper: Arc<Keeper>,
    compression: Compression,
    orders: Mutex<Orders>,
    changed: Condvar,
    /// What is being done is not worth its end any more.
    is_cancelled: AtomicBool,
}

#[derive(Default)]
struct Orders {
    is_wanted: bool,
    is_closed: bool,
    is_gone: bool,
}

impl Shared {
    fn orders(&self) -> MutexGuard<'_, Orders> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Packer {
    pub(crate) fn new(keeper: Arc<Keeper>, compression: Compression) -> Packer {
        let (orders, changed) = (Mutex::default(), Condvar::new());
        let shared = Shared { keeper, compression, orders, changed, is_cancelled: AtomicBool::new(false) };
        Packer { shared: Arc::new(shared), is_started: false }
    }

    /// There may be something to compress.
    pub(crate) fn wake(&mut self) {
        self.shared.orders().is_wanted = true;
        self.shared.changed.notify_all();
        if !self.is_started {
            let shared = Arc::clone(&self.shared);
            match std::thread::Builder::new().name("log packing".to_owned()).spawn(move || run(&shared)) {
                Ok(_) => self.is_started = true,
                Err(error) => {
                    report_fault("file", format_args!("archives are not compressed, without a thread: {error}"))
                }
            }
        }
    }

    /// Ends the thread: what it is about is finished if there is time, and otherwise left as it was.
    pub(crate) fn close(&mut self, most: Duration) {
        let mut orders = self.shared.orders();
        orders.is_closed = true;
        self.shared.changed.notify_all();
        let begun = Instant::now();
        while self.is_started && !orders.is_gone {
            let left = most.saturating_sub(begun.elapsed());
            if left.is_zero() {
                self.shared.is_cancelled.store(true, Ordering::Relaxed);
            }
            // Once it is cancelled it ends with the next piece.
            let wait = if left.is_zero() { Duration::from_millis(100) } else { left };
            let waited = self.shared.changed.wait_timeout(orders, wait);
            orders = waited.unwrap_or_else(PoisonError::into_inner).0;
            if left.is_zero() && begun.elapsed() > most.saturating_add(LAST_PIECE) {
                return;
            }
        }
    }
}

/// How long a piece may take that is being compressed when time is up.
const LAST_PIECE: Duration = Duration::from_secs(1);

impl Drop for Packer {
    fn drop(&mut self) {
        self.close(Duration::ZERO);
    }
}

fn run(shared: &Shared) {
    // However this ends, whoever waits for it must not wait for ever.
    let _gone = Gone(shared);
    let mut skipped = BTreeSet::new();
    loop {
        {
            let mut orders = shared.orders();
            while !orders.is_wanted && !orders.is_closed {
                orders = shared.changed.wait(orders).unwrap_or_else(PoisonError::into_inner);
            }
            if orders.is_closed && (!orders.is_wanted || shared.is_cancelled.load(Ordering::Relaxed)) {
                return;
            }
            orders.is_wanted = false;
        }
        shared.pack_all(&mut skipped);
        if shared.orders().is_closed {
            return;
        }
    }
}

struct Gone<'a>(&'a Shared);

impl Drop for Gone<'_> {
    fn drop(&mut self) {
        self.0.keeper.release();
        self.0.orders().is_gone = true;
        self.0.changed.notify_all();
    }
}

impl Shared {
    /// Compresses what there is, the oldest first; those that cannot be are skipped from here on.
    fn pack_all(&self, skipped: &mut BTreeSet<Turn>) {
        // Not in this round, but when the rotation is over that has just reserved their names.
        let mut too_early = BTreeSet::new();
        while let Some(turn) = self.next(skipped, &too_early) {
            let packed = self.pack(turn);
            self.keeper.release();
            match packed {
                Ok(Packed::Done) => {}
                Ok(Packed::Skipped) => drop(skipped.insert(turn)),
                Ok(Packed::TooEarly) => drop(too_early.insert(turn)),
                Err(_) if self.is_cancelled.load(Ordering::Relaxed) => return,
                Err(error) => {
                    let path = self.keeper.place.archive(turn, Shape::Plain);
                    report_fault("file", format_args!("cannot compress {path:?}, it stays as it is: {error}"));
                    // With the next rotation there may be room.
                    return;
                }
            }
            if self.orders().is_closed {
                return;
            }
        }
    }

    fn next(&self, skipped: &mut BTreeSet<Turn>, too_early: &BTreeSet<Turn>) -> Option<Turn> {
        let found = found(&*self.keeper.fs, &self.keeper.place).ok()?;
        let plain: Vec<Turn> =
            found.into_iter().filter(|(_, shape)| *shape == Shape::Plain).map(|(turn, _)| turn).collect();
        skipped.retain(|turn| plain.contains(turn));
        plain.into_iter().find(|turn| !skipped.contains(turn) && !too_early.contains(turn))
    }

    fn pack(&self, turn: Turn) -> io::Result<Packed> {
        let (fs, place) = (&*self.keeper.fs, &*self.keeper.place);
        let codec = self.compression.codec;
        let [source, partial, packed] =
            [Shape::Plain, Shape::Partial(codec), Shape::Packed(codec)].map(|shape| place.archive(turn, shape));
        let file = match fs.open_to_read(&source) {
            // Retention was quicker.
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Packed::Skipped),
            file => file?,
        };
        let before = fs.metadata(&file)?;
        if !before.is_file() {
            return Ok(Packed::Skipped);
        }
        // A name that was reserved for it, or the file itself, of which nobody has said yet that it is put away.
        if before.len() == 0 || self.keeper.is_live(&before) {
            return Ok(Packed::TooEarly);
        }
        if fs.metadata_at(&packed).is_ok() {
            return self.settle(&file, &before, &source, &packed);
        }
        if !self.keeper.make_room(turn, before.len(), Clock::system().now().seconds()) {
            return Ok(Packed::Skipped);
        }
        let done = self.pack_to(&file, &before, &partial).and_then(|packs| {
            if packs == Packed::Done {
                fs.link(&partial, &packed)?;
            }
            Ok(packs)
        });
        let removed = fs.remove(&partial);
        if done? == Packed::Skipped {
            return Ok(Packed::Skipped);
        }
        removed?;
        // Only when its name outlives a loss of power may the source go.
        fs.sync_directory(&place.directory)?;
        fs.remove(&source)?;
        Ok(Packed::Done)
    }

    /// Writes the compressed form, and syncs it.
    fn pack_to(&self, source: &File, before: &Metadata, partial: &Path) -> io::Result<Packed> {
        let fs = &*self.keeper.fs;
        let created = fs.create(partial, 0o600);
        let file = match created {
            // Left behind by somebody who died: it is worth nothing.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                fs.remove(partial)?;
                fs.create(partial, 0o600)?
            }
            created => created?,
        };
        let sink = Through { fs, file: &file, left: before.len(), is_over: false };
        let mut writer = Writer::new(sink, self.compression)?;
        let copied = self.copy(source, &mut writer);
        if writer.through().is_over {
            // It does not get smaller.
            return Ok(Packed::Skipped);
        }
        let read = copied?;
        match writer.finish() {
            Ok(sink) if sink.is_over => return Ok(Packed::Skipped),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::FileTooLarge => return Ok(Packed::Skipped),
            Err(error) => return Err(error),
        }
        let after = fs.metadata(source)?;
        if read != before.len() || after.len() != read {
            return Err(io::Error::other("somebody wrote to it meanwhile"));
        }
        fs.resemble(&file, before)?;
        fs.sync(&file)?;
        Ok(Packed::Done)
    }

    fn copy(&self, source: &File, writer: &mut impl Write) -> io::Result<u64> {
        let (mut buffer, mut total) = (vec![0; PIECE], 0);
        loop {
            if self.is_cancelled.load(Ordering::Relaxed) {
                return Err(io::Error::other("there is no time left"));
            }
            match self.keeper.fs.read(source, &mut buffer)? {
                0 => return Ok(total),
                read => {
                    writer.write_all(&buffer[..read])?;
                    total += read as u64;
                }
            }
        }
    }

    /// There are both: somebody died before the source was removed. That is made up for, if they are the same.
    fn settle(&self, source: &File, before: &Metadata, path: &Path, packed: &Path) -> io::Result<Packed> {
        let fs = &*self.keeper.fs;
        let file = fs.open_to_read(packed)?;
        let [packs, reads] = [&file, source].map(|file| Reading { fs, file });
        // What cannot be read to its end is not the same.
        let is_same = is_unpacked(self.compression.codec, packs, reads).unwrap_or(false);
        let is_still = fs.metadata_at(path).is_ok_and(|there| Identity::of(&there) == Identity::of(before));
        if !is_same || !is_still {
            report_fault("file", format_args!("{packed:?} is not what {path:?} would become: both stay"));
            return Ok(Packed::Skipped);
        }
        fs.sync(&file)?;
        fs.sync_directory(&self.keeper.place.directory)?;
        fs.remove(path)?;
        Ok(Packed::Done)
    }
}

/// What came of an archive.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Packed {
    Done,
    /// It stays as it is.
    Skipped,
    /// It is not there yet.
    TooEarly,
}

const PIECE: usize = 64 * 1024;

/// Writes to a file, but no more than the source has: what grows by compression is not compressed.
struct Through<'a> {
    fs: &'a dyn Fs,
    file: &'a File,
    left: u64,
    is_over: bool,
}

impl Write for Through<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.len() as u64 > self.left {
            self.is_over = true;
            return Err(ErrorKind::FileTooLarge.into());
        }
        let written = self.fs.write(self.file, bytes)?;
        self.left -= written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Reads a file.
struct Reading<'a> {
    fs: &'a dyn Fs,
    file: &'a File,
}

impl Read for Reading<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.fs.read(self.file, buffer)
    }
}

enum Writer<'a> {
    Gzip(flate2::write::GzEncoder<Through<'a>>),
    #[cfg(feature = "zstd")]
    Zstd(zstd::stream::write::Encoder<'static, Through<'a>>),
}

impl<'a> Writer<'a> {
    fn new(through: Through<'a>, compression: Compression) -> io::Result<Writer<'a>> {
        match compression.codec {
            #[cfg(feature = "zstd")]
            Codec::Zstd => Ok(Writer::Zstd(zstd::stream::write::Encoder::new(through, compression.level)?)),
            #[cfg(not(feature = "zstd"))]
            Codec::Zstd => Err(ErrorKind::Unsupported.into()),
            Codec::Gzip => {
                let level = flate2::Compression::new(compression.level.unsigned_abs());
                Ok(Writer::Gzip(flate2::write::GzEncoder::new(through, level)))
            }
        }
    }

    fn through(&self) -> &Through<'a> {
        match self {
            Writer::Gzip(writer) => writer.get_ref(),
            #[cfg(feature = "zstd")]
            Writer::Zstd(writer) => writer.get_ref(),
        }
    }

    fn finish(self) -> io::Result<Through<'a>> {
        match self {
            Writer::Gzip(writer) => writer.finish(),
            #[cfg(feature = "zstd")]
            Writer::Zstd(writer) => writer.finish(),
        }
    }
}

impl Write for Writer<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Writer::Gzip(writer) => writer.write(bytes),
            #[cfg(feature = "zstd")]
            Writer::Zstd(writer) => writer.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Whether one is the other, compressed.
fn is_unpacked(codec: Codec, packed: Reading<'_>, plain: Reading<'_>) -> io::Result<bool> {
    match codec {
        Codec::Gzip => is_same(flate2::read::MultiGzDecoder::new(packed), plain),
        #[cfg(feature = "zstd")]
        Codec::Zstd => is_same(zstd::stream::read::Decoder::new(packed)?, plain),
        #[cfg(not(feature = "zstd"))]
        Codec::Zstd => Ok(false),
    }
}

fn is_same(mut one: impl Read, mut other: impl Read) -> io::Result<bool> {
    let (mut first, mut second) = (vec![0; PIECE], vec![0; PIECE]);
    loop {
        let read = one.read(&mut first)?;
        if read == 0 {
            return Ok(other.read(&mut second[..1])? == 0);
        }
        match other.read_exact(&mut second[..read]) {
            Ok(()) if first[..read] == second[..read] => {}
            Ok(()) => return Ok(false),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(false),
            Err(error) => return Err(error),
        }
    }
}

/// Compresses what there is at a place, once.
#[cfg(test)]
pub(crate) fn pack_at(fs: Arc<dyn Fs>, path: &Path, compression: Compression) {
    use crate::{archive::Place, options::Retention};
    let keeper = Arc::new(Keeper::new(fs, Arc::new(Place::of(path)), Retention::new()));
    keeper.clean();
    Packer::new(keeper, compression).shared.pack_all(&mut BTreeSet::new());
}

#[cfg(test)]
pub(crate) fn unpack(path: &Path) -> Option<Vec<u8>> {
    let mut unpacked = Vec::new();
    flate2::read::MultiGzDecoder::new(File::open(path).ok()?).read_to_end(&mut unpacked).ok()?;
    Some(unpacked)
}
