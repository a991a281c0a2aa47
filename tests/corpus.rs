//! Every input that a fuzzer ever found worth keeping is tried again.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::panic;
use std::path::{Path, PathBuf};

#[path = "../fuzz/src/lib.rs"]
#[allow(unreachable_pub, reason = "public for the fuzzer's crate, whose file this is")]
mod fuzz;

#[test]
fn every_kept_input_is_survived() {
    for (name, run) in fuzz::TARGETS {
        let inputs = listed(&Path::new("fuzz/corpus").join(name));
        assert!(!inputs.is_empty(), "fuzz/corpus/{name} holds no input");
        for input in inputs {
            let data = fs::read(&input).expect("an input can be read");
            assert!(panic::catch_unwind(|| run(&data)).is_ok(), "{name} does not survive {}", input.display());
        }
    }
}

#[test]
fn every_target_is_replayed_and_fuzzed() {
    let named =
        |folder: &str| listed(Path::new(folder)).iter().filter_map(|path| path.file_stem()).map(plain).collect();
    let replayed: BTreeSet<String> = fuzz::TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(replayed, named("fuzz/targets"), "TARGETS in fuzz/src/lib.rs, and the files that run them");
    assert_eq!(replayed, named("fuzz/corpus"), "TARGETS in fuzz/src/lib.rs, and the folders with their inputs");
}

fn listed(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).expect("the fuzz room is here");
    entries.map(|entry| entry.expect("the fuzz room is here").path()).collect()
}

fn plain(name: &OsStr) -> String {
    name.to_string_lossy().into_owned()
}
