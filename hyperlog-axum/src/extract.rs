//! The request's logger as an argument of a handler.

use crate::head::AxumRouter;
use axum::extract::FromRequestParts;
use http::request::Parts;
use hyperlog_core::Scope;
use hyperlog_core::http::RequestLog;
use hyperlog_tower::Router;
use std::convert::Infallible;
use std::ops::Deref;

/// The request's logger and its record, as an argument of a handler. It never rejects.
///
/// Without the layer it is the current logger, so that a handler works in both places. Where the layer stands around the
/// whole router, and cannot know the route, this tells it.
#[derive(Clone, Debug)]
pub struct Log(RequestLog);

impl Deref for Log {
    type Target = RequestLog;

    fn deref(&self) -> &RequestLog {
        &self.0
    }
}

impl<S: Sync> FromRequestParts<S> for Log {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Log, Infallible> {
        let scope = parts.extensions.get::<Scope>();
        if let (Some(scope), Some(route)) = (scope, AxumRouter::route(&parts.extensions)) {
            scope.set_route(route);
        }
        Ok(Log(RequestLog::new(scope)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyperlog_core::Logger;
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    #[test]
    fn without_the_layer_it_is_the_current_logger() {
        let (logger, captured) = Logger::capture();
        let _entered = logger.enter();
        let (mut parts, ()) = http::Request::new(()).into_parts();
        let extracted = pin!(Log::from_request_parts(&mut parts, &()));
        let Poll::Ready(Ok(log)) = extracted.poll(&mut Context::from_waker(Waker::noop())) else {
            panic!("there is nothing to wait for")
        };
        hyperlog_core::info!(logger: log, "heard");
        assert_eq!(captured.only().message(), "heard");
    }
}
