//! What a logger does, as of now: replaced as a whole whenever anything of it changes.

use crate::fatal::Fatal;
use crate::filter::directive::Directives;
use crate::filter::sample::{Sampler, Sampling};
use crate::health::Place;
use crate::hook::Hook;
use crate::level::Level;
use crate::outlet::{Formats, Outlet};
use crate::record::{Record, Shape};
use crate::time::Clock;
use std::sync::Arc;

/// What a logger does, as of now.
#[derive(Clone)]
pub(crate) struct Snapshot {
    /// The levels in force.
    pub(crate) directives: Directives,
    /// What they revert to, and the number of the override in force.
    pub(crate) overridden: Option<(Directives, u64)>,
    pub(crate) sampling: Sampling,
    pub(crate) sampler: Option<Arc<Sampler>>,
    /// Those of the hooks that the logger was set up with.
    pub(crate) own_hooks: Vec<u64>,
    pub(crate) detour: Detour,
    pub(crate) clock: Clock,
    pub(crate) shape: Shape,
    pub(crate) fatal: Fatal,
    pub(crate) formats: Arc<Formats>,
}

/// What not every record goes through: hooks, and a sampler that has to see a field, or that calls do not meet before.
#[derive(Clone)]
pub(crate) struct Detour {
    hooks: Arc<[Hook]>,
    samples_late: bool,
    /// Asked for each record, and so known beforehand.
    is_empty: bool,
}

impl Detour {
    pub(crate) fn new(hooks: Arc<[Hook]>, samples_late: bool) -> Detour {
        Detour { is_empty: hooks.is_empty() && !samples_late, hooks, samples_late }
    }

    /// Hooks in place of those that are there.
    pub(crate) fn set_hooks(&mut self, hooks: impl IntoIterator<Item = Hook>) {
        *self = Detour::new(hooks.into_iter().collect(), self.samples_late);
    }

    /// Samples records once their fields are known, and not before.
    pub(crate) fn sample_late(&mut self) {
        *self = Detour::new(Arc::clone(&self.hooks), true);
    }

    pub(crate) fn hooks(&self) -> &Arc<[Hook]> {
        &self.hooks
    }

    pub(crate) fn samples_late(&self) -> bool {
        self.samples_late
    }

    #[inline(always)]
    pub(crate) fn is_empty(&self) -> bool {
        self.is_empty
    }
}

impl Snapshot {
    /// Whether records like this pass the levels.
    pub(crate) fn wants(&self, level: Level, target: &str) -> bool {
        self.directives.enabled(level, target) && self.formats.most_verbose().allows(level)
    }

    pub(crate) fn outlets(&self) -> impl Iterator<Item = &Outlet> {
        self.formats.outlets()
    }

    /// Gives a record to every output.
    #[inline(always)]
    pub(crate) fn emit(&self, record: &mut Record<'_>, line: &mut Vec<u8>, place: &Place) {
        self.formats.write(record, line, place);
    }
}
