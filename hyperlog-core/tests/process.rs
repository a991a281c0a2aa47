//! What concerns the whole process: logging before and without any set-up, the global logger, and ends that are fatal.
//!
//! Each case runs in a process of its own: this program starts itself again.

use hyperlog_core::{
    Captured, Directives, Fatal, Json, Level, Line, Logger, Memory, Output, Sampling, SamplingMethod, SamplingRule,
    Scope, Sink, SinkError, Written, debug, error, fatal, fields, info, trace, warn,
};
use std::cell::Cell;
use std::process::{Command, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const CASE: &str = "HYPERLOG_TEST_CASE";
const SOON: Duration = Duration::from_secs(5);

/// How a case ended, and the records it wrote to standard output.
fn run(case: &str) -> (ExitStatus, Vec<serde_json::Value>) {
    let program = std::env::current_exe().unwrap();
    let arguments = ["the_case_that_was_asked_for", "--exact", "--nocapture", "--test-threads=2"];
    let output = Command::new(program).args(arguments).env(CASE, case).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let records = text.lines().filter_map(|line| serde_json::from_str(&line[line.find('{')?..]).ok()).collect();
    (output.status, records)
}

#[track_caller]
fn messages(case: &str) -> Vec<String> {
    let (status, records) = run(case);
    assert!(status.success(), "{case}: {status}");
    records.iter().map(|record| record["message"].as_str().unwrap().to_owned()).collect()
}

/// Does nothing unless it was started by another.
#[test]
fn the_case_that_was_asked_for() {
    let Ok(case) = std::env::var(CASE) else { return };
    let (_, act) = CASES.iter().find(|(name, _)| *name == case).expect("the case is in the table");
    act();
}

const CASES: &[(&str, fn())] = &[
    ("without", without),
    ("install", install),
    ("late", late),
    ("scope", through_a_scope_first),
    ("silent scope", through_a_silent_scope_first),
    ("exit", || end(Fatal::new().once(|| warn!("last words")).exit(7))),
    ("abort", || end(Fatal::new().once(|| warn!("last words")).abort())),
    ("panic", || end(Fatal::new().panic())),
    ("return", || end(Fatal::new())),
    ("words", last_words),
    ("stuck", stuck),
    ("summaries", summaries),
];

fn without() {
    info!(a = 1, "first");
    debug!("unheard");
    Logger::global().with(fields!(b = 2)).log(Level::WARN, "second", &hyperlog_core::FieldSet::new());
    assert_eq!(Logger::current().health().output("console").map(|output| output.written.total()), Some(2));
    assert!(Logger::current().is_enabled(Level::INFO, "any") && !Logger::global().is_enabled(Level::DEBUG, "any"));
}

#[test]
fn without_any_set_up_records_come_out_as_json_where_nobody_watches() {
    let (status, records) = run("without");
    assert!(status.success());
    assert_eq!(records.len(), 2);
    assert_eq!(
        (&records[0]["message"], &records[0]["a"], &records[0]["level"]),
        (&"first".into(), &1.into(), &"INFO".into())
    );
    assert_eq!((&records[1]["message"], &records[1]["b"]), (&"second".into(), &2.into()));
}

fn install() {
    let memory = Memory::new();
    let builder = || Logger::builder().level(Level::TRACE).output(Output::new(Json::new(), memory.clone()));
    let logger = builder().install().unwrap();
    trace!("heard");
    trace!(logger: logger, "heard as well");
    assert_eq!(memory.len(), 2);
    let error = builder().install().unwrap_err();
    assert_eq!(
        error.to_string(),
        "a global logger is installed already: install once, in `main`, and elsewhere use `Logger::builder().build()`"
    );
    trace!("still heard");
    assert_eq!(memory.len(), 3);
    logger.set_level(Level::WARN);
    info!("unheard");
    assert_eq!((memory.len(), Logger::global().directives()), (3, Directives::new(Level::WARN.into())));
}

#[test]
fn an_installed_logger_is_everybody_s_and_a_second_one_is_refused_with_advice() {
    assert_eq!(messages("install"), [""; 0]);
}

fn late() {
    info!("before");
    let early = Logger::global();
    let bound = early.with(fields!(a = 1, user = "ann"));
    let scope = Scope::new(bound.clone());
    let memory = Memory::new();
    let redaction = hyperlog_core::Redaction::builder().hide("user").build().unwrap();
    let output = Output::new(Json::new(), memory.clone());
    Logger::builder().level(Level::DEBUG).redaction(redaction).output(output).install().unwrap();
    debug!("after");
    info!(logger: bound, "bound before");
    info!(logger: bound.with(fields!(b = 2)), a = 3, "bound again");
    scope.bind(fields!(c = 4));
    {
        let _entered = scope.enter();
        debug!("in a scope");
    }
    let text = memory.text();
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 4);
    assert_eq!(
        (&lines[1]["a"], &lines[1]["user"]),
        (&1.into(), &"[REDACTED]".into()),
        "by the rules that are in force"
    );
    assert_eq!((&lines[2]["a"], &lines[2]["b"], &lines[2]["user"]), (&3.into(), &2.into(), &"[REDACTED]".into()));
    assert_eq!((&lines[3]["a"], &lines[3]["c"]), (&1.into(), &4.into()));
    assert!(lines.iter().all(|line| line.to_string().matches("\"a\":").count() <= 1));
    assert!(early.health().iter().all(|output| output.is_conserved() && output.written.total() == 4));
}

#[test]
fn a_logger_installed_after_the_first_record_takes_over_every_handle_there_is() {
    assert_eq!(messages("late"), ["before"]);
}

fn through_a_scope_first() {
    let evaluated = Cell::new(0);
    let step = || {
        trace!(
            a = {
                evaluated.set(evaluated.get() + 1);
                1
            },
            "step"
        )
    };
    let (logger, captured) = Logger::capture();
    {
        let _entered = logger.enter();
        step();
    }
    step();
    assert_eq!((captured.len(), evaluated.get()), (1, 1));
}

fn through_a_silent_scope_first() {
    let say = |what: &str| info!("{what}");
    {
        let _entered = Logger::disabled().enter();
        say("in the scope");
    }
    say("outside");
}

#[test]
fn a_call_reached_through_a_scope_first_meets_the_default_logger_later_as_if_it_had_not() {
    assert_eq!(messages("scope"), [""; 0]);
    assert_eq!(messages("silent scope"), ["outside"]);
}

fn end(fatal: Fatal) {
    Logger::builder().fatal(fatal).install().unwrap();
    fatal!("the end");
    info!("goes on");
}

#[test]
fn after_a_fatal_record_a_process_ends_as_it_is_told_and_otherwise_goes_on() {
    #[track_caller]
    fn check(case: &str, code: Option<i32>, expected: &[&str]) {
        let (status, records) = run(case);
        assert_eq!(status.code(), code, "{case}: {status}");
        let said: Vec<_> = records.iter().map(|record| record["message"].as_str().unwrap()).collect();
        assert_eq!(said, expected, "{case}");
    }
    check("return", Some(0), &["the end", "goes on"]);
    check("exit", Some(7), &["the end", "last words"]);
    // By a signal, where there are signals.
    check("abort", if cfg!(unix) { None } else { Some(3) }, &["the end", "last words"]);
    // As a test that failed.
    check("panic", Some(101), &["the end"]);
}

/// Notes whether it was flushed.
struct Flushed(&'static AtomicBool);

impl Sink for Flushed {
    fn write(&self, _: &Line<'_>) -> Written {
        Written::Done
    }

    fn flush(&self, deadline: Duration) -> Result<(), SinkError> {
        assert!(deadline <= Duration::from_millis(1_500) && deadline > Duration::ZERO);
        self.0.store(true, Ordering::Relaxed);
        Ok(())
    }
}

fn last_words() {
    static FLUSHED: AtomicBool = AtomicBool::new(false);
    let fatal = Fatal::new()
        .deadline(Duration::from_millis(1_500))
        .once(|| {
            assert!(FLUSHED.load(Ordering::Relaxed), "flushed before");
            error!("first words");
            fatal!("fatal words");
        })
        .once(|| panic!("words that panic keep no others back"))
        .once(|| error!("last words"));
    assert!(format!("{fatal:?}").contains("1.5s"));
    let output = Output::new(Json::new(), Flushed(&FLUSHED));
    let console = Output::new(Json::new(), hyperlog_core::Console::stdout());
    let logger = Logger::builder().fatal(fatal).output(output).output(console).install().unwrap();
    fatal!("one");
    assert!(FLUSHED.swap(false, Ordering::Relaxed));
    fatal!(logger: logger.named("other"), "two");
    assert!(FLUSHED.load(Ordering::Relaxed), "each is flushed");
}

#[test]
fn last_words_are_said_once_after_the_flush_and_none_keeps_another_back() {
    assert_eq!(messages("words"), ["one", "first words", "fatal words", "last words", "two"]);
}

fn stuck() {
    struct Stuck;
    impl Sink for Stuck {
        fn write(&self, _: &Line<'_>) -> Written {
            Written::Done
        }
        fn flush(&self, _: Duration) -> Result<(), SinkError> {
            Err(SinkError::deadline("flush a queue"))
        }
    }
    let faults = hyperlog_core::fault_count();
    let logger = Logger::builder().output(Output::new(Json::new(), Stuck)).build().unwrap();
    fatal!(logger: logger, "m");
    assert_eq!(hyperlog_core::fault_count(), faults + 1);
    assert_eq!(logger.flush(SOON).unwrap_err().to_string(), "could not flush a queue in time");
}

#[test]
fn a_fatal_record_that_cannot_be_flushed_is_told_of_aside() {
    assert_eq!(messages("stuck"), [""; 0]);
}

fn summaries() {
    info!("before");
    let rule = SamplingRule::new(SamplingMethod::First(1)).window(Duration::from_millis(1));
    let (sender, receiver) = std::sync::mpsc::channel();
    let sender = std::sync::Mutex::new(sender);
    let tell = hyperlog_core::Hook::observe(move |record| {
        let _ = sender.lock().unwrap().send(record.message().to_owned());
    });
    let output = Output::new(Json::new(), Memory::new());
    Logger::builder().sampling(Sampling::new().rule(rule)).hook(tell).output(output).install().unwrap();
    for _ in 0..100 {
        info!("m");
    }
    let minute = Duration::from_secs(60);
    let last = std::iter::from_fn(|| receiver.recv_timeout(minute).ok()).find(|message| message.contains("repeated"));
    assert!(last.is_some());
}

#[test]
fn a_logger_that_took_over_tells_its_summaries_by_itself() {
    assert_eq!(messages("summaries"), ["before"]);
}

#[test]
fn captured_loggers_of_parallel_tests_hear_nothing_of_each_other() {
    let all: Vec<(usize, Captured)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|number| {
                scope.spawn(move || {
                    let (logger, captured) = Logger::capture();
                    let _entered = logger.enter();
                    (0..100).for_each(|_| info!(number, "m"));
                    (number, captured)
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for (number, captured) in all {
        assert!(
            captured.len() == 100 && captured.records().iter().all(|record| record.number("number") == number as f64)
        );
    }
}
