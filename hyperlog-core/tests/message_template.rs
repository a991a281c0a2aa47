//! The template of a message in JSON: a key to group by, the same for all records of one call.

use hyperlog_core::{FieldSet, Json, Level, Limits, Logger, Memory, MessageTemplate, Output, Redaction, Schema, info};
use serde_json::Value;

fn logger_in(schema: Schema) -> (Logger, Memory) {
    let memory = Memory::new();
    let json = Json::with_schema(schema).message_template(MessageTemplate::Shown);
    (Logger::builder().output(Output::new(json, memory.clone())).build().unwrap(), memory)
}

fn only(memory: &Memory) -> Value {
    let [(_, line)] = memory.take().try_into().expect("one record");
    serde_json::from_slice(&line).unwrap()
}

#[test]
fn a_template_is_the_same_whatever_the_arguments_are() {
    let (logger, memory) = logger_in(Schema::DEFAULT);
    for who in ["ann", "bob", "a \"quoted\"\nname"] {
        info!(logger: logger, "\"welcome\" {who}", who = who);
        let record = only(&memory);
        assert_eq!((&record["template"], &record["who"]), (&"\"welcome\" {who}".into(), &who.into()));
        assert_eq!(record["message"], format!("\"welcome\" {who}"));
    }
}

#[test]
fn a_message_without_arguments_is_not_said_twice() {
    let (logger, memory) = logger_in(Schema::DEFAULT);
    let absent = |say: &dyn Fn()| {
        say();
        let record = only(&memory);
        assert_eq!(record.get("template"), None, "{record}");
    };
    absent(&|| info!(logger: logger, "ready"));
    absent(&|| info!(logger: logger, "in {{braces}}"));
    absent(&|| info!(logger: logger, answer = 42));
    absent(&|| info!(logger: logger, "password=hunter2"));
    absent(&|| logger.log(Level::INFO, "put together at run time", &FieldSet::new()));
}

#[test]
fn it_is_hidden_unless_it_is_asked_for() {
    let memory = Memory::new();
    let plain = Json::new().message_template(MessageTemplate::Shown).message_template(MessageTemplate::Hidden);
    let logger = Logger::builder().output(Output::new(plain, memory.clone())).build().unwrap();
    info!(logger: logger, template = "mine", "welcome {who}", who = "ann");
    assert_eq!(only(&memory)["template"], "mine");
}

#[test]
fn no_field_can_pass_for_it() {
    let (logger, memory) = logger_in(Schema::DEFAULT);
    let bound = logger.with(&FieldSet::new().with("template", "bound"));
    info!(logger: bound, "ready");
    assert_eq!(only(&memory)["field.template"], "bound");
    info!(logger: logger, template = "of the call", "welcome {who}", who = "ann");
    let record = only(&memory);
    assert_eq!((&record["template"], &record["field.template"]), (&"welcome {who}".into(), &"of the call".into()));
}

#[test]
fn an_output_with_it_and_one_without_do_not_share_bytes() {
    let (with, without) = (Memory::new(), Memory::new());
    let shown = Json::new().message_template(MessageTemplate::Shown);
    let builder = Logger::builder().output(Output::new(shown, with.clone()));
    let logger = builder.output(Output::new(Json::new(), without.clone())).build().unwrap();
    info!(logger: logger, "welcome {who}", who = "ann");
    assert_eq!(only(&with)["template"], "welcome {who}");
    assert_eq!(only(&without).get("template"), None);
}

#[test]
fn it_stands_among_the_fields_of_every_schema() {
    let schemas = [Schema::ECS, Schema::GOOGLE_CLOUD, Schema::DATADOG, Schema::BUNYAN, Schema::LOGSTASH];
    for schema in schemas {
        let (logger, memory) = logger_in(schema);
        info!(logger: logger, "welcome {who}", who = "ann");
        assert_eq!(only(&memory)["template"], "welcome {who}");
    }
    let (logger, memory) = logger_in(Schema::OPEN_TELEMETRY);
    info!(logger: logger, "welcome {}", "ann".to_owned());
    assert_eq!(only(&memory)["attributes"], serde_json::json!({ "template": "welcome {}" }));
}

#[test]
fn it_is_redacted_like_the_message_and_left_out_of_what_is_cut() {
    let (logger, memory) = logger_in(Schema::DEFAULT);
    info!(logger: logger, "Authorization: Bearer mF_9.B5f-4.1JqM for {}", 7.to_string());
    let line = memory.text();
    assert!(!line.contains("mF_9"), "{line}");
    assert!(line.contains("\"template\":\"Authorization: "), "{line}");

    let memory = Memory::new();
    let json = Json::new().message_template(MessageTemplate::Shown);
    let builder = Logger::builder().redaction(Redaction::off()).limits(Limits::default().record(1_024));
    let logger = builder.output(Output::new(json, memory.clone())).build().unwrap();
    info!(logger: logger, "a long {}", "message ".repeat(500));
    let record = only(&memory);
    assert_eq!(record.get("template"), None, "{record}");
    assert!(record["cut_from_bytes"].is_number(), "{record}");
}
