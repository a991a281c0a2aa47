//! What an axum app is usually given: the layers of tower-http for ids, spans and panics, and `tracing-subscriber`.

use crate::case::{Case, TOWER_HTTP};
use crate::http::axum;
use crate::peers::{Loop, Peer, Standing, tracing};
use ::axum::Router;
use ::axum::body::Body;
use ::axum::extract::MatchedPath;
use ::tracing::{Level, Span, error, info_span};
use http::Request;
use std::backtrace::Backtrace;
use std::panic::PanicHookInfo;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, RequestId, SetRequestIdLayer};
use tower_http::trace::{DefaultOnResponse, TraceLayer};

pub static LAYERS: Peer = Peer {
    name: TOWER_HTTP,
    standing: Standing::Always,
    install: |case| {
        if case == Case::AxumPanic {
            std::panic::set_hook(Box::new(note));
        }
        tracing::set_flat(true)
    },
    call,
    sites: None,
};

fn call(case: Case) -> Option<Loop> {
    Some(match case {
        Case::Axum => drives!(axum, Case::Axum, layered(axum::app(axum::user))),
        Case::AxumPanic => drives!(axum, Case::AxumPanic, layered(axum::app(axum::panics))),
        Case::AxumLoopback => serves!(axum, layered(axum::app(axum::user))),
        _ => return None,
    })
}

fn layered(app: Router) -> Router {
    let trace = TraceLayer::new_for_http().make_span_with(span).on_request(());
    app.layer(
        ServiceBuilder::new()
            .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
            .layer(trace.on_response(DefaultOnResponse::new().level(Level::INFO)))
            .layer(PropagateRequestIdLayer::x_request_id())
            .layer(CatchPanicLayer::new()),
    )
}

/// Method and version as the default span has them, what it leaves out, and a level at which it is seen.
fn span(request: &Request<Body>) -> Span {
    let extensions = request.extensions();
    let id = extensions.get::<RequestId>().and_then(|id| id.header_value().to_str().ok());
    info_span!(
        "request",
        method = %request.method(),
        version = ?request.version(),
        route = extensions.get::<MatchedPath>().map(MatchedPath::as_str),
        path = request.uri().path(),
        request_id = id,
    )
}

/// Of a panic the layer logs the message; location and frames are known to the hook alone.
fn note(info: &PanicHookInfo<'_>) {
    error!(error = %info, frames = %Backtrace::force_capture(), "a handler panicked");
}
