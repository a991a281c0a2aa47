//! A policy that several layers share, and what each of them sees of it.

use crate::http::policy::Policy;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// A policy that can be swapped while requests are served.
///
/// ```
/// use hyperlog_core::http::{Policy, RouteRule, SharedPolicy};
///
/// let policy = SharedPolicy::new(Policy::new());
/// // ... given to a layer, and later
/// policy.swap(Policy::new().route("/search", RouteRule::new().sample(0.01)));
/// ```
#[derive(Clone)]
pub struct SharedPolicy(Arc<Shared>);

struct Shared {
    /// How often it was swapped.
    version: AtomicU64,
    policy: RwLock<Arc<Policy>>,
}

impl SharedPolicy {
    /// A policy to begin with.
    pub fn new(policy: impl Into<Arc<Policy>>) -> SharedPolicy {
        let policy = RwLock::new(policy.into());
        SharedPolicy(Arc::new(Shared { version: AtomicU64::new(0), policy }))
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
}

impl fmt::Debug for SharedPolicy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.policy().fmt(formatter)
    }
}

/// What a layer was told: a policy of its own, or one that is shared with others.
///
/// Cloning it copies the one and shares the other.
#[doc(hidden)]
#[derive(Clone, Debug)]
pub enum PolicySetting {
    /// The default.
    Untouched,
    /// A policy of its own.
    Own(Arc<Policy>),
    /// A policy that others may swap.
    Shared(SharedPolicy),
}

impl PolicySetting {
    /// Changes it: a shared one for all that share it.
    #[must_use]
    pub fn change(self, change: impl FnOnce(Policy) -> Policy) -> PolicySetting {
        match self {
            PolicySetting::Untouched => PolicySetting::Own(Arc::new(change(Policy::new()))),
            PolicySetting::Own(policy) => PolicySetting::Own(Arc::new(change(Arc::unwrap_or_clone(policy)))),
            PolicySetting::Shared(shared) => {
                shared.swap(change(Arc::unwrap_or_clone(shared.policy())));
                PolicySetting::Shared(shared)
            }
        }
    }

    /// What a service looks at.
    pub fn see(&self) -> SeenPolicy {
        match self {
            PolicySetting::Untouched => SeenPolicy::new(&SharedPolicy::new(Policy::new())),
            PolicySetting::Own(policy) => SeenPolicy::new(&SharedPolicy::new(Arc::clone(policy))),
            PolicySetting::Shared(shared) => SeenPolicy::new(shared),
        }
    }
}

/// The policy that a service saw last, so that a request need not take the lock.
#[doc(hidden)]
#[derive(Clone, Debug)]
pub struct SeenPolicy {
    shared: SharedPolicy,
    version: u64,
    policy: Arc<Policy>,
}

impl SeenPolicy {
    /// Sees the policy in force.
    pub fn new(shared: &SharedPolicy) -> SeenPolicy {
        let version = shared.0.version.load(Ordering::Acquire);
        SeenPolicy { shared: shared.clone(), version, policy: shared.policy() }
    }

    /// Whether another has come into force since.
    #[inline]
    pub fn is_outdated(&self) -> bool {
        self.shared.0.version.load(Ordering::Acquire) != self.version
    }

    /// Sees the one in force now.
    pub fn renew(&mut self) {
        *self = SeenPolicy::new(&self.shared);
    }

    /// The policy.
    #[inline]
    pub fn policy(&self) -> &Arc<Policy> {
        &self.policy
    }
}
