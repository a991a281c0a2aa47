//! What all handles of one logger share, and what is known of all loggers together.
//!
//! A call site asks all of them before it asks one: what nobody wants costs nothing, and what everybody wants needs no gate.

use crate::callsite::{self, Judge, Verdict};
use crate::contain::contain;
use crate::fault;
use crate::filter::directive::{Directives, LevelFilter};
use crate::gate::Gate;
use crate::level::Level;
use crate::snapshot::Snapshot;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock, Weak};
use std::time::Instant;

/// What all handles of one logger share.
pub(crate) struct Core {
    /// The number of the snapshot.
    pub(crate) generation: AtomicU64,
    /// The number of the filter in force, by which call sites remember its verdicts.
    pub(crate) filter: AtomicU64,
    /// The first sampler that it had, if it decides before any field is known.
    pub(crate) gate: OnceLock<Gate>,
    snapshot: RwLock<Arc<Snapshot>>,
    listeners: Mutex<Vec<Listener>>,
    /// Held by whoever sets the logger up anew: two at a time would each close what the other keeps.
    pub(crate) anew: Mutex<()>,
    /// Why what was to be in force is not, and since when.
    pub(crate) refused: Mutex<Option<(String, Instant)>>,
}

pub(crate) type Listener = Arc<dyn Fn(&LevelChange) + Send + Sync>;

/// The levels of a logger have changed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LevelChange {
    /// What was in force.
    pub before: Directives,
    /// What is in force now.
    pub after: Directives,
    /// Why.
    pub cause: LevelChangeCause,
}

/// Why levels have changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LevelChangeCause {
    /// They were set.
    Set,
    /// They were overridden for a while.
    Overridden,
    /// The while is over.
    Reverted,
    /// The logger was set up anew.
    Reconfigured,
}

/// Numbers that are never used twice in a process; never 0.
pub(crate) fn next_number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

impl Core {
    pub(crate) fn new(snapshot: Snapshot) -> Arc<Core> {
        let core = Arc::new(Core {
            generation: AtomicU64::new(next_number()),
            filter: AtomicU64::new(next_number()),
            gate: Gate::of(&snapshot).map_or_else(OnceLock::new, OnceLock::from),
            snapshot: RwLock::new(Arc::new(snapshot)),
            listeners: Mutex::default(),
            anew: Mutex::default(),
            refused: Mutex::default(),
        });
        register(&core);
        core
    }

    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshot.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Calls a function after each change of the levels.
    pub(crate) fn listen(&self, listener: Listener) {
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner).push(listener);
    }

    pub(crate) fn update(&self, change: impl FnOnce(&mut Snapshot)) {
        let before = {
            let mut current = self.snapshot.write().unwrap_or_else(PoisonError::into_inner);
            let mut changed = (**current).clone();
            change(&mut changed);
            if let Some(gate) = Gate::of(&changed)
                && !self.gate.get_or_init(|| gate).is_of(changed.sampler.as_ref())
            {
                changed.detour.sample_late();
            }
            let before = std::mem::replace(&mut *current, Arc::new(changed));
            self.filter.store(next_number(), Ordering::Release);
            self.generation.store(next_number(), Ordering::Release);
            before
        };
        // Outside of the lock: what a hook or a sink holds may log when it is dropped.
        drop(before);
        rejudge();
    }

    pub(crate) fn change_levels(&self, cause: LevelChangeCause, change: impl FnOnce(&mut Snapshot)) {
        let mut levels = None;
        self.update(|snapshot| {
            let before = snapshot.directives.clone();
            change(snapshot);
            levels = Some((before, snapshot.directives.clone()));
        });
        let Some((before, after)) = levels.filter(|(before, after)| before != after) else { return };
        let change = LevelChange { before, after, cause };
        let listeners = self.listeners.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for listener in listeners {
            if contain(|| listener(&change)).is_none() {
                fault::report("level", format_args!("a listener panicked"));
            }
        }
    }

    /// Ends an override, unless another or a new level has taken its place.
    pub(crate) fn revert(&self, number: u64) {
        self.change_levels(LevelChangeCause::Reverted, |snapshot| {
            if let Some((base, _)) = snapshot.overridden.take_if(|(_, in_force)| *in_force == number) {
                snapshot.directives = base;
            }
        });
    }
}

/// What is logged unless somebody says otherwise.
pub(crate) const DEFAULT_LEVEL: LevelFilter = LevelFilter::from_level(Level::INFO);

static CORES: Mutex<Vec<Weak<Core>>> = Mutex::new(Vec::new());
static NAMES: OnceLock<()> = OnceLock::new();
static HAS_GLOBAL: AtomicBool = AtomicBool::new(false);

/// Takes a new logger into account.
fn register(core: &Arc<Core>) {
    {
        let mut cores = CORES.lock().unwrap_or_else(PoisonError::into_inner);
        cores.retain(|core| core.strong_count() > 0);
        cores.push(Arc::downgrade(core));
    }
    rejudge();
}

/// From here on there is a global logger, and the default one has no say any more.
pub(crate) fn note_global() {
    if !HAS_GLOBAL.swap(true, Ordering::AcqRel) {
        rejudge();
    }
}

/// Tells every call site that levels have changed.
pub(crate) fn rejudge() {
    callsite::rejudge(jury);
}

/// From the first named logger on, a call site cannot know by its target what a logger will say.
pub(crate) fn note_names() {
    if NAMES.set(()).is_ok() {
        rejudge();
    }
}

/// The most verbose level that any recorder ever wanted: a call site that none wants may be recorded still.
static RECORDED: AtomicU8 = AtomicU8::new(u8::MAX);

/// From here on there are recorders that want what is as severe as this.
#[inline]
pub(crate) fn note_recorded(level: LevelFilter) {
    let severity = level.level().map_or(u8::MAX, Level::severity);
    if severity < RECORDED.load(Ordering::Relaxed) && RECORDED.fetch_min(severity, Ordering::AcqRel) > severity {
        rejudge();
    }
}

/// The loggers there are.
pub(crate) fn cores() -> Vec<Arc<Core>> {
    CORES.lock().unwrap_or_else(PoisonError::into_inner).iter().filter_map(Weak::upgrade).collect()
}

/// What can be said of a call before it is known which logger it goes to.
pub(crate) struct Jury {
    demands: Vec<Demand>,
    is_any_named: bool,
    has_global: bool,
    /// The severity from which on something is recorded.
    recorded: u8,
    /// Whose demands these are, held so that nothing of them is dropped while the jury is asked.
    _loggers: Vec<(Arc<Core>, Arc<Snapshot>)>,
}

/// What a logger wants of all call sites. Most loggers of a program want the same, and each call site is asked for every
/// one that differs.
#[derive(PartialEq)]
struct Demand {
    directives: Directives,
    outputs: LevelFilter,
    is_sampled: bool,
}

/// All loggers, as they are now.
pub(crate) fn jury() -> Jury {
    let mut demands = Vec::new();
    let loggers = cores().into_iter().map(|core| {
        let snapshot = core.snapshot();
        let demand = Demand {
            directives: snapshot.directives.clone(),
            outputs: snapshot.formats.most_verbose(),
            is_sampled: snapshot.sampler.is_some(),
        };
        if !demands.contains(&demand) {
            demands.push(demand);
        }
        (core, snapshot)
    });
    Jury {
        _loggers: loggers.collect(),
        demands,
        is_any_named: NAMES.get().is_some(),
        has_global: HAS_GLOBAL.load(Ordering::Acquire),
        recorded: RECORDED.load(Ordering::Acquire),
    }
}

impl Jury {
    /// The most verbose level that any of them wants.
    pub(crate) fn most_verbose(&self) -> LevelFilter {
        let wants = |level: Level| self.demands.iter().any(|demand| demand.most_verbose().allows(level));
        let by_default = |level| !self.has_global && DEFAULT_LEVEL.allows(level);
        let is_wanted = |level: Level| wants(level) || by_default(level) || level.severity() >= self.recorded;
        let levels = (1..=Level::MAX_SEVERITY).filter_map(Level::from_severity);
        levels.into_iter().find(|level| is_wanted(*level)).map_or(LevelFilter::OFF, LevelFilter::from)
    }
}

impl Demand {
    /// What passes both, for at least one target.
    fn most_verbose(&self) -> LevelFilter {
        self.directives.most_verbose().max(self.outputs)
    }
}

impl Judge for Jury {
    fn verdict(&self, level: Level, target: &str) -> Verdict {
        // Until there is a global logger, a call without a logger brings about the default one.
        let by_default = (!self.has_global).then(|| DEFAULT_LEVEL.allows(level));
        let (mut any, mut all) = (by_default == Some(true), !self.is_any_named && by_default != Some(false));
        for Demand { directives, outputs, is_sampled } in &self.demands {
            let wants = directives.enabled(level, target) && outputs.allows(level);
            any |= wants || self.is_any_named && directives.most_verbose().allows(level);
            all &= wants && !is_sampled;
        }
        any |= level.severity() >= self.recorded;
        match (any, all) {
            (false, _) => Verdict::Unwanted,
            (true, true) => Verdict::Certain,
            (true, false) => Verdict::Open,
        }
    }
}
