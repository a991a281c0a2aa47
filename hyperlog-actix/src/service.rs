//! The service around a service.

use crate::body::LogBody;
use crate::future::LogFuture;
use crate::head::{ShownRequest, set_request_id};
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse};
use actix_web::{Error, HttpMessage};
use hyperlog_core::http::Exchange;
use hyperlog_core::{Logger, panic};
use std::task::{Context, Poll};

/// What [`HyperLog`](struct@crate::HyperLog) makes of a service.
pub struct LogService<S> {
    inner: S,
    logger: Option<Logger>,
}

impl<S> LogService<S> {
    pub(crate) fn new(inner: S, logger: Option<Logger>) -> LogService<S> {
        LogService { inner, logger }
    }

    fn open(&self, request: &ServiceRequest) -> Exchange {
        let head = ShownRequest::new(request);
        match &self.logger {
            Some(logger) => Exchange::open(logger, &head),
            None => Exchange::open(&Logger::current(), &head),
        }
    }
}

impl<S, B> Service<ServiceRequest> for LogService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    type Response = ServiceResponse<LogBody<B>>;
    type Error = Error;
    type Future = LogFuture<S::Future>;

    fn poll_ready(&self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&self, mut request: ServiceRequest) -> LogFuture<S::Future> {
        let mut exchange = self.open(&request);
        set_request_id(request.headers_mut(), exchange.id());
        request.extensions_mut().insert(exchange.scope().clone());
        let _entered = exchange.enter();
        let future = panic::catch(|| self.inner.call(request));
        LogFuture::new(future.inspect_err(|panic| exchange.panicked(panic)).ok(), exchange)
    }
}

impl<S> std::fmt::Debug for LogService<S> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("LogService")
    }
}
