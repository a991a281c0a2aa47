//! Outputs by behaviour: each its own, whatever becomes of another, and every record accounted for.

use hyperlog_core::{
    Builder, Condition, DropReason, Encode, FieldCursor, FieldSet, Hook, Json, Level, Limits, Line, Location, Logger,
    Memory, Null, Output, Partition, Record, Schema, Sink, SinkError, Written, debug, error, fields, info, trace, warn,
};
use std::any::Any;
use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const SOON: Duration = Duration::from_secs(5);

#[track_caller]
fn assert_conserved(logger: &Logger) {
    assert!(logger.health().iter().all(|output| output.is_conserved()), "{:#?}", logger.health());
}

/// Writes the message, and counts how often it was asked to.
#[derive(Clone)]
struct Counting {
    kind: u8,
    encoded: Arc<AtomicUsize>,
    bound: Arc<AtomicUsize>,
}

impl Counting {
    fn new(kind: u8) -> Counting {
        Counting { kind, encoded: Arc::default(), bound: Arc::default() }
    }
}

impl Encode for Counting {
    fn encode(&self, record: &Record<'_>, out: &mut Vec<u8>) -> Partition {
        self.encoded.fetch_add(1, Ordering::Relaxed);
        out.push(self.kind);
        out.extend_from_slice(record.message().as_bytes());
        Partition(u64::from(self.kind))
    }

    fn encode_bound(&self, _: &mut FieldCursor<'_>, _: &mut Vec<u8>) -> bool {
        self.bound.fetch_add(1, Ordering::Relaxed);
        true
    }

    fn is_same(&self, other: &dyn Any) -> bool {
        other.downcast_ref::<Counting>().is_some_and(|other| other.kind == self.kind)
    }
}

/// Answers whatever it is told to.
#[derive(Clone)]
struct Answering(Arc<Mutex<Written>>);

impl Answering {
    fn with(written: Written) -> Answering {
        Answering(Arc::new(Mutex::new(written)))
    }
}

impl Sink for Answering {
    fn write(&self, _: &Line<'_>) -> Written {
        *self.0.lock().unwrap()
    }

    fn flush(&self, _: Duration) -> Result<(), SinkError> {
        Err(SinkError::new("flush a test", "told so"))
    }

    fn condition(&self) -> Condition {
        Condition::Degraded("as told".to_owned())
    }
}

struct Panicking;

impl Sink for Panicking {
    fn write(&self, _: &Line<'_>) -> Written {
        panic!("in a sink")
    }

    fn flush(&self, _: Duration) -> Result<(), SinkError> {
        panic!("in a flush")
    }
}

struct PanickingEncoder;

impl Encode for PanickingEncoder {
    fn encode(&self, _: &Record<'_>, out: &mut Vec<u8>) -> Partition {
        out.extend_from_slice(b"half a rec");
        panic!("in an encoder")
    }
}

#[test]
fn each_output_has_its_own_level_and_form() {
    let (all, some, failures) = (Memory::new(), Memory::new(), Memory::new());
    let logger = Logger::builder()
        .level(Level::TRACE)
        .output(Output::new(Counting::new(b'a'), all.clone()).name("all"))
        .output(Output::new(Json::new(), some.clone()).level(Level::INFO))
        .output(Output::new(Counting::new(b'a'), failures.clone()).level(Level::ERROR).name("failures"))
        .build()
        .unwrap();
    trace!(logger: logger, "t");
    info!(logger: logger, "i");
    error!(logger: logger, "e");
    assert_eq!(all.text(), "ataiae");
    assert_eq!(some.len(), 2);
    assert_eq!(failures.text(), "ae");
    let health = logger.health();
    let mut names: Vec<_> = health.iter().map(|output| (&*output.name, output.written.total())).collect();
    names.sort_unstable();
    assert_eq!(names, [("all", 3), ("failures", 1), ("output 2", 2)]);
    assert_conserved(&logger);
}

#[test]
fn a_record_no_output_wants_is_not_enabled_and_evaluates_nothing() {
    let memory = Memory::new();
    let output = Output::new(Json::new(), memory.clone()).level(Level::WARN);
    let logger = Logger::builder().level(Level::TRACE).output(output).build().unwrap();
    let evaluated = AtomicUsize::new(0);
    info!(logger: logger, a = evaluated.fetch_add(1, Ordering::Relaxed), "m");
    warn!(logger: logger, a = evaluated.fetch_add(1, Ordering::Relaxed), "m");
    assert!(!logger.is_enabled(Level::INFO, "any") && logger.is_enabled(Level::WARN, "any"));
    assert_eq!((evaluated.into_inner(), memory.len()), (1, 1));
}

#[test]
fn encoders_that_write_the_same_are_asked_once_a_record() {
    let encoders = [Counting::new(b'a'), Counting::new(b'b'), Counting::new(b'a'), Counting::new(b'a')];
    let memories = [(); 4].map(|()| Memory::new());
    let outputs = encoders.iter().zip(&memories).map(|(encoder, memory)| Output::new(encoder.clone(), memory.clone()));
    let logger = outputs.fold(Logger::builder(), Builder::output).build().unwrap();
    let child = logger.with(fields!(a = 1));
    for _ in 0..10 {
        info!(logger: child, "m");
    }
    let encoded = encoders.each_ref().map(|encoder| encoder.encoded.load(Ordering::Relaxed));
    let bound = encoders.each_ref().map(|encoder| encoder.bound.load(Ordering::Relaxed));
    assert_eq!(encoded, [10, 10, 0, 0]);
    assert!(bound[0] == bound[1] && bound[0] > 0 && bound[2] == 0, "prepared when it was bound: {bound:?}");
    assert!(memories.iter().all(|memory| memory.len() == 10));
    assert_conserved(&logger);
}

#[test]
fn encoders_of_different_schemas_are_never_taken_for_the_same() {
    let (one, two, three) = (Memory::new(), Memory::new(), Memory::new());
    let logger = Logger::builder()
        .output(Output::new(Json::new(), one.clone()))
        .output(Output::new(Json::with_schema(Schema::ECS), two.clone()))
        .output(Output::new(Json::new(), three.clone()))
        .build()
        .unwrap();
    info!(logger: logger, "m");
    assert_eq!(one.text(), three.text());
    assert!(two.text().contains("ecs.version"));
}

#[test]
fn whatever_becomes_of_one_output_the_others_write() {
    #[track_caller]
    fn check(broken: Output, expected: Option<DropReason>) {
        let (before, behind) = (Memory::new(), Memory::new());
        let logger = Logger::builder()
            .output(Output::new(Json::new(), before.clone()))
            .output(broken.name("broken"))
            .output(Output::new(Json::new(), behind.clone()))
            .build()
            .unwrap();
        for number in 0..3 {
            info!(logger: logger, number, "m");
            error!(logger: logger, number, "m");
        }
        assert_eq!((before.len(), behind.len()), (6, 6));
        assert_eq!(before.text(), behind.text());
        let health = logger.health();
        let broken = health.iter().find(|output| output.name == "broken").unwrap();
        for (reason, counts) in &broken.dropped {
            let lost = if expected == Some(*reason) { 3 } else { 0 };
            assert_eq!((counts.of(Level::INFO), counts.of(Level::ERROR)), (lost, lost), "{reason:?}");
        }
        assert_eq!(broken.dropped_total(), if expected.is_some() { 6 } else { 0 });
        assert_conserved(&logger);
    }
    for reason in DropReason::ALL {
        let answer = if reason == DropReason::Closed { Written::Closed } else { Written::Dropped(reason) };
        check(Output::new(Json::new(), Answering::with(answer)), Some(reason));
        assert!(!reason.name().is_empty());
    }
    check(Output::new(Json::new(), Panicking), Some(DropReason::Panicked));
    check(Output::new(PanickingEncoder, Null), Some(DropReason::Panicked));
    check(Output::new(Json::new(), Null), None);
}

#[test]
fn a_record_in_a_queue_is_pending() {
    let sink = Answering::with(Written::Queued);
    let logger = Logger::builder().output(Output::new(Json::new(), sink)).build().unwrap();
    info!(logger: logger, "m");
    let health = &logger.health()[0];
    assert_eq!((health.accepted.total(), health.written.total(), health.pending.total()), (1, 0, 1));
    assert_eq!(health.condition, Condition::Degraded("as told".to_owned()));
    assert_conserved(&logger);
}

/// Notes what it is asked for.
#[derive(Default)]
struct Noting {
    flushed: AtomicUsize,
    closed: AtomicBool,
}

impl Sink for Noting {
    fn write(&self, _: &Line<'_>) -> Written {
        if self.closed.load(Ordering::Relaxed) { Written::Closed } else { Written::Done }
    }

    fn flush(&self, _: Duration) -> Result<(), SinkError> {
        self.flushed.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn close(&self, deadline: Duration) -> Result<(), SinkError> {
        self.closed.store(true, Ordering::Relaxed);
        self.flush(deadline)
    }
}

#[test]
fn every_output_is_flushed_and_closed_whatever_becomes_of_another() {
    let noting = Arc::new(Noting::default());
    let logger = Logger::builder()
        .output(Output::new(Json::new(), Panicking))
        .output(Output::new(Json::new(), Answering::with(Written::Done)))
        .output(Output::new(Json::new(), Arc::clone(&noting)).name("noting"))
        .build()
        .unwrap();
    let error = logger.flush(SOON).unwrap_err();
    assert_eq!(error.to_string(), "could not flush an output", "the first error is the one told");
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "it panicked");
    assert!(logger.close(SOON).is_err());
    // Twice each time, so that none waits for another to begin.
    assert_eq!(noting.flushed.load(Ordering::Relaxed), 5);
    info!(logger: logger, "too late");
    let health = logger.health();
    let noting = health.iter().find(|output| output.name == "noting").unwrap();
    assert_eq!(noting.dropped_total(), 1);
    assert_conserved(&logger);
    let quiet = Logger::builder().output(Output::new(Json::new(), Null)).build().unwrap();
    assert!(quiet.flush(SOON).is_ok() && quiet.close(SOON).is_ok());
}

/// A sink that logs through the logger that writes to it.
#[derive(Clone, Default)]
struct Chatty(Arc<Mutex<Option<Logger>>>, Memory);

impl Sink for Chatty {
    fn write(&self, line: &Line<'_>) -> Written {
        let logger = self.0.lock().unwrap().clone();
        if let Some(logger) = logger {
            info!(logger: logger, "from the sink");
        }
        self.1.write(line)
    }
}

#[test]
fn a_sink_that_logs_into_itself_comes_to_an_end() {
    let sink = Chatty::default();
    let logger = Logger::builder().output(Output::new(Json::new(), sink.clone())).build().unwrap();
    *sink.0.lock().unwrap() = Some(logger.clone());
    let faults = hyperlog_core::fault_count();
    info!(logger: logger, "first");
    assert_eq!(sink.1.len(), 8);
    assert!(hyperlog_core::fault_count() > faults);
    info!(logger: logger, "second");
    assert_eq!(sink.1.len(), 16);
    assert_conserved(&logger);
    *sink.0.lock().unwrap() = None;
}

struct Ring<'a>(&'a Logger);

impl std::fmt::Display for Ring<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        info!(logger: self.0, value = %Ring(self.0), "from {}", Ring(self.0));
        formatter.write_str("shown")
    }
}

#[test]
fn a_display_that_logs_itself_comes_to_an_end() {
    let (logger, captured) = Logger::capture();
    info!(logger: logger, value = %Ring(&logger), "first");
    assert_eq!(captured.only_saying("first").text("value"), "shown");
    assert!(captured.records().iter().all(|record| record.text("value") == "shown"));
    assert_conserved(&logger);
}

#[test]
fn a_record_beyond_its_limit_is_cut_until_it_fits_and_says_what_it_was() {
    #[track_caller]
    fn check(write: impl Fn(&Logger)) {
        let (memory, small) = (Memory::new(), Limits::default().record(1_024));
        let output = Output::new(Json::new(), memory.clone());
        let logger = Logger::builder().limits(small).output(output).build().unwrap();
        write(&logger);
        let (_, bytes) = memory.take().pop().unwrap();
        let line: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        assert!(line["cut_from_bytes"].as_u64().unwrap() > 1_024, "{line}");
        assert!(bytes.len() <= 1_024, "{} bytes", bytes.len());
        assert_eq!(logger.health()[0].cut, 1);
        assert!(!line.to_string().contains("hunter2"), "{line}");
        assert_conserved(&logger);
    }
    let long = "é\n".repeat(2_000);
    check(|logger| info!(logger: logger, long, password = "hunter2", "m"));
    check(|logger| info!(logger: logger, "{long}"));
    check(|logger| info!(logger: logger.with(fields!(long, password = "hunter2")), "m"));
    let many = (0..128).fold(FieldSet::new(), |set, index| set.with(&format!("field number {index}"), index));
    check(|logger| info!(logger: logger.with(&many), password = "hunter2", "m"));
    check(|logger| logger.log(Level::INFO, &long, &many));
    let short = Memory::new();
    let output = Output::new(Json::new(), short.clone());
    let logger = Logger::builder().limits(Limits::default().record(0)).output(output).build().unwrap();
    info!(logger: logger, "short");
    assert!(!short.text().contains("cut_from") && logger.health()[0].cut == 0);
}

#[test]
fn only_a_logger_told_to_shows_where_a_record_comes_from() {
    for (location, shown) in [(Location::Hidden, false), (Location::Shown, true)] {
        let memory = Memory::new();
        let output = Output::new(Json::new(), memory.clone());
        let logger = Logger::builder().location(location).output(output).build().unwrap();
        info!(logger: logger, "m");
        let line: serde_json::Value = serde_json::from_str(&memory.text()).unwrap();
        assert_eq!(line.get("code.file").is_some(), shown);
        if shown {
            assert!(line["code.file"].as_str().unwrap().ends_with("outputs.rs") && line["code.line"].is_u64());
        }
    }
}

#[test]
fn more_outputs_than_anyone_needs_are_refused() {
    let build = |count: usize| {
        (0..count).fold(Logger::builder(), |builder, _| builder.output(Output::new(Json::new(), Null))).build()
    };
    assert!(build(64).is_ok());
    let error = build(65).unwrap_err();
    assert_eq!(error.to_string(), "a logger has at most 64 outputs, not 65");
    assert!(std::error::Error::source(&error).is_none());
}

#[test]
fn a_disabled_logger_wants_nothing_and_can_do_everything() {
    let logger = Logger::disabled();
    let child = logger.with(fields!(a = 1)).named("b");
    hyperlog_core::fatal!(logger: child, "unheard");
    child.add_hook(Hook::observe(|_| panic!("never"))).remove();
    assert!(!logger.is_enabled(Level::FATAL, "any"));
    assert!(logger.flush(SOON).is_ok() && logger.health().iter().all(|output| output.accepted.total() == 0));
    logger.set_level(Level::TRACE);
    debug!(logger: logger, "to nowhere");
    assert_eq!(logger.health()[0].written.total(), 1);
    assert_eq!(format!("{child:?}"), "Logger { name: Some(\"b\"), .. }");
}

#[test]
fn whoever_asks_is_told_what_became_of_its_records() {
    let logger = Logger::builder()
        .output(Output::new(Json::new(), Null).level(Level::INFO))
        .output(Output::new(Json::new(), Answering::with(Written::Queued)))
        .output(Output::new(Json::new(), Answering::with(Written::Dropped(DropReason::Full))).level(Level::ERROR))
        .level(Level::DEBUG)
        .build()
        .unwrap();
    let other = Logger::builder()
        .output(Output::new(Json::new(), Answering::with(Written::Dropped(DropReason::Gone))))
        .build()
        .unwrap();
    let told = |work: &dyn Fn()| {
        let outcome = logger.outcome(work).expect("this thread has counters of its own");
        (outcome.accepted, outcome.written, outcome.queued, outcome.lost)
    };
    assert_eq!(told(&|| {}), (0, 0, 0, vec![]));
    assert_eq!(told(&|| info!(logger: logger, "m")), (2, 1, 1, vec![]));
    assert_eq!(told(&|| error!(logger: logger, "m")), (3, 1, 1, vec![DropReason::Full]));
    assert_eq!(told(&|| debug!(logger: logger, "m")), (1, 0, 1, vec![]));
    // What is logged elsewhere is another's.
    assert_eq!(told(&|| info!(logger: other, "m")), (0, 0, 0, vec![]));
    let (outer, within) = (RefCell::new(None), || error!(logger: logger, "m"));
    let outcome = logger.outcome(|| *outer.borrow_mut() = logger.outcome(within));
    assert_eq!(outcome, outer.take());
    assert!(outcome.is_some());
}
