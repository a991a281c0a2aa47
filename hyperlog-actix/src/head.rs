//! The heads of request and response, as actix has them, shown to the core.

use actix_web::HttpResponse;
use actix_web::body::{BodySize, MessageBody};
use actix_web::dev::ServiceRequest;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use hyperlog_core::http::{RequestHead, RequestId, ResponseHead};
use std::net::IpAddr;

/// The head of a request, shown.
pub(crate) struct ShownRequest<'a> {
    request: &'a ServiceRequest,
    /// A guess: guards have not been asked yet. It counts only where nothing comes back that knows better.
    route: Option<String>,
}

impl<'a> ShownRequest<'a> {
    pub(crate) fn new(request: &'a ServiceRequest) -> ShownRequest<'a> {
        ShownRequest { request, route: request.match_pattern() }
    }
}

impl RequestHead for ShownRequest<'_> {
    fn method(&self) -> &str {
        self.request.method().as_str()
    }

    fn path(&self) -> &str {
        self.request.uri().path()
    }

    fn route(&self) -> Option<&str> {
        self.route.as_deref()
    }

    fn header(&self, name: &str) -> Option<&[u8]> {
        Some(self.request.headers().get(name)?.as_bytes())
    }

    fn peer(&self) -> Option<IpAddr> {
        Some(self.request.peer_addr()?.ip())
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

    fn body_size(&self) -> Option<u64> {
        match self.0.body().size() {
            BodySize::None => Some(0),
            BodySize::Sized(size) => Some(size),
            BodySize::Stream => None,
        }
    }
}

/// Puts the id into the headers of a request or a response, in the place of any other.
pub(crate) fn set_request_id(headers: &mut HeaderMap, id: &RequestId) {
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        headers.insert(HeaderName::from_static(RequestId::HEADER), value);
    }
}
