//! What every sink promises.

use crate::level::Level;
use crate::partition::Partition;
use crate::sink::{Line, Sink, Written};
use crate::time::Timestamp;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Barrier;
use std::time::Duration;

/// Holds a sink against what every sink promises:
///
/// | promise | why |
/// |---|---|
/// | nothing it does panics | a panic loses the record |
/// | lines that threads write at once stay whole | readers part records by their end |
/// | it loses nothing that it has taken, and writes nothing twice | what is counted as written is believed |
/// | after [`Sink::flush`], all that was taken before is there | a program that ends flushes |
/// | it can be closed twice | several parts of a program may close a logger |
/// | a closed sink takes nothing | what it took would be lost, and not counted |
///
/// What became of the lines is only looked at with [`SinkCheck::observed_by`]. The sink is closed at the end.
#[must_use = "nothing is checked before `run`"]
pub struct SinkCheck<S> {
    sink: S,
    observe: Option<Box<dyn Fn() -> Vec<u8>>>,
    deadline: Duration,
}

const THREADS: usize = 4;
const LINES: usize = 200;

impl<S: Sink> SinkCheck<S> {
    pub(super) fn new(sink: S) -> SinkCheck<S> {
        SinkCheck { sink, observe: None, deadline: Duration::from_secs(30) }
    }

    /// A function that returns all bytes that have left so far: reads the file, asks the server. Lines that the check has
    /// not written are passed over.
    pub fn observed_by(mut self, observe: impl Fn() -> Vec<u8> + 'static) -> SinkCheck<S> {
        self.observe = Some(Box::new(observe));
        self
    }

    /// How long flushing and closing may take: half a minute, unless said otherwise.
    pub fn deadline(mut self, deadline: Duration) -> SinkCheck<S> {
        self.deadline = deadline;
        self
    }

    /// Runs the check.
    ///
    /// # Panics
    ///
    /// When a promise is broken, with what to do about it.
    #[track_caller]
    pub fn run(self) {
        self.look("before anything was written");
        self.flush("before anything was written");
        let taken = self.write_from_many_threads();
        self.look("after lines were written");
        self.flush("after lines were written");
        self.check_lines(&taken);
        self.close("the first time");
        self.close("the second time");
        self.check_closed(&taken);
        self.look("after it was closed");
    }

    #[track_caller]
    fn look(&self, when: &str) {
        let looked = catch_unwind(AssertUnwindSafe(|| (self.sink.condition(), self.sink.surface())));
        assert!(looked.is_ok(), "`condition` or `surface` panicked {when}: answer whatever the state is");
    }

    #[track_caller]
    fn flush(&self, when: &str) {
        match catch_unwind(AssertUnwindSafe(|| self.sink.flush(self.deadline))) {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                panic!("`flush` failed {when}: {error}: wait until what was taken has left, then return `Ok`")
            }
            Err(_) => panic!("`flush` panicked {when}: return an error instead"),
        }
    }

    #[track_caller]
    fn close(&self, when: &str) {
        match catch_unwind(AssertUnwindSafe(|| self.sink.close(self.deadline))) {
            Ok(Ok(())) => {}
            Ok(Err(error)) => panic!("`close` failed {when}: {error}: closing what is closed has nothing left to do"),
            Err(_) => panic!("`close` panicked {when}: return an error instead"),
        }
    }

    /// What was written, and whether it was taken.
    #[track_caller]
    fn write_from_many_threads(&self) -> BTreeMap<String, bool> {
        let (sink, begin) = (&self.sink, &Barrier::new(THREADS));
        let write_all = move |thread| {
            begin.wait();
            (0..LINES).map(|index| write(sink, line_of(thread, index))).collect::<Vec<_>>()
        };
        let written: Vec<(String, Option<Written>)> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..THREADS).map(|thread| scope.spawn(move || write_all(thread))).collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap_or_default()).collect()
        });
        written.into_iter().map(|(text, written)| (text, is_taken(written))).collect()
    }

    /// How often each line has left.
    fn observed(&self) -> Option<BTreeMap<String, usize>> {
        let bytes = self.observe.as_ref()?();
        let mut counts = BTreeMap::new();
        for line in bytes.split_inclusive(|byte| *byte == b'\n').filter(|line| holds(line, MARK.as_bytes())) {
            *counts.entry(String::from_utf8_lossy(line).into_owned()).or_default() += 1;
        }
        Some(counts)
    }

    #[track_caller]
    fn check_lines(&self, taken: &BTreeMap<String, bool>) {
        let Some(observed) = self.observed() else { return };
        for (line, count) in &observed {
            assert!(
                taken.contains_key(line),
                "a line left that nobody wrote, part of one or of several: write each line as a whole, under a lock or in \
                 one call: {line:?}"
            );
            assert!(taken[line], "a line left that was answered `Dropped`: it counts as lost, so let it be lost");
            assert!(*count == 1, "a line left {count} times: {line:?}");
        }
        let lost: Vec<&String> = taken
            .iter()
            .filter(|(line, taken)| **taken && !observed.contains_key(*line))
            .map(|(line, _)| line)
            .collect();
        assert!(
            lost.is_empty(),
            "{} of {} lines that were taken have not left after `flush`: let it wait for them, or answer `Dropped` when \
             they are written; the first is {:?}",
            lost.len(),
            taken.len(),
            lost[0]
        );
    }

    #[track_caller]
    fn check_closed(&self, taken: &BTreeMap<String, bool>) {
        let (late, written) = write(&self.sink, line_of(THREADS, 0));
        match written {
            Some(Written::Closed | Written::Dropped(_)) => {}
            // A sink that is not observed may be one that has nothing to close.
            Some(Written::Done) if self.observe.is_none() => {}
            Some(other) => panic!("`write` answered `{other:?}` after `close`: answer `Closed`"),
            None => panic!("`write` panicked after `close`: answer `Closed`"),
        }
        let Some(observed) = self.observed() else { return };
        assert!(!observed.contains_key(&late), "a line left after `close`: take nothing more, and answer `Closed`");
        assert!(
            observed.len() == taken.values().filter(|taken| **taken).count(),
            "`close` changed what has left: it ends the sink and takes nothing back"
        );
    }
}

/// Writes a line; says what the sink said, if it did not panic.
fn write(sink: &impl Sink, text: String) -> (String, Option<Written>) {
    let timestamp = Timestamp::new(1_700_000_000, 0);
    let line = Line { bytes: text.as_bytes(), level: Level::INFO, timestamp, partition: Partition::NONE };
    let written = catch_unwind(AssertUnwindSafe(|| sink.write(&line))).ok();
    (text, written)
}

#[track_caller]
fn is_taken(written: Option<Written>) -> bool {
    match written {
        Some(Written::Done | Written::Queued) => true,
        Some(Written::Dropped(_)) => false,
        Some(Written::Closed) => {
            panic!("`write` answered `Closed` before `close`: answer `Dropped` where a line is lost")
        }
        None => panic!("`write` panicked: answer `Dropped` where a line cannot be written"),
    }
}

/// By which the check knows its own lines.
const MARK: &str = "sink-check";

/// Lines of all lengths, up to beyond what a pipe takes at once.
fn line_of(thread: usize, index: usize) -> String {
    let length = match index % 50 {
        49 => 70_000,
        short => short * short,
    };
    format!("{MARK} {thread} {index} {}{MARK}\n", "abcdefgh".repeat(length.div_ceil(8)))
}

fn holds(line: &[u8], part: &[u8]) -> bool {
    line.windows(part.len()).any(|window| window == part)
}
