//! What another facade keeps open for as long as a request lasts: a span of `tracing`.
//!
//! For bridges. One of them says, for the whole process, how such a span is opened, and each exchange asks it. Until one
//! does, that is a look at a flag.

use crate::contain::contain;
use crate::http::ended::Ended;
use crate::http::request_id::RequestId;
use crate::http::trace_parent::TraceParent;
use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// Opens spans of another facade. For bridges.
pub trait OpenSpan: Sync {
    /// A request has come in, whose scope is current. None if nobody wants a span of it.
    fn open(&self, begun: &Begun<'_>) -> Option<Box<dyn RequestSpan>>;
}

/// A span of another facade, as long as a request lasts. It is closed by being dropped, once, however the request ends.
pub trait RequestSpan: Send + Sync {
    /// The request is worked on by this thread, until [`RequestSpan::leave`].
    fn enter(&self);

    /// It is not any more.
    fn leave(&self);

    /// The request has ended.
    fn end(&self, ended: &Ended<'_>);
}

/// A request that has come in, as such a span shows it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Begun<'a> {
    /// Its id.
    pub id: &'a RequestId,
    /// Its method.
    pub method: &'a str,
    /// The pattern of its route, if that is known by now.
    pub route: Option<&'a str>,
    /// Its path, redacted.
    pub path: &'a str,
    /// The `traceparent` that came with it.
    pub trace: Option<&'a TraceParent>,
}

/// What opens them, for the whole process.
static OPENER: OnceLock<&'static dyn OpenSpan> = OnceLock::new();
/// Whether there is one.
static IS_SET: AtomicBool = AtomicBool::new(false);

/// From now on each request has a span of another facade. For bridges.
///
/// # Errors
///
/// When requests have one already.
pub fn set_request_spans(opener: &'static dyn OpenSpan) -> Result<(), RequestSpansAreSet> {
    OPENER.set(opener).map_err(|_| RequestSpansAreSet(()))?;
    IS_SET.store(true, Ordering::Relaxed);
    Ok(())
}

/// Requests have spans of another facade already.
#[derive(Debug)]
pub struct RequestSpansAreSet(());

impl fmt::Display for RequestSpansAreSet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("requests have spans of another facade already")
    }
}

impl std::error::Error for RequestSpansAreSet {}

/// What opens spans, if anything does.
#[inline]
pub(crate) fn opener() -> Option<&'static dyn OpenSpan> {
    if IS_SET.load(Ordering::Relaxed) { OPENER.get().copied() } else { None }
}

/// A span that is open. What it does belongs to others, whose panics end here.
pub(crate) struct Opened(Box<dyn RequestSpan>);

impl Opened {
    pub(crate) fn of(opener: &dyn OpenSpan, begun: &Begun<'_>) -> Option<Opened> {
        contain(|| opener.open(begun)).flatten().map(Opened)
    }

    pub(crate) fn enter(&self) -> Inside<'_> {
        contain(|| self.0.enter());
        Inside(self)
    }

    pub(crate) fn end(&self, ended: &Ended<'_>) {
        contain(|| self.0.end(ended));
    }

    /// Closes it.
    pub(crate) fn close(self) {
        contain(|| drop(self.0));
    }
}

/// Leaves the span when dropped.
pub(crate) struct Inside<'a>(&'a Opened);

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        contain(|| self.0.0.leave());
    }
}
