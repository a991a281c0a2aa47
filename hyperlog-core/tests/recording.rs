//! The flight recorder of any unit of work: what is held, what comes out, and what nobody ever sees.

use hyperlog_core::{
    Json, Level, Logfmt, Logger, Memory, Output, Recording, Sampling, SamplingMethod, SamplingRule, Scope, debug,
    error, fields, info, trace,
};

/// A logger at INFO with one output in JSON.
fn logger() -> (Logger, Memory) {
    let memory = Memory::new();
    let logger = Logger::builder().level(Level::INFO).output(Output::new(Json::new(), memory.clone())).build().unwrap();
    (logger, memory)
}

fn messages(memory: &Memory) -> Vec<String> {
    let message_of = |line: &str| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        line["message"].as_str().unwrap().to_owned()
    };
    memory.text().lines().map(message_of).collect()
}

#[test]
fn what_is_held_comes_out_in_order_when_the_work_fails_and_nowhere_when_it_does_not() {
    let (logger, memory) = logger();
    for fails in [false, true] {
        let recording = Recording::new(&logger, Level::DEBUG);
        let _entered = recording.logger().enter();
        debug!(step = 1, "asking");
        trace!("too verbose even for the recorder");
        debug!(step = 2, "waiting");
        if fails {
            assert_eq!(recording.tell(), (2, 0));
            error!("no answer");
        }
    }
    assert_eq!(messages(&memory), ["asking", "waiting", "no answer"]);
}

#[test]
fn what_passes_the_levels_is_written_at_once() {
    let (logger, memory) = logger();
    let recording = Recording::new(&logger, Level::DEBUG);
    debug!(logger: recording.logger(), "held");
    info!(logger: recording.logger(), "seen");
    assert_eq!(messages(&memory), ["seen"]);
    recording.tell();
    assert_eq!(messages(&memory), ["seen", "held"]);
}

#[test]
fn children_and_scopes_of_the_logger_are_recorded_too() {
    let (logger, memory) = logger();
    let recording = Recording::new(&logger, Level::DEBUG);
    let child = recording.logger().with(fields!(item = 7)).named("shop");
    debug!(logger: child, "of a child");
    let scope = Scope::new(recording.logger().clone());
    scope.bind(fields!(user = "ann"));
    {
        let _entered = scope.enter();
        debug!("of a scope");
    }
    recording.tell();
    let text = memory.text();
    assert_eq!(messages(&memory), ["of a child", "of a scope"]);
    assert!(text.contains(r#""target":"shop""#) && text.contains(r#""item":7"#) && text.contains("ann"), "{text}");
}

#[test]
fn what_is_held_has_met_redaction_and_each_output_keeps_its_own_level() {
    let (all, severe) = (Memory::new(), Memory::new());
    let logger = Logger::builder()
        .level(Level::INFO)
        .output(Output::new(Json::new(), all.clone()))
        .output(Output::new(Json::new(), severe.clone()).level(Level::ERROR))
        .build()
        .unwrap();
    let recording = Recording::new(&logger, Level::DEBUG);
    debug!(logger: recording.logger(), password = "hunter2", "signing in");
    recording.tell();
    assert_eq!(messages(&all), ["signing in"]);
    assert!(!all.text().contains("hunter2"), "{}", all.text());
    assert_eq!(severe.text(), "");
}

#[test]
fn the_oldest_make_room_and_the_loss_is_told() {
    let (logger, memory) = logger();
    let recording = Recording::with_room(&logger, Level::DEBUG, 1000);
    for number in 0..100 {
        debug!(logger: recording.logger(), "step {number}");
    }
    let (held, lost) = recording.tell();
    assert_eq!(held + lost, 100);
    assert!((1..20).contains(&held), "{held}");
    assert_eq!(messages(&memory).last().unwrap(), "step 99");
    assert_eq!(messages(&memory).len() as u64, held);
}

#[test]
fn a_record_is_counted_once_however_many_formats_there_are() {
    let (json, logfmt) = (Memory::new(), Memory::new());
    let logger = Logger::builder()
        .level(Level::INFO)
        .output(Output::new(Json::new(), json.clone()))
        .output(Output::new(Logfmt::new(), logfmt.clone()))
        .build()
        .unwrap();
    let recording = Recording::with_room(&logger, Level::DEBUG, 1 << 20);
    debug!(logger: recording.logger(), "one");
    debug!(logger: recording.logger(), "two");
    assert_eq!(recording.tell(), (2, 0));
    assert_eq!((json.text().lines().count(), logfmt.text().lines().count()), (2, 2));

    let recording = Recording::with_room(&logger, Level::DEBUG, 1000);
    (0..100).for_each(|_| debug!(logger: recording.logger(), "step"));
    let (held, lost) = recording.tell();
    assert_eq!(held + lost, 100);
}

#[test]
fn after_the_end_nothing_is_held_any_more() {
    let (logger, memory) = logger();
    let recording = Recording::new(&logger, Level::DEBUG);
    let late = recording.logger().clone();
    recording.tell();
    debug!(logger: late, "too late to be held");
    info!(logger: late, "seen");
    assert_eq!(recording.tell(), (0, 0));
    drop(recording);
    info!(logger: late, "seen by those that outlive it");
    assert_eq!(messages(&memory), ["seen", "seen by those that outlive it"]);
}

#[test]
fn what_a_sampler_had_counted_already_stands_for_none() {
    let memory = Memory::new();
    let sampling = Sampling::new().rule(SamplingRule::new(SamplingMethod::First(1)));
    let logger = Logger::builder()
        .level(Level::INFO)
        .sampling(sampling)
        .output(Output::new(Json::new(), memory.clone()))
        .build()
        .unwrap();
    let recording = Recording::new(&logger, Level::INFO);
    for _ in 0..3 {
        info!(logger: recording.logger(), "again");
    }
    assert_eq!(memory.text().lines().count(), 1);
    recording.tell();
    let text = memory.text();
    let again = text.lines().filter(|line| line.contains(r#""message":"again""#));
    assert_eq!((again.count(), text.matches(r#""sample_rate":0.0"#).count()), (3, 2), "{text}");
}

#[test]
fn what_is_held_counts_as_accepted_only_when_it_is_given_out() {
    let (logger, _) = logger();
    let recording = Recording::new(&logger, Level::DEBUG);
    debug!(logger: recording.logger(), "held");
    assert_eq!(logger.health()[0].accepted.total(), 0);
    recording.tell();
    let health = &logger.health()[0];
    assert_eq!((health.accepted.total(), health.written.total()), (1, 1));
    assert!(health.is_conserved());
}

#[test]
fn a_call_that_only_a_recorder_wants_costs_others_no_record() {
    let (logger, memory) = logger();
    let call = |logger: &Logger| debug!(logger: logger, "maybe");
    call(&logger);
    let recording = Recording::new(&logger, Level::DEBUG);
    call(recording.logger());
    call(&logger);
    assert_eq!(recording.tell(), (1, 0));
    assert_eq!(messages(&memory), ["maybe"]);
}
