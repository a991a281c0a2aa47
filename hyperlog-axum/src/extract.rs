//! The request's logger as an argument of a handler.

use axum::extract::FromRequestParts;
use http::request::Parts;
use hyperlog_core::{Logger, Scope};
use std::convert::Infallible;
use std::ops::Deref;

/// The request's logger.
///
/// Without the layer it is the current logger, so that a handler works in both places.
#[derive(Clone, Debug)]
pub struct Log(Logger);

impl Deref for Log {
    type Target = Logger;

    fn deref(&self) -> &Logger {
        &self.0
    }
}

impl<S: Sync> FromRequestParts<S> for Log {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Log, Infallible> {
        Ok(Log(parts.extensions.get::<Scope>().map_or_else(Logger::current, Scope::logger)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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
