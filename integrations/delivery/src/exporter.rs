//! An output that delivers from a queue: how it is set up, what a logger writes to, and how it is asked and ended.

use crate::backend::{Backend, DeliveryError, Limits};
use crate::desk::{Desk, is_delivering};
use crate::fork;
use crate::ladder::Ladder;
use crate::policy::{Errors, Promise, WhenFull};
use crate::queue::{Queue, Rules, Taken, batch_and_load};
use crate::report::{Dropped, Report};
use crate::retry::Retry;
use crate::segment::Segment;
use crate::worker::{Shared, start};
use hyperlog_core::{
    Account, Condition, DeliveryHealth, DropReason, Level, Line, LossBell, Performance, Sink, SinkError, Surface,
    Written,
};
use std::collections::hash_map::RandomState;
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::hash::BuildHasher;
use std::io::Write as _;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// Sets up an output that delivers from a queue.
///
/// | option | by default |
/// |---|---|
/// | [`name`](Exporter::name) | `"output"` |
/// | [`capacity`](Exporter::capacity) | 8 MiB, with what is being delivered |
/// | [`reserve`](Exporter::reserve) | an eighth of the capacity, for errors alone |
/// | [`ladder`](Exporter::ladder) | whatever there is room for is taken |
/// | [`when_full`](Exporter::when_full) | [`WhenFull::ShedLowest`] |
/// | [`promise`](Exporter::promise) | [`Promise::BestEffort`] |
/// | [`errors`](Exporter::errors) | [`Errors::WrittenThrough`], 5 ms, 100 a second |
/// | [`patience`](Exporter::patience) | 5 s for what is promised |
/// | [`retry`](Exporter::retry) | [`Retry::default`] |
/// | [`limits`](Exporter::limits) | what the backend says |
/// | [`dead_letters`](Exporter::dead_letters) | nowhere: what is refused is counted |
/// | [`on_drop`](Exporter::on_drop) | nobody is told |
/// | [`close_within`](Exporter::close_within) | 10 s |
/// | [`performance`](Exporter::performance) | [`Performance::Balanced`]: what is said above |
#[must_use = "nothing is delivered before `start`"]
pub struct Exporter {
    backend: Box<dyn Backend>,
    name: String,
    capacity: usize,
    reserve: Option<usize>,
    ladder: Ladder,
    when_full: WhenFull,
    promise: Promise,
    errors: Errors,
    patience: Duration,
    retry: Retry,
    limits: Option<Limits>,
    dead_letters: Option<Box<dyn Sink>>,
    on_drop: Option<Box<dyn Fn(Dropped) + Send + Sync>>,
    close_within: Duration,
}

const CAPACITY: usize = 8 << 20;

impl Exporter {
    /// An output to this backend.
    pub fn new(backend: impl Backend) -> Exporter {
        Exporter {
            backend: Box::new(backend),
            name: "output".to_owned(),
            capacity: CAPACITY,
            reserve: None,
            ladder: Ladder::new(),
            when_full: WhenFull::default(),
            promise: Promise::default(),
            errors: Errors::default(),
            patience: Duration::from_secs(5),
            retry: Retry::default(),
            limits: None,
            dead_letters: None,
            on_drop: None,
            close_within: Duration::from_secs(10),
        }
    }

    /// The name it bears in [`Handle::health`], in complaints, and as the name of its thread.
    pub fn name(mut self, name: &str) -> Exporter {
        self.name = name.to_owned();
        self
    }

    /// The most that its queue holds, in bytes, with what is being delivered and what each record takes beyond its own.
    pub fn capacity(mut self, bytes: usize) -> Exporter {
        self.capacity = bytes;
        self
    }

    /// How much of the capacity is for errors alone.
    pub fn reserve(mut self, bytes: usize) -> Exporter {
        self.reserve = Some(bytes);
        self
    }

    /// From how full on only what matters more is taken.
    pub fn ladder(mut self, ladder: Ladder) -> Exporter {
        self.ladder = ladder;
        self
    }

    /// What becomes of a record for which there is no room.
    pub fn when_full(mut self, when_full: WhenFull) -> Exporter {
        self.when_full = when_full;
        self
    }

    /// What is true of a record once the call that logged it has returned.
    pub fn promise(mut self, promise: Promise) -> Exporter {
        self.promise = promise;
        self
    }

    /// Whether a call that logs an error waits until it has left.
    pub fn errors(mut self, errors: Errors) -> Exporter {
        self.errors = errors;
        self
    }

    /// How long a call waits for what [`Exporter::promise`] promises. After it the record stays in the queue.
    pub fn patience(mut self, patience: Duration) -> Exporter {
        self.patience = patience;
        self
    }

    /// How a failed delivery is tried again.
    pub fn retry(mut self, retry: Retry) -> Exporter {
        self.retry = retry;
        self
    }

    /// How much is delivered at a time, instead of what the backend says.
    pub fn limits(mut self, limits: Limits) -> Exporter {
        self.limits = Some(limits);
        self
    }

    /// Where records go that the system refuses. It is written to by the thread that delivers, and closed with the queue.
    pub fn dead_letters(mut self, sink: impl Sink) -> Exporter {
        self.dead_letters = Some(Box::new(sink));
        self
    }

    /// Is called with each record that is lost, on the thread that loses it. It must not log.
    pub fn on_drop(mut self, on_drop: impl Fn(Dropped) + Send + Sync + 'static) -> Exporter {
        self.on_drop = Some(Box::new(on_drop));
        self
    }

    /// How long closing takes at most, where it is the drop of the queue that closes it.
    pub fn close_within(mut self, deadline: Duration) -> Exporter {
        self.close_within = deadline;
        self
    }

    /// What is given up for time: several options in one, over which goes what is said after it.
    ///
    /// | mode | [`capacity`](Exporter::capacity) | [`when_full`](Exporter::when_full) | [`errors`](Exporter::errors) |
    /// |---|---|---|---|
    /// | `Balanced` | 8 MiB | [`WhenFull::ShedLowest`] | [`Errors::WrittenThrough`], 5 ms, 100 a second |
    /// | `HighPerformance`, `Bare` | 64 MiB | [`WhenFull::DropNewest`] | [`Errors::Queued`] |
    pub fn performance(self, performance: Performance) -> Exporter {
        match performance {
            Performance::Balanced => self.capacity(CAPACITY).when_full(WhenFull::default()).errors(Errors::default()),
            Performance::HighPerformance | Performance::Bare => {
                self.capacity(8 * CAPACITY).when_full(WhenFull::DropNewest).errors(Errors::Queued)
            }
        }
    }

    /// Whether the options agree with each other.
    ///
    /// # Errors
    ///
    /// When they contradict each other.
    pub fn check(&self) -> Result<(), StartError> {
        if self.kept_for_errors() >= self.capacity {
            let what = "the reserve for errors leaves no room for anything else: let it be less than the capacity";
            return Err(StartError(DeliveryError::new(what)));
        }
        if !self.ladder.is_sound() {
            let what = "a rung of the ladder is at no percentage from 1 to 100 of the capacity";
            return Err(StartError(DeliveryError::new(what)));
        }
        Ok(())
    }

    fn kept_for_errors(&self) -> usize {
        self.reserve.unwrap_or(self.capacity / 8)
    }

    /// Starts to deliver.
    ///
    /// # Errors
    ///
    /// As [`Exporter::check`], or when there is no thread to be had.
    pub fn start(self) -> Result<ExportSink, StartError> {
        self.check()?;
        let reserve = self.kept_for_errors();
        fork::watch();
        let limits = self.limits.unwrap_or_else(|| self.backend.limits());
        let surface = self.backend.surface();
        let (batch, load) = batch_and_load(limits.bytes, self.capacity);
        let rules = Rules {
            capacity: self.capacity,
            reserve,
            rungs: self.ladder.of(self.capacity),
            batch,
            load,
            when_full: self.when_full,
            promise: self.promise,
            errors: self.errors,
            patience: self.patience,
            linger: limits.linger,
        };
        let report = Arc::new(Report::new(self.name, self.on_drop));
        let id = RandomState::new().hash_one(std::process::id());
        let desk = Desk::new(self.backend, limits, self.retry, Arc::clone(&report), self.dead_letters, id);
        let shared = Arc::new(Shared { queue: Queue::new(rules), desk: Mutex::new(desk), report });
        start(Arc::clone(&shared), limits.tick, self.close_within).map_err(StartError)?;
        Ok(ExportSink { handle: Handle { shared, capacity: self.capacity }, close_within: self.close_within, surface })
    }
}

impl fmt::Debug for Exporter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Exporter")
            .field("name", &self.name)
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}

/// Why an output could not be started.
#[derive(Debug)]
pub struct StartError(DeliveryError);

impl fmt::Display for StartError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl Error for StartError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

/// The queue as a sink. When it is dropped, with the last logger that writes to it, it is closed.
#[derive(Debug)]
pub struct ExportSink {
    handle: Handle,
    close_within: Duration,
    surface: Surface,
}

impl ExportSink {
    /// By which it can be asked and ended from elsewhere, once a logger owns it.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }
}

impl Sink for ExportSink {
    fn begin(&self, preamble: &[u8]) {
        self.handle.shared.desk.lock().unwrap_or_else(PoisonError::into_inner).begin(preamble);
    }

    #[inline]
    fn write(&self, line: &Line<'_>) -> Written {
        let shared = &*self.handle.shared;
        if shared.queue.is_forked() {
            return last_resort(line, Written::Dropped(DropReason::Forked));
        }
        if is_delivering() {
            return last_resort(line, Written::Dropped(DropReason::Echoed));
        }
        let Taken { written, shed } = shared.queue.push(line, || shared.write_through());
        if let Some(shed) = shed {
            self.tell_lost(line, &written, shed.segments);
        }
        match written {
            Written::Queued | Written::Done => written,
            _ => last_resort(line, written),
        }
    }

    fn flush(&self, deadline: Duration) -> Result<(), SinkError> {
        self.handle.flush(deadline)
    }

    fn close(&self, deadline: Duration) -> Result<(), SinkError> {
        self.handle.check_waits("close")?;
        let lost = self.handle.account().dropped_total();
        let account = self.handle.close(deadline);
        match account.dropped_total() - lost {
            0 => Ok(()),
            lost => Err(SinkError::new("deliver all before it was closed", Lost(lost))),
        }
    }

    fn condition(&self) -> Condition {
        // A lock may be held by a thread that stayed with the parent.
        if self.handle.shared.queue.is_forked() {
            return Condition::Failed(FORKED.to_owned());
        }
        self.handle.health().condition
    }

    fn delivery(&self) -> Option<DeliveryHealth> {
        (!self.handle.shared.queue.is_forked()).then(|| self.handle.health())
    }

    fn account(&self) -> Option<Account> {
        (!self.handle.shared.queue.is_forked()).then(|| self.handle.account())
    }

    fn attach(&self, bell: LossBell) {
        self.handle.shared.report.attach(bell);
    }

    fn surface(&self) -> Surface {
        self.surface
    }
}

impl ExportSink {
    #[cold]
    fn tell_lost(&self, line: &Line<'_>, written: &Written, segments: Vec<Segment>) {
        let report = &self.handle.shared.report;
        report.ring();
        if report.wants_lost() {
            for segment in &segments {
                for at in 0..segment.marks().len() {
                    report.lost(&segment.line(at), DropReason::Full);
                }
            }
            if let Written::Dropped(reason) = written {
                report.lost(line, *reason);
            }
        }
        self.handle.shared.queue.give_back(segments);
    }
}

impl Drop for ExportSink {
    fn drop(&mut self) {
        if !self.handle.shared.queue.is_forked() && !is_delivering() {
            self.handle.close(self.close_within);
        }
    }
}

const FORKED: &str = "the process was forked";

/// A fatal record that is not taken is not to be lost unsaid.
#[inline]
fn last_resort(line: &Line<'_>, written: Written) -> Written {
    if line.level >= Level::FATAL {
        say(line.bytes);
    }
    written
}

/// Not by the printing macro, which panics when nobody reads.
#[cold]
fn say(bytes: &[u8]) {
    drop(std::io::stderr().write_all(bytes));
}

/// How many were lost.
#[derive(Debug)]
struct Lost(u64);

impl fmt::Display for Lost {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} records were lost", self.0)
    }
}

impl Error for Lost {}

/// By which an output is asked and ended. Clones are of the same output.
#[derive(Clone)]
pub struct Handle {
    shared: Arc<Shared>,
    capacity: usize,
}

impl fmt::Debug for Handle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Handle").field("name", &self.shared.report.name()).finish_non_exhaustive()
    }
}

impl Handle {
    /// How the output is getting on.
    pub fn health(&self) -> DeliveryHealth {
        let mut health = self.shared.report.health(self.shared.queue.depth(), self.capacity);
        if self.shared.queue.is_closed() && !matches!(health.condition, Condition::Failed(_)) {
            health.condition = Condition::Failed("it was closed".to_owned());
        }
        health
    }

    /// What became of all records that were taken.
    pub fn account(&self) -> Account {
        self.shared.queue.account()
    }

    /// Waits until all that was taken before has been delivered and synced, for at most this long.
    ///
    /// # Errors
    ///
    /// When it was not, or some of it was lost on its way. What was lost since the last flush is told by the next one that
    /// is over in time, whoever logged it; what found no room when it was logged is not part of that. One that is
    /// given no time is only set going, and leaves the telling to the next.
    pub fn flush(&self, deadline: Duration) -> Result<(), SinkError> {
        self.check_waits("flush")?;
        let flushed = self.shared.queue.flush(deadline);
        flushed.last_words.iter().for_each(|words| say(words));
        match () {
            () if !flushed.is_in_time => Err(SinkError::deadline("deliver what was logged")),
            () if !flushed.is_synced => Err(SinkError::new("sync what was delivered", DeliveryError::new("it failed"))),
            () if flushed.lost > 0 => Err(SinkError::new("deliver what was logged", Lost(flushed.lost))),
            () => Ok(()),
        }
    }

    /// There are threads that would wait in vain.
    fn check_waits(&self, deed: &'static str) -> Result<(), SinkError> {
        if self.shared.queue.is_forked() {
            return Err(SinkError::new(deed, DeliveryError::new(FORKED)));
        }
        if is_delivering() {
            return Err(SinkError::new(deed, DeliveryError::new("the thread that delivers cannot wait for itself")));
        }
        Ok(())
    }

    /// The same, to be awaited: no thread of any runtime waits.
    pub fn flushed(&self, deadline: Duration) -> Waiting<Result<(), SinkError>> {
        let handle = self.clone();
        Waiting::start(move || handle.flush(deadline))
    }

    /// Takes nothing more, delivers what waits, and gives it up when this time has passed. Says what became of all.
    pub fn close(&self, deadline: Duration) -> Account {
        if self.shared.queue.is_forked() || is_delivering() {
            return Account::new();
        }
        let before = self.account().dropped_total();
        let (account, left_behind) = self.shared.queue.close(deadline);
        self.shared.tell_left_behind(&left_behind);
        if account.dropped_total() > before {
            self.shared.report.ring();
        }
        account
    }

    /// The same, to be awaited: no thread of any runtime waits.
    pub fn closed(&self, deadline: Duration) -> Waiting<Account> {
        let handle = self.clone();
        Waiting::start(move || handle.close(deadline))
    }

    /// Closes the output when it is dropped, and says on standard error if anything was lost.
    pub fn guard(&self, deadline: Duration) -> Guard {
        Guard { handle: self.clone(), deadline }
    }
}

/// Closes an output when it is dropped, at the end of `main`, say.
#[derive(Debug)]
#[must_use = "dropped at once, it closes the output at once: bind it to a name that lives as long as `main`"]
pub struct Guard {
    handle: Handle,
    deadline: Duration,
}

impl Drop for Guard {
    fn drop(&mut self) {
        let account = self.handle.close(self.deadline);
        let lost = account.dropped_total();
        if lost > 0 {
            let name = self.handle.shared.report.name();
            let reasons: Vec<String> =
                account.dropped.iter().map(|(reason, lost)| format!("{} {}", lost.total(), reason.name())).collect();
            say(format!("hyperlog: {name}: {lost} records were lost: {}\n", reasons.join(", ")).as_bytes());
        }
    }
}

/// Something that another thread waits for.
pub struct Waiting<T> {
    shared: Arc<Mutex<Awaited<T>>>,
}

struct Awaited<T> {
    done: Option<T>,
    waker: Option<Waker>,
}

impl<T: Send + 'static> Waiting<T> {
    /// On a thread of its own, since no runtime is known. Where none is to be had, on this one.
    fn start(work: impl FnOnce() -> T + Send + 'static) -> Waiting<T> {
        let shared = Arc::new(Mutex::new(Awaited { done: None, waker: None }));
        let work = Arc::new(Mutex::new(Some(work)));
        let run = {
            let (shared, work) = (Arc::clone(&shared), Arc::clone(&work));
            move || {
                let work = work.lock().unwrap_or_else(PoisonError::into_inner).take();
                let Some(done) = work.map(|work| work()) else { return };
                let waker = {
                    let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
                    shared.done = Some(done);
                    shared.waker.take()
                };
                if let Some(waker) = waker {
                    waker.wake();
                }
            }
        };
        if std::thread::Builder::new().name("log waiting".to_owned()).spawn(run.clone()).is_err() {
            run();
        }
        Waiting { shared }
    }
}

impl<T> Future for Waiting<T> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        match shared.done.take() {
            Some(done) => Poll::Ready(done),
            None => {
                shared.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl<T> fmt::Debug for Waiting<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Waiting")
    }
}

#[cfg(all(test, not(hyperlog_loom)))]
mod tests {
    use super::*;
    use crate::backend::Reply;
    use crate::batch::Batch;

    struct Nowhere;

    impl Backend for Nowhere {
        fn deliver(&mut self, _: &Batch<'_>) -> Reply {
            Reply::Delivered
        }
    }

    #[test]
    fn a_mode_of_performance_is_what_its_table_says() {
        let of = |exporter: Exporter| (exporter.capacity >> 20, exporter.when_full, exporter.errors);
        let default = of(Exporter::new(Nowhere));
        assert_eq!(default, (8, WhenFull::ShedLowest, Errors::default()));
        let fast = (64, WhenFull::DropNewest, Errors::Queued);
        for (mode, expected) in
            [(Performance::Balanced, default), (Performance::HighPerformance, fast), (Performance::Bare, fast)]
        {
            // Whatever was said before it.
            let before = Exporter::new(Nowhere).capacity(1).when_full(WhenFull::DropOldest).errors(Errors::Queued);
            assert_eq!(of(before.performance(mode)), expected, "{mode:?}");
        }
        let after = Exporter::new(Nowhere).performance(Performance::Bare).when_full(WhenFull::WriteThrough);
        assert_eq!(after.when_full, WhenFull::WriteThrough);
    }
}
