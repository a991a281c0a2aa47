//! A file that is written to on the thread that logs.

use crate::errand::Errand;
use crate::live::{Live, Stopped};
use crate::options::Buffer;
use hyperlog_core::{
    Account, Condition, DropReason, LastError, Level, Line, LossBell, Sink, SinkError, Written, report_fault,
};
use hyperlog_delivery::Origin;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// Writes each record to a file before the call that logs it returns, or from a buffer of its own.
///
/// Whatever happens to the file happens to the thread that logs: it waits for a slow disk, and puts archives away. What has
/// requests to answer is better served by [`File::start`](crate::File::start).
pub struct Direct {
    shared: Arc<Shared>,
    is_buffered: bool,
    origin: Origin,
    flushing: Errand,
    closing: Errand,
}

/// What a thread that flushes or closes has too.
struct Shared {
    desk: Mutex<Desk>,
    bell: OnceLock<LossBell>,
}

struct Desk {
    live: Live,
    held: Option<Held>,
    is_closed: bool,
    is_troubled: bool,
    last_error: Option<(String, Instant)>,
}

/// Records that wait in memory.
struct Held {
    most: usize,
    bytes: Vec<u8>,
    marks: Vec<(usize, Level)>,
    /// The second of the first of them.
    since: i64,
    account: Account,
}

impl Direct {
    pub(crate) fn new(live: Live, buffer: Buffer) -> Direct {
        let held = match buffer {
            Buffer::Nothing => None,
            Buffer::Bytes(most) => Some(Held::new(most)),
        };
        let is_buffered = held.is_some();
        let desk = Desk { live, held, is_closed: false, is_troubled: false, last_error: None };
        let shared = Arc::new(Shared { desk: Mutex::new(desk), bell: OnceLock::new() });
        let (flushing, closing) = (Errand::default(), Errand::default());
        Direct { shared, is_buffered, origin: Origin::here(), flushing, closing }
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.shared.desk()
    }

    fn is_forked(&self) -> bool {
        self.is_buffered && !self.origin.is_here()
    }
}

impl Shared {
    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn close(&self, deadline: Duration) -> io::Result<()> {
        let mut desk = self.desk();
        let (lost, closed) = desk.close(deadline);
        drop(desk);
        if lost == 0 {
            return closed;
        }
        if let Some(bell) = self.bell.get() {
            bell.ring();
        }
        closed.and(Err(io::Error::other("the rest is counted as lost")))
    }
}

impl std::fmt::Debug for Direct {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Direct").field("is_buffered", &self.is_buffered).finish_non_exhaustive()
    }
}

impl Sink for Direct {
    fn begin(&self, preamble: &[u8]) {
        let mut desk = self.desk();
        if let Err(error) = desk.live.begin(preamble) {
            report_fault("file", format_args!("cannot write the head of {:?}: {error}", desk.live.path()));
        }
    }

    #[inline]
    fn write(&self, line: &Line<'_>) -> Written {
        // What a child of a fork holds is its parent's, who writes it.
        if self.is_forked() {
            return Written::Dropped(DropReason::Forked);
        }
        let mut desk = self.desk();
        if desk.is_closed {
            return Written::Closed;
        }
        if self.is_buffered {
            return desk.hold(line);
        }
        match desk.live.append_one(line.bytes, line.timestamp) {
            Ok(()) if !desk.is_troubled => Written::Done,
            Ok(()) => {
                desk.is_troubled = false;
                Written::Done
            }
            Err(error) => {
                desk.complain("write to", &error);
                Written::Dropped(DropReason::Failed)
            }
        }
    }

    fn flush(&self, deadline: Duration) -> Result<(), SinkError> {
        if self.is_forked() {
            return Ok(());
        }
        let shared = Arc::clone(&self.shared);
        match self.flushing.run(deadline, move || shared.desk().flush()) {
            Some(flushed) => flushed.map_err(|error| SinkError::new("flush the file", error)),
            None => Err(SinkError::deadline("flush the file")),
        }
    }

    fn close(&self, deadline: Duration) -> Result<(), SinkError> {
        if self.is_forked() {
            return Ok(());
        }
        let shared = Arc::clone(&self.shared);
        match self.closing.run(deadline.max(GRACE), move || shared.close(deadline)) {
            Some(closed) => closed.map_err(|error| SinkError::new("write all to the file and close it", error)),
            None => Err(SinkError::deadline("write all to the file and close it")),
        }
    }

    fn condition(&self) -> Condition {
        let desk = self.desk();
        match &desk.last_error {
            _ if desk.is_closed => Condition::Failed("it was closed".to_owned()),
            Some((trouble, _)) if desk.is_troubled => Condition::Degraded(trouble.clone()),
            _ => Condition::Well,
        }
    }

    fn last_error(&self) -> Option<LastError> {
        self.desk().last_error.as_ref().map(|(what, at)| LastError::new(what, at.elapsed()))
    }

    fn account(&self) -> Option<Account> {
        if self.is_forked() {
            return None;
        }
        self.desk().held.as_ref().map(Held::account)
    }

    fn attach(&self, bell: LossBell) {
        let _ = self.shared.bell.set(bell);
    }
}

impl Drop for Direct {
    fn drop(&mut self) {
        if !self.is_forked() {
            // Who wants to know what came of it closes it.
            let _ = self.close(CLOSE_WITHIN);
        }
    }
}

/// How long the end waits at least: for what takes no time unless the disk hangs, and is lost with the process otherwise.
const GRACE: Duration = Duration::from_millis(100);

/// How long the end takes at most, where it is the drop that closes.
const CLOSE_WITHIN: Duration = Duration::from_secs(10);

impl Desk {
    /// Takes a record into memory, and writes what is there when it is time.
    fn hold(&mut self, line: &Line<'_>) -> Written {
        let Some(held) = &mut self.held else { return Written::Dropped(DropReason::Failed) };
        let second = line.timestamp.seconds();
        if !held.bytes.is_empty() && (second != held.since || !held.has_room_for(line.bytes.len())) {
            // What came of it decides below, by whether there is room.
            let _ = self.write_held();
        }
        let Some(held) = &mut self.held else { return Written::Dropped(DropReason::Failed) };
        if !held.has_room_for(line.bytes.len()) && !held.bytes.is_empty() {
            return Written::Dropped(DropReason::Full);
        }
        held.push(line);
        if line.level >= Level::ERROR || !held.has_room_for(1) {
            let _ = self.write_held();
        }
        Written::Queued
    }

    /// Writes what waits in memory. What could not be written stays there.
    fn write_held(&mut self) -> io::Result<()> {
        let Desk { live, held: Some(held), .. } = self else { return Ok(()) };
        if held.bytes.is_empty() {
            return Ok(());
        }
        let written = live.append([&*held.bytes].into_iter(), || held.records(), held.bytes.len());
        match written {
            Ok(()) => {
                held.settle(usize::MAX);
                self.is_troubled = false;
                Ok(())
            }
            Err(Stopped { arrived, error }) => {
                held.settle(arrived);
                self.complain("write to", &error);
                Err(error)
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.is_closed {
            return Ok(());
        }
        self.write_held()?;
        let synced = self.live.sync();
        if let Err(error) = &synced {
            self.complain("sync", error);
        }
        synced
    }

    /// Returns how many records were lost by it, too.
    fn close(&mut self, deadline: Duration) -> (u64, io::Result<()>) {
        if self.is_closed {
            return (0, Ok(()));
        }
        // What could not be written is counted next.
        let _ = self.write_held();
        self.is_closed = true;
        let lost = self.held.as_mut().map_or(0, Held::abandon);
        (lost, self.live.close(deadline))
    }

    #[cold]
    fn complain(&mut self, deed: &str, error: &io::Error) {
        report_fault("file", format_args!("cannot {deed} {:?}: {error}", self.live.path()));
        self.is_troubled = true;
        self.last_error = Some((format!("cannot {deed} the file: {error}"), Instant::now()));
    }
}

/// How much memory a buffer has before there is anything in it.
const AT_FIRST: usize = 64 * 1024;

impl Held {
    fn new(most: usize) -> Held {
        let account = Account::new();
        // The bound may be one that no memory has.
        Held { most, bytes: Vec::with_capacity(most.min(AT_FIRST)), marks: Vec::new(), since: 0, account }
    }

    fn has_room_for(&self, length: usize) -> bool {
        self.bytes.len().saturating_add(length) <= self.most
    }

    fn push(&mut self, line: &Line<'_>) {
        if self.bytes.is_empty() {
            self.since = line.timestamp.seconds();
        }
        self.bytes.extend_from_slice(line.bytes);
        self.marks.push((line.bytes.len(), line.level));
    }

    fn records(&self) -> impl Iterator<Item = &[u8]> {
        let mut begin = 0;
        self.marks.iter().map(move |(length, _)| {
            let record = &self.bytes[begin..begin + length];
            begin += length;
            record
        })
    }

    /// The first so many have left.
    fn settle(&mut self, records: usize) {
        let records = records.min(self.marks.len());
        let mut bytes = 0;
        for (length, level) in self.marks.drain(..records) {
            bytes += length;
            self.account.left.add(level, 1);
        }
        self.bytes.drain(..bytes);
        // One that was larger than all else must not keep its room for ever.
        self.bytes.shrink_to(self.most);
    }

    fn abandon(&mut self) -> u64 {
        let lost = self.marks.len() as u64;
        for (_, level) in self.marks.drain(..) {
            self.account.lose(DropReason::Abandoned, level, 1);
        }
        self.bytes.clear();
        lost
    }

    fn account(&self) -> Account {
        let mut account = self.account.clone();
        self.marks.iter().for_each(|(_, level)| account.pending.add(*level, 1));
        account
    }
}
