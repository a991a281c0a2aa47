//! The comparison with other loggers.
//!
//! It is a workspace of its own, so that rivals never enter ours.

use std::path::Path;
use std::process::Command;

use crate::install::Install;
use crate::{Outcome, packages, step};

const MANIFEST: &str = "benches/versus/Cargo.toml";
const SUMMARY: &str = "target/bench/summary.json";

pub(crate) fn run(arguments: &[String], install: Install) -> Outcome {
    packages::provide("bench", install)?;
    let mut cargo = Command::new("cargo");
    step::run(cargo.args(["run", "--release", "--manifest-path", MANIFEST, "--"]).args(arguments))?;
    if Path::new(SUMMARY).is_file() {
        println!("the same as data: {SUMMARY}");
    }
    Ok(())
}
