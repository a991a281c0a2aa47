//! hyperlog's levels as a filter of one layer.

use crate::layer::{interest_in, watch};
use crate::level::outward_filter;
use crate::spot::Spot;
use hyperlog_core::bridge;
use tracing_core::metadata::LevelFilter;
use tracing_core::{Metadata, subscriber::Interest};
use tracing_subscriber::layer::{Context, Filter};

/// hyperlog's levels as the filter of a layer: `RecordLayer::new().with_filter(Levels::new())` listens to what hyperlog wants,
/// and lets other layers hear the rest.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Levels;

impl Levels {
    /// The levels of all loggers, and of all scopes that hold back more than is logged.
    #[expect(clippy::new_without_default, reason = "a filter is made on purpose")]
    pub fn new() -> Levels {
        watch();
        Levels
    }
}

impl<S> Filter<S> for Levels {
    fn enabled(&self, metadata: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        Spot::is_enabled(metadata, None)
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        interest_in(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(outward_filter(bridge::most_verbose()))
    }
}
