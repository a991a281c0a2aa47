//! What waits is delivered when the process is asked to end.

use hyperlog_core::{Logger, report_fault};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use signal_hook::iterator::Signals;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// What follows once all is delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Afterwards {
    /// The process ends as if nobody had caught the signal.
    End,
    /// Nothing: the application ends by itself, and does what it has to.
    Return,
}

/// Closes the outputs of a logger on SIGTERM and SIGINT, for at most this long, on a thread of its own.
///
/// A second signal ends the process at once: whoever asks twice does not want to wait.
///
/// A server that ends gracefully has its own way to hear of these signals: let it end, and then close the logger.
///
/// # Errors
///
/// When the signals cannot be listened to, or there is no thread to be had.
///
/// ```no_run
/// use hyperlog_core::{Json, Logger, Output};
/// use hyperlog_delivery::{Afterwards, close_on_termination};
/// use std::time::Duration;
///
/// let logger = Logger::global();
/// close_on_termination(logger, Duration::from_secs(10), Afterwards::End)?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn close_on_termination(logger: Logger, deadline: Duration, afterwards: Afterwards) -> io::Result<()> {
    let is_closing = Arc::new(AtomicBool::new(false));
    for signal in [SIGTERM, SIGINT] {
        flag::register_conditional_default(signal, Arc::clone(&is_closing))?;
    }
    let mut signals = Signals::new([SIGTERM, SIGINT])?;
    let wait = move || {
        let Some(signal) = signals.forever().next() else { return };
        is_closing.store(true, Ordering::Relaxed);
        if let Err(error) = logger.close(deadline) {
            report_fault("delivery", format_args!("the process is asked to end, and not all has left: {error}"));
        }
        if afterwards == Afterwards::End
            && let Err(error) = signal_hook::low_level::emulate_default_handler(signal)
        {
            report_fault("delivery", format_args!("the process cannot be ended: {error}"));
        }
    };
    std::thread::Builder::new().name("log termination".to_owned()).spawn(wait).map(drop)
}
