//! The response on its way: the inner future, polled in the request's scope with panics caught.

use crate::body::LogBody;
use crate::head::{ShownResponse, set_request_id};
use actix_web::body::MessageBody;
use actix_web::dev::ServiceResponse;
use actix_web::http::StatusCode;
use actix_web::{Error, HttpResponse, ResponseError};
use hyperlog_core::http::{Exchange, PROBLEM_JSON, RequestId, ResponseHead, internal_server_error};
use hyperlog_core::panic;
use pin_project_lite::pin_project;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

pin_project! {
    /// What [`LogService`](crate::LogService) returns.
    #[must_use = "futures do nothing unless polled"]
    pub struct LogFuture<F> {
        // None if the service panicked before there was a future.
        #[pin]
        inner: Option<F>,
        // None once it has moved to the body.
        exchange: Option<Exchange>,
    }

    impl<F> PinnedDrop for LogFuture<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            // What is let go of here may log, and belongs to the request.
            let _entered = this.exchange.as_ref().map(Exchange::enter);
            this.inner.set(None);
        }
    }
}

impl<F> LogFuture<F> {
    pub(crate) fn new(inner: Option<F>, exchange: Exchange) -> LogFuture<F> {
        LogFuture { inner, exchange: Some(exchange) }
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
        // Polled after its end: there is nothing more to come.
        let Some(exchange) = this.exchange else { return Poll::Pending };
        let _entered = exchange.enter();
        let polled = match this.inner.as_mut().as_pin_mut() {
            None => None,
            Some(inner) => match panic::catch(|| inner.poll(context)) {
                Ok(Poll::Pending) => return Poll::Pending,
                Ok(Poll::Ready(result)) => Some(result),
                Err(panic) => {
                    exchange.panicked(&panic);
                    None
                }
            },
        };
        this.inner.set(None);
        let Some(exchange) = this.exchange.take() else { return Poll::Pending };
        Poll::Ready(match polled {
            Some(Ok(response)) => Ok(respond(response, exchange)),
            Some(Err(error)) => Err(refuse(error, exchange)),
            None => Err(refuse(Panicked(exchange.id().clone()).into(), exchange)),
        })
    }
}

fn respond<B: MessageBody>(mut response: ServiceResponse<B>, mut exchange: Exchange) -> ServiceResponse<LogBody<B>> {
    set_request_id(response.headers_mut(), exchange.id());
    // Only after the call does actix know which guards let the request through.
    exchange.routed(response.request().match_pattern().as_deref());
    exchange.responded(&ShownResponse(response.response()));
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        // What comes next is another protocol's, as a body that lasts until someone leaves.
        exchange.close();
    }
    response.map_body(|_, body| LogBody::new(body, exchange))
}

/// An error leaves no request to attach a body to: actix makes the response later, and by the same function as here.
fn refuse(mut error: Error, mut exchange: Exchange) -> Error {
    let id = exchange.id().clone();
    error.add_response_mapper(move |mut response| {
        set_request_id(response.headers_mut(), &id);
        response
    });
    let response = error.error_response();
    let head = ShownResponse(&response);
    exchange.responded(&head);
    exchange.sent(head.body_size().and_then(|size| usize::try_from(size).ok()).unwrap_or(0));
    exchange.close();
    error
}

/// What the client gets instead of a response when the service panicked.
#[derive(Debug)]
struct Panicked(RequestId);

impl fmt::Display for Panicked {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the handler panicked")
    }
}

impl ResponseError for Panicked {
    fn status_code(&self) -> StatusCode {
        StatusCode::INTERNAL_SERVER_ERROR
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::InternalServerError().content_type(PROBLEM_JSON).body(internal_server_error(&self.0))
    }
}
