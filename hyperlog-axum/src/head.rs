//! What axum leaves in the extensions of a request.

use axum::extract::{ConnectInfo, MatchedPath, OriginalUri};
use http::{Extensions, Uri};
use hyperlog_tower::Router;
use std::net::{IpAddr, SocketAddr};

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

    fn path<'a>(uri: &'a Uri, extensions: &'a Extensions) -> &'a str {
        extensions.get::<OriginalUri>().map_or(uri, |OriginalUri(original)| original).path()
    }

    fn peer(extensions: &Extensions) -> Option<IpAddr> {
        let ConnectInfo(address) = extensions.get::<ConnectInfo<SocketAddr>>()?;
        Some(address.ip())
    }
}
