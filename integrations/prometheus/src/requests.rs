//! Requests that have ended, by route, method and class of status.

use crate::family::{Families, NO_LABELS};
use crate::route_table::RouteTable;
use crate::series::Series;
use hyperlog_core::http::{Ended, InFlight};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use std::fmt;
use std::sync::Arc;

/// Requests that have ended, by the pattern of their route, their method and the class of their status.
///
/// ```
/// use hyperlog_core::http::{InFlight, Policy};
/// use hyperlog_prometheus::{Metrics, Requests};
/// use std::sync::Arc;
///
/// let in_flight = InFlight::new();
/// let requests = Arc::new(Requests::new().in_flight(&in_flight));
/// let policy = Policy::new().in_flight(&in_flight).observe(requests.observer());
/// let metrics = Metrics::new().with(requests);
/// # assert!(metrics.render(Default::default()).unwrap().body.contains("hyperlog_http_requests_in_flight 0.0"));
/// ```
pub struct Requests {
    table: RouteTable,
    most_routes: usize,
    buckets: Vec<f64>,
    in_flight: Option<InFlight>,
}

impl Requests {
    /// How many routes are counted apart, where nothing else is said.
    pub const MOST_ROUTES: usize = 200;

    /// The bounds of durations in seconds, where nothing else is said.
    pub const BUCKETS: [f64; 13] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

    /// None so far.
    pub fn new() -> Requests {
        Requests {
            table: RouteTable::default(),
            most_routes: Requests::MOST_ROUTES,
            buckets: Requests::BUCKETS.into(),
            in_flight: None,
        }
    }

    /// How many routes are counted apart. Those that come later are counted together, as `other`.
    #[must_use]
    pub fn most_routes(mut self, most: usize) -> Requests {
        self.most_routes = most;
        self
    }

    /// The bounds of durations, in seconds. They need no order, and what is no number is left out.
    #[must_use]
    pub fn buckets(mut self, bounds: impl IntoIterator<Item = f64>) -> Requests {
        self.buckets = bounds.into_iter().filter(|bound| bound.is_finite()).collect();
        self.buckets.sort_by(f64::total_cmp);
        self.buckets.dedup();
        self
    }

    /// Shows how many requests are open, by the table that the policy keeps.
    #[must_use]
    pub fn in_flight(mut self, in_flight: &InFlight) -> Requests {
        self.in_flight = Some(in_flight.clone());
        self
    }

    /// Counts a request that has ended.
    pub fn observe(&self, ended: &Ended<'_>) {
        self.table.count(ended, self.most_routes, &self.buckets);
    }

    /// What counts every request of a [policy](hyperlog_core::http::Policy::observe), layer or middleware.
    pub fn observer(self: &Arc<Self>) -> impl Fn(&Ended<'_>) + Clone + Send + Sync + 'static {
        let requests = Arc::clone(self);
        move |ended| requests.observe(ended)
    }
}

impl Default for Requests {
    fn default() -> Requests {
        Requests::new()
    }
}

impl Collector for Requests {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let routes = self.table.routes();
        let series: Vec<([(&str, &str); 3], &Series)> = routes
            .iter()
            .flat_map(|(route, counted)| {
                let labels = |method, status| [("route", &**route), ("method", method), ("status", status)];
                counted.series().map(move |(method, status, series)| (labels(method, status), series))
            })
            .collect();
        let by_outcome = series.iter().flat_map(|(labels, series)| {
            let [route, method, status] = *labels;
            series.outcomes().map(move |(outcome, count)| ([route, method, status, ("outcome", outcome)], count))
        });
        let by_labels =
            |select: fn(&Series) -> u64| series.iter().map(move |(labels, series)| (*labels, select(series)));
        let durations = series.iter().map(|(labels, series)| (*labels, &series.durations));

        let mut families = Families::new(encoder);
        families.counter("hyperlog_http_requests", "Requests that have ended.", by_outcome)?;
        families.histogram(
            "hyperlog_http_request_duration_seconds",
            "From the first line of the request to the last byte of the response.",
            durations,
        )?;
        families.counter(
            "hyperlog_http_request_bytes",
            "Bytes of bodies of requests.",
            by_labels(Series::request_bytes),
        )?;
        families.counter("hyperlog_http_response_bytes", "Bytes of bodies of responses.", {
            by_labels(Series::response_bytes)
        })?;
        match &self.in_flight {
            Some(in_flight) => {
                let open = [(NO_LABELS, in_flight.len() as f64)];
                families.gauge("hyperlog_http_requests_in_flight", "Requests that are open.", open)
            }
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Requests {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("Requests");
        shown.field("most_routes", &self.most_routes).field("buckets", &self.buckets);
        shown.field("in_flight", &self.in_flight).finish_non_exhaustive()
    }
}
