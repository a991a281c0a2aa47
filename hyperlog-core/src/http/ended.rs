//! A request that has ended, as policies and observers see it.

use crate::http::outcome::Outcome;
use crate::http::request_id::RequestId;
use crate::http::trace_parent::TraceParent;
use std::time::Duration;

/// A request that has ended.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Ended<'a> {
    /// Its id.
    pub id: &'a RequestId,
    /// Where it stands in a distributed trace, if it does.
    pub trace: Option<&'a TraceParent>,
    /// Its method.
    pub method: &'a str,
    /// The pattern of its route.
    pub route: Option<&'a str>,
    /// Its path. It has met no redaction.
    pub path: &'a str,
    /// The status of the response, if there was one.
    pub status: Option<u16>,
    /// How it ended.
    pub outcome: Outcome,
    /// From the first line of the request to the last byte of the response.
    pub duration: Duration,
    /// To the head of the response.
    pub time_to_first_byte: Option<Duration>,
    /// How many bytes of the request's body were read, or announced where nobody counted.
    pub request_bytes: u64,
    /// How many bytes of the response's body were handed to the transport.
    pub response_bytes: u64,
}

impl std::fmt::Debug for Ended<'_> {
    /// Without the path: it has met no redaction.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = formatter.debug_struct("Ended");
        shown.field("id", self.id).field("method", &self.method).field("route", &self.route);
        shown.field("status", &self.status).field("outcome", &self.outcome).field("duration", &self.duration);
        shown.finish_non_exhaustive()
    }
}
