//! Panic records on their way: written on the thread for what has to happen later, which looks the names of frames up.

use crate::background;
use crate::logger::Logger;
use crate::panic::Report;

/// Beyond so many on their way, names are left out: a storm of panics must not fill the memory with stacks.
const MOST_WAITING: usize = 64;

/// Writes a record elsewhere, or here where the process will not live long enough.
pub(crate) fn write(report: Report, logger: &Logger) {
    if cfg!(panic = "abort") || background::waiting() >= MOST_WAITING {
        let stack = report.stack.filter(|_| cfg!(panic = "abort"));
        return Report { stack, ..report }.write(logger);
    }
    let logger = logger.clone();
    background::soon(move || report.write(&logger));
}
