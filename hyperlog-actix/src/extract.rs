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

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn without_the_middleware_it_is_the_current_logger() {
        let (logger, captured) = Logger::capture();
        let _entered = logger.enter();
        let request = TestRequest::default().to_http_request();
        let Ok(log) = Log::from_request(&request, &mut Payload::None).into_inner();
        hyperlog_core::info!(logger: log, "heard");
        assert_eq!(captured.only().message(), "heard");
    }
}
