//! A hook that says on which thread a record was logged.

use hyperlog_core::Hook;

/// Adds the name of the thread to each record, if it has one.
///
/// ```
/// use hyperlog_core::{Logger, info};
/// use hyperlog_template::thread_name;
///
/// let (logger, captured) = Logger::capture_with(|builder| builder.hook(thread_name()));
/// let work = move || info!(logger: logger, "counted");
/// std::thread::Builder::new().name("counter".into()).spawn(work)?.join().unwrap();
/// assert_eq!(captured.only().text("thread"), "counter");
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn thread_name() -> Hook {
    Hook::enrich(|draft| {
        if let Some(name) = std::thread::current().name() {
            draft.add("thread", name);
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyperlog_core::{Logger, info};

    #[test]
    fn a_thread_without_a_name_adds_nothing() {
        let hook = thread_name();
        let (logger, captured) = Logger::capture_with(|builder| builder.hook(hook.clone()));
        std::thread::spawn(move || info!(logger: logger, "counted")).join().unwrap();
        assert!(!captured.only().has("thread"));
        assert_eq!(hook.panics(), 0);
    }
}
