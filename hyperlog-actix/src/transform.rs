//! The middleware, and what can be set on it.

use crate::body::LogBody;
use crate::service::LogService;
use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use hyperlog_core::{Logger, panic};
use std::future::{Ready, ready};

/// Gives every request an id, a scope and one record; catches panics.
///
/// It is a type and a value, so that `.wrap(HyperLog)`, `.wrap(HyperLog.logger(logger))` and `HyperLog::default()` all
/// work.
///
/// | option | default | what it does |
/// |---|---|---|
/// | [`logger`](HyperLog::logger) | the one that is current when a request comes | what logs the requests |
#[derive(Clone, Debug, Default)]
pub struct HyperLog {
    logger: Option<Logger>,
}

/// The middleware with all defaults.
#[allow(non_upper_case_globals, reason = "it stands where a value of its type would, and has its name")]
pub const HyperLog: HyperLog = HyperLog { logger: None };

impl HyperLog {
    /// What logs the requests.
    #[must_use]
    pub fn logger(mut self, logger: Logger) -> HyperLog {
        self.logger = Some(logger);
        self
    }
}

impl<S, B> Transform<S, ServiceRequest> for HyperLog
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    type Response = ServiceResponse<LogBody<B>>;
    type Error = Error;
    type Transform = LogService<S>;
    type InitError = ();
    type Future = Ready<Result<LogService<S>, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        panic::install();
        ready(Ok(LogService::new(service, self.logger.clone())))
    }
}
