//! The layer, and what can be set on it.

use crate::head::NoRouter;
use crate::service::LogService;
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
///
/// `R` says how to read what a framework knows of routes and peers.
pub struct LogLayer<R> {
    logger: Option<Logger>,
    router: PhantomData<fn() -> R>,
}

impl<R> LogLayer<R> {
    /// The layer with all defaults.
    pub const fn new() -> LogLayer<R> {
        LogLayer { logger: None, router: PhantomData }
    }

    /// What logs the requests.
    #[must_use]
    pub fn logger(mut self, logger: Logger) -> LogLayer<R> {
        self.logger = Some(logger);
        self
    }
}

impl<S, R> Layer<S> for LogLayer<R> {
    type Service = LogService<S, R>;

    fn layer(&self, inner: S) -> LogService<S, R> {
        panic::install();
        LogService::new(inner, self.logger.clone())
    }
}

impl<R> Clone for LogLayer<R> {
    fn clone(&self) -> LogLayer<R> {
        LogLayer { logger: self.logger.clone(), router: PhantomData }
    }
}

impl<R> Default for LogLayer<R> {
    fn default() -> LogLayer<R> {
        LogLayer::new()
    }
}

impl<R> std::fmt::Debug for LogLayer<R> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("LogLayer").field("logger", &self.logger).finish()
    }
}
