//! What is logged of some requests: all of a [`RouteRule`].

use crate::config::quantity::{Bytes, Time};
use crate::config::schema::{LevelName, Threshold};
use hyperlog_core::Level;
use hyperlog_core::http::{Access, Extra, RouteRule};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error};
use std::borrow::Cow;

/// What is logged of some requests.
#[derive(Debug, Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Rule {
    /// Whether a request that does not fail has a record.
    access: Option<HasRecord>,
    /// The level of the record of a request that does not fail.
    level: Option<LevelName>,
    /// The level of the record of a request that fails, no lower than `warn`.
    failures: Option<FailureLevel>,
    /// The share of requests of which anything is seen, unless they fail or are slow.
    sample: Option<Share>,
    /// From which duration on a request is marked as slow, and seen in any case.
    slow: Option<Time>,
    /// The flight recorder: the level down to which records are held, and shown if the request fails. `off` if nothing is
    /// said.
    recorder: Option<Threshold>,
    /// How much it holds for a request. 64 KiB if nothing is said.
    recorder_room: Option<Bytes>,
    /// What is told that is not told by default: `params`, `query`, `request_headers`, `response_headers`, `polls`,
    /// `start`, `open`, `request_body`, `response_body`.
    show: Vec<ExtraName>,
    /// What of this is not told, whoever else wants it.
    hide: Vec<ExtraName>,
}

#[derive(Clone, Copy, Debug, serde::Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum HasRecord {
    /// It has.
    On,
    /// It has none; what handlers log is seen.
    Off,
    /// It has none, and nothing that handlers log is seen either.
    Quiet,
}

#[derive(Clone, Copy, Debug, serde::Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum ExtraName {
    /// The parameters of the route.
    Params,
    /// The query.
    Query,
    /// The headers of the request that are listed.
    RequestHeaders,
    /// The headers of the response that are listed.
    ResponseHeaders,
    /// How often the request was polled, and how long that took.
    Polls,
    /// A record when the request comes in.
    Start,
    /// A record when a response begins whose end cannot be foreseen.
    Open,
    /// The beginning of the request's body.
    RequestBody,
    /// The beginning of the response's body.
    ResponseBody,
}

/// A level that a failure may have: nobody may hide one.
#[derive(Clone, Copy, Debug)]
struct FailureLevel(Level);

/// From 0.0 to 1.0.
#[derive(Clone, Copy, Debug)]
struct Share(f64);

impl Rule {
    pub(super) fn rule(&self) -> RouteRule {
        let mut rule = RouteRule::new();
        if let Some(access) = self.access {
            rule = rule.access(match access {
                HasRecord::On => Access::On,
                HasRecord::Off => Access::Off,
                HasRecord::Quiet => Access::Quiet,
            });
        }
        if let Some(level) = self.level {
            rule = rule.level(level.0);
        }
        if let Some(level) = self.failures {
            rule = rule.failures(level.0);
        }
        if let Some(share) = self.sample {
            rule = rule.sample(share.0);
        }
        if let Some(threshold) = self.slow {
            rule = rule.slow(threshold.0);
        }
        if let Some(threshold) = self.recorder {
            rule = match threshold.0.level() {
                Some(level) => rule.recorder(level),
                None => rule.no_recorder(),
            };
        }
        if let Some(bytes) = self.recorder_room {
            rule = rule.recorder_room(bytes.in_memory());
        }
        rule = self.show.iter().fold(rule, |rule, extra| rule.show(extra.extra()));
        self.hide.iter().fold(rule, |rule, extra| rule.hide(extra.extra()))
    }
}

impl ExtraName {
    fn extra(self) -> Extra {
        match self {
            ExtraName::Params => Extra::Params,
            ExtraName::Query => Extra::Query,
            ExtraName::RequestHeaders => Extra::RequestHeaders,
            ExtraName::ResponseHeaders => Extra::ResponseHeaders,
            ExtraName::Polls => Extra::Polls,
            ExtraName::Start => Extra::Start,
            ExtraName::Open => Extra::Open,
            ExtraName::RequestBody => Extra::RequestBody,
            ExtraName::ResponseBody => Extra::ResponseBody,
        }
    }
}

impl<'de> Deserialize<'de> for FailureLevel {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<FailureLevel, D::Error> {
        let LevelName(level) = LevelName::deserialize(deserializer)?;
        match level >= Level::WARN {
            true => Ok(FailureLevel(level)),
            false => Err(D::Error::custom("no rule hides a failure: this has to be `warn` or more severe")),
        }
    }
}

impl<'de> Deserialize<'de> for Share {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Share, D::Error> {
        let share = f64::deserialize(deserializer)?;
        match (0.0..=1.0).contains(&share) {
            true => Ok(Share(share)),
            false => Err(D::Error::custom("this has to be a share, from 0.0 to 1.0")),
        }
    }
}

impl JsonSchema for FailureLevel {
    fn schema_name() -> Cow<'static, str> {
        "FailureLevel".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "description": "A level from `warn` on.", "type": "string", "pattern": "^[a-zA-Z0-9]+$" })
    }
}

impl JsonSchema for Share {
    fn schema_name() -> Cow<'static, str> {
        "Share".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "description": "A share, from 0.0 to 1.0.", "type": "number", "minimum": 0, "maximum": 1 })
    }
}
