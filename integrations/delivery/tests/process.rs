//! What concerns the whole process: its end, however it comes, and its children.
//!
//! Each case runs in a process of its own: this program starts itself again. Unsafe, since forking is, which is what is to
//! be tested.
#![cfg(unix)]
#![allow(unsafe_code, reason = "the standard library cannot fork")]

use hyperlog_core::{
    Condition, DropReason, Fatal, Json, Level, Line, Logger, Output, Partition, Sink, Timestamp, Written, error, fatal,
    info,
};
use hyperlog_delivery::{Backend, Batch, DeliveryError, ExportSink, Exporter, Limits, Reply};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output as Ended};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::Receiver;
use std::time::Duration;

const CASE: &str = "HYPERLOG_TEST_CASE";
const PATH: &str = "HYPERLOG_TEST_PATH";
const SOON: Duration = Duration::from_secs(30);

/// A file of its own, which is removed at the end.
struct Place(PathBuf);

impl Place {
    fn new() -> Place {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Place(std::env::temp_dir().join(format!("hyperlog-{}-{number}.log", std::process::id())))
    }

    fn text(&self) -> String {
        std::fs::read_to_string(&self.0).unwrap_or_default()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.0));
    }
}

/// Runs a case; what it wrote to its file, and how it ended.
fn run(case: &str) -> (String, Ended) {
    run_under(&[], case)
}

/// The same, started by another command.
fn run_under(under: &[&str], case: &str) -> (String, Ended) {
    let place = Place::new();
    let own = std::env::current_exe().unwrap();
    let arguments = [own.to_str().unwrap(), "the_case_that_was_asked_for", "--exact", "--nocapture"];
    let words: Vec<&str> = under.iter().copied().chain(arguments).collect();
    let ended = Command::new(words[0]).args(&words[1..]).env(CASE, case).env(PATH, &place.0).output().unwrap();
    (place.text(), ended)
}

/// Does nothing unless it was started by another.
#[test]
fn the_case_that_was_asked_for() {
    let (Ok(case), Ok(path)) = (std::env::var(CASE), std::env::var(PATH)) else { return };
    let (_, act) = CASES.iter().find(|(name, _)| *name == case).expect("the case is in the table");
    act(Path::new(&path));
}

type Case = (&'static str, fn(&Path));

const CASES: &[Case] = &[
    ("guard", guard),
    ("guard that loses", guard_that_loses),
    ("flood", flood),
    ("fatal, then exit", |path| last_word(path, Fatal::new().exit(3))),
    ("fatal, then abort", |path| last_word(path, Fatal::new().abort())),
    ("fatal, then return", |path| last_word(path, Fatal::new())),
    ("fatal while it hangs", fatal_while_it_hangs),
    ("fatal after closing", fatal_after_closing),
    ("fatal with two outputs", fatal_with_two_outputs),
    ("panic", panic_uncaught),
    ("fork", fork),
    ("terminated", terminated),
    ("terminated twice", terminated_twice),
    ("terminated without a word", terminated_without_a_word),
];

/// Appends to a file.
struct Append(File);

impl Append {
    fn to(path: &Path) -> Append {
        Append(OpenOptions::new().create(true).append(true).open(path).unwrap())
    }
}

impl Backend for Append {
    fn deliver(&mut self, batch: &Batch<'_>) -> Reply {
        for piece in batch.pieces() {
            if let Err(error) = self.0.write_all(piece) {
                return Reply::Reject(DeliveryError::new("cannot write").because(error));
            }
        }
        Reply::Delivered
    }

    fn sync(&mut self) -> Result<(), DeliveryError> {
        self.0.sync_data().map_err(|error| DeliveryError::new("cannot sync").because(error))
    }
}

fn logger(sink: ExportSink, fatal: Fatal) -> Logger {
    Logger::builder().fatal(fatal).output(Output::new(Json::new(), sink)).build().unwrap()
}

fn line(level: Level, text: &str) -> Line<'_> {
    Line { bytes: text.as_bytes(), level, timestamp: Timestamp::default(), partition: Partition::NONE }
}

fn guard(path: &Path) {
    let sink = Exporter::new(Append::to(path)).capacity(64 * 1024 * 1024).start().unwrap();
    let _guard = sink.handle().guard(SOON);
    let logger = logger(sink, Fatal::new());
    for number in 0..100_000 {
        info!(logger: logger, number, "m");
    }
}

#[test]
fn all_that_was_logged_is_there_when_a_guard_goes_at_the_end() {
    let (text, ended) = run("guard");
    assert!(ended.status.success(), "{ended:?}");
    assert_eq!(text.lines().count(), 100_000);
    assert!(text.lines().all(|line| line.ends_with('}')));
}

/// Never comes back.
struct Hanging;

impl Backend for Hanging {
    fn deliver(&mut self, _: &Batch<'_>) -> Reply {
        loop {
            std::thread::park();
        }
    }
}

fn guard_that_loses(_: &Path) {
    let sink = Exporter::new(Hanging).name("hanging").start().unwrap();
    let guard = sink.handle().guard(Duration::from_millis(50));
    for _ in 0..7 {
        assert_eq!(sink.write(&line(Level::INFO, "m\n")), Written::Queued);
    }
    drop(guard);
}

#[test]
fn a_guard_says_what_is_lost_and_leaves_the_end_as_it_is() {
    let (_, ended) = run("guard that loses");
    assert!(ended.status.success(), "{ended:?}");
    let text = String::from_utf8(ended.stderr).unwrap();
    assert!(text.contains("hyperlog: hanging: 7 records were lost: 7 abandoned\n"), "{text}");
}

/// Ten times as much as its queue takes, while nothing leaves.
fn flood(_: &Path) {
    const RECORDS: u64 = 80_000;
    let (sender, receiver) = std::sync::mpsc::channel();
    let sink = Exporter::new(Dammed(receiver)).start().unwrap();
    let handle = sink.handle();
    let logger = Logger::builder().output(Output::new(Json::new(), sink)).build().unwrap();
    let text = "x".repeat(1_000);
    for _ in 0..RECORDS {
        info!(logger: logger, text, "m");
    }
    drop(sender);
    logger.flush(SOON).unwrap();
    let health = &logger.health()[0];
    // The record about what was lost is one of them.
    assert!(health.is_conserved() && health.accepted.total() >= RECORDS, "{health:?}");
    assert!(health.dropped_total() > RECORDS / 2 && handle.account().left.total() > RECORDS / 20, "{health:?}");
}

/// Takes nothing until the other end of its channel is gone.
struct Dammed(Receiver<()>);

impl Backend for Dammed {
    fn deliver(&mut self, _: &Batch<'_>) -> Reply {
        let _ = self.0.recv();
        Reply::Delivered
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_flood_into_what_nobody_empties_stays_within_a_small_memory() {
    let (_, ended) = run_under(&["prlimit", "--data=67108864"], "flood");
    assert!(ended.status.success(), "{ended:?}");
}

fn last_word(path: &Path, fatal: Fatal) {
    let limits = Limits::default().linger(SOON);
    let sink = Exporter::new(Append::to(path)).limits(limits).start().unwrap();
    let logger = logger(sink, fatal);
    info!(logger: logger, "before");
    fatal!(logger: logger, "the last word");
    // Without a guard, and without closing.
    std::process::exit(0);
}

#[test]
fn a_fatal_record_is_there_whatever_comes_next() {
    for (case, code) in [("fatal, then exit", Some(3)), ("fatal, then abort", None), ("fatal, then return", Some(0))] {
        let (text, ended) = run(case);
        assert_eq!(ended.status.code(), code, "{ended:?}");
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 2, "{case}: {text}");
        assert!(lines[0].contains("before") && lines[1].contains("the last word"));
    }
}

fn fatal_while_it_hangs(_: &Path) {
    let sink = Exporter::new(Hanging).start().unwrap();
    let logger = logger(sink, Fatal::new().deadline(Duration::from_millis(50)));
    fatal!(logger: logger, "nobody hears it");
    std::process::exit(0);
}

fn fatal_after_closing(path: &Path) {
    let sink = Exporter::new(Append::to(path)).start().unwrap();
    let logger = logger(sink, Fatal::new());
    logger.close(SOON).unwrap();
    error!(logger: logger, "counted");
    fatal!(logger: logger, "nobody hears it");
    assert!(logger.health()[0].is_conserved());
    // Those two, and what tells of them.
    assert_eq!(logger.health()[0].dropped_total(), 3);
}

#[test]
fn a_fatal_record_that_nobody_takes_goes_to_standard_error() {
    for case in ["fatal while it hangs", "fatal after closing"] {
        let (_, ended) = run(case);
        assert!(ended.status.success(), "{ended:?}");
        let text = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(text.matches("nobody hears it").count(), 1, "{case}: {text}");
        assert!(!text.contains("counted"), "{text}");
    }
}

fn fatal_with_two_outputs(path: &Path) {
    let sink = Exporter::new(Append::to(path)).start().unwrap();
    let outputs = [Output::new(Json::new(), sink), Output::new(Json::new(), hyperlog_core::Memory::new())];
    let logger = outputs.into_iter().fold(Logger::builder(), hyperlog_core::Builder::output).build().unwrap();
    for _ in 0..20 {
        fatal!(logger: logger, "it is heard");
    }
}

#[test]
fn a_fatal_record_that_has_left_is_not_said_again() {
    let (text, ended) = run("fatal with two outputs");
    assert!(ended.status.success(), "{ended:?}");
    assert_eq!(text.matches("it is heard").count(), 20);
    let told = String::from_utf8(ended.stderr).unwrap();
    assert!(!told.contains("it is heard"), "{told}");
}

fn panic_uncaught(path: &Path) {
    let sink = Exporter::new(Append::to(path)).start().unwrap();
    Logger::builder().output(Output::new(Json::new(), sink)).install().unwrap();
    hyperlog_core::panic::install();
    hyperlog_core::panic::tell_uncaught();
    std::thread::spawn(|| panic!("nobody catches it")).join().unwrap_err();
    // As a process ends of which nobody asks.
    std::process::abort();
}

#[test]
fn a_panic_that_nobody_catches_is_there_before_the_process_goes() {
    let (text, ended) = run("panic");
    assert_eq!(ended.status.signal(), Some(libc::SIGABRT));
    assert!(text.contains("nobody catches it"), "{text}");
}

fn fork(path: &Path) {
    let sink = Exporter::new(Append::to(path)).capacity(1024 * 1024).start().unwrap();
    let handle = sink.handle();
    let sink = std::sync::Arc::new(sink);
    let logger = Logger::builder().output(Output::new(Json::new(), std::sync::Arc::clone(&sink))).build().unwrap();
    // Other threads log all the time, so that some lock or other is held when the process is forked.
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    info!(logger: logger, "of the parent");
                }
            });
        }
        for _ in 0..20 {
            // SAFETY: the child calls nothing but the sink, which is what is tested here, and ends at once.
            let child = unsafe { libc::fork() };
            if child == 0 {
                let is_counted =
                    sink.write(&line(Level::ERROR, "of the child\n")) == Written::Dropped(DropReason::Forked);
                let is_refused = sink.flush(SOON).is_err() && sink.account().is_none();
                handle.close(SOON);
                // Neither is there anything to count, nor a lock that may be held for ever.
                let is_refused = is_refused && sink.close(SOON).is_err() && sink.condition() != Condition::Well;
                let code = if is_counted && is_refused { 0 } else { 1 };
                // SAFETY: it runs no destructor of what belongs to the parent.
                unsafe { libc::_exit(code) }
            }
            let mut status = 0;
            // SAFETY: the child is ours, and the status is a place of its own.
            let waited = unsafe { libc::waitpid(child, &raw mut status, 0) };
            assert_eq!((waited, status), (child, 0));
        }
        stop.store(true, Ordering::Relaxed);
    });
    logger.close(SOON).unwrap();
    assert!(logger.health()[0].is_conserved());
    tell(&logger.health()[0].written.total().to_string());
}

#[test]
fn a_forked_child_is_answered_at_once_and_takes_nothing_from_its_parent() {
    let (text, ended) = run("fork");
    assert!(ended.status.success(), "{ended:?}");
    let told = String::from_utf8(ended.stdout).unwrap();
    let written = told.lines().find_map(|line| line.parse::<usize>().ok()).unwrap();
    assert_eq!(text.lines().count(), written);
    let is_of_parent = |line: &str| line.contains("of the parent") || line.contains("records were lost");
    assert!(text.lines().all(|line| is_of_parent(line) && line.ends_with('}')));
}

/// Says something to whoever started this process.
fn tell(text: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}").and_then(|()| out.flush()).unwrap();
}

/// Says that it is ready, and waits to be ended.
fn wait_to_be_ended() -> ! {
    tell("ready");
    loop {
        std::thread::park();
    }
}

#[cfg(feature = "signal")]
fn terminated(path: &Path) {
    use hyperlog_delivery::{Afterwards, close_on_termination};
    let limits = Limits::default().linger(SOON);
    let sink = Exporter::new(Append::to(path)).limits(limits).start().unwrap();
    let logger = logger(sink, Fatal::new());
    close_on_termination(logger.clone(), SOON, Afterwards::End).unwrap();
    for _ in 0..1_000 {
        info!(logger: logger, "m");
    }
    wait_to_be_ended()
}

#[cfg(feature = "signal")]
fn terminated_twice(_: &Path) {
    use hyperlog_delivery::{Afterwards, close_on_termination};
    let logger = logger(Exporter::new(Hanging).start().unwrap(), Fatal::new());
    close_on_termination(logger.clone(), Duration::from_secs(3_600), Afterwards::Return).unwrap();
    info!(logger: logger, "m");
    wait_to_be_ended()
}

#[cfg(not(feature = "signal"))]
fn terminated(_: &Path) {}

#[cfg(not(feature = "signal"))]
fn terminated_twice(_: &Path) {}

fn terminated_without_a_word(path: &Path) {
    let limits = Limits::default().linger(SOON);
    let sink = Exporter::new(Append::to(path)).limits(limits).start().unwrap();
    let logger = logger(sink, Fatal::new());
    for number in 0..10 {
        info!(logger: logger, number, "m");
        error!(logger: logger, number, "e");
    }
    wait_to_be_ended()
}

/// Runs a case until it is ready, and asks it to end, until it does or was asked so often.
fn terminate(case: &str, times: u32) -> (String, std::process::ExitStatus) {
    let place = Place::new();
    let arguments = ["the_case_that_was_asked_for", "--exact", "--nocapture"];
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(arguments).env(CASE, case).env(PATH, &place.0).stdout(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    let lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
    assert!(lines.map_while(Result::ok).any(|line| line.ends_with("ready")));
    let mut status = None;
    for _ in 0..times {
        // SAFETY: the process is ours, and still there, since nobody has waited for it.
        let killed = unsafe { libc::kill(libc::pid_t::try_from(child.id()).unwrap(), libc::SIGTERM) };
        assert_eq!(killed, 0);
        // No order: it is asked again and again until it has ended.
        std::thread::sleep(Duration::from_millis(10));
        status = child.try_wait().unwrap();
        if status.is_some() {
            break;
        }
    }
    (place.text(), status.unwrap_or_else(|| child.wait().unwrap()))
}

#[cfg(feature = "signal")]
#[test]
fn what_waits_is_delivered_when_the_process_is_asked_to_end() {
    let (text, status) = terminate("terminated", 1);
    assert_eq!(status.signal(), Some(libc::SIGTERM));
    assert_eq!(text.lines().count(), 1_000);
}

#[cfg(feature = "signal")]
#[test]
fn whoever_asks_twice_does_not_wait_for_what_hangs() {
    let (_, status) = terminate("terminated twice", 1_000);
    assert_eq!(status.signal(), Some(libc::SIGTERM));
}

#[test]
fn who_does_not_listen_has_all_errors_and_what_came_before_them() {
    let (text, status) = terminate("terminated without a word", 1);
    assert_eq!(status.signal(), Some(libc::SIGTERM));
    assert_eq!(text.lines().count(), 20, "{text}");
}
