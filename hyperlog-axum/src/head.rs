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

    fn meter(body: &mut dyn Any, meter: RequestMeter) {
        if let Some(body) = body.downcast_mut::<Body>()
            && !body.is_end_stream()
        {
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
