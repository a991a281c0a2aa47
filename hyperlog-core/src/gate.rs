//! A sampler as calls meet it: before any argument is evaluated, and so without a field.
//!
//! Apart from the snapshot, which a thread would have to look up: what most records that are sampled away cost is getting
//! here. That is why a logger has one for all its life. Another sampler, which comes when it is set up anew, is met later,
//! on the walk of the record.

use crate::filter::sample::{Offer, SampleRate, Sampler};
use crate::filter::{SeatNumber, Summary};
use crate::level::Level;
use crate::snapshot::Snapshot;
use crate::time::Clock;
use std::sync::Arc;

/// A sampler and its clock.
pub(crate) struct Gate {
    sampler: Arc<Sampler>,
    clock: Clock,
}

impl Gate {
    /// None if nothing is sampled, or by a field, which is known only later.
    pub(crate) fn of(snapshot: &Snapshot) -> Option<Gate> {
        let sampler = snapshot.sampler.as_ref().filter(|_| !snapshot.detour.samples_late())?;
        Some(Gate { sampler: Arc::clone(sampler), clock: snapshot.clock.clone() })
    }

    /// Whether it is a sampler's.
    pub(crate) fn is_of(&self, sampler: Option<&Arc<Sampler>>) -> bool {
        sampler.is_some_and(|sampler| Arc::ptr_eq(sampler, &self.sampler))
    }

    /// The number of the rule that decides about records of this level and target.
    pub(crate) fn rule_for(&self, level: Level, target: &str) -> Option<usize> {
        self.sampler.rule_for(level, target)
    }

    /// Whether the rule is known beforehand to suppress a record of this site, which is counted then.
    #[inline(always)]
    pub(crate) fn skips(&self, rule: usize, level: Level, call_site: u64, seat: SeatNumber) -> bool {
        self.sampler.skips(rule, level, call_site, seat)
    }

    /// Whether the rule suppresses a record now, which is counted then. There may be more that it suppresses.
    #[inline(always)]
    pub(crate) fn skips_now(&self, rule: usize, level: Level, call_site: u64) -> bool {
        self.sampler.skips_now(rule, level, call_site, &self.clock)
    }

    /// Decides about a record by the rule of this number.
    #[inline]
    pub(crate) fn sample(&self, rule: usize, offer: &Offer<'_>, tell: &mut impl FnMut(Summary)) -> Option<SampleRate> {
        self.sampler.sample_by(rule, offer, &self.clock, tell)
    }
}
