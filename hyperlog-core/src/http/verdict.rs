//! What becomes of the records of a request, decided once it is known how it ended.
//!
//! Failures are seen whatever a rule says; what is slow or was asked for is too.

use crate::filter::sample::SampleRate;
use crate::http::ended::Ended;
use crate::http::outcome::Outcome;
use crate::http::request::Request;
use crate::http::route::{Access, RouteRule};
use crate::level::Level;

/// What becomes of the records of a request that has ended.
pub(crate) struct Verdict {
    pub(crate) level: Level,
    /// Whether there is an access record.
    pub(crate) is_seen: bool,
    /// Whether no sampler may have a say any more.
    pub(crate) is_kept: bool,
    pub(crate) is_slow: bool,
    /// Why it is seen, where its rule would have passed it over.
    pub(crate) keep_reason: Option<&'static str>,
    /// Whether what was held is given out.
    pub(crate) shows_held: bool,
    pub(crate) rate: SampleRate,
}

impl Verdict {
    pub(crate) fn of(ended: &Ended<'_>, request: &Request, rule: &RouteRule) -> Verdict {
        let policy = &request.policy;
        let is_failure = ended.outcome.is_failure();
        let is_slow = rule.slow.is_some_and(|threshold| ended.duration >= threshold);
        // However low a rule sets it, a failure is seen.
        let of_rule = if is_failure { rule.failures.map(|level| level.max(Level::WARN)) } else { rule.level };
        let level = of_rule.unwrap_or_else(|| policy.level(ended));
        let level = if is_slow { level.max(Level::WARN) } else { level };
        let records = rule.recorder.is_some_and(|level| level.level().is_some()) && request.recorder().is_some();
        let is_skipped = policy.skips(ended);
        let reason = if is_failure {
            Some("failure")
        } else if is_slow {
            Some("slow")
        } else if request.is_asked_for {
            Some("asked_for")
        } else if ended.outcome == Outcome::Cancelled && records && !is_skipped && request.is_sampled(rule) {
            Some("cancelled")
        } else {
            None
        };
        let is_off = matches!(rule.access, Some(Access::Off | Access::Quiet));
        let is_sampled = request.is_asked_for || request.is_sampled(rule);
        let is_kept = is_failure || is_slow || request.is_asked_for;
        let is_passed_over = is_off || !is_sampled || is_skipped;
        Verdict {
            level,
            is_seen: !is_passed_over || reason.is_some(),
            is_kept,
            is_slow,
            keep_reason: reason.filter(|_| is_passed_over),
            shows_held: reason.is_some(),
            rate: if is_kept { SampleRate::ONE } else { SampleRate::of_share(rule.share.unwrap_or(1.0)) },
        }
    }
}
