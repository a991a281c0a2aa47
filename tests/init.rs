//! What one line sets up, and what its guard does at the end of `main`: in processes of their own, since a process has one
//! logger.

use hyperlog::info;
use std::fs;
use std::net::TcpListener;
use std::process::{Command, Output};
use std::time::Duration;

const ROLE: &str = "INIT_TEST_ROLE";

/// Plays a role in a process with these variables.
fn play(role: &str, variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["plays_its_role", "--exact", "--nocapture"]).env(ROLE, role).env("HYPERLOG_DETECT", "off");
    command.envs(variables.iter().copied()).output().unwrap()
}

#[test]
fn plays_its_role() {
    match std::env::var(ROLE).as_deref() {
        Ok("log") => {
            let logging = hyperlog::init().unwrap();
            info!("ready");
            assert_eq!(logging.reload().unwrap(), hyperlog::config::Reload::Unchanged);
        }
        Ok("log, and go soon") => {
            let _logging = hyperlog::init().unwrap().close_within(Duration::from_millis(1));
            info!("ready");
        }
        Ok("log, with the guard gone") => {
            let _ = hyperlog::init().unwrap();
            info!("nobody sees this");
        }
        Ok("twice") => {
            let _logging = hyperlog::init().unwrap();
            let error = hyperlog::init().unwrap_err().to_string();
            assert!(error.starts_with("a global logger is installed already"), "{error}");
        }
        _ => {}
    }
}

#[test]
fn without_any_word_records_go_to_standard_output() {
    let text = String::from_utf8(play("log", &[]).stdout).unwrap();
    let records: Vec<&str> = text.lines().filter(|line| line.starts_with('{')).collect();
    assert!(records[0].contains("\"message\":\"logging is set up\",\"kind\":\"setup\""), "{text}");
    assert!(records[1].contains("\"message\":\"ready\""), "{text}");
}

#[test]
fn whoever_lets_the_guard_go_at_once_is_told_that_records_are_lost_and_what_to_write() {
    let output = play("log, with the guard gone", &[]);
    let (out, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(!out.contains("nobody sees this"), "{out}");
    assert!(error.contains("hyperlog: closed: ") && error.contains("`let _logging = …`"), "{error}");
}

#[test]
fn what_waits_in_a_queue_is_there_when_the_guard_has_gone() {
    let path = std::env::temp_dir().join(format!("hyperlog-init-{}.log", std::process::id()));
    let variables =
        [("HYPERLOG_OUTPUTS__DISK__KIND", "file"), ("HYPERLOG_OUTPUTS__DISK__PATH", path.to_str().unwrap())];
    let output = play("log", &variables);
    let text = fs::read_to_string(&path).unwrap_or_default();
    drop(fs::remove_file(&path));
    assert!(text.contains("\"message\":\"ready\""), "{text} {output:?}");
}

#[test]
fn a_guard_waits_as_long_as_it_was_told_to_and_says_what_it_left() {
    // Takes connections and answers nobody.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let output = play(
        "log, and go soon",
        &[
            ("HYPERLOG_OUTPUTS__HOOK__KIND", "webhook"),
            ("HYPERLOG_OUTPUTS__HOOK__URL", &url),
            ("HYPERLOG_OUTPUTS__HOOK__PLAIN", "true"),
            ("HYPERLOG_OUTPUTS__HOOK__PRIVATE", "true"),
        ],
    );
    let told = String::from_utf8(output.stderr).unwrap();
    let line = told.lines().find(|line| line.contains("not all that was logged has left"));
    assert!(line.is_some_and(|line| line.ends_with("; hook lost 2")), "{told}");
}

#[test]
fn a_second_time_is_refused() {
    let output = play("twice", &[]);
    assert!(output.status.success(), "{output:?}");
}
