//! A flight recorder for any unit of work: what is logged on the way is shown only if the work fails.

use crate::core::note_recorded;
use crate::filter::directive::LevelFilter;
use crate::logger::Logger;
use crate::recorder::Recorder;
use crate::workspace::Workspace;
use std::sync::Arc;

/// A flight recorder for one unit of work.
///
/// What the level of the logger would stop is encoded and held back; it comes out, in order, when the work
/// [has failed](Recording::tell), and nowhere if it has not.
///
/// ```
/// use hyperlog_core::{Level, Logger, Recording, Scope, debug, error};
///
/// fn sync(account: u32) -> Result<(), String> {
///     debug!(account, "asking the bank");
///     if account == 7 { Err("no answer".to_owned()) } else { Ok(()) }
/// }
///
/// let (logger, captured) = Logger::capture();
/// logger.set_level(Level::INFO);
/// for account in [3, 7] {
///     let recording = Recording::new(&logger, Level::DEBUG);
///     let _entered = recording.logger().enter();
///     if let Err(problem) = sync(account) {
///         recording.tell();
///         error!(problem, "cannot synchronise");
///     }
/// }
/// let told: Vec<String> = captured.records().iter().map(|record| record.message().to_owned()).collect();
/// assert_eq!(told, ["asking the bank", "cannot synchronise"]);
/// ```
///
/// Requests have one on demand, by the rule of their route.
#[must_use = "what was held is forgotten when this is dropped"]
pub struct Recording {
    logger: Logger,
    recorder: Arc<Recorder>,
}

impl Recording {
    /// How many bytes a recording holds unless it is told otherwise; the oldest records make room for the newest.
    pub const ROOM: usize = 64 << 10;

    /// Holds what this logger would not log, down to a level.
    pub fn new(logger: &Logger, level: impl Into<LevelFilter>) -> Recording {
        Recording::with_room(logger, level, Recording::ROOM)
    }

    /// The same with so many bytes of room.
    pub fn with_room(logger: &Logger, level: impl Into<LevelFilter>, room: usize) -> Recording {
        let recorder = recorder_for(logger, level.into(), room, false);
        Recording { logger: logger.recorded(Arc::clone(&recorder)), recorder }
    }

    /// The logger whose records are held, and that of everything below.
    pub fn logger(&self) -> &Logger {
        &self.logger
    }

    /// The work has failed: gives out what was held, and holds nothing more. Says how many records that were, and how
    /// many had to make room.
    pub fn tell(&self) -> (u64, u64) {
        let told = Workspace::lend(|workspace| self.recorder.tell(&workspace.tools.place));
        (told.held, told.lost)
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        self.recorder.forget();
    }
}

impl std::fmt::Debug for Recording {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Recording").finish_non_exhaustive()
    }
}

/// A recorder for work that logs through a logger.
pub(crate) fn recorder_for(logger: &Logger, level: LevelFilter, room: usize, holds_all: bool) -> Arc<Recorder> {
    note_recorded(level);
    Arc::new(Recorder::new(level, room, holds_all, logger.snapshot()))
}
