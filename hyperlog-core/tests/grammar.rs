//! The grammar of `tracing`'s event macros, call by call: what compiles there compiles here after changing the `use` line,
//! and what each call says is what is logged.
//!
//! Every call stands in a function with nothing but `use` lines and the call, so that the file can be read as a table.

use hyperlog_core::{Captured, CapturedRecord, CapturedValue, Level, Logger};
// The one line that changes.
use hyperlog_core::{critical, debug, error, event, fatal, info, notice, trace, warn};
use std::cell::Cell;

/// The one record of a call.
#[track_caller]
fn logged(call: impl FnOnce()) -> CapturedRecord {
    let (logger, captured) = Logger::capture();
    let entered = logger.enter();
    call();
    drop(entered);
    assert!(logger.health().iter().all(|health| health.is_conserved() && health.dropped_total() == 0));
    captured.only()
}

/// Holds the message and, as text, the fields of a call against what is expected.
#[track_caller]
fn check(call: impl FnOnce(), message: &str, fields: &[(&str, &str)]) {
    let record = logged(call);
    let shown: Vec<(&str, String)> = record.fields().iter().map(|(key, value)| (key.as_str(), shown(value))).collect();
    let shown: Vec<(&str, &str)> = shown.iter().map(|(key, value)| (*key, value.as_str())).collect();
    assert_eq!((record.message(), &*shown), (message, fields));
}

fn shown(value: &CapturedValue) -> String {
    match value {
        CapturedValue::Text(text) => text.clone(),
        CapturedValue::Integer(number) => number.to_string(),
        CapturedValue::Float(number) => number.to_string(),
        CapturedValue::Bool(value) => value.to_string(),
        CapturedValue::Null => "null".to_owned(),
        other => format!("{other:?}"),
    }
}

#[derive(Debug)]
struct Position {
    x: f32,
    y: f32,
}

const CONSTANT: &str = "named by a constant";

#[test]
fn messages() {
    let (pos, name) = (Position { x: 3.234, y: -1.223 }, "ann");
    check(|| info!("plain"), "plain", &[]);
    check(|| info!("plain",), "plain", &[]);
    check(|| info!("{}", name), "ann", &[]);
    check(|| info!("{0} {0} {1}", name, 2), "ann ann 2", &[]);
    check(|| info!("{name}"), "ann", &[]);
    check(|| info!("{name:?} {name:>5}"), "\"ann\"   ann", &[]);
    check(|| info!("{:?}", pos), "Position { x: 3.234, y: -1.223 }", &[]);
    check(|| info!("{:>width$} {:.2}", 1, 3.0, width = 3), "  1 3.00", &[("width", "3")]);
    check(|| info!("{{braces}} {}%", 5), "{braces} 5%", &[]);
    check(|| info!("{}, {}", name, name.len(),), "ann, 3", &[]);
}

#[test]
fn named_arguments_fill_the_message_and_become_fields() {
    check(|| info!("{who} came", who = "ann"), "ann came", &[("who", "ann")]);
    check(|| info!("{} {count:03}", "x", count = 7), "x 007", &[("count", "7")]);
    check(|| info!(a = 1, "{b}", b = 2), "2", &[("a", "1"), ("b", "2")]);
}

#[test]
fn an_argument_that_only_a_form_of_its_own_can_show_fills_the_message_and_is_a_field_without_a_value() {
    struct Color(u32);
    impl std::fmt::LowerHex for Color {
        fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            std::fmt::LowerHex::fmt(&self.0, formatter)
        }
    }
    check(|| info!("painted {color:x}", color = Color(0xC0_FFEE)), "painted c0ffee", &[("color", "null")]);
}

#[test]
fn fields() {
    let (user, attempts) = ("ann", 3);
    let position = Position { x: 1.0, y: 2.0 };
    check(|| info!(answer = 42), "", &[("answer", "42")]);
    check(|| info!(answer = 42,), "", &[("answer", "42")]);
    check(|| info!(answer = 42, "found"), "found", &[("answer", "42")]);
    check(
        || info!(answer = 6 * 7, question = "life", "{}", "found"),
        "found",
        &[("answer", "42"), ("question", "life")],
    );
    check(|| info!(user), "", &[("user", "ann")]);
    check(|| info!(user, attempts), "", &[("user", "ann"), ("attempts", "3")]);
    check(|| info!(user, attempts, "both {}", 2), "both 2", &[("user", "ann"), ("attempts", "3")]);
    check(|| info!(%user, ?user), "", &[("user", "\"ann\"")]);
    check(|| info!(?position.x, %position.y, position.x), "", &[("position.y", "2"), ("position.x", "1")]);
    check(|| info!(?position), "", &[("position", "Position { x: 1.0, y: 2.0 }")]);
    check(|| info!(shown = %position.x, debugged = ?user), "", &[("shown", "1"), ("debugged", "\"ann\"")]);
    check(|| info!(%user, "display"), "display", &[("user", "ann")]);
    check(|| info!(?user, "debug"), "debug", &[("user", "\"ann\"")]);
    check(
        || info!(user.name = user, user.email.verified = true),
        "",
        &[("user.name", "ann"), ("user.email.verified", "true")],
    );
    check(
        || info!("quoted" = 1, "with spaces" = %user, "with-dashes" = ?user),
        "",
        &[("quoted", "1"), ("with spaces", "ann"), ("with-dashes", "\"ann\"")],
    );
    check(|| info!({ CONSTANT } = 1, { CONSTANT } = %user), "", &[(CONSTANT, "ann")]);
    check(|| info!({ CONSTANT } = ?user, "message"), "message", &[(CONSTANT, "\"ann\"")]);
    check(|| info!(r#type = "raw", "message"), "message", &[("type", "raw")]);
    check(|| info!(message = "a field of that name"), "", &[("message", "a field of that name")]);
    let r#type = "raw";
    check(|| info!(r#type, "message"), "message", &[("type", "raw")]);
    check(|| info!(%r#type, "message"), "message", &[("type", "raw")]);
}

#[test]
fn fields_in_braces() {
    let user = "ann";
    check(|| info!({ answer = 42 }, "found"), "found", &[("answer", "42")]);
    check(|| info!({ answer = 42, }, "found"), "found", &[("answer", "42")]);
    check(
        || info!({ answer = 42, %user, debugged = ?user }, "{} found", 1),
        "1 found",
        &[("answer", "42"), ("user", "ann"), ("debugged", "\"ann\"")],
    );
    check(|| info!(target: "t", { answer = 42 }, "found"), "found", &[("answer", "42")]);
}

#[test]
fn targets_and_names() {
    let user = "ann";
    assert_eq!(logged(|| info!("here")).target(), module_path!());
    let target = |call: fn()| logged(call).target().to_owned();
    assert_eq!(target(|| info!(target: "shop", "a message")), "shop");
    assert_eq!(target(|| info!(target: "shop", answer = 42, "a message")), "shop");
    assert_eq!(target(|| info!(target: "shop", answer = 42)), "shop");
    assert_eq!(target(|| info!(target: CONSTANT, "a message")), CONSTANT);
    assert_eq!(target(|| info!(name: "named", target: "shop", "a message")), "shop");
    assert_eq!(target(|| event!(target: "shop", Level::INFO, "a message")), "shop");
    assert_eq!(target(|| event!(name: "named", target: "shop", Level::INFO, answer = 42)), "shop");
    check(|| info!(name: "named", "a message"), "a message", &[]);
    check(|| info!(name: "named", answer = 42, "a message"), "a message", &[("answer", "42")]);
    check(|| info!(target: "shop", user, %user), "", &[("user", "ann")]);
    check(|| event!(name: "named", Level::INFO, user, "a message"), "a message", &[("user", "ann")]);
}

#[test]
fn levels() {
    let check = |call: fn(), level: Level| {
        let record = logged(call);
        assert_eq!((record.level(), record.message()), (level, "said"));
    };
    check(|| trace!("said"), Level::TRACE);
    check(|| debug!("said"), Level::DEBUG);
    check(|| info!("said"), Level::INFO);
    check(|| notice!("said"), Level::NOTICE);
    check(|| warn!("said"), Level::WARN);
    check(|| error!("said"), Level::ERROR);
    check(|| critical!("said"), Level::CRITICAL);
    check(|| fatal!("said"), Level::FATAL);
    check(|| event!(Level::TRACE, "said"), Level::TRACE);
    check(|| event!(Level::ERROR, "said"), Level::ERROR);
    check(|| event!(Level::SECURITY, answer = 42, "said"), Level::SECURITY);
    const LEVEL: Level = Level::WARN;
    check(|| event!(LEVEL, "said"), Level::WARN);
    check(|| event!(Level::INFO, { answer = 42 }, "said"), Level::INFO);
    assert_eq!(logged(|| event!(Level::INFO, answer = 42)).level(), Level::INFO);
    assert_eq!(logged(|| trace!(answer = 42)).level(), Level::TRACE);
    assert_eq!(logged(|| debug!(answer = 42,)).level(), Level::DEBUG);
    assert_eq!(logged(|| warn!(answer = 42)).level(), Level::WARN);
    assert_eq!(logged(|| error!(answer = 42)).level(), Level::ERROR);
}

struct Service {
    name: String,
    position: Position,
}

impl Service {
    fn log(&self) {
        info!(self.name, %self.position.x, ?self.position.y, "serving");
    }

    fn log_under_other_names(&self) {
        info!(service = self.name, x = %self.position.x, first = self.name.as_bytes()[0], "serving");
    }
}

#[test]
fn fields_of_self() {
    let service = Service { name: "shop".to_owned(), position: Position { x: 1.5, y: -2.0 } };
    let fields = [("self.name", "shop"), ("self.position.x", "1.5"), ("self.position.y", "-2.0")];
    check(|| service.log(), "serving", &fields);
    check(|| service.log_under_other_names(), "serving", &[("service", "shop"), ("x", "1.5"), ("first", "115")]);
}

#[test]
fn values_without_a_sigil() {
    let parse = "x".parse::<u8>().unwrap_err();
    let error: &(dyn std::error::Error + 'static) = &parse;
    let boxed: Box<dyn std::error::Error + Send + Sync> = "boxed".into();
    let (some, none) = (Some(1), None::<u64>);
    check(|| info!(error, "failed"), "failed", &[("error", "invalid digit found in string")]);
    check(|| info!(error = error, "failed"), "failed", &[("error", "invalid digit found in string")]);
    check(|| info!(error = &*boxed, "failed"), "failed", &[("error", "boxed")]);
    check(|| info!(error = %boxed, "failed"), "failed", &[("error", "boxed")]);
    check(|| info!(some, none), "", &[("some", "1"), ("none", "null")]);
    check(
        || info!(text = Some("text"), owned = Some(String::from("owned"))),
        "",
        &[("text", "text"), ("owned", "owned")],
    );
    check(|| info!(text = format_args!("{}-{}", 1, 2)), "", &[("text", "1-2")]);
    check(
        || info!(a = -1_i8, b = u128::MAX, c = 'c', d = &&1_u16),
        "",
        &[("a", "-1"), ("b", "Unsigned(340282366920938463463374607431768211455)"), ("c", "c"), ("d", "1")],
    );
    check(
        || info!(unit = (), boxed = Box::new(1), shared = std::sync::Arc::new("s")),
        "",
        &[("unit", "null"), ("boxed", "1"), ("shared", "s")],
    );
}

#[test]
fn values_are_borrowed_and_temporaries_live_long_enough() {
    let owned = String::from("owned");
    check(
        || info!(owned, part = owned[1..], made = owned.to_uppercase().as_str()),
        "",
        &[("owned", "owned"), ("part", "wned"), ("made", "OWNED")],
    );
    check(|| info!(?owned, "{}", owned.to_uppercase()), "OWNED", &[("owned", "\"owned\"")]);
    assert_eq!(owned, "owned");
}

#[test]
fn a_call_is_an_expression_without_a_value() {
    fn chosen(yes: bool) {
        match yes {
            true => info!("yes"),
            false => info!(answer = "no"),
        }
    }
    check(|| chosen(true), "yes", &[]);
    check(|| chosen(false), "", &[("answer", "no")]);
}

#[test]
fn control_flow_leaves_a_call_half_made() {
    fn early() -> Option<()> {
        info!(value = None::<u8>?, "never said");
        Some(())
    }
    let (logger, captured) = Logger::capture();
    let _entered = logger.enter();
    assert_eq!(early(), None);
    assert!(captured.is_empty());
}

/// Counts how often it is asked for a value.
#[derive(Default)]
struct Counted(Cell<u32>);

impl Counted {
    fn value(&self) -> u32 {
        self.0.set(self.0.get() + 1);
        self.0.get()
    }
}

fn quiet() -> (Logger, Captured) {
    let (logger, captured) = Logger::capture();
    logger.set_level(Level::WARN);
    (logger, captured)
}

fn call_in_every_way(logger: &Logger, counted: &Counted) {
    info!("{}", counted.value());
    info!(field = counted.value());
    info!(field = %counted.value(), ?logger, "{named}", named = counted.value());
    info!({ field = counted.value() }, "message");
    info!(logger: logger, field = counted.value(), "message");
    info!(target: "target", field = counted.value(), "message");
    event!(Level::DEBUG, field = counted.value(), "{}", counted.value());
    trace!("{}", counted.value());
}

#[test]
fn nothing_is_evaluated_below_the_level() {
    let counted = Counted::default();
    let (logger, captured) = quiet();
    let _entered = logger.enter();
    call_in_every_way(&logger, &counted);
    assert_eq!((counted.0.get(), captured.len()), (0, 0));
}

#[test]
fn nothing_is_evaluated_below_the_level_though_another_logger_wants_it() {
    let counted = Counted::default();
    let (other, of_other) = Logger::capture();
    let (logger, captured) = quiet();
    let entered = logger.enter();
    call_in_every_way(&logger, &counted);
    assert_eq!((counted.0.get(), captured.len(), of_other.len()), (0, 0, 0));

    let named = logger.named("named");
    call_in_every_way(&named, &counted);
    assert_eq!((counted.0.get(), captured.len(), of_other.len()), (0, 0, 0));

    drop(entered);
    let _entered = other.enter();
    call_in_every_way(&other, &counted);
    assert_eq!((counted.0.get(), captured.len(), of_other.len()), (10, 0, 8));
}

#[test]
fn each_argument_is_evaluated_once_for_all_outputs() {
    use hyperlog_core::{Json, Null, Output};
    let counted = Counted::default();
    let (logger, captured) = Logger::capture_with(|builder| {
        builder.output(Output::new(Json::new(), Null)).output(Output::new(Json::new(), Null))
    });
    let _entered = logger.enter();
    info!(field = counted.value(), "{} {named}", counted.value(), named = counted.value());
    assert_eq!((counted.0.get(), captured.len()), (3, 1));
}

#[test]
fn a_logger_is_come_by_once_and_may_be_made_for_the_call() {
    let (logger, captured) = Logger::capture();
    let asked = Cell::new(0);
    let come_by = || {
        asked.set(asked.get() + 1);
        logger.clone()
    };
    info!(logger: come_by(), n = 1, "made");
    info!(logger: std::sync::Arc::new(come_by()), "shared");
    event!(logger: &come_by(), Level::WARN, "lent");
    let moved = logger.clone();
    info!(logger: moved, "kept");
    drop(moved);
    assert_eq!((asked.get(), captured.len()), (3, 4));
}
