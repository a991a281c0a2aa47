//! The heads of request and response, as actix has them, shown to the core.

use actix_web::body::{BodySize, MessageBody};
use actix_web::dev::{Extensions, Payload, ServiceRequest};
use actix_web::error::PayloadError;
use actix_web::http::Version;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::{HttpMessage, HttpResponse};
use bytes::Bytes;
use futures_core::Stream;
use hyperlog_core::http::{Header, RequestHead, RequestId, RequestMeter, ResponseHead, TraceParent, UsualHeaders};
use std::any::Any;
use std::cell::{OnceCell, Ref};
use std::net::IpAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// The head of a request, shown.
pub(crate) struct ShownRequest<'a> {
    request: &'a ServiceRequest,
    /// A guess: guards have not been asked yet. It counts only where nothing comes back that knows better.
    route: OnceCell<Option<String>>,
    extensions: Ref<'a, Extensions>,
}

impl<'a> ShownRequest<'a> {
    pub(crate) fn new(request: &'a ServiceRequest) -> ShownRequest<'a> {
        let extensions = request.extensions();
        ShownRequest { request, route: OnceCell::new(), extensions }
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
        self.route.get_or_init(|| self.request.match_pattern()).as_deref()
    }

    fn is_routed_later(&self) -> bool {
        true
    }

    fn usual_headers(&self) -> UsualHeaders<'_> {
        usual_headers(self.request.headers())
    }

    #[inline(always)]
    fn header(&self, name: &str) -> Option<&[u8]> {
        header(self.request.headers(), name)
    }

    fn for_each_header<'h>(&'h self, each: &mut dyn FnMut(Header<'h>)) {
        show_headers(self.request.headers(), each);
    }

    fn peer(&self) -> Option<IpAddr> {
        Some(self.request.peer_addr()?.ip())
    }

    fn is_multiplexed(&self) -> bool {
        self.request.version() >= Version::HTTP_2
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

    #[inline(always)]
    fn header(&self, name: &str) -> Option<&[u8]> {
        header(self.0.headers(), name)
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

/// The names that are asked for most are known beforehand, which takes a fifth of the time that reading one does.
#[inline(always)]
fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h [u8]> {
    const TRACE_PARENT: HeaderName = HeaderName::from_static(TraceParent::HEADER);
    let value = match name {
        "user-agent" => headers.get(&header::USER_AGENT),
        "content-length" => headers.get(&header::CONTENT_LENGTH),
        "content-type" => headers.get(&header::CONTENT_TYPE),
        RequestId::HEADER => headers.get(&REQUEST_ID),
        TraceParent::HEADER => headers.get(&TRACE_PARENT),
        other => headers.get(other),
    };
    Some(value?.as_bytes())
}

/// Going through the few that a request has is faster than to look for each of these.
fn usual_headers(headers: &HeaderMap) -> UsualHeaders<'_> {
    const TRACE_PARENT: HeaderName = HeaderName::from_static(TraceParent::HEADER);
    let mut found = UsualHeaders::default();
    let mut has_two_parents = false;
    for (name, value) in headers {
        let place = if *name == header::USER_AGENT {
            &mut found.user_agent
        } else if *name == header::CONTENT_TYPE {
            &mut found.content_type
        } else if *name == header::CONTENT_LENGTH {
            &mut found.content_length
        } else if *name == REQUEST_ID {
            &mut found.request_id
        } else if *name == TRACE_PARENT {
            has_two_parents = found.trace_parent.is_some();
            &mut found.trace_parent
        } else {
            continue;
        };
        // Of several lines the first counts.
        place.get_or_insert(value.as_bytes());
    }
    if has_two_parents {
        found.trace_parent = None;
    }
    found
}

const REQUEST_ID: HeaderName = HeaderName::from_static(RequestId::HEADER);

fn show_headers<'h>(headers: &'h HeaderMap, each: &mut dyn FnMut(Header<'h>)) {
    for (name, value) in headers {
        each(Header { name: name.as_str(), value: value.as_bytes(), is_sensitive: value.is_sensitive() });
    }
}

/// What an extension of a request holds, for extractors: see [`Extract`](hyperlog_core::http::Extract).
pub fn extension<T: 'static>(extensions: &dyn Any) -> Option<&T> {
    extensions.downcast_ref::<Extensions>()?.get()
}

/// A request's id as the value of a header, which costs nothing to copy.
pub(crate) fn id_value(id: &RequestId) -> HeaderValue {
    let value = HeaderValue::from_maybe_shared(Bytes::from_owner(id.clone()));
    value.unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// Puts an id into the headers of a request or a response, in the place of any other.
pub(crate) fn put_id(name: &str, id: HeaderValue, headers: &mut HeaderMap) {
    match name {
        RequestId::HEADER => _ = headers.insert(REQUEST_ID, id),
        other => {
            if let Ok(name) = HeaderName::from_bytes(other.as_bytes()) {
                headers.insert(name, id);
            }
        }
    }
}

/// Has the meter see the body of a request as it is read.
pub(crate) fn meter(request: &mut ServiceRequest, mut meter: RequestMeter) {
    // What was announced counts no more: whatever is read is seen, and it may be nothing.
    meter.read(&[]);
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
