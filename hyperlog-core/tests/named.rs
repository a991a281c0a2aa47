//! Named loggers by behaviour: their target, and the levels that are asked by it.

use hyperlog_core::{Captured, Hook, Json, Level, Logger, Memory, Output, debug, fields, info, trace};
use std::cell::Cell;

fn logger_with(text: &str) -> (Logger, Captured) {
    Logger::capture_with(|builder| builder.directives(text.parse().unwrap()))
}

#[test]
fn the_name_is_the_target_and_decides_over_the_level() {
    #[track_caller]
    fn check(directives: &str, name: &str, expected: bool) {
        let (logger, captured) = logger_with(directives);
        let named = name.split('>').fold(logger.clone(), |logger, part| logger.named(part));
        debug!(logger: named, target: "of::the::call", "said");
        assert_eq!(captured.len(), usize::from(expected), "{name} by {directives}");
        if expected {
            assert_eq!(captured.only().target(), name.replace('>', "."));
        }
        assert!(logger.health().iter().all(|output| output.is_conserved()));
    }
    check("info,db=debug", "db", true);
    check("info,db=debug", "db>pool", true);
    check("info,db.pool=debug", "db>pool", true);
    check("info,db.pool=debug", "db", false);
    check("info,db=debug", "dbx", false);
    check("info,db.po=debug", "db>pool", false);
    check("info,of::the::call=debug", "db", false);
    check("debug,db=info", "db>pool", false);
    check("debug,db=off,db.pool=trace", "db>pool", true);
}

#[test]
fn a_named_and_an_unnamed_handle_never_get_each_others_verdict_from_a_call_site() {
    let (logger, captured) = logger_with("info,loud=trace,quiet=off");
    let (loud, quiet) = (logger.named("loud"), logger.named("quiet"));
    let evaluated = Cell::new(0);
    let say = |logger: &Logger| {
        trace!(
            logger: logger,
            a = {
                evaluated.set(evaluated.get() + 1);
                1
            },
            "trace"
        );
        info!(logger: logger, "info");
    };
    for _ in 0..3 {
        say(&logger);
        say(&loud);
        say(&quiet);
    }
    let targets: Vec<_> = captured.records().iter().map(|record| record.target().to_owned()).collect();
    assert_eq!(targets, ["named", "loud", "loud", "named", "loud", "loud", "named", "loud", "loud"]);
    assert_eq!(evaluated.get(), 3);
}

#[test]
fn a_name_survives_binding_scopes_and_level_changes() {
    let (logger, captured) = logger_with("info");
    let pool = logger.named("db").with(fields!(size = 3)).named("pool");
    let _entered = pool.enter();
    pool.set_directives("off,db=trace".parse().unwrap());
    trace!("found");
    info!(logger: logger, "not found");
    let record = captured.only();
    assert_eq!((record.target(), record.number("size")), ("db.pool", 3.0));
}

#[test]
fn an_endless_name_is_cut_and_heads_never_carry_a_name_over() {
    let memory = Memory::new();
    let logger = Logger::builder().output(Output::new(Json::new(), memory.clone())).build().unwrap();
    let endless = logger.named(&"é".repeat(5_000));
    for logger in [&logger, &endless, &logger, &logger.named("a\"b"), &logger] {
        info!(logger: logger, "here");
    }
    let targets: Vec<_> = memory
        .text()
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["target"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(targets.len(), 5);
    assert_eq!((&*targets[0], &*targets[2], &*targets[3], &*targets[4]), ("named", "named", "a\"b", "named"));
    assert!(targets[1].len() <= 1024 && targets[1].starts_with("éé"));
}

#[test]
fn a_hook_is_asked_by_the_name_too() {
    let hook = Hook::enrich(|draft| {
        draft.add("seen", true);
    })
    .directives("off,db=info".parse().unwrap());
    let (logger, captured) = Logger::capture_with(|builder| builder.hook(hook));
    info!(logger: logger.named("db").named("pool"), "one");
    info!(logger: logger.named("dbx"), "two");
    assert!(captured.only_saying("one").has("seen"));
    assert!(!captured.only_saying("two").has("seen"));
    assert_eq!(captured.only_saying("one").level(), Level::INFO);
}
