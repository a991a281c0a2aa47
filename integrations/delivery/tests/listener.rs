//! A function that is called with each record, on a thread of its own.

use hyperlog_core::{CapturedValue, DropReason, Json, Level, Logger, Output, fields, info, on_fault, warn};
use hyperlog_delivery::{Listener, WhenFull};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const SOON: Duration = Duration::from_secs(30);

#[test]
fn it_hears_what_the_record_says_in_its_types_and_redacted() {
    let (sender, receiver) = channel();
    let listener = Listener::new(move |record| drop(sender.send(record.clone())));
    let logger = Logger::builder().output(listener.output("listener").unwrap()).build().unwrap();
    let orders = logger.with(fields!(queue = "orders"));
    info!(logger: orders, attempt = 3, ratio = 0.5, password = "hunter2", "taken {by}", by = "ann");
    let record = receiver.recv_timeout(SOON).unwrap();
    assert_eq!((record.level(), record.message(), record.template()), (Level::INFO, "taken ann", "taken {by}"));
    assert_eq!(record.get("attempt"), Some(&CapturedValue::Integer(3)));
    assert_eq!(record.get("ratio"), Some(&CapturedValue::Float(0.5)));
    assert_eq!((record.text("queue"), record.text("password")), ("orders", "[REDACTED]"));
}

#[test]
fn however_slow_it_is_nobody_waits_and_what_it_misses_is_counted() {
    let (release, gate) = channel::<()>();
    let gate = Mutex::new(gate);
    let heard = Arc::new(Mutex::new(0_u64));
    let counter = Arc::clone(&heard);
    let listener = Listener::new(move |_| {
        // Until the test lets go of its end.
        let _ = gate.lock().unwrap().recv();
        *counter.lock().unwrap() += 1;
    });
    let sink = listener.exporter().capacity(64 * 1024).when_full(WhenFull::DropNewest).start().unwrap();
    let output = Output::new(hyperlog_core::Typed::new(), sink).name("slow");
    let logger = Logger::builder().output(output).build().unwrap();
    let begun = Instant::now();
    for number in 0..5_000 {
        warn!(logger: logger, number, "m");
    }
    assert!(begun.elapsed() < SOON);
    let health = &logger.health()[0];
    assert!(health.is_conserved() && health.dropped_total() > 1_000, "{health:?}");
    drop(release);
    logger.flush(SOON).unwrap();
    let health = &logger.health()[0];
    assert!(health.is_conserved() && health.pending.total() == 0, "{health:?}");
    assert_eq!(*heard.lock().unwrap(), health.written.total());
}

#[test]
fn one_that_panics_misses_a_record_and_hears_the_next() {
    let (sender, receiver) = channel();
    let listener = Listener::new(move |record| {
        assert!(!record.message().contains("bad"), "no");
        drop(sender.send(record.message().to_owned()));
    });
    let logger = Logger::builder().output(listener.output("listener").unwrap()).build().unwrap();
    for message in ["one", "bad", "two"] {
        logger.log(Level::INFO, message, &hyperlog_core::FieldSet::new());
    }
    let _ = logger.flush(SOON);
    let heard: Vec<String> = receiver.try_iter().filter(|message| message != "records were lost").collect();
    assert_eq!(heard, ["one", "two"]);
    let rejected = logger.health()[0].dropped.iter().find(|(reason, _)| *reason == DropReason::Rejected).unwrap().1;
    assert_eq!(rejected.total(), 1);
}

#[test]
fn one_that_takes_too_long_is_complained_of() {
    let (sender, receiver) = channel();
    let sender = Mutex::new(sender);
    on_fault(move |fault| drop(sender.lock().unwrap().send(fault.to_string())));
    let listener = Listener::new(|_| {}).budget(Duration::ZERO);
    let logger = Logger::builder().output(listener.output("listener").unwrap()).build().unwrap();
    info!(logger: logger, "m");
    let fault = receiver.recv_timeout(SOON).unwrap();
    assert!(fault.starts_with("hyperlog: listener: one call took") && fault.contains("more than 0ns"), "{fault}");
}

#[test]
fn it_hears_nothing_of_what_is_encoded_for_others() {
    let listener = Listener::new(|_| panic!("it is not called"));
    let sink = listener.exporter().start().unwrap();
    let logger = Logger::builder().output(Output::new(Json::new(), sink)).build().unwrap();
    info!(logger: logger, "m");
    logger.flush(SOON).unwrap_err();
    assert!(logger.health()[0].is_conserved());
}
