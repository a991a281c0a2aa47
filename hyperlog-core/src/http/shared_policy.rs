//! A policy that several layers share, and what each of them sees of it.

use crate::http::head::RequestHead;
use crate::http::policy::Policy;
use crate::scope::Scope;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError, RwLock};

/// A policy that can be swapped while requests are served.
///
/// ```
/// use hyperlog_core::http::{Policy, RouteRule, SharedPolicy};
///
/// let policy = SharedPolicy::new(Policy::new());
/// // ... given to a layer, and later
/// policy.swap(Policy::new().route("/search", RouteRule::new().sample(0.01)));
/// ```
///
/// One is there from the start: that of the whole process.
#[derive(Clone)]
pub struct SharedPolicy(Arc<Shared>);

struct Shared {
    /// How often it was swapped.
    version: AtomicU64,
    policy: RwLock<Arc<Policy>>,
}

static GLOBAL: LazyLock<SharedPolicy> = LazyLock::new(|| SharedPolicy::new(Policy::new()));

impl SharedPolicy {
    /// A policy to begin with.
    pub fn new(policy: impl Into<Arc<Policy>>) -> SharedPolicy {
        let policy = RwLock::new(policy.into());
        SharedPolicy(Arc::new(Shared { version: AtomicU64::new(0), policy }))
    }

    /// The policy of the whole process. It is that of each layer to which no other is given; what a layer is told itself is
    /// laid [over](Policy::over) it. Nothing is said in it until somebody swaps it, as a configuration does.
    ///
    /// ```
    /// use hyperlog_core::http::{Policy, RouteRule, SharedPolicy};
    ///
    /// SharedPolicy::global().swap(Policy::new().route("/health", RouteRule::off()));
    /// ```
    pub fn global() -> SharedPolicy {
        GLOBAL.clone()
    }

    /// Puts another policy in force: for every request that begins from now on.
    pub fn swap(&self, policy: Policy) {
        let mut current = self.0.policy.write().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::replace(&mut *current, Arc::new(policy));
        self.0.version.fetch_add(1, Ordering::Release);
        drop(current);
        // Outside of the lock: what its functions hold may do anything when it is dropped.
        drop(before);
    }

    /// The policy in force.
    pub fn policy(&self) -> Arc<Policy> {
        Arc::clone(&self.0.policy.read().unwrap_or_else(PoisonError::into_inner))
    }

    #[inline]
    fn version(&self) -> u64 {
        self.0.version.load(Ordering::Acquire)
    }
}

impl fmt::Debug for SharedPolicy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.policy().fmt(formatter)
    }
}

/// What a layer was told: options of its own, or a policy that is shared with others.
///
/// Cloning it shares both, and changing the clone leaves the other's own options as they are.
#[doc(hidden)]
#[derive(Clone, Debug)]
pub enum PolicySetting {
    /// The policy of the process.
    Untouched,
    /// What goes over the policy of the process.
    Own(Arc<OwnPolicy>),
    /// A policy that others may swap.
    Shared(SharedPolicy),
}

/// What a layer was told itself, and what that comes to over the policy of the process.
#[doc(hidden)]
pub struct OwnPolicy {
    said: Policy,
    /// Laid over once for each version, however many services a layer makes.
    laid: Mutex<Option<(u64, Arc<Policy>)>>,
}

impl PolicySetting {
    /// Changes it: a shared one for all that share it.
    #[must_use]
    pub fn change(self, change: impl FnOnce(Policy) -> Policy) -> PolicySetting {
        match self {
            PolicySetting::Untouched => PolicySetting::Own(OwnPolicy::new(change(Policy::new()))),
            PolicySetting::Own(own) => PolicySetting::Own(OwnPolicy::new(change(OwnPolicy::said(own)))),
            PolicySetting::Shared(shared) => {
                shared.swap(change(Arc::unwrap_or_clone(shared.policy())));
                PolicySetting::Shared(shared)
            }
        }
    }

    /// What a service looks at.
    pub fn see(&self) -> SeenPolicy {
        let (version, policy) = self.in_force();
        SeenPolicy { setting: self.clone(), version, policy }
    }

    fn in_force(&self) -> (u64, Arc<Policy>) {
        // The version first: if somebody swaps meanwhile, this looks again.
        let version = self.version();
        match self {
            PolicySetting::Untouched => (version, GLOBAL.policy()),
            PolicySetting::Own(own) => (version, own.over_global(version)),
            PolicySetting::Shared(shared) => (version, shared.policy()),
        }
    }

    #[inline]
    fn version(&self) -> u64 {
        match self {
            PolicySetting::Untouched | PolicySetting::Own(_) => GLOBAL.version(),
            PolicySetting::Shared(shared) => shared.version(),
        }
    }
}

impl OwnPolicy {
    fn new(said: Policy) -> Arc<OwnPolicy> {
        Arc::new(OwnPolicy { said, laid: Mutex::new(None) })
    }

    fn said(own: Arc<OwnPolicy>) -> Policy {
        match Arc::try_unwrap(own) {
            Ok(own) => own.said,
            Err(own) => own.said.clone(),
        }
    }

    fn over_global(&self, version: u64) -> Arc<Policy> {
        let mut laid = self.laid.lock().unwrap_or_else(PoisonError::into_inner);
        match &*laid {
            Some((known, policy)) if *known == version => Arc::clone(policy),
            _ => {
                let policy = Arc::new(self.said.clone().over(Policy::clone(&GLOBAL.policy())));
                *laid = Some((version, Arc::clone(&policy)));
                policy
            }
        }
    }
}

impl fmt::Debug for OwnPolicy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.said.fmt(formatter)
    }
}

/// The policy that a service saw last, so that a request need not take the lock.
#[doc(hidden)]
#[derive(Clone, Debug)]
pub struct SeenPolicy {
    setting: PolicySetting,
    version: u64,
    policy: Arc<Policy>,
}

impl SeenPolicy {
    /// Whether another has come into force since.
    #[inline]
    pub fn is_outdated(&self) -> bool {
        self.setting.version() != self.version
    }

    /// Sees the one in force now.
    pub fn renew(&mut self) {
        (self.version, self.policy) = self.setting.in_force();
    }

    /// The policy.
    #[inline]
    pub fn policy(&self) -> &Arc<Policy> {
        &self.policy
    }

    /// Adds to a request that another layer has opened already what this layer was told itself: what is said for the
    /// process is no more than a layer outside was told, which has had its say.
    pub fn refine(&self, scope: &Scope, head: &impl RequestHead) {
        match &self.setting {
            PolicySetting::Untouched => Policy::new().refine(scope, head),
            PolicySetting::Own(own) => own.said.refine(scope, head),
            PolicySetting::Shared(_) => self.policy.refine(scope, head),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{InboundIds, RouteRule};
    use crate::level::Level;

    /// Of the whole process: no other test of this binary may swap it.
    #[test]
    fn what_a_layer_is_told_goes_over_the_policy_of_the_process_and_a_shared_one_is_left_alone() {
        let level = |seen: &SeenPolicy, route| seen.policy().rule_for(Some(route), route).level;
        let own = PolicySetting::Untouched.change(|policy| policy.route("/own", RouteRule::new().level(Level::DEBUG)));
        let own = own.change(|policy| policy.inbound_ids(InboundIds::Ignored));
        let shared = PolicySetting::Shared(SharedPolicy::new(Policy::new()));
        let mut seen = [PolicySetting::Untouched.see(), own.see(), shared.see()];
        assert!(seen.iter().all(|seen| !seen.is_outdated()));
        for of_all in [Level::NOTICE, Level::TRACE] {
            let rule = RouteRule::new().level(of_all);
            let said = Policy::new().route("/own", rule).route("/all", rule).inbound_ids(InboundIds::FromTrusted);
            SharedPolicy::global().swap(said);
            assert_eq!(seen.each_ref().map(SeenPolicy::is_outdated), [true, true, false]);
            seen.iter_mut().for_each(SeenPolicy::renew);
            assert_eq!(seen.each_ref().map(|seen| level(seen, "/all")), [Some(of_all), Some(of_all), None]);
            assert_eq!(seen.each_ref().map(|seen| level(seen, "/own")), [Some(of_all), Some(Level::DEBUG), None]);
            let inbound = seen.each_ref().map(|seen| seen.policy().inbound());
            assert_eq!(inbound, [InboundIds::FromTrusted, InboundIds::Ignored, InboundIds::Valid]);
        }
        assert!(Arc::ptr_eq(own.see().policy(), own.clone().see().policy()), "it is laid over once for a version");
        SharedPolicy::global().swap(Policy::new());
    }
}
