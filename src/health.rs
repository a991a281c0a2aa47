//! Routes that answer probes, for each framework: alive, and ready.
//!
//! What is answered is decided by [`HealthCheck`]; the handlers stand here, since the core knows no framework.

#[cfg(any(feature = "actix", feature = "axum"))]
use hyperlog_core::http::HealthAnswer;
pub use hyperlog_core::http::HealthCheck;

/// A route of axum that tells whether the process should go on: 200, or 503 if no output takes anything any more.
///
/// ```
/// use hyperlog::health::{HealthCheck, axum_liveness, axum_readiness};
///
/// let check = HealthCheck::of(&hyperlog::Logger::current());
/// let app: axum::Router =
///     axum::Router::new().route("/livez", axum_liveness(&check)).route("/readyz", axum_readiness(&check));
/// ```
#[cfg(feature = "axum")]
pub fn axum_liveness<S: Clone + Send + Sync + 'static>(check: &HealthCheck) -> axum::routing::MethodRouter<S> {
    axum_route(check, HealthCheck::liveness)
}

/// A route of axum that tells whether the process should be sent requests: 200 or 503. See [`axum_liveness`].
#[cfg(feature = "axum")]
pub fn axum_readiness<S: Clone + Send + Sync + 'static>(check: &HealthCheck) -> axum::routing::MethodRouter<S> {
    axum_route(check, HealthCheck::readiness)
}

#[cfg(feature = "axum")]
fn axum_route<S: Clone + Send + Sync + 'static>(
    check: &HealthCheck,
    ask: fn(&HealthCheck) -> HealthAnswer,
) -> axum::routing::MethodRouter<S> {
    use axum::http::{StatusCode, header};
    let check = check.clone();
    axum::routing::get(move || {
        let HealthAnswer { status, body, .. } = ask(&check);
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
        std::future::ready((status, headers, body))
    })
}

/// A route of actix-web that tells whether the process should go on: 200, or 503 if no output takes anything any more.
///
/// ```
/// use hyperlog::health::{HealthCheck, actix_liveness, actix_readiness};
///
/// let check = HealthCheck::of(&hyperlog::Logger::current());
/// let app = actix_web::App::new().route("/livez", actix_liveness(&check)).route("/readyz", actix_readiness(&check));
/// ```
#[cfg(feature = "actix")]
pub fn actix_liveness(check: &HealthCheck) -> actix_web::Route {
    actix_route(check, HealthCheck::liveness)
}

/// A route of actix-web that tells whether the process should be sent requests: 200 or 503. See [`actix_liveness`].
#[cfg(feature = "actix")]
pub fn actix_readiness(check: &HealthCheck) -> actix_web::Route {
    actix_route(check, HealthCheck::readiness)
}

#[cfg(feature = "actix")]
fn actix_route(check: &HealthCheck, ask: fn(&HealthCheck) -> HealthAnswer) -> actix_web::Route {
    use actix_web::http::{StatusCode, header};
    use actix_web::{HttpResponse, guard, web};
    let check = check.clone();
    web::route().guard(guard::Any(guard::Get()).or(guard::Head())).to(move || {
        let HealthAnswer { status, body, .. } = ask(&check);
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = HttpResponse::build(status);
        response.content_type("application/json").insert_header((header::CACHE_CONTROL, "no-store"));
        std::future::ready(response.body(body))
    })
}
