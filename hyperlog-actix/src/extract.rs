//! The request's logger as an argument of a handler.

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use hyperlog_core::{Logger, Scope};
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::ops::Deref;

/// The request's logger.
///
/// Without the middleware it is the current logger, so that a handler works in both places.
#[derive(Clone, Debug)]
pub struct Log(Logger);

impl Deref for Log {
    type Target = Logger;

    fn deref(&self) -> &Logger {
        &self.0
    }
}

impl FromRequest for Log {
    type Error = Infallible;
    type Future = Ready<Result<Log, Infallible>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(Ok(Log(request.extensions().get::<Scope>().map_or_else(Logger::current, Scope::logger))))
    }
}
