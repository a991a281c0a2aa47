//! Metrics for Prometheus, and the handlers that serve them.
//!
//! The handlers stand here since neither the crate of the metrics nor those of the frameworks know of each other.

pub use hyperlog_prometheus::*;

/// A route of axum that serves metrics, and answers 204 if there are none.
///
/// ```
/// use hyperlog::prometheus::{Metrics, Records, axum_handler};
///
/// let metrics = Metrics::new().with(Records::of(&hyperlog::Logger::current()));
/// let app: axum::Router = axum::Router::new().route("/metrics", axum_handler(&metrics));
/// ```
#[cfg(feature = "axum")]
pub fn axum_handler<S: Clone + Send + Sync + 'static>(metrics: &Metrics) -> axum::routing::MethodRouter<S> {
    use axum::http::{HeaderMap, StatusCode, header};
    use axum::response::IntoResponse as _;
    let metrics = metrics.clone();
    axum::routing::get(move |headers: HeaderMap| {
        let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
        let shown = metrics.render(Format::accepted(accept.unwrap_or_default()));
        std::future::ready(match shown {
            Some(shown) => ([(header::CONTENT_TYPE, shown.content_type)], shown.body).into_response(),
            None => StatusCode::NO_CONTENT.into_response(),
        })
    })
}

/// A route of actix-web that serves metrics, and answers 204 if there are none.
///
/// ```
/// use hyperlog::prometheus::{Metrics, Records, actix_handler};
///
/// let metrics = Metrics::new().with(Records::of(&hyperlog::Logger::current()));
/// let app = actix_web::App::new().route("/metrics", actix_handler(&metrics));
/// ```
#[cfg(feature = "actix")]
pub fn actix_handler(metrics: &Metrics) -> actix_web::Route {
    use actix_web::http::header;
    use actix_web::{HttpRequest, HttpResponse, web};
    let metrics = metrics.clone();
    web::get().to(move |request: HttpRequest| {
        let accept = request.headers().get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
        let shown = metrics.render(Format::accepted(accept.unwrap_or_default()));
        std::future::ready(match shown {
            Some(shown) => HttpResponse::Ok().content_type(shown.content_type).body(shown.body),
            None => HttpResponse::NoContent().finish(),
        })
    })
}
