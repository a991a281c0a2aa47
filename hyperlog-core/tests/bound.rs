//! Bound fields by behaviour: who sees them, which of two counts, and that it is all the same however they are read.

use hyperlog_core::{
    Captured, CapturedValue, Encode, FieldSet, Identity, Json, KeyedHash, Level, Limits, Logger, Mask, Memory, Output,
    Partition, Record, Redaction, Tree, TreeVisitor, Value, fields, info,
};
use proptest::prelude::*;
use std::error::Error;
use std::fmt;

fn json(memory: &Memory) -> serde_json::Value {
    let lines = memory.take();
    assert_eq!(lines.len(), 1);
    strict(std::str::from_utf8(&lines[0].1).unwrap())
}

/// Parses a line, and refuses a key that stands there twice.
fn strict(line: &str) -> serde_json::Value {
    let value: serde_json::Value = serde_json::from_str(line).unwrap();
    let keys = value.as_object().unwrap().keys();
    for key in keys {
        let quoted = format!("{}:", serde_json::Value::from(&**key));
        let count =
            line.match_indices(&quoted).filter(|(at, _)| matches!(line.as_bytes()[at - 1], b',' | b'{')).count();
        assert_eq!(count, 1, "{key} in {line}");
    }
    value
}

/// A logger that writes JSON and keeps records for questions.
fn logger_with(set_up: impl FnOnce(hyperlog_core::Builder) -> hyperlog_core::Builder) -> (Logger, Captured, Memory) {
    let memory = Memory::new();
    let output = Output::new(Json::new(), memory.clone());
    let (logger, captured) = Logger::capture_with(|builder| set_up(builder.output(output)));
    (logger, captured, memory)
}

#[test]
fn the_call_counts_more_than_the_child_and_the_child_more_than_the_parent() {
    let (logger, captured, memory) = logger_with(|builder| builder.identity(Identity::new().service("shop").pid()));
    let parent = logger.with(fields!(a = 1, b = 1, c = 1));
    let child = parent.with(fields!(b = 2, c = 2));
    #[track_caller]
    fn check(record: hyperlog_core::CapturedRecord, json: serde_json::Value, expected: &[(&str, f64)]) {
        for (key, value) in expected {
            assert_eq!(record.number(key), *value, "{key} in {record}");
            assert_eq!(json[*key], *value, "{key} in {json}");
        }
    }
    info!(logger: child, c = 3, "m");
    check(captured.only(), json(&memory), &[("a", 1.0), ("b", 2.0), ("c", 3.0)]);
    captured.clear();
    info!(logger: parent, c = 3, c = 4, "m");
    check(captured.only(), json(&memory), &[("a", 1.0), ("b", 1.0), ("c", 4.0)]);
    captured.clear();
    info!(logger: parent, pid = 3, service = 4, "m");
    check(captured.only(), json(&memory), &[("a", 1.0), ("pid", 3.0), ("service", 4.0)]);
    captured.clear();
    info!(logger: logger.with(fields!(service = 5)), "m");
    check(captured.only(), json(&memory), &[("service", 5.0)]);
    captured.clear();
    info!(logger: logger.with(fields!(service = 5)), pid = 6, "m");
    check(captured.only(), json(&memory), &[("service", 5.0), ("pid", 6.0)]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn in_a_random_tree_of_loggers_each_sees_its_ancestors_and_itself_alone(
        steps in prop::collection::vec(
            (any::<prop::sample::Index>(), prop::collection::vec(("[a-e]{1,2}", any::<u16>()), 0..5)),
            1..20,
        ),
        calls in prop::collection::vec(("[a-e]{1,2}", any::<u16>()), 0..4),
    ) {
        let (logger, captured, memory) = logger_with(|builder| builder);
        let mut nodes = vec![(logger, Vec::<(String, u16)>::new())];
        let set_of = |fields: &[(String, u16)]| {
            fields.iter().fold(FieldSet::new(), |set, (name, value)| set.with(name, *value))
        };
        for (parent, fields) in steps {
            let (logger, known) = parent.get(&nodes);
            let child = logger.with(&set_of(&fields));
            let known = known.iter().cloned().chain(fields).collect();
            nodes.push((child, known));
        }
        for (logger, known) in &nodes {
            captured.clear();
            logger.log(hyperlog_core::Level::INFO, "m", &set_of(&calls));
            let all: std::collections::BTreeMap<_, _> = known.iter().chain(&calls).cloned().collect();
            let record = captured.only();
            prop_assert_eq!(record.fields().len(), all.len(), "{}", &record);
            let line = json(&memory);
            prop_assert_eq!(line.as_object().unwrap().len(), all.len() + 4);
            for (name, value) in all {
                prop_assert_eq!(record.number(&name), f64::from(value));
                prop_assert_eq!(&line[&name], value);
            }
        }
    }
}

#[test]
fn keys_that_look_alike_at_first_sight_are_told_apart() {
    // All of the same first and last letter and length.
    let (logger, captured, memory) = logger_with(|builder| builder);
    let bound = logger.with(fields!(axz = 1, ayz = 2)).with(fields!(azz = 3));
    for _ in 0..3 {
        info!(logger: bound, abz = 4, ayz = 5, "m");
        let record = captured.only();
        let numbers = ["axz", "ayz", "azz", "abz"].map(|key| record.number(key));
        assert_eq!(numbers, [1.0, 5.0, 3.0, 4.0]);
        assert_eq!(json(&memory)["azz"], 3);
        captured.clear();
    }
    info!(logger: bound, abz = 4, acz = 5, "m");
    assert_eq!(captured.only().fields().len(), 5);
}

#[test]
fn one_call_site_meets_bound_fields_of_many_kinds() {
    let (logger, captured, memory) = logger_with(|builder| builder);
    let run_time = FieldSet::new().with("user", "of the set").with("more", 1);
    let loggers = [
        (logger.clone(), 1),
        (logger.with(fields!(user = "bound")), 1),
        (logger.with(fields!(other = "bound")), 2),
        (logger.with(&run_time), 2),
        (logger.with(&run_time).with(fields!(other = 1)), 3),
        (logger.with(fields!(other = 1)).with(&run_time), 3),
        (logger.with(fields!(other = 1)).with(fields!(user = 2)), 2),
    ];
    for round in 0..21 {
        let (logger, count) = &loggers[round * 5 % loggers.len()];
        info!(logger: logger, user = "of the call", "m");
        let record = captured.only();
        assert_eq!((record.text("user"), record.fields().len()), ("of the call", *count), "{record}");
        assert_eq!(json(&memory)["user"], "of the call");
        captured.clear();
    }
}

#[test]
fn a_key_that_one_logger_drops_does_not_change_what_another_writes() {
    let drops = Redaction::builder().hide_as("user", Mask::Drop).build().unwrap();
    let (dropping, _, of_dropping) = logger_with(|builder| builder.redaction(drops));
    let (plain, _, of_plain) = logger_with(|builder| builder.redaction(Redaction::off()));
    let say = |logger: &Logger| info!(logger: logger.with(fields!(user = "bound", a = 1)), user = "call", "m");
    for _ in 0..2 {
        say(&dropping);
        assert!(json(&of_dropping).get("user").is_none());
        say(&plain);
        assert_eq!(json(&of_plain)["user"], "call");
    }
}

#[derive(Debug)]
struct Failure(&'static str, Option<Box<Failure>>);

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0)
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.1.as_deref().map(|cause| cause as &(dyn Error + 'static))
    }
}

#[test]
fn an_error_at_the_call_takes_the_place_of_a_bound_one_with_all_its_causes() {
    let caused = |what, cause| Failure(what, Some(Box::new(Failure(cause, None))));
    let (bound, fresh, bare) = (caused("bound", "old"), caused("fresh", "new"), Failure("bare", None));
    let (logger, captured, memory) = logger_with(|builder| builder);
    let child = logger.with(fields!(error = Value::Error(&bound)));
    info!(logger: child, "m");
    assert_eq!(
        captured.only().get("error.causes"),
        Some(&CapturedValue::List(vec![CapturedValue::Text("old".into())]))
    );
    assert_eq!(json(&memory)["error"], "bound");
    captured.clear();
    info!(logger: child, error = Value::Error(&fresh), "m");
    assert_eq!(json(&memory)["error.causes"], serde_json::json!(["new"]));
    captured.clear();
    info!(logger: child, error = Value::Error(&bare), "m");
    assert!(!captured.only().has("error.causes"));
    assert!(json(&memory).get("error.causes").is_none());
    info!(logger: child.with(fields!(error = Value::Error(&bare))), "m");
    assert!(json(&memory).get("error.causes").is_none());
}

#[test]
fn of_an_error_s_causes_and_a_field_of_their_name_in_one_call_the_later_counts() {
    let (caused, bare) = (Failure("e", Some(Box::new(Failure("c", None)))), Failure("e", None));
    let (logger, _, memory) = logger_with(|builder| builder);
    let causes = || {
        let line = memory.text();
        assert_eq!(line.matches("error.causes").count(), 1, "{line}");
        let causes = json(&memory)["error.causes"].clone();
        memory.take();
        causes
    };
    for error in [&caused, &bare] {
        info!(logger: logger, error = Value::Error(error), error.causes = 1, "m");
        assert_eq!(causes(), 1);
    }
    info!(logger: logger, error.causes = 1, error = Value::Error(&caused), "m");
    assert_eq!(causes(), serde_json::json!(["c"]));
    // Nothing is brought along by what is no error.
    info!(logger: logger, error.causes = 1, error = "text", "m");
    assert_eq!(causes(), 1);
    logger.log(Level::INFO, "m", &FieldSet::new().with("error.causes", 1).with("error", "text"));
    assert_eq!(causes(), 1);
    // But what an error had brought goes with it.
    let fields = FieldSet::new().with("error", Value::Error(&caused)).with("error", "text");
    logger.log(Level::INFO, "m", &fields);
    assert!(!memory.text().contains("error.causes"), "{}", memory.text());
}

#[test]
fn what_an_error_brings_along_gives_way_to_a_field_of_its_name() {
    let (caused, bare) = (Failure("e", Some(Box::new(Failure("c", None)))), Failure("e", None));
    let (logger, _, memory) = logger_with(|builder| builder);
    for error in [&bare, &caused, &bare, &caused] {
        let child = logger.with(fields!(error = Value::Error(error), other = 1));
        info!(logger: child, error.causes = 1, other = 2, "m");
        info!(logger: child.with(fields!(error.causes = 1)), "m");
    }
    for (_, line) in memory.take() {
        let line = String::from_utf8(line).unwrap();
        assert_eq!(line.matches("error.causes").count(), 1, "{line}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&line).unwrap()["error.causes"], 1);
    }
}

/// Not a hash at all, but one that shows when it is done twice.
struct Wrap;

impl KeyedHash for Wrap {
    fn hash(&self, value: &[u8]) -> [u8; 16] {
        let hash = value.iter().fold(1_u128, |hash, byte| hash.wrapping_mul(31).wrapping_add(u128::from(*byte)));
        hash.wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835).to_le_bytes()
    }
}

#[test]
fn a_bound_field_is_masked_and_cut_once_however_it_is_read() {
    let redaction = Redaction::builder().keyed_hash(Wrap).hide_as("user", Mask::Hash).build().unwrap();
    let limits = Limits::default().text(100).key(10);
    let (logger, captured, memory) = logger_with(|builder| builder.redaction(redaction).limits(limits));
    let long = "é".repeat(500);
    let child = logger.with(fields!(user = "ann", password = "hunter2", long, a_very_long_name_indeed = 1, other = 1));
    info!(logger: child, "m");
    let prepared = json(&memory);
    let grandchild = child.with(fields!(other = 2));
    let read_twice = grandchild.with(fields!(other = 1));
    info!(logger: child, other = 1, "m");
    let overridden = json(&memory);
    info!(logger: read_twice, "m");
    let rebound = json(&memory);
    info!(logger: logger, user = "ann", long, "m");
    let at_call = json(&memory);
    for key in ["user", "password", "long", "a_very_lon…", "other"] {
        assert!(prepared[key] != serde_json::Value::Null, "{key} in {prepared}");
        assert_eq!(prepared[key], overridden[key]);
        assert_eq!(prepared[key], rebound[key]);
    }
    assert_eq!((&prepared["user"], &prepared["long"]), (&at_call["user"], &at_call["long"]));
    assert!(prepared["long"].as_str().unwrap().ends_with("…[cut, 1000 bytes]"));
    let texts: Vec<_> = captured.records().iter().map(|record| record.text("user").to_owned()).collect();
    assert!(texts.iter().all(|text| *text == texts[0]), "{texts:?}");
    assert_eq!(prepared["password"], "[REDACTED]");
}

#[test]
fn more_fields_than_are_allowed_are_counted_and_not_shown() {
    let (logger, captured, memory) = logger_with(|builder| builder);
    let set =
        |from: usize, to: usize| (from..to).fold(FieldSet::new(), |set, index| set.with(&format!("f{index}"), index));
    let many = logger.with(&set(0, 100)).with(&set(100, 150));
    let more = many.with(&set(150, 160)).with(fields!(f0 = "again"));
    #[track_caller]
    fn check(captured: &Captured, memory: &Memory, lost: f64, f0: CapturedValue) {
        let (record, line) = (captured.only(), json(memory));
        assert_eq!(record.fields().iter().filter(|(name, _)| name.starts_with('f')).count(), 128);
        assert_eq!(record.number("bound_fields_cut"), lost);
        assert_eq!(line["bound_fields_cut"], lost);
        assert_eq!(record.get("f0"), Some(&f0));
        assert_eq!(line.as_object().unwrap().len(), 4 + 129);
        captured.clear();
    }
    info!(logger: many, "m");
    check(&captured, &memory, 22.0, CapturedValue::Integer(0));
    info!(logger: more, "m");
    check(&captured, &memory, 32.0, CapturedValue::Text("again".into()));
    // Read one by one, because one of them is overridden.
    info!(logger: more, f5 = 5, "m");
    check(&captured, &memory, 32.0, CapturedValue::Text("again".into()));
    logger.log(hyperlog_core::Level::INFO, "m", &set(0, 200));
    assert_eq!(captured.only().number("fields_cut"), 72.0);
    assert_eq!(json(&memory)["fields_cut"], 72);
}

#[test]
fn binding_the_same_key_for_ever_costs_one_field() {
    let (logger, captured, _) = logger_with(|builder| builder);
    let logger = (0..1_000).fold(logger, |logger, attempt| logger.with(fields!(attempt)));
    info!(logger: logger, "m");
    assert_eq!((captured.only().number("attempt"), captured.only().fields().len()), (999.0, 1));
}

#[test]
fn sixty_fields_at_a_call_are_all_looked_at() {
    let (logger, captured, memory) = logger_with(|builder| builder);
    info!(
        logger: logger.with(fields!(f59 = "bound")),
        f00 = 0, f01 = 1, f02 = 2, f03 = 3, f04 = 4, f05 = 5, f06 = 6, f07 = 7, f08 = 8, f09 = 9, f10 = 10, f11 = 11,
        f12 = 12, f13 = 13, f14 = 14, f15 = 15, f16 = 16, f17 = 17, f18 = 18, f19 = 19, f20 = 20, f21 = 21, f22 = 22,
        f23 = 23, f24 = 24, f25 = 25, f26 = 26, f27 = 27, f28 = 28, f29 = 29, f30 = 30, f31 = 31, f32 = 32, f33 = 33,
        f34 = 34, f35 = 35, f36 = 36, f37 = 37, f38 = 38, f39 = 39, f40 = 40, f41 = 41, f42 = 42, f43 = 43, f44 = 44,
        f45 = 45, password = "hunter2", f47 = 47, f48 = 48, f49 = 49, f50 = 50, f51 = 51, f52 = 52, f53 = 53, f54 = 54,
        f55 = 55, secret = "hunter2", f57 = 57, f58 = "Bearer abcdefghijklmnop0123456789ABCDEF", f59 = 59,
        "m"
    );
    let (record, line) = (captured.only(), json(&memory));
    assert_eq!(record.fields().len(), 60);
    assert_eq!((record.text("password"), record.text("secret")), ("[REDACTED]", "[REDACTED]"));
    assert_eq!((record.number("f59"), &line["f59"]), (59.0, &59.into()));
    assert!(!line.to_string().contains("hunter2") && !line.to_string().contains("abcdefgh"), "{line}");
}

/// Shows every field, and prepares nothing.
struct Every(&'static str);

impl Encode for Every {
    fn encode(&self, record: &Record<'_>, out: &mut Vec<u8>) -> Partition {
        out.extend_from_slice(self.0.as_bytes());
        for bound in [record.identity(), record.context()] {
            match bound {
                hyperlog_core::Bound::Encoded(bytes) => out.extend_from_slice(bytes),
                hyperlog_core::Bound::Fields(mut fields) => {
                    while let Some((key, value)) = fields.next() {
                        out.extend_from_slice(format!(" {}={value:?}", key.name()).as_bytes());
                    }
                }
            }
        }
        Partition::NONE
    }
}

#[test]
fn beyond_eight_formats_a_bound_field_is_shown_to_each_whatever_its_value() {
    const NAMES: [&str; 12] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];
    let memories: Vec<Memory> = NAMES.iter().map(|_| Memory::new()).collect();
    let outputs = NAMES.iter().zip(&memories).map(|(name, memory)| Output::new(Every(name), memory.clone()));
    let logger = outputs.fold(Logger::builder(), |builder, output| builder.output(output)).build().unwrap();
    for number in 0..200_u64 {
        let value = number << 32;
        info!(logger: logger.with(fields!(value)), "m");
        for (name, memory) in NAMES.iter().zip(&memories) {
            assert_eq!(memory.text(), format!("{name} value={value}"));
            drop(memory.take());
        }
    }
}

struct Thorny;

impl Tree for Thorny {
    fn walk(&self, visitor: &mut dyn TreeVisitor) {
        visitor.begin_map();
        visitor.key("half");
        visitor.value(Value::Bool(true));
        panic!("in a tree");
    }
}

#[test]
fn a_tree_that_panics_costs_itself_alone_at_the_call_and_when_bound() {
    let (logger, captured, memory) = logger_with(|builder| builder);
    info!(logger: logger, tree = Value::Tree(&Thorny), a = 1, "m");
    assert_eq!((captured.only().text("tree"), captured.only().number("a")), ("[its formatting panicked]", 1.0));
    captured.clear();
    info!(logger: logger.with(fields!(tree = Value::Tree(&Thorny), a = 1)), "m");
    assert_eq!((captured.only().text("tree"), captured.only().number("a")), ("[its formatting panicked]", 1.0));
    assert_eq!(memory.len(), 2);
}

#[test]
fn an_identity_is_redacted_like_everything_else() {
    let identity = Identity::new()
        .service("shop")
        .version("1.2")
        .environment("test")
        .host_named("h")
        .field("password", "hunter2")
        .field("token_of", "Bearer abcdefghijklmnop0123456789ABCDEF");
    let (logger, captured, memory) = logger_with(|builder| builder.identity(identity));
    info!(logger: logger, "m");
    let (record, line) = (captured.only(), json(&memory));
    for (key, value) in
        [("service", "shop"), ("version", "1.2"), ("environment", "test"), ("host", "h"), ("password", "[REDACTED]")]
    {
        assert_eq!(record.text(key), value);
        assert_eq!(line[key], value);
    }
    assert!(!line.to_string().contains("abcdefgh"), "{line}");
}

#[test]
fn a_process_tells_its_host_and_its_number_when_it_is_asked_to() {
    let (logger, captured, _) = logger_with(|builder| builder.identity(Identity::new().host().pid()));
    info!(logger: logger, "m");
    let record = captured.only();
    assert_eq!(record.number("pid"), f64::from(std::process::id()));
    // Not every machine has a name.
    assert!(record.get("host").is_none_or(|host| matches!(host, CapturedValue::Text(name) if !name.trim().is_empty())));
    let (silent, of_silent, _) = logger_with(|builder| builder);
    info!(logger: silent, "m");
    assert!(of_silent.only().fields().is_empty());
}
