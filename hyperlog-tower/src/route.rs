//! A rule beside the route that it is for.

use crate::head::{NoRouter, Router, ShownRequest};
use http::Request;
use hyperlog_core::Scope;
use hyperlog_core::http::{RequestHead, RouteRule};
use std::marker::PhantomData;
use std::task::{Context, Poll};
use tower_layer::Layer;
use tower_service::Service;

/// A layer that says what is logged of the requests that pass it: inside of a [`HyperLogLayer`](crate::HyperLogLayer),
/// and without effect outside of one.
///
/// It also tells the route, where it knows it and the layer outside cannot.
///
/// ```
/// use hyperlog_core::Level;
/// use hyperlog_core::http::RouteRule;
/// use hyperlog_tower::RouteLog;
///
/// let layer = RouteLog::new(RouteRule::new().level(Level::DEBUG)).route("/reports/{id}");
/// ```
pub struct RouteLog<R = NoRouter> {
    rule: RouteRule,
    route: Option<&'static str>,
    router: PhantomData<fn() -> R>,
}

impl RouteLog {
    /// A layer with a rule, for plain tower services.
    pub const fn new(rule: RouteRule) -> RouteLog {
        RouteLog::with_router(rule)
    }
}

impl<R> RouteLog<R> {
    /// A layer with a rule, for services behind a router of this kind.
    pub const fn with_router(rule: RouteRule) -> RouteLog<R> {
        RouteLog { rule, route: None, router: PhantomData }
    }

    /// The pattern of the route, where no router tells it.
    #[must_use]
    pub const fn route(self, route: &'static str) -> RouteLog<R> {
        RouteLog { route: Some(route), ..self }
    }
}

impl<S, R> Layer<S> for RouteLog<R> {
    type Service = RouteLogService<S, R>;

    fn layer(&self, inner: S) -> RouteLogService<S, R> {
        RouteLogService { inner, log: *self }
    }
}

/// What [`RouteLog`] makes of a service.
pub struct RouteLogService<S, R> {
    inner: S,
    log: RouteLog<R>,
}

impl<S, R, Q> Service<Request<Q>> for RouteLogService<S, R>
where
    S: Service<Request<Q>>,
    R: Router,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Q>) -> S::Future {
        if let Some(scope) = request.extensions().get::<Scope>() {
            let head = ShownRequest::<Q, R>::new(&request);
            if let Some(route) = self.log.route.or(head.route()) {
                scope.set_route(route);
            }
            scope.apply_at(self.log.rule, &head);
        }
        self.inner.call(request)
    }
}

impl<R> Clone for RouteLog<R> {
    fn clone(&self) -> RouteLog<R> {
        *self
    }
}

impl<R> Copy for RouteLog<R> {}

impl<S: Clone, R> Clone for RouteLogService<S, R> {
    fn clone(&self) -> RouteLogService<S, R> {
        RouteLogService { inner: self.inner.clone(), log: self.log }
    }
}

impl<R> std::fmt::Debug for RouteLog<R> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("RouteLog").field("rule", &self.rule).field("route", &self.route).finish()
    }
}

impl<S, R> std::fmt::Debug for RouteLogService<S, R> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("RouteLogService").field("log", &self.log).finish_non_exhaustive()
    }
}
