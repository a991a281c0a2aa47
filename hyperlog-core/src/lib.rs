//! The ground floor of hyperlog.

mod filter;
mod level;

pub use crate::filter::directive::{DirectiveError, Directives, LevelFilter};
pub use crate::filter::sample::{
    Failures, Inbound, Offer, SampleRate, Sampler, Sampling, SamplingError, SamplingKey, SamplingMethod, SamplingRule,
    stable_hash,
};
pub use crate::filter::{Filter, Summary};
pub use crate::level::{Level, ParseLevelError, RegisterLevelError};
