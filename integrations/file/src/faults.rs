//! A file system of which any operation fails once, and what is left of a log when it does.

use crate::config::File;
use crate::direct::Direct;
use crate::fs::{Fs, Lock, Machine};
use crate::live::{Live, Stopped};
use crate::options::{Buffer, Compression, Retention, Rotation};
use hyperlog_core::{Clock, ClockHands, Level, Line, Partition, Sink, Timestamp, Written};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::Metadata;
use std::io::{self, IoSlice};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How an operation fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// With this number, and nothing is done.
    Error(i32),
    /// With this number, after it was done: what networks do.
    DoneAndError(i32),
    /// Half of what is to be written is, and the next operation fails with this number.
    Short(i32),
    /// None does.
    None,
}

/// Lets the operation of this number fail, counted from one.
pub(crate) struct Faulty {
    machine: Machine,
    at: usize,
    fault: Fault,
    count: AtomicUsize,
    /// What has failed.
    failed: Mutex<Option<&'static str>>,
    /// As long as somebody holds it no sync comes back.
    stuck: Mutex<()>,
}

impl Faulty {
    pub(crate) fn new(at: usize, fault: Fault) -> Arc<Faulty> {
        Arc::new(Faulty {
            machine: Machine,
            at,
            fault,
            count: AtomicUsize::new(0),
            failed: Mutex::default(),
            stuck: Mutex::default(),
        })
    }

    pub(crate) fn failed(&self) -> Option<&'static str> {
        *self.failed.lock().unwrap()
    }

    fn pass<T>(&self, name: &'static str, act: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        let number = self.count.fetch_add(1, Ordering::SeqCst) + 1;
        let fails = |number: i32| {
            *self.failed.lock().unwrap() = Some(name);
            Err(io::Error::from_raw_os_error(number))
        };
        match self.fault {
            Fault::Error(error) if number == self.at => fails(error),
            Fault::DoneAndError(error) if number == self.at && !matches!(name, "write" | "write_vectored") => {
                act()?;
                fails(error)
            }
            Fault::Short(error) if number == self.at + 1 => fails(error),
            _ => act(),
        }
    }

    /// How much of what is to be written may be now.
    fn half(&self, length: usize) -> usize {
        let is_now = self.count.load(Ordering::SeqCst) + 1 == self.at && matches!(self.fault, Fault::Short(_));
        if is_now { length.div_ceil(2) } else { length }
    }
}

impl Fs for Faulty {
    fn create(&self, path: &Path, mode: u32) -> io::Result<std::fs::File> {
        self.pass("create", || self.machine.create(path, mode))
    }
    fn open(&self, path: &Path) -> io::Result<std::fs::File> {
        self.pass("open", || self.machine.open(path))
    }
    fn open_to_read(&self, path: &Path) -> io::Result<std::fs::File> {
        self.pass("open_to_read", || self.machine.open_to_read(path))
    }
    fn open_lock(&self, path: &Path, mode: u32) -> io::Result<std::fs::File> {
        self.pass("open_lock", || self.machine.open_lock(path, mode))
    }
    fn lock(&self, file: &std::fs::File) -> io::Result<Lock> {
        self.pass("lock", || self.machine.lock(file))
    }
    fn read(&self, file: &std::fs::File, buffer: &mut [u8]) -> io::Result<usize> {
        self.pass("read", || self.machine.read(file, buffer))
    }
    fn write(&self, file: &std::fs::File, bytes: &[u8]) -> io::Result<usize> {
        let bytes = &bytes[..self.half(bytes.len())];
        self.pass("write", || self.machine.write(file, bytes))
    }
    fn write_vectored(&self, file: &std::fs::File, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let length = slices.iter().map(|slice| slice.len()).sum();
        if self.half(length) < length {
            let bytes: Vec<u8> = slices.iter().flat_map(|slice| slice.iter().copied()).collect();
            return self.write(file, &bytes);
        }
        self.pass("write_vectored", || self.machine.write_vectored(file, slices))
    }
    fn cut(&self, file: &std::fs::File, length: u64) -> io::Result<()> {
        self.pass("cut", || self.machine.cut(file, length))
    }
    fn sync(&self, file: &std::fs::File) -> io::Result<()> {
        drop(self.stuck.lock());
        self.pass("sync", || self.machine.sync(file))
    }
    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        self.pass("sync_directory", || self.machine.sync_directory(path))
    }
    fn metadata(&self, file: &std::fs::File) -> io::Result<Metadata> {
        self.pass("metadata", || self.machine.metadata(file))
    }
    fn metadata_at(&self, path: &Path) -> io::Result<Metadata> {
        self.pass("metadata_at", || self.machine.metadata_at(path))
    }
    fn resemble(&self, file: &std::fs::File, other: &Metadata) -> io::Result<()> {
        self.pass("resemble", || self.machine.resemble(file, other))
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.pass("rename", || self.machine.rename(from, to))
    }
    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.pass("link", || self.machine.link(from, to))
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        self.pass("remove", || self.machine.remove(path))
    }
    fn list(&self, path: &Path) -> io::Result<Vec<OsString>> {
        self.pass("list", || self.machine.list(path))
    }
    fn create_directory(&self, path: &Path, mode: u32) -> io::Result<()> {
        self.pass("create_directory", || self.machine.create_directory(path, mode))
    }
}

/// After this batch somebody takes the file away.
const MOVED: usize = 6;

const HEAD: &str = "head\n";

const FAULTS: [Fault; 9] = [
    Fault::Error(libc::ENOSPC),
    Fault::Error(libc::EIO),
    Fault::Error(libc::EACCES),
    Fault::Error(libc::EROFS),
    Fault::Error(libc::EMFILE),
    Fault::Error(libc::ENOENT),
    Fault::DoneAndError(libc::EIO),
    Fault::Short(libc::ENOSPC),
    Fault::Short(libc::EIO),
];

/// Opens a log, once more if that fails.
fn open(fs: &Arc<Faulty>, path: &Path, clock: &Clock) -> Live {
    let file = || {
        let retention = Retention::new().count(1_000).total_bytes(1 << 30);
        File::new(path).rotation(Rotation::new().size(64)).retention(retention).clock(clock.clone())
    };
    let fs = || -> Arc<dyn Fs> { Arc::<Faulty>::clone(fs) };
    file().open(fs()).or_else(|_| file().open(fs())).expect("only one operation fails")
}

/// Writes three lines at a time, and comes back with those that have not arrived as long as it takes.
fn write(live: &mut Live, hands: &ClockHands, batch: usize) -> String {
    let lines: Vec<String> = (0..3).map(|line| format!("batch {batch} line {line}\n")).collect();
    let mut left = &lines[..];
    for _ in 0..4 {
        hands.advance(Duration::from_secs(1));
        let records = || left.iter().map(String::as_bytes);
        match live.append(records(), records, left.iter().map(String::len).sum()) {
            Ok(()) => return lines.concat(),
            Err(Stopped { arrived, .. }) => left = &left[arrived..],
        }
    }
    panic!("logging does not go on after batch {batch}");
}

/// All lines of all files, without their heads, each of which must be there.
fn lines(directory: &Path) -> BTreeMap<String, usize> {
    let mut lines = BTreeMap::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        if path.extension().is_some_and(|extension| extension == "log") && !text.is_empty() {
            let rest = text.strip_prefix(HEAD);
            let rest = rest.unwrap_or_else(|| panic!("{path:?} begins without its head: {text:?}"));
            rest.split_inclusive('\n').for_each(|line| *lines.entry(line.to_owned()).or_default() += 1);
        }
    }
    lines
}

/// In memory, where that can be: there are many, and each is synced.
fn directory() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// Runs a log through the failure of one operation. Says which, if it came to that, and how many operations there were.
fn survive(at: usize, fault: Fault) -> (Option<&'static str>, usize) {
    let directory = directory();
    let path = directory.path().join("below").join("app.log");
    let fs = Faulty::new(at, fault);
    let (clock, hands) = Clock::manual(Timestamp::now());
    let mut live = open(&fs, &path, &clock);
    let _ = live.begin(HEAD.as_bytes());
    let mut expected = String::new();
    for batch in 0..12 {
        expected.push_str(&write(&mut live, &hands, batch));
        // What could not be put away has its name again.
        let is_put_off = matches!(fault, Fault::Error(_)) && fs.failed() == Some("create");
        assert!(path.exists() || !is_put_off || batch >= MOVED, "{fault:?} at {at}");
        if batch % 4 == 1 {
            let _ = live.sync();
        }
        if batch == MOVED {
            // Unless a rotation has just failed halfway.
            let _ = std::fs::rename(&path, path.with_file_name("moved.log"));
        }
    }
    let _ = live.close(Duration::from_secs(10));
    let operations = fs.count.load(Ordering::SeqCst);
    let expected = expected.split_inclusive('\n').map(|line| (line.to_owned(), 1)).collect();
    assert_eq!(lines(path.parent().unwrap()), expected, "{fault:?} at {at}, {:?}", fs.failed());
    // Whoever comes next finds nothing half done.
    drop(live);
    open(&Faulty::new(0, Fault::None), &path, &clock);
    for entry in std::fs::read_dir(path.parent().unwrap()).unwrap() {
        let entry = entry.unwrap();
        let may_be_empty = ["app.log", ".app.log.lock", "moved.log"].iter().any(|name| entry.file_name() == *name);
        let is_allowed = may_be_empty || entry.metadata().unwrap().len() > 0;
        assert!(is_allowed, "{:?} is empty after {fault:?} at {at}, {:?}", entry.path(), fs.failed());
    }
    (fs.failed(), operations)
}

#[test]
fn a_log_survives_the_failure_of_any_one_operation() {
    let (_, operations) = survive(0, Fault::None);
    for fault in FAULTS {
        let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
        for at in 1..=operations {
            if let Some(failed) = survive(at, fault).0 {
                *seen.entry(failed).or_default() += 1;
            }
        }
        let kinds: &[&str] = match fault {
            Fault::Error(_) => {
                &["create", "create_directory", "list", "lock", "metadata", "open", "rename", "sync", "write"]
            }
            Fault::DoneAndError(_) => &["create", "rename", "sync", "sync_directory"],
            _ => &["write"],
        };
        kinds
            .iter()
            .for_each(|kind| assert!(seen.contains_key(kind), "{kind} has never failed with {fault:?}: {seen:?}"));
    }
}

#[test]
fn after_a_failed_sync_the_next_record_goes_to_a_fresh_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("app.log");
    let (clock, hands) = Clock::manual(Timestamp::now());
    let count = |fs: &Arc<Faulty>| fs.count.load(Ordering::SeqCst);
    // How many operations there are before the sync.
    let before = {
        let fs = Faulty::new(0, Fault::None);
        let mut live = open(&fs, &path, &clock);
        write(&mut live, &hands, 0);
        count(&fs)
    };
    std::fs::remove_file(&path).unwrap();
    let (clock, hands) = Clock::manual(Timestamp::now());
    let fs = Faulty::new(before + 1, Fault::Error(libc::EIO));
    std::fs::remove_file(directory.path().join(".app.log.lock")).unwrap();
    let mut live = open(&fs, &path, &clock);
    let first = write(&mut live, &hands, 0);
    assert!(live.sync().is_err());
    assert_eq!(fs.failed(), Some("sync"));
    assert!(live.sync().is_err(), "what was not synced never is");
    let second = write(&mut live, &hands, 1);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), second);
    live.sync().unwrap();
    let archive = crate::archive::Place::of(&path);
    let names = std::fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let archives: Vec<_> = names.filter(|name| archive.recognise(name).is_some()).collect();
    assert_eq!(archives.len(), 1);
    assert_eq!(std::fs::read_to_string(directory.path().join(&archives[0])).unwrap(), first);
}

#[test]
fn whoever_flushes_or_closes_a_disk_that_hangs_waits_no_longer_than_was_said() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("app.log");
    let fs = Faulty::new(0, Fault::None);
    let stuck = fs.stuck.lock().unwrap();
    let sink = Direct::new(File::new(&path).open(Arc::<Faulty>::clone(&fs)).unwrap(), Buffer::Nothing);
    let line = Line { bytes: b"m\n", level: Level::INFO, timestamp: Timestamp::now(), partition: Partition::NONE };
    assert_eq!(sink.write(&line), Written::Done);
    for deadline in [Duration::ZERO, Duration::from_millis(20)] {
        assert_eq!(sink.flush(deadline).unwrap_err().to_string(), "could not flush the file in time");
        assert!(sink.close(deadline).unwrap_err().to_string().ends_with("in time"));
    }
    drop(stuck);
    sink.close(Duration::from_secs(30)).unwrap();
    sink.flush(Duration::from_secs(30)).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"m\n");
}

#[test]
fn an_archive_survives_the_failure_of_any_one_operation_of_its_compression() {
    for fault in FAULTS {
        for at in 1..200 {
            let directory = directory();
            let path = directory.path().join("app.log");
            let archive = directory.path().join("app.20260101T000000Z.0001.log");
            let text = "the same again and again\n".repeat(10_000);
            std::fs::write(&archive, &text).unwrap();
            let fs = Faulty::new(at, fault);
            let pack = || crate::pack::pack_at(Arc::<Faulty>::clone(&fs), &path, Compression::gzip());
            pack();
            let packed = archive.with_extension("log.gz");
            let source = std::fs::read_to_string(&archive).ok();
            let whole = || crate::pack::unpack(&packed).is_some_and(|unpacked| unpacked == text.as_bytes());
            assert!(source.is_none_or(|source| source == text), "{fault:?} at {at}, {:?}", fs.failed());
            assert!(archive.exists() || whole(), "{fault:?} at {at}, {:?}", fs.failed());
            assert!(!packed.exists() || whole(), "{fault:?} at {at}, {:?}", fs.failed());
            pack();
            assert!(!archive.exists() && whole(), "it is not made up for: {fault:?} at {at}, {:?}", fs.failed());
            let left = std::fs::read_dir(directory.path()).unwrap().count();
            assert_eq!(left, 1, "{fault:?} at {at}, {:?}", fs.failed());
            if fs.failed().is_none() && at > 60 {
                break;
            }
        }
    }
}
