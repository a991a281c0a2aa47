//! What passes: levels per target, then sampling.
//!
//! Pure decisions over a level, a target and a given time, so that loggers, outputs and routes can all ask the same
//! thing.

pub(crate) mod directive;
mod ledger;
pub(crate) mod sample;

use std::sync::Arc;

use crate::filter::directive::{Directives, LevelFilter};
use crate::filter::sample::{Offer, SampleRate, Sampler};
use crate::level::Level;

pub(crate) use crate::filter::ledger::SeatNumber;
pub use crate::filter::ledger::Summary;

/// What a logger or an output lets through: a floor that nothing gets below, levels per target, and a sampler.
///
/// Levels are asked first, as early as may be; the sampler is asked once for each record that would be written.
///
/// ```
/// use hyperlog_core::{Filter, Level, LevelFilter, Offer, Sampling, SamplingMethod, SamplingRule};
///
/// let sampling = Sampling::new().rule(SamplingRule::new(SamplingMethod::First(1)));
/// let filter = Filter::new("debug,hyper=warn".parse()?).floor(LevelFilter::from(Level::INFO)).sampler(sampling.compile()?);
///
/// assert!(filter.enabled(Level::INFO, "shop"));
/// assert!(!filter.enabled(Level::INFO, "hyper"));
/// assert!(!filter.enabled(Level::DEBUG, "shop"));
///
/// let offer = Offer::new(Level::INFO, "shop", 1);
/// assert!(filter.sample(&offer, 0, &mut drop).is_some());
/// assert!(filter.sample(&offer, 1, &mut drop).is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Clones share the sampler, and so its counts.
#[derive(Clone, Debug)]
pub struct Filter {
    floor: LevelFilter,
    directives: Directives,
    sampler: Option<Arc<Sampler>>,
}

impl Filter {
    /// Lets through what the directives do.
    pub fn new(directives: Directives) -> Filter {
        Filter { floor: LevelFilter::ALL, directives, sampler: None }
    }

    /// What no directive can get below.
    pub fn floor(mut self, floor: LevelFilter) -> Filter {
        self.floor = floor;
        self
    }

    /// Other levels per target; the sampler goes on.
    pub fn directives(mut self, directives: Directives) -> Filter {
        self.directives = directives;
        self
    }

    /// What samples the records that pass.
    pub fn sampler(mut self, sampler: impl Into<Arc<Sampler>>) -> Filter {
        self.sampler = Some(sampler.into());
        self
    }

    /// Whether records of this level and target pass, before any sampling.
    #[inline]
    pub fn enabled(&self, level: Level, target: &str) -> bool {
        self.floor.allows(level) && self.directives.enabled(level, target)
    }

    /// The levels that pass for this target.
    pub fn level_for(&self, target: &str) -> LevelFilter {
        self.directives.level_for(target).max(self.floor)
    }

    /// What passes for at least one target: below this, nothing needs to be asked.
    pub fn most_verbose(&self) -> LevelFilter {
        self.directives.most_verbose().max(self.floor)
    }

    /// Decides about one record that is enabled, as [`Sampler::sample`]. Without a sampler it is kept.
    #[inline]
    pub fn sample(&self, offer: &Offer<'_>, now: u64, tell: &mut impl FnMut(Summary)) -> Option<SampleRate> {
        match &self.sampler {
            Some(sampler) => sampler.sample(offer, now, tell),
            None => Some(SampleRate::ONE),
        }
    }

    /// Tells the summaries that are due, as [`Sampler::drain_summaries`].
    pub fn drain_summaries(&self, now: u64, tell: &mut impl FnMut(Summary)) {
        if let Some(sampler) = &self.sampler {
            sampler.drain_summaries(now, tell);
        }
    }

    /// Tells all summaries at the end, as [`Sampler::finish_summaries`].
    pub fn finish_summaries(&self, now: u64, tell: &mut impl FnMut(Summary)) {
        if let Some(sampler) = &self.sampler {
            sampler.finish_summaries(now, tell);
        }
    }
}

impl Default for Filter {
    /// Lets through [`Level::INFO`] and above, without sampling.
    fn default() -> Filter {
        Filter::new(Directives::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::sample::{Sampling, SamplingMethod, SamplingRule};

    #[test]
    fn no_directive_gets_below_the_floor() {
        let filter = Filter::new("trace,quiet=error".parse().unwrap()).floor(LevelFilter::from(Level::INFO));
        let check = |level, target: &str, expected| assert_eq!(filter.enabled(level, target), expected, "{target}");
        check(Level::INFO, "shop", true);
        check(Level::DEBUG, "shop", false);
        check(Level::WARN, "quiet", false);
        check(Level::ERROR, "quiet", true);
        assert_eq!(filter.level_for("shop"), LevelFilter::from(Level::INFO));
        assert_eq!(filter.level_for("quiet"), LevelFilter::from(Level::ERROR));
        assert_eq!(filter.most_verbose(), LevelFilter::from(Level::INFO));
    }

    #[test]
    fn without_a_sampler_all_that_is_enabled_is_kept() {
        let filter = Filter::default();
        assert!(filter.enabled(Level::INFO, "shop") && !filter.enabled(Level::DEBUG, "shop"));
        let never = &mut |_| panic!("there is nothing to tell");
        for now in 0..10 {
            assert_eq!(filter.sample(&Offer::new(Level::INFO, "shop", 1), now, never), Some(SampleRate::ONE));
        }
        filter.drain_summaries(u64::MAX, never);
        filter.finish_summaries(u64::MAX, never);
    }

    #[test]
    fn clones_share_what_was_counted_and_other_directives_leave_it() {
        let sampling = Sampling::new().rule(SamplingRule::new(SamplingMethod::First(1)));
        let filter = Filter::default().sampler(sampling.compile().unwrap());
        let other = filter.clone().directives("warn".parse().unwrap());
        let offer = Offer::new(Level::INFO, "shop", 1);
        assert!(filter.sample(&offer, 0, &mut drop).is_some());
        assert!(other.sample(&offer, 1, &mut drop).is_none());
        let mut told = 0;
        filter.drain_summaries(1, &mut |_| told += 1);
        assert_eq!(told, 0, "the window is still open");
        filter.finish_summaries(2, &mut |_| told += 1);
        assert_eq!(told, 1);
    }
}
