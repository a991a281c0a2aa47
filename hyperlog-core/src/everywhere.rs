//! The hooks of all loggers, and how a hook is taken away again.

use crate::core::{Core, cores};
use crate::hook::Hook;
use crate::snapshot::Snapshot;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

static HOOKS: Mutex<Vec<Hook>> = Mutex::new(Vec::new());

fn hooks() -> MutexGuard<'static, Vec<Hook>> {
    HOOKS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Gives a logger the hooks of all loggers, if there are any: they run before its own.
pub(crate) fn give_hooks(core: &Core) {
    if hooks().is_empty() {
        return;
    }
    core.update(put_hooks_of_all_first);
}

/// Puts the hooks of all loggers before all that are there.
pub(crate) fn put_hooks_of_all_first(snapshot: &mut Snapshot) {
    let of_all = hooks();
    let is_of_all = |hook: &Hook| of_all.iter().any(|other| other.id == hook.id);
    let before = Arc::clone(snapshot.detour.hooks());
    let own = before.iter().filter(|hook| !is_of_all(hook));
    snapshot.detour.set_hooks(of_all.iter().chain(own).cloned());
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
                let before = Arc::clone(snapshot.detour.hooks());
                snapshot.detour.set_hooks(before.iter().filter(|hook| hook.id != self.id).cloned());
            });
        }
    }
}

fn take_hook(id: u64) -> Option<Hook> {
    let mut hooks = hooks();
    let place = hooks.iter().position(|hook| hook.id == id)?;
    Some(hooks.remove(place))
}
