//! Where a panic ends the process, its record is out before.
//!
//! Whether a panic unwinds is a matter of the whole build, so the program that panics is built here, into a folder of its
//! own, of what is there already: nothing is downloaded.

#![cfg(unix)]

use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

const PROGRAM: &str = "ends_by_a_panic";
const SIGABRT: i32 = 6;

#[test]
fn a_panic_that_ends_the_process_has_left_a_flushed_record_with_the_id_of_its_request() {
    let output = Command::new(build()).stdin(Stdio::null()).output().expect("it can be started");
    assert_eq!(output.status.signal(), Some(SIGABRT), "{output:?}");

    let text = String::from_utf8(output.stdout).expect("records are text");
    let records: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect();
    let messages: Vec<&str> = records.iter().map(|record| record["message"].as_str().unwrap_or_default()).collect();
    assert_eq!(messages, ["looking for the order", "panicked"]);
    assert!(records.iter().all(|record| record["request_id"] == "abc-123"), "{records:#?}");

    let panic = &records[1];
    assert_eq!((&panic["kind"], &panic["level"]), (&Value::from("panic"), &Value::from("ERROR")));
    assert_eq!(panic["error"], "there is no shelf for /orders/17");
    assert!(panic["location"].as_str().is_some_and(|place| place.contains(PROGRAM)), "{panic}");
    assert!(panic["frames"].to_string().contains("find_order"), "{panic}");
}

/// Builds the program with the compiler and the lock file of this workspace.
fn build() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("abort");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build.args(["build", "--quiet", "--locked", "--offline", "--package=hyperlog-tower", "--example", PROGRAM]);
    build.args(["--config", r#"profile.dev.panic="abort""#, "--target-dir"]).arg(&folder);
    let output = build.current_dir(env!("CARGO_MANIFEST_DIR")).output().expect("cargo can be started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    folder.join("debug/examples").join(PROGRAM)
}
