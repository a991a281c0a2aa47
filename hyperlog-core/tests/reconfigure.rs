//! A logger that is set up anew while others log with it.

use hyperlog_core::{
    Account, DropReason, Encode, Hook, Json, Lane, Level, LevelChangeCause, Line, Logfmt, Logger, Memory, Output,
    OutputHealth, Partition, Record, Recording, Redaction, Sampling, SamplingMethod, SamplingRule, Sink, SinkError,
    Written, debug, fields, info,
};
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Barrier, Mutex, RwLock};
use std::time::Duration;

/// Takes nothing more once it is closed, as a queue and a file do.
#[derive(Clone, Default)]
struct Room {
    memory: Memory,
    is_closed: Arc<RwLock<bool>>,
}

impl Sink for Room {
    fn begin(&self, preamble: &[u8]) {
        self.memory.begin(preamble);
    }
    fn write(&self, line: &Line<'_>) -> Written {
        match *self.is_closed.read().unwrap() {
            true => Written::Closed,
            false => self.memory.write(line),
        }
    }
    fn close(&self, _: Duration) -> Result<(), SinkError> {
        *self.is_closed.write().unwrap() = true;
        Ok(())
    }
}

impl Room {
    fn output(&self, name: &str) -> Output {
        Output::new(Json::new(), self.clone()).name(name)
    }

    fn messages(&self) -> Vec<String> {
        let text = self.memory.text();
        let lines = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        lines.map(|record| record["message"].as_str().unwrap().to_owned()).collect()
    }
}

const SECONDS: Duration = Duration::from_secs(10);

fn logger_to(rooms: &[(&Room, &str)]) -> Logger {
    let outputs = rooms.iter().map(|(room, name)| room.output(name));
    outputs.fold(Logger::builder(), |builder, output| builder.output(output)).build().unwrap()
}

fn rooms<const N: usize>() -> [Room; N] {
    std::array::from_fn(|_| Room::default())
}

fn health_of(logger: &Logger, name: &str) -> OutputHealth {
    let health = logger.health().into_iter().find(|output| output.name == name).unwrap();
    assert!(health.is_conserved(), "{health:?}");
    health
}

#[test]
fn outputs_are_kept_replaced_added_and_closed_and_accounts_go_on() {
    let [kept, first, second, gone, new] = rooms();
    let logger = logger_to(&[(&kept, "kept"), (&first, "replaced"), (&gone, "gone")]);
    info!(logger: logger, "one");
    let builder = Logger::builder().output(Output::kept("kept")).output(second.output("replaced"));
    let closed = logger.reconfigure(builder.output(new.output("new")), SECONDS).unwrap();
    info!(logger: logger, "two");

    assert_eq!(closed.iter().map(|output| &*output.name).collect::<Vec<_>>(), ["gone"]);
    assert_eq!(closed[0].written.total(), 1);
    assert_eq!(kept.messages(), ["one", "two"]);
    assert_eq!((first.messages(), second.messages()), (vec!["one".to_owned()], vec!["two".to_owned()]));
    assert_eq!((gone.messages(), new.messages()), (vec!["one".to_owned()], vec!["two".to_owned()]));
    assert_eq!(health_of(&logger, "kept").written.total(), 2);
    assert_eq!(health_of(&logger, "replaced").written.total(), 2);
    assert_eq!(health_of(&logger, "new").written.total(), 1);
    let is_closed = |room: &Room| *room.is_closed.read().unwrap();
    assert!(is_closed(&first) && is_closed(&gone) && !is_closed(&kept) && !is_closed(&second));
}

#[test]
fn a_kept_output_has_the_level_and_the_lane_that_are_said_now() {
    let [all, billing] = rooms();
    let logger = logger_to(&[(&all, "all"), (&billing, "billing")]);
    let builder = Logger::builder().output(Output::kept("all").level(Level::WARN));
    logger.reconfigure(builder.output(Output::kept("billing").lane(Lane::target("billing"))), SECONDS).unwrap();
    info!(logger: logger, "elsewhere");
    info!(logger: logger, target: "billing", "paid");
    assert_eq!((all.messages(), billing.messages()), (vec![], vec!["paid".to_owned()]));
}

#[test]
fn what_cannot_be_set_up_leaves_all_as_it_was() {
    let [before, never] = rooms();
    let logger = logger_to(&[(&before, "app")]);
    let never = || never.output("never");
    let nothing_sampled = Sampling::new().rule(SamplingRule::new(SamplingMethod::OneIn(0)));
    let many = (0..65).fold(Logger::builder(), |builder, _| builder.output(never()));
    let refused = [
        (
            Logger::builder().output(never()).output(Output::kept("ap")),
            "the output \"ap\" is to be kept, and there is none",
        ),
        (Logger::builder().output(never().lane(Lane::instead_of("nobody"))), "steps in for \"nobody\""),
        (Logger::builder().output(never()).sampling(nothing_sampled), "the sampling cannot be done"),
        (many, "a logger has at most 64 outputs"),
    ];
    for (builder, expected) in refused {
        let error = logger.reconfigure(builder.level(Level::ERROR), SECONDS).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
    info!(logger: logger, "still here");
    assert_eq!(before.messages(), ["still here"]);
    let error = Logger::builder().output(Output::kept("app")).build().unwrap_err();
    assert!(error.to_string().contains("there is none"), "{error}");
}

/// A value over which a record stops where it is already known which outputs it goes to.
struct Stops(Arc<Barrier>, AtomicBool);

impl Stops {
    fn new() -> (Stops, Arc<Barrier>) {
        let barrier = Arc::new(Barrier::new(2));
        (Stops(Arc::clone(&barrier), AtomicBool::new(false)), barrier)
    }
}

impl fmt::Display for Stops {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.1.swap(true, Ordering::AcqRel) {
            self.0.wait();
            self.0.wait();
        }
        formatter.write_str("stopped")
    }
}

/// Logs one record, which stops on its way until the logger has these outputs.
fn log_across(logger: &Logger, outputs: Vec<Output>) -> Vec<OutputHealth> {
    let (stops, barrier) = Stops::new();
    std::thread::scope(|scope| {
        scope.spawn(|| info!(logger: logger, how = %stops, "late"));
        barrier.wait();
        let builder = outputs.into_iter().fold(Logger::builder(), |builder, output| builder.output(output));
        let closed = logger.reconfigure(builder, SECONDS).unwrap();
        barrier.wait();
        closed
    })
}

#[test]
fn a_record_that_was_on_its_way_goes_to_the_outputs_of_now_once() {
    let late = vec!["late".to_owned()];
    let none: Vec<String> = Vec::new();

    // The same name.
    let [before, after] = rooms();
    let logger = logger_to(&[(&before, "app")]);
    log_across(&logger, vec![after.output("app")]);
    assert_eq!((before.messages(), after.messages()), (none.clone(), late.clone()));
    assert_eq!(health_of(&logger, "app").written.total(), 1);

    // Another name, beside one that is kept.
    let [kept, before, after] = rooms();
    let logger = logger_to(&[(&kept, "kept"), (&before, "old")]);
    let closed = log_across(&logger, vec![Output::kept("kept"), after.output("new")]);
    assert_eq!((kept.messages(), before.messages(), after.messages()), (late.clone(), none.clone(), late.clone()));
    assert_eq!((closed[0].accepted.total(), closed[0].dropped_total()), (0, 0));
    assert!(logger.health().iter().all(OutputHealth::is_conserved));

    // None in its place.
    let [kept, before] = rooms();
    let logger = logger_to(&[(&before, "old"), (&kept, "kept")]);
    let closed = log_across(&logger, vec![Output::kept("kept")]);
    assert_eq!((kept.messages(), before.messages()), (late.clone(), none.clone()));
    assert!(closed[0].is_conserved());

    // One that was there, and has it only by what is said now.
    let [before, spare, quiet] = rooms();
    let spare_output = spare.output("spare").lane(Lane::instead_of("old"));
    let builder = Logger::builder().output(before.output("old")).output(spare_output);
    let logger = builder.output(quiet.output("quiet").level(Level::ERROR)).build().unwrap();
    log_across(&logger, vec![Output::kept("spare"), Output::kept("quiet")]);
    assert_eq!((before.messages(), spare.messages(), quiet.messages()), (none.clone(), late.clone(), late.clone()));

    // Another form, several of a name, and who steps in.
    let [before, first, second] = rooms();
    let logfmt = Memory::new();
    let logger = logger_to(&[(&before, "app")]);
    let outputs = vec![
        Output::new(Logfmt::new(), logfmt.clone()).name("app"),
        first.output("added"),
        second.output("instead").lane(Lane::instead_of("app")),
    ];
    log_across(&logger, outputs);
    assert_eq!((first.messages(), second.messages()), (none.clone(), none));
    assert!(logfmt.text().contains("message=late") && logfmt.text().contains("how=stopped"), "{}", logfmt.text());
}

#[test]
fn a_record_for_which_nobody_is_left_is_counted_as_lost() {
    let [before, after] = rooms();
    let logger = logger_to(&[(&before, "app")]);
    // A logger that is closed for good has no heir.
    logger.reconfigure(Logger::builder().output(after.output("app")), SECONDS).unwrap();
    logger.close(SECONDS).unwrap();
    info!(logger: logger, "too late");
    let health = health_of(&logger, "app");
    let lost = health.dropped.iter().find(|(reason, _)| *reason == DropReason::Closed).unwrap().1;
    assert_eq!((lost.total(), health.accepted.total()), (1, 1));
}

#[test]
fn under_load_each_record_is_written_once_and_each_account_adds_up() {
    const THREADS: u64 = 4;
    let first = Room::default();
    let logger = logger_to(&[(&first, "app")]);
    let (rooms, is_over, logged) = (Mutex::new(vec![first]), AtomicBool::new(false), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (logger, is_over, logged) = (&logger, &is_over, &logged);
            scope.spawn(move || {
                let bound = logger.with(fields!(thread = thread));
                for number in 0.. {
                    if is_over.load(Ordering::Acquire) {
                        logged.fetch_add(number, Ordering::AcqRel);
                        return;
                    }
                    match number % 2 {
                        0 => info!(logger: bound, number = number, "record"),
                        _ => info!(logger: logger, number = number, thread = thread, "record"),
                    }
                }
            });
        }
        for _ in 0..1_000 {
            let room = Room::default();
            let output = room.output("app");
            logger.reconfigure(Logger::builder().output(output), SECONDS).unwrap();
            rooms.lock().unwrap().push(room);
        }
        is_over.store(true, Ordering::Release);
    });
    let mut seen: Vec<(u64, u64)> = Vec::new();
    for room in rooms.lock().unwrap().iter() {
        for line in room.memory.text().lines() {
            let record: serde_json::Value = serde_json::from_str(line).unwrap();
            seen.push((record["thread"].as_u64().unwrap(), record["number"].as_u64().unwrap()));
        }
    }
    let logged = logged.load(Ordering::Acquire);
    assert_eq!(seen.len() as u64, logged);
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len() as u64, logged);
    let health = health_of(&logger, "app");
    assert_eq!((health.accepted.total(), health.written.total(), health.dropped_total()), (logged, logged, 0));
}

/// Takes records and keeps them until it is closed.
#[derive(Default)]
struct Queue {
    waiting: AtomicU64,
    left: AtomicU64,
    is_stuck: bool,
}

impl Sink for Queue {
    fn write(&self, _: &Line<'_>) -> Written {
        self.waiting.fetch_add(1, Ordering::AcqRel);
        Written::Queued
    }
    fn close(&self, _: Duration) -> Result<(), SinkError> {
        if self.is_stuck {
            return Err(SinkError::deadline("empty the queue"));
        }
        self.left.fetch_add(self.waiting.swap(0, Ordering::AcqRel), Ordering::AcqRel);
        Ok(())
    }
    fn account(&self) -> Option<Account> {
        let mut account = Account::new();
        account.left.add(Level::INFO, self.left.load(Ordering::Acquire));
        account.pending.add(Level::INFO, self.waiting.load(Ordering::Acquire));
        Some(account)
    }
}

#[test]
fn a_queue_that_is_replaced_is_emptied_and_one_that_cannot_be_is_accounted_for() {
    let queue = |is_stuck| Output::new(Json::new(), Queue { is_stuck, ..Queue::default() }).name("queue");
    let logger = Logger::builder().output(queue(false)).build().unwrap();
    info!(logger: logger, "one");
    assert_eq!(health_of(&logger, "queue").pending.total(), 1);
    assert!(logger.reconfigure(Logger::builder().output(queue(true)), SECONDS).unwrap().is_empty());
    let health = health_of(&logger, "queue");
    assert_eq!((health.written.total(), health.pending.total()), (1, 0));
    info!(logger: logger, "two");
    logger.reconfigure(Logger::builder().output(queue(false)), SECONDS).unwrap();
    info!(logger: logger, "three");
    let health = health_of(&logger, "queue");
    assert_eq!((health.accepted.total(), health.written.total(), health.pending.total()), (3, 1, 2));
    // And then one that has no queue.
    let memory = Memory::new();
    let builder = Logger::builder().output(Output::new(Json::new(), memory.clone()).name("queue"));
    logger.reconfigure(builder, SECONDS).unwrap();
    info!(logger: logger, "four");
    let health = health_of(&logger, "queue");
    assert_eq!((health.accepted.total(), health.written.total(), health.pending.total()), (4, 3, 1));
}

#[test]
fn what_a_recorder_held_comes_out_where_the_logger_writes_now() {
    let [before, after] = rooms();
    let logger = logger_to(&[(&before, "app")]);
    let recording = Recording::new(&logger, Level::DEBUG);
    debug!(logger: recording.logger(), "held");
    logger.reconfigure(Logger::builder().output(after.output("app")), SECONDS).unwrap();
    recording.tell();
    assert_eq!((before.messages(), after.messages()), (vec![], vec!["held".to_owned()]));

    // In another form it cannot, and that is counted.
    let logfmt = Memory::new();
    let recording = Recording::new(&logger, Level::DEBUG);
    debug!(logger: recording.logger(), "held");
    let output = Output::new(Logfmt::new(), logfmt.clone()).name("app");
    logger.reconfigure(Logger::builder().output(output), SECONDS).unwrap();
    recording.tell();
    assert_eq!((logfmt.text(), health_of(&logger, "app").dropped_total()), (String::new(), 1));
}

#[test]
fn what_was_bound_before_is_hidden_by_the_rules_of_now() {
    let [before, after] = rooms();
    let logger = logger_to(&[(&before, "app")]);
    let bound = logger.with(fields!(customer = "Ada"));
    info!(logger: bound, "one");
    assert!(before.memory.text().contains("Ada"));
    let redaction = Redaction::builder().hide("customer").build().unwrap();
    logger.reconfigure(Logger::builder().output(after.output("app")).redaction(redaction), SECONDS).unwrap();
    info!(logger: bound, "two");
    let deeper = bound.with(fields!(step = 2));
    info!(logger: deeper, "three");
    let text = after.memory.text();
    assert!(!text.contains("Ada") && text.matches("[REDACTED]").count() == 2, "{text}");
}

#[test]
fn what_was_added_to_the_logger_stays() {
    let room = Room::default();
    let marks = |mark: &'static str| Hook::enrich(move |draft| _ = draft.add(mark, true));
    let builder = Logger::builder().output(room.output("app")).hook(marks("own"));
    let logger = builder.build().unwrap();
    let added = logger.add_hook(marks("added"));
    let changes = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&changes);
    logger.on_level_change(move |change| told.lock().unwrap().push((change.cause, change.after.to_string())));
    logger.override_directives("debug".parse().unwrap(), Duration::from_secs(3600));
    let anew = || Logger::builder().output(Output::kept("app"));
    logger.reconfigure(anew().level(Level::ERROR).hook(marks("new")), SECONDS).unwrap();
    debug!(logger: logger, "still overridden");
    let text = room.memory.text();
    assert!(text.contains(r#""new":true,"added":true"#) && !text.contains("own"), "{text}");
    added.remove();
    logger.set_level(Level::WARN);
    logger.reconfigure(anew(), SECONDS).unwrap();
    info!(logger: logger, "plain");
    assert!(room.memory.text().lines().last().unwrap().ends_with(r#""message":"plain"}"#), "{}", room.memory.text());
    let causes: Vec<_> = changes.lock().unwrap().clone();
    let set = (LevelChangeCause::Set, "warn".to_owned());
    let reconfigured = (LevelChangeCause::Reconfigured, "info".to_owned());
    assert_eq!(causes, [(LevelChangeCause::Overridden, "debug".to_owned()), set, reconfigured]);
}

#[test]
fn sampling_goes_on_where_it_is_the_same_and_changes_where_it_is_not() {
    let room = Room::default();
    let sampled = |first| {
        let rule = SamplingRule::new(SamplingMethod::First(first)).window(Duration::from_secs(3600));
        Logger::builder().sampling(Sampling::new().rule(rule))
    };
    let logger = sampled(2).output(room.output("app")).build().unwrap();
    let anew = |builder: hyperlog_core::Builder| {
        logger.reconfigure(builder.output(Output::kept("app")), SECONDS).unwrap();
    };
    let say = |times| {
        room.memory.take();
        (0..times).for_each(|_| info!(logger: logger, "again"));
        room.messages().len()
    };
    assert_eq!(say(5), 2);
    anew(sampled(2));
    assert_eq!(say(5), 0);
    anew(sampled(3));
    assert!(room.memory.text().contains("repeated 8 times"), "{}", room.memory.text());
    assert_eq!(say(5), 3);
    anew(Logger::builder());
    assert_eq!(say(5), 5);
    anew(sampled(1));
    assert_eq!(say(5), 1);
    logger.set_level(Level::DEBUG);
    assert_eq!(say(5), 0);
}

/// Json behind a title.
struct Titled(Json);

impl Encode for Titled {
    fn encode(&self, record: &Record<'_>, out: &mut Vec<u8>) -> Partition {
        self.0.encode(record, out)
    }
    fn preamble(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"title\n");
    }
}

#[test]
fn nothing_has_begun_where_all_is_refused() {
    let [before, never] = rooms();
    let logger = logger_to(&[(&before, "app")]);
    let titled = || Output::new(Titled(Json::new()), never.clone()).name("never");
    let refused = [
        Logger::builder().output(titled()).output(Output::kept("ap")),
        Logger::builder().output(titled()).output(Output::kept("app").lane(Lane::instead_of("nobody"))),
    ];
    for builder in refused {
        logger.reconfigure(builder, SECONDS).unwrap_err();
        assert_eq!(String::from_utf8(never.memory.preamble()).unwrap(), "");
    }
}

#[test]
fn outputs_of_one_name_are_kept_and_replaced_one_for_one() {
    let [first, second] = rooms();
    let logger = logger_to(&[(&first, "app"), (&second, "app")]);
    let builder = Logger::builder().output(Output::kept("app")).output(Output::kept("app"));
    logger.reconfigure(builder, SECONDS).unwrap();
    info!(logger: logger, "once");
    assert_eq!((first.messages(), second.messages()), (vec!["once".to_owned()], vec!["once".to_owned()]));
    let thrice = (0..3).fold(Logger::builder(), |builder, _| builder.output(Output::kept("app")));
    assert!(logger.reconfigure(thrice, SECONDS).unwrap_err().to_string().contains("there is none"));

    let queue = || Output::new(Json::new(), Queue::default()).name("queue");
    let two = || Logger::builder().output(queue()).output(queue());
    let logger = two().build().unwrap();
    for _ in 0..2 {
        info!(logger: logger, "once");
        logger.reconfigure(two(), SECONDS).unwrap();
        assert!(logger.health().iter().all(OutputHealth::is_conserved), "{:?}", logger.health());
    }
    // One that is kept, and one that is new.
    info!(logger: logger, "once more");
    logger.reconfigure(Logger::builder().output(queue()).output(Output::kept("queue")), SECONDS).unwrap();
    info!(logger: logger, "and again");
    assert!(logger.health().iter().all(OutputHealth::is_conserved), "{:?}", logger.health());
}

/// Whether this comes to an end.
#[track_caller]
fn ends(what: impl FnOnce() + Send + 'static) {
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        what();
        sender.send(()).unwrap();
    });
    receiver.recv_timeout(SECONDS).expect("it waits for itself");
}

#[test]
fn whoever_is_called_by_a_reconfiguration_and_asks_for_another_is_refused_and_does_not_wait_for_ever() {
    let [before, after] = rooms();
    let logger = logger_to(&[(&before, "app")]);
    let (own, refused) = (logger.clone(), Arc::new(Mutex::new(Vec::new())));
    let told = Arc::clone(&refused);
    logger.on_level_change(move |_| {
        // However often it asks.
        for _ in 0..2 {
            let error = own.reconfigure(Logger::builder().output(Output::kept("app")), SECONDS).unwrap_err();
            told.lock().unwrap().push(error.to_string());
        }
    });
    let (anew, output) = (logger.clone(), after.output("app"));
    ends(move || drop(anew.reconfigure(Logger::builder().level(Level::DEBUG).output(output), SECONDS).unwrap()));
    let refused = refused.lock().unwrap();
    assert_eq!(refused.iter().filter(|error| error.contains("is being set up anew")).count(), 2, "{refused:?}");
    debug!(logger: logger, "two");
    assert_eq!(after.messages(), ["two"]);
}

#[test]
fn a_logger_that_closes_an_output_for_long_keeps_no_other_from_being_set_up_anew() {
    /// Is closed when another logger has been set up anew.
    struct Slow(Arc<Barrier>);
    impl Sink for Slow {
        fn write(&self, _: &Line<'_>) -> Written {
            Written::Done
        }
        fn close(&self, _: Duration) -> Result<(), SinkError> {
            self.0.wait();
            Ok(())
        }
    }
    let barrier = Arc::new(Barrier::new(2));
    let slow = Output::new(Json::new(), Slow(Arc::clone(&barrier)));
    let logger = Logger::builder().output(slow).build().unwrap();
    let [before, after] = rooms();
    let other = logger_to(&[(&before, "app")]);
    ends(move || {
        std::thread::scope(|scope| {
            scope.spawn(|| logger.reconfigure(Logger::builder().output(after.output("new")), SECONDS).unwrap());
            while logger.health()[0].name != "new" {
                std::thread::yield_now();
            }
            other.reconfigure(Logger::builder().output(after.output("app")), SECONDS).unwrap();
            barrier.wait();
        });
    });
}

#[test]
fn a_sink_that_panics_as_it_goes_harms_neither_the_reconfiguration_nor_whoever_logs() {
    #[derive(Clone, Default)]
    struct Bitter(Memory);
    impl Sink for Bitter {
        fn write(&self, line: &Line<'_>) -> Written {
            self.0.write(line)
        }
    }
    impl Drop for Bitter {
        fn drop(&mut self) {
            panic!("as it goes");
        }
    }
    let memory = Memory::new();
    let output = || Output::new(Json::new(), Bitter(memory.clone())).name("app");
    let logger = Logger::builder().output(output()).build().unwrap();
    // Nobody else holds what is replaced.
    logger.reconfigure(Logger::builder().output(output()), SECONDS).unwrap();
    // This thread does, until it logs again.
    info!(logger: logger, "one");
    let anew = logger.clone();
    let output = output();
    std::thread::scope(|scope| {
        scope.spawn(|| anew.reconfigure(Logger::builder().output(output), SECONDS).unwrap());
    });
    (0..3).for_each(|_| info!(logger: logger, "two"));
    assert_eq!(memory.len(), 4);
    let room = Room::default();
    logger.reconfigure(Logger::builder().output(room.output("app")), SECONDS).unwrap();
    (0..3).for_each(|_| info!(logger: logger, "three"));
    assert_eq!(room.messages().len(), 3);
}
