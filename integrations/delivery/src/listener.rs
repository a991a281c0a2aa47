//! A function that is called with each record, on a thread of its own: whatever it does holds nobody up.
//!
//! It is an output like any other, whose system is the function: it has a queue, a level, a lane and an account.

use crate::backend::{Backend, DeliveryError, Limits, Refusal, Reply};
use crate::batch::Batch;
use crate::exporter::{Exporter, StartError};
use hyperlog_core::{CapturedRecord, Output, Typed, report_fault};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

/// A function that is called with each record, on a thread of its own.
///
/// ```
/// use hyperlog_core::{Level, Logger, error, info};
/// use hyperlog_delivery::Listener;
/// use std::sync::mpsc::channel;
/// use std::time::Duration;
///
/// let (sender, receiver) = channel();
/// let pager = Listener::new(move |record| drop(sender.send(record.message().to_owned())));
/// let logger = Logger::builder().output(pager.output("pager")?.level(Level::ERROR)).build()?;
///
/// info!(logger: logger, "nobody wakes up for this");
/// error!(logger: logger, "the disk is full");
///
/// assert_eq!(receiver.recv()?, "the disk is full");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// What the function logs itself goes to no output that has a queue.
#[must_use = "it hears nothing before a logger has its output"]
pub struct Listener {
    hear: Box<Hear>,
    budget: Duration,
}

type Hear = dyn FnMut(&CapturedRecord) + Send;

impl Listener {
    /// Calls this with each record, in their order.
    pub fn new(hear: impl FnMut(&CapturedRecord) + Send + 'static) -> Listener {
        Listener { hear: Box::new(hear), budget: Duration::from_secs(1) }
    }

    /// How long one call may take, before the logger complains aside: a second, unless said otherwise. Nothing is cut off.
    pub fn budget(mut self, budget: Duration) -> Listener {
        self.budget = budget;
        self
    }

    /// With options of its own. Its records have to be encoded as [`Typed`].
    pub fn exporter(self) -> Exporter {
        Exporter::new(self)
    }

    /// As an output of a logger.
    ///
    /// # Errors
    ///
    /// When there is no thread to be had.
    pub fn output(self, name: &str) -> Result<Output, StartError> {
        Ok(Output::new(Typed::new(), self.exporter().name(name).start()?).name(name))
    }
}

impl Backend for Listener {
    fn limits(&self) -> Limits {
        Limits::default().linger(Duration::ZERO)
    }

    fn deliver(&mut self, batch: &Batch<'_>) -> Reply {
        let mut refused = Vec::new();
        for (index, entry) in batch.entries().enumerate() {
            let begun = Instant::now();
            let heard = match CapturedRecord::decode(entry.level, entry.bytes) {
                Some(record) => {
                    catch_unwind(AssertUnwindSafe(|| (self.hear)(&record))).map_err(|_| "the listener panicked")
                }
                None => Err("a listener hears only what is encoded as `Typed`"),
            };
            if let Err(what) = heard {
                refused.push(Refusal { index, why: DeliveryError::new(what) });
            }
            if begun.elapsed() > self.budget {
                report_fault(
                    "listener",
                    format_args!("one call took {:?}, which is more than {:?}", begun.elapsed(), self.budget),
                );
            }
        }
        if refused.is_empty() { Reply::Delivered } else { Reply::Partial(refused) }
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Listener").field("budget", &self.budget).finish_non_exhaustive()
    }
}
