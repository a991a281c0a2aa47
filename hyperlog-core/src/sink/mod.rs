//! Where bytes go.
//!
//! A sink sees complete records as bytes and never a record, so that whatever it does with them, redaction has been
//! applied.

mod console;
mod memory;
mod null;

pub use self::console::Console;
pub use self::memory::{Captured, CapturedRecord, CapturedValue, Memory, Typed};
pub use self::null::Null;

use crate::condition::Condition;
use crate::drop_reason::DropReason;
use crate::health::{Account, DeliveryHealth, LastError};
use crate::level::Level;
use crate::losses::LossBell;
use crate::partition::Partition;
use crate::time::Timestamp;
use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Where bytes go: a console, a file, a queue before a network.
///
/// [`Sink::write`] is called on the thread that logs, by many threads at once. It must not panic, and should not wait;
/// if it panics all the same, the record counts as lost, and so does nothing else.
///
/// ```
/// use hyperlog_core::{Line, Sink, Written};
/// use std::sync::atomic::{AtomicUsize, Ordering};
///
/// /// Counts bytes and keeps none.
/// #[derive(Default)]
/// struct Meter(AtomicUsize);
///
/// impl Sink for Meter {
///     fn write(&self, line: &Line<'_>) -> Written {
///         self.0.fetch_add(line.bytes.len(), Ordering::Relaxed);
///         Written::Done
///     }
/// }
/// ```
pub trait Sink: Send + Sync + 'static {
    /// Takes what the encoder writes before the first record, such as the header of a CSV. Called once for each output,
    /// when its logger is built, if the encoder has any such thing. It is no record, and counts as none.
    ///
    /// A sink that may begin more than once keeps it: a file writes it whenever it begins empty. By default it goes
    /// nowhere.
    fn begin(&self, preamble: &[u8]) {
        let _ = preamble;
    }

    /// Takes one record.
    fn write(&self, line: &Line<'_>) -> Written;

    /// Waits until all that was taken before has left, for at most this long.
    ///
    /// # Errors
    ///
    /// When it has not left.
    fn flush(&self, deadline: Duration) -> Result<(), SinkError> {
        let _ = deadline;
        Ok(())
    }

    /// Flushes, and takes nothing more: [`Sink::write`] answers [`Written::Closed`] from now on.
    ///
    /// # Errors
    ///
    /// When something that was taken has not left.
    fn close(&self, deadline: Duration) -> Result<(), SinkError> {
        self.flush(deadline)
    }

    /// How it is.
    fn condition(&self) -> Condition {
        Condition::Well
    }

    /// What went wrong last, though all may be well again.
    fn last_error(&self) -> Option<LastError> {
        self.delivery().and_then(|delivery| delivery.last_error)
    }

    /// How deliveries are getting on, where there are any.
    fn delivery(&self) -> Option<DeliveryHealth> {
        None
    }

    /// What became of all that it answered [`Written::Queued`] to. A sink that has a queue counts, so that every record
    /// can be accounted for.
    fn account(&self) -> Option<Account> {
        None
    }

    /// Takes the bell by which it says that something is lost which it had taken. Called once, when its logger is built.
    fn attach(&self, bell: LossBell) {
        let _ = bell;
    }

    /// What it writes to, by which colours are decided.
    fn surface(&self) -> Surface {
        Surface::Storage
    }
}

impl<S: Sink + ?Sized> Sink for Arc<S> {
    fn begin(&self, preamble: &[u8]) {
        (**self).begin(preamble);
    }

    fn write(&self, line: &Line<'_>) -> Written {
        (**self).write(line)
    }

    fn flush(&self, deadline: Duration) -> Result<(), SinkError> {
        (**self).flush(deadline)
    }

    fn close(&self, deadline: Duration) -> Result<(), SinkError> {
        (**self).close(deadline)
    }

    fn condition(&self) -> Condition {
        (**self).condition()
    }

    fn last_error(&self) -> Option<LastError> {
        (**self).last_error()
    }

    fn delivery(&self) -> Option<DeliveryHealth> {
        (**self).delivery()
    }

    fn account(&self) -> Option<Account> {
        (**self).account()
    }

    fn attach(&self, bell: LossBell) {
        (**self).attach(bell);
    }

    fn surface(&self) -> Surface {
        (**self).surface()
    }
}

/// One record as bytes, and the little that a sink may need to know of it.
#[derive(Clone, Copy)]
pub struct Line<'a> {
    /// The record, its end included.
    pub bytes: &'a [u8],
    /// How severe it is.
    pub level: Level,
    /// When it happened.
    pub timestamp: Timestamp,
    /// What the encoder says it may be batched with.
    pub partition: Partition,
}

impl fmt::Debug for Line<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Line({} {} bytes)", self.level, self.bytes.len())
    }
}

/// What a sink did with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Written {
    /// It has left.
    Done,
    /// It has been taken, and leaves later; the sink counts it from here on.
    Queued,
    /// It is lost.
    Dropped(DropReason),
    /// The sink was closed: the record was not taken, and may go elsewhere.
    Closed,
}

/// What a sink writes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surface {
    /// Eyes.
    Terminal,
    /// A standard stream that is no terminal: somebody may want colours behind the pipe, and says so.
    Stream,
    /// Whatever keeps or carries bytes: it never gets colours.
    Storage,
}

/// Why a sink could not be flushed or closed.
pub struct SinkError {
    what: &'static str,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl SinkError {
    /// Something failed, in a few words of lower case: `"flush the file"`.
    pub fn new(what: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> SinkError {
        SinkError { what, source: Some(source.into()) }
    }

    /// The time was up.
    pub fn deadline(what: &'static str) -> SinkError {
        SinkError { what, source: None }
    }
}

impl fmt::Display for SinkError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.source {
            Some(_) => write!(formatter, "could not {}", self.what),
            None => write!(formatter, "could not {} in time", self.what),
        }
    }
}

/// As `main` shows it: on a line, for people, with the cause that it has.
impl fmt::Debug for SinkError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Some(source) => write!(formatter, "{self}: {source}"),
            None => fmt::Display::fmt(self, formatter),
        }
    }
}

impl Error for SinkError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_that_ends_main_says_what_failed_and_why() {
        assert_eq!(format!("{:?}", SinkError::deadline("flush the file")), "could not flush the file in time");
        let error = SinkError::new("flush the file", "the disk is full");
        assert_eq!(format!("{error:?}"), "could not flush the file: the disk is full");
    }
}
