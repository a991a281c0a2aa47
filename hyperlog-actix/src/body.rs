//! The response body on its way out: watched, not touched.
//!
//! It holds the exchange now, and closes it when the last chunk has passed.

use actix_web::body::{BodySize, MessageBody};
use bytes::Bytes;
use hyperlog_core::http::Exchange;
use pin_project_lite::pin_project;
use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll};

pin_project! {
    /// The body of a response, counted until it ends. Its chunks and its size are those of the body inside.
    pub struct LogBody<B> {
        // None once it was taken out in one piece.
        #[pin]
        inner: Option<B>,
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

impl<B: MessageBody> LogBody<B> {
    pub(crate) fn new(body: B, mut exchange: Exchange) -> LogBody<B> {
        if matches!(body.size(), BodySize::None | BodySize::Sized(0)) {
            exchange.close();
        }
        LogBody { inner: Some(body), exchange: Some(exchange) }
    }

    /// Of a response that is none of our business.
    pub(crate) fn passing(body: B) -> LogBody<B> {
        LogBody { inner: Some(body), exchange: None }
    }
}

impl<B: MessageBody> MessageBody for LogBody<B> {
    type Error = Box<dyn Error>;

    fn size(&self) -> BodySize {
        self.inner.as_ref().map_or(BodySize::None, MessageBody::size)
    }

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Box<dyn Error>>>> {
        let mut this = self.project();
        let Some(exchange) = this.exchange else {
            let polled = this.inner.as_pin_mut().map(|inner| inner.poll_next(context));
            return polled.unwrap_or(Poll::Ready(None)).map_err(Into::into);
        };
        let polled = exchange.run(|| {
            let polled = this.inner.as_mut().as_pin_mut().map(|inner| inner.poll_next(context));
            if let Some(Poll::Ready(None)) = polled {
                // What is let go of here may log, and belongs to the request.
                this.inner.set(None);
            }
            polled.unwrap_or(Poll::Ready(None))
        });
        match polled {
            Some(Poll::Pending) => Poll::Pending,
            Some(Poll::Ready(Some(Ok(chunk)))) => {
                exchange.sent(chunk.len());
                if exchange.shows_body() {
                    exchange.show(&chunk);
                }
                Poll::Ready(Some(Ok(chunk)))
            }
            Some(Poll::Ready(Some(Err(error)))) => {
                let error: Box<dyn Error> = error.into();
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

    fn try_into_bytes(mut self) -> Result<Bytes, LogBody<B>> {
        let Some(inner) = self.inner.take() else { return Ok(Bytes::new()) };
        match inner.try_into_bytes() {
            Ok(bytes) => {
                if let Some(exchange) = &mut self.exchange {
                    exchange.sent(bytes.len());
                    if exchange.shows_body() {
                        exchange.show(&bytes);
                    }
                    exchange.close();
                }
                Ok(bytes)
            }
            Err(inner) => {
                self.inner = Some(inner);
                Err(self)
            }
        }
    }
}

impl<B> std::fmt::Debug for LogBody<B> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("LogBody").field("exchange", &self.exchange).finish_non_exhaustive()
    }
}
