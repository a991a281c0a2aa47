//! The console in a process of its own, with streams that are full, closed, left alone or shared.
//!
//! Each case starts this very program again, with the case's name in the environment and a stream as the case wants it.
//! The child asserts what it can see from inside and says so by its exit code. What breaks is standard error, since the
//! test harness needs standard output for itself; the console treats both alike.
#![cfg(unix)]

use hyperlog_core::{Condition, Console, DropReason, Json, Logger, Memory, Output, OutputHealth, info};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

const ROLE: &str = "HYPERLOG_CONSOLE_ROLE";

/// This program again, as a child in a role.
fn child(role: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "in_a_role", "--nocapture", "-q"]).env(ROLE, role).env("RUST_BACKTRACE", "0");
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

#[track_caller]
fn assert_well(mut child: Child) {
    drop(child.stdin.take());
    let mut said = String::new();
    if let Some(mut stderr) = child.stderr.take() {
        stderr.read_to_string(&mut said).unwrap();
    }
    let status = child.wait().unwrap();
    assert!(status.success(), "{status}: {said}");
}

/// A file of its own for each case.
fn scratch(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    std::fs::create_dir_all(&folder).unwrap();
    folder.join(format!("{name}-{}.log", std::process::id()))
}

/// What a child does. In the parent it does nothing.
#[test]
fn in_a_role() {
    let Ok(role) = std::env::var(ROLE) else { return };
    // Until the parent has prepared the streams.
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
    match role.as_str() {
        "gone" => lose_all(DropReason::Gone),
        "full" => lose_all(DropReason::Failed),
        "null" => write_to_nothing(),
        "stalled" => stall(),
        "many" => write_lines(),
        #[cfg(feature = "formats")]
        "csv" => write_csv(),
        #[cfg(feature = "testing")]
        "conform" => conform(),
        other => panic!("no such role: {other}"),
    }
    // The harness would print to streams that are broken on purpose.
    std::process::exit(0);
}

/// Logs to both streams of the console and to memory.
fn log_to_all() -> (Vec<OutputHealth>, Memory) {
    let memory = Memory::new();
    let logger = Logger::builder()
        .output(Output::new(Json::new(), Console::stdout()).name("stdout"))
        .output(Output::new(Json::new(), Console::stderr()).name("stderr"))
        .output(Output::new(Json::new(), memory.clone()).name("memory"))
        .build()
        .unwrap();
    for index in 0..100 {
        info!(logger: logger, index, "logged");
    }
    (logger.health().outputs, memory)
}

fn lose_all(reason: DropReason) {
    let faults = hyperlog_core::fault_count();
    let (health, memory) = log_to_all();
    assert_eq!(memory.len(), 100, "another output goes on");
    assert!(health.iter().all(OutputHealth::is_conserved), "{health:?}");
    let stderr = health.iter().find(|output| output.name == "stderr").unwrap();
    let lost = stderr.dropped.iter().find(|(dropped, _)| *dropped == reason).map(|(_, count)| count.total());
    assert_eq!((stderr.accepted.total(), lost), (100, Some(100)), "{stderr:?}");
    assert!(hyperlog_core::fault_count() > faults, "it was told");
    assert_eq!(matches!(stderr.condition, Condition::Failed(_)), reason == DropReason::Gone);
}

fn write_to_nothing() {
    let (health, memory) = log_to_all();
    assert_eq!(memory.len(), 100);
    assert!(health.iter().all(|output| output.is_conserved()), "{health:?}");
}

#[cfg(feature = "formats")]
fn write_csv() {
    let csv = hyperlog_core::Csv::new(["level", "message"]);
    let logger = Logger::builder().output(Output::new(csv, Console::stderr())).build().unwrap();
    info!(logger: logger, "one");
    info!(logger: logger, "two");
    assert_eq!(logger.health()[0].written.total(), 2, "a header is no record");
}

#[test]
#[cfg(feature = "formats")]
fn a_csv_begins_with_its_header() {
    let path = scratch("csv");
    assert_well(child("csv").stderr(File::create(&path).unwrap()).spawn().unwrap());
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    assert_eq!(text, "level,message\r\nINFO,one\r\nINFO,two\r\n");
}

#[test]
fn a_broken_pipe_loses_records_and_nothing_else() {
    let mut command = child("gone");
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stderr.take());
    assert_well(child);
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_device_loses_records_and_nothing_else() {
    let full = File::options().write(true).open("/dev/full").unwrap();
    assert_well(child("full").stderr(full).spawn().unwrap());
}

#[test]
fn a_stream_that_is_only_read_loses_records_and_nothing_else() {
    let readable = File::open(std::env::current_exe().unwrap()).unwrap();
    assert_well(child("gone").stderr(readable).spawn().unwrap());
}

#[test]
fn streams_that_are_closed_before_the_start_disturb_nothing() {
    let inner = child("null");
    let mut command = Command::new("sh");
    command.args(["-c", "exec \"$0\" \"$@\" >&- 2>&-"]).arg(inner.get_program()).args(inner.get_args());
    command.env(ROLE, "null").stdin(Stdio::piped());
    assert_well(command.spawn().unwrap());
}

/// A reader that never reads, and never goes away.
fn stall() {
    let stalled = Logger::builder().output(Output::new(Json::new(), Console::stdout())).build().unwrap();
    let memory = Memory::new();
    let other = Logger::builder().output(Output::new(Json::new(), memory.clone())).build().unwrap();
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let text = "much ".repeat(2_000);
        for _ in 0..100 {
            let _ = sender.send(());
            info!(logger: stalled, text, "logged");
        }
    });
    // A pipe holds far less than all of it: the thread waits within the console from some record on, or before it.
    receiver.iter().take(3).for_each(drop);
    for _ in 0..100 {
        info!(logger: other, "goes on");
    }
    assert_eq!(memory.len(), 100);
    drop(std::io::stdout().lock());
}

#[test]
fn a_reader_that_never_reads_holds_up_neither_other_loggers_nor_prints() {
    let mut child = child("stalled").stdout(Stdio::piped()).spawn().unwrap();
    let never_read = child.stdout.take();
    assert_well(child);
    drop(never_read);
}

/// The length of the longest line, its line feed included.
const LONGEST: usize = 64 << 10;
const THREADS: usize = 16;
const LINES: usize = 50;

fn write_lines() {
    let logger = Logger::builder().output(Output::new(Json::new(), Console::stdout())).build().unwrap();
    let logger = &logger;
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            scope.spawn(move || {
                for index in 0..LINES {
                    let length = if index % 10 == 9 { LONGEST / 4 - 300 } else { index * index };
                    let letter = char::from(b'a' + thread as u8).to_string();
                    let (text, process) = (letter.repeat(length.min(15 << 10)), std::process::id());
                    info!(logger: logger, process, thread, index, a = text, b = text, c = text, d = text, "line");
                }
            });
        }
    });
    assert!(logger.health().iter().all(|health| health.is_conserved() && health.dropped_total() == 0));
}

#[test]
fn lines_of_two_processes_in_one_file_stay_whole() {
    let path = scratch("two-processes");
    let _ = std::fs::remove_file(&path);
    let append = || File::options().create(true).append(true).open(&path).unwrap();
    let children: Vec<Child> = (0..2).map(|_| child("many").stdout(append()).spawn().unwrap()).collect();
    // Both wait for the end of their input, and so begin together.
    children.into_iter().for_each(assert_well);
    let text = std::fs::read_to_string(&path).unwrap();
    let mut counts = BTreeMap::<u64, usize>::new();
    // The harness of a child says a line of its own.
    for line in text.lines().filter(|line| line.contains("\"message\"")) {
        let line: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let letter = line["a"].as_str().unwrap().chars().next().unwrap_or('?');
        assert!(line["d"].as_str().unwrap().chars().all(|other| other == letter));
        *counts.entry(line["process"].as_u64().unwrap()).or_default() += 1;
    }
    assert_eq!(counts.values().copied().collect::<Vec<_>>(), [THREADS * LINES; 2]);
    std::fs::remove_file(&path).unwrap();
}

#[cfg(feature = "testing")]
fn conform() {
    use hyperlog_core::testing::check_sink;
    let path = std::env::var("HYPERLOG_CONSOLE_FILE").unwrap();
    check_sink(Console::stdout()).observed_by(move || std::fs::read(&path).unwrap()).run();
}

#[test]
#[cfg(feature = "testing")]
fn the_console_conforms_on_a_file() {
    let path = scratch("conform");
    let file = File::options().create(true).append(true).open(&path).unwrap();
    let mut command = child("conform");
    assert_well(command.env("HYPERLOG_CONSOLE_FILE", &path).stdout(file).stderr(Stdio::piped()).spawn().unwrap());
    std::fs::remove_file(&path).unwrap();
}
