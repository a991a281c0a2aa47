//! Panic records on their way: written on the thread for what has to happen later, which looks the names of frames up.

use crate::background;
use crate::logger::Logger;
use crate::panic::frames::Frames;
use crate::panic::{MOST_FRAMES, Report};
use backtrace::Backtrace;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Beyond so many on their way, names are left out: a storm of panics must not fill the memory with stacks.
const MOST_WAITING: usize = 64;

/// Those that wait for the names of their frames. Whoever takes one out writes it.
static WAITING: Mutex<Vec<Waiting>> = Mutex::new(Vec::new());

struct Waiting {
    report: Report,
    logger: Logger,
    /// A process that was forked meanwhile leaves it to the one that panicked.
    process: u32,
}

/// Writes a record elsewhere, or here where the process will not live long enough.
pub(crate) fn write(report: Report, stack: Option<Backtrace>, logger: &Logger) {
    let resolve = |stack| Frames::resolve(stack, MOST_FRAMES);
    if cfg!(panic = "abort") {
        return report.write(stack.map(resolve), logger);
    }
    if background::waiting() >= MOST_WAITING {
        return report.write(None, logger);
    }
    let number = report.number;
    waiting().push(Waiting { report, logger: logger.clone(), process: std::process::id() });
    background::soon(move || {
        let frames = stack.map(resolve);
        if let Some(Waiting { report, logger, .. }) = take(|waiting| waiting.report.number == number).pop() {
            report.write(frames, &logger);
        }
    });
}

/// Writes what waits to be written by a logger as it is.
pub(crate) fn write_without_frames(logger: &Logger) {
    let process = std::process::id();
    let is_its = |waiting: &Waiting| waiting.process == process && Arc::ptr_eq(waiting.logger.core(), logger.core());
    for Waiting { report, logger, .. } in take(is_its) {
        report.write(None, &logger);
    }
}

/// Outside of the lock it is written: a sink may panic, and tell of it.
fn take(is_wanted: impl Fn(&Waiting) -> bool) -> Vec<Waiting> {
    waiting().extract_if(.., |waiting| is_wanted(waiting)).collect()
}

fn waiting() -> MutexGuard<'static, Vec<Waiting>> {
    WAITING.lock().unwrap_or_else(PoisonError::into_inner)
}
