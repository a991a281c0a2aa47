//! The subscriber of the process, and why it could not become that.

use crate::layer::RecordLayer;
use std::error::Error;
use std::fmt;
use tracing_core::dispatcher::{self, SetGlobalDefaultError};

/// Makes records of all events of the process: [`RecordLayer::install`] without options.
///
/// # Errors
///
/// When there is a global subscriber already.
pub fn install() -> Result<(), InstallError> {
    RecordLayer::new().install()
}

impl RecordLayer {
    /// Makes records of all events of the process.
    ///
    /// # Errors
    ///
    /// When there is a global subscriber already.
    pub fn install(self) -> Result<(), InstallError> {
        dispatcher::set_global_default(self.into_subscriber().into()).map_err(InstallError)
    }
}

/// There is a subscriber for the whole process already.
#[derive(Debug)]
pub struct InstallError(SetGlobalDefaultError);

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
