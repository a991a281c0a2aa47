//! No field can pass for the time, the level or the message, in any schema, from anywhere.

use hyperlog_core::{
    FieldSet, Hook, Identity, Json, Level, Location, Logger, Memory, Output, Schema, TimeFormat, fields, info,
};

/// What the record says of itself, by the names of the schema: level, target, message, time.
fn schemas() -> [(Schema, [&'static str; 4]); 6] {
    [
        (Schema::DEFAULT, ["level", "target", "message", "timestamp"]),
        (Schema::OPEN_TELEMETRY, ["severity_text", "scope", "body", "timestamp"]),
        (Schema::ECS, ["log.level", "log.logger", "message", "@timestamp"]),
        (Schema::GOOGLE_CLOUD, ["severity", "target", "message", "time"]),
        (Schema::DATADOG, ["status", "logger.name", "message", "timestamp"]),
        (Schema::BUNYAN, ["level", "target", "msg", "time"]),
    ]
}

const FORGED: &str = "forged";

fn forging(names: &[&str]) -> FieldSet {
    names.iter().fold(FieldSet::new(), |set, name| set.with(name, FORGED))
}

#[test]
fn a_field_never_stands_where_the_record_speaks_for_itself() {
    for (schema, names) in schemas() {
        let groups: &[&str] = match schema == Schema::OPEN_TELEMETRY {
            true => &["severity_number", "attributes", "resource"],
            false => &[],
        };
        let all: Vec<&str> = names.iter().chain(groups).chain(&["sample_rate", "cut_from_bytes"]).copied().collect();
        let check = |what: &str, identity: Identity, hook: Hook, say: &dyn Fn(&Logger)| {
            let memory = Memory::new();
            let output = Output::new(Json::with_schema(schema.clone()), memory.clone());
            let logger = Logger::builder().identity(identity).hook(hook).output(output).build().unwrap();
            say(&logger);
            let text = memory.text();
            let line: serde_json::Value = serde_json::from_str(&text).unwrap();
            for name in names {
                assert_ne!(line[name], FORGED, "{what}: {name} in {text}");
                assert_ne!(line[name], serde_json::Value::Null, "{what}: {name} in {text}");
                let top_level = line.as_object().unwrap().keys().filter(|key| *key == name).count();
                assert_eq!(top_level, 1, "{what}: {name} in {text}");
            }
            for name in &all {
                assert_ne!(line[*name], FORGED, "{what}: {name} in {text}");
            }
            assert!(text.contains(FORGED), "what was given is shown, elsewhere: {text}");
        };
        let nothing = || Hook::observe(|_| ());
        check("call", Identity::new(), nothing(), &|logger| logger.log(Level::INFO, "m", &forging(&all)));
        check("bound", Identity::new(), nothing(), &|logger| {
            logger.with(&forging(&all)).log(Level::INFO, "m", &FieldSet::new());
        });
        check("rebound", Identity::new(), nothing(), &|logger| {
            logger.with(&forging(&all)).log(Level::INFO, "m", &forging(&all));
        });
        let identity = all.iter().fold(Identity::new(), |identity, name| identity.field(name, FORGED));
        check("identity", identity, nothing(), &|logger| logger.log(Level::INFO, "m", &FieldSet::new()));
        let names_of_hook: Vec<String> = all.iter().map(|name| (*name).to_owned()).collect();
        let hook = Hook::enrich(move |draft| {
            for name in &names_of_hook {
                draft.add(name, FORGED);
            }
        });
        check("hook", Identity::new(), hook, &|logger| logger.log(Level::INFO, "m", &FieldSet::new()));
        check("macro", Identity::new(), nothing(), &|logger| {
            info!(
                logger: logger.with(fields!(level = FORGED, msg = FORGED)),
                level = FORGED,
                timestamp = FORGED,
                time = FORGED,
                severity = FORGED,
                severity_text = FORGED,
                log.level = FORGED,
                status = FORGED,
                message = FORGED,
                "m"
            )
        });
    }
}

#[test]
fn a_field_with_a_reserved_name_is_shown_under_another() {
    let memory = Memory::new();
    let logger = Logger::builder().output(Output::new(Json::new(), memory.clone())).build().unwrap();
    info!(logger: logger, level = "x", "m");
    let line: serde_json::Value = serde_json::from_str(&memory.text()).unwrap();
    assert_eq!((&line["level"], &line["field.level"]), (&"INFO".into(), &"x".into()));
}

/// One line of a record with one field, read by an independent parser, and the same as text.
fn line_of(schema: Schema, name: &str) -> (serde_json::Value, String) {
    let memory = Memory::new();
    let logger = Logger::builder().output(Output::new(Json::with_schema(schema), memory.clone())).build().unwrap();
    logger.log(Level::INFO, "m", &FieldSet::new().with(name, FORGED));
    (serde_json::from_str(&memory.text()).unwrap(), memory.text())
}

#[test]
fn what_a_schema_writes_into_each_record_cannot_be_written_by_a_field() {
    for (schema, name) in [(Schema::ECS, "ecs.version"), (Schema::BUNYAN, "v"), (Schema::LOGSTASH, "@version")] {
        let (line, text) = line_of(schema, name);
        assert_ne!(line[name], FORGED, "{text}");
        assert_eq!(line[format!("field.{name}")], FORGED, "{text}");
    }
}

#[test]
fn a_field_never_stands_beside_the_place_of_a_record_under_the_same_name() {
    for (schema, _) in schemas() {
        let memory = Memory::new();
        let output = Output::new(Json::with_schema(schema), memory.clone());
        let logger = Logger::builder().location(Location::Shown).output(output).build().unwrap();
        let names = [
            "code.file",
            "code.line",
            "code.file.path",
            "code.line.number",
            "log.origin.file.name",
            "log.origin.file.line",
        ];
        info!(logger: logger.with(&forging(&names)), "m");
        let text = memory.text();
        for name in names {
            let count = text.matches(&format!("\"{name}\":")).count();
            assert!(count <= 1, "{name} in {text}");
        }
    }
}

#[test]
fn a_field_that_a_schema_renames_keeps_its_new_name_and_stands_once() {
    let (line, text) = line_of(Schema::DATADOG, "status");
    assert_eq!((&line["http.status_code"], &line["status"]), (&FORGED.into(), &"info".into()), "{text}");
    let (line, text) = line_of(Schema::OPEN_TELEMETRY, "trace_id");
    assert_eq!(line["trace_id"], FORGED, "{text}");
    assert_eq!(text.matches("trace_id").count(), 1, "{text}");
}

#[test]
fn a_time_of_ones_own_is_escaped() {
    let memory = Memory::new();
    let schema = Schema::DEFAULT.time(TimeFormat::pattern("\"%Y\\").unwrap());
    let logger = Logger::builder().output(Output::new(Json::with_schema(schema), memory.clone())).build().unwrap();
    logger.log(Level::INFO, "m", &FieldSet::new());
    let line: serde_json::Value = serde_json::from_str(&memory.text()).unwrap();
    let time = line["timestamp"].as_str().unwrap();
    assert!(time.starts_with('"') && time.ends_with('\\'), "{time}");
}

#[test]
fn no_field_passes_for_the_service() {
    for (schema, name) in
        [(Schema::BUNYAN, "name"), (Schema::ECS, "service.name"), (Schema::OPEN_TELEMETRY, "host.name")]
    {
        let memory = Memory::new();
        let identity = Identity::new().service("shop").host_named("web-1");
        let output = Output::new(Json::with_schema(schema), memory.clone());
        let logger = Logger::builder().identity(identity).output(output).build().unwrap();
        logger.log(Level::INFO, "m", &FieldSet::new().with(name, FORGED));
        let text = memory.text();
        assert_eq!(text.matches(&format!("\"{name}\":")).count(), 1, "{text}");
        assert!(text.contains(&format!("\"field.{name}\":\"{FORGED}\"")), "{text}");
    }
}
