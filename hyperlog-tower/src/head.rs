//! The heads of request and response, as the `http` crate has them, shown to the core.
//!
//! Routes and peers are not part of the `http` crate: frameworks put them into the extensions, each in its own type, and
//! say by a [`Router`] how to read them.

use http::{Extensions, Request, Response, Uri};
use hyperlog_core::http::{RequestHead, ResponseHead};
use std::marker::PhantomData;
use std::net::IpAddr;

/// What a framework leaves in the extensions of a request.
pub trait Router: 'static {
    /// The pattern of the route. Never the path itself.
    fn route(extensions: &Extensions) -> Option<&str> {
        let _ = extensions;
        None
    }

    /// The path as the client sent it, where routers have cut something off since.
    fn path<'a>(uri: &'a Uri, extensions: &'a Extensions) -> &'a str {
        let _ = extensions;
        uri.path()
    }

    /// The address at the other end of the connection.
    fn peer(extensions: &Extensions) -> Option<IpAddr> {
        let _ = extensions;
        None
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
        R::path(self.0.uri(), self.0.extensions())
    }

    fn route(&self) -> Option<&str> {
        R::route(self.0.extensions())
    }

    fn header(&self, name: &str) -> Option<&[u8]> {
        Some(self.0.headers().get(name)?.as_bytes())
    }

    fn peer(&self) -> Option<IpAddr> {
        R::peer(self.0.extensions())
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

    fn header(&self, name: &str) -> Option<&[u8]> {
        Some(self.head.headers().get(name)?.as_bytes())
    }

    fn body_size(&self) -> Option<u64> {
        self.body_size
    }
}
