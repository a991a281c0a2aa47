//! The path of a request as a record may show it.
//!
//! A route can say by the name of a parameter that its value is a secret, which nothing within the path does; and what is
//! written in escapes would pass redaction unseen.

use crate::http::route::for_each_param;
use crate::http::shown::{HIDDEN, percent_decoded};
use crate::redact::Redaction;

/// What to show in the place of the path, if it cannot be shown as it is.
#[inline]
pub(crate) fn shown_path(path: &str, route: Option<&str>, redaction: &Redaction) -> Option<String> {
    let is_hiding = route.is_some_and(|route| names_a_secret(route, redaction));
    if is_hiding || path.as_bytes().contains(&b'%') { rewritten(path, route, is_hiding, redaction) } else { None }
}

/// Whether a parameter of a route is called a secret. Asked for every request: whatever stands in the path is taken apart
/// only if so.
fn names_a_secret(route: &str, redaction: &Redaction) -> bool {
    let mut rest = route;
    while let Some(opening) = rest.bytes().position(|byte| byte == b'{') {
        rest = rest.get(opening + 1..).unwrap_or_default();
        let end = rest.bytes().position(|byte| matches!(byte, b'}' | b':')).unwrap_or(rest.len());
        let name = rest.get(..end).unwrap_or_default();
        if redaction.key(name.strip_prefix('*').unwrap_or(name)).is_some() {
            return true;
        }
    }
    false
}

#[cold]
#[inline(never)]
fn rewritten(path: &str, route: Option<&str>, is_hiding: bool, redaction: &Redaction) -> Option<String> {
    let mut shown = String::new();
    let mut rest = path;
    if let (Some(route), true) = (route, is_hiding) {
        for_each_param(route, path, |name, value| {
            // The parameters stand in their order, so that each is found behind the one before.
            let start = value.as_ptr().addr() - rest.as_ptr().addr();
            if redaction.key(name).is_some() {
                shown.push_str(&rest[..start]);
                shown.push_str(HIDDEN);
                rest = &rest[start + value.len()..];
            }
        });
    }
    shown.push_str(rest);
    let decoded = percent_decoded(&shown);
    match redaction.is_clean(&decoded) {
        true => (shown != path).then_some(shown),
        // Redaction hides what it sees, when the record is written.
        false => Some(decoded.into_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(route: &str, path: &str, expected: Option<&str>) {
        assert_eq!(shown_path(path, Some(route), &Redaction::default()).as_deref(), expected, "{route} {path}");
    }

    #[test]
    fn a_parameter_that_is_called_a_secret_is_none_of_the_path() {
        check("/users/{id}", "/users/7", None);
        check("/reset/{token}", "/reset/abc", Some("/reset/[REDACTED]"));
        check("/reset/{token}/{id}/{password}", "/reset/abc/7/abc", Some("/reset/[REDACTED]/7/[REDACTED]"));
        check("/files/{*secret}", "/files/a/b", Some("/files/[REDACTED]"));
        check("/reset/{token}", "/elsewhere/abc", None);
    }

    #[test]
    fn a_secret_in_escapes_is_shown_to_redaction() {
        check("/{rest}", "/x%3Ftoken%3Dsecret", Some("/x?token=secret"));
        check("/{rest}", "/https%3A%2F%2Fann%3Apw%40host", Some("/https://ann:pw@host"));
        check("/{rest}", "/two%20words", None);
        check("/{token}", "/two%20words", Some("/[REDACTED]"));
    }
}
