//! The routes that are counted apart, and how many they may be.
//!
//! What a client chooses, it chooses without end: so paths are never looked at, methods are those that are known, and the
//! table of routes ends.

use crate::series::Series;
use hyperlog_core::http::Ended;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

/// The routes that are counted apart.
pub(crate) struct RouteTable {
    routes: RwLock<BTreeMap<Arc<str>, Arc<Route>>>,
}

/// What is counted of one route: a place for each method and class of status, taken when the first such request ends.
#[derive(Default)]
pub(crate) struct Route([[OnceLock<Box<Series>>; STATUSES.len()]; METHODS.len()]);

/// The label of requests that met no route.
const NONE: &str = "none";

/// The label of what is beyond.
const OTHER: &str = "other";

/// A longer pattern is counted with those beyond.
const LONGEST_ROUTE: usize = 256;

const METHODS: [&str; 10] = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "CONNECT", "TRACE", OTHER];

/// A request that ended without a response has none.
const STATUSES: [&str; 7] = ["1xx", "2xx", "3xx", "4xx", "5xx", OTHER, NONE];

impl Default for RouteTable {
    /// The two that are always there count as routes like any other: an application may call one of its own so.
    fn default() -> RouteTable {
        let always = [NONE, OTHER].map(|label| (label.into(), Arc::default()));
        RouteTable { routes: RwLock::new(always.into()) }
    }
}

impl RouteTable {
    /// Counts a request, with those of its route if that is one of at most so many.
    pub(crate) fn count(&self, ended: &Ended<'_>, most: usize, buckets: &[f64]) {
        let wanted = ended.route.unwrap_or(NONE);
        let wanted = if wanted.len() > LONGEST_ROUTE { OTHER } else { wanted };
        let routes = self.routes.read().unwrap_or_else(PoisonError::into_inner);
        let most = most.saturating_add(2);
        match routes.get(wanted).or_else(|| routes.get(OTHER).filter(|_| routes.len() >= most)) {
            Some(route) => route.count(ended, buckets),
            None => {
                drop(routes);
                self.add(wanted, most).count(ended, buckets);
            }
        }
    }

    #[cold]
    fn add(&self, wanted: &str, most: usize) -> Arc<Route> {
        let mut routes = self.routes.write().unwrap_or_else(PoisonError::into_inner);
        // Others may have been quicker.
        let label = if routes.contains_key(wanted) || routes.len() < most { wanted } else { OTHER };
        Arc::clone(routes.entry(label.into()).or_default())
    }

    /// All routes by their labels, in order. Taken along, so that no request waits while they are written.
    pub(crate) fn routes(&self) -> Vec<(Arc<str>, Arc<Route>)> {
        let routes = self.routes.read().unwrap_or_else(PoisonError::into_inner);
        routes.iter().map(|(label, route)| (Arc::clone(label), Arc::clone(route))).collect()
    }
}

impl Route {
    fn count(&self, ended: &Ended<'_>, buckets: &[f64]) {
        let method = METHODS.iter().position(|method| *method == ended.method).unwrap_or(METHODS.len() - 1);
        let status = match ended.status {
            Some(status @ 100..=599) => usize::from(status / 100 - 1),
            Some(_) => 5,
            None => 6,
        };
        self.0[method][status].get_or_init(|| Box::new(Series::new(buckets))).count(ended);
    }

    /// Each that counted any, with its method and status.
    pub(crate) fn series(&self) -> impl Iterator<Item = (&'static str, &'static str, &Series)> {
        self.0.iter().zip(METHODS).flat_map(|(statuses, method)| {
            let series = statuses.iter().zip(STATUSES);
            series.filter_map(move |(series, status)| Some((method, status, &**series.get()?)))
        })
    }
}
