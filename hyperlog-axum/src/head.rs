//! What axum leaves in the extensions of a request.

use axum::body::{Body, HttpBody};
use axum::extract::{ConnectInfo, MatchedPath, OriginalUri};
use bytes::Bytes;
use http::{Extensions, Uri};
use http_body::{Frame, SizeHint};
use hyperlog_core::http::RequestMeter;
use hyperlog_tower::Router;
use std::any::Any;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// Reads route, path and peer as axum knows them.
#[derive(Clone, Copy, Debug)]
pub struct AxumRouter;

/// Within patterns that axum makes for itself, fallbacks among them. They are no routes.
const PRIVATE: &str = "__private__axum";

impl Router for AxumRouter {
    fn route(extensions: &Extensions) -> Option<&str> {
        let route = extensions.get::<MatchedPath>()?.as_str();
        (!route.contains(PRIVATE)).then_some(route)
    }

    fn uri<'a>(uri: &'a Uri, extensions: &'a Extensions) -> &'a Uri {
        extensions.get::<OriginalUri>().map_or(uri, |OriginalUri(original)| original)
    }

    fn peer(extensions: &Extensions) -> Option<IpAddr> {
        let ConnectInfo(address) = extensions.get::<ConnectInfo<SocketAddr>>()?;
        Some(address.ip())
    }

    fn meter(body: &mut dyn Any, mut meter: RequestMeter) {
        if let Some(body) = body.downcast_mut::<Body>()
            && !body.is_end_stream()
        {
            // What was announced counts no more: whatever is read is seen, and it may be nothing.
            meter.read(&[]);
            *body = Body::new(MeteredBody { inner: std::mem::take(body), meter });
        }
    }
}

/// The body of a request, counted as it is read.
struct MeteredBody {
    inner: Body,
    meter: RequestMeter,
}

impl HttpBody for MeteredBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(context));
        if let Some(Ok(frame)) = &frame
            && let Some(data) = frame.data_ref()
        {
            self.meter.read(data);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::HyperLogLayer;
    use http::{Request, Response};
    use hyperlog_core::Logger;
    use std::convert::Infallible;
    use std::future::{Future, Ready, ready};
    use std::pin::pin;
    use std::task::Waker;
    use tower_layer::Layer;
    use tower_service::Service;

    /// Answers without a look at the body.
    struct Refuses;

    impl Service<Request<Body>> for Refuses {
        type Response = Response<Body>;
        type Error = Infallible;
        type Future = Ready<Result<Response<Body>, Infallible>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, _: Request<Body>) -> Self::Future {
            ready(Ok(Response::new(Body::empty())))
        }
    }

    #[test]
    fn of_a_body_that_nobody_reads_no_byte_is_told() {
        let (logger, captured) = Logger::capture();
        let request = Request::post("/").header("content-length", "1000000").body(Body::from("never read"));
        let mut service = HyperLogLayer::new().logger(logger).layer(Refuses);
        let answer = pin!(service.call(request.expect("it is valid")));
        assert!(answer.poll(&mut Context::from_waker(Waker::noop())).is_ready());
        assert_eq!(captured.only().number("request_bytes"), 0.0);
    }
}
