//! The middleware, and what can be set on it.

use crate::body::LogBody;
use crate::error::Causes;
use crate::service::LogService;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::{Error, ResponseError};
use hyperlog_core::http::{Policy, PolicySetting, SharedPolicy};
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
/// | [`policy`](HyperLog::policy) | that of the [process](SharedPolicy::global) | one that other middleware shares, or that is swapped while requests are served |
/// | [`error_type`](HyperLog::error_type) | none | whose causes are told |
///
/// All other options are those of a [`Policy`](hyperlog_core::http::Policy). They go over what is said for the whole
/// process, in a configuration say; a policy that is given as a whole is left as it is.
#[derive(Clone)]
pub struct HyperLog {
    logger: Option<Logger>,
    policy: PolicySetting,
    causes: Causes,
}

/// The middleware with all defaults.
#[allow(non_upper_case_globals, reason = "it stands where a value of its type would, and has its name")]
pub const HyperLog: HyperLog = HyperLog { logger: None, policy: PolicySetting::Untouched, causes: Causes::NONE };

impl HyperLog {
    /// What logs the requests.
    #[must_use]
    pub fn logger(mut self, logger: Logger) -> HyperLog {
        self.logger = Some(logger);
        self
    }

    /// A policy that is shared, in the place of that of the process.
    #[must_use]
    pub fn policy(mut self, policy: &SharedPolicy) -> HyperLog {
        self.policy = PolicySetting::Shared(policy.clone());
        self
    }

    /// Tells the causes of errors of this type. Of any other error only what it says of itself is told: actix knows no
    /// more.
    #[must_use]
    pub fn error_type<E: ResponseError + std::error::Error + 'static>(mut self) -> HyperLog {
        self.causes = self.causes.know(|error| Some(error.as_error::<E>()?));
        self
    }

    fn change(mut self, change: impl FnOnce(Policy) -> Policy) -> HyperLog {
        self.policy = self.policy.change(change);
        self
    }

    hyperlog_core::__policy_options!();
}

impl Default for HyperLog {
    fn default() -> HyperLog {
        HyperLog
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
        ready(Ok(LogService::new(service, self.logger.clone(), self.policy.see(), self.causes.clone())))
    }
}

impl std::fmt::Debug for HyperLog {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("HyperLog").field("logger", &self.logger).field("policy", &self.policy).finish()
    }
}
