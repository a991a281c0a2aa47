//! Why a subscriber could not become that of the process.

use std::error::Error;
use std::fmt;
use tracing_core::dispatcher::SetGlobalDefaultError;

/// There is a subscriber for the whole process already.
#[derive(Debug)]
pub struct InstallError(pub(crate) SetGlobalDefaultError);

impl fmt::Display for InstallError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(
            "cannot listen to tracing: there is a global subscriber already; add a `RecordLayer` to it instead",
        )
    }
}

impl Error for InstallError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}
