//! Trace ids as Google Cloud wants them: behind the name of the project, wherever they come from.

use hyperlog_core::{Identity, Json, Logger, Memory, Output, Schema, fields, info};
use serde_json::Value;

const ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

fn logger_of(project: &str) -> (Logger, Memory) {
    let memory = Memory::new();
    let json = Json::with_schema(Schema::google_cloud(project));
    let builder = Logger::builder().identity(Identity::new().service("shop"));
    (builder.output(Output::new(json, memory.clone())).build().unwrap(), memory)
}

#[track_caller]
fn check(memory: &Memory, expected: &str) {
    let [(_, line)] = memory.take().try_into().expect("one record");
    let record: Value = serde_json::from_slice(&line).unwrap();
    assert_eq!(record["logging.googleapis.com/trace"], expected);
    assert_eq!(record["service"], "shop");
}

#[test]
fn a_trace_stands_behind_its_project_whether_bound_or_given() {
    let (logger, memory) = logger_of("shop-prod");
    let expected = format!("projects/shop-prod/traces/{ID}");
    info!(logger: logger, trace_id = ID, "given");
    check(&memory, &expected);
    info!(logger: logger, trace_id = %ID, "formatted");
    check(&memory, &expected);
    info!(logger: logger.with(fields!(trace_id = ID)), "bound");
    check(&memory, &expected);
}

#[test]
fn a_project_of_any_name_breaks_no_record() {
    let (logger, memory) = logger_of("a\"b\n");
    info!(logger: logger, trace_id = "\"", "given");
    check(&memory, "projects/a\"b\n/traces/\"");
}

#[test]
fn outputs_of_two_projects_do_not_share_bytes() {
    let (one, two) = (Memory::new(), Memory::new());
    let output =
        |project, memory: &Memory| Output::new(Json::with_schema(Schema::google_cloud(project)), memory.clone());
    let logger = Logger::builder().output(output("one", &one)).output(output("two", &two)).build().unwrap();
    info!(logger: logger, trace_id = ID, "given");
    assert!(one.text().contains("projects/one/") && two.text().contains("projects/two/"));
}
