//! The heads of request and response, as the `http` crate has them, shown to the core.
//!
//! Routes and peers are not part of the `http` crate: frameworks put them into the extensions, each in its own type, and
//! say by a [`Router`] how to read them.

use crate::BoxError;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Extensions, Request, Response, Uri, Version};
use hyperlog_core::http::{Header, RequestHead, RequestId, RequestMeter, ResponseHead, TraceParent, UsualHeaders};
use std::any::Any;
use std::error::Error;
use std::marker::PhantomData;
use std::net::IpAddr;
use std::sync::Arc;

/// What a framework leaves in the extensions of a request.
pub trait Router: 'static {
    /// The pattern of the route. Never the path itself.
    fn route(extensions: &Extensions) -> Option<&str> {
        let _ = extensions;
        None
    }

    /// The address of the request as the client sent it, where routers have cut something off since.
    fn uri<'a>(uri: &'a Uri, extensions: &'a Extensions) -> &'a Uri {
        let _ = extensions;
        uri
    }

    /// The address at the other end of the connection.
    fn peer(extensions: &Extensions) -> Option<IpAddr> {
        let _ = extensions;
        None
    }

    /// Has the meter see the body of a request as it is read, if the body is of a type that allows that: otherwise the
    /// length that the request announces counts.
    fn meter(body: &mut dyn Any, meter: RequestMeter) {
        let _ = (body, meter);
    }
}

/// Plain tower, without any router.
#[derive(Clone, Copy, Debug)]
pub struct NoRouter;

impl Router for NoRouter {}

/// The head of a request, shown.
pub(crate) struct ShownRequest<'a, Q, R>(&'a Request<Q>, PhantomData<R>);

impl<'a, Q, R> ShownRequest<'a, Q, R> {
    pub(crate) fn new(request: &'a Request<Q>) -> ShownRequest<'a, Q, R> {
        ShownRequest(request, PhantomData)
    }
}

impl<Q, R: Router> RequestHead for ShownRequest<'_, Q, R> {
    fn method(&self) -> &str {
        self.0.method().as_str()
    }

    fn path(&self) -> &str {
        R::uri(self.0.uri(), self.0.extensions()).path()
    }

    fn query(&self) -> Option<&str> {
        R::uri(self.0.uri(), self.0.extensions()).query()
    }

    fn route(&self) -> Option<&str> {
        R::route(self.0.extensions())
    }

    #[inline(always)]
    fn header(&self, name: &str) -> Option<&[u8]> {
        header(self.0.headers(), name)
    }

    #[inline]
    fn usual_headers(&self) -> UsualHeaders<'_> {
        usual_headers(self.0.headers())
    }

    fn for_each_header<'h>(&'h self, each: &mut dyn FnMut(Header<'h>)) {
        show_headers(self.0.headers(), each);
    }

    fn peer(&self) -> Option<IpAddr> {
        R::peer(self.0.extensions())
    }

    fn is_multiplexed(&self) -> bool {
        self.0.version() >= Version::HTTP_2
    }

    fn extensions(&self) -> &dyn Any {
        self.0.extensions()
    }
}

/// The head of a response, shown.
pub(crate) struct ShownResponse<'a, B> {
    pub(crate) head: &'a Response<B>,
    pub(crate) body_size: Option<u64>,
}

impl<B> ResponseHead for ShownResponse<'_, B> {
    fn status(&self) -> u16 {
        self.head.status().as_u16()
    }

    #[inline(always)]
    fn header(&self, name: &str) -> Option<&[u8]> {
        header(self.head.headers(), name)
    }

    fn for_each_header<'h>(&'h self, each: &mut dyn FnMut(Header<'h>)) {
        show_headers(self.head.headers(), each);
    }

    fn body_size(&self) -> Option<u64> {
        self.body_size
    }

    fn cause(&self) -> Option<&(dyn Error + 'static)> {
        let Cause(error) = self.head.extensions().get()?;
        Some(&**error)
    }

    fn extensions(&self) -> &dyn Any {
        self.head.extensions()
    }
}

/// An error that travels with a response, in its extensions, to the access record: for error types that cannot log where
/// they become a response.
#[derive(Clone)]
pub struct Cause(Arc<dyn Error + Send + Sync>);

impl Cause {
    /// Takes an error along.
    pub fn new(error: impl Into<BoxError>) -> Cause {
        Cause(Arc::from(error.into()))
    }
}

impl std::fmt::Debug for Cause {
    /// Without the error: it has met no redaction.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Cause(..)")
    }
}

/// The names that are asked for most are known beforehand, which takes a fifth of the time that reading one does.
#[inline(always)]
fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h [u8]> {
    const TRACE_PARENT: HeaderName = HeaderName::from_static(TraceParent::HEADER);
    let value = match name {
        "user-agent" => headers.get(header::USER_AGENT),
        "content-length" => headers.get(header::CONTENT_LENGTH),
        "content-type" => headers.get(header::CONTENT_TYPE),
        RequestId::HEADER => headers.get(REQUEST_ID),
        TraceParent::HEADER => headers.get(TRACE_PARENT),
        other => headers.get(other),
    };
    Some(value?.as_bytes())
}

/// Going through the few that a request has is faster than to look for each of these.
#[inline]
fn usual_headers(headers: &HeaderMap) -> UsualHeaders<'_> {
    const TRACE_PARENT: HeaderName = HeaderName::from_static(TraceParent::HEADER);
    if headers.len() > FEW {
        let mut trace_parents = headers.get_all(TRACE_PARENT).iter();
        let trace_parent = trace_parents.next().filter(|_| trace_parents.next().is_none());
        return UsualHeaders {
            user_agent: headers.get(header::USER_AGENT).map(HeaderValue::as_bytes),
            content_type: headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes),
            content_length: headers.get(header::CONTENT_LENGTH).map(HeaderValue::as_bytes),
            trace_parent: trace_parent.map(HeaderValue::as_bytes),
        };
    }
    let mut found = UsualHeaders::default();
    let mut has_two_parents = false;
    for (name, value) in headers {
        let place = if *name == header::USER_AGENT {
            &mut found.user_agent
        } else if *name == header::CONTENT_TYPE {
            &mut found.content_type
        } else if *name == header::CONTENT_LENGTH {
            &mut found.content_length
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

const FEW: usize = 16;
const REQUEST_ID: HeaderName = HeaderName::from_static(RequestId::HEADER);

fn show_headers<'h>(headers: &'h HeaderMap, each: &mut dyn FnMut(Header<'h>)) {
    for (name, value) in headers {
        each(Header { name: name.as_str(), value: value.as_bytes(), is_sensitive: value.is_sensitive() });
    }
}

/// What an extension holds, for extractors: see [`Extract`](hyperlog_core::http::Extract).
///
/// ```
/// use hyperlog_core::FieldSet;
/// use hyperlog_core::http::RequestHead;
/// use hyperlog_tower::{HyperLogLayer, extension};
///
/// #[derive(Clone)]
/// struct Tenant(&'static str);
///
/// let layer = HyperLogLayer::new().extract(|head: &dyn RequestHead, fields: &mut FieldSet| {
///     if let Some(Tenant(name)) = extension(head.extensions()) {
///         fields.add("tenant", *name);
///     }
/// });
/// ```
pub fn extension<T: Send + Sync + 'static>(extensions: &dyn Any) -> Option<&T> {
    extensions.downcast_ref::<Extensions>()?.get()
}

/// A request's id as the value of a header, which costs nothing to copy.
pub(crate) fn id_value(id: &RequestId) -> HeaderValue {
    let value = HeaderValue::from_maybe_shared(bytes::Bytes::from_owner(id.clone()));
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
