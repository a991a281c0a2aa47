//! What a client is told when a handler panicked: that it did, and which request it was.
//!
//! Nothing of the panic itself: its text may hold anything.

use crate::http::request_id::RequestId;

/// The media type of [`internal_server_error`].
pub const PROBLEM_JSON: &str = "application/problem+json";

/// The body of a 500 in the form of RFC 9457.
///
/// ```
/// use hyperlog_core::http::{RequestId, internal_server_error};
///
/// let id = RequestId::parse(b"abc-123").unwrap();
/// assert_eq!(
///     internal_server_error(&id),
///     r#"{"type":"about:blank","title":"Internal Server Error","status":500,"request_id":"abc-123"}"#
/// );
/// ```
pub fn internal_server_error(id: &RequestId) -> String {
    // No character that an id may have needs an escape.
    format!(r#"{{"type":"about:blank","title":"Internal Server Error","status":500,"request_id":"{id}"}}"#)
}
