//! The response on its way: the inner future, polled in the request's scope with panics caught.

use crate::BoxError;
use crate::body::LogBody;
use crate::head::{ShownResponse, put_id};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use http_body::Body;
use hyperlog_core::Value;
use hyperlog_core::http::Exchange;
use pin_project_lite::pin_project;
use std::any::Any;
use std::error::Error;
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
        // None if it passes, and once it has moved to the body.
        watch: Option<Watch>,
        is_passing: bool,
    }

    impl<F> PinnedDrop for LogFuture<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            // What is let go of here may log or panic, and belongs to the request.
            match this.watch {
                Some(watch) => watch.exchange.let_go(|| this.inner.set(None)),
                None => this.inner.set(None),
            }
        }
    }
}

struct Watch {
    exchange: Exchange,
    id: HeaderValue,
}

impl<F> LogFuture<F> {
    pub(crate) fn new(inner: Option<F>, exchange: Exchange, id: HeaderValue) -> LogFuture<F> {
        LogFuture { inner, watch: Some(Watch { exchange, id }), is_passing: false }
    }

    /// Of a request that is none of our business.
    pub(crate) fn passing(inner: F) -> LogFuture<F> {
        LogFuture { inner: Some(inner), watch: None, is_passing: true }
    }
}

impl<F, B, E> Future for LogFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body,
    B::Data: From<Bytes>,
    B::Error: Into<BoxError>,
    E: Display + 'static,
{
    type Output = Result<Response<LogBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if *this.is_passing {
            return match this.inner.as_pin_mut() {
                Some(inner) => inner.poll(context).map_ok(|response| response.map(LogBody::passing)),
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
        let Some(Watch { mut exchange, id }) = this.watch.take() else { return Poll::Pending };
        Poll::Ready(match polled {
            Some(Ok(response)) => Ok(respond(response, exchange, id)),
            Some(Err(error)) => {
                match cause_of(&error) {
                    Some(cause) => exchange.failed(Value::Error(cause)),
                    None => exchange.failed(Value::Display(&error)),
                }
                Err(error)
            }
            None => Ok(apologise(exchange, id)),
        })
    }
}

/// An error with its causes, if it is one of the types that errors of services usually have: all that is asked of them is
/// that they can be shown, so that any can be.
fn cause_of<E: 'static>(error: &E) -> Option<&(dyn Error + 'static)> {
    let error: &dyn Any = error;
    if let Some(boxed) = error.downcast_ref::<BoxError>() {
        Some(&**boxed)
    } else if let Some(error) = error.downcast_ref::<std::io::Error>() {
        Some(error)
    } else {
        None
    }
}

fn respond<B: Body>(mut response: Response<B>, mut exchange: Exchange, id: HeaderValue) -> Response<LogBody<B>> {
    put_id(exchange.id_header(), id, response.headers_mut());
    if let Some(timing) = exchange.server_timing().and_then(|timing| HeaderValue::try_from(timing).ok()) {
        response.headers_mut().append(HeaderName::from_static("server-timing"), timing);
    }
    let body_size = response.body().size_hint().exact();
    exchange.responded(&ShownResponse { head: &response, body_size });
    response.map(|body| LogBody::new(body, exchange))
}

/// What the client gets instead of a response when the service panicked.
fn apologise<B: Body>(mut exchange: Exchange, id: HeaderValue) -> Response<LogBody<B>> {
    let reply = exchange.panic_reply();
    let mut response = Response::new(());
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if let Ok(content_type) = HeaderValue::try_from(reply.content_type) {
        response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    }
    for (name, value) in reply.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    put_id(exchange.id_header(), id, response.headers_mut());
    let body = Bytes::from(reply.body);
    exchange.responded(&ShownResponse { head: &response, body_size: Some(body.len() as u64) });
    response.map(|()| LogBody::reply(body, exchange))
}
