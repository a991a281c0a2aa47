//! The service around a service.

use crate::BoxError;
use crate::body::LogBody;
use crate::future::LogFuture;
use crate::head::{Router, ShownRequest, id_value, put_id};
use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use hyperlog_core::http::{Exchange, SeenPolicy};
use hyperlog_core::{Logger, Scope};
use std::any::Any;
use std::fmt::Display;
use std::marker::PhantomData;
use std::task::{Context, Poll};
use tower_service::Service;

/// What [`LogLayer`](crate::LogLayer) makes of a service.
pub struct LogService<S, R> {
    inner: S,
    logger: Option<Logger>,
    policy: SeenPolicy,
    router: PhantomData<fn() -> R>,
}

impl<S, R> LogService<S, R> {
    pub(crate) fn new(inner: S, logger: Option<Logger>, policy: SeenPolicy) -> LogService<S, R> {
        LogService { inner, logger, policy, router: PhantomData }
    }
}

impl<S, R, Q, B> Service<Request<Q>> for LogService<S, R>
where
    S: Service<Request<Q>, Response = Response<B>>,
    S::Error: Display + 'static,
    R: Router,
    Q: 'static,
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
        if self.policy.is_outdated() {
            self.policy.renew();
        }
        let policy = self.policy.policy();
        if policy.is_off() {
            return LogFuture::passing(self.inner.call(request));
        }
        if let Some(scope) = request.extensions().get::<Scope>() {
            self.policy.refine(scope, &ShownRequest::<Q, R>::new(&request));
            return LogFuture::passing(self.inner.call(request));
        }
        let mut exchange = self.open(&request);
        let id = id_value(exchange.id());
        put_id(exchange.id_header(), id.clone(), request.headers_mut());
        request.extensions_mut().insert(exchange.scope());
        R::meter(request.body_mut() as &mut dyn Any, exchange.request_meter());
        // By reference into what may panic: moved into it, a request would be copied a few times more.
        let (mut request, mut future) = (Some(request), None);
        exchange.run(|| future = request.take().map(|request| self.inner.call(request)));
        LogFuture::new(future, exchange, id)
    }
}

impl<S, R: Router> LogService<S, R> {
    fn open<Q>(&self, request: &Request<Q>) -> Exchange {
        let head = ShownRequest::<Q, R>::new(request);
        match &self.logger {
            Some(logger) => Exchange::open(logger, self.policy.policy(), &head),
            None => Logger::with_current(|logger| Exchange::open(logger, self.policy.policy(), &head)),
        }
    }
}

impl<S: Clone, R> Clone for LogService<S, R> {
    fn clone(&self) -> LogService<S, R> {
        LogService::new(self.inner.clone(), self.logger.clone(), self.policy.clone())
    }
}

impl<S, R> std::fmt::Debug for LogService<S, R> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("LogService")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::HyperLogLayer;
    use std::convert::Infallible;
    use std::future::{Future, Ready, ready};
    use std::pin::pin;
    use std::rc::Rc;
    use std::task::Waker;
    use tower_layer::Layer;

    /// Neither `Clone` nor `Send`, and ready only once.
    struct Single {
        text: Rc<str>,
        is_ready: bool,
    }

    impl Service<Request<String>> for Single {
        type Response = Response<String>;
        type Error = Infallible;
        type Future = Ready<Result<Response<String>, Infallible>>;

        fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
            self.is_ready = true;
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, request: Request<String>) -> Self::Future {
            assert!(std::mem::take(&mut self.is_ready), "it was asked on this very instance");
            ready(Ok(Response::new(format!("{} {}", self.text, request.body()))))
        }
    }

    #[test]
    fn a_service_that_is_neither_clone_nor_send_is_asked_and_called_on_the_same_instance() {
        let (logger, captured) = Logger::capture();
        let layer = HyperLogLayer::new().logger(logger);
        let mut service = layer.layer(Single { text: Rc::from("hello"), is_ready: false });
        let mut context = Context::from_waker(Waker::noop());
        assert!(service.poll_ready(&mut context).is_ready());
        let answer = pin!(service.call(Request::new("ann".to_owned())));
        let Poll::Ready(Ok(response)) = answer.poll(&mut context) else { panic!("it is ready at once") };
        let body = pin!(response.into_body());
        let Poll::Ready(Some(Ok(frame))) = body.poll_frame(&mut context) else { panic!("it has one frame") };
        assert_eq!(frame.into_data().expect("it is data"), "hello ann");
        assert_eq!(captured.only().text("outcome"), "ok");
    }
}
