//! Set up in one line, and closed at the end of `main`.

use hyperlog_core::{DropReason, Logger, OutputHealth, report_fault};
use std::error::Error;
use std::fmt;
use std::time::Duration;

/// Sets the logger of the process up, with whatever it finds, and closes it when what this returns is dropped.
///
/// Without the feature `config`, records from `INFO` up go to standard output: for people on a terminal, as JSON otherwise.
/// With it, [`Config::new`](crate::config::Config::new) says what is done: variables that begin with `HYPERLOG_`, the file
/// that `HYPERLOG_CONFIG` names, and a preset that suits what the process runs in. As long as the guard is there, a file
/// that has changed is [read anew](crate::config::Live).
///
/// Standard output is written to before each call returns, unless a configuration gives it a queue: nothing waits, and a
/// guard that is dropped at once loses nothing. An output with a queue, a file or a web hook, is closed by the drop: what
/// waits is delivered, for at most ten seconds, and what is logged later goes nowhere. So bind it to a name, and not to `_`.
///
/// ```
/// use hyperlog::info;
///
/// fn main() -> Result<(), hyperlog::InitError> {
///     let _logging = hyperlog::init()?;
///     info!("ready");
///     Ok(())
/// }
/// ```
///
/// # Errors
///
/// When there is a logger already, or what is said in a configuration cannot be done.
pub fn init() -> Result<Guard, InitError> {
    #[cfg(feature = "config")]
    let live = crate::config::Config::new().install().map_err(InitError)?;
    #[cfg(feature = "config")]
    let logger = live.logger().clone();
    #[cfg(not(feature = "config"))]
    let logger = Logger::builder().install().map_err(InitError::new)?;
    Ok(Guard {
        logger,
        deadline: Duration::from_secs(10),
        #[cfg(feature = "config")]
        live: Some(live),
    })
}

/// Closes a logger when it is dropped.
#[derive(Debug)]
#[must_use = "dropped at once, it closes the logger at once: bind it to a name that lives as long as `main`"]
pub struct Guard {
    logger: Logger,
    deadline: Duration,
    /// None once it is being dropped.
    #[cfg(feature = "config")]
    live: Option<crate::config::Live>,
}

impl Guard {
    /// The logger, which is the global one.
    pub fn logger(&self) -> &Logger {
        &self.logger
    }

    /// The metrics of the logger, and of the requests of every layer that is given no policy of its own. See
    /// [`prometheus`](crate::prometheus).
    ///
    /// ```
    /// use axum::Router;
    /// use hyperlog::axum::HyperLogLayer;
    /// use hyperlog::prometheus::axum_handler;
    ///
    /// let logging = hyperlog::init()?;
    /// let app: Router = Router::new().layer(HyperLogLayer::new()).route("/metrics", axum_handler(&logging.metrics()));
    /// # Ok::<(), hyperlog::InitError>(())
    /// ```
    #[cfg(all(feature = "config", feature = "prometheus"))]
    pub fn metrics(&self) -> crate::prometheus::Metrics {
        self.live.as_ref().map_or_else(crate::prometheus::Metrics::new, crate::config::Live::metrics)
    }

    /// Reads all that is said anew, now, as happens by itself within seconds when the file has changed.
    ///
    /// # Errors
    ///
    /// When what is said cannot be done. Then all stays as it was.
    #[cfg(feature = "config")]
    pub fn reload(&self) -> Result<crate::config::Reload, InitError> {
        let reload = self.live.as_ref().map_or(Ok(crate::config::Reload::Unchanged), crate::config::Live::reload);
        reload.map_err(InitError)
    }

    /// How long the drop waits for what has not left yet, instead of ten seconds.
    #[must_use = "it is the guard that closes the logger"]
    pub fn close_within(mut self, deadline: Duration) -> Guard {
        self.deadline = deadline;
        self
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // What is closed is not to be set up anew.
        #[cfg(feature = "config")]
        drop(self.live.take());
        let before = self.logger.health();
        if let Err(error) = self.logger.close(self.deadline) {
            let after = self.logger.health();
            let lost = after.iter().zip(&before).map(|(after, before)| (&after.name, lost(after) - lost(before)));
            let lost =
                lost.filter(|(_, records)| *records > 0).map(|(name, records)| format!("; {name} lost {records}"));
            report_fault(
                "close",
                format_args!("not all that was logged has left: {error}{}", lost.collect::<String>()),
            );
        }
    }
}

/// Records that an output has lost, and has not put aside.
fn lost(output: &OutputHealth) -> u64 {
    let lost = output.dropped.iter().filter(|(reason, _)| *reason != DropReason::DeadLettered);
    lost.map(|(_, counts)| counts.total()).sum()
}

/// Why logging could not be set up.
pub struct InitError(Box<dyn Error + Send + Sync>);

impl InitError {
    #[cfg(not(feature = "config"))]
    fn new(error: impl Error + Send + Sync + 'static) -> InitError {
        InitError(Box::new(error))
    }
}

impl fmt::Display for InitError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// As `main` shows it: on a line, for people.
impl fmt::Debug for InitError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl Error for InitError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}
