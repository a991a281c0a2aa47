//! The modes of performance differ as they are said to: in what is hidden, in what a full queue does, and in how a console
//! is written to.

use crate::effects::{into_memory, past_a_gate};
use crate::stage::{Folder, SOON, Stage, load_as};
use hyperlog::config::Config;
use hyperlog::info;
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

const MODES: [&str; 3] = ["balanced", "high_performance", "bare"];

#[test]
fn what_its_name_gives_away_is_hidden_in_each_mode_and_bare_alone_shows_secrets_in_texts() {
    for mode in MODES {
        let text = into_memory(&format!("performance = \"{mode}\""));
        assert!(text.contains("\"password\":\"[REDACTED]\"") && !text.contains("hunter2hunter2"), "{mode}: {text}");
        assert_eq!(text.contains("app:hunter2@db"), mode == "bare", "{mode}: {text}");
        assert_eq!(text.contains("app:[REDACTED]@db"), mode != "bare", "{mode}: {text}");
    }
}

#[test]
fn what_is_said_goes_over_the_mode() {
    let text = into_memory("performance = \"bare\"\nredaction.texts = \"on\"");
    assert!(text.contains("app:[REDACTED]@db"), "{text}");
    let notes =
        past_a_gate("performance = \"bare\"\n[outputs.gate.queue]\ncapacity = \"64 KiB\"\nwhen_full = \"shed_lowest\"");
    assert!(!notes.contains("debug is there"), "{notes}");
}

#[test]
fn a_mode_goes_with_any_preset_that_asks_for_nothing_in_texts() {
    for mode in MODES {
        for preset in ["production", "dev", "api", "worker", "minimal", "test"] {
            load_as("shop.toml", &format!("preset = \"{preset}\"\nperformance = \"{mode}\"")).unwrap();
        }
        let hardened = load_as("shop.toml", &format!("preset = \"hardened\"\nperformance = \"{mode}\""));
        assert_eq!(hardened.is_err(), mode == "bare", "{mode}: {hardened:?}");
    }
    let error = load_as("shop.toml", "preset = \"hardened\"\nperformance = \"bare\"").unwrap_err().to_string();
    assert!(error.contains("texts are not to be read"), "{error}");
}

#[test]
fn a_full_queue_lets_go_of_the_least_severe_or_takes_nothing_more() {
    for mode in MODES {
        let notes = past_a_gate(&format!("performance = \"{mode}\"\noutputs.gate.queue.capacity = \"64 KiB\""));
        assert!(notes.contains("lost full"), "{mode}: {notes}");
        assert_eq!(notes.contains("debug is there"), mode != "balanced", "{mode}: {notes}");
    }
}

#[test]
fn ten_mebibytes_find_room_but_in_balanced() {
    for mode in MODES {
        let stage = Stage::new();
        let said = format!("performance = \"{mode}\"\n[outputs.gate]\nkind = \"gate\"");
        let config = Config::new().without_environment().registry(stage.registry());
        let loaded = config.file(Folder::new().write("shop.toml", &said)).load();
        let logger = loaded.unwrap().builder().unwrap().build().unwrap();
        stage.shut(true);
        let text = "x".repeat(10_000);
        for _ in 0..1_000 {
            info!(logger: logger, text, "m");
        }
        let lost: u64 = logger.health()[0].dropped.iter().map(|(_, lost)| lost.total()).sum();
        assert_eq!(lost > 0, mode == "balanced", "{mode}: {lost} are lost");
        stage.shut(false);
        logger.close(SOON).unwrap();
    }
}

const ROLE: &str = "PERFORMANCE_TEST_ROLE";

/// This test as a process of its own that logs to standard output.
fn process(mode: &str, role: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["performance::logs_to_standard_output", "--exact", "--nocapture"]).env(ROLE, role);
    command.env("HYPERLOG_PERFORMANCE", mode).env("HYPERLOG_PRESET", "production");
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

#[test]
fn a_balanced_console_has_written_when_the_call_returns() {
    let output = process("balanced", "abort").output().unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).contains("said before the end"), "{output:?}");
}

#[test]
fn in_the_other_modes_or_with_a_queue_nobody_waits_for_who_reads_the_console() {
    for (mode, variable) in [
        ("high_performance", "NOTHING"),
        ("bare", "NOTHING"),
        ("balanced", "HYPERLOG_OUTPUTS__CONSOLE__QUEUE__CAPACITY"),
    ] {
        let mut child = process(mode, "unread").env(variable, "32 MiB").spawn().unwrap();
        let (mut said, mut lines) = (String::new(), String::new());
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        // Nobody reads yet, and a pipe holds less than is logged: a call that waited would never return.
        while !said.contains("all calls returned") {
            said.clear();
            assert_ne!(stderr.read_line(&mut said).unwrap(), 0, "{mode}");
        }
        child.stdout.take().unwrap().read_to_string(&mut lines).unwrap();
        assert_eq!(lines.matches("\"message\":\"unread\"").count(), 1_000, "{mode}");
        assert!(child.wait().unwrap().success(), "{mode}");
    }
}

#[expect(clippy::print_stderr, reason = "whoever started this process reads it")]
#[test]
fn logs_to_standard_output() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let logger = Config::new().load().unwrap().install().unwrap();
    if role == "abort" {
        info!("said before the end");
        std::process::abort();
    }
    let text = "x".repeat(1_000);
    for _ in 0..1_000 {
        info!(text, "unread");
    }
    eprintln!("all calls returned");
    logger.close(SOON).unwrap();
}
