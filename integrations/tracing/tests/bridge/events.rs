//! An event becomes a record.

use crate::{captured, heard};
use hyperlog_core::{CapturedValue, Clock, Json, Level, Location, Logger, Memory, Output, Timestamp, fields, info};
use hyperlog_tracing::{RecordLayer, SpanNames};
use std::error::Error;
use std::fmt;

#[derive(Debug)]
struct Refused(fmt::Error);

impl fmt::Display for Refused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("refused")
    }
}

impl Error for Refused {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

#[test]
fn level_target_message_and_typed_fields_are_those_of_the_event() {
    let records = heard(|_| {
        tracing::warn!(
            target: "pool",
            size = 8_i64, free = 3_u64, load = 0.5, full = false, name = "main", huge = u128::MAX, low = i128::MIN,
            raw = &b"a\xff"[..], shown = %"display", debugged = ?Some(1), "almost {}", "full"
        );
    });
    let record = records.only();
    assert_eq!((record.level(), record.target(), record.message()), (Level::WARN, "pool", "almost full"));
    assert_eq!(record.get("size"), Some(&CapturedValue::Integer(8)));
    assert_eq!(record.get("free"), Some(&CapturedValue::Integer(3)));
    assert_eq!(record.get("load"), Some(&CapturedValue::Float(0.5)));
    assert_eq!(record.get("full"), Some(&CapturedValue::Bool(false)));
    assert_eq!(record.get("huge"), Some(&CapturedValue::Unsigned(u128::MAX)));
    assert_eq!(record.get("low"), Some(&CapturedValue::Integer(i128::MIN)));
    assert_eq!([record.text("name"), record.text("shown"), record.text("debugged")], ["main", "display", "Some(1)"]);
    assert_eq!(record.text("raw"), "a\\xff");
    let names: Vec<&str> = record.fields().iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names[..3], ["size", "free", "load"]);
}

#[test]
fn every_level_has_its_own() {
    let records = heard(|_| {
        tracing::trace!("1");
        tracing::debug!("2");
        tracing::info!("3");
        tracing::warn!("4");
        tracing::error!("5");
    });
    let levels: Vec<Level> = records.records().iter().map(|record| record.level()).collect();
    assert_eq!(levels, [Level::TRACE, Level::DEBUG, Level::INFO, Level::WARN, Level::ERROR]);
}

#[test]
fn an_error_brings_its_sources() {
    let problem = Refused(fmt::Error);
    let records =
        heard(|_| tracing::error!(before = 1, error = &problem as &(dyn Error + 'static), after = 2, "failed"));
    let record = records.only();
    assert_eq!((record.text("error"), record.number("before"), record.number("after")), ("refused", 1.0, 2.0));
    assert!(record.has("error.causes"), "{:?}", record.fields());
}

#[test]
fn what_an_event_leaves_out_is_left_out() {
    let records = heard(|_| {
        for given in [Some(1), None] {
            tracing::info!(first = 0, given, last = "z", "asked");
        }
        tracing::info!(later = tracing::field::Empty, "none");
    });
    let records = records.records();
    assert_eq!((records[0].number("given"), records[0].text("last")), (1.0, "z"));
    assert!(!records[1].has("given"));
    assert_eq!((records[1].number("first"), records[1].text("last")), (0.0, "z"));
    assert!(records[2].fields().is_empty());
}

#[test]
fn a_message_may_come_as_a_field_and_may_be_missing() {
    let records = heard(|_| {
        tracing::info!(a = 1, message = "by name", b = 2);
        tracing::info!(a = 1);
        tracing::info!(message = 7);
    });
    let records = records.records();
    assert_eq!(records[0].message(), "by name");
    assert_eq!((records[0].number("a"), records[0].number("b")), (1.0, 2.0));
    assert_eq!([records[1].message(), records[2].message()], ["", "7"]);
}

#[test]
fn more_fields_than_most_events_have_are_all_there() {
    let records = heard(|_| {
        tracing::info!(
            a = 1,
            b = 2,
            c = 3,
            d = 4,
            e = 5,
            f = 6,
            g = 7,
            h = 8,
            i = 9,
            j = 10,
            k = 11,
            l = 12,
            m = 13,
            n = 14,
            o = 15,
            p = 16,
            q = 17,
            r = 18,
            s = 19,
            t = 20,
            u = 21,
            v = 22,
            w = 23,
            x = 24,
            y = "25",
            z = 26,
            "alphabet"
        );
    });
    let record = records.only();
    assert_eq!((record.fields().len(), record.text("y"), record.number("z")), (26, "25", 26.0));
}

#[test]
fn secrets_are_hidden_in_events_and_in_spans() {
    let records = heard(|_| {
        let span = tracing::info_span!("login", password = "hunter2", late.secret = tracing::field::Empty);
        span.record("late.secret", "hunter3");
        let _entered = span.entered();
        tracing::info!(api_key = "hunter4", note = "Bearer abcdefghijklmnopqrstuvwxyz012345", "password=hunter5 given");
        tracing::info!(token = ?"hunter6", optional = None::<u64>, "uneven");
    });
    for record in records.records() {
        let all = format!("{:?} {}", record.fields(), record.message());
        assert!(!all.contains("hunter") && !all.contains("abcdefgh"), "{all}");
        assert!(record.has("password") && record.has("late.secret"));
    }
    assert_eq!(records.len(), 2);
}

#[test]
fn the_place_of_an_event_is_shown_where_places_are() {
    let memory = Memory::new();
    let output = Output::new(Json::new(), memory.clone());
    let logger = Logger::builder().location(Location::Shown).output(output).build().unwrap();
    let subscriber = RecordLayer::new().logger(logger).into_subscriber();
    tracing::subscriber::with_default(subscriber, || tracing::info!("here"));
    let (text, file) = (memory.text(), file!());
    assert!(text.contains("\"code.file\":") && text.contains(file) && text.contains("\"code.line\":"), "{text}");
}

#[test]
fn a_name_that_belongs_to_the_record_cannot_be_forged() {
    let memory = Memory::new();
    let logger = Logger::builder().output(Output::new(Json::new(), memory.clone())).build().unwrap();
    let subscriber = RecordLayer::new().logger(logger).into_subscriber();
    tracing::subscriber::with_default(subscriber, || tracing::info!(level = "FATAL", timestamp = 0, "mine"));
    let text = memory.text();
    assert_eq!(text.matches("\"level\":").count(), 1, "{text}");
    assert!(text.contains("\"field.level\":\"FATAL\""), "{text}");
}

#[test]
fn a_call_of_the_log_crate_keeps_its_own_target_file_and_line() {
    let memory = Memory::new();
    let output = Output::new(Json::new(), memory.clone());
    let logger = Logger::builder().location(Location::Shown).output(output).build().unwrap();
    let subscriber = RecordLayer::new().logger(logger).into_subscriber();
    tracing::subscriber::with_default(subscriber, || {
        let mut record = log::Record::builder();
        record.target("their::target").level(log::Level::Warn).file(Some("their.rs")).line(Some(42));
        tracing_log::format_trace(&record.args(format_args!("by log")).build()).unwrap();
        record.level(log::Level::Trace);
        tracing_log::format_trace(&record.args(format_args!("unheard")).build()).unwrap();
    });
    let text = memory.text();
    for part in ["\"target\":\"their::target\"", "\"level\":\"WARN\"", "their.rs", ":42", "by log"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(!text.contains("log.target") && !text.contains("unheard"), "{text}");
}

#[test]
fn an_event_and_a_call_of_ours_make_the_same_record() {
    let lines = [true, false].map(|bridged| {
        let memory = Memory::new();
        let clock = Clock::manual(Timestamp::new(0, 0)).0;
        let output = Output::new(Json::new(), memory.clone());
        let logger = Logger::builder().clock(clock).output(output).build().unwrap();
        let subscriber = RecordLayer::new().logger(logger.clone()).into_subscriber();
        tracing::subscriber::with_default(subscriber, || match bridged {
            true => tracing::info!(target: "t", a = 1, b = "two \"2\"", c = 0.5, "said"),
            false => info!(logger: logger, target: "t", a = 1, b = "two \"2\"", c = 0.5, "said"),
        });
        memory.text()
    });
    assert_eq!(lines[0], lines[1]);
}

#[test]
fn the_name_of_a_span_is_shown_on_request_and_is_that_of_the_innermost() {
    let records = captured(
        |layer| layer.span_names(SpanNames::Shown),
        |logger| {
            let _outer = tracing::info_span!("outer").entered();
            let _inner = tracing::info_span!("inner").entered();
            tracing::info!("in both");
            let _scope = logger.with(fields!(job = 1)).enter();
            tracing::info!("beside");
        },
    );
    assert_eq!(records.only_saying("in both").text("span.name"), "inner");
    let hidden = heard(|_| tracing::info_span!("outer").in_scope(|| tracing::info!("said")));
    assert!(!hidden.only().has("span.name"));
}
