//! An encoder and a sink at work for one output, and the account of what they did.
//!
//! It stays what it is while the logger around it is set up anew. Where an output gets another sink, the account goes on
//! with the next one, under the same name.

use crate::condition::Condition;
use crate::contain::{contain, discard};
use crate::drop_reason::DropReason;
use crate::encode::Encode;
use crate::fault;
use crate::health::{Account, Counters, OutputHealth, Place};
use crate::level::Level;
use crate::losses::LossBell;
use crate::outcome;
use crate::sink::{Line, Null, Sink, SinkError, Written};
use std::any::Any;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

/// An encoder and a sink at work for one output.
pub(crate) struct Writer {
    pub(crate) name: String,
    pub(crate) encoder: Box<dyn Encode>,
    pub(crate) sink: Box<dyn Sink>,
    pub(crate) counters: Counters,
    pub(crate) bell: LossBell,
    is_closed: AtomicBool,
    /// Those that had this name before.
    past: Arc<Mutex<Past>>,
    /// Whoever writes what comes too late for this one.
    heir: OnceLock<Weak<Heir>>,
}

/// What became of records that were taken by sinks of before.
#[derive(Clone, Default)]
struct Past {
    /// Of those that are closed.
    settled: Account,
    /// Those that are being closed.
    closing: Vec<Arc<Writer>>,
}

/// A logger, of which nothing is known down here.
pub(crate) type Heir = dyn Any + Send + Sync;

/// What became of a record.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Given {
    Taken,
    Lost,
    /// Nothing yet: the output is another's now.
    Moved,
}

const CLOSED: &str = "records come after their logger was closed, and are lost: what `init` gives closes it when it is \
                      dropped, so keep it to the end of `main`, as `let _logging = …`, and not as `let _ = …`";

impl Writer {
    /// Begins to work, with what stands before the first record.
    pub(crate) fn begin(
        name: String,
        encoder: Box<dyn Encode>,
        sink: Box<dyn Sink>,
        before: Option<&Arc<Writer>>,
    ) -> Arc<Writer> {
        let begun = contain(|| {
            let mut preamble = Vec::new();
            encoder.preamble(&mut preamble);
            if !preamble.is_empty() {
                sink.begin(&preamble);
            }
        });
        if begun.is_none() {
            fault::report("output", format_args!("it panicked before its first record"));
        }
        let (counters, bell, past) = match before {
            Some(before) => (before.counters.clone(), before.bell.clone(), Arc::clone(&before.past)),
            None => Default::default(),
        };
        if contain(|| sink.attach(bell.clone())).is_none() {
            fault::report("output", format_args!("it panicked when its logger was built"));
        }
        Arc::new(Writer {
            name,
            encoder,
            sink,
            counters,
            bell,
            is_closed: AtomicBool::new(false),
            past,
            heir: OnceLock::new(),
        })
    }

    /// Gives a record to the sink.
    #[inline(always)]
    pub(crate) fn give(&self, line: &Line<'_>, place: &Place) -> Given {
        match contain(|| self.sink.write(line)) {
            Some(Written::Done) => self.counters.write(line.level, place),
            Some(Written::Queued) => self.counters.accept(line.level, place),
            other => return self.account_for(line.level, other, place),
        }
        Given::Taken
    }

    #[cold]
    #[inline(never)]
    fn account_for(&self, level: Level, written: Option<Written>, place: &Place) -> Given {
        let reason = match written {
            Some(Written::Done | Written::Queued) => return Given::Taken,
            Some(Written::Closed) if self.heir.get().is_some() => return Given::Moved,
            Some(Written::Closed) => {
                fault::report("closed", format_args!("{CLOSED}"));
                DropReason::Closed
            }
            Some(Written::Dropped(reason)) => reason,
            None => {
                fault::report("sink", format_args!("the output {:?} panicked, and the record is lost", self.name));
                DropReason::Panicked
            }
        };
        self.lose(level, reason, place);
        // To deliver a record that tells of an echo makes the next echo: it would go on for ever.
        if reason != DropReason::Echoed {
            self.bell.ring();
        }
        Given::Lost
    }

    /// Counts a record as accepted and lost.
    #[cold]
    pub(crate) fn lose(&self, level: Level, reason: DropReason, place: &Place) {
        self.counters.accept(level, place);
        self.counters.drop_one(level, reason);
        outcome::note_lost(self.counters.number(), reason);
    }

    /// From here on another may have this name, in whose account is what this one has taken.
    pub(crate) fn make_way(self: &Arc<Writer>) {
        self.past().closing.push(Arc::clone(self));
    }

    /// From here on whatever the sink no longer takes goes wherever this logger says.
    pub(crate) fn retire(&self, heir: &Arc<Heir>) {
        let _ = self.heir.set(Arc::downgrade(heir));
    }

    /// Lets what it has taken leave, for at most this long, and takes nothing more. What has not left then is accounted for
    /// as it stands.
    ///
    /// # Errors
    ///
    /// When not all has left.
    pub(crate) fn close(&self, deadline: Duration) -> Result<(), SinkError> {
        let closed = self.end(deadline);
        let account = self.account();
        let mut past = self.past();
        let before = past.closing.len();
        past.closing.retain(|writer| !std::ptr::eq(&**writer, self));
        if past.closing.len() < before
            && let Some(account) = &account
        {
            past.settled += account;
        }
        closed
    }

    /// Waits until what the sink has taken has left.
    ///
    /// # Errors
    ///
    /// When it has not.
    pub(crate) fn flush(&self, deadline: Duration) -> Result<(), SinkError> {
        self.on_sink(|sink| sink.flush(deadline))
    }

    /// Closes the sink, whose account nobody takes over.
    ///
    /// # Errors
    ///
    /// When not all has left.
    pub(crate) fn end(&self, deadline: Duration) -> Result<(), SinkError> {
        self.is_closed.store(true, Ordering::Relaxed);
        self.on_sink(|sink| sink.close(deadline))
    }

    /// Does something to the sink, which may panic.
    fn on_sink(&self, act: impl FnOnce(&dyn Sink) -> Result<(), SinkError>) -> Result<(), SinkError> {
        contain(|| act(&*self.sink)).unwrap_or_else(|| Err(SinkError::new("flush an output", "it panicked")))
    }

    /// The logger that has taken over.
    pub(crate) fn heir(&self) -> Option<Arc<Heir>> {
        self.heir.get().and_then(Weak::upgrade)
    }

    pub(crate) fn health(&self) -> OutputHealth {
        let condition = contain(|| self.sink.condition());
        let condition = match condition {
            None => Condition::Failed("it panicked when asked".to_owned()),
            Some(Condition::Well | Condition::Degraded(_)) if self.is_closed.load(Ordering::Relaxed) => {
                Condition::Failed("it was closed".to_owned())
            }
            Some(condition) => condition,
        };
        // Queues are asked first: what leaves them meanwhile must not seem to come from nowhere.
        let (past, account) = (self.past_account(), self.account());
        OutputHealth {
            last_error: contain(|| self.sink.last_error()).flatten(),
            delivery: contain(|| self.sink.delivery()).flatten(),
            ..self.counters.read(&self.name, condition, past, account)
        }
    }

    /// What became of what others took that had the name before.
    fn past_account(&self) -> Account {
        let Past { settled, closing } = self.past().clone();
        // Outside of the lock: what a sink does when it is asked is its own affair.
        let others = closing.iter().filter(|writer| !std::ptr::eq(&***writer, self));
        others.filter_map(|writer| writer.account()).fold(settled, |mut account, of_one| {
            account += &of_one;
            account
        })
    }

    /// What the sink says of its queue.
    fn account(&self) -> Option<Account> {
        contain(|| self.sink.account()).flatten()
    }

    fn past(&self) -> MutexGuard<'_, Past> {
        self.past.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the sink holds may panic as it goes, on whichever thread held it last: one that logs, or one that is ending.
impl Drop for Writer {
    fn drop(&mut self) {
        discard(std::mem::replace(&mut self.sink, Box::new(Null)));
    }
}
