//! The file that is written to: opened, appended to, put away, and found again when others have moved it.
//!
//! Both outputs write through it, the queued one and the direct one, so that there is one answer to everything that can
//! happen to a file.

use crate::archive::{Place, Shape, Turn};
use crate::error::{FileError, not_a_file};
use crate::fs::{Fs, Identity, Lock, written_at};
use crate::handle::FileHandle;
use crate::open::{Open, Tail};
use crate::options::{Options, Sharing};
use crate::pack::Packer;
use crate::retention::{Keeper, found};
use crate::rotation::Schedule;
use crate::ticket::Ticket;
use hyperlog_core::{Timestamp, report_fault};
use std::fs::{File, Metadata};
use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// A file, and what is known of it and its archives.
pub(crate) struct Live {
    fs: Arc<dyn Fs>,
    place: Arc<Place>,
    options: Options,
    handle: FileHandle,
    /// Held as long as this output writes.
    lock: Option<Claim>,
    open: Option<Open>,
    schedule: Schedule,
    /// What a file begins with.
    preamble: Vec<u8>,
    /// The last archive.
    turn: Turn,
    /// The second in which the path was last looked at; `None` if it must be before anything else is done.
    looked_at: Option<i64>,
    /// The second in which a rotation failed, until which no other is tried.
    deferred_at: Option<i64>,
    /// Put away, and not synced yet.
    unsynced: Vec<File>,
    is_directory_unsynced: bool,
    keeper: Arc<Keeper>,
    packer: Option<Packer>,
    /// Its place among the outputs of this process that write to the file. It is left after the lock.
    ticket: Option<Ticket>,
    /// Others come first.
    is_waiting: bool,
    is_closed: bool,
}

/// A lock against other outputs.
struct Claim {
    /// Whose descriptor holds it.
    _file: File,
    on: LockOn,
}

/// What is locked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LockOn {
    /// A file beside, which stays where it is.
    Beside,
    /// The file itself, since there could be none beside it: each new one is locked again.
    Itself,
}

/// Writing ended before all was written.
pub(crate) struct Stopped {
    /// How many records stand in the file as a whole.
    pub(crate) arrived: usize,
    pub(crate) error: io::Error,
}

/// So many files that were put away are kept open to be synced when somebody asks for it. Beyond them each is synced when it
/// is put away.
const MOST_UNSYNCED: usize = 16;

impl Live {
    /// Opens the file, and puts the place in order.
    pub(crate) fn start(
        fs: Arc<dyn Fs>,
        place: Place,
        options: Options,
        handle: FileHandle,
    ) -> Result<Live, FileError> {
        let place = Arc::new(place);
        let keeper = Arc::new(Keeper::new(Arc::clone(&fs), Arc::clone(&place), options.retention));
        let packer = options.compression.map(|compression| Packer::new(Arc::clone(&keeper), compression));
        let mut live = Live {
            schedule: Schedule::new(options.rotation),
            fs,
            place,
            options,
            handle,
            lock: None,
            open: None,
            preamble: Vec::new(),
            turn: Turn::NONE,
            looked_at: None,
            deferred_at: None,
            unsynced: Vec::new(),
            is_directory_unsynced: false,
            keeper,
            packer,
            ticket: None,
            is_waiting: false,
            is_closed: false,
        };
        let path = live.place.path.clone();
        live.create_directories().map_err(|error| FileError::failed(&path, error))?;
        if let Ok(directory) = live.fs.metadata_at(&live.place.directory) {
            live.ticket = Some(Ticket::draw(Identity::of(&directory), path.file_name().unwrap_or_default()));
        }
        live.is_waiting = !live.is_next();
        if live.is_waiting && live.options.is_in_turn {
            return Ok(live);
        }
        match !live.is_waiting && live.enter().map_err(|error| FileError::failed(&path, error))? {
            true => Ok(live),
            false => Err(FileError::taken(&path)),
        }
    }

    /// Whether no other output of this process comes first. One that shares the file waits for none, and is waited for.
    fn is_next(&self) -> bool {
        self.is_shared() || self.ticket.as_ref().is_none_or(Ticket::is_first)
    }

    /// Opens the file, unless another process has it. Says whether it did.
    fn enter(&mut self) -> io::Result<bool> {
        // Before the lock, which may lie on the file itself.
        let now = self.now();
        self.open = Some(self.open(now)?);
        if self.take_lock() == Lock::Refused && !self.is_shared() {
            self.open = None;
            return Ok(false);
        }
        self.looked_at = Some(now);
        self.note_identity();
        if self.lock.is_some() {
            self.find_archives();
        }
        Ok(true)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.place.path
    }

    fn now(&self) -> i64 {
        self.options.clock.now().seconds()
    }

    fn is_shared(&self) -> bool {
        self.options.sharing == Sharing::Shared
    }
}

/// Writing.
impl Live {
    /// What each file begins with.
    pub(crate) fn begin(&mut self, preamble: &[u8]) -> io::Result<()> {
        preamble.clone_into(&mut self.preamble);
        match &mut self.open {
            Some(open) if open.size == 0 => open.put(&*self.fs, [preamble].into_iter()).map_err(|(_, error)| {
                // The next file has it again; this one has what it has.
                open.tail = Tail::Excess(0);
                error
            }),
            _ => Ok(()),
        }
    }

    /// Writes one record, as cheaply as can be where nothing is to be looked at.
    #[inline]
    pub(crate) fn append_one(&mut self, record: &[u8], timestamp: Timestamp) -> io::Result<()> {
        // The second of the record stands for that of the clock: another one, and all is looked at.
        if self.looked_at == Some(timestamp.seconds())
            && self.handle.is_quiet()
            && self.fits(0, record.len())
            && let Some(open) = &mut self.open
            && open.tail == Tail::Whole
            && !open.is_distrusted
            && !matches!(self.options.sharing, Sharing::Shared)
            && let Ok(written) = self.fs.write(&open.file, record)
        {
            open.is_unsynced = true;
            open.size += written as u64;
            if written == record.len() {
                return Ok(());
            }
            return self.complete(record, written);
        }
        self.append([record].into_iter(), || [record].into_iter(), record.len()).map_err(|stopped| stopped.error)
    }

    /// The rest of a record that was written in part.
    #[cold]
    fn complete(&mut self, record: &[u8], written: usize) -> io::Result<()> {
        let Some(open) = &mut self.open else { return Err(ErrorKind::NotFound.into()) };
        let rest = record.get(written..).unwrap_or_default();
        let Err((more, error)) = open.put(&*self.fs, [rest].into_iter()) else { return Ok(()) };
        let begin = open.size - (written + more) as u64;
        open.cut_to(&*self.fs, begin, self.options.sharing);
        self.looked_at = None;
        Err(error)
    }

    /// Writes these records, which lie in these pieces, in as few calls as can be.
    pub(crate) fn append<'a, R: Iterator<Item = &'a [u8]>>(
        &mut self,
        pieces: impl Iterator<Item = &'a [u8]>,
        records: impl Fn() -> R,
        bytes: usize,
    ) -> Result<(), Stopped> {
        let is_line = records().next().is_some_and(|record| record.ends_with(b"\n"));
        let prepared = self.prepare().and_then(|()| self.mend(is_line));
        if let Err(error) = prepared {
            self.looked_at = None;
            return Err(Stopped { arrived: 0, error });
        }
        match self.has_room_for(bytes) {
            true => self.put(pieces, records),
            false => self.append_apart(records()),
        }
    }

    /// Writes records, with a new file wherever the next one does not fit.
    fn append_apart<'a>(&mut self, records: impl Iterator<Item = &'a [u8]>) -> Result<(), Stopped> {
        let (mut arrived, mut group, mut bytes) = (0, Vec::new(), 0);
        let stopped = |arrived, stopped: Stopped| Stopped { arrived: arrived + stopped.arrived, ..stopped };
        for record in records {
            if !self.fits(bytes, record.len()) {
                self.put(group.iter().copied(), || group.iter().copied()).map_err(|more| stopped(arrived, more))?;
                arrived += group.len();
                group.clear();
                bytes = 0;
                if !self.fits(0, record.len()) {
                    let now = self.now();
                    self.rotate(now);
                    self.mend(true).map_err(|error| Stopped { arrived, error })?;
                }
            }
            bytes += record.len();
            group.push(record);
        }
        self.put(group.iter().copied(), || group.iter().copied()).map_err(|more| stopped(arrived, more))
    }

    /// Whether a record may go into this file, after so many bytes that are about to: one that fits no file has one of its
    /// own.
    #[inline]
    fn fits(&self, before: usize, length: usize) -> bool {
        self.has_room_for(before.saturating_add(length)) || (before == 0 && self.is_begun_by(self.size()))
    }

    /// Whether so many bytes may go into this file, however many records they are.
    #[inline]
    fn has_room_for(&self, bytes: usize) -> bool {
        let Some(most) = self.options.rotation.size else { return true };
        self.size().saturating_add(bytes as u64) <= most || self.deferred_at.is_some()
    }

    #[inline]
    fn size(&self) -> u64 {
        self.open.as_ref().map_or(0, |open| open.size)
    }

    /// Whether there is no record among so many bytes at the begin of the file.
    #[inline]
    fn is_begun_by(&self, size: u64) -> bool {
        size <= self.preamble.len() as u64
    }

    fn put<'a, R: Iterator<Item = &'a [u8]>>(
        &mut self,
        pieces: impl Iterator<Item = &'a [u8]>,
        records: impl Fn() -> R,
    ) -> Result<(), Stopped> {
        let Some(open) = &mut self.open else { return Err(Stopped { arrived: 0, error: ErrorKind::NotFound.into() }) };
        let begin = open.size;
        let Err((written, error)) = open.put(&*self.fs, pieces) else { return Ok(()) };
        let (mut arrived, mut whole) = (0, 0);
        for record in records() {
            if whole + record.len() > written {
                break;
            }
            (arrived, whole) = (arrived + 1, whole + record.len());
        }
        if written > whole {
            open.cut_to(&*self.fs, begin + whole as u64, self.options.sharing);
        }
        self.looked_at = None;
        if error.kind() == ErrorKind::FileTooLarge {
            self.handle.rotate();
        }
        Err(Stopped { arrived, error })
    }

    /// Sees to it that the next record begins on a line of its own.
    fn mend(&mut self, is_line: bool) -> io::Result<()> {
        let Some(open) = &mut self.open else { return Err(ErrorKind::NotFound.into()) };
        open.forget_tail_if_cut(&*self.fs);
        if let Tail::Excess(length) = open.tail {
            match self.fs.cut(&open.file, length) {
                Ok(()) => (open.size, open.tail) = (length, Tail::Whole),
                Err(_) => open.tail = Tail::Torn,
            }
        }
        if open.tail == Tail::Torn {
            if is_line {
                open.put(&*self.fs, [&b"\n"[..]].into_iter()).map_err(|(_, error)| error)?;
            }
            open.tail = Tail::Whole;
        }
        if open.size == 0
            && !self.preamble.is_empty()
            && let Err((_, error)) = open.put(&*self.fs, [&*self.preamble].into_iter())
        {
            open.tail = Tail::Excess(0);
            return Err(error);
        }
        Ok(())
    }
}

/// Looking at what is there.
impl Live {
    /// Before records are written: what was asked for, what others did, what the clock says.
    fn prepare(&mut self) -> io::Result<()> {
        if self.is_closed {
            return Err(io::Error::new(ErrorKind::BrokenPipe, "the output was closed"));
        }
        if self.is_waiting {
            if !self.is_next() || !self.enter()? {
                return Err(io::Error::new(ErrorKind::ResourceBusy, "the output before has not closed it yet"));
            }
            self.is_waiting = false;
        }
        let now = self.now();
        if self.handle.take_reopen() {
            self.looked_at = None;
        }
        if self.looked_at != Some(now) || self.is_shared() {
            self.look(now)?;
            self.looked_at = Some(now);
        }
        if self.deferred_at.is_some_and(|second| second != now) {
            self.deferred_at = None;
        }
        let is_distrusted = self.open.as_ref().is_some_and(|open| open.is_distrusted);
        let is_due = self.schedule.passes(now);
        if self.handle.take_rotate() || is_due || is_distrusted {
            self.rotate(now);
        }
        Ok(())
    }

    /// When there is nothing to write.
    pub(crate) fn tick(&mut self) -> io::Result<()> {
        match self.prepare() {
            Err(_) if self.is_waiting => Ok(()),
            prepared => prepared,
        }
    }

    /// Whether the path still leads to the open file.
    fn look(&mut self, now: i64) -> io::Result<()> {
        if self.lock.is_none() && self.is_shared() && self.take_lock() == Lock::Taken {
            self.find_archives();
        }
        match (self.fs.metadata_at(&self.place.path), &mut self.open) {
            (Ok(there), Some(open)) if Identity::of(&there) == open.identity => {
                // Another one may have cut it, or written to it.
                open.size = there.len();
                Ok(())
            }
            // What is written to a file that has no name any more is lost, even if it seems to be written.
            (Err(error), Some(open)) if error.kind() != ErrorKind::NotFound && open.has_name(&*self.fs) => Ok(()),
            _ => self.reopen(now),
        }
    }

    /// Writes to what the path leads to from here on. As long as that cannot be, to the old file, if that still has a name.
    fn reopen(&mut self, now: i64) -> io::Result<()> {
        match self.open(now) {
            Ok(open) => {
                self.replace(open);
                Ok(())
            }
            Err(error) => match &self.open {
                Some(open) if open.has_name(&*self.fs) => {
                    report_fault(
                        "file",
                        format_args!("cannot reopen {:?}, the old file is used: {error}", self.path()),
                    );
                    Ok(())
                }
                _ => Err(error),
            },
        }
    }

    fn replace(&mut self, open: Open) {
        let old = self.open.replace(open);
        self.note_identity();
        if self.lock.as_ref().is_some_and(|claim| claim.on == LockOn::Itself) {
            let own = self.own_file().unwrap_or(Err(ErrorKind::NotFound.into()));
            if self.claim(own, LockOn::Itself) == Lock::Refused {
                report_fault("file", format_args!("another output writes to {:?} too", self.path()));
            }
        }
        let Some(old) = old.filter(|old| old.is_unsynced && !old.is_distrusted) else { return };
        if self.unsynced.len() >= MOST_UNSYNCED {
            let oldest = self.unsynced.remove(0);
            if let Err(error) = self.fs.sync(&oldest) {
                report_fault("file", format_args!("cannot sync what was put away of {:?}: {error}", self.path()));
            }
        }
        self.unsynced.push(old.file);
    }

    /// Opens the file, or creates it, with the directories on the way to it.
    fn open(&mut self, now: i64) -> io::Result<Open> {
        match self.open_or_create(now) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.create_directories()?;
                let open = self.open_or_create(now)?;
                // The lock has gone with its directory.
                if self.lock.is_some() && self.take_lock() == Lock::Refused && !self.is_shared() {
                    return Err(io::Error::new(ErrorKind::ResourceBusy, "another output writes to it now"));
                }
                Ok(open)
            }
            opened => opened,
        }
    }

    fn open_or_create(&mut self, now: i64) -> io::Result<Open> {
        // Others may create and remove it meanwhile, but not for ever.
        for _ in 0..8 {
            match self.fs.open(&self.place.path) {
                Ok(file) => return self.found(file, now),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                // A pipe that nobody reads.
                Err(error) if is_pipe(&error) => return Err(not_a_file()),
                Err(error) => return Err(error),
            }
            match self.create(now) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                created => return created,
            }
        }
        Err(ErrorKind::ResourceBusy.into())
    }

    fn create(&mut self, now: i64) -> io::Result<Open> {
        let file = self.fs.create(&self.place.path, self.options.mode)?;
        let metadata = self.fs.metadata(&file)?;
        self.schedule.begin(now);
        self.is_directory_unsynced = true;
        Ok(Open::new(file, &metadata, Tail::Whole))
    }

    /// A file that was there.
    fn found(&mut self, file: File, now: i64) -> io::Result<Open> {
        let metadata = self.fs.metadata(&file)?;
        if !metadata.is_file() {
            return Err(not_a_file());
        }
        let written_at = match metadata.len() {
            0 => now,
            // Of a time to come it cannot be: a clock was set back.
            _ => written_at(&metadata).unwrap_or(now).min(now),
        };
        self.schedule.begin(written_at);
        let is_torn = !self.is_shared() && metadata.len() > 0 && self.is_torn(metadata.len());
        Ok(Open::new(file, &metadata, if is_torn { Tail::Torn } else { Tail::Whole }))
    }

    /// Whether a file does not end with the end of a line, as when the process that wrote to it died.
    fn is_torn(&self, length: u64) -> bool {
        use std::io::{Seek, SeekFrom};
        let Ok(mut file) = self.fs.open_to_read(&self.place.path) else { return false };
        let mut last = [b'\n'];
        let is_read = file.seek(SeekFrom::Start(length - 1)).and_then(|_| self.fs.read(&file, &mut last));
        is_read.is_ok() && last != [b'\n']
    }

    fn create_directories(&mut self) -> io::Result<()> {
        let missing = self.place.directory.ancestors().take_while(|directory| {
            let there = self.fs.metadata_at(directory);
            !directory.as_os_str().is_empty() && there.is_err_and(|error| error.kind() == ErrorKind::NotFound)
        });
        let missing: Vec<&Path> = missing.collect();
        for directory in missing.into_iter().rev() {
            match self.fs.create_directory(directory, self.options.directory_mode) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                created => created?,
            }
        }
        Ok(())
    }

    /// Takes the lock beside the file, or on the file itself where nothing can be created beside it.
    fn take_lock(&mut self) -> Lock {
        match self.fs.open_lock(&self.place.lock(), self.options.mode) {
            Ok(file) => self.claim(Ok(file), LockOn::Beside),
            Err(error) => self.claim(self.own_file().unwrap_or(Err(error)), LockOn::Itself),
        }
    }

    fn own_file(&self) -> Option<io::Result<File>> {
        self.open.as_ref().map(|open| open.file.try_clone())
    }

    fn claim(&mut self, file: io::Result<File>, on: LockOn) -> Lock {
        match file.and_then(|file| Ok((self.fs.lock(&file)?, file))) {
            Ok((Lock::Taken, file)) => {
                self.lock = Some(Claim { _file: file, on });
                Lock::Taken
            }
            Ok((Lock::Refused, _)) => {
                self.lock = None;
                Lock::Refused
            }
            Err(error) => {
                // Where there are no locks nobody can have one.
                report_fault(
                    "file",
                    format_args!("{:?} cannot be locked against other processes: {error}", self.path()),
                );
                self.lock = self.own_file().and_then(Result::ok).map(|file| Claim { _file: file, on });
                Lock::Taken
            }
        }
    }

    fn note_identity(&self) {
        self.keeper.note_live(self.open.as_ref().map(|open| open.identity));
    }
}

/// Putting away.
impl Live {
    /// Looks for archives that are there already: names go on after them, and what exceeds the bounds goes.
    fn find_archives(&mut self) {
        self.keeper.clean();
        match found(&*self.fs, &self.place) {
            Ok(archives) => {
                self.turn = archives.last().map_or(Turn::NONE, |(turn, _)| *turn);
                let has_plain = archives.iter().any(|(_, shape)| *shape == Shape::Plain);
                self.keeper.tidy(self.now(), self.size());
                if let Some(packer) = self.packer.as_mut().filter(|_| has_plain) {
                    packer.wake();
                }
            }
            Err(error) => report_fault("file", format_args!("cannot look for archives of {:?}: {error}", self.path())),
        }
    }

    /// Begins a new file, and puts the old one away. If that cannot be, writing goes on as it was, and it is tried again.
    fn rotate(&mut self, now: i64) {
        if self.deferred_at == Some(now) {
            return;
        }
        let is_empty = self.open.as_ref().is_none_or(|open| self.is_begun_by(open.size) && !open.is_distrusted);
        if is_empty {
            self.schedule.begin(now);
            return;
        }
        // Only whoever holds the lock rotates: the others find the new file.
        if self.lock.is_none() {
            self.deferred_at = Some(now);
            return;
        }
        match self.put_away(now) {
            Ok(()) => {
                self.keeper.tidy(now, 0);
                if let Some(packer) = &mut self.packer {
                    packer.wake();
                }
            }
            Err(error) => {
                self.deferred_at = Some(now);
                // It may have been done halfway.
                self.looked_at = None;
                report_fault("file", format_args!("cannot rotate {:?}, it grows on: {error}", self.path()));
            }
        }
    }

    /// Reserves a name by creating it, which never takes one that is taken; and renames the file to it, over the file that
    /// holds its place.
    fn put_away(&mut self, now: i64) -> io::Result<()> {
        let there = self.fs.metadata_at(&self.place.path)?;
        if self.open.as_ref().is_none_or(|open| open.identity != Identity::of(&there)) {
            return self.reopen(now);
        }
        let (archive, turn, reserved) = self.reserve(now)?;
        if let Err(error) = self.fs.rename(&self.place.path, &archive) {
            self.give_up(&archive, reserved);
            return Err(error);
        }
        self.turn = turn;
        self.is_directory_unsynced = true;
        match self.create(now) {
            Ok(open) => self.replace(open),
            // Another one was quicker: its file is written to.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return self.reopen(now),
            Err(error) => {
                self.put_back(&archive);
                return Err(error);
            }
        }
        Ok(())
    }

    fn reserve(&self, now: i64) -> io::Result<(std::path::PathBuf, Turn, Identity)> {
        let mut turn = self.turn.next(now);
        for _ in 0..MOST_TAKEN {
            let packed = crate::archive::Codec::ALL.map(|codec| self.place.archive(turn, Shape::Packed(codec)));
            let archive = self.place.archive(turn, Shape::Plain);
            if !packed.iter().any(|packed| self.fs.metadata_at(packed).is_ok()) {
                match self.fs.create(&archive, self.options.mode) {
                    Ok(file) => {
                        let metadata = self.fs.metadata(&file);
                        let Ok(metadata) = metadata else {
                            // It is empty, and was created a moment ago.
                            drop(self.fs.remove(&archive));
                            return Err(ErrorKind::Other.into());
                        };
                        return Ok((archive, turn, Identity::of(&metadata)));
                    }
                    Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                    Err(error) => return Err(error),
                }
            }
            turn = turn.next(now);
        }
        Err(io::Error::new(ErrorKind::AlreadyExists, "all names for archives are taken"))
    }

    /// Removes what held the place of an archive, if that is still what is there.
    fn give_up(&self, archive: &Path, reserved: Identity) {
        let is_still = |there: Metadata| there.len() == 0 && Identity::of(&there) == reserved;
        if self.fs.metadata_at(archive).is_ok_and(is_still) {
            drop(self.fs.remove(archive));
        }
    }

    /// Gives the file its old name, under which nothing could be created. A link never takes what has come meanwhile.
    fn put_back(&self, archive: &Path) {
        let path = &self.place.path;
        if self.fs.link(archive, path).is_ok() {
            drop(self.fs.remove(archive));
        } else if self.fs.metadata_at(path).is_err_and(|error| error.kind() == ErrorKind::NotFound) {
            drop(self.fs.rename(archive, path));
        }
        // If that failed too, the file is written to under its new name, until the next look at the path.
    }
}

/// As many names in a row may be taken.
const MOST_TAKEN: usize = 1_000;

/// Syncing, and the end.
impl Live {
    /// Sees to it that all that was written outlives a loss of power.
    pub(crate) fn sync(&mut self) -> io::Result<()> {
        let mut result = Ok(());
        for file in std::mem::take(&mut self.unsynced) {
            result = result.and(self.fs.sync(&file));
        }
        if let Some(open) = &mut self.open {
            if open.is_distrusted {
                result = result.and(Err(io::Error::other("a sync of this file has failed before")));
            } else if open.is_unsynced {
                let synced = self.fs.sync(&open.file);
                // The kernel may drop what it could not write and say so once. Another sync would succeed and mean nothing.
                open.is_distrusted = synced.is_err();
                open.is_unsynced = false;
                result = result.and(synced);
            }
        }
        if self.is_directory_unsynced {
            let synced = self.fs.sync_directory(&self.place.directory);
            self.is_directory_unsynced = synced.is_err();
            result = result.and(synced);
        }
        result
    }

    /// Writes nothing more, and lets others.
    pub(crate) fn close(&mut self, deadline: Duration) -> io::Result<()> {
        if std::mem::replace(&mut self.is_closed, true) {
            return Ok(());
        }
        let begun = std::time::Instant::now();
        let synced = self.sync();
        if let Some(packer) = &mut self.packer {
            packer.close(deadline.saturating_sub(begun.elapsed()));
        }
        self.open = None;
        self.lock = None;
        self.ticket = None;
        synced
    }
}

/// That there is a pipe without a reader.
fn is_pipe(error: &io::Error) -> bool {
    #[cfg(unix)]
    return error.raw_os_error() == Some(libc::ENXIO);
    #[cfg(not(unix))]
    return {
        let _ = error;
        false
    };
}
