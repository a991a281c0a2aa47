//! The flight recorder: records of one unit of work, held back as bytes until it is known how the work ends.
//!
//! What ends well leaves nothing behind but the time it took to encode. What fails gives out what it held, in order. A
//! record is encoded when it happens, so that nothing has to be kept alive for it and redaction has seen it; it counts as
//! accepted only when it is given out.

use crate::fault;
use crate::filter::directive::LevelFilter;
use crate::health::Place;
use crate::lane::Outputs;
use crate::level::Level;
use crate::limits;
use crate::partition::Partition;
use crate::sink::Line;
use crate::snapshot::Snapshot;
use crate::time::Timestamp;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Holds back records of one unit of work.
pub(crate) struct Recorder {
    /// From which severity on is held what nobody would have logged.
    severity: AtomicU8,
    /// How many bytes it may hold; the oldest records make room for the newest.
    room: AtomicUsize,
    /// Whether that too is held which passed the levels: nothing of the work is to be seen unless it fails.
    holds_all: AtomicBool,
    /// What the logger did when the work began: formats and outputs as the bytes were made for.
    snapshot: Arc<Snapshot>,
    held: Mutex<Held>,
}

/// Records, one behind the other.
#[derive(Default)]
struct Held {
    bytes: Vec<u8>,
    /// Where the first that is still there begins.
    start: usize,
    marks: VecDeque<Mark>,
    /// How many had to make room.
    lost: u64,
    /// And how many of those had passed the levels.
    lost_wanted: u64,
    /// The template of the last record that came by.
    last: String,
    is_over: bool,
    /// Whether, once it is over, what passes the levels is not seen either: nothing of the work was.
    is_silent: bool,
    reserved: Reserved,
}

struct Mark {
    length: usize,
    format: usize,
    outputs: Outputs,
    level: Level,
    timestamp: Timestamp,
    partition: Partition,
    /// Whether it passed the levels.
    is_wanted: bool,
}

/// A record takes room beside its bytes, of which there may be none.
const MARK: usize = size_of::<Mark>();

/// What became of what was held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    /// So many records were held to the end.
    pub(crate) held: u64,
    /// So many had to make room for later ones.
    pub(crate) lost: u64,
}

/// A record of the snapshot's format of this number, made bytes.
pub(crate) struct Bytes<'a> {
    pub(crate) format: usize,
    /// The outputs that it is for.
    pub(crate) outputs: Outputs,
    pub(crate) line: Line<'a>,
    pub(crate) is_wanted: bool,
}

impl Recorder {
    pub(crate) fn new(level: LevelFilter, room: usize, holds_all: bool, snapshot: Arc<Snapshot>) -> Recorder {
        let held = Mutex::new(spare());
        let (severity, room) = (AtomicU8::new(severity_of(level)), AtomicUsize::new(room));
        Recorder { severity, room, holds_all: AtomicBool::new(holds_all), snapshot, held }
    }

    /// Holds what is of this level, in so much room, from now on.
    #[cfg(feature = "http")]
    pub(crate) fn want(&self, level: LevelFilter, room: usize) {
        self.severity.store(severity_of(level), Ordering::Relaxed);
        self.room.store(room, Ordering::Relaxed);
    }

    fn room(&self) -> usize {
        self.room.load(Ordering::Relaxed)
    }

    pub(crate) fn snapshot(&self) -> &Arc<Snapshot> {
        &self.snapshot
    }

    /// Whether it holds records of a level that nobody would have logged.
    pub(crate) fn wants(&self, level: Level) -> bool {
        level.severity() >= self.severity.load(Ordering::Relaxed)
    }

    /// Whether it holds what passed the levels too.
    pub(crate) fn holds_all(&self) -> bool {
        self.holds_all.load(Ordering::Relaxed)
    }

    /// Holds what passed the levels too, from now on.
    #[cfg(feature = "http")]
    pub(crate) fn hold_all(&self) {
        let held = self.lock();
        if !held.is_over {
            self.holds_all.store(true, Ordering::Relaxed);
        }
    }

    /// Notes what comes by, held or not.
    pub(crate) fn pass(&self, template: &str) {
        let mut held = self.lock();
        held.last.clear();
        held.last.push_str(limits::cut(template, LONGEST_LAST));
    }

    /// The template of the last record that came by.
    #[cfg(feature = "http")]
    pub(crate) fn last(&self) -> Option<String> {
        Some(self.lock().last.clone()).filter(|last| !last.is_empty())
    }

    /// Holds a record; says whether it did: not if the work is over, unless nothing of it is to be seen.
    pub(crate) fn hold(&self, record: &Bytes<'_>) -> bool {
        let mut held = self.lock();
        if held.is_over {
            return held.is_silent;
        }
        held.push(record, self.room());
        true
    }

    /// Gives out what passed the levels, and holds nothing of that kind any more.
    pub(crate) fn give_up_wanted(&self, place: &Place) {
        let taken = {
            let mut held = self.lock();
            if held.is_over {
                return;
            }
            self.holds_all.store(false, Ordering::Relaxed);
            std::mem::take(&mut *held)
        };
        // Not under the lock: what a sink does with a record may log, to this very recorder.
        let mut kept = Held { last: taken.last.clone(), ..Held::default() };
        (kept.lost, kept.lost_wanted) = (taken.lost, taken.lost_wanted);
        taken.for_each(|bytes| match bytes.is_wanted {
            true => self.give(&bytes, place),
            false => kept.push(&bytes, self.room()),
        });
        let mut held = self.lock();
        if held.is_over {
            return;
        }
        let meanwhile = std::mem::replace(&mut *held, kept);
        meanwhile.for_each(|bytes| held.push(&bytes, self.room()));
        held.lost += meanwhile.lost;
        held.lost_wanted += meanwhile.lost_wanted;
    }

    /// The work has ended well: forgets what it holds, and what comes later from what it left running, if nothing of it is
    /// to be seen. Says how many records had to make room that had passed the levels.
    pub(crate) fn forget(&self) -> u64 {
        let held = self.end(self.holds_all());
        let lost = held.lost_wanted;
        keep_spare(held);
        lost
    }

    /// The work has failed: gives out what it holds.
    pub(crate) fn tell(&self, place: &Place) -> Told {
        let held = self.end(false);
        held.for_each(|bytes| self.give(&bytes, place));
        let told = held.told();
        keep_spare(held);
        told
    }

    fn give(&self, bytes: &Bytes<'_>, place: &Place) {
        self.snapshot.formats.give(bytes.format, bytes.outputs, &bytes.line, place);
    }

    fn end(&self, is_silent: bool) -> Held {
        self.holds_all.store(is_silent, Ordering::Relaxed);
        let over = Held { is_over: true, is_silent, ..Held::default() };
        std::mem::replace(&mut *self.lock(), over)
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Of none that there is, if nothing passes.
fn severity_of(level: LevelFilter) -> u8 {
    level.level().map_or(u8::MAX, Level::severity)
}

/// What panics on the way leaves whole records behind, and code of others runs outside of the lock.
impl UnwindSafe for Recorder {}
impl RefUnwindSafe for Recorder {}

impl Held {
    fn push(&mut self, record: &Bytes<'_>, room: usize) {
        let Bytes { format, outputs, line, is_wanted } = *record;
        let length = line.bytes.len();
        let taken = length.saturating_add(MARK);
        if taken > room || !self.reserved.reach(self.bytes.len() + self.marks.len() * MARK + taken) {
            return self.lose(format, is_wanted);
        }
        while self.bytes.len() - self.start + self.marks.len() * MARK + taken > room {
            self.drop_oldest();
        }
        // What was dropped is cut off now and then, so that each byte is moved once at most.
        if self.start > self.bytes.len() / 2 {
            self.bytes.drain(..self.start);
            self.start = 0;
        }
        self.bytes.extend_from_slice(line.bytes);
        let Line { level, timestamp, partition, .. } = line;
        self.marks.push_back(Mark { length, format, outputs, level, timestamp, partition, is_wanted });
    }

    fn drop_oldest(&mut self) {
        match self.marks.pop_front() {
            Some(mark) => {
                self.start += mark.length;
                self.lose(mark.format, mark.is_wanted);
            }
            None => self.start = self.bytes.len(),
        }
    }

    /// A record stands here once for each format, and is counted once.
    fn lose(&mut self, format: usize, is_wanted: bool) {
        let counts = format == 0;
        self.lost += u64::from(counts);
        self.lost_wanted += u64::from(counts && is_wanted);
    }

    fn for_each(&self, mut each: impl FnMut(Bytes<'_>)) {
        let mut rest = &self.bytes[self.start..];
        for Mark { length, format, outputs, level, timestamp, partition, is_wanted } in &self.marks {
            let Some((bytes, behind)) = rest.split_at_checked(*length) else { return };
            rest = behind;
            let line = Line { bytes, level: *level, timestamp: *timestamp, partition: *partition };
            each(Bytes { format: *format, outputs: *outputs, line, is_wanted: *is_wanted });
        }
    }

    fn told(&self) -> Told {
        let held = self.marks.iter().filter(|mark| mark.format == 0).count();
        Told { held: held as u64, lost: self.lost }
    }
}

/// How much of the memory of all recorders one has.
#[derive(Default)]
struct Reserved(usize);

impl Reserved {
    /// Takes as much as is missing; says whether there was enough.
    fn reach(&mut self, needed: usize) -> bool {
        let Some(missing) = needed.checked_sub(self.0).filter(|missing| *missing > 0) else { return true };
        let step = missing.next_multiple_of(STEP);
        if RESERVED.fetch_add(step, Ordering::Relaxed) + step > MOST {
            RESERVED.fetch_sub(step, Ordering::Relaxed);
            fault::report(
                "recorder",
                format_args!("all flight recorders together hold {MOST} bytes: a record is lost"),
            );
            return false;
        }
        self.0 += step;
        true
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        if self.0 > 0 {
            RESERVED.fetch_sub(self.0, Ordering::Relaxed);
        }
    }
}

/// How much all recorders of the process hold together.
static RESERVED: AtomicUsize = AtomicUsize::new(0);
const MOST: usize = 64 << 20;
const STEP: usize = 4096;

thread_local! {
    /// Memory of recorders that are through, for the next.
    static SPARE: RefCell<Vec<Held>> = const { RefCell::new(Vec::new()) };
}

const LONGEST_LAST: usize = 128;

/// How many a thread keeps, and how large each may be.
const MOST_SPARE: usize = 8;
const LARGEST_SPARE: usize = 256 << 10;

fn spare() -> Held {
    SPARE.try_with(|spare| spare.try_borrow_mut().ok()?.pop()).ok().flatten().unwrap_or_default()
}

fn keep_spare(mut held: Held) {
    if held.bytes.capacity() > LARGEST_SPARE || held.is_over {
        return;
    }
    held.bytes.clear();
    held.marks.clear();
    held.last.clear();
    (held.start, held.lost, held.lost_wanted) = (0, 0, 0);
    held.reserved = Reserved::default();
    let _ = SPARE.try_with(|spare| {
        if let Ok(mut spare) = spare.try_borrow_mut()
            && spare.len() < MOST_SPARE
        {
            spare.push(held);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(text: &str, is_wanted: bool) -> Bytes<'_> {
        let line = Line {
            bytes: text.as_bytes(),
            level: Level::DEBUG,
            timestamp: Timestamp::new(0, 0),
            partition: Partition::NONE,
        };
        Bytes { format: 0, outputs: Outputs::MAX, line, is_wanted }
    }

    fn texts(held: &Held) -> Vec<String> {
        let mut texts = Vec::new();
        held.for_each(|bytes| texts.push(String::from_utf8(bytes.line.bytes.to_vec()).unwrap()));
        texts
    }

    #[test]
    fn the_oldest_make_room_and_are_counted() {
        let mut held = Held::default();
        for number in 0..100 {
            held.push(&record(&format!("{number:04}"), false), 10 * (4 + MARK));
        }
        assert_eq!(texts(&held), (90..100).map(|number| format!("{number:04}")).collect::<Vec<_>>());
        assert_eq!(held.told(), Told { held: 10, lost: 90 });
        assert!(held.bytes.len() <= 80, "{}", held.bytes.len());
    }

    #[test]
    fn a_record_that_is_larger_than_all_the_room_is_lost_alone() {
        let mut held = Held::default();
        let room = 2 * (5 + MARK);
        held.push(&record("small", false), room);
        held.push(&record(&"large".repeat(100), false), room);
        held.push(&record("small", false), room);
        assert_eq!((texts(&held), held.told().lost), (vec!["small".to_owned(), "small".to_owned()], 1));
    }

    #[test]
    fn records_without_bytes_take_room_too() {
        let mut held = Held::default();
        (0..10_000).for_each(|_| held.push(&record("", false), 10 * MARK));
        assert_eq!(held.told(), Told { held: 10, lost: 9990 });
        assert!(held.marks.capacity() <= 32, "{}", held.marks.capacity());
    }

    #[test]
    fn memory_is_given_back_when_a_recorder_is_through() {
        let before = RESERVED.load(Ordering::Relaxed);
        let mut held = Held::default();
        held.push(&record(&"x".repeat(10_000), false), 1 << 20);
        assert!(held.reserved.0 >= 10_000);
        assert!(RESERVED.load(Ordering::Relaxed) >= held.reserved.0);
        keep_spare(held);
        assert!(RESERVED.load(Ordering::Relaxed) <= before + (64 << 10));
        assert_eq!(spare().reserved.0, 0);
    }
}
