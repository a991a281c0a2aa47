//! What a system that records go to has to say: how much it takes at a time, and what became of it.
//!
//! It says so and nothing more. Queues, retries, pauses and the account are the engine's, so that there is one of each.

use crate::batch::Batch;
use hyperlog_core::Surface;
use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::time::Duration;

/// A system that records are delivered to. All of it runs on one thread of its own, so that it may wait.
///
/// ```
/// use hyperlog_delivery::{Backend, Batch, Reply};
///
/// /// Sends records home.
/// struct Pigeons(usize);
///
/// impl Backend for Pigeons {
///     fn deliver(&mut self, batch: &Batch<'_>) -> Reply {
///         self.0 += batch.len();
///         Reply::Delivered
///     }
/// }
/// ```
pub trait Backend: Send + 'static {
    /// How much may be delivered at a time.
    fn limits(&self) -> Limits {
        Limits::default()
    }

    /// Takes what the encoder writes before the first record, such as the header of a CSV.
    fn begin(&mut self, preamble: &[u8]) {
        let _ = preamble;
    }

    /// Delivers these records, and says what became of them.
    fn deliver(&mut self, batch: &Batch<'_>) -> Reply;

    /// Sees to it that what was delivered outlives a loss of power.
    ///
    /// # Errors
    ///
    /// When it may not: whoever waited is told.
    fn sync(&mut self) -> Result<(), DeliveryError> {
        Ok(())
    }

    /// Asks for new credentials, after [`Reply::AuthExpired`].
    ///
    /// # Errors
    ///
    /// When there are none.
    fn renew(&mut self) -> Result<(), DeliveryError> {
        Err(DeliveryError::new("there is no way to renew the credentials"))
    }

    /// What it writes to, by which colours are decided.
    fn surface(&self) -> Surface {
        Surface::Storage
    }

    /// Is called about once a second as long as there is nothing to deliver, if [`Limits::tick`] asks for it.
    fn tick(&mut self) {}

    /// Nothing more comes. Finishes what it does on the side, for at most this long.
    ///
    /// # Errors
    ///
    /// When it could not.
    fn close(&mut self, deadline: Duration) -> Result<(), DeliveryError> {
        let _ = deadline;
        Ok(())
    }
}

/// What became of a batch.
#[derive(Debug)]
pub enum Reply {
    /// All of it has arrived.
    Delivered,
    /// All of it has arrived but these, which never will.
    Partial(Vec<Refusal>),
    /// None of it has, and it may later: not before this has passed, if that is known.
    Retry {
        /// How long to wait at least.
        after: Option<Duration>,
        /// What happened.
        why: DeliveryError,
    },
    /// The first of it have arrived, and the rest may later: what stays whole when a disk fills.
    Interrupted {
        /// How many have arrived.
        arrived: usize,
        /// How long to wait at least.
        after: Option<Duration>,
        /// What happened.
        why: DeliveryError,
    },
    /// It is too large. Smaller ones may not be.
    Split(DeliveryError),
    /// It is refused for good. One record may be to blame: the others are tried without it.
    Reject(DeliveryError),
    /// The credentials are no longer good. They are renewed once, and then it is tried again.
    AuthExpired(DeliveryError),
    /// The address is gone for good: nothing is sent there again.
    Disable(DeliveryError),
}

/// A record that was refused for good.
#[derive(Debug)]
pub struct Refusal {
    /// Which of the batch.
    pub index: usize,
    /// Why.
    pub why: DeliveryError,
}

/// How much a backend takes at a time. A batch ends at whichever comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[must_use]
pub struct Limits {
    /// The most records of a batch.
    pub records: usize,
    /// The most bytes of a batch.
    pub bytes: usize,
    /// What each record adds to the bytes of a batch beyond its own.
    pub overhead: usize,
    /// The most bytes of one record. A longer one is never sent.
    pub record_bytes: usize,
    /// The most time between the first record of a batch and the last.
    pub span: Option<Duration>,
    /// How long a record may wait for others to go with it.
    pub linger: Duration,
    /// Whether records of different partitions may share a batch.
    pub partitions: Partitions,
    /// Whether [`Backend::tick`] is called when there is nothing to do.
    pub tick: Tick,
}

/// Whether records of different partitions may share a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Partitions {
    /// They may.
    Mixed,
    /// They may not.
    Apart,
}

/// Whether a backend wants to be called when there is nothing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tick {
    /// It does not, and the thread sleeps until there is something.
    Never,
    /// About this often.
    Every(Duration),
}

impl Default for Limits {
    /// Batches of a quarter of a mebibyte, for which a record waits ten milliseconds.
    fn default() -> Limits {
        Limits {
            records: usize::MAX,
            bytes: 256 * 1024,
            overhead: 0,
            record_bytes: usize::MAX,
            span: None,
            linger: Duration::from_millis(10),
            partitions: Partitions::Mixed,
            tick: Tick::Never,
        }
    }
}

impl Limits {
    /// The most records of a batch.
    pub fn records(mut self, records: usize) -> Limits {
        self.records = records.max(1);
        self
    }

    /// The most bytes of a batch.
    pub fn bytes(mut self, bytes: usize) -> Limits {
        self.bytes = bytes.max(1);
        self
    }

    /// What each record adds to the bytes of a batch beyond its own.
    pub fn overhead(mut self, overhead: usize) -> Limits {
        self.overhead = overhead;
        self
    }

    /// The most bytes of one record.
    pub fn record_bytes(mut self, bytes: usize) -> Limits {
        self.record_bytes = bytes;
        self
    }

    /// The most time between the first record of a batch and the last.
    pub fn span(mut self, span: Duration) -> Limits {
        self.span = Some(span);
        self
    }

    /// How long a record may wait for others to go with it.
    pub fn linger(mut self, linger: Duration) -> Limits {
        self.linger = linger;
        self
    }

    /// Whether records of different partitions may share a batch.
    pub fn partitions(mut self, partitions: Partitions) -> Limits {
        self.partitions = partitions;
        self
    }

    /// Whether [`Backend::tick`] is called when there is nothing to do.
    pub fn tick(mut self, tick: Tick) -> Limits {
        self.tick = tick;
        self
    }
}

/// What went wrong with a delivery, in words without secrets.
#[derive(Debug)]
pub struct DeliveryError {
    what: Cow<'static, str>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl DeliveryError {
    /// In a few words of lower case, without addresses that bear secrets: `"the server answered 503"`.
    pub fn new(what: impl Into<Cow<'static, str>>) -> DeliveryError {
        DeliveryError { what: what.into(), source: None }
    }

    /// With what it comes from.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> DeliveryError {
        self.source = Some(source.into());
        self
    }

    /// With all that it comes from, in one line.
    pub(crate) fn in_full(&self) -> String {
        let mut text = self.to_string();
        let mut source = self.source();
        while let Some(cause) = source {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            source = cause.source();
        }
        text
    }
}

impl fmt::Display for DeliveryError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.what)
    }
}

impl Error for DeliveryError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}
