//! What a configuration may say about requests: all of a [`Policy`] that is plain data.
//!
//! Functions, such as those that skip, observe and extract, are the program's: what it says goes over what is said here.

mod names;
mod outcomes;
mod rule;
mod statuses;

use crate::config::http::names::{BaggageName, HeaderName, NetworkName, RouteName};
use crate::config::http::outcomes::OutcomeLevels;
use crate::config::http::rule::Rule;
use crate::config::http::statuses::Statuses;
use crate::config::quantity::{Bytes, Time};
use crate::config::schema::{LevelName, Shown, Switch};
use hyperlog_core::http::{InFlight, InboundIds, Mode, Policy, Recovery, ServerTiming};
use schemars::JsonSchema;
use serde::de::{Deserialize, Deserializer, Error};
use std::collections::BTreeMap;

/// What is logged of requests, and what becomes of them on the way.
#[derive(Debug, Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Http {
    /// `off` lets requests pass as if the layer were not there.
    mode: Option<Switch>,
    /// The header that carries request ids. `x-request-id` if nothing is said.
    id_header: Option<HeaderName>,
    /// Which inbound request ids are kept. `valid` if nothing is said.
    inbound_ids: Option<Inbound>,
    /// The header that carries what requests of several services have in common, believed of trusted peers alone.
    correlation_id: Option<HeaderName>,
    /// The header in which a proxy says who the user is, believed of trusted peers alone.
    user_id: Option<HeaderName>,
    /// The header in which a proxy says whose data a request is about, believed of trusted peers alone.
    tenant_id: Option<HeaderName>,
    /// Whose forwarded headers are believed: addresses and networks of the proxies before this server.
    #[serde(deserialize_with = "few")]
    trust: Vec<NetworkName>,
    /// The entries of the header `baggage` that stand on all records.
    #[serde(deserialize_with = "few")]
    baggage: Vec<BaggageName>,
    /// The headers of requests that are shown, redacted; `*` stands for all.
    #[serde(deserialize_with = "few")]
    request_headers: Vec<HeaderName>,
    /// The headers of responses that are shown, redacted; `*` stands for all.
    #[serde(deserialize_with = "few")]
    response_headers: Vec<HeaderName>,
    /// How much of a body is shown where a rule shows bodies. 1 KiB if nothing is said.
    body_limit: Option<Bytes>,
    /// The level of a request's record by its status, `404`, or by all of a hundred, `4xx`; the one alone counts more.
    status_levels: BTreeMap<Statuses, LevelName>,
    /// The level of a request's record by how it ended, whatever the status.
    outcome_levels: OutcomeLevels,
    /// What becomes of a panic of a handler once it is recorded. `answer` if nothing is said.
    recovery: Option<AfterPanic>,
    /// From which time on a single poll of a request is warned of. Never, if nothing is said.
    slow_poll: Option<Time>,
    /// Whether times that handlers took leave in a `server-timing` header.
    server_timing: Option<Shown>,
    /// From which age on a request that is still open is told of, once. Never, if nothing is said.
    tell_open_after: Option<Time>,
    /// What requests log, unless their route says otherwise.
    rule: Rule,
    /// What requests of a route log, by its pattern, with the keys of `rule`: a star stands for any text, `regex:` and an
    /// expression for what matches it. A pattern without stars counts more than others, and of those the longer.
    #[serde(deserialize_with = "few_routes")]
    routes: BTreeMap<RouteName, Rule>,
}

#[derive(Clone, Copy, Debug, serde::Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Inbound {
    /// Those that are valid.
    Valid,
    /// Those that are valid and come from a trusted peer.
    FromTrusted,
    /// None.
    Ignored,
}

#[derive(Clone, Copy, Debug, serde::Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum AfterPanic {
    /// The client gets a 500, and the server lives on.
    Answer,
    /// It goes on as if nobody had caught it.
    Resume,
}

/// The most of anything that a request may be compared with one by one.
const MOST: usize = 1_000;

/// The most of these that are expressions, each of which is compiled and takes its time.
const MOST_EXPRESSIONS: usize = 64;

fn few<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    let list = Vec::deserialize(deserializer)?;
    match list.len() {
        0..=MOST => Ok(list),
        _ => Err(D::Error::custom(format!("there are more than {MOST} of these"))),
    }
}

impl Http {
    /// All that is said. A table of the requests that are open is a new one with each call.
    pub(crate) fn policy(&self) -> Policy {
        let mut policy = Policy::new().trust(self.trust.iter().map(|network| network.0));
        policy = self.with_ids(policy);
        if !self.baggage.is_empty() {
            policy = policy.baggage(&self.baggage);
        }
        if !self.request_headers.is_empty() {
            policy = policy.request_headers(&self.request_headers);
        }
        if !self.response_headers.is_empty() {
            policy = policy.response_headers(&self.response_headers);
        }
        if let Some(bytes) = self.body_limit {
            policy = policy.body_limit(bytes.in_memory());
        }
        policy = self.outcome_levels.over(self.with_status_levels(policy));
        policy = self.with_what_is_done(policy).rule(self.rule.rule());
        // Of several that fit the last counts.
        let mut routes: Vec<_> = self.routes.iter().collect();
        routes.sort_by_key(|(name, _)| name.length());
        routes.into_iter().fold(policy, |policy, (name, rule)| policy.route(name.pattern(), rule.rule()))
    }

    fn with_ids(&self, mut policy: Policy) -> Policy {
        if let Some(name) = &self.id_header {
            policy = policy.id_header(name.as_ref());
        }
        if let Some(inbound) = self.inbound_ids {
            policy = policy.inbound_ids(match inbound {
                Inbound::Valid => InboundIds::Valid,
                Inbound::FromTrusted => InboundIds::FromTrusted,
                Inbound::Ignored => InboundIds::Ignored,
            });
        }
        if let Some(name) = &self.correlation_id {
            policy = policy.correlation_id(name.as_ref());
        }
        if let Some(name) = &self.user_id {
            policy = policy.user_id(name.as_ref());
        }
        if let Some(name) = &self.tenant_id {
            policy = policy.tenant_id(name.as_ref());
        }
        policy
    }

    fn with_status_levels(&self, policy: Policy) -> Policy {
        // The wider first: of several that fit the last counts.
        let mut levels: Vec<_> = self.status_levels.iter().collect();
        levels.sort_by_key(|(statuses, _)| std::cmp::Reverse(statuses.count()));
        levels.into_iter().fold(policy, |policy, (statuses, level)| policy.status_level(statuses.range(), level.0))
    }

    /// What becomes of requests, besides what is logged of them.
    fn with_what_is_done(&self, mut policy: Policy) -> Policy {
        if let Some(mode) = self.mode {
            policy = policy.mode(match mode {
                Switch::On => Mode::On,
                Switch::Off => Mode::Off,
            });
        }
        if let Some(recovery) = self.recovery {
            policy = policy.recovery(match recovery {
                AfterPanic::Answer => Recovery::Answer,
                AfterPanic::Resume => Recovery::Resume,
            });
        }
        if let Some(threshold) = self.slow_poll {
            policy = policy.slow_poll(threshold.0);
        }
        if let Some(shown) = self.server_timing {
            policy = policy.server_timing(match shown {
                Shown::Shown => ServerTiming::Shown,
                Shown::Hidden => ServerTiming::Hidden,
            });
        }
        if let Some(age) = self.tell_open_after {
            policy = policy.in_flight(&InFlight::new().tell_after(age.0));
        }
        policy
    }
}

fn few_routes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<RouteName, Rule>, D::Error> {
    let routes = BTreeMap::<RouteName, Rule>::deserialize(deserializer)?;
    if routes.len() > MOST {
        return Err(D::Error::custom(format!("there are more than {MOST} routes: say with stars what they share")));
    }
    if routes.keys().filter(|name| name.is_expression()).count() > MOST_EXPRESSIONS {
        return Err(D::Error::custom(format!("there are more than {MOST_EXPRESSIONS} expressions")));
    }
    Ok(routes)
}
