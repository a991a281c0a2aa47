//! What becomes of calls of the `log` crate. Its logger is that of the process: each test asks for what it needs of it, and
//! captures with a scope of its own.

use hyperlog_core::{Captured, CapturedValue, Level, Logger, Recording, fields, info};
use hyperlog_log::{install, to_log};
use log::kv::{ToValue, Value};
use std::fmt;
use std::sync::Once;

fn captured_with(directives: &str) -> (Logger, Captured) {
    Logger::capture_with(|builder| builder.directives(directives.parse().expect("it is a directive")).hook(to_log()))
}

fn heard(work: impl FnOnce()) -> Captured {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| install().expect("nobody else installs one"));
    let (logger, captured) = captured_with("trace");
    let _entered = logger.enter();
    work();
    captured
}

#[test]
fn level_target_message_and_key_values_are_those_of_the_call() {
    let records = heard(|| {
        log::warn!(
            target: "pool",
            size = 8, low = -3_i64, load = 0.5, full = false, sign = 'x', name = "main", huge = u128::MAX,
            shown:? = Some(1), nothing = None::<u64>;
            "almost {}", "full"
        );
    });
    let record = records.only();
    assert_eq!((record.level(), record.target(), record.message()), (Level::WARN, "pool", "almost full"));
    assert_eq!(record.get("size"), Some(&CapturedValue::Integer(8)));
    assert_eq!(record.get("low"), Some(&CapturedValue::Integer(-3)));
    assert_eq!(record.get("load"), Some(&CapturedValue::Float(0.5)));
    assert_eq!(record.get("full"), Some(&CapturedValue::Bool(false)));
    assert_eq!(record.get("huge"), Some(&CapturedValue::Unsigned(u128::MAX)));
    assert_eq!(record.get("nothing"), Some(&CapturedValue::Null));
    assert_eq!([record.text("sign"), record.text("name"), record.text("shown")], ["x", "main", "Some(1)"]);
}

#[test]
fn an_error_among_the_key_values_brings_its_text() {
    let error = std::io::Error::other("disk is full");
    let records = heard(|| log::error!(err:err = error; "failed"));
    assert_eq!(records.only().text("err"), "disk is full");
}

#[test]
fn calls_of_a_library_inside_a_scope_carry_its_fields() {
    let records = heard(|| {
        let _request = Logger::current().with(fields!(request_id = "r-1")).enter();
        log::info!("asked");
    });
    assert_eq!(records.only().text("request_id"), "r-1");
}

#[test]
fn secrets_are_hidden_in_key_values_and_messages() {
    let records = heard(|| log::info!(password = "hunter2"; "password=hunter3 given"));
    let all = format!("{:?} {}", records.only().fields(), records.only().message());
    assert!(!all.contains("hunter"), "{all}");
}

#[test]
fn levels_of_the_logger_decide_and_may_change_while_running() {
    heard(|| ());
    let (logger, captured) = captured_with("info,sqlx=warn");
    let _entered = logger.enter();
    let say = || log::debug!(target: "mine", "at debug");
    say();
    log::info!(target: "sqlx::query", "unheard");
    assert!(!log::log_enabled!(target: "sqlx::query", log::Level::Info) && captured.is_empty());
    logger.set_level(Level::DEBUG);
    say();
    assert!(log::log_enabled!(target: "mine", log::Level::Debug));
    logger.set_level(Level::ERROR);
    say();
    assert_eq!(captured.only().message(), "at debug");
}

#[test]
fn what_a_scope_holds_back_is_not_hidden_from_it() {
    heard(|| ());
    let (logger, captured) = captured_with("warn");
    let recording = Recording::new(&logger, Level::DEBUG);
    let entered = recording.logger().enter();
    log::debug!(rows = 3; "held");
    drop(entered);
    assert!(captured.is_empty());
    recording.tell();
    assert_eq!(captured.only().number("rows"), 3.0);
}

#[test]
fn with_both_ways_open_nothing_goes_round() {
    let records = heard(|| {
        log::info!("by log");
        info!("by us");
    });
    let said: Vec<String> = records.records().iter().map(|record| record.message().to_owned()).collect();
    assert_eq!(said, ["by log", "by us"]);
}

/// Logs while it is shown, and panics then.
struct Hostile;

impl fmt::Display for Hostile {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        log::info!(inner = 1; "from within");
        panic!("in Display")
    }
}

impl ToValue for Hostile {
    fn to_value(&self) -> Value<'_> {
        Value::from_dyn_display(self)
    }
}

#[test]
fn a_value_that_logs_and_panics_costs_itself_alone() {
    let records = heard(|| log::info!(a = 1, bad = Hostile, z = 2; "outside"));
    let record = records.only_saying("outside");
    assert_eq!((record.number("a"), record.number("z")), (1.0, 2.0));
    assert!(record.text("bad").contains("panicked"));
    assert_eq!(records.only_saying("from within").number("inner"), 1.0);
}

/// Logs when its thread ends.
struct Farewell(Logger);

impl Drop for Farewell {
    fn drop(&mut self) {
        let _entered = self.0.enter();
        log::info!(count = 1; "farewell");
    }
}

#[test]
fn a_thread_that_ends_can_still_log() {
    thread_local!(static LAST: std::cell::RefCell<Option<Farewell>> = const { std::cell::RefCell::new(None) });
    heard(|| ());
    let (logger, _captured) = captured_with("trace");
    let thread = std::thread::spawn(move || LAST.with(|last| *last.borrow_mut() = Some(Farewell(logger))));
    thread.join().expect("nothing panics");
}
