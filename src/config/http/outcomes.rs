//! Levels by how a request ended.

use crate::config::schema::LevelName;
use hyperlog_core::http::{Outcome, Policy};
use schemars::JsonSchema;

/// The level of a request's record by how it ended, whatever the status.
#[derive(Debug, Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct OutcomeLevels {
    /// Served to the end, with a status below 500. By the status, if nothing is said.
    ok: Option<LevelName>,
    /// A status of 5xx, or no response but an error. `error` if nothing is said.
    error: Option<LevelName>,
    /// The handler, or the body, panicked. `error` if nothing is said.
    panic: Option<LevelName>,
    /// Dropped before it was complete. `info` if nothing is said.
    cancelled: Option<LevelName>,
    /// The body failed after the status was sent. `error` if nothing is said.
    body_error: Option<LevelName>,
    /// A stream without an end was left. `info` if nothing is said.
    closed: Option<LevelName>,
}

impl OutcomeLevels {
    pub(super) fn over(&self, policy: Policy) -> Policy {
        let levels = [
            (Outcome::Ok, self.ok),
            (Outcome::Error, self.error),
            (Outcome::Panic, self.panic),
            (Outcome::Cancelled, self.cancelled),
            (Outcome::BodyError, self.body_error),
            (Outcome::Closed, self.closed),
        ];
        levels.into_iter().fold(policy, |policy, (outcome, level)| match level {
            Some(level) => policy.outcome_level(outcome, level.0),
            None => policy,
        })
    }
}
