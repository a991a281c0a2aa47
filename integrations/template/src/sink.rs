//! Lines into whatever can be written to.

use hyperlog_core::{Condition, DropReason, Line, Sink, SinkError, Written};
use std::fmt;
use std::io::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Writes each record, on the thread that logs, to anything that implements [`Write`].
///
/// What may take long belongs behind a queue, and is a backend in place of a sink.
///
/// ```
/// use hyperlog_core::{Json, Logger, Output, info};
/// use hyperlog_template::Stream;
///
/// let logger = Logger::builder().output(Output::new(Json::new(), Stream::new(Vec::new()))).build()?;
/// info!(logger: logger, "ready");
/// assert_eq!(logger.health()[0].written.total(), 1);
/// # Ok::<(), hyperlog_core::BuildError>(())
/// ```
pub struct Stream<W>(Mutex<State<W>>);

enum State<W> {
    Open(W),
    /// A write failed, and half a line may be out.
    Failed,
    Closed,
}

impl<W: Write + Send + 'static> Stream<W> {
    /// Into this.
    pub fn new(writer: W) -> Stream<W> {
        Stream(Mutex::new(State::Open(writer)))
    }

    /// A writer that panicked has poisoned the lock. What it left is still the stream.
    fn state(&self) -> MutexGuard<'_, State<W>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<W: Write + Send + 'static> Sink for Stream<W> {
    fn write(&self, line: &Line<'_>) -> Written {
        let mut state = self.state();
        let State::Open(writer) = &mut *state else {
            return if matches!(*state, State::Closed) { Written::Closed } else { Written::Dropped(DropReason::Gone) };
        };
        match writer.write_all(line.bytes) {
            Ok(()) => Written::Done,
            Err(_) => {
                *state = State::Failed;
                Written::Dropped(DropReason::Failed)
            }
        }
    }

    fn flush(&self, _deadline: Duration) -> Result<(), SinkError> {
        match &mut *self.state() {
            State::Open(writer) => writer.flush().map_err(|error| SinkError::new("flush the stream", error)),
            State::Failed | State::Closed => Ok(()),
        }
    }

    fn close(&self, deadline: Duration) -> Result<(), SinkError> {
        let flushed = self.flush(deadline);
        *self.state() = State::Closed;
        flushed
    }

    fn condition(&self) -> Condition {
        match &*self.state() {
            State::Open(_) => Condition::Well,
            State::Failed => Condition::Failed("the stream cannot be written to any more".into()),
            State::Closed => Condition::Failed("the stream was closed".into()),
        }
    }
}

impl<W> fmt::Debug for Stream<W> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Stream")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyperlog_core::testing::check_sink;
    use hyperlog_core::{Json, Logger, Output, info};
    use std::io;
    use std::sync::Arc;

    /// What was written, seen from outside.
    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// A pipe that nobody reads any more.
    struct Broken;

    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn it_keeps_what_every_sink_promises() {
        let written = Shared::default();
        let seen = written.clone();
        check_sink(Stream::new(written)).observed_by(move || seen.0.lock().unwrap().clone()).run();
    }

    #[test]
    fn what_cannot_be_written_is_counted_and_said() {
        let logger = Logger::builder().output(Output::new(Json::new(), Stream::new(Broken))).build().unwrap();
        info!(logger: logger, "first");
        info!(logger: logger, "second");
        let health = &logger.health()[0];
        assert_eq!(health.dropped_total(), 2);
        assert!(health.is_conserved());
        assert!(matches!(health.condition, Condition::Failed(_)));
    }
}
