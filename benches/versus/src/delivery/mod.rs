//! Records that reach a file: from a queue with a thread behind it, or on the thread that logs.
//!
//! Everybody logs the five usual fields as JSON. What is timed ends when the last record is in the file.

pub mod ends;
pub mod hyperlog;
pub mod latency;
pub mod logforth;
pub mod pool;
pub mod slog_async;
pub mod throughput;
pub mod ticks;
pub mod tracing_appender;
pub mod wakeups;
