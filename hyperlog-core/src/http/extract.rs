//! Fields drawn from requests and responses, by code that the core does not know: tenants, users, trace systems.

use crate::field::FieldSet;
use crate::http::head::{RequestHead, ResponseHead};

/// Draws fields from requests and responses.
///
/// What it draws passes redaction as every field does. A closure over the head of a request is an extractor too.
///
/// ```
/// use hyperlog_core::FieldSet;
/// use hyperlog_core::http::{Extract, Policy, RequestHead, ResponseHead};
///
/// struct Cache;
///
/// impl Extract for Cache {
///     fn on_response(&self, head: &dyn ResponseHead, fields: &mut FieldSet) {
///         if let Some(verdict) = head.header("x-cache").and_then(|verdict| std::str::from_utf8(verdict).ok()) {
///             fields.add("cache", verdict);
///         }
///     }
/// }
///
/// let policy = Policy::new().extract(Cache).extract(|head: &dyn RequestHead, fields: &mut FieldSet| {
///     fields.add("has_cookies", head.header("cookie").is_some());
/// });
/// ```
pub trait Extract: Send + Sync + 'static {
    /// A request has come in: what is drawn stands on all of its records.
    fn on_request(&self, head: &dyn RequestHead, fields: &mut FieldSet) {
        let _ = (head, fields);
    }

    /// There is a response: what is drawn stands on the access record.
    fn on_response(&self, head: &dyn ResponseHead, fields: &mut FieldSet) {
        let _ = (head, fields);
    }
}

impl<F: Fn(&dyn RequestHead, &mut FieldSet) + Send + Sync + 'static> Extract for F {
    fn on_request(&self, head: &dyn RequestHead, fields: &mut FieldSet) {
        self(head, fields);
    }
}
