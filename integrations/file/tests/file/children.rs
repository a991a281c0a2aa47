//! What happens to whole processes: the test starts itself again, with a role to play.
#![cfg(unix)]

use crate::place::{Place, archives_in, counted, unpacked, write};
use hyperlog_core::Sink;
use hyperlog_file::{Compression, File, Retention, Rotation, Sharing};
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// What a child does.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Role {
    /// Writes, rotates and compresses a few files.
    Rotate,
    /// Rotates and compresses until it is killed.
    Pack,
    /// Opens the file as its only writer, and says whether it may.
    Claim,
    /// Writes lines of its own to a shared file.
    Share,
    /// Writes one line and syncs it.
    Sync,
    /// Writes ten lines without a queue, and says which of them were taken.
    Ten,
    /// Writes twice with a sync after each.
    SyncTwice,
}

const ROLE: &str = "HYPERLOG_FILE_TEST_ROLE";
const PATH: &str = "HYPERLOG_FILE_TEST_PATH";

/// This test as a process that plays a role.
pub(crate) fn child(role: Role, path: &Path) -> Command {
    child_under(&[], role, path)
}

/// The same, started by another command.
pub(crate) fn child_under(under: &[&str], role: Role, path: &Path) -> Command {
    let own = std::env::current_exe().unwrap();
    let own = own.to_str().unwrap();
    let words: Vec<&str> =
        under.iter().copied().chain([own, "--exact", "children::plays_its_role", "--nocapture"]).collect();
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).env(ROLE, format!("{role:?}")).env(PATH, path).stdout(Stdio::piped());
    command
}

#[test]
fn plays_its_role() {
    let (Ok(role), Some(path)) = (std::env::var(ROLE), std::env::var_os(PATH)) else { return };
    let path = Path::new(&path);
    match role.as_str() {
        "Rotate" => rotate(path),
        "Pack" => pack(path),
        "Claim" => claim(path),
        "Share" => share(path),
        "Sync" => sync(path),
        "Ten" => ten(path),
        "SyncTwice" => sync_twice(path),
        role => panic!("there is no role {role}"),
    }
}

#[expect(clippy::print_stdout, reason = "whoever started this process reads it")]
fn say(text: &str) {
    println!("\nsays {text}");
}

/// What a child has said.
pub(crate) fn said(output: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(output);
    text.lines().filter_map(|line| line.strip_prefix("says ").map(str::to_owned)).collect()
}

fn rotate(path: &Path) {
    let compression = Compression::gzip();
    let sink = File::new(path).rotation(Rotation::new().size(200)).compression(compression).direct().unwrap();
    for line in 0..5 {
        write(&sink, &format!("{line} {}\n", "x".repeat(150)));
    }
    crate::place::wait_until("compression", || {
        archives_in(path.parent().unwrap()).iter().all(|name| name.ends_with(".gz"))
    });
}

/// A line by which its place in the order is known.
fn line_of(number: usize) -> String {
    format!("{number:08} {}\n", "a record of some length ".repeat(8))
}

fn pack(path: &Path) {
    // Where the one before has ended, in what can be read.
    let count = |text: &[u8]| text.split_inclusive(|byte| *byte == b'\n').count();
    let mut names = archives_in(path.parent().unwrap());
    names.dedup_by(|next, before| turn_of(next) == turn_of(before));
    let begin = names.iter().map(|name| count(&unpacked(&path.with_file_name(name)))).sum::<usize>()
        + fs::read(path).map_or(0, |text| count(&text));
    let file = File::new(path).rotation(Rotation::new().size(300_000)).compression(Compression::gzip());
    let sink = file.direct().unwrap();
    say("ready");
    for number in begin.. {
        write(&sink, &line_of(number));
    }
}

/// What an archive and its compressed form have in common.
fn turn_of(name: &str) -> &str {
    name.split(".log").next().unwrap_or_default()
}

fn claim(path: &Path) {
    match File::new(path).rotation(Rotation::new().size(100)).direct() {
        Ok(sink) => {
            write(&sink, "the child was here\n");
            say("taken");
        }
        Err(error) => say(&error.to_string()),
    }
}

fn share(path: &Path) {
    let own = std::process::id();
    let file = File::new(path).sharing(Sharing::Shared).rotation(Rotation::new().size(100_000));
    let sink = file.retention(Retention::new().count(10_000)).direct().unwrap();
    for number in 0..SHARED_LINES {
        write(&sink, &shared_line(own, number));
    }
}

const SHARED_LINES: usize = 3_000;

fn shared_line(process: u32, number: usize) -> String {
    let length = if number.is_multiple_of(500) { 60_000 } else { number % 200 };
    format!("{process} {number} {}\n", "x".repeat(length))
}

fn sync(path: &Path) {
    let sink = File::new(path).exporter().unwrap().promise(hyperlog_delivery::Promise::Durable).start().unwrap();
    write(&sink, "durable\n");
    say("acknowledged");
}

fn ten(path: &Path) {
    let sink = File::new(path).rotation(Rotation::new().size(30)).direct().unwrap();
    for number in 0..10 {
        let text = format!("line {number}\n");
        if crate::place::try_write(&sink, &text) == hyperlog_core::Written::Done {
            say(&format!("line {number}"));
        }
    }
    say(&format!("flush {:?}", sink.flush(crate::place::PATIENCE).is_ok()));
}

fn sync_twice(path: &Path) {
    let sink = File::new(path).start().unwrap();
    for text in ["one\n", "two\n"] {
        write(&sink, text);
        say(&format!("flush {}", sink.flush(crate::place::PATIENCE).is_ok()));
    }
}

/// Waits until a child says that it is ready.
fn await_ready(child: &mut Child) {
    let (mut seen, mut byte) = (Vec::new(), [0]);
    let output = child.stdout.as_mut().unwrap();
    while !String::from_utf8_lossy(&seen).contains("says ready") {
        assert_eq!(output.read(&mut byte).unwrap(), 1, "it has ended: {}", String::from_utf8_lossy(&seen));
        seen.push(byte[0]);
    }
}

#[test]
fn a_process_that_is_killed_while_it_compresses_leaves_the_source_or_all_of_the_archive() {
    let place = Place::new();
    let rounds = std::env::var("HYPERLOG_FILE_TEST_ROUNDS").map_or(40_usize, |rounds| rounds.parse().unwrap());
    let mut partials = 0;
    for round in 0..rounds {
        let mut child = child(Role::Pack, &place.path()).spawn().unwrap();
        await_ready(&mut child);
        // Not to order anything: the kill is to come at whatever moment.
        std::thread::sleep(Duration::from_micros(round as u64 * 997 % 30_000));
        child.kill().unwrap();
        child.wait().unwrap();
        let names =
            fs::read_dir(place.directory()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        partials += names.filter(|name| name.ends_with(".partial")).count();
        check_killed(&place, round + 1);
        // What has been checked need not be there in all rounds.
        if place.archives().len() > 40 {
            fs::read_dir(place.directory()).unwrap().for_each(|entry| drop(fs::remove_file(entry.unwrap().path())));
        }
    }
    assert!(partials > 0 || rounds < 40, "it was never killed while it compressed");
    let _sink = File::new(place.path()).direct().unwrap();
    let is_partial = |name: &std::ffi::OsStr| name.to_str().unwrap().ends_with(".partial");
    assert!(fs::read_dir(place.directory()).unwrap().all(|entry| !is_partial(&entry.unwrap().file_name())));
}

/// All lines from the first to the last are there, each in the source or the archive, or in both for a moment.
#[track_caller]
fn check_killed(place: &Place, rounds: usize) {
    let (mut next, mut torn, mut before) = (0, 0, String::new());
    let names = place.archives();
    // It may have died after the file was put away and before there was a new one.
    let live = place.path().exists().then(|| "app.log".to_owned());
    for name in names.iter().chain(&live) {
        let text = String::from_utf8(unpacked(&place.directory().join(name))).expect("archives are whole");
        if turn_of(name) == before {
            continue;
        }
        before = turn_of(name).to_owned();
        for line in text.split_inclusive('\n') {
            // A kill in the middle of a write leaves a part of a line, which the next process ends.
            let (is_whole, part) = (line == line_of(next), line.trim_end_matches('\n'));
            assert!(is_whole || line_of(next).starts_with(part), "{name}: {line:?} instead of {next}");
            torn += usize::from(!is_whole);
            next += 1;
        }
    }
    assert!(torn <= rounds, "{torn} lines are torn by {rounds} kills");
}

#[test]
fn a_second_process_is_refused_as_long_as_the_first_lives() {
    let place = Place::new();
    let sink = File::new(place.path()).start().unwrap();
    let claim = || said(&child(Role::Claim, &place.path()).output().unwrap().stdout);
    let refused = claim();
    assert!(refused.len() == 1 && refused[0].contains("another output writes to it"), "{refused:?}");
    drop(sink);
    assert_eq!(claim(), ["taken"]);
    assert_eq!(place.text(), "the child was here\n");
}

#[test]
fn processes_that_share_a_file_keep_their_lines_whole_and_rotate_once_each_time() {
    let place = Place::new();
    let children: Vec<Child> = (0..4).map(|_| child(Role::Share, &place.path()).spawn().unwrap()).collect();
    let mut expected = String::new();
    for mut child in children {
        let own = child.id();
        assert!(child.wait().unwrap().success());
        expected.extend((0..SHARED_LINES).map(|number| shared_line(own, number)));
    }
    let lines = place.lines();
    let expected = (counted(&expected), expected.len());
    let foreign: Vec<_> = lines.keys().filter(|line| !expected.0.contains_key(*line)).map(|line| line.len()).collect();
    assert!(foreign.is_empty(), "lines that nobody wrote: {foreign:?}");
    assert!(lines == expected.0, "{} of {} lines", lines.len(), 4 * SHARED_LINES);
    let sizes: Vec<u64> =
        place.archives().iter().map(|name| fs::metadata(place.directory().join(name)).unwrap().len()).collect();
    let most = expected.1 / 100_000 * 2 + 2;
    assert!(sizes.len() > 3 && sizes.len() <= most, "{sizes:?}");
}
