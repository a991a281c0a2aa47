//! Levels of one side on the other.

use hyperlog_core::{Level, LevelFilter};

/// The level of a record that a call of `log` becomes.
pub(crate) fn inward(level: log::Level) -> Level {
    match level {
        log::Level::Trace => Level::TRACE,
        log::Level::Debug => Level::DEBUG,
        log::Level::Info => Level::INFO,
        log::Level::Warn => Level::WARN,
        log::Level::Error => Level::ERROR,
    }
}

/// The level of a call that a record becomes: of those that `log` has, the next that is no more severe.
pub(crate) fn outward(level: Level) -> log::Level {
    match level {
        level if level >= Level::ERROR => log::Level::Error,
        level if level >= Level::WARN => log::Level::Warn,
        level if level >= Level::INFO => log::Level::Info,
        level if level >= Level::DEBUG => log::Level::Debug,
        _ => log::Level::Trace,
    }
}

/// The filter that lets through what this one does, of the levels that `log` has.
pub(crate) fn outward_filter(filter: LevelFilter) -> log::LevelFilter {
    let levels = log::Level::iter().filter(|level| filter.allows(inward(*level)));
    levels.max().map_or(log::LevelFilter::Off, |level| level.to_level_filter())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_goes_out_as_one_that_log_has() {
        let check = |level, expected| assert_eq!(outward(level), expected, "{level}");
        check(Level::TRACE, log::Level::Trace);
        check(Level::DEBUG, log::Level::Debug);
        check(Level::NOTICE, log::Level::Info);
        check(Level::WARN, log::Level::Warn);
        check(Level::FATAL, log::Level::Error);
        for level in log::Level::iter() {
            check(inward(level), level);
        }
    }

    #[test]
    fn a_filter_lets_through_what_ours_does() {
        let check = |filter: LevelFilter, expected| assert_eq!(outward_filter(filter), expected, "{filter}");
        check(LevelFilter::ALL, log::LevelFilter::Trace);
        check(Level::INFO.into(), log::LevelFilter::Info);
        check(Level::NOTICE.into(), log::LevelFilter::Warn);
        check(LevelFilter::OFF, log::LevelFilter::Off);
    }
}
