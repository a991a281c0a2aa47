//! Levels by behaviour: per target, changed while others log, and for a while.
//!
//! No logger of this program has a name, so that call sites may know beforehand what every logger will say.

use hyperlog_core::{
    Captured, Directives, Level, LevelChange, LevelChangeCause, LevelFilter, Logger, debug, event, info, trace,
};
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

const GENEROUS: Duration = Duration::from_secs(60);

fn directives(text: &str) -> Directives {
    text.parse().unwrap()
}

fn logger_with(text: &str) -> (Logger, Captured) {
    Logger::capture_with(|builder| builder.directives(directives(text)))
}

#[track_caller]
fn assert_conserved(logger: &Logger) {
    assert!(logger.health().iter().all(|output| output.is_conserved()), "{:?}", logger.health());
}

fn changes_of(logger: &Logger) -> Receiver<LevelChange> {
    let (sender, receiver) = mpsc::channel();
    let sender = std::sync::Mutex::new(sender);
    logger.on_level_change(move |change| drop(sender.lock().unwrap().send(change.clone())));
    receiver
}

#[test]
fn a_directive_speaks_for_its_target_and_what_is_inside_it() {
    #[track_caller]
    fn check(text: &str, level: Level, target: &'static str, expected: bool) {
        let (logger, captured) = logger_with(text);
        assert_eq!(logger.is_enabled(level, target), expected, "{level} {target} by {text}");
        let site =
            hyperlog_core::Site { level, target, module: None, file: None, line: None, template: "m", keys: &[] };
        logger.log_from(&site, format_args!("m"), &hyperlog_core::FieldSet::new());
        assert_eq!(captured.len(), usize::from(expected), "{level} {target} by {text}");
        assert_conserved(&logger);
    }
    check("info", Level::INFO, "shop", true);
    check("info", Level::DEBUG, "shop", false);
    check("info,shop::cart=trace", Level::TRACE, "shop::cart::item", true);
    check("info,shop::cart=trace", Level::TRACE, "shop::cartography", false);
    check("info,shop=off", Level::FATAL, "shop::cart", false);
    check("shop=debug", Level::ERROR, "other", false);
    check("off", Level::FATAL, "shop", false);
    check("warn,shop=info,shop::cart=error", Level::WARN, "shop::cart", false);
    check("10", Level::NOTICE, "shop", true);
    check("10", Level::INFO, "shop", false);
}

#[test]
fn a_macro_is_asked_by_the_target_it_names() {
    let (logger, captured) = logger_with("off,shop::cart=debug");
    debug!(logger: logger, "by the module");
    debug!(logger: logger, target: "shop::cart::item", "by the target");
    debug!(logger: logger, target: "shop", "by another target");
    event!(logger: logger, target: "shop::cart", Level::NOTICE, "by an event");
    let said: Vec<String> = captured.records().iter().map(|record| record.message().to_owned()).collect();
    assert_eq!(said, ["by the target", "by an event"]);
    assert_conserved(&logger);
}

#[test]
fn a_call_below_the_level_evaluates_no_argument_whatever_other_loggers_want() {
    let evaluated = Cell::new(0);
    let cost = || evaluated.set(evaluated.get() + 1);
    let say = |logger: &Logger| cost_of(logger, &cost);
    fn cost_of(logger: &Logger, cost: &dyn Fn()) {
        debug!(
            logger: logger,
            a = {
                cost();
                1
            },
            "{}",
            {
                cost();
                2
            }
        );
    }
    let (quiet, of_quiet) = logger_with("info");
    say(&quiet);
    assert_eq!((evaluated.get(), of_quiet.len()), (0, 0));
    {
        let (loud, of_loud) = logger_with("trace");
        say(&loud);
        say(&quiet);
        assert_eq!((evaluated.get(), of_loud.len(), of_quiet.len()), (2, 1, 0));
        quiet.set_level(Level::DEBUG);
        say(&quiet);
        assert_eq!((evaluated.get(), of_quiet.len()), (4, 1));
        quiet.set_level(Level::INFO);
    }
    say(&quiet);
    let (off, of_off) = logger_with("off");
    say(&off);
    say(&Logger::disabled());
    say(&quiet);
    assert_eq!((evaluated.get(), of_quiet.len(), of_off.len()), (4, 1, 0));
    let (late, of_late) = logger_with("debug");
    say(&late);
    drop(off);
    drop(quiet);
    say(&late);
    assert_eq!((evaluated.get(), of_late.len()), (8, 2));
}

#[test]
fn a_change_reaches_call_sites_that_were_passed_before() {
    let (logger, captured) = logger_with("info");
    let say = || {
        trace!(logger: logger, "trace");
        info!(logger: logger, "info");
    };
    let heard = |change: &dyn Fn()| {
        change();
        captured.clear();
        say();
        captured.len()
    };
    assert_eq!(heard(&|| ()), 1);
    assert_eq!(heard(&|| logger.set_level(Level::TRACE)), 2);
    assert_eq!(heard(&|| logger.set_level(LevelFilter::OFF)), 0);
    assert_eq!(heard(&|| logger.set_directives(directives("off,levels=trace"))), 2);
    assert_eq!(heard(&|| logger.clone().set_level(Level::INFO)), 1, "all handles of a logger have one level");
    assert_eq!(heard(&|| logger.with(hyperlog_core::fields!(a = 1)).set_level(Level::TRACE)), 2);
    assert_eq!(logger.directives(), directives("trace"));
}

#[test]
fn listeners_hear_each_change_and_why_and_a_panicking_one_spoils_nothing() {
    let (logger, _) = logger_with("info");
    logger.on_level_change(|_| panic!("a listener"));
    let changes = changes_of(&logger);
    logger.set_level(Level::WARN);
    logger.set_level(Level::WARN);
    logger.override_directives(directives("trace"), GENEROUS);
    logger.set_level(Level::ERROR);
    let heard: Vec<_> =
        changes.try_iter().map(|change| (change.before.to_string(), change.after.to_string(), change.cause)).collect();
    let expected = [
        ("info", "warn", LevelChangeCause::Set),
        ("warn", "trace", LevelChangeCause::Overridden),
        ("trace", "error", LevelChangeCause::Set),
    ];
    assert_eq!(heard, expected.map(|(before, after, cause)| (before.to_owned(), after.to_owned(), cause)));
}

#[test]
fn a_listener_may_log_and_change_levels_itself() {
    let (logger, captured) = logger_with("info");
    let own = logger.clone();
    logger.on_level_change(move |change| {
        info!(logger: own, "changed to {}", change.after);
        own.set_level(Level::TRACE);
    });
    logger.set_level(Level::DEBUG);
    assert_eq!(logger.directives(), directives("trace"));
    assert_eq!(captured.records().len(), 2);
    // The listener holds its logger: let go of it, lest the ring outlives the test.
    logger.set_level(LevelFilter::OFF);
}

#[test]
fn an_override_ends_by_itself_and_brings_back_what_was_before() {
    let (logger, captured) = logger_with("info,shop=warn");
    let changes = changes_of(&logger);
    logger.override_directives(directives("trace"), Duration::from_millis(20));
    let change = changes.recv_timeout(GENEROUS).unwrap();
    assert_eq!((change.cause, change.after), (LevelChangeCause::Overridden, directives("trace")));
    let change = changes.recv_timeout(GENEROUS).unwrap();
    assert_eq!((change.cause, change.after), (LevelChangeCause::Reverted, directives("info,shop=warn")));
    captured.clear();
    debug!(logger: logger, "unheard again");
    assert!(captured.is_empty());
}

#[test]
fn an_override_over_an_override_reverts_to_what_was_before_both() {
    let (logger, _) = logger_with("info");
    let changes = changes_of(&logger);
    logger.override_directives(directives("debug"), Duration::from_millis(1));
    logger.override_directives(directives("trace"), Duration::from_millis(50));
    let last = std::iter::from_fn(|| changes.recv_timeout(GENEROUS).ok())
        .find(|change| change.cause == LevelChangeCause::Reverted && change.before == directives("trace"));
    assert_eq!(last.unwrap().after, directives("info"));
}

#[test]
fn an_override_that_was_replaced_does_not_end_what_replaced_it() {
    #[track_caller]
    fn check(replace: impl Fn(&Logger), expected: &str) {
        let (logger, _) = logger_with("info");
        let (other, _) = logger_with("info");
        let changes_of_other = changes_of(&other);
        logger.override_directives(directives("debug"), Duration::from_millis(1));
        replace(&logger);
        // The same thread ends all overrides, the earlier due first: once the other's is over, so is the first one.
        other.override_directives(directives("debug"), Duration::from_millis(100));
        while changes_of_other.recv_timeout(GENEROUS).unwrap().cause != LevelChangeCause::Reverted {}
        assert_eq!(logger.directives(), directives(expected));
    }
    check(|logger| logger.set_level(Level::ERROR), "error");
    check(|logger| logger.override_directives(directives("warn"), GENEROUS), "warn");
    check(|logger| logger.override_directives(directives("warn"), Duration::MAX), "warn");
}

#[test]
fn an_override_does_not_keep_its_logger_alive() {
    struct Tell(mpsc::Sender<()>);
    impl Drop for Tell {
        fn drop(&mut self) {
            let _ = self.0.send(());
        }
    }
    let (sender, receiver) = mpsc::channel();
    let tell = std::sync::Mutex::new(Tell(sender));
    let (logger, _) = logger_with("info");
    logger.on_level_change(move |_| drop(tell.lock()));
    logger.override_directives(directives("debug"), GENEROUS);
    drop(logger);
    receiver.recv_timeout(GENEROUS).unwrap();
}

#[test]
fn nothing_is_lost_while_levels_change_a_thousand_times_under_eight_threads() {
    const THREADS: u64 = 8;
    let (logger, captured) = logger_with("info");
    let (sent, stop) = (AtomicU64::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (logger, sent, stop) = (&logger, &sent, &stop);
            scope.spawn(move || {
                let mut number = 0_u64;
                while !stop.load(Ordering::Relaxed) || number < 100 {
                    info!(logger: logger, thread, number, "always");
                    debug!(logger: logger, "sometimes");
                    number += 1;
                    if number == 5_000 {
                        break;
                    }
                }
                sent.fetch_add(number, Ordering::Relaxed);
            });
        }
        for change in 0..1_000 {
            logger.set_directives(directives(if change % 2 == 0 { "debug" } else { "info" }));
        }
        stop.store(true, Ordering::Relaxed);
    });
    let mut next = [0.0; THREADS as usize];
    let mut always = 0;
    for record in captured.records().iter().filter(|record| record.message() == "always") {
        let of_thread = &mut next[record.number("thread") as usize];
        assert_eq!(record.number("number"), *of_thread, "in order and without a gap");
        *of_thread += 1.0;
        always += 1;
    }
    assert_eq!(always, sent.load(Ordering::Relaxed));
    let health = logger.health();
    assert_eq!(health[0].written.of(Level::INFO), always);
    assert_eq!(health[0].written.total(), captured.len() as u64);
    assert_conserved(&logger);
}
