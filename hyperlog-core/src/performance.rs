//! Three trades of care for time, by name.
//!
//! A name here, so that a logger, its queues and a configuration mean the same by it; what it stands for is said by each
//! of them for itself.

/// What is given up for time. Whatever is said besides goes over it.
///
/// | mode | a logger | a queue of `hyperlog-delivery` |
/// |---|---|---|
/// | `Balanced` | its defaults | its defaults: 8 MiB, errors are written through, the least severe is shed |
/// | `HighPerformance` | the same | 64 MiB, nobody waits for an error to leave, the newest is dropped |
/// | `Bare` | **texts are not looked through for secrets** | as with `HighPerformance` |
///
/// # `Bare` shows secrets that stand in texts
///
/// What is hidden by its name still is: the value of `password` or `authorization`, at any depth. What only its form or
/// the words around it give away is **not**: a token in a message, a password in a URL, in the text of an error or of a
/// panic, in a path or a query. Choose it where no text comes from outside.
///
/// ```
/// use hyperlog_core::{Logger, Performance, info};
///
/// let (logger, captured) = Logger::capture_with(|builder| builder.performance(Performance::Bare));
/// info!(logger: logger, password = "hunter2", "from postgres://app:hunter2@db/main");
/// assert_eq!(captured.only().text("password"), "[REDACTED]");
/// assert_eq!(captured.only().message(), "from postgres://app:hunter2@db/main");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Performance {
    /// Care first.
    #[default]
    Balanced,
    /// No call waits for an output. What is hidden stays hidden.
    HighPerformance,
    /// The same, and secrets are hidden by their names alone.
    Bare,
}
