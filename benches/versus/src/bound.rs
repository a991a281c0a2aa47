//! A promise about one figure of hyperlog, and whether the run kept it.

use crate::case::{Case, FLOOR, HYPERLOG};
use crate::metric::Metric;
use crate::results::Results;

pub struct Bound {
    pub metric: Metric,
    limit: Limit,
}

enum Limit {
    TimesFloor(f64),
    AtMost(f64),
    AtLeast(f64),
    NotAbove(&'static str),
}

/// How a bound stands after a run.
pub enum Verdict {
    Kept(f64),
    Broken(f64),
    /// One of the figures it needs was not measured.
    Unknown,
}

pub fn times_floor(metric: Metric, factor: f64) -> Bound {
    Bound { metric, limit: Limit::TimesFloor(factor) }
}

pub fn at_most(metric: Metric, value: f64) -> Bound {
    Bound { metric, limit: Limit::AtMost(value) }
}

pub fn at_least(metric: Metric, value: f64) -> Bound {
    Bound { metric, limit: Limit::AtLeast(value) }
}

pub fn not_above(metric: Metric, peer: &'static str) -> Bound {
    Bound { metric, limit: Limit::NotAbove(peer) }
}

impl Bound {
    /// The promise in words: `ns <= 1.5 x floor`.
    pub fn words(&self) -> String {
        let metric = self.metric.name();
        match self.limit {
            Limit::TimesFloor(factor) => format!("{metric} <= {factor} x {FLOOR}"),
            Limit::AtMost(value) => format!("{metric} <= {value}"),
            Limit::AtLeast(value) => format!("{metric} >= {value}"),
            Limit::NotAbove(peer) => format!("{metric} <= {peer}"),
        }
    }

    /// Holds the promise against the figures: the figure itself, or its ratio where the promise is a ratio.
    pub fn judge(&self, case: Case, results: &Results) -> Verdict {
        let figure = |peer| results.median(case, peer, self.metric);
        let Some(own) = figure(HYPERLOG) else { return Verdict::Unknown };
        let (value, kept) = match self.limit {
            Limit::AtMost(limit) => (own, own <= limit),
            Limit::AtLeast(limit) => (own, own >= limit),
            Limit::TimesFloor(limit) => match figure(FLOOR) {
                Some(floor) => (own / floor, own <= floor * limit),
                None => return Verdict::Unknown,
            },
            Limit::NotAbove(peer) => match figure(peer) {
                Some(rival) => (own / rival, own <= rival),
                None => return Verdict::Unknown,
            },
        };
        if kept { Verdict::Kept(value) } else { Verdict::Broken(value) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_is_kept_broken_or_unknown() {
        let mut results = Results::default();
        results.add(Case::Five, HYPERLOG, Metric::Time, 150.0);
        let judge = |bound: Bound, results: &Results| match bound.judge(Case::Five, results) {
            Verdict::Kept(value) => Some((true, value)),
            Verdict::Broken(value) => Some((false, value)),
            Verdict::Unknown => None,
        };
        assert_eq!(judge(at_most(Metric::Time, 150.0), &results), Some((true, 150.0)));
        assert_eq!(judge(at_most(Metric::Time, 149.0), &results), Some((false, 150.0)));
        assert_eq!(judge(at_least(Metric::Time, 151.0), &results), Some((false, 150.0)));
        assert_eq!(judge(at_most(Metric::Heap, 1.0), &results), None);
        assert_eq!(judge(times_floor(Metric::Time, 1.5), &results), None);
        results.add(Case::Five, FLOOR, Metric::Time, 100.0);
        assert_eq!(judge(times_floor(Metric::Time, 1.5), &results), Some((true, 1.5)));
        assert_eq!(judge(times_floor(Metric::Time, 1.4), &results), Some((false, 1.5)));
        assert_eq!(judge(not_above(Metric::Time, FLOOR), &results), Some((false, 1.5)));
    }
}
