//! Panic records on their way: written on the thread for what has to happen later, which looks the names of frames up.

use crate::background;
use crate::logger::Logger;
use crate::panic::Report;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How many are on their way.
static WAITING: Mutex<usize> = Mutex::new(0);
static WRITTEN: Condvar = Condvar::new();

/// Beyond so many, names are left out: a storm of panics must not fill the memory with stacks.
const MOST_WAITING: usize = 64;

/// Writes a record elsewhere, or here where the process will not live long enough.
pub(crate) fn write(report: Report, logger: &Logger) {
    let mut waiting = WAITING.lock().unwrap_or_else(PoisonError::into_inner);
    if cfg!(panic = "abort") || *waiting >= MOST_WAITING {
        drop(waiting);
        let stack = report.stack.filter(|_| cfg!(panic = "abort"));
        return Report { stack, ..report }.write(logger);
    }
    *waiting += 1;
    drop(waiting);
    let mut job = Some((report, logger.clone(), OnItsWay));
    background::after(Duration::ZERO, move || {
        let (report, logger, on_its_way) = job.take()?;
        report.write(&logger);
        drop(on_its_way);
        None
    });
}

/// Waits until all that were on their way are written, for at most this long.
pub(crate) fn wait(deadline: Duration) {
    let begun = Instant::now();
    let mut waiting = WAITING.lock().unwrap_or_else(PoisonError::into_inner);
    while *waiting > 0 {
        let Some(left) = deadline.checked_sub(begun.elapsed()).filter(|left| !left.is_zero()) else { return };
        waiting = WRITTEN.wait_timeout(waiting, left).unwrap_or_else(PoisonError::into_inner).0;
    }
}

/// Counts as waiting until it is dropped, however that comes.
struct OnItsWay;

impl Drop for OnItsWay {
    fn drop(&mut self) {
        *WAITING.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        WRITTEN.notify_all();
    }
}
