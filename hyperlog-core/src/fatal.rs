//! What follows a fatal record: it is flushed before the call returns, and the process goes on unless told otherwise.
//!
//! A library must not end its host by surprise, so that ending it is a choice of whoever sets up the logger.

use crate::contain::contain;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// What follows a fatal record.
///
/// ```
/// use hyperlog_core::{Fatal, Logger, fatal};
/// use std::sync::atomic::{AtomicU32, Ordering};
///
/// static CALLS: AtomicU32 = AtomicU32::new(0);
/// let last_words = Fatal::new().once(|| drop(CALLS.fetch_add(1, Ordering::Relaxed)));
/// let (logger, captured) = Logger::capture_with(|builder| builder.fatal(last_words));
///
/// fatal!(logger: logger, "the disk is gone");
/// fatal!(logger: logger, "and so is the other");
///
/// assert_eq!(captured.len(), 2);
/// assert_eq!(CALLS.load(Ordering::Relaxed), 1);
/// ```
#[derive(Clone)]
#[must_use]
pub struct Fatal {
    deadline: Duration,
    end: End,
    last_words: Vec<Arc<LastWords>>,
}

/// How the process goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Return,
    Exit(i32),
    Abort,
    Panic,
}

struct LastWords {
    said: AtomicBool,
    say: Box<dyn Fn() + Send + Sync>,
}

impl Default for Fatal {
    fn default() -> Fatal {
        Fatal::new()
    }
}

impl Fatal {
    /// Flushes for at most two seconds, and returns.
    pub fn new() -> Fatal {
        Fatal { deadline: Duration::from_secs(2), end: End::Return, last_words: Vec::new() }
    }

    /// How long flushing may take.
    pub fn deadline(mut self, deadline: Duration) -> Fatal {
        self.deadline = deadline;
        self
    }

    /// Calls this after the first fatal record was flushed, and never again.
    pub fn once(mut self, say: impl Fn() + Send + Sync + 'static) -> Fatal {
        self.last_words.push(Arc::new(LastWords { said: AtomicBool::new(false), say: Box::new(say) }));
        self
    }

    /// Then ends the process with this code.
    pub fn exit(mut self, code: i32) -> Fatal {
        self.end = End::Exit(code);
        self
    }

    /// Then aborts the process.
    pub fn abort(mut self) -> Fatal {
        self.end = End::Abort;
        self
    }

    /// Then panics in the call.
    pub fn panic(mut self) -> Fatal {
        self.end = End::Panic;
        self
    }

    /// Does all this once the record was given to the outputs.
    #[cold]
    pub(crate) fn follow(&self, flush: impl FnOnce(Duration)) {
        flush(self.deadline);
        for last in &self.last_words {
            if !last.said.swap(true, Ordering::AcqRel) {
                // Last words that panic must not keep the others from being said.
                contain(|| (last.say)());
            }
        }
        match self.end {
            End::Return => {}
            End::Exit(code) => std::process::exit(code),
            End::Abort => std::process::abort(),
            End::Panic => panic!("a fatal record was logged, and the logger is told to panic"),
        }
    }
}

impl fmt::Debug for Fatal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Fatal")
            .field("deadline", &self.deadline)
            .field("end", &self.end)
            .finish_non_exhaustive()
    }
}
