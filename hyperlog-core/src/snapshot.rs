//! What a logger does, as of now: replaced as a whole whenever anything of it changes.

use crate::fatal::Fatal;
use crate::filter::directive::Directives;
use crate::filter::sample::Sampler;
use crate::health::Place;
use crate::hook::Hook;
use crate::level::Level;
use crate::outlet::{Format, Outlet};
use crate::reading::{Reading, Rules, Scratch};
use crate::record::{Record, Shape};
use crate::time::Clock;
use std::cell::Cell;
use std::sync::Arc;

/// What a logger does, as of now.
#[derive(Clone)]
pub(crate) struct Snapshot {
    /// The levels in force.
    pub(crate) directives: Directives,
    /// What they revert to, and the number of the override in force.
    pub(crate) overridden: Option<(Directives, u64)>,
    pub(crate) sampler: Option<Arc<Sampler>>,
    pub(crate) samples_by_field: bool,
    pub(crate) rules: Rules,
    pub(crate) rules_of_bound: Rules,
    pub(crate) clock: Clock,
    pub(crate) shape: Shape,
    pub(crate) hooks: Arc<[Hook]>,
    pub(crate) fatal: Fatal,
    pub(crate) formats: Arc<[Format]>,
}

impl Snapshot {
    /// Whether records like this pass the levels.
    pub(crate) fn wants(&self, level: Level, target: &str) -> bool {
        self.directives.enabled(level, target) && self.formats.iter().any(|format| format.wants(level))
    }

    pub(crate) fn reading<'a>(&'a self, scratch: &'a Cell<Option<Box<Scratch>>>) -> Reading<'a> {
        Reading { rules: &self.rules, rules_of_bound: &self.rules_of_bound, scratch }
    }

    pub(crate) fn outlets(&self) -> impl Iterator<Item = &Outlet> {
        self.formats.iter().flat_map(Format::outlets)
    }

    /// Gives a record to every output.
    #[inline(always)]
    pub(crate) fn emit(&self, record: &mut Record<'_>, line: &mut Vec<u8>, place: &Place) {
        for (index, format) in self.formats.iter().enumerate() {
            record.format = index;
            format.write(record, line, place);
        }
    }

    /// [`Snapshot::emit`], out of the way of records that no hook meets.
    #[cold]
    #[inline(never)]
    pub(crate) fn emit_slowly(&self, record: &mut Record<'_>, line: &mut Vec<u8>, place: &Place) {
        self.emit(record, line, place);
    }
}
