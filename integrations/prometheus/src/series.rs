//! What is counted of the requests of one route, one method and one class of status.

use hyperlog_core::http::{Ended, Outcome, TraceParent};
use prometheus_client::encoding::{EncodeLabelSet, LabelSetEncoder};
use prometheus_client::metrics::exemplar::HistogramWithExemplars;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// What is counted of requests that are alike.
pub(crate) struct Series {
    outcomes: [AtomicU64; Outcome::ALL.len()],
    request_bytes: AtomicU64,
    response_bytes: AtomicU64,
    pub(crate) durations: HistogramWithExemplars<TraceId>,
}

impl Series {
    pub(crate) fn new(buckets: &[f64]) -> Series {
        Series {
            outcomes: Default::default(),
            request_bytes: AtomicU64::new(0),
            response_bytes: AtomicU64::new(0),
            durations: HistogramWithExemplars::new(buckets.iter().copied()),
        }
    }

    pub(crate) fn count(&self, ended: &Ended<'_>) {
        if let Some(place) = Outcome::ALL.iter().position(|outcome| *outcome == ended.outcome) {
            self.outcomes[place].fetch_add(1, Ordering::Relaxed);
        }
        self.request_bytes.fetch_add(ended.request_bytes, Ordering::Relaxed);
        self.response_bytes.fetch_add(ended.response_bytes, Ordering::Relaxed);
        let trace = ended.trace.and_then(TraceId::of);
        // A clock before 1970 has no time that could be written.
        let now = trace.is_some().then(SystemTime::now).filter(|now| *now >= UNIX_EPOCH);
        self.durations.observe(ended.duration.as_secs_f64(), trace, now);
    }

    /// How many ended in each way that any ended in.
    pub(crate) fn outcomes(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let counts = self.outcomes.iter().map(|count| count.load(Ordering::Relaxed));
        Outcome::ALL.iter().map(|outcome| outcome.name()).zip(counts).filter(|(_, count)| *count > 0)
    }

    pub(crate) fn request_bytes(&self) -> u64 {
        self.request_bytes.load(Ordering::Relaxed)
    }

    pub(crate) fn response_bytes(&self) -> u64 {
        self.response_bytes.load(Ordering::Relaxed)
    }
}

/// The trace by which an example of a duration is found. In place, so that keeping it costs no allocation.
#[derive(Debug)]
pub(crate) struct TraceId([u8; 32]);

impl TraceId {
    fn of(trace: &TraceParent) -> Option<TraceId> {
        trace.trace_id().as_bytes().try_into().ok().map(TraceId)
    }
}

impl EncodeLabelSet for TraceId {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> fmt::Result {
        [("trace_id", std::str::from_utf8(&self.0).unwrap_or_default())].encode(encoder)
    }
}
