//! What is wrong with the set-up of a client.

use crate::backend::DeliveryError;
use std::error::Error;
use std::fmt;

/// Why a client could not be built, in words without secrets.
#[derive(Debug)]
pub struct ClientError(DeliveryError);

impl ClientError {
    pub(super) fn new(what: impl Into<std::borrow::Cow<'static, str>>) -> ClientError {
        ClientError(DeliveryError::new(what))
    }
}

impl fmt::Display for ClientError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl Error for ClientError {}
