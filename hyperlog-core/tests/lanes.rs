//! Which records go to which output.

use hyperlog_core::{
    DropReason, Json, Lane, Level, Line, Logfmt, Logger, Memory, Output, OutputHealth, Recording, Sink, Written, debug,
    error, info, warn,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The messages that each output of these lanes was given.
fn messages<const N: usize>(lanes: [Option<Lane>; N]) -> [Vec<String>; N] {
    let memories: [Memory; N] = std::array::from_fn(|_| Memory::new());
    let mut builder = Logger::builder().level(Level::DEBUG);
    for (memory, lane) in memories.iter().zip(lanes) {
        let output = Output::new(Json::new(), memory.clone());
        builder = builder.output(match lane {
            Some(lane) => output.lane(lane),
            None => output,
        });
    }
    let logger = builder.build().unwrap();
    let orders = logger.with(hyperlog_core::fields!(tenant = "acme", password = "hunter2"));
    info!(logger: logger, target: "billing", "one");
    warn!(logger: logger, target: "billing::cards", "two");
    info!(logger: logger, target: "billings", "three");
    debug!(logger: orders, target: "shop", "four");
    error!(logger: logger, target: "shop", tenant = "other", "five");
    assert!(logger.health().iter().all(OutputHealth::is_conserved));
    memories.map(|memory| {
        let text = memory.text();
        let lines = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        lines.map(|record| record["message"].as_str().unwrap().to_owned()).collect()
    })
}

#[test]
fn a_record_goes_where_its_target_level_fields_or_a_rule_say() {
    let check = |lane: Lane, expected: &[&str]| {
        let text = format!("{lane:?}");
        assert_eq!(messages([Some(lane)]), [expected], "{text}");
    };
    check(Lane::target("billing"), &["one", "two"]);
    check(Lane::target(""), &[]);
    check(Lane::levels(Level::INFO, Level::ERROR), &["one", "two", "three"]);
    check(Lane::field("tenant", "acme"), &["four"]);
    check(Lane::field("tenant", "acm"), &[]);
    check(Lane::when(|record| record.message().contains('e')), &["one", "three", "five"]);
    check(Lane::when(|_| panic!("no")), &[]);
    check(Lane::target("billing").and(Lane::levels(Level::WARN, Level::FATAL)), &["two"]);
    check(Lane::target("billing").or(Lane::field("tenant", "other")), &["one", "two", "five"]);
}

#[test]
fn no_lane_sees_what_redaction_hides() {
    assert_eq!(messages([Some(Lane::field("password", "hunter2"))]), [[""; 0]]);
    assert_eq!(messages([Some(Lane::field("password", "[REDACTED]"))]), [["four"]]);
}

#[test]
fn the_rest_is_what_no_other_lane_takes() {
    let [billing, acme, all, rest] =
        messages([Some(Lane::target("billing")), Some(Lane::field("tenant", "acme")), None, Some(Lane::rest())]);
    assert_eq!((billing, acme), (vec!["one".into(), "two".into()], vec!["four".to_owned()]));
    assert_eq!(all, ["one", "two", "three", "four", "five"]);
    assert_eq!(rest, ["three", "five"]);
}

/// Loses what it is given, as long as it is told to.
#[derive(Default)]
struct Failing(AtomicBool);

impl Sink for Failing {
    fn write(&self, _: &Line<'_>) -> Written {
        if self.0.load(Ordering::Relaxed) { Written::Dropped(DropReason::Failed) } else { Written::Done }
    }
}

#[test]
fn what_one_output_loses_goes_to_the_one_that_steps_in_redacted_and_in_its_own_form() {
    let (failing, stead, other) = (Arc::new(Failing::default()), Memory::new(), Memory::new());
    let logger = Logger::builder()
        .output(Output::new(Logfmt::new(), stead.clone()).name("stead").lane(Lane::instead_of("disk")))
        .output(Output::new(Json::new(), Arc::clone(&failing)).name("disk").level(Level::WARN))
        .output(Output::new(Json::new(), other.clone()).name("other"))
        .build()
        .unwrap();
    warn!(logger: logger, "kept");
    failing.0.store(true, Ordering::Relaxed);
    warn!(logger: logger, password = "hunter2", "lost");
    info!(logger: logger, "below its level");
    failing.0.store(false, Ordering::Relaxed);
    warn!(logger: logger, "kept again");
    let text = stead.text();
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(text.contains("msg=lost") || text.contains("message=lost"), "{text}");
    assert!(!text.contains("hunter2"), "{text}");
    assert_eq!(other.len(), 4);
    let health = logger.health();
    assert!(health.iter().all(OutputHealth::is_conserved));
    let accepted: Vec<_> = health.iter().map(|output| (&*output.name, output.accepted.total())).collect();
    assert_eq!(accepted, [("stead", 1), ("disk", 3), ("other", 4)]);
}

#[test]
fn two_that_fail_do_not_hand_a_record_to_one_another_for_ever() {
    let failing = || Arc::new(Failing(AtomicBool::new(true)));
    let logger = Logger::builder()
        .output(Output::new(Json::new(), failing()).name("first").lane(Lane::instead_of("second")))
        .output(Output::new(Json::new(), failing()).name("second"))
        .output(Output::new(Json::new(), failing()).name("third").lane(Lane::instead_of("first")))
        .build()
        .unwrap();
    info!(logger: logger, "m");
    let accepted: Vec<u64> = logger.health().iter().map(|output| output.accepted.total()).collect();
    assert_eq!(accepted, [1, 1, 0]);
}

#[test]
fn who_steps_in_for_nobody_is_refused() {
    for name in ["disc", "stead"] {
        let output = Output::new(Json::new(), Memory::new()).name("stead").lane(Lane::instead_of(name));
        let error = Logger::builder().output(output).build().unwrap_err();
        assert!(error.to_string().contains(&format!("{name:?}")), "{error}");
    }
}

#[test]
fn what_a_recorder_held_goes_the_same_ways() {
    let (billing, rest) = (Memory::new(), Memory::new());
    let logger = Logger::builder()
        .output(Output::new(Json::new(), billing.clone()).lane(Lane::target("billing")))
        .output(Output::new(Json::new(), rest.clone()).lane(Lane::rest()))
        .build()
        .unwrap();
    let recording = Recording::new(&logger, Level::DEBUG);
    debug!(logger: recording.logger(), target: "billing", "one");
    debug!(logger: recording.logger(), target: "shop", "two");
    recording.tell();
    assert!(billing.text().contains("one") && !billing.text().contains("two"), "{}", billing.text());
    assert!(rest.text().contains("two") && !rest.text().contains("one"), "{}", rest.text());
}
