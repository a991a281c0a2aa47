//! The service around a service.

use crate::BoxError;
use crate::body::LogBody;
use crate::future::{LogFuture, set_request_id};
use crate::head::{Router, ShownRequest};
use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use hyperlog_core::Logger;
use hyperlog_core::http::Exchange;
use hyperlog_core::panic;
use std::fmt::Display;
use std::marker::PhantomData;
use std::task::{Context, Poll};
use tower_service::Service;

/// What [`LogLayer`](crate::LogLayer) makes of a service.
pub struct LogService<S, R> {
    inner: S,
    logger: Option<Logger>,
    router: PhantomData<fn() -> R>,
}

impl<S, R> LogService<S, R> {
    pub(crate) fn new(inner: S, logger: Option<Logger>) -> LogService<S, R> {
        LogService { inner, logger, router: PhantomData }
    }
}

impl<S, R, Q, B> Service<Request<Q>> for LogService<S, R>
where
    S: Service<Request<Q>, Response = Response<B>>,
    S::Error: Display,
    R: Router,
    B: Body,
    B::Data: From<Bytes>,
    B::Error: Into<BoxError>,
{
    type Response = Response<LogBody<B>>;
    type Error = S::Error;
    type Future = LogFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Q>) -> LogFuture<S::Future> {
        let mut exchange = self.open(&request);
        set_request_id(request.headers_mut(), exchange.id());
        request.extensions_mut().insert(exchange.scope().clone());
        let _entered = exchange.enter();
        let future = panic::catch(|| self.inner.call(request));
        LogFuture::new(future.inspect_err(|panic| exchange.panicked(panic)).ok(), exchange)
    }
}

impl<S, R: Router> LogService<S, R> {
    fn open<Q>(&self, request: &Request<Q>) -> Exchange {
        let head = ShownRequest::<Q, R>::new(request);
        match &self.logger {
            Some(logger) => Exchange::open(logger, &head),
            None => Exchange::open(&Logger::current(), &head),
        }
    }
}

impl<S: Clone, R> Clone for LogService<S, R> {
    fn clone(&self) -> LogService<S, R> {
        LogService::new(self.inner.clone(), self.logger.clone())
    }
}

impl<S, R> std::fmt::Debug for LogService<S, R> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("LogService")
    }
}
