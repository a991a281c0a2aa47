//! Code of the user's that logs, or panics, in the midst of a record: in a `Display`, a sink, an encoder, a hook, a
//! destructor. Nothing deadlocks, nothing recurses without end, and a record that is lost is one record and is counted.

use hyperlog_core::{
    DropReason, Encode, FieldSet, Hook, Json, Level, Line, Logger, Memory, Null, Output, Partition, Record, Scope,
    Sink, ToValue, Tree, TreeVisitor, Value, Written, error, fields, info,
};
use std::fmt::{self, Debug, Display};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::ThreadId;

/// Says nothing of the panics that are meant to be: their messages begin with `in `.
fn quietly() {
    static ONCE: OnceLock<()> = OnceLock::new();
    ONCE.get_or_init(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !panic.payload().downcast_ref::<&str>().is_some_and(|message| message.starts_with("in ")) {
                usual(panic);
            }
        }));
    });
}

#[track_caller]
fn assert_conserved(logger: &Logger) {
    for health in logger.health() {
        assert!(health.is_conserved(), "{health:?}");
    }
}

/// How many records the first output lost because something panicked.
fn panicked(logger: &Logger) -> u64 {
    let health = logger.health();
    let of_first = health[0].dropped.iter().find(|(reason, _)| *reason == DropReason::Panicked);
    of_first.map_or(0, |(_, counts)| counts.total())
}

/// Logs whenever it is shown.
struct Logs(Logger);

impl Display for Logs {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        info!(logger: self.0, inner = 1, "from Display");
        formatter.write_str("shown")
    }
}

impl Debug for Logs {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        info!(logger: self.0, "from {}", "Debug");
        formatter.write_str("debugged")
    }
}

impl ToValue for Logs {
    fn to_value(&self) -> Value<'_> {
        info!(logger: self.0, "from ToValue");
        Value::Tree(self)
    }
}

impl Tree for Logs {
    fn walk(&self, visitor: &mut dyn TreeVisitor) {
        info!(logger: self.0, tree = %self, "from Tree");
        visitor.begin_list();
        visitor.value(Value::Display(self));
        visitor.end();
    }
}

#[test]
fn values_may_log() {
    let (logger, captured) = Logger::capture();
    let logs = Logs(logger.clone());
    info!(logger: logger, a = %logs, b = ?logs, c = logs, "{logs} {:?} {named}", logs, named = logs);
    assert_conserved(&logger);
    let outer: Vec<_> = captured.records().into_iter().filter(|record| !record.message().starts_with("from")).collect();
    assert_eq!(outer.len(), 1);
    assert_eq!(outer[0].message(), "shown debugged shown");
    assert_eq!((outer[0].text("a"), outer[0].text("b")), ("shown", "debugged"));
    let bound = logger.with(fields!(a = %logs, c = logs));
    let scope = Scope::new(bound);
    info!(logger: scope.logger(), "bound");
    assert_eq!(captured.only_saying("bound").text("a"), "shown");
    logger.log(Level::INFO, "set", &FieldSet::new().with("c", &logs));
    assert!(captured.only_saying("set").has("c"));
    assert_conserved(&logger);
}

#[test]
fn values_may_log_to_the_current_logger() {
    struct Current;
    impl Display for Current {
        fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            info!("from Display");
            formatter.write_str("shown")
        }
    }
    let (logger, captured) = Logger::capture();
    let _entered = logger.enter();
    info!(value = %Current, "{}", Current);
    assert_eq!(captured.only_saying("shown").text("value"), "shown");
    assert_conserved(&logger);
}

/// Panics in whatever way it is used.
struct Panics;

impl Display for Panics {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("in Display")
    }
}

impl Debug for Panics {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("in Debug")
    }
}

impl std::error::Error for Panics {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&Panics)
    }
}

#[test]
fn a_text_that_panics_is_marked() {
    quietly();
    let (logger, captured) = Logger::capture();
    let error: &(dyn std::error::Error + 'static) = &Panics;
    info!(logger: logger, a = %Panics, b = ?Panics, error, "{}", Panics);
    let record = captured.only();
    let mark = "[its formatting panicked]";
    assert_eq!((record.message(), record.text("a"), record.text("b"), record.text("error")), (mark, mark, mark, mark));
    assert_conserved(&logger);
}

/// Does as it is told with each line.
struct Acts(Box<dyn Fn(&Line<'_>) + Send + Sync>);

impl Sink for Acts {
    fn write(&self, line: &Line<'_>) -> Written {
        (self.0)(line);
        Written::Done
    }
}

#[test]
fn a_sink_may_log_to_another_logger() {
    let (other, captured) = Logger::capture();
    let sink = Acts(Box::new(move |line| info!(logger: other, bytes = line.bytes.len(), "written")));
    let logger = Logger::builder().output(Output::new(Json::new(), sink)).build().unwrap();
    info!(logger: logger, "first");
    info!(logger: logger, "second");
    assert_eq!(captured.len(), 2);
    assert_conserved(&logger);
}

#[test]
fn a_sink_that_panics_loses_that_record_and_no_other() {
    quietly();
    let memory = Memory::new();
    let sink = Acts(Box::new(|line| {
        if line.level == Level::ERROR {
            panic!("in a sink")
        }
    }));
    let logger = Logger::builder()
        .output(Output::new(Json::new(), sink))
        .output(Output::new(Json::new(), memory.clone()))
        .build()
        .unwrap();
    info!(logger: logger, "first");
    error!(logger: logger, "second");
    info!(logger: logger, "third");
    assert_eq!((panicked(&logger), memory.len()), (1, 3));
    assert_eq!(logger.health()[0].written.total(), 2);
    assert_conserved(&logger);
}

/// Panics over errors.
#[derive(Default)]
struct Squeamish {
    calls: AtomicUsize,
}

impl Encode for Squeamish {
    fn encode(&self, record: &Record<'_>, out: &mut Vec<u8>) -> Partition {
        self.calls.fetch_add(1, Ordering::Relaxed);
        out.extend_from_slice(b"half a line");
        if record.level() == Level::ERROR {
            panic!("in an encoder");
        }
        out.push(b'\n');
        Partition::NONE
    }
}

#[test]
fn an_encoder_that_panics_loses_that_record_and_no_other() {
    quietly();
    let (memory, other) = (Memory::new(), Memory::new());
    let logger = Logger::builder()
        .output(Output::new(Squeamish::default(), memory.clone()))
        .output(Output::new(Json::new(), other.clone()))
        .build()
        .unwrap();
    info!(logger: logger, "first");
    error!(logger: logger, "second");
    info!(logger: logger, "third");
    assert_eq!((panicked(&logger), memory.text().as_str(), other.len()), (1, "half a line\nhalf a line\n", 3));
    assert_conserved(&logger);
}

#[test]
fn a_hook_may_log_and_panic() {
    quietly();
    let (other, of_other) = Logger::capture();
    let logs = other.clone();
    let (logger, captured) = Logger::capture_with(|builder| {
        builder
            .hook(Hook::enrich(move |draft| {
                info!(logger: logs, "from a hook");
                draft.add("enriched", true);
            }))
            .hook(Hook::enrich(|_| panic!("in a hook")))
            .hook(Hook::observe(|_| panic!("in a hook")))
    });
    info!(logger: logger, "hooked");
    assert!(captured.only().has("enriched"));
    assert_eq!(of_other.len(), 1);
    assert_conserved(&logger);
}

#[test]
fn a_panic_hook_may_log() {
    let (logger, captured) = Logger::capture();
    let of_hook = logger.clone();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // What the hook of the process would do, without being one: other tests have theirs.
            struct OnPanic(Logger);
            impl Drop for OnPanic {
                fn drop(&mut self) {
                    error!(logger: self.0, panicking = std::thread::panicking(), "unwinding");
                }
            }
            let unwound = catch_unwind(AssertUnwindSafe(|| {
                let _on_panic = OnPanic(of_hook.clone());
                std::panic::resume_unwind(Box::new("unwinds"));
            }));
            assert!(unwound.is_err());
        });
    });
    assert_eq!(
        captured.only_saying("unwinding").get("panicking").map(|value| format!("{value:?}")),
        Some("Bool(true)".into())
    );
    assert_conserved(&logger);
}

#[test]
fn a_thread_may_log_while_it_ends() {
    struct AtTheEnd(Logger);
    impl Drop for AtTheEnd {
        fn drop(&mut self) {
            info!(logger: self.0, answer = 42, "ending {}", 1);
            info!(logger: self.0.named("end"), text = %format_args!("formatted"), "ending {}", 2);
            // There may be nothing left to enter it into.
            drop(self.0.enter());
            drop(self.0.with(fields!(bound = true)));
        }
    }
    thread_local! {
        static BEFORE: std::cell::RefCell<Option<AtTheEnd>> = const { std::cell::RefCell::new(None) };
        static BEHIND: std::cell::RefCell<Option<AtTheEnd>> = const { std::cell::RefCell::new(None) };
    }
    let (logger, captured) = Logger::capture();
    let of_thread = logger.clone();
    std::thread::spawn(move || {
        BEFORE.set(Some(AtTheEnd(of_thread.clone())));
        info!(logger: of_thread, "begun");
        BEHIND.set(Some(AtTheEnd(of_thread.clone())));
    })
    .join()
    .unwrap();
    assert_eq!(captured.len(), 5);
    assert_conserved(&logger);
}

#[test]
fn a_listener_may_log_and_panic() {
    quietly();
    let (logger, captured) = Logger::capture();
    let of_listener = logger.clone();
    logger.on_level_change(|_| panic!("in a listener"));
    logger.on_level_change(move |_| info!(logger: of_listener, "levels changed"));
    logger.set_level(Level::DEBUG);
    assert_eq!(captured.len(), 1);
    assert_conserved(&logger);
}

#[test]
fn loggers_come_and_go_while_others_log() {
    let (logger, captured) = Logger::capture();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..200).for_each(|index| info!(logger: logger, index, "logged")));
        }
        scope.spawn(|| {
            for level in [Level::INFO, Level::DEBUG].repeat(100) {
                let short = Logger::builder().level(level).output(Output::new(Json::new(), Null)).build().unwrap();
                info!(logger: short, "short");
            }
        });
    });
    assert_eq!(captured.len(), 800);
    assert_conserved(&logger);
}

/// Runs something that must come to its end, on a thread that is left alone if it does not.
#[track_caller]
fn ends(work: impl FnOnce() + Send + 'static) {
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let _ = sender.send(catch_unwind(AssertUnwindSafe(work)).is_ok());
    });
    match receiver.recv_timeout(std::time::Duration::from_secs(20)) {
        Ok(is_well) => assert!(is_well, "it panicked"),
        Err(_) => panic!("it waits for itself"),
    }
}

#[test]
fn a_value_that_logs_may_be_bound_to_the_current_scope() {
    struct Current;
    impl Display for Current {
        fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            info!("from Display");
            formatter.write_str("shown")
        }
    }
    ends(|| {
        let (logger, captured) = Logger::capture();
        let scope = Scope::new(logger);
        let _entered = scope.enter();
        scope.bind(fields!(value = %Current));
        info!("bound");
        assert_eq!(captured.only_saying("bound").text("value"), "shown");
    });
}

/// A tree that panics half way.
struct HalfATree;

impl Tree for HalfATree {
    fn walk(&self, visitor: &mut dyn TreeVisitor) {
        visitor.begin_map();
        visitor.key("first");
        visitor.value(Value::U64(1));
        panic!("in a tree")
    }
}

impl ToValue for HalfATree {
    fn to_value(&self) -> Value<'_> {
        Value::Tree(self)
    }
}

#[test]
fn a_tree_that_panics_costs_its_own_place_and_no_more() {
    quietly();
    let (logger, captured) = Logger::capture();
    info!(logger: logger, tree = HalfATree, other = 1, "logged");
    assert_eq!(captured.only().number("other"), 1.0);
}

#[test]
fn a_tree_that_panics_does_not_reach_whoever_binds_it() {
    quietly();
    ends(|| {
        let (logger, captured) = Logger::capture();
        let logger = logger.with(fields!(tree = HalfATree, other = 1));
        info!(logger: logger, "logged");
        assert_eq!(captured.only().number("other"), 1.0);
    });
}

#[test]
fn a_tree_that_panics_does_not_reach_the_caller_where_hooks_add_fields() {
    quietly();
    ends(|| {
        let (logger, _) = Logger::capture_with(|builder| {
            builder.hook(Hook::enrich(|draft| {
                draft.add("more", 1);
            }))
        });
        info!(logger: logger, tree = HalfATree, "logged");
        assert_conserved(&logger);
    });
}

#[test]
fn an_encoder_that_panics_over_bound_fields_does_not_reach_whoever_binds_them() {
    struct Unbound;
    impl Encode for Unbound {
        fn encode(&self, _: &Record<'_>, out: &mut Vec<u8>) -> Partition {
            out.push(b'\n');
            Partition::NONE
        }
        fn encode_bound(&self, _: &mut hyperlog_core::FieldCursor<'_>, _: &mut Vec<u8>) -> bool {
            panic!("in encode_bound")
        }
    }
    quietly();
    ends(|| {
        let memory = Memory::new();
        let logger = Logger::builder().output(Output::new(Unbound, memory.clone())).build().unwrap();
        info!(logger: logger.with(fields!(a = 1)), "logged");
        assert_eq!(memory.len(), 1);
    });
}

#[test]
fn a_sink_that_panics_over_its_condition_does_not_reach_whoever_asks() {
    struct Nameless;
    impl Sink for Nameless {
        fn write(&self, _: &Line<'_>) -> Written {
            Written::Done
        }
        fn condition(&self) -> hyperlog_core::Condition {
            panic!("in condition")
        }
        fn surface(&self) -> hyperlog_core::Surface {
            panic!("in surface")
        }
    }
    quietly();
    ends(|| {
        let logger = Logger::builder().output(Output::new(Json::new(), Nameless)).build().unwrap();
        info!(logger: logger, "logged");
        assert_eq!(logger.health()[0].written.total(), 1);
    });
}

#[test]
fn a_sink_may_log_when_it_is_dropped() {
    struct Farewell(Logger);
    impl Sink for Farewell {
        fn write(&self, _: &Line<'_>) -> Written {
            Written::Done
        }
    }
    impl Drop for Farewell {
        fn drop(&mut self) {
            info!(logger: self.0, "farewell");
        }
    }
    ends(|| {
        let (other, captured) = Logger::capture();
        let sink = Farewell(other);
        let logger = Logger::builder().output(Output::new(Json::new(), sink)).build().unwrap();
        info!(logger: logger, "logged");
        drop(logger);
        // The thread keeps what it used last for a while.
        let others: Vec<Logger> = (0..2).map(|_| Logger::capture().0).collect();
        others.iter().for_each(|other| info!(logger: other, "logged"));
        assert_eq!(captured.only().message(), "farewell");
    });
}

#[test]
fn a_sink_may_change_levels_when_it_is_dropped_by_a_thread_that_does() {
    /// Does so only where it was not made, so that the two threads do not keep step by the lock that this is about.
    struct Farewell(Logger, ThreadId);
    impl Sink for Farewell {
        fn write(&self, _: &Line<'_>) -> Written {
            Written::Done
        }
    }
    impl Drop for Farewell {
        fn drop(&mut self) {
            if std::thread::current().id() != self.1 {
                self.0.set_level(Level::WARN);
            }
        }
    }
    ends(|| {
        let (changed, _) = Logger::capture();
        info!(logger: changed, "a call site to be told");
        let of_other = changed.clone();
        std::thread::scope(|scope| {
            let other = scope.spawn(move || {
                for _ in 0..8 {
                    let farewell = || Farewell(of_other.clone(), std::thread::current().id());
                    let output = |_| Output::new(Json::new(), farewell());
                    let many: Vec<Logger> =
                        (0..300).map(output).map(|output| Logger::builder().output(output).build().unwrap()).collect();
                    drop(many);
                }
            });
            while !other.is_finished() {
                changed.set_level(Level::INFO);
            }
        });
    });
}

/// A logger that is known later: a sink's or an encoder's own.
type Later = Arc<OnceLock<Logger>>;

/// In a process of its own, since a stack that overflows takes the process with it.
#[track_caller]
fn in_a_child(name: &str, work: impl FnOnce()) {
    const ROLE: &str = "HYPERLOG_REENTRANCY_ROLE";
    if std::env::var(ROLE).is_ok_and(|role| role == name) {
        return work();
    }
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    let output = command.args(["--exact", name, "--nocapture"]).env(ROLE, name).output().unwrap();
    assert!(output.status.success(), "{}: {}", output.status, String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_sink_that_logs_to_its_own_logger_ends() {
    in_a_child("a_sink_that_logs_to_its_own_logger_ends", || {
        let own: Later = Arc::default();
        let of_sink = Arc::clone(&own);
        let sink = Acts(Box::new(move |_| info!(logger: of_sink.get().unwrap(), "written")));
        let logger = Logger::builder().output(Output::new(Json::new(), sink)).build().unwrap();
        own.get_or_init(|| logger.clone());
        info!(logger: logger, "begun");
        assert_conserved(&logger);
    });
}

#[test]
fn an_encoder_that_logs_to_its_own_logger_ends() {
    struct Talkative(Later);
    impl Encode for Talkative {
        fn encode(&self, _: &Record<'_>, out: &mut Vec<u8>) -> Partition {
            info!(logger: self.0.get().unwrap(), "encoding");
            out.push(b'\n');
            Partition::NONE
        }
    }
    in_a_child("an_encoder_that_logs_to_its_own_logger_ends", || {
        let own: Later = Arc::default();
        let output = Output::new(Talkative(Arc::clone(&own)), Null);
        let logger = Logger::builder().output(output).build().unwrap();
        own.get_or_init(|| logger.clone());
        info!(logger: logger, "begun");
        assert_conserved(&logger);
    });
}

#[test]
fn a_hook_that_logs_to_its_own_logger_ends() {
    in_a_child("a_hook_that_logs_to_its_own_logger_ends", || {
        let own: Later = Arc::default();
        let of_hook = Arc::clone(&own);
        let hook = Hook::observe(move |_| info!(logger: of_hook.get().unwrap(), "observed"));
        let logger = Logger::builder().hook(hook).output(Output::new(Json::new(), Null)).build().unwrap();
        own.get_or_init(|| logger.clone());
        info!(logger: logger, "begun");
        assert_conserved(&logger);
    });
}

#[test]
fn a_value_that_logs_itself_ends() {
    struct Mirror(Logger);
    impl Display for Mirror {
        fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            info!(logger: self.0, mirror = %self, "mirrored");
            formatter.write_str("shown")
        }
    }
    in_a_child("a_value_that_logs_itself_ends", || {
        let logger = Logger::builder().output(Output::new(Json::new(), Null)).build().unwrap();
        info!(logger: logger, mirror = %Mirror(logger.clone()), "begun");
        assert_conserved(&logger);
    });
}
