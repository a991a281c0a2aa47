//! The ground floor of hyperlog.

mod level;

pub use crate::level::{Level, ParseLevelError, RegisterLevelError};
