//! Errors of handlers with their causes: actix hides them behind a type of its own.

use actix_web::Error;
use actix_web::error::{InternalError, JsonPayloadError, PathError, PayloadError, QueryPayloadError, UrlencodedError};
use hyperlog_core::Value;
use hyperlog_core::http::Exchange;
use std::sync::Arc;

/// Finds an error of a known type.
pub(crate) type FindError = fn(&Error) -> Option<&(dyn std::error::Error + 'static)>;

/// The error types that are known, so that their causes can be told.
#[derive(Clone, Default)]
pub(crate) struct Causes(Option<Arc<Vec<FindError>>>);

impl Causes {
    pub(crate) const NONE: Causes = Causes(None);

    pub(crate) fn know(self, find: FindError) -> Causes {
        let mut known = self.0.map(Arc::unwrap_or_clone).unwrap_or_default();
        known.push(find);
        Causes(Some(Arc::new(known)))
    }

    /// Puts an error on the record of its request: with its causes if the type is known, and as it shows itself otherwise;
    /// if an extractor rejected the request by it, with the name of that.
    pub(crate) fn tell(&self, error: &Error, exchange: &Exchange) {
        let known = self.0.iter().flat_map(|known| known.iter());
        match known.map(|find| find(error)).find_map(|found| found) {
            Some(found) => exchange.scope().record_error(found),
            None => match extractor_of(error) {
                Some(extractor) => exchange.scope().record_rejection(extractor, Value::Display(error)),
                None => exchange.record_error_text(Value::Display(error)),
            },
        }
    }
}

/// The extractor of actix that rejects by such an error.
fn extractor_of(error: &Error) -> Option<&'static str> {
    /// What `Path` rejects by, unless the application makes an error of its own.
    type NotFound = InternalError<serde::de::value::Error>;
    if error.as_error::<JsonPayloadError>().is_some() {
        Some("Json")
    } else if error.as_error::<NotFound>().is_some() || error.as_error::<PathError>().is_some() {
        Some("Path")
    } else if error.as_error::<QueryPayloadError>().is_some() {
        Some("Query")
    } else if error.as_error::<UrlencodedError>().is_some() {
        Some("Form")
    } else if error.as_error::<PayloadError>().is_some() {
        Some("Payload")
    } else {
        None
    }
}
