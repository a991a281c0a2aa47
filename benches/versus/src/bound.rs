//! A promise about one figure of hyperlog, and whether the run kept it.

use crate::case::{BARE, Case, FLOOR, HYPERLOG};
use crate::metric::Metric;
use crate::results::Results;

pub struct Bound {
    pub metric: Metric,
    limit: Limit,
}

enum Limit {
    Times(&'static str, f64),
    /// Of what it takes in another case.
    TimesCase(Case, Metric, f64),
    AtMost(f64),
    AtLeast(f64),
    AtLeastTimes(&'static str, f64),
    /// Of what it reaches in another case.
    AtLeastTimesCase(Case, f64),
    /// Of what the best of the rivals reaches.
    AtLeastTimesBest(f64),
    /// Whichever rival loses nothing.
    NotAboveLossless,
}

/// How a bound stands after a run.
pub enum Verdict {
    Kept(f64),
    Broken(f64),
    /// One of the figures it needs was not measured.
    Unknown,
}

pub fn times_floor(metric: Metric, factor: f64) -> Bound {
    times(metric, FLOOR, factor)
}

/// At most so many times, or such a part of, what another peer takes.
pub fn times(metric: Metric, peer: &'static str, factor: f64) -> Bound {
    Bound { metric, limit: Limit::Times(peer, factor) }
}

/// At most so many times, or such a part of, what hyperlog itself takes in another case.
pub fn times_case(metric: Metric, case: Case, of: Metric, factor: f64) -> Bound {
    Bound { metric, limit: Limit::TimesCase(case, of, factor) }
}

pub fn at_most(metric: Metric, value: f64) -> Bound {
    Bound { metric, limit: Limit::AtMost(value) }
}

pub fn at_least(metric: Metric, value: f64) -> Bound {
    Bound { metric, limit: Limit::AtLeast(value) }
}

/// At least so many times, or such a part of, what another peer reaches.
pub fn at_least_times(metric: Metric, peer: &'static str, factor: f64) -> Bound {
    Bound { metric, limit: Limit::AtLeastTimes(peer, factor) }
}

/// At least so many times, or such a part of, what hyperlog itself reaches in another case.
pub fn at_least_times_case(metric: Metric, case: Case, factor: f64) -> Bound {
    Bound { metric, limit: Limit::AtLeastTimesCase(case, factor) }
}

/// At least so many times what the best of the rivals reaches.
pub fn at_least_times_best(metric: Metric, factor: f64) -> Bound {
    Bound { metric, limit: Limit::AtLeastTimesBest(factor) }
}

/// Not above any rival that loses nothing.
pub fn not_above_lossless(metric: Metric) -> Bound {
    Bound { metric, limit: Limit::NotAboveLossless }
}

pub fn not_above(metric: Metric, peer: &'static str) -> Bound {
    times(metric, peer, 1.0)
}

impl Bound {
    /// The promise in words: `ns <= 1.5 x floor`.
    pub fn words(&self) -> String {
        let metric = self.metric.name();
        match self.limit {
            Limit::Times(peer, 1.0) => format!("{metric} <= {peer}"),
            Limit::Times(peer, factor) => format!("{metric} <= {} x {peer}", (factor * 1000.0).round() / 1000.0),
            Limit::TimesCase(case, of, factor) => format!("{metric} <= {factor} x {} of {}", of.name(), case.name()),
            Limit::AtMost(value) => format!("{metric} <= {value}"),
            Limit::AtLeast(value) => format!("{metric} >= {value}"),
            Limit::AtLeastTimes(peer, factor) => format!("{metric} >= {factor} x {peer}"),
            Limit::AtLeastTimesCase(case, factor) => format!("{metric} >= {factor} x that of {}", case.name()),
            Limit::AtLeastTimesBest(factor) => format!("{metric} >= {factor} x the best rival"),
            Limit::NotAboveLossless => format!("{metric} <= any rival that loses nothing"),
        }
    }

    /// Holds the promise against the figures: the figure itself, or its ratio where the promise is a ratio.
    pub fn judge(&self, case: Case, results: &Results) -> Verdict {
        let figure = |peer| results.median(case, peer, self.metric);
        let Some(own) = figure(HYPERLOG) else { return Verdict::Unknown };
        let (value, kept) = match self.limit {
            Limit::AtMost(limit) => (own, own <= limit),
            Limit::AtLeast(limit) => (own, own >= limit),
            Limit::Times(peer, limit) => match figure(peer) {
                Some(other) => (own / other, own <= other * limit),
                None => return Verdict::Unknown,
            },
            Limit::AtLeastTimes(peer, limit) => match figure(peer) {
                Some(other) => (own / other, own >= other * limit),
                None => return Verdict::Unknown,
            },
            Limit::AtLeastTimesCase(other, limit) => match results.median(other, HYPERLOG, self.metric) {
                Some(other) => (own / other, own >= other * limit),
                None => return Verdict::Unknown,
            },
            Limit::AtLeastTimesBest(limit) => match rivals(case, results).filter_map(figure).reduce(f64::max) {
                Some(best) => (own / best, own >= best * limit),
                None => return Verdict::Unknown,
            },
            Limit::NotAboveLossless => {
                let is_lossless = |peer: &&'static str| results.median(case, peer, Metric::Lost) == Some(0.0);
                match rivals(case, results).filter(is_lossless).filter_map(figure).reduce(f64::min) {
                    Some(best) => (own / best, own <= best),
                    None => return Verdict::Unknown,
                }
            }
            Limit::TimesCase(other, of, limit) => match results.median(other, HYPERLOG, of) {
                Some(other) => (own / other, own <= other * limit),
                None => return Verdict::Unknown,
            },
        };
        if kept { Verdict::Kept(value) } else { Verdict::Broken(value) }
    }
}

/// Everybody who was measured and is a logger of others.
fn rivals(case: Case, results: &Results) -> impl Iterator<Item = &'static str> {
    results.peers(case).into_iter().filter(|peer| ![HYPERLOG, FLOOR, BARE].contains(peer))
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
        assert_eq!(judge(times(Metric::Time, FLOOR, 1.5), &results), Some((true, 1.5)));
        let of_bind = |factor| times_case(Metric::Time, Case::Bind, Metric::Instructions, factor);
        assert_eq!(judge(of_bind(3.0), &results), None);
        results.add(Case::Bind, HYPERLOG, Metric::Instructions, 50.0);
        assert_eq!(judge(of_bind(3.0), &results), Some((true, 3.0)));
        assert_eq!(judge(of_bind(2.9), &results), Some((false, 3.0)));
    }

    #[test]
    fn what_is_held_against_rivals_knows_neither_the_floor_nor_who_loses_records() {
        let mut results = Results::default();
        let mut add = |peer, records, hundredth, lost| {
            results.add(Case::Delivery1, peer, Metric::Records, records);
            results.add(Case::Delivery1, peer, Metric::Hundredth, hundredth);
            results.add(Case::Delivery1, peer, Metric::Lost, lost);
        };
        add(HYPERLOG, 60.0, 5.0, 0.0);
        add(FLOOR, 90.0, 1.0, 0.0);
        add("careless", 20.0, 2.0, 7.0);
        add("careful", 10.0, 6.0, 0.0);
        let judge = |bound: Bound| match bound.judge(Case::Delivery1, &results) {
            Verdict::Kept(value) => Some((true, value)),
            Verdict::Broken(value) => Some((false, value)),
            Verdict::Unknown => None,
        };
        assert_eq!(judge(at_least_times_best(Metric::Records, 3.0)), Some((true, 3.0)));
        assert_eq!(judge(at_least_times_best(Metric::Records, 3.1)), Some((false, 3.0)));
        assert_eq!(judge(not_above_lossless(Metric::Hundredth)), Some((true, 5.0 / 6.0)));
        assert_eq!(judge(not_above_lossless(Metric::Thousandth)), None);
        assert_eq!(judge(at_least_times(Metric::Records, "careless", 4.0)), Some((false, 3.0)));
        assert_eq!(judge(at_least_times_case(Metric::Records, Case::Delivery1, 0.95)), Some((true, 1.0)));
        assert_eq!(judge(at_least_times_case(Metric::Records, Case::Delivery2, 0.95)), None);
    }

    #[test]
    fn a_bound_tells_in_words_what_it_is_held_against() {
        for (bound, words) in [
            (times_floor(Metric::Time, 1.5), "ns <= 1.5 x floor"),
            (not_above(Metric::Heap, "slog"), "heap_bytes <= slog"),
            (times(Metric::Time, "slog", 1.0 / 6.0), "ns <= 0.167 x slog"),
            (at_most(Metric::Allocations, 8.0), "allocations <= 8"),
            (times_case(Metric::Time, Case::Bind, Metric::Time, 12.0), "ns <= 12 x ns of bind"),
        ] {
            assert_eq!(bound.words(), words);
        }
    }
}
