//! A rule beside the scope, resource or route that it is for.

use crate::head::ShownRequest;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::{Error, HttpMessage};
use hyperlog_core::Scope;
use hyperlog_core::http::RouteRule;
use std::future::{Ready, ready};
use std::task::{Context, Poll};

/// A middleware that says what is logged of the requests that pass it: inside of [`HyperLog`](struct@crate::HyperLog), and
/// without effect outside of it.
///
/// A rule can also stand in the `app_data` of a scope or resource. This knows it even if the handler panics.
///
/// ```
/// use actix_web::{App, HttpResponse, web};
/// use hyperlog_actix::{HyperLog, RouteLog};
/// use hyperlog_core::Level;
/// use hyperlog_core::http::RouteRule;
///
/// let app = App::new()
///     .wrap(HyperLog)
///     .service(web::resource("/health").app_data(RouteRule::off()).to(HttpResponse::Ok))
///     .service(web::scope("/admin").wrap(RouteLog(RouteRule::new().level(Level::NOTICE))));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct RouteLog(pub RouteRule);

impl<S, B> Transform<S, ServiceRequest> for RouteLog
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
{
    type Response = ServiceResponse<B>;
    type Error = Error;
    type Transform = RouteLogService<S>;
    type InitError = ();
    type Future = Ready<Result<RouteLogService<S>, ()>>;

    fn new_transform(&self, inner: S) -> Self::Future {
        ready(Ok(RouteLogService { inner, rule: self.0 }))
    }
}

/// What [`RouteLog`] makes of a service.
#[derive(Debug)]
pub struct RouteLogService<S> {
    inner: S,
    rule: RouteRule,
}

impl<S, B> Service<ServiceRequest> for RouteLogService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
{
    type Response = ServiceResponse<B>;
    type Error = Error;
    type Future = S::Future;

    fn poll_ready(&self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&self, request: ServiceRequest) -> S::Future {
        let scope = request.extensions().get::<Scope>().cloned();
        if let Some(scope) = scope {
            scope.apply_at(self.rule, &ShownRequest::new(&request));
        }
        self.inner.call(request)
    }
}
