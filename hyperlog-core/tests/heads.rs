//! What is kept of a call site between records never reaches a record that is not entitled to it.
//!
//! One call site logs through loggers that differ in whatever may differ; each line has to be what it would be if the
//! call site had never logged before.

use hyperlog_core::{
    Clock, DurationForm, Encode, Json, Level, LevelForm, Limits, Logger, Mask, Memory, Output, Partition, Record,
    Redaction, Schema, TimeFormat, Timestamp, fields, info, warn,
};
use proptest::prelude::*;
use std::any::Any;

fn schemas() -> Vec<Schema> {
    vec![
        Schema::DEFAULT,
        Schema::OPEN_TELEMETRY,
        Schema::ECS,
        Schema::GOOGLE_CLOUD,
        Schema::DATADOG,
        Schema::BUNYAN,
        Schema::DEFAULT.time(TimeFormat::Off),
        Schema::DEFAULT.level_form(LevelForm::Severity).duration(DurationForm::Text),
    ]
}

fn redactions() -> Vec<Redaction> {
    vec![
        Redaction::default(),
        Redaction::off(),
        Redaction::builder().hide("user").build().unwrap(),
        Redaction::builder().hide_as("user", Mask::Drop).build().unwrap(),
        Redaction::builder().mask(Mask::Last4).hide("user").build().unwrap(),
    ]
}

/// One way to set a logger up.
#[derive(Clone, Copy, Debug)]
struct SetUp {
    schema: usize,
    second: usize,
    redaction: usize,
    record_limit: usize,
    name: bool,
    bound: bool,
}

impl SetUp {
    fn build(self) -> (Logger, Memory, Memory) {
        let (one, two) = (Memory::new(), Memory::new());
        let (clock, _) = Clock::manual(Timestamp::new(1_800_000_000, 0));
        let logger = Logger::builder()
            .level(Level::TRACE)
            .clock(clock)
            .redaction(redactions()[self.redaction].clone())
            .limits(Limits::default().record(self.record_limit))
            .output(Output::new(Json::with_schema(schemas()[self.schema].clone()), one.clone()))
            .output(Output::new(Json::with_schema(schemas()[self.second].clone()), two.clone()).level(Level::INFO))
            .build()
            .unwrap();
        let logger = if self.name { logger.named("named") } else { logger };
        let logger = if self.bound { logger.with(fields!(user = "ann of the bound", level = 7)) } else { logger };
        (logger, one, two)
    }
}

/// What one logger writes at all call sites of [`say`].
fn lines(logger: &Logger, memories: [&Memory; 2], filler: &str) -> Vec<String> {
    memories.iter().for_each(|memory| drop(memory.take()));
    say(logger, filler);
    memories.iter().map(|memory| memory.text()).collect()
}

fn say(logger: &Logger, filler: &str) {
    info!(logger: logger, "sent with Bearer abcdefghijklmnop0123456789ABCDEF and \"quotes\"");
    warn!(logger: logger, user = "ann", level = "forged", "plain {{braces}}");
    hyperlog_core::debug!(logger: logger, user = "ann", "only for one output");
    info!(logger: logger, filler, "a message that stays while its fields are cut, and that is longer than the shortest text");
}

fn set_up() -> impl Strategy<Value = SetUp> {
    let limit = prop_oneof![Just(usize::MAX), Just(1_024_usize)];
    (0..8_usize, 0..8_usize, 0..5_usize, limit, any::<bool>(), any::<bool>()).prop_map(
        |(schema, second, redaction, record_limit, name, bound)| SetUp {
            schema,
            second,
            redaction,
            record_limit,
            name,
            bound,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_line_does_not_depend_on_what_the_call_site_logged_before(
        set_ups in prop::collection::vec(set_up(), 2..5),
        order in prop::collection::vec(0..5_usize, 1..12),
        filler in prop_oneof![Just(String::new()), Just("x".repeat(3_000))],
    ) {
        // On a thread of its own nothing is kept yet, and a logger of its own shares nothing.
        let expected: Vec<Vec<String>> = set_ups
            .iter()
            .map(|set_up| {
                let (set_up, filler) = (*set_up, filler.clone());
                let fresh = move || {
                    let (logger, one, two) = set_up.build();
                    lines(&logger, [&one, &two], &filler)
                };
                std::thread::spawn(fresh).join().unwrap()
            })
            .collect();
        let loggers: Vec<_> = set_ups.iter().map(|set_up| set_up.build()).collect();
        for index in order.into_iter().map(|index| index % set_ups.len()) {
            let (logger, one, two) = &loggers[index];
            prop_assert_eq!(&lines(logger, [one, two], &filler), &expected[index], "{:?}", set_ups[index]);
            prop_assert!(logger.health().iter().all(|output| output.is_conserved()));
        }
    }
}

#[test]
fn a_secret_in_a_literal_is_hidden_from_the_first_time_to_the_last_under_any_other_rules_between() {
    let loggers: Vec<(bool, Logger, Memory)> = redactions()
        .into_iter()
        .map(|redaction| {
            let (shows, memory) = (redaction.is_off(), Memory::new());
            let output = Output::new(Json::new(), memory.clone());
            (shows, Logger::builder().redaction(redaction).output(output).build().unwrap(), memory)
        })
        .collect();
    for round in 0..200 {
        let (shows, logger, memory) = &loggers[round * 7 % loggers.len()];
        info!(logger: logger, "sent with Bearer abcdefghijklmnop0123456789ABCDEF and \"quotes\"");
        let text = memory.text();
        assert_eq!(text.contains("abcdefghijklmnop"), *shows, "round {round}: {text}");
        drop(memory.take());
    }
}

#[test]
fn a_shrunk_record_leaves_nothing_behind_for_other_loggers() {
    fn say(logger: &Logger) {
        info!(logger: logger, filler = &*"x".repeat(4_000), "the message of all");
    }
    let build = |schema: Schema, limits: Limits| {
        let memory = Memory::new();
        let output = Output::new(Json::with_schema(schema), memory.clone());
        (Logger::builder().limits(limits).output(output).build().unwrap(), memory)
    };
    let small = Limits::default().record(1_024);
    let (bunyan, of_bunyan) = build(Schema::BUNYAN, small);
    let (plain, of_plain) = build(Schema::DEFAULT, small);
    say(&bunyan);
    say(&plain);
    assert!(of_bunyan.text().contains("\"level\":30"), "{}", of_bunyan.text());
    assert!(of_plain.text().contains("\"level\":\"INFO\""), "{}", of_plain.text());
}

/// Writes nothing but a word and the message, and prepares nothing.
struct Word(&'static str);

impl Encode for Word {
    fn encode(&self, record: &Record<'_>, out: &mut Vec<u8>) -> Partition {
        out.extend_from_slice(self.0.as_bytes());
        out.extend_from_slice(record.message().as_bytes());
        Partition::NONE
    }

    fn is_same(&self, other: &dyn Any) -> bool {
        other.downcast_ref::<Word>().is_some_and(|other| other.0 == self.0)
    }
}

/// A record in two schemas, one line behind the other.
struct Both(Json, Json);

impl Encode for Both {
    fn encode(&self, record: &Record<'_>, out: &mut Vec<u8>) -> Partition {
        self.0.encode(record, out);
        self.1.encode(record, out)
    }
}

#[test]
fn two_encoders_of_one_format_keep_nothing_for_one_another() {
    let memory = Memory::new();
    let both = Both(Json::new(), Json::with_schema(Schema::ECS));
    let logger = Logger::builder().output(Output::new(both, memory.clone())).build().unwrap();
    for _ in 0..3 {
        info!(logger: logger, user = "ann", "m");
        info!(logger: logger, "plain");
    }
    for (_, bytes) in memory.take() {
        let text = String::from_utf8(bytes).unwrap();
        let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!((&lines[0]["level"], &lines[1]["log.level"]), (&"INFO".into(), &"info".into()), "{text}");
    }
}

#[test]
fn more_call_sites_than_are_kept_and_more_formats_than_usual_stay_apart() {
    let memories: Vec<Memory> = (0..12).map(|_| Memory::new()).collect();
    let names = ["a", "b", "c", "d", "e", "f"];
    let mut builder = Logger::builder();
    for (index, memory) in memories.iter().enumerate() {
        builder = match index % 2 {
            0 => builder.output(Output::new(Word(names[index / 2]), memory.clone())),
            _ => builder.output(Output::new(Json::with_schema(schemas()[index / 2].clone()), memory.clone())),
        };
    }
    let logger = builder.build().unwrap();
    macro_rules! sites {
        ($($message:literal)*) => { $( info!(logger: logger, $message); )* };
    }
    for _ in 0..3 {
        sites!("m00" "m01" "m02" "m03" "m04" "m05" "m06" "m07" "m08" "m09" "m10" "m11" "m12" "m13" "m14" "m15" "m16"
            "m17" "m18" "m19" "m20" "m21" "m22" "m23" "m24" "m25" "m26" "m27" "m28" "m29" "m30" "m31" "m32" "m33" "m34"
            "m35" "m36" "m37" "m38" "m39" "m40" "m41" "m42" "m43" "m44" "m45" "m46" "m47" "m48" "m49" "m50" "m51" "m52"
            "m53" "m54" "m55" "m56" "m57" "m58" "m59" "m60" "m61" "m62" "m63" "m64" "m65" "m66" "m67" "m68" "m69");
    }
    for (index, memory) in memories.iter().enumerate() {
        for (place, (_, bytes)) in memory.take().into_iter().enumerate() {
            let (text, message) = (String::from_utf8(bytes).unwrap(), format!("m{:02}", place % 70));
            match index % 2 {
                0 => assert_eq!(text, format!("{}{message}", names[index / 2])),
                _ => {
                    let schema = &schemas()[index / 2];
                    let key = if *schema == Schema::OPEN_TELEMETRY { "body" } else { "message" };
                    let line: serde_json::Value = serde_json::from_str(&text).unwrap();
                    let key = if *schema == Schema::BUNYAN { "msg" } else { key };
                    assert_eq!(line[key], *message, "{text}");
                }
            }
        }
    }
}

#[test]
fn a_secret_that_the_compiler_put_into_the_message_is_hidden() {
    let (logger, captured) = Logger::capture();
    for _ in 0..3 {
        info!(logger: logger, "Bearer {}", "abcdefghijklmnop0123456789ABCDEF");
        info!(logger: logger, "pass{}", "word=hunter2hunter2");
        info!(logger: logger, "{{braces}} {}", "Bearer abcdefghijklmnop0123456789ABCDEF");
    }
    for record in captured.records() {
        let message = record.message();
        assert!(!message.contains("abcdefgh") && !message.contains("hunter2"), "{message}");
    }
    assert_eq!(captured.len(), 9);
}
