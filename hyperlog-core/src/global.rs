//! Which logger a call goes to, if it names none; and what is known of all loggers together.

use crate::builder::{BuildError, Builder};
use crate::callsite::{self, Callsite, Judge, Verdict};
use crate::field::Fields;
use crate::hook::Hook;
use crate::level::Level;
use crate::logger::{Core, Logger, Pass};
use crate::record::Call;
use crate::scope::Scope;
use crate::snapshot::Snapshot;
use crate::value::Value;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

static CORES: Mutex<Vec<Weak<Core>>> = Mutex::new(Vec::new());
static NAMES: OnceLock<()> = OnceLock::new();
static GLOBAL: OnceLock<Logger> = OnceLock::new();
static HOOKS: Mutex<Vec<Hook>> = Mutex::new(Vec::new());

/// Takes a new logger into account, and gives it the hooks of all loggers.
pub(crate) fn register(core: &Arc<Core>) {
    {
        let mut cores = CORES.lock().unwrap_or_else(PoisonError::into_inner);
        cores.retain(|core| core.strong_count() > 0);
        cores.push(Arc::downgrade(core));
    }
    if hooks().is_empty() {
        rejudge();
    } else {
        give_hooks(core);
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

fn cores() -> Vec<Arc<Core>> {
    CORES.lock().unwrap_or_else(PoisonError::into_inner).iter().filter_map(Weak::upgrade).collect()
}

/// What can be said of a call before it is known which logger it goes to.
pub(crate) struct Jury {
    loggers: Vec<(Arc<Core>, Arc<Snapshot>)>,
    is_any_named: bool,
    has_global: bool,
}

/// All loggers, as they are now.
pub(crate) fn jury() -> Jury {
    let loggers = cores().into_iter().map(|core| {
        let snapshot = core.snapshot();
        (core, snapshot)
    });
    Jury { loggers: loggers.collect(), is_any_named: NAMES.get().is_some(), has_global: GLOBAL.get().is_some() }
}

impl Judge for Jury {
    fn verdict(&self, level: Level, target: &str) -> Verdict {
        // Until there is a global logger, a call without a logger brings about the default one.
        let by_default = (!self.has_global).then(|| Builder::DEFAULT_LEVEL.allows(level));
        let (mut any, mut all) = (by_default == Some(true), !self.is_any_named && by_default != Some(false));
        for (_, snapshot) in &self.loggers {
            let wants = snapshot.wants(level, target);
            any |= wants || self.is_any_named && snapshot.directives.most_verbose().allows(level);
            all &= wants && snapshot.sampler.is_none();
        }
        match (any, all) {
            (false, _) => Verdict::Unwanted,
            (true, true) => Verdict::Certain,
            (true, false) => Verdict::Open,
        }
    }
}

fn hooks() -> MutexGuard<'static, Vec<Hook>> {
    HOOKS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Gives a logger the hooks of all loggers, which run before its own.
fn give_hooks(core: &Core) {
    core.update(|snapshot| {
        let of_all = hooks();
        let is_of_all = |hook: &Hook| of_all.iter().any(|other| other.id == hook.id);
        let own = snapshot.hooks.iter().filter(|hook| !is_of_all(hook));
        snapshot.hooks = of_all.iter().chain(own).cloned().collect();
    });
}

/// Adds a hook to every logger, those to come included.
///
/// ```
/// use hyperlog_core::{Hook, Logger, add_hook_everywhere, info};
///
/// let handle = add_hook_everywhere(Hook::enrich(|draft| drop(draft.add("rack", 7))));
/// let (logger, captured) = Logger::capture();
/// info!(logger: logger, "ready");
/// assert_eq!(captured.only().number("rack"), 7.0);
/// handle.remove();
/// ```
pub fn add_hook_everywhere(hook: Hook) -> HookHandle {
    let id = hook.id;
    hooks().push(hook);
    cores().iter().for_each(|core| give_hooks(core));
    HookHandle { id, of: None }
}

/// Takes a hook away again. Dropping it leaves the hook in place.
#[derive(Debug)]
pub struct HookHandle {
    id: u64,
    /// None if the hook was added everywhere.
    of: Option<Weak<Core>>,
}

impl HookHandle {
    pub(crate) fn new(id: u64, core: &Arc<Core>) -> HookHandle {
        HookHandle { id, of: Some(Arc::downgrade(core)) }
    }

    /// Takes the hook away: it runs for no record logged after this.
    pub fn remove(self) {
        let cores = match &self.of {
            Some(core) => core.upgrade().into_iter().collect(),
            None => {
                // Dropped outside of the lock: what the hook holds may log.
                drop(take_hook(self.id));
                cores()
            }
        };
        for core in cores {
            core.update(|snapshot| {
                snapshot.hooks = snapshot.hooks.iter().filter(|hook| hook.id != self.id).cloned().collect();
            });
        }
    }
}

fn take_hook(id: u64) -> Option<Hook> {
    let mut hooks = hooks();
    let place = hooks.iter().position(|hook| hook.id == id)?;
    Some(hooks.remove(place))
}

/// The global logger; the default one from the first record on, until another is installed in its place.
#[inline]
pub(crate) fn global() -> &'static Logger {
    GLOBAL.get_or_init(Builder::zero_configuration)
}

/// Makes a logger the global one.
pub(crate) fn install(logger: &Logger) -> Result<(), BuildError> {
    static INSTALLED: OnceLock<()> = OnceLock::new();
    INSTALLED.set(()).map_err(|()| BuildError::installed())?;
    match GLOBAL.set(logger.clone()) {
        // The default one has no say any more.
        Ok(()) => rejudge(),
        Err(_) => global().replace(logger),
    }
    Ok(())
}

#[inline]
pub(crate) fn with_current<R>(act: impl FnOnce(&Logger) -> R) -> R {
    match Scope::current() {
        Some(scope) => act(&scope.logger()),
        None => act(global()),
    }
}

/// The gates of a call without a logger.
#[doc(hidden)]
#[inline(always)]
pub fn gate(callsite: &'static Callsite) -> Option<Pass> {
    if callsite.is_certain() { Some(Pass::CERTAIN) } else { gate_of_current(callsite) }
}

#[inline(never)]
fn gate_of_current(callsite: &'static Callsite) -> Option<Pass> {
    with_current(|logger| logger.gate(callsite))
}

/// The gates of a call with a logger.
#[doc(hidden)]
#[inline(always)]
pub fn gate_of(logger: &Logger, callsite: &'static Callsite) -> Option<Pass> {
    if callsite.is_certain() { Some(Pass::CERTAIN) } else { logger.gate(callsite) }
}

/// Logs what has passed the gates.
#[doc(hidden)]
#[inline(never)]
pub fn log(callsite: &'static Callsite, pass: Pass, message: fmt::Arguments<'_>, values: &[Value<'_>]) {
    let call = call(callsite, pass, message, values);
    with_current(|logger| logger.write(&call));
}

/// Logs what has passed the gates to a logger.
#[doc(hidden)]
#[inline(never)]
pub fn log_to(
    logger: &Logger,
    callsite: &'static Callsite,
    pass: Pass,
    message: fmt::Arguments<'_>,
    values: &[Value<'_>],
) {
    logger.write(&call(callsite, pass, message, values));
}

#[inline(always)]
fn call<'a>(callsite: &'static Callsite, pass: Pass, message: fmt::Arguments<'a>, values: &'a [Value<'a>]) -> Call<'a> {
    Call {
        level: callsite.site.level,
        site: &callsite.site,
        message,
        fields: Fields::Gathered { keys: callsite.keys.keys, values },
        keys: Some(&callsite.keys),
        rate: pass.rate,
        may_be_sampled: true,
    }
}
