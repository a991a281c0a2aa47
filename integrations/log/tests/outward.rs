//! Records become calls of a logger of the `log` crate: of one that gives what it hears to hyperlog as well.

use hyperlog_core::{Level, Logger, error, fields, info, trace};
use hyperlog_log::{Bridge, install, to_log};
use std::sync::Mutex;

/// Writes down what it is given.
struct Listener(Mutex<Vec<String>>);

impl log::Log for Listener {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.target() != "refused"
    }

    fn log(&self, record: &log::Record<'_>) {
        let line = format!("{} {} {}", record.level(), record.target(), record.args());
        self.0.lock().unwrap().push(line);
        // What it logs itself goes nowhere, least of all round.
        info!("heard");
        Bridge.log(record);
    }

    fn flush(&self) {}
}

static LISTENER: Listener = Listener(Mutex::new(Vec::new()));

#[test]
fn a_record_becomes_a_call_with_level_target_message_and_fields() {
    log::set_logger(&LISTENER).unwrap();
    log::set_max_level(log::LevelFilter::Debug);
    assert!(install().is_err(), "there is one");
    let (logger, captured) = Logger::capture_with(|builder| builder.hook(to_log().level(Level::TRACE)));
    let job = logger.with(fields!(job = 7));
    error!(logger: job, target: "shop", password = "hunter2", note = "two words", "failed");
    trace!(logger: logger, "beyond the level");
    info!(logger: logger, target: "refused", "refused");
    let _entered = logger.enter();
    info!(target: "shop", "inside");
    let heard = LISTENER.0.lock().unwrap().clone();
    assert!(heard[0].starts_with("ERROR shop failed job=7") && heard[0].contains("note=\"two words\""), "{heard:?}");
    assert!(!heard[0].contains("hunter2"));
    assert_eq!(heard[1..], ["INFO shop inside"]);
    assert_eq!(captured.records().iter().filter(|record| record.message() == "heard").count(), 1);

    log::info!(target: "theirs", "by log");
    let heard = LISTENER.0.lock().unwrap().clone();
    assert_eq!(heard.iter().filter(|line| line.contains("by log")).count(), 1, "{heard:?}");
    assert_eq!(captured.only_saying("by log").target(), "theirs");
}
