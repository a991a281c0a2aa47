//! The one level of the `log` crate, in a program of its own: every logger of a process has a say in it.

use hyperlog_core::{Level, Logger};
use hyperlog_log::install;

#[test]
fn the_level_of_the_log_crate_follows_the_most_verbose_logger() {
    install().expect("nobody else installs one");
    assert_eq!(log::max_level(), log::LevelFilter::Info);
    let (logger, _captured) = Logger::capture_with(|builder| builder.level(Level::TRACE));
    assert_eq!(log::max_level(), log::LevelFilter::Trace);
    logger.set_level(Level::DEBUG);
    assert_eq!(log::max_level(), log::LevelFilter::Debug);
}
