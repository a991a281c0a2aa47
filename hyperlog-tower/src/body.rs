//! The response body on its way out: watched, not touched.
//!
//! It holds the exchange now, and closes it when the last frame has passed.

use crate::BoxError;
use bytes::{Buf, Bytes};
use http_body::{Body, Frame, SizeHint};
use hyperlog_core::http::Exchange;
use hyperlog_core::panic;
use pin_project_lite::pin_project;
use std::pin::Pin;
use std::task::{Context, Poll};

pin_project! {
    /// The body of a response, counted until it ends. Its frames, its size and its end are those of the body inside.
    pub struct LogBody<B> {
        #[pin]
        inner: Option<B>,
        // What is sent where there is no body inside.
        reply: Option<Bytes>,
        // None if no request led to it.
        exchange: Option<Exchange>,
    }

    impl<B> PinnedDrop for LogBody<B> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            // What is let go of here may log, and belongs to the request.
            let _entered = this.exchange.as_ref().map(Exchange::enter);
            this.inner.set(None);
        }
    }
}

impl<B: Body> LogBody<B> {
    pub(crate) fn new(body: B, mut exchange: Exchange) -> LogBody<B> {
        if body.is_end_stream() {
            exchange.close();
        }
        LogBody { inner: Some(body), reply: None, exchange: Some(exchange) }
    }

    pub(crate) fn reply(reply: Bytes, exchange: Exchange) -> LogBody<B> {
        LogBody { inner: None, reply: Some(reply), exchange: Some(exchange) }
    }
}

/// The body of a response that a layer outside of ours makes by itself, such as a timeout: nothing is told of it.
impl<B: Default> Default for LogBody<B> {
    fn default() -> LogBody<B> {
        LogBody { inner: Some(B::default()), reply: None, exchange: None }
    }
}

impl<B> Body for LogBody<B>
where
    B: Body,
    B::Data: From<Bytes>,
    B::Error: Into<BoxError>,
{
    type Data = B::Data;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<B::Data>, BoxError>>> {
        let this = self.project();
        let Some(exchange) = this.exchange else {
            let polled = this.inner.as_pin_mut().map(|inner| inner.poll_frame(context));
            return polled.unwrap_or(Poll::Ready(None)).map_err(Into::into);
        };
        let Some(mut inner) = this.inner.as_pin_mut() else {
            return Poll::Ready(this.reply.take().map(|reply| Ok(send_reply(reply, exchange))));
        };
        let _entered = exchange.enter();
        match panic::catch(|| inner.as_mut().poll_frame(context)) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(Some(Ok(frame)))) => {
                if let Some(data) = frame.data_ref() {
                    exchange.sent(data.remaining());
                }
                // Nobody asks for more behind trailers, though few bodies say that they have ended.
                if frame.is_trailers() || inner.is_end_stream() {
                    exchange.close();
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Ok(Poll::Ready(Some(Err(error)))) => {
                let error = error.into();
                exchange.failed(&*error);
                Poll::Ready(Some(Err(error)))
            }
            Ok(Poll::Ready(None)) => {
                exchange.close();
                Poll::Ready(None)
            }
            Err(panic) => {
                exchange.panicked(&panic);
                exchange.close();
                Poll::Ready(Some(Err("the response body panicked".into())))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.inner {
            Some(inner) => inner.is_end_stream(),
            None => self.reply.is_none(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.inner {
            Some(inner) => inner.size_hint(),
            None => SizeHint::with_exact(self.reply.as_ref().map_or(0, |reply| reply.len() as u64)),
        }
    }
}

fn send_reply<D: From<Bytes>>(reply: Bytes, exchange: &mut Exchange) -> Frame<D> {
    exchange.sent(reply.len());
    exchange.close();
    Frame::data(D::from(reply))
}

impl<B> std::fmt::Debug for LogBody<B> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("LogBody").field("exchange", &self.exchange).finish_non_exhaustive()
    }
}
