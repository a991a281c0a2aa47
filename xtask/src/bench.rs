//! The comparison with other loggers, told as a table and as `target/bench/summary.json`.
//!
//! It is a workspace of its own, so that rivals never enter ours.

use std::process::Command;

use crate::install::Install;
use crate::{Outcome, packages, step};

pub(crate) const MANIFEST: &str = "benches/versus/Cargo.toml";

pub(crate) fn run(arguments: &[String], install: Install) -> Outcome {
    packages::provide("bench", install)?;
    let mut cargo = Command::new("cargo");
    step::run(cargo.args(["run", "--release", "--manifest-path", MANIFEST, "--"]).args(arguments)).map(drop)
}
