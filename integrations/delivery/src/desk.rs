//! Where loads are delivered, one after the other: by the worker, or by a caller who writes through.
//!
//! Whoever holds the desk takes the oldest load and goes on with it where it was left, so that the order is kept whoever
//! that is.

use crate::backend::{Backend, DeliveryError, Limits, Partitions, Refusal, Reply};
use crate::batch::{Batch, BatchId};
use crate::load::{Counts, LANES, Load, Run};
use crate::queue::Queue;
use crate::report::Report;
use crate::retry::{Pace, Retry};
use hyperlog_core::{DropReason, Line, Sink, Written};
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The delivering side of a queue.
pub(crate) struct Desk {
    backend: Box<dyn Backend>,
    limits: Limits,
    pace: Pace,
    report: Arc<Report>,
    dead_letters: Option<Box<dyn Sink>>,
    /// Tells the batches of this queue from those of all others.
    id: u64,
    current: Option<Current>,
    window: Vec<Run>,
    runs: Vec<Run>,
    /// Nothing is sent before then.
    not_before: Option<Instant>,
    is_disabled: bool,
}

/// A load that is being delivered.
struct Current {
    load: Load,
    runs: Vec<Run>,
    /// The next record: of which run, and which of it.
    at: (usize, usize),
    /// The most records to be tried at once, since more were too many.
    most: usize,
    attempt: u32,
    first_tried: Instant,
    is_renewed: bool,
    /// How often in a row it was refused.
    refused_in_a_row: u32,
}

/// What came of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// There is nothing to deliver.
    Nothing,
    /// Something has left, or is lost: there may be more.
    Done,
    /// Nothing is sent before this time has passed.
    Pause(Duration),
}

thread_local! {
    static IS_DELIVERING: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is delivering: what it logs must not be delivered, which would log again.
#[inline]
pub(crate) fn is_delivering() -> bool {
    IS_DELIVERING.get()
}

impl Desk {
    pub(crate) fn new(
        backend: Box<dyn Backend>,
        limits: Limits,
        retry: Retry,
        report: Arc<Report>,
        dead_letters: Option<Box<dyn Sink>>,
        id: u64,
    ) -> Desk {
        Desk {
            backend,
            limits,
            pace: Pace::new(retry),
            report,
            dead_letters,
            id,
            current: None,
            window: Vec::new(),
            runs: Vec::new(),
            not_before: None,
            is_disabled: false,
        }
    }

    /// Delivers the next batch.
    pub(crate) fn step(&mut self, queue: &Queue) -> Step {
        if let Some(wait) = self.not_before.map(|time| time.saturating_duration_since(Instant::now()))
            && !wait.is_zero()
        {
            return Step::Pause(wait);
        }
        let Some(mut current) = self.current.take().or_else(|| self.take(queue)) else { return Step::Nothing };
        let step = self.try_next(&mut current, queue);
        match current.is_over() {
            true => {
                self.runs = current.runs;
                if queue.finish(current.load) {
                    self.report.ring();
                }
            }
            false => self.current = Some(current),
        }
        step
    }

    /// Syncs what was delivered, if somebody waits for that.
    pub(crate) fn sync(&mut self, queue: &Queue) {
        let Some(to) = queue.sync_wanted() else { return };
        let synced = self.contained(|backend| backend.sync());
        if let Some(Err(error)) = &synced {
            self.report.failed(error);
        }
        queue.synced(to, matches!(synced, Some(Ok(()))));
    }

    pub(crate) fn tick(&mut self) {
        self.contained(|backend| backend.tick());
    }

    pub(crate) fn close(&mut self, deadline: Duration) {
        // Only what was given up while it was in hand is still here, and it is counted.
        if let Some(current) = self.current.take() {
            current.rest().for_each(|line| self.report.lost(&line, DropReason::Abandoned));
        }
        if let Some(Err(error)) = self.contained(|backend| backend.close(deadline)) {
            self.report.failed(&error);
        }
        let closed = self.dead_letters.as_ref().map(|sink| catch_unwind(AssertUnwindSafe(|| sink.close(deadline))));
        if !matches!(closed, None | Some(Ok(Ok(())))) {
            self.report.failed(&DeliveryError::new("where refused records are put aside could not be closed"));
        }
    }

    pub(crate) fn begin(&mut self, preamble: &[u8]) {
        self.contained(|backend| backend.begin(preamble));
    }

    /// While the queue is closed a server that asks for time is asked again all the same.
    pub(crate) fn forget_pause(&mut self) {
        self.not_before = None;
    }

    fn take(&mut self, queue: &Queue) -> Option<Current> {
        let load = queue.take()?;
        let mut runs = std::mem::take(&mut self.runs);
        load.order_into(&mut runs);
        Some(Current {
            load,
            runs,
            at: (0, 0),
            most: self.limits.records,
            attempt: 0,
            first_tried: Instant::now(),
            is_renewed: false,
            refused_in_a_row: 0,
        })
    }

    fn try_next(&mut self, current: &mut Current, queue: &Queue) -> Step {
        let (records, bytes) = current.window_into(&self.limits, &mut self.window);
        if self.is_disabled {
            self.lose(current, records, DropReason::Gone, queue);
            return Step::Done;
        }
        if records == 1 && bytes > self.limits.record_bytes {
            self.report.refused(&DeliveryError::new("a record is longer than the system takes"));
            self.refuse(current, records, queue);
            return Step::Done;
        }
        self.pace.trying();
        let batch = current.batch(&self.window, records, bytes, self.id);
        let begun = Instant::now();
        let reply = contained(&mut *self.backend, |backend| backend.deliver(&batch));
        self.report.tried(self.pace.breaker(), begun.elapsed());
        match reply {
            Some(Reply::Delivered) => {
                self.arrive(current, records, &[], queue);
                Step::Done
            }
            Some(Reply::Partial(refusals)) => {
                self.arrive(current, records, &refusals, queue);
                Step::Done
            }
            Some(Reply::Retry { after, why }) => self.pause(current, records, after, &why, queue),
            Some(Reply::Interrupted { arrived, after, why }) => {
                let arrived = arrived.min(records);
                if arrived > 0 {
                    cut(&mut self.window, arrived);
                    self.arrive(current, arrived, &[], queue);
                }
                if arrived == records {
                    return Step::Done;
                }
                let (records, _) = current.window_into(&self.limits, &mut self.window);
                self.pause(current, records, after, &why, queue)
            }
            Some(Reply::Split(why)) => {
                self.report.answered();
                self.split(current, records, &why, queue)
            }
            Some(Reply::Reject(why)) => {
                self.report.answered();
                current.refused_in_a_row += 1;
                self.split(current, records, &why, queue)
            }
            Some(Reply::AuthExpired(why)) => {
                let is_first = !std::mem::replace(&mut current.is_renewed, true);
                if is_first && matches!(self.contained(|backend| backend.renew()), Some(Ok(()))) {
                    return Step::Done;
                }
                self.pause(current, records, None, &why, queue)
            }
            Some(Reply::Disable(why)) => {
                self.is_disabled = true;
                self.report.disabled(&why);
                self.lose(current, records, DropReason::Gone, queue);
                Step::Done
            }
            None => {
                self.report.failed_to_arrive(&DeliveryError::new("the backend panicked"));
                self.pace.failed(None);
                self.lose(current, records, DropReason::Panicked, queue);
                Step::Done
            }
        }
    }

    /// All have arrived but those that are refused.
    fn arrive(&mut self, current: &mut Current, records: usize, refusals: &[Refusal], queue: &Queue) {
        self.pace.succeeded();
        self.report.delivered(records - refusals.len().min(records));
        if refusals.is_empty() {
            queue.settle(&current.counts(&self.window), None, std::iter::empty());
        } else {
            self.arrive_in_part(current, refusals, queue);
        }
        current.advance(records);
        // What failed may be over: back to as many as ever, but not all at once.
        current.most = current.most.saturating_mul(2).min(self.limits.records);
        current.refused_in_a_row = 0;
    }

    #[cold]
    fn arrive_in_part(&mut self, current: &Current, refusals: &[Refusal], queue: &Queue) {
        let is_refused = |index| refusals.iter().any(|refusal| refusal.index == index);
        if let Some(refusal) = refusals.first() {
            self.report.refused(&refusal.why);
        }
        let mut arrived: Counts = [0; LANES];
        for (index, (run, at)) in each(&self.window).enumerate() {
            match is_refused(index) {
                false => arrived[run.lane] += 1,
                true => self.bury(current, run, at, DropReason::Rejected, queue),
            }
        }
        queue.settle(&arrived, None, std::iter::empty());
    }

    fn pause(
        &mut self,
        current: &mut Current,
        records: usize,
        after: Option<Duration>,
        why: &DeliveryError,
        queue: &Queue,
    ) -> Step {
        let pause = self.pace.failed(after);
        self.report.failed_and_tried_again(why, self.pace.breaker());
        let now = Instant::now();
        if self.pace.retry().gives_up(current.first_tried, now) {
            self.lose(current, records, DropReason::Failed, queue);
            return Step::Done;
        }
        current.attempt += 1;
        self.not_before = now.checked_add(pause);
        Step::Pause(pause)
    }

    /// Fewer at a time, until one is to blame.
    fn split(&mut self, current: &mut Current, records: usize, why: &DeliveryError, queue: &Queue) -> Step {
        if records > 1 && current.refused_in_a_row < MOST_REFUSED_IN_A_ROW {
            current.most = records / 2;
            return Step::Done;
        }
        self.report.refused(why);
        self.refuse(current, records, queue);
        if current.refused_in_a_row >= MOST_REFUSED_IN_A_ROW {
            // Then all of the rest at once, to see whether it is all of them.
            current.most = self.limits.records;
        }
        Step::Done
    }

    fn refuse(&mut self, current: &mut Current, records: usize, queue: &Queue) {
        self.lose(current, records, DropReason::Rejected, queue);
    }

    fn lose(&mut self, current: &mut Current, records: usize, reason: DropReason, queue: &Queue) {
        for (run, at) in each(&self.window) {
            self.bury(current, run, at, reason, queue);
        }
        current.advance(records);
    }

    /// A record will never arrive: it is put aside if there is where to, and counted.
    fn bury(&self, current: &Current, run: Run, at: usize, reason: DropReason, queue: &Queue) {
        let segment = current.load.segment(run);
        let (line, sequence) = (segment.line(at), segment.marks()[at].sequence);
        let is_kept = self.dead_letters.as_ref().is_some_and(|sink| {
            let written = catch_unwind(AssertUnwindSafe(|| sink.write(&line)));
            matches!(written, Ok(Written::Done | Written::Queued))
        });
        let reason = if is_kept { DropReason::DeadLettered } else { reason };
        let mut counts: Counts = [0; LANES];
        counts[run.lane] = 1;
        queue.settle(&counts, Some(reason), std::iter::once(sequence));
        self.report.lost(&line, reason);
    }

    fn contained<R>(&mut self, act: impl FnOnce(&mut dyn Backend) -> R) -> Option<R> {
        let done = contained(&mut *self.backend, act);
        if done.is_none() {
            self.report.failed(&DeliveryError::new("the backend panicked"));
        }
        done
    }
}

/// From here on nobody looks for whom to blame: it is all of them.
const MOST_REFUSED_IN_A_ROW: u32 = 40;

/// What belongs to others may panic, and what it logs goes nowhere near here.
fn contained<R>(backend: &mut dyn Backend, act: impl FnOnce(&mut dyn Backend) -> R) -> Option<R> {
    let before = IS_DELIVERING.replace(true);
    let done = catch_unwind(AssertUnwindSafe(|| act(backend)));
    IS_DELIVERING.set(before);
    done.ok()
}

impl Current {
    fn is_over(&self) -> bool {
        self.at.0 >= self.runs.len()
    }

    /// What is still to be delivered.
    fn rest(&self) -> impl Iterator<Item = Line<'_>> {
        let runs = self.runs.iter().enumerate().skip(self.at.0);
        runs.flat_map(|(index, run)| {
            let from = if index == self.at.0 { run.from + self.at.1 } else { run.from };
            (from..run.to).map(|at| self.load.segment(*run).line(at))
        })
    }

    /// The next records that may go together, and how many records and bytes that is.
    fn window_into(&self, limits: &Limits, window: &mut Vec<Run>) -> (usize, usize) {
        window.clear();
        let most = limits.records.min(self.most).max(1);
        // With what each adds, and their own.
        let (mut bytes, mut own_bytes): (usize, usize) = (0, 0);
        let (mut records, mut first) = (0, None);
        let is_plain = limits.span.is_none() && limits.partitions == Partitions::Mixed;
        for (index, run) in self.runs.iter().enumerate().skip(self.at.0) {
            let from = if index == self.at.0 { run.from + self.at.1 } else { run.from };
            let rest = Run { from, ..*run };
            let own = self.load.segment(rest).bytes(from, run.to).len();
            let whole = own.saturating_add(rest.len().saturating_mul(limits.overhead));
            let sum = bytes.saturating_add(whole);
            // Most often a run goes as a whole, and need not be looked at record by record.
            let none_is_too_long = whole <= limits.record_bytes;
            if is_plain && none_is_too_long && records + rest.len() <= most && sum <= limits.bytes {
                window.push(rest);
                (records, bytes, own_bytes) = (records + rest.len(), sum, own_bytes + own);
                continue;
            }
            let mut to = from;
            for (at, mark) in self.load.segment(rest).marks().iter().enumerate().take(run.to).skip(from) {
                let own = self.load.segment(rest).bytes(at, at + 1).len();
                let sum = bytes.saturating_add(own).saturating_add(limits.overhead);
                let first = *first.get_or_insert(mark);
                let span = mark.timestamp.unix_nanos().abs_diff(first.timestamp.unix_nanos());
                let fits = records < most
                    && sum <= limits.bytes
                    && own <= limits.record_bytes
                    && limits.span.is_none_or(|most| span <= most.as_nanos())
                    && (limits.partitions == Partitions::Mixed || mark.partition == first.partition);
                if !fits && records > 0 {
                    break;
                }
                (records, bytes, own_bytes, to) = (records + 1, sum, own_bytes + own, at + 1);
                if own > limits.record_bytes {
                    // Alone, so that no other is refused with it.
                    window.push(Run { to, ..rest });
                    return (records, own);
                }
            }
            if to > from {
                window.push(Run { to, ..rest });
            }
            if to < run.to {
                break;
            }
        }
        (records, own_bytes)
    }

    fn batch<'a>(&'a self, window: &'a [Run], records: usize, bytes: usize, queue: u64) -> Batch<'a> {
        let first = window.first().and_then(|run| self.load.marks(*run).first());
        let sequence = first.map_or(0, |mark| mark.sequence);
        let id = BatchId { queue, sequence, records: u32::try_from(records).unwrap_or(u32::MAX) };
        Batch { load: &self.load, runs: window, records, bytes, id, attempt: self.attempt }
    }

    fn counts(&self, window: &[Run]) -> Counts {
        let mut counts = [0; LANES];
        window.iter().for_each(|run| counts[run.lane] += run.len() as u64);
        counts
    }

    fn advance(&mut self, mut records: usize) {
        self.attempt = 0;
        self.first_tried = Instant::now();
        self.is_renewed = false;
        while records > 0 {
            let Some(run) = self.runs.get(self.at.0) else { return };
            let rest = run.len() - self.at.1;
            let step = rest.min(records);
            records -= step;
            self.at = if step == rest { (self.at.0 + 1, 0) } else { (self.at.0, self.at.1 + step) };
        }
    }
}

/// Keeps the first so many records of these runs.
fn cut(window: &mut Vec<Run>, mut records: usize) {
    window.retain_mut(|run| {
        run.to = run.from + run.len().min(records);
        records -= run.len();
        run.len() > 0
    });
}

/// The records of these runs: of which run, and which of its segment.
fn each(window: &[Run]) -> impl Iterator<Item = (Run, usize)> {
    window.iter().flat_map(|run| (run.from..run.to).map(move |at| (*run, at)))
}
