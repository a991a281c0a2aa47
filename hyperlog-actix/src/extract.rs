//! The request's logger as an argument of a handler.

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use hyperlog_core::Scope;
use hyperlog_core::http::RequestLog;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::ops::Deref;

/// The request's logger and its record, as an argument of a handler. It never rejects.
///
/// Without the middleware it is the current logger, so that a handler works in both places.
#[derive(Clone, Debug)]
pub struct Log(RequestLog);

impl Deref for Log {
    type Target = RequestLog;

    fn deref(&self) -> &RequestLog {
        &self.0
    }
}

impl FromRequest for Log {
    type Error = Infallible;
    type Future = Ready<Result<Log, Infallible>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(Ok(Log(RequestLog::new(request.extensions().get::<Scope>()))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;
    use hyperlog_core::Logger;

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
