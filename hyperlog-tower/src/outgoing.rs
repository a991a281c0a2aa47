//! Ids on their way to other services.

use http::{HeaderName, HeaderValue, Request};
use hyperlog_core::Scope;
use std::task::{Context, Poll};
use tower_layer::Layer;
use tower_service::Service;

/// A layer for clients: requests that are sent while another is served bear its id, and its place in the trace. What the
/// caller has set itself stays.
///
/// ```
/// use hyperlog_tower::OutgoingLayer;
/// use tower_layer::Layer;
/// # #[derive(Clone)]
/// # struct Client;
/// # let client = Client;
///
/// let client = OutgoingLayer.layer(client);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct OutgoingLayer;

impl<S> Layer<S> for OutgoingLayer {
    type Service = OutgoingService<S>;

    fn layer(&self, inner: S) -> OutgoingService<S> {
        OutgoingService(inner)
    }
}

/// What [`OutgoingLayer`] makes of a service.
#[derive(Clone, Copy, Debug)]
pub struct OutgoingService<S>(S);

impl<S, Q> Service<Request<Q>> for OutgoingService<S>
where
    S: Service<Request<Q>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Q>) -> S::Future {
        if let Some(scope) = Scope::current() {
            put_ids(&scope, request.headers_mut());
        }
        self.0.call(request)
    }
}

/// Puts the ids of a request into the headers of another, for clients that are no tower services. What is there already
/// stays.
pub fn put_ids(scope: &Scope, headers: &mut http::HeaderMap) {
    scope.for_each_outgoing_header(|name, value| {
        let name = HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(value)) {
            headers.entry(name).or_insert(value);
        }
    });
}
