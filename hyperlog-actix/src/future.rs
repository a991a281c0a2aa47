//! The response on its way: the inner future, polled in the request's scope with panics caught.

use crate::body::LogBody;
use crate::error::Causes;
use crate::head::{ShownResponse, put_id};
use actix_web::body::MessageBody;
use actix_web::dev::{ResourceMap, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::{Error, HttpResponse, HttpResponseBuilder, ResponseError};
use hyperlog_core::http::{Exchange, Reply, ResponseHead, RouteRule};
use pin_project_lite::pin_project;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

pin_project! {
    /// What [`LogService`](crate::LogService) returns.
    #[must_use = "futures do nothing unless polled"]
    pub struct LogFuture<F> {
        // None if the service panicked before there was a future.
        #[pin]
        inner: Option<F>,
        // None if it passes, and once it has moved to the body.
        watch: Option<Watch>,
        is_passing: bool,
    }

    impl<F> PinnedDrop for LogFuture<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            // What is let go of here may log or panic, and belongs to the request.
            match this.watch {
                Some(watch) => {
                    watch.find_route();
                    watch.exchange.let_go(|| this.inner.set(None));
                }
                None => this.inner.set(None),
            }
        }
    }
}

/// What is held as long as there is no response.
pub(crate) struct Watch {
    pub(crate) exchange: Exchange,
    pub(crate) id: HeaderValue,
    pub(crate) causes: Causes,
    pub(crate) routes: Rc<ResourceMap>,
}

impl<F> LogFuture<F> {
    pub(crate) fn new(inner: Option<F>, watch: Watch) -> LogFuture<F> {
        LogFuture { inner, watch: Some(watch), is_passing: false }
    }

    /// Of a request that is none of our business.
    pub(crate) fn passing(inner: F) -> LogFuture<F> {
        LogFuture { inner: Some(inner), watch: None, is_passing: true }
    }
}

impl<F, B> Future for LogFuture<F>
where
    F: Future<Output = Result<ServiceResponse<B>, Error>>,
    B: MessageBody,
{
    type Output = Result<ServiceResponse<LogBody<B>>, Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if *this.is_passing {
            return match this.inner.as_pin_mut() {
                Some(inner) => {
                    inner.poll(context).map_ok(|response| response.map_body(|_, body| LogBody::passing(body)))
                }
                None => Poll::Pending,
            };
        }
        // Polled after its end: there is nothing more to come.
        let Some(watch) = this.watch else { return Poll::Pending };
        let polled = watch.exchange.run(|| {
            let polled = this.inner.as_mut().as_pin_mut().map(|inner| inner.poll(context));
            if !matches!(polled, Some(Poll::Pending)) {
                this.inner.set(None);
            }
            polled
        });
        let polled = match polled.flatten() {
            Some(Poll::Pending) => return Poll::Pending,
            Some(Poll::Ready(result)) => Some(result),
            None => {
                watch.exchange.let_go(|| this.inner.set(None));
                None
            }
        };
        let Some(mut watch) = this.watch.take() else { return Poll::Pending };
        Poll::Ready(match polled {
            Some(Ok(response)) => Ok(watch.respond(response)),
            Some(Err(error)) => {
                watch.find_route();
                watch.causes.tell(&error, &watch.exchange);
                Err(watch.refuse(error))
            }
            None => {
                watch.find_route();
                let error = Panicked(watch.exchange.panic_reply());
                Err(watch.refuse(error.into()))
            }
        })
    }
}

impl Watch {
    /// Without a response nobody says which guards let the request through: the path has to do.
    fn find_route(&mut self) {
        self.exchange.routed_by(|path| self.routes.match_pattern(path));
    }

    fn respond<B: MessageBody>(self, mut response: ServiceResponse<B>) -> ServiceResponse<LogBody<B>> {
        let Watch { mut exchange, id, causes, .. } = self;
        put_id(exchange.id_header(), id, response.headers_mut());
        if let Some(timing) = server_timing(&exchange) {
            response.headers_mut().append(SERVER_TIMING, timing);
        }
        // Only after the call does actix know which guards let the request through.
        exchange.routed(response.request().match_pattern());
        if let Some(rule) = response.request().app_data::<RouteRule>() {
            exchange.apply_before(*rule, response.request().query_string());
        }
        if let Some(error) = response.response().error() {
            causes.tell(error, &exchange);
        }
        exchange.responded(&ShownResponse(response.response()));
        response.map_body(|_, body| LogBody::new(body, exchange))
    }

    /// An error leaves no request to attach a body to: actix makes the response later, and by the same function as here.
    fn refuse(self, mut error: Error) -> Error {
        let Watch { mut exchange, id, .. } = self;
        let timing = server_timing(&exchange);
        let name = exchange.id_header().to_owned();
        error.add_response_mapper(move |mut response| {
            put_id(&name, id.clone(), response.headers_mut());
            if let Some(timing) = timing.clone() {
                response.headers_mut().append(SERVER_TIMING, timing);
            }
            response
        });
        let response = error.error_response();
        let head = ShownResponse(&response);
        exchange.responded(&head);
        exchange.sent(head.body_size().and_then(|size| usize::try_from(size).ok()).unwrap_or(0));
        exchange.close();
        error
    }
}

const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

fn server_timing(exchange: &Exchange) -> Option<HeaderValue> {
    HeaderValue::try_from(exchange.server_timing()?).ok()
}

/// What the client gets instead of a response when the service panicked.
#[derive(Debug)]
struct Panicked(Reply);

impl fmt::Display for Panicked {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the handler panicked")
    }
}

impl ResponseError for Panicked {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponseBuilder::new(self.status_code());
        response.content_type(&*self.0.content_type);
        for (name, value) in &self.0.headers {
            response.insert_header((*name, &**value));
        }
        response.body(self.0.body.clone())
    }
}
