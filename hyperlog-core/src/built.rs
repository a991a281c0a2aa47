//! Which levels are built into the program, by features.
//!
//! Features only add, so that of several that are named the most verbose counts: what one crate of a program needs is not
//! taken away by another.

use crate::filter::directive::LevelFilter;
use crate::level::Level;

/// What calls of the macros are built into the program. Of those below there is nothing left in it, whatever a logger wants:
/// neither their texts nor the code of their arguments.
///
/// Without a feature, all are. With `max_level_error`, `max_level_warn`, `max_level_info`, `max_level_debug` or
/// `max_level_trace`, those down to this level; of several, the most verbose counts. With `release_max_level_error` and so on,
/// a build without debug assertions goes by these alone.
///
/// ```
/// use hyperlog_core::{BUILT_IN, Level};
///
/// assert!(BUILT_IN.allows(Level::ERROR));
/// ```
pub const BUILT_IN: LevelFilter = match IN_RELEASE {
    Some(filter) if !cfg!(debug_assertions) => filter,
    _ => match ALWAYS {
        Some(filter) => filter,
        None => LevelFilter::ALL,
    },
};

const ALWAYS: Option<LevelFilter> = most_verbose([
    (cfg!(feature = "max_level_trace"), Level::TRACE),
    (cfg!(feature = "max_level_debug"), Level::DEBUG),
    (cfg!(feature = "max_level_info"), Level::INFO),
    (cfg!(feature = "max_level_warn"), Level::WARN),
    (cfg!(feature = "max_level_error"), Level::ERROR),
]);

const IN_RELEASE: Option<LevelFilter> = most_verbose([
    (cfg!(feature = "release_max_level_trace"), Level::TRACE),
    (cfg!(feature = "release_max_level_debug"), Level::DEBUG),
    (cfg!(feature = "release_max_level_info"), Level::INFO),
    (cfg!(feature = "release_max_level_warn"), Level::WARN),
    (cfg!(feature = "release_max_level_error"), Level::ERROR),
]);

/// The first that is named, of levels from the most verbose on.
const fn most_verbose(levels: [(bool, Level); 5]) -> Option<LevelFilter> {
    let mut place = 0;
    while place < levels.len() {
        if levels[place].0 {
            return Some(LevelFilter::from_level(levels[place].1));
        }
        place += 1;
    }
    None
}

/// Whether calls of this level are built in.
pub const fn is_built_in(level: Level) -> bool {
    BUILT_IN.allows(level)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_levels_the_most_verbose_counts_and_none_is_none() {
        let levels = |named: [bool; 5]| {
            let all = [Level::TRACE, Level::DEBUG, Level::INFO, Level::WARN, Level::ERROR];
            most_verbose(std::array::from_fn(|place| (named[place], all[place])))
        };
        assert_eq!(levels([false; 5]), None);
        assert_eq!(levels([true; 5]), Some(LevelFilter::ALL));
        assert_eq!(levels([false, false, true, false, true]), Some(LevelFilter::from_level(Level::INFO)));
    }
}
