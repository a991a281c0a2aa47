//! Errors that tell their type: three fields, which count as one.

use hyperlog_core::{CapturedValue, FieldSet, Json, Level, Logger, Memory, Output, Schema, error, fields, typed};
use std::error::Error;
use std::fmt;

#[derive(Debug)]
struct Refused(std::num::ParseIntError);

impl fmt::Display for Refused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("refused with password=hunter2")
    }
}

impl Error for Refused {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

fn refused() -> Refused {
    Refused("7x".parse::<u8>().unwrap_err())
}

#[test]
fn an_error_tells_its_text_its_causes_and_its_type() {
    let (logger, captured) = Logger::capture();
    error!(logger: logger, error = typed(&refused()), after = 1, "failed");
    logger.log(Level::ERROR, "failed", &FieldSet::new().with("error", typed(&refused())).with("after", 1));
    error!(logger: logger.with(fields!(error = typed(&refused()))), after = 1, "failed");
    assert_eq!(captured.len(), 3);
    for record in captured.records() {
        assert!(record.text("error").starts_with("refused with password="));
        assert!(!record.text("error").contains("hunter2"));
        assert_eq!(record.text("error.type"), std::any::type_name::<Refused>());
        let causes = CapturedValue::List(vec![CapturedValue::Text("invalid digit found in string".into())]);
        assert_eq!(record.get("error.causes"), Some(&causes));
        assert_eq!(record.number("after"), 1.0);
    }
}

#[test]
fn an_error_without_a_source_has_no_causes() {
    let (logger, captured) = Logger::capture();
    error!(logger: logger, problem = typed(&fmt::Error), "failed");
    let record = captured.only();
    assert_eq!(record.text("problem.type"), "core::fmt::Error");
    assert!(!record.has("problem.causes"));
}

#[test]
fn an_error_at_the_call_replaces_all_of_a_bound_one() {
    let memory = Memory::new();
    let logger = Logger::builder().output(Output::new(Json::new(), memory.clone())).build().unwrap();
    let bound = logger.with(fields!(error = typed(&refused()), user.type = "admin"));
    error!(logger: bound, error = typed(&fmt::Error), user = 7, "failed");
    error!(logger: bound, error = &fmt::Error as &dyn Error, "failed");
    let lines = memory.text();
    let [typed, untyped] = lines.lines().collect::<Vec<_>>().try_into().unwrap();
    assert_eq!(typed.matches("\"error.type\":").count(), 1, "{typed}");
    assert!(typed.contains("\"error.type\":\"core::fmt::Error\""), "{typed}");
    assert!(typed.contains("\"user.type\":\"admin\""), "{typed}");
    assert!(!untyped.contains("error.type"), "{untyped}");
    assert!(!lines.contains("error.causes"), "{lines}");
}

#[test]
fn other_systems_know_the_type_by_their_own_name() {
    #[track_caller]
    fn check(schema: Schema, expected: &str) {
        let memory = Memory::new();
        let json = Json::with_schema(schema);
        let logger = Logger::builder().output(Output::new(json, memory.clone())).build().unwrap();
        error!(logger: logger, error = typed(&fmt::Error), "failed");
        assert!(memory.text().contains(&format!("\"{expected}\":\"core::fmt::Error\"")), "{}", memory.text());
    }
    check(Schema::DEFAULT, "error.type");
    check(Schema::OPEN_TELEMETRY, "exception.type");
    check(Schema::ECS, "error.type");
    check(Schema::DATADOG, "error.kind");
}
