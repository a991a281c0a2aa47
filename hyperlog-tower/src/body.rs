//! The response body on its way out: watched, not touched.
//!
//! It holds the exchange now, and closes it when the last frame has passed.

use crate::BoxError;
use bytes::{Buf, Bytes};
use http_body::{Body, Frame, SizeHint};
use hyperlog_core::http::Exchange;
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
        // None if it passes.
        exchange: Option<Exchange>,
    }

    impl<B> PinnedDrop for LogBody<B> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            match this.exchange {
                Some(exchange) if this.inner.is_some() => exchange.let_go(|| this.inner.set(None)),
                _ => this.inner.set(None),
            }
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

    pub(crate) fn reply(reply: Bytes, mut exchange: Exchange) -> LogBody<B> {
        if reply.is_empty() {
            exchange.close();
        }
        LogBody { inner: None, reply: Some(reply).filter(|reply| !reply.is_empty()), exchange: Some(exchange) }
    }
}

/// The body of a response that a layer outside of ours makes by itself, such as a timeout: nothing is told of it.
impl<B: Default> Default for LogBody<B> {
    fn default() -> LogBody<B> {
        LogBody::passing(B::default())
    }
}

impl<B> LogBody<B> {
    /// Of a response that is none of our business.
    pub(crate) fn passing(body: B) -> LogBody<B> {
        LogBody { inner: Some(body), reply: None, exchange: None }
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
        let mut this = self.project();
        let Some(exchange) = this.exchange else {
            let polled = this.inner.as_pin_mut().map(|inner| inner.poll_frame(context));
            return polled.unwrap_or(Poll::Ready(None)).map_err(Into::into);
        };
        if this.inner.is_none() {
            return Poll::Ready(this.reply.take().map(|reply| Ok(send_reply(reply, exchange))));
        }
        let mut is_over = false;
        let polled = exchange.run(|| {
            let polled = this.inner.as_mut().as_pin_mut().map(|mut inner| {
                let polled = inner.as_mut().poll_frame(context);
                // Nobody asks for more behind trailers, though few bodies say that they have ended.
                is_over = match &polled {
                    Poll::Ready(Some(Ok(frame))) => frame.is_trailers() || inner.is_end_stream(),
                    Poll::Ready(None) => true,
                    Poll::Pending | Poll::Ready(Some(Err(_))) => false,
                };
                polled
            });
            if is_over {
                // What is let go of here may log, and belongs to the request.
                this.inner.set(None);
            }
            polled.unwrap_or(Poll::Ready(None))
        });
        match polled {
            Some(Poll::Pending) => Poll::Pending,
            Some(Poll::Ready(Some(Ok(frame)))) => {
                watch(&frame, exchange);
                if is_over {
                    exchange.close();
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Some(Poll::Ready(Some(Err(error)))) => {
                let error = error.into();
                exchange.failed(&*error);
                Poll::Ready(Some(Err(error)))
            }
            Some(Poll::Ready(None)) => {
                exchange.close();
                Poll::Ready(None)
            }
            None => {
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

fn watch<D: Buf>(frame: &Frame<D>, exchange: &mut Exchange) {
    if let Some(data) = frame.data_ref() {
        exchange.sent(data.remaining());
        if exchange.shows_body() {
            // All that is in memory in one piece: of a buffer of several the first is shown, and nothing behind it.
            exchange.show(data.chunk());
            if data.chunk().len() < data.remaining() {
                exchange.show_no_more();
            }
        }
    } else if let Some(trailers) = frame.trailers_ref() {
        exchange.trailers(|name| Some(trailers.get(name)?.as_bytes()));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::HyperLogLayer;
    use bytes::buf::Chain;
    use http::{Request, Response};
    use hyperlog_core::Logger;
    use hyperlog_core::http::{Extra, RouteRule};
    use std::convert::Infallible;
    use std::future::{Future, Ready, ready};
    use std::pin::pin;
    use std::task::Waker;
    use tower_layer::Layer;
    use tower_service::Service;

    /// Two pieces in one, or one.
    struct Pieces(Chain<Bytes, Bytes>);

    impl Buf for Pieces {
        fn remaining(&self) -> usize {
            self.0.remaining()
        }

        fn chunk(&self) -> &[u8] {
            self.0.chunk()
        }

        fn advance(&mut self, count: usize) {
            self.0.advance(count);
        }
    }

    impl From<Bytes> for Pieces {
        fn from(bytes: Bytes) -> Pieces {
            Pieces(bytes.chain(Bytes::new()))
        }
    }

    struct Frames(Vec<Pieces>);

    impl Body for Frames {
        type Data = Pieces;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Pieces>, Infallible>>> {
            Poll::Ready(self.0.pop().map(|pieces| Ok(Frame::data(pieces))))
        }
    }

    struct Serves;

    impl Service<Request<()>> for Serves {
        type Response = Response<Frames>;
        type Error = Infallible;
        type Future = Ready<Result<Response<Frames>, Infallible>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, _: Request<()>) -> Self::Future {
            let last = Pieces::from(Bytes::from_static(b" last"));
            let first = Pieces(Bytes::from_static(b"first, ").chain(Bytes::from_static(b"unseen")));
            let response = Response::builder().header("content-type", "text/plain").body(Frames(vec![last, first]));
            ready(Ok(response.expect("it is valid")))
        }
    }

    #[test]
    fn a_body_is_shown_up_to_the_first_gap() {
        let (logger, captured) = Logger::capture();
        let layer = HyperLogLayer::new().logger(logger).rule(RouteRule::new().show(Extra::ResponseBody));
        let mut context = Context::from_waker(Waker::noop());
        let answer = pin!(layer.layer(Serves).call(Request::new(())));
        let Poll::Ready(Ok(response)) = answer.poll(&mut context) else { panic!("it is ready at once") };
        let mut body = pin!(response.into_body());
        while let Poll::Ready(Some(frame)) = body.as_mut().poll_frame(&mut context) {
            frame.expect("it is no error");
        }
        let record = captured.only();
        let shown = record.text("response_body");
        assert!(shown.starts_with("first, ") && !shown.contains("last") && shown.contains("18 bytes"), "{record}");
    }
}
