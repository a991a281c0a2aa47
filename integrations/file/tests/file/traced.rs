//! System calls that fail, injected from outside into a process of its own.
#![cfg(target_os = "linux")]

use crate::children::{Role, child_under, said};
use crate::disk::skip;
use crate::place::Place;
use std::fs;
use std::process::Command;

/// Runs a role with these injections into calls that concern the place; gives what it said, and what was traced.
fn traced(role: Role, place: &Place, calls: &str, inject: &[&str]) -> Option<(Vec<String>, String)> {
    if !Command::new("strace").args(["-o", "/dev/null", "true"]).status().is_ok_and(|status| status.success()) {
        skip("there is no strace that may trace");
        return None;
    }
    let trace = tempfile::NamedTempFile::new().unwrap();
    let (trace_path, path) = (trace.path().to_str().unwrap(), place.path());
    let filter = format!("trace={calls}");
    let mut words = vec!["strace", "-f", "-qq", "-y", "-o", trace_path, "-e", &filter];
    for injection in inject {
        words.extend(["-e", injection]);
    }
    // Only what concerns these is traced and disturbed.
    let archive = place.directory().to_str().unwrap();
    words.extend(["-P", path.to_str().unwrap(), "-P", archive]);
    let output = child_under(&words, role, &path).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some((said(&output.stdout), fs::read_to_string(trace.path()).unwrap()))
}

#[test]
fn an_interrupted_call_is_made_again() {
    for inject in [
        "inject=write,writev:error=EINTR:when=2..6",
        "inject=openat:error=EINTR:when=1",
        "inject=rename:error=EINTR:when=1",
        "inject=fdatasync:error=EINTR:when=1",
        "inject=statx:error=EINTR:when=1",
    ] {
        let place = Place::new();
        let calls = "write,writev,openat,rename,fdatasync,statx";
        let Some((said, trace)) = traced(Role::Ten, &place, calls, &[inject]) else { return };
        assert!(trace.contains("EINTR"), "{inject} never came: {trace}");
        assert_eq!(said.len(), 11, "{inject}: {said:?}");
        assert_eq!(said.last().unwrap(), "flush true", "{inject}");
        let text: String = (0..10).map(|number| format!("line {number}\n")).collect();
        assert_eq!(place.all_text(), text, "{inject}");
        assert_eq!(place.archives().len(), 2, "a rotation was put off: {inject}");
    }
}

#[test]
fn a_failed_sync_is_told_and_the_next_record_goes_to_a_fresh_file() {
    let place = Place::new();
    let inject = "inject=fdatasync:error=EIO:when=1";
    let Some((said, trace)) = traced(Role::SyncTwice, &place, "fdatasync", &[inject]) else { return };
    assert!(trace.contains("EIO"), "{trace}");
    assert_eq!(said, ["flush false", "flush true"]);
    assert_eq!((place.text().as_str(), place.archives().len()), ("two\n", 1));
}

#[test]
fn a_file_system_that_is_read_only_for_a_while_loses_what_is_said_to_be_lost() {
    let place = Place::new();
    let inject = ["inject=write,writev:error=EROFS:when=3..5"];
    let Some((said, trace)) = traced(Role::Ten, &place, "write,writev", &inject) else { return };
    assert!(trace.contains("EROFS"), "{trace}");
    let text: String = said.iter().filter(|word| word.starts_with("line")).map(|word| format!("{word}\n")).collect();
    assert!(said.len() < 11 && said.len() > 5, "{said:?}");
    assert_eq!(place.all_text(), text);
}

#[test]
fn a_durable_record_is_written_then_synced_then_its_directory_and_only_then_acknowledged() {
    let place = Place::new();
    let Some((said, trace)) = traced(Role::Sync, &place, "write,writev,fdatasync,fsync", &[]) else { return };
    assert_eq!(said, ["acknowledged"]);
    let at = |what: &str| trace.find(what).unwrap_or_else(|| panic!("{what} is not in {trace}"));
    let (written, synced, directory) = (at("durable"), at("fdatasync("), at("fsync("));
    assert!(written < synced && at("app.log>") < synced, "{trace}");
    assert!(directory > written, "{trace}");
    let directory = place.directory().to_str().unwrap();
    assert!(trace.contains(&format!("{directory}>")), "the directory is synced: {trace}");
}
