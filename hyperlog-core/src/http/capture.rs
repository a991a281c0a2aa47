//! Bodies on their way: counted, and their beginnings kept where a rule wants them shown.

use crate::http::policy::Policy;
use crate::http::route::{Extra, RouteRule};
use crate::http::shown;
use crate::scope::Scope;
use std::sync::atomic::Ordering;

/// Counts the body of a request as it is read.
pub struct RequestMeter {
    pub(crate) scope: Scope,
    pub(crate) received: u64,
}

impl RequestMeter {
    /// A piece of the body was read.
    pub fn read(&mut self, piece: &[u8]) {
        self.received = self.received.saturating_add(piece.len() as u64);
        let Some(request) = self.scope.request() else { return };
        request.set_received(self.received);
        let limit = request.request_limit.load(Ordering::Relaxed);
        if limit > 0 {
            request.note(|notes| keep(piece, limit, &mut notes.request_body));
        }
    }
}

impl std::fmt::Debug for RequestMeter {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("RequestMeter").field("received", &self.received).finish_non_exhaustive()
    }
}

/// Keeps the beginning of a body.
pub(crate) fn keep(piece: &[u8], limit: usize, body: &mut Vec<u8>) {
    let room = limit.saturating_sub(body.len());
    body.extend_from_slice(&piece[..piece.len().min(room)]);
}

/// How much of a body is shown: nothing, unless a rule wants it and it is text that nobody compressed.
pub(crate) fn body_limit<'h>(
    policy: &Policy,
    rule: &RouteRule,
    extra: Extra,
    header: impl Fn(&str) -> Option<&'h [u8]>,
) -> usize {
    let is_plain = || header("content-encoding").is_none() && header("content-type").is_some_and(shown::is_text);
    if rule.shows(extra) && is_plain() { policy.most_of_a_body() } else { 0 }
}
