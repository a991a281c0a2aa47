//! The service around a service.

use crate::body::LogBody;
use crate::error::Causes;
use crate::future::{LogFuture, Watch};
use crate::head::{ShownRequest, id_value, meter, put_id};
use actix_web::body::MessageBody;
use actix_web::dev::{ResourceMap, Service, ServiceRequest, ServiceResponse};
use actix_web::{Error, HttpMessage};
use hyperlog_core::http::{Exchange, Policy, SeenPolicy};
use hyperlog_core::{Logger, Scope};
use std::cell::{OnceCell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

/// What [`HyperLog`](struct@crate::HyperLog) makes of a service.
pub struct LogService<S> {
    inner: S,
    logger: Option<Logger>,
    policy: RefCell<SeenPolicy>,
    causes: Causes,
    /// What the application knows of its routes, taken from the first request.
    routes: OnceCell<Rc<ResourceMap>>,
}

impl<S> LogService<S> {
    pub(crate) fn new(inner: S, logger: Option<Logger>, policy: SeenPolicy, causes: Causes) -> LogService<S> {
        LogService { inner, logger, policy: RefCell::new(policy), causes, routes: OnceCell::new() }
    }

    fn policy(&self) -> Arc<Policy> {
        let mut seen = self.policy.borrow_mut();
        if seen.is_outdated() {
            seen.renew();
        }
        Arc::clone(seen.policy())
    }

    fn open(&self, policy: &Arc<Policy>, request: &ServiceRequest) -> Exchange {
        let head = ShownRequest::new(request);
        match &self.logger {
            Some(logger) => Exchange::open(logger, policy, &head),
            None => Logger::with_current(|logger| Exchange::open(logger, policy, &head)),
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
        let policy = self.policy();
        if policy.is_off() {
            return LogFuture::passing(self.inner.call(request));
        }
        let opened = request.extensions().get::<Scope>().cloned();
        if let Some(scope) = opened {
            self.policy.borrow().refine(&scope, &ShownRequest::new(&request));
            return LogFuture::passing(self.inner.call(request));
        }
        let mut exchange = self.open(&policy, &request);
        let id = id_value(exchange.id());
        put_id(exchange.id_header(), id.clone(), request.headers_mut());
        request.extensions_mut().insert(exchange.scope());
        meter(&mut request, exchange.request_meter());
        let routes = Rc::clone(self.routes.get_or_init(|| Rc::new(request.resource_map().clone())));
        let future = exchange.run(|| self.inner.call(request));
        LogFuture::new(future, Watch { exchange, id, causes: self.causes.clone(), routes })
    }
}

impl<S> std::fmt::Debug for LogService<S> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("LogService")
    }
}
