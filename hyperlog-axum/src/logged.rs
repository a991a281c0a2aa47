//! Rejections of extractors, on the record of the request that they rejected.

use axum::extract::{FromRequest, FromRequestParts, Request};
use http::request::Parts;
use hyperlog_core::{Scope, Value};
use std::any::type_name;
use std::error::Error;

/// An extractor whose rejection stands on the request's record: why, as `error`, and of which extractor, as `rejection`.
///
/// axum makes a response of a rejection before anybody can see it, so that an extractor has to be asked through this. The
/// client gets the same response as without it.
///
/// ```
/// use axum::extract::Path;
/// use hyperlog_axum::Logged;
///
/// async fn order(Logged(Path(id)): Logged<Path<u32>>) -> String {
///     format!("order {id}")
/// }
/// # let _: axum::Router = axum::Router::new().route("/orders/{id}", axum::routing::get(order));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Logged<E>(pub E);

impl<E, S> FromRequest<S> for Logged<E>
where
    E: FromRequest<S>,
    E::Rejection: Error + 'static,
    S: Send + Sync,
{
    type Rejection = E::Rejection;

    async fn from_request(request: Request, state: &S) -> Result<Logged<E>, E::Rejection> {
        E::from_request(request, state).await.map(Logged).inspect_err(tell::<E>)
    }
}

impl<E, S> FromRequestParts<S> for Logged<E>
where
    E: FromRequestParts<S>,
    E::Rejection: Error + 'static,
    S: Send + Sync,
{
    type Rejection = E::Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Logged<E>, E::Rejection> {
        E::from_request_parts(parts, state).await.map(Logged).inspect_err(tell::<E>)
    }
}

fn tell<E>(rejection: &(impl Error + 'static)) {
    if let Some(scope) = Scope::current() {
        scope.record_rejection(name_of::<E>(), Value::Error(rejection));
    }
}

/// `Json` of `axum::json::Json<shop::Order>`.
fn name_of<E>() -> &'static str {
    let whole = type_name::<E>();
    let plain = whole.split('<').next().unwrap_or(whole);
    plain.rsplit("::").next().unwrap_or(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_extractor_is_named_as_its_code_names_it() {
        assert_eq!(name_of::<axum::extract::Path<std::collections::HashMap<String, u32>>>(), "Path");
        assert_eq!(name_of::<axum::Extension<String>>(), "Extension");
        assert_eq!(name_of::<String>(), "String");
    }
}
