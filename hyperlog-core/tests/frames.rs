//! When the frames of panics are taken: a process decides that, and its environment, so that each case is one of its own.

#![cfg(feature = "panic")]

use std::process::Command;

use hyperlog_core::Logger;
use hyperlog_core::panic::{self, FramePolicy};

const POLICY: &str = "HYPERLOG_TEST_FRAMES";
const WITHOUT_FRAMES: i32 = 7;

#[test]
fn frames_are_always_taken_unless_the_process_wants_it_otherwise() {
    for (policy, backtrace, expected) in [
        ("untouched", None, true),
        ("always", None, true),
        ("by_environment", None, false),
        ("by_environment", Some("0"), false),
        ("by_environment", Some("1"), true),
        ("by_environment", Some("full"), true),
        ("never", Some("1"), false),
    ] {
        let mut child = Command::new(std::env::current_exe().expect("it is known"));
        child.args(["--exact", "a_process_that_panics"]).env(POLICY, policy);
        child.env_remove("RUST_LIB_BACKTRACE").env_remove("RUST_BACKTRACE");
        if let Some(backtrace) = backtrace {
            child.env("RUST_BACKTRACE", backtrace);
        }
        let code = child.output().expect("it runs").status.code();
        assert_eq!(code, Some(if expected { 0 } else { WITHOUT_FRAMES }), "{policy} {backtrace:?}");
    }
}

/// Does nothing unless the test above has started it.
#[test]
fn a_process_that_panics() {
    let Ok(policy) = std::env::var(POLICY) else { return };
    panic::install();
    match &*policy {
        "always" => panic::set_frames(FramePolicy::Always),
        "by_environment" => panic::set_frames(FramePolicy::ByEnvironment),
        "never" => panic::set_frames(FramePolicy::Never),
        _ => {}
    }
    let (logger, captured) = Logger::capture();
    panic::catch(|| panic!("boom")).expect_err("it panics").write(&logger);
    let record = captured.only();
    assert_eq!(record.text("error"), "boom");
    assert!(record.has("location"), "{record}");
    if !record.has("frames") {
        std::process::exit(WITHOUT_FRAMES);
    }
}
