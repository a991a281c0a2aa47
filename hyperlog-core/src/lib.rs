//! The ground floor of hyperlog.

mod level;
mod redact;

pub use crate::level::{Level, ParseLevelError, RegisterLevelError};
pub use crate::redact::{BuildRedactionError, KeyedHash, Mask, Preset, Redaction, RedactionBuilder, Verdict};
