//! The heads of request and response, as actix has them, shown to the core.

use actix_web::body::{BodySize, MessageBody};
use actix_web::dev::{Extensions, Payload, ServiceRequest};
use actix_web::error::PayloadError;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::web::Bytes;
use actix_web::{HttpMessage, HttpResponse};
use futures_core::Stream;
use hyperlog_core::http::{Header, RequestHead, RequestId, RequestMeter, ResponseHead};
use std::any::Any;
use std::cell::Ref;
use std::net::IpAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// The head of a request, shown.
pub(crate) struct ShownRequest<'a> {
    request: &'a ServiceRequest,
    /// A guess: guards have not been asked yet. It counts only where nothing comes back that knows better.
    route: Option<String>,
    extensions: Ref<'a, Extensions>,
}

impl<'a> ShownRequest<'a> {
    pub(crate) fn new(request: &'a ServiceRequest) -> ShownRequest<'a> {
        let extensions = request.extensions();
        ShownRequest { request, route: request.match_pattern(), extensions }
    }
}

impl RequestHead for ShownRequest<'_> {
    fn method(&self) -> &str {
        self.request.method().as_str()
    }

    fn path(&self) -> &str {
        self.request.uri().path()
    }

    fn query(&self) -> Option<&str> {
        self.request.uri().query()
    }

    fn route(&self) -> Option<&str> {
        self.route.as_deref()
    }

    fn header(&self, name: &str) -> Option<&[u8]> {
        Some(self.request.headers().get(name)?.as_bytes())
    }

    fn for_each_header<'h>(&'h self, each: &mut dyn FnMut(Header<'h>)) {
        show_headers(self.request.headers(), each);
    }

    fn peer(&self) -> Option<IpAddr> {
        Some(self.request.peer_addr()?.ip())
    }

    fn extensions(&self) -> &dyn Any {
        &*self.extensions
    }
}

/// The head of a response, shown.
pub(crate) struct ShownResponse<'a, B>(pub(crate) &'a HttpResponse<B>);

impl<B: MessageBody> ResponseHead for ShownResponse<'_, B> {
    fn status(&self) -> u16 {
        self.0.status().as_u16()
    }

    fn header(&self, name: &str) -> Option<&[u8]> {
        Some(self.0.headers().get(name)?.as_bytes())
    }

    fn for_each_header<'h>(&'h self, each: &mut dyn FnMut(Header<'h>)) {
        show_headers(self.0.headers(), each);
    }

    fn body_size(&self) -> Option<u64> {
        match self.0.body().size() {
            BodySize::None => Some(0),
            BodySize::Sized(size) => Some(size),
            BodySize::Stream => None,
        }
    }

    /// Over HTTP/1.1 actix does not read while a body waits for its next piece.
    fn may_miss_the_end(&self) -> bool {
        true
    }
}

fn show_headers<'h>(headers: &'h HeaderMap, each: &mut dyn FnMut(Header<'h>)) {
    for (name, value) in headers {
        each(Header { name: name.as_str(), value: value.as_bytes(), is_sensitive: value.is_sensitive() });
    }
}

/// What an extension of a request holds, for extractors: see [`Extract`](hyperlog_core::http::Extract).
pub fn extension<T: 'static>(extensions: &dyn Any) -> Option<&T> {
    extensions.downcast_ref::<Extensions>()?.get()
}

/// A request's id as a header: the name, and a value that costs nothing to copy.
#[derive(Clone)]
pub(crate) struct IdHeader {
    name: HeaderName,
    value: Option<HeaderValue>,
}

impl IdHeader {
    pub(crate) fn new(name: &str, id: &RequestId) -> IdHeader {
        const DEFAULT: HeaderName = HeaderName::from_static(RequestId::HEADER);
        let name = if name == RequestId::HEADER { Ok(DEFAULT) } else { HeaderName::from_bytes(name.as_bytes()) };
        let value = HeaderValue::from_maybe_shared(Bytes::from_owner(id.clone())).ok();
        IdHeader { name: name.unwrap_or(DEFAULT), value }
    }

    /// Puts the id into the headers of a request or a response, in the place of any other.
    pub(crate) fn put(self, headers: &mut HeaderMap) {
        if let Some(value) = self.value {
            headers.insert(self.name, value);
        }
    }
}

/// Has the meter see the body of a request as it is read.
pub(crate) fn meter(request: &mut ServiceRequest, meter: RequestMeter) {
    match request.take_payload() {
        Payload::None => {}
        inner => request.set_payload(Payload::Stream { payload: Box::pin(MeteredPayload { inner, meter }) }),
    }
}

struct MeteredPayload {
    inner: Payload,
    meter: RequestMeter,
}

impl Stream for MeteredPayload {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let piece = ready!(Pin::new(&mut self.inner).poll_next(context));
        if let Some(Ok(piece)) = &piece {
            self.meter.read(piece);
        }
        Poll::Ready(piece)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.inner.size_hint()
    }
}
