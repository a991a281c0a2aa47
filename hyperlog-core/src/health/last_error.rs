//! What went wrong last.

use std::time::Duration;

/// What went wrong last, and how long ago. All may be well again.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LastError {
    /// What it was, in words and without secrets.
    pub what: String,
    /// How long ago it was.
    pub ago: Duration,
}

impl LastError {
    /// Something went wrong this long ago: `"cannot write to the file: no space left on device"`.
    pub fn new(what: impl Into<String>, ago: Duration) -> LastError {
        LastError { what: what.into(), ago }
    }
}
