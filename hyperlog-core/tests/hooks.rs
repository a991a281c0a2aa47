//! Hooks by behaviour: their order, what they may change, and that none harms a record.

use hyperlog_core::{
    Captured, Draft, Encode, Hook, Identity, Json, Level, Logfmt, Logger, Memory, Output, Record, Schema, debug, error,
    fatal, fields, info, warn,
};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

fn enrich(act: impl Fn(&mut Draft<'_>) + Send + Sync + 'static) -> Hook {
    Hook::enrich(act)
}

fn adds(name: &'static str, value: u64) -> Hook {
    enrich(move |draft| {
        draft.add(name, value);
    })
}

fn hooked(hooks: impl IntoIterator<Item = Hook>) -> (Logger, Captured) {
    Logger::capture_with(|builder| hooks.into_iter().fold(builder, |builder, hook| builder.hook(hook)))
}

#[track_caller]
fn assert_conserved(logger: &Logger) {
    assert!(logger.health().iter().all(|output| output.is_conserved()), "{:?}", logger.health());
}

#[test]
fn hooks_run_in_the_order_in_which_they_were_added_each_on_what_the_one_before_left() {
    let order = Arc::new(Mutex::new(Vec::new()));
    let noting = |name: &'static str| {
        let order = Arc::clone(&order);
        enrich(move |draft| {
            order.lock().unwrap().push(name);
            draft.add("last", name);
            let level = if draft.level() == Level::INFO { Level::WARN } else { Level::ERROR };
            draft.set_level(level);
        })
    };
    let (logger, captured) = hooked([noting("one"), noting("two")]);
    let handle = logger.add_hook(noting("three"));
    info!(logger: logger, last = "call", "m");
    assert_eq!(*order.lock().unwrap(), ["one", "two", "three"]);
    let record = captured.only();
    assert_eq!((record.level(), record.text("last"), record.fields().len()), (Level::ERROR, "three", 1));
    handle.remove();
    order.lock().unwrap().clear();
    info!(logger: logger.with(fields!(a = 1)), "m");
    assert_eq!(*order.lock().unwrap(), ["one", "two"]);
    assert_conserved(&logger);
}

#[test]
fn a_handle_that_is_dropped_leaves_the_hook_in_place() {
    let (logger, captured) = hooked([]);
    drop(logger.add_hook(adds("a", 1)));
    info!(logger: logger, "m");
    assert_eq!(captured.only().number("a"), 1.0);
}

#[test]
fn a_hook_runs_for_its_levels_and_targets_alone() {
    #[track_caller]
    fn check(hook: Hook, expected: [bool; 3]) {
        let (logger, captured) = hooked([hook]);
        info!(logger: logger, target: "shop::cart", "m");
        error!(logger: logger, target: "shop::cart", "m");
        error!(logger: logger, target: "other", "m");
        let seen: Vec<_> = captured.records().iter().map(|record| record.has("seen")).collect();
        assert_eq!(seen, expected);
    }
    check(adds("seen", 1), [true, true, true]);
    check(adds("seen", 1).level(Level::ERROR), [false, true, true]);
    check(adds("seen", 1).directives("off,shop=info".parse().unwrap()), [true, true, false]);
    check(adds("seen", 1).directives("error,shop=off".parse().unwrap()), [false, false, true]);
}

#[test]
fn what_a_hook_adds_counts_more_than_the_call_and_what_is_bound() {
    let memory = Memory::new();
    let output = Output::new(Json::new(), memory.clone());
    let (logger, captured) =
        Logger::capture_with(|builder| builder.output(output).hook(adds("a", 9)).hook(adds("level", 9)));
    info!(logger: logger.with(fields!(a = 1, b = 1)), a = 2, c = 2, "m");
    let record = captured.only();
    assert_eq!(["a", "b", "c", "level"].map(|key| record.number(key)), [9.0, 1.0, 2.0, 9.0]);
    let line: serde_json::Value = serde_json::from_str(&memory.text()).unwrap();
    assert_eq!((&line["a"], &line["field.level"], &line["level"]), (&9.into(), &9.into(), &"INFO".into()));
    assert_eq!(memory.text().matches("\"a\":").count(), 1);
}

#[test]
fn what_a_hook_adds_or_says_is_redacted_and_limited_like_everything_else() {
    let memory = Memory::new();
    let output = Output::new(Json::new(), memory.clone());
    let hook = enrich(|draft| {
        draft.add("password", "hunter2").add("note", "Bearer abcdefghijklmnop0123456789ABCDEF");
        draft.add("long", "x".repeat(100_000));
        draft.set_message(format!("{} Bearer abcdefghijklmnop0123456789ABCDEF", draft.record().message()));
    });
    let (logger, captured) = Logger::capture_with(|builder| builder.output(output).hook(hook));
    info!(logger: logger, "said");
    let record = captured.only();
    assert_eq!(record.text("password"), "[REDACTED]");
    assert!(record.message().starts_with("said "));
    assert!(record.text("long").ends_with("…[cut, 100000 bytes]"));
    assert!(
        !memory.text().contains("hunter2") && !memory.text().contains("abcdefgh") && memory.text().contains("said")
    );
}

#[test]
fn a_hook_sees_a_record_redacted() {
    let seen = Arc::new(Mutex::new(String::new()));
    let all = |record: &hyperlog_core::Record<'_>| {
        let mut text = format!("{} {} {}", record.level(), record.target(), record.message());
        record.for_each_field(|key, value| {
            text += &format!(
                " {}={}",
                key.name(),
                match value {
                    hyperlog_core::Value::Str(text) => text.to_owned(),
                    other => format!("{other:?}"),
                }
            )
        });
        text
    };
    let (before, after) = (Arc::clone(&seen), Arc::clone(&seen));
    let hooks = [
        enrich(move |draft| before.lock().unwrap().push_str(&all(draft.record()))),
        Hook::observe(move |record| after.lock().unwrap().push_str(&format!("|{}", all(record)))),
    ];
    let (logger, _) = hooked(hooks);
    info!(logger: logger.with(fields!(password = "hunter2")), a = 1, secret = "hunter2", "Bearer {}", "abcdefghijklmnop0123456789ABCDEF");
    let seen = seen.lock().unwrap();
    assert!(!seen.contains("hunter2") && !seen.contains("abcdefgh"), "{seen}");
    assert_eq!(seen.matches("a=1").count(), 2);
}

#[test]
fn a_changed_level_is_asked_for_again() {
    #[track_caller]
    fn check(to: Level, all: usize, failures: usize) {
        let (memory, of_failures) = (Memory::new(), Memory::new());
        let hook = enrich(move |draft| {
            draft.set_level(to);
        });
        let observed = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&observed);
        let logger = Logger::builder()
            .output(Output::new(Json::new(), memory.clone()))
            .output(Output::new(Json::new(), of_failures.clone()).level(Level::ERROR))
            .hook(hook)
            .hook(Hook::observe(move |record| {
                count.fetch_add(1, Ordering::Relaxed);
                assert!(record.level() >= Level::INFO);
            }))
            .build()
            .unwrap();
        warn!(logger: logger, "m");
        assert_eq!((memory.len(), of_failures.len(), observed.load(Ordering::Relaxed)), (all, failures, all), "{to}");
        if all > 0 {
            assert!(memory.text().contains(&format!("\"level\":\"{to}\"")), "{}", memory.text());
        }
        assert_conserved(&logger);
    }
    check(Level::WARN, 1, 0);
    check(Level::ERROR, 1, 1);
    check(Level::INFO, 1, 0);
    check(Level::DEBUG, 0, 0);
}

#[test]
fn an_observer_sees_the_record_as_it_was_written() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let keep = Arc::clone(&seen);
    let observe = Hook::observe(move |record| {
        let mut fields = 0;
        record.for_each_field(|_, _| fields += 1);
        keep.lock().unwrap().push((record.message().to_owned(), record.level(), fields));
    });
    let change = enrich(|draft| {
        draft.add("a", 1).set_level(Level::ERROR).set_message("changed");
    });
    let (logger, _) = hooked([observe, change]);
    info!(logger: logger.with(fields!(b = 1)), c = 1, "m");
    assert_eq!(*seen.lock().unwrap(), [("changed".to_owned(), Level::ERROR, 3)]);
}

/// The record as a hook writes it that has an encoder of its own.
fn written_by_hook(record: &Record<'_>) -> serde_json::Value {
    let mut line = Vec::new();
    Json::with_schema(Schema::ECS).encode(record, &mut line);
    serde_json::from_slice(&line).unwrap()
}

#[test]
fn a_hook_may_encode_a_record_in_a_form_that_no_output_has() {
    for builder in [
        Logger::builder().output(Output::new(Logfmt::new(), Memory::new())),
        Logger::builder()
            .output(Output::new(Json::with_schema(Schema::OPEN_TELEMETRY), Memory::new()))
            .output(Output::new(Json::new(), Memory::new())),
    ] {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (by_enriching, by_observing) = (Arc::clone(&seen), Arc::clone(&seen));
        let logger = builder
            .identity(Identity::new().service("shop"))
            .hook(enrich(move |draft| by_enriching.lock().unwrap().push(written_by_hook(draft.record()))))
            .hook(Hook::observe(move |record| by_observing.lock().unwrap().push(written_by_hook(record))))
            .build()
            .unwrap();
        let logger = logger.with(fields!(queue = "orders"));
        for _ in 0..2 {
            info!(logger: logger, item = 42, "added");
        }
        let seen = seen.lock().unwrap();
        assert_eq!(seen.len(), 4);
        for line in seen.iter() {
            let texts = ["log.level", "service.name", "queue"].map(|key| &line[key]);
            assert_eq!(texts, ["info", "shop", "orders"], "{line}");
            assert_eq!(line["item"], 42);
        }
    }
}

#[test]
fn what_a_hook_encodes_leaves_nothing_behind_for_the_outputs() {
    let memory = Memory::new();
    let logger = Logger::builder().output(Output::new(Json::new(), memory.clone())).build().unwrap();
    let handle = logger.add_hook(enrich(|draft| drop(written_by_hook(draft.record()))));
    let say = || info!(logger: logger, "m");
    say();
    handle.remove();
    say();
    for line in memory.text().lines() {
        assert_eq!(serde_json::from_str::<serde_json::Value>(line).unwrap()["level"], "INFO", "{line}");
    }
    assert_eq!(memory.len(), 2);
}

#[test]
fn a_hook_that_panics_is_counted_and_costs_its_own_work_alone() {
    let hooks = [
        adds("before", 1),
        enrich(|draft| {
            draft.add("half", 1).set_message("half").set_level(Level::ERROR);
            panic!("in a hook")
        }),
        adds("behind", 1),
        Hook::observe(|_| panic!("in an observer")),
    ];
    let (logger, captured) = hooked(hooks.clone());
    for _ in 0..3 {
        info!(logger: logger, "m");
    }
    assert_eq!(captured.len(), 3);
    assert!(captured.records().iter().all(|record| record.has("before") && record.has("behind")));
    for record in captured.records() {
        assert_eq!((record.message(), record.level(), record.has("half")), ("m", Level::INFO, false));
    }
    assert_eq!(hooks.map(|hook| hook.panics()), [0, 3, 0, 3]);
    assert_conserved(&logger);
}

#[test]
fn a_hook_that_logs_meets_no_hooks_on_its_way() {
    let holder: Arc<Mutex<Option<Logger>>> = Arc::default();
    let (enriching, observing) = (Arc::clone(&holder), Arc::clone(&holder));
    let say = |holder: &Mutex<Option<Logger>>, what: &str| {
        let logger = holder.lock().unwrap().clone().unwrap();
        info!(logger: logger, "{what}");
    };
    let hooks = [
        enrich(move |draft| {
            say(&enriching, "from enriching");
            draft.add("a", 1);
        }),
        Hook::observe(move |_| say(&observing, "from observing")),
    ];
    let (logger, captured) = hooked(hooks);
    *holder.lock().unwrap() = Some(logger.clone());
    info!(logger: logger, "m");
    info!(logger: logger, "m");
    let said: Vec<_> = captured.records().iter().map(|record| (record.message().to_owned(), record.has("a"))).collect();
    let round = [("from enriching".to_owned(), false), ("m".to_owned(), true), ("from observing".to_owned(), false)];
    assert_eq!(said, [&round[..], &round[..]].concat());
    assert_conserved(&logger);
    *holder.lock().unwrap() = None;
}

#[test]
fn what_a_hook_holds_may_log_when_the_hook_is_removed() {
    struct Holder(Logger);
    impl Drop for Holder {
        fn drop(&mut self) {
            info!(logger: self.0, "dropped");
        }
    }
    let (logger, captured) = hooked([]);
    let holder = Holder(logger.clone());
    let handle = logger.add_hook(Hook::observe(move |_| assert!(holder.0.is_enabled(Level::INFO, "any"))));
    handle.remove();
    // The thread may still keep what it used last.
    info!(logger: logger, "m");
    assert_eq!(captured.only_saying("m").message(), "m");
    assert_eq!(captured.only_saying("dropped").message(), "dropped");
}

#[test]
fn hooks_come_and_go_while_others_log() {
    let (logger, captured) = hooked([adds("always", 1)]);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..500).for_each(|_| info!(logger: logger, "m")));
        }
        for _ in 0..200 {
            logger.add_hook(adds("sometimes", 1)).remove();
        }
    });
    assert_eq!(captured.len(), 2_000);
    assert!(captured.records().iter().all(|record| record.has("always")));
    assert_conserved(&logger);
    captured.clear();
    info!(logger: logger, "m");
    assert!(!captured.only().has("sometimes"));
}

#[test]
fn below_the_level_no_hook_runs_and_a_silenced_fatal_record_is_fatal_all_the_same() {
    let count = Arc::new(AtomicUsize::new(0));
    let counting = Arc::clone(&count);
    let silence = enrich(move |draft| {
        counting.fetch_add(1, Ordering::Relaxed);
        draft.set_level(Level::TRACE);
    });
    let said = Arc::new(AtomicUsize::new(0));
    let saying = Arc::clone(&said);
    let last_words = hyperlog_core::Fatal::new().once(move || {
        saying.fetch_add(1, Ordering::Relaxed);
    });
    let (logger, captured) = Logger::capture_with(|builder| builder.hook(silence).fatal(last_words).level(Level::INFO));
    debug!(logger: logger, "m");
    assert_eq!(count.load(Ordering::Relaxed), 0);
    fatal!(logger: logger, "m");
    assert_eq!((count.load(Ordering::Relaxed), captured.len(), said.load(Ordering::Relaxed)), (1, 0, 1));
    assert!(format!("{:?}", adds("a", 1).level(Level::WARN)).contains("enrich(warn)"));
}
