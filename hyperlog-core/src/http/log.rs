//! What a handler is given to log with.

use crate::http::request::Timing;
use crate::http::request_id::RequestId;
use crate::http::route::RouteRule;
use crate::logger::Logger;
use crate::scope::Scope;
use crate::value::ToValue;
use std::error::Error;
use std::ops::Deref;
use std::sync::OnceLock;

/// The request's logger, and its record.
///
/// It is a [`Logger`], and writes onto the access record beside that. Without the layer it is the current logger, and what
/// would be written onto the record goes nowhere: a handler works in both places.
#[derive(Clone, Debug)]
pub struct RequestLog {
    logger: Logger,
    /// The one that counts since a rule was applied, which may have it recorded.
    applied: OnceLock<Logger>,
    scope: Option<Scope>,
}

impl RequestLog {
    /// Of a request, or of whatever is current.
    pub fn new(scope: Option<&Scope>) -> RequestLog {
        let logger = scope.map_or_else(Logger::current, Scope::logger);
        RequestLog { logger, applied: OnceLock::new(), scope: scope.cloned() }
    }

    /// Adds a field to the access record: see [`Scope::add`].
    pub fn add(&self, key: &str, value: impl ToValue) {
        if let Some(scope) = &self.scope {
            scope.add(key, value);
        }
    }

    /// Puts an error with its causes on the access record: see [`Scope::record_error`].
    pub fn record_error(&self, error: &(dyn Error + 'static)) {
        if let Some(scope) = &self.scope {
            scope.record_error(error);
        }
    }

    /// Puts the time that something takes on the access record, until the guard is dropped: see [`Scope::time`].
    pub fn time(&self, name: &str) -> Option<Timing> {
        self.scope.as_ref().map(|scope| scope.time(name))
    }

    /// Changes what is logged of this request: see [`Scope::apply`].
    pub fn apply(&self, rule: RouteRule) {
        if let Some(scope) = &self.scope {
            scope.apply(rule);
            if !self.is_recorded() && scope.with_logger(Logger::is_recorded) {
                self.applied.get_or_init(|| scope.logger());
            }
        }
    }

    /// The id of the request.
    pub fn request_id(&self) -> Option<RequestId> {
        self.scope.as_ref()?.request_id()
    }
}

impl Deref for RequestLog {
    type Target = Logger;

    fn deref(&self) -> &Logger {
        self.applied.get().unwrap_or(&self.logger)
    }
}
