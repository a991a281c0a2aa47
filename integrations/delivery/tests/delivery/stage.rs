//! A backend that does what a test says, and remembers what it was given.

use hyperlog_core::{Account, Level, Line, Partition, Sink, Timestamp, Written};
use hyperlog_delivery::{Backend, Batch, DeliveryError, ExportSink, Exporter, Limits, Reply};
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

/// More than anything takes that does not hang.
pub(crate) const SOON: Duration = Duration::from_secs(30);

/// What a test sees of the backend. Clones are of the same.
#[derive(Clone, Default)]
pub(crate) struct Stage(Arc<(Mutex<Seen>, Condvar)>);

#[derive(Default)]
pub(crate) struct Seen {
    /// What has arrived, in its order.
    pub(crate) arrived: Vec<String>,
    /// The id, the attempt and the texts of each batch that was tried.
    pub(crate) tried: Vec<(String, u32, Vec<String>)>,
    pub(crate) syncs: usize,
    pub(crate) renewals: usize,
    pub(crate) ticks: usize,
    pub(crate) preamble: Vec<u8>,
    pub(crate) is_closed: bool,
    answers: VecDeque<Answer>,
    always: Option<Answer>,
    sync_fails: bool,
    is_sync_held: bool,
    is_held: bool,
    pub(crate) is_in_deliver: bool,
}

type Answer = Arc<dyn Fn(&[String]) -> Reply + Send + Sync>;

impl Stage {
    pub(crate) fn new() -> Stage {
        Stage::default()
    }

    pub(crate) fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.0.lock().unwrap()
    }

    fn change(&self, change: impl FnOnce(&mut Seen)) {
        change(&mut self.seen());
        self.0.1.notify_all();
    }

    /// Deliveries wait from here on.
    pub(crate) fn hold(&self) {
        self.change(|seen| seen.is_held = true);
    }

    pub(crate) fn release(&self) {
        self.change(|seen| seen.is_held = false);
    }

    /// Answers the next batch so.
    pub(crate) fn answer(&self, answer: impl Fn(&[String]) -> Reply + Send + Sync + 'static) {
        self.change(|seen| seen.answers.push_back(Arc::new(answer)));
    }

    /// Answers each batch so for which there is no other answer.
    pub(crate) fn answer_always(&self, answer: impl Fn(&[String]) -> Reply + Send + Sync + 'static) {
        self.change(|seen| seen.always = Some(Arc::new(answer)));
    }

    /// Syncs wait, or no longer do.
    pub(crate) fn hold_syncs(&self, is_held: bool) {
        self.change(|seen| seen.is_sync_held = is_held);
    }

    pub(crate) fn fail_syncs(&self, fails: bool) {
        self.change(|seen| seen.sync_fails = fails);
    }

    /// Waits until something is so.
    pub(crate) fn wait_until(&self, what: &str, is_so: impl Fn(&Seen) -> bool) -> MutexGuard<'_, Seen> {
        let (seen, waited) = self.0.1.wait_timeout_while(self.seen(), SOON, |seen| !is_so(seen)).unwrap();
        assert!(!waited.timed_out(), "waited in vain: {what}");
        seen
    }

    /// Gives the backend something, and waits until it holds it.
    pub(crate) fn hold_in_deliver(&self, sink: &ExportSink) {
        self.hold();
        assert_eq!(sink.write(&line(Level::INFO, "first\n")), Written::Queued);
        drop(self.wait_until("a batch is held", |seen| seen.is_in_deliver));
    }

    pub(crate) fn backend(&self) -> impl Backend {
        Actor { stage: self.clone(), limits: Limits::default().linger(Duration::ZERO) }
    }

    pub(crate) fn backend_with(&self, limits: Limits) -> impl Backend {
        Actor { stage: self.clone(), limits }
    }

    pub(crate) fn exporter(&self) -> Exporter {
        Exporter::new(self.backend()).name("stage")
    }
}

struct Actor {
    stage: Stage,
    limits: Limits,
}

impl Backend for Actor {
    fn limits(&self) -> Limits {
        self.limits
    }

    fn begin(&mut self, preamble: &[u8]) {
        self.stage.change(|seen| seen.preamble = preamble.to_vec());
    }

    fn deliver(&mut self, batch: &Batch<'_>) -> Reply {
        let texts: Vec<String> =
            batch.entries().map(|entry| String::from_utf8_lossy(entry.bytes).trim_end().to_owned()).collect();
        assert_eq!(texts.len(), batch.len());
        assert_eq!(batch.pieces().map(<[u8]>::len).sum::<usize>(), batch.bytes());
        self.stage.change(|seen| seen.is_in_deliver = true);
        let mut seen = self.stage.0.1.wait_while(self.stage.seen(), |seen| seen.is_held).unwrap();
        seen.is_in_deliver = false;
        seen.tried.push((batch.id().to_string(), batch.attempt(), texts.clone()));
        let answer = seen.answers.pop_front().or_else(|| seen.always.clone());
        drop(seen);
        let reply = answer.map_or(Reply::Delivered, |answer| answer(&texts));
        let is_refused = |index| match &reply {
            Reply::Delivered => false,
            Reply::Partial(refusals) => refusals.iter().any(|refusal| refusal.index == index),
            _ => true,
        };
        let arrived = texts.into_iter().enumerate().filter(|(index, _)| !is_refused(*index)).map(|(_, text)| text);
        let arrived: Vec<String> = arrived.collect();
        self.stage.change(|seen| seen.arrived.extend(arrived));
        reply
    }

    fn sync(&mut self) -> Result<(), DeliveryError> {
        self.stage.change(|seen| seen.syncs += 1);
        let seen = self.stage.0.1.wait_while(self.stage.seen(), |seen| seen.is_sync_held).unwrap();
        if seen.sync_fails { Err(error("the disk says no")) } else { Ok(()) }
    }

    fn renew(&mut self) -> Result<(), DeliveryError> {
        self.stage.change(|seen| seen.renewals += 1);
        Ok(())
    }

    fn tick(&mut self) {
        self.stage.change(|seen| seen.ticks += 1);
    }

    fn close(&mut self, _: Duration) -> Result<(), DeliveryError> {
        self.stage.change(|seen| seen.is_closed = true);
        Ok(())
    }
}

pub(crate) fn error(what: &'static str) -> DeliveryError {
    DeliveryError::new(what)
}

pub(crate) fn retry() -> Reply {
    Reply::Retry { after: None, why: error("not now") }
}

pub(crate) fn line(level: Level, text: &str) -> Line<'_> {
    line_at(level, text, 0, 0)
}

pub(crate) fn line_at(level: Level, text: &str, second: i64, partition: u64) -> Line<'_> {
    let (timestamp, partition) = (Timestamp::new(second, 0), Partition(partition));
    Line { bytes: text.as_bytes(), level, timestamp, partition }
}

pub(crate) fn number(written: Written, counts: &mut Answers) {
    match written {
        Written::Done => counts.done += 1,
        Written::Queued => counts.queued += 1,
        Written::Dropped(_) => counts.dropped += 1,
        Written::Closed => counts.closed += 1,
    }
}

/// How calls were answered.
#[derive(Default, Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Answers {
    pub(crate) done: u64,
    pub(crate) queued: u64,
    pub(crate) dropped: u64,
    pub(crate) closed: u64,
}

/// All that was taken is in one place, and in no other.
pub(crate) fn assert_accounted(account: &Account, answers: Answers) {
    let sum = account.left.total() + account.pending.total() + account.dropped_total();
    assert_eq!(sum, answers.queued, "{account:?} {answers:?}");
}
