//! Levels of one side on the other.

use hyperlog_core::{Level, LevelFilter};
use tracing_core::metadata::LevelFilter as TracingFilter;

/// The level of a record that an event becomes.
#[inline]
pub(crate) fn inward(level: tracing_core::Level) -> Level {
    match level {
        tracing_core::Level::TRACE => Level::TRACE,
        tracing_core::Level::DEBUG => Level::DEBUG,
        tracing_core::Level::INFO => Level::INFO,
        tracing_core::Level::WARN => Level::WARN,
        tracing_core::Level::ERROR => Level::ERROR,
    }
}

/// The level of an event that a record becomes: of those that `tracing` has, the next that is no more severe.
pub(crate) fn outward(level: Level) -> log::Level {
    match level {
        level if level >= Level::ERROR => log::Level::Error,
        level if level >= Level::WARN => log::Level::Warn,
        level if level >= Level::INFO => log::Level::Info,
        level if level >= Level::DEBUG => log::Level::Debug,
        _ => log::Level::Trace,
    }
}

/// The filter that lets through what this one does, of the levels that `tracing` has.
pub(crate) fn outward_filter(filter: LevelFilter) -> TracingFilter {
    let filters = [
        (Level::TRACE, TracingFilter::TRACE),
        (Level::DEBUG, TracingFilter::DEBUG),
        (Level::INFO, TracingFilter::INFO),
        (Level::WARN, TracingFilter::WARN),
        (Level::ERROR, TracingFilter::ERROR),
    ];
    let first = filters.into_iter().find(|(level, _)| filter.allows(*level));
    first.map_or(TracingFilter::OFF, |(_, filter)| filter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_of_ours_has_one_of_theirs() {
        let check = |level, expected| assert_eq!(outward(level), expected, "{level}");
        check(Level::TRACE, log::Level::Trace);
        check(Level::DEBUG, log::Level::Debug);
        check(Level::INFO, log::Level::Info);
        check(Level::NOTICE, log::Level::Info);
        check(Level::WARN, log::Level::Warn);
        check(Level::ERROR, log::Level::Error);
        check(Level::FATAL, log::Level::Error);
    }

    #[test]
    fn a_filter_lets_through_what_ours_does() {
        let check = |filter: LevelFilter, expected| assert_eq!(outward_filter(filter), expected, "{filter}");
        check(LevelFilter::ALL, TracingFilter::TRACE);
        check(Level::DEBUG.into(), TracingFilter::DEBUG);
        check(Level::NOTICE.into(), TracingFilter::WARN);
        check(Level::ERROR.into(), TracingFilter::ERROR);
        check(Level::FATAL.into(), TracingFilter::OFF);
        check(LevelFilter::OFF, TracingFilter::OFF);
    }
}
