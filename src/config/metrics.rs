//! What a configuration may say about metrics.

use crate::config::quantity::Time;
use crate::config::schema::Switch;
use hyperlog_prometheus::Requests;
use schemars::JsonSchema;
use std::sync::Arc;

/// What is shown to a scraper where the program serves the metrics of its logger.
#[derive(Debug, Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Metrics {
    /// `off` counts no requests, and shows nothing. `on` if nothing is said.
    mode: Option<Switch>,
    /// How many routes are counted apart; the others are counted together. 200 if nothing is said.
    routes: Option<u32>,
    /// The bounds of the durations of requests. From `1 ms` to `10 s` if nothing is said.
    buckets: Vec<Time>,
}

impl Metrics {
    /// What counts requests. None if nothing is to be shown.
    pub(crate) fn requests(&self) -> Option<Arc<Requests>> {
        if self.mode == Some(Switch::Off) {
            return None;
        }
        let mut requests = Requests::new();
        if let Some(most) = self.routes {
            requests = requests.most_routes(most as usize);
        }
        if !self.buckets.is_empty() {
            requests = requests.buckets(self.buckets.iter().map(|bound| bound.0.as_secs_f64()));
        }
        Some(Arc::new(requests))
    }
}
