//! What a configuration may say about metrics.

use crate::config::quantity::Time;
use crate::config::schema::Switch;
use hyperlog_prometheus::Requests;
use schemars::JsonSchema;
use serde::de::{Deserialize, Deserializer, Error};
use std::sync::Arc;

/// What is shown to a scraper where the program serves the metrics of its logger.
#[derive(Debug, serde::Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Metrics {
    /// `off` counts no requests, and shows nothing. `on` if nothing is said.
    mode: Switch,
    /// How many routes are counted apart, 10,000 at most; the others are counted together. 200 if nothing is said.
    #[serde(deserialize_with = "bounded_routes")]
    routes: usize,
    /// The bounds of the durations of requests, 100 at most. From `1ms` to `10s` if nothing is said.
    #[serde(deserialize_with = "bounded_buckets")]
    buckets: Vec<Time>,
}

impl Default for Metrics {
    fn default() -> Metrics {
        Metrics { mode: Switch::On, routes: Requests::MOST_ROUTES, buckets: Vec::new() }
    }
}

/// Each is a line in every scrape, for each of the routes.
const MOST_BUCKETS: usize = 100;
const MOST_ROUTES: usize = 10_000;

fn bounded_routes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    match usize::deserialize(deserializer)? {
        routes @ 0..=MOST_ROUTES => Ok(routes),
        _ => Err(D::Error::custom(format!("this has to be a whole number from 0 to {MOST_ROUTES}"))),
    }
}

fn bounded_buckets<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Time>, D::Error> {
    let buckets = Vec::<Time>::deserialize(deserializer)?;
    if buckets.len() > MOST_BUCKETS {
        return Err(D::Error::custom(format!("there are more than {MOST_BUCKETS} of these")));
    }
    if buckets.iter().any(|bound| bound.0.is_zero()) {
        return Err(D::Error::custom("no request takes no time at all: a bound has to be longer"));
    }
    Ok(buckets)
}

impl Metrics {
    /// What counts requests. None if nothing is to be shown.
    pub(crate) fn requests(&self) -> Option<Arc<Requests>> {
        if self.mode == Switch::Off {
            return None;
        }
        let mut requests = Requests::new().most_routes(self.routes);
        if !self.buckets.is_empty() {
            requests = requests.buckets(self.buckets.iter().map(|bound| bound.0.as_secs_f64()));
        }
        Some(Arc::new(requests))
    }
}
