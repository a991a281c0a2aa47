//! All samples of a run, and the median and spread of each figure.

use crate::case::Case;
use crate::metric::Metric;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Default)]
pub struct Results(BTreeMap<(Case, &'static str, Metric), Vec<f64>>);

impl Results {
    pub fn add(&mut self, case: Case, peer: &'static str, metric: Metric, sample: f64) {
        self.0.entry((case, peer, metric)).or_default().push(sample);
    }

    /// Everything that was measured of a peer in a case, in the order of [`Metric`].
    pub fn metrics(&self, case: Case, peer: &'static str) -> Vec<Metric> {
        Metric::ALL.into_iter().filter(|&metric| self.0.contains_key(&(case, peer, metric))).collect()
    }

    /// Everybody of whom anything was measured in a case.
    pub fn peers(&self, case: Case) -> BTreeSet<&'static str> {
        self.0.keys().filter(|(of, ..)| *of == case).map(|(_, peer, _)| *peer).collect()
    }

    pub fn samples(&self, case: Case, peer: &'static str, metric: Metric) -> &[f64] {
        self.0.get(&(case, peer, metric)).map_or(&[], Vec::as_slice)
    }

    pub fn median(&self, case: Case, peer: &'static str, metric: Metric) -> Option<f64> {
        let samples = self.samples(case, peer, metric);
        (!samples.is_empty()).then(|| quantile(samples, 0.5))
    }

    /// The distance between the quartiles as a part of the median, in percent.
    pub fn spread(&self, case: Case, peer: &'static str, metric: Metric) -> Option<f64> {
        let samples = self.samples(case, peer, metric);
        let median = self.median(case, peer, metric).filter(|&median| samples.len() > 1 && median > 0.0)?;
        Some((quantile(samples, 0.75) - quantile(samples, 0.25)) / median * 100.0)
    }

    /// One peer's median over another's.
    pub fn ratio(&self, case: Case, metric: Metric, peer: &'static str, to: &'static str) -> Option<f64> {
        let base = self.median(case, to, metric).filter(|&base| base > 0.0)?;
        Some(self.median(case, peer, metric)? / base)
    }
}

/// The quantile with linear steps between samples; `samples` must not be empty.
pub fn quantile(samples: &[f64], part: f64) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = (sorted.len() - 1) as f64 * part;
    let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    below + (above - below) * place.fract()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_step_between_samples() {
        for (samples, part, expected) in
            [(&[3.0, 1.0, 2.0][..], 0.5, 2.0), (&[4.0, 1.0, 2.0, 3.0], 0.5, 2.5), (&[7.0], 0.75, 7.0)]
        {
            assert_eq!(quantile(samples, part), expected);
        }
    }

    #[test]
    fn a_peer_that_was_not_measured_has_no_ratio() {
        let mut results = Results::default();
        results.add(Case::Five, "one", Metric::Time, 10.0);
        assert_eq!(results.ratio(Case::Five, Metric::Time, "one", "two"), None);
        results.add(Case::Five, "two", Metric::Time, 5.0);
        assert_eq!(results.ratio(Case::Five, Metric::Time, "one", "two"), Some(2.0));
    }
}
