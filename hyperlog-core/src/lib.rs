//! The ground floor of hyperlog.

mod filter;
mod level;

pub use crate::filter::directive::{DirectiveError, Directives, LevelFilter};
pub use crate::level::{Level, ParseLevelError, RegisterLevelError};
