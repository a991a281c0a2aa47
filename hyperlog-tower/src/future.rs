//! The response on its way: the inner future, polled in the request's scope with panics caught.

use crate::BoxError;
use crate::body::LogBody;
use crate::head::ShownResponse;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use http_body::Body;
use hyperlog_core::Value;
use hyperlog_core::http::{Exchange, PROBLEM_JSON, RequestId, internal_server_error};
use hyperlog_core::panic;
use pin_project_lite::pin_project;
use std::fmt::Display;
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

impl<F, B, E> Future for LogFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body,
    B::Data: From<Bytes>,
    B::Error: Into<BoxError>,
    E: Display,
{
    type Output = Result<Response<LogBody<B>>, E>;

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
        let Some(mut exchange) = this.exchange.take() else { return Poll::Pending };
        Poll::Ready(match polled {
            Some(Ok(response)) => Ok(respond(response, exchange)),
            Some(Err(error)) => {
                exchange.failed(Value::Display(&error));
                Err(error)
            }
            None => Ok(apologise(exchange)),
        })
    }
}

/// The name of the header that carries the request's id.
const REQUEST_ID: HeaderName = HeaderName::from_static(RequestId::HEADER);

/// Puts the id into the headers of a request or a response, in the place of any other.
pub(crate) fn set_request_id(headers: &mut HeaderMap, id: &RequestId) {
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        headers.insert(REQUEST_ID, value);
    }
}

fn respond<B: Body>(mut response: Response<B>, mut exchange: Exchange) -> Response<LogBody<B>> {
    set_request_id(response.headers_mut(), exchange.id());
    let body_size = response.body().size_hint().exact();
    exchange.responded(&ShownResponse { head: &response, body_size });
    response.map(|body| LogBody::new(body, exchange))
}

/// What the client gets instead of a response when the service panicked.
fn apologise<B: Body>(mut exchange: Exchange) -> Response<LogBody<B>> {
    let reply = Bytes::from(internal_server_error(exchange.id()));
    let mut response = Response::new(());
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
    set_request_id(response.headers_mut(), exchange.id());
    exchange.responded(&ShownResponse { head: &response, body_size: Some(reply.len() as u64) });
    response.map(|()| LogBody::reply(reply, exchange))
}
