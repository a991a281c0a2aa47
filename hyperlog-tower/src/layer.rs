//! The layer, and what can be set on it.

use crate::head::NoRouter;
use crate::service::LogService;
use hyperlog_core::http::{Policy, PolicySetting, SharedPolicy};
use hyperlog_core::{Logger, panic};
use std::marker::PhantomData;
use tower_layer::Layer;

/// The layer for plain tower and hyper services.
pub type HyperLogLayer = LogLayer<NoRouter>;

/// Gives every request an id, a scope and one record; catches panics.
///
/// | option | default | what it does |
/// |---|---|---|
/// | [`logger`](LogLayer::logger) | the one that is current when a request comes | what logs the requests |
/// | [`policy`](LogLayer::policy) | that of the [process](SharedPolicy::global) | one that other layers share, or that is swapped while requests are served |
///
/// All other options are those of a [`Policy`](hyperlog_core::http::Policy). They go over what is said for the whole
/// process, in a configuration say; a policy that is given as a whole is left as it is.
///
/// `R` says how to read what a framework knows of routes and peers.
pub struct LogLayer<R> {
    logger: Option<Logger>,
    policy: PolicySetting,
    router: PhantomData<fn() -> R>,
}

impl<R> LogLayer<R> {
    /// The layer with all defaults.
    pub const fn new() -> LogLayer<R> {
        LogLayer { logger: None, policy: PolicySetting::Untouched, router: PhantomData }
    }

    /// What logs the requests.
    #[must_use]
    pub fn logger(mut self, logger: Logger) -> LogLayer<R> {
        self.logger = Some(logger);
        self
    }

    /// A policy that is shared, in the place of that of the process.
    #[must_use]
    pub fn policy(mut self, policy: &SharedPolicy) -> LogLayer<R> {
        self.policy = PolicySetting::Shared(policy.clone());
        self
    }

    fn change(mut self, change: impl FnOnce(Policy) -> Policy) -> LogLayer<R> {
        self.policy = self.policy.change(change);
        self
    }

    hyperlog_core::__policy_options!();
}

impl<S, R> Layer<S> for LogLayer<R> {
    type Service = LogService<S, R>;

    fn layer(&self, inner: S) -> LogService<S, R> {
        panic::install();
        LogService::new(inner, self.logger.clone(), self.policy.see())
    }
}

impl<R> Clone for LogLayer<R> {
    fn clone(&self) -> LogLayer<R> {
        LogLayer { logger: self.logger.clone(), policy: self.policy.clone(), router: PhantomData }
    }
}

impl<R> Default for LogLayer<R> {
    fn default() -> LogLayer<R> {
        LogLayer::new()
    }
}

impl<R> std::fmt::Debug for LogLayer<R> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("LogLayer").field("logger", &self.logger).field("policy", &self.policy).finish()
    }
}
