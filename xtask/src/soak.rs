//! Servers under full load for minutes, whose memory must stay flat.

use std::process::Command;

use crate::install::Install;
use crate::{Outcome, bench, packages, step};

pub(crate) fn run(arguments: &[String], install: Install) -> Outcome {
    packages::provide("bench", install)?;
    let mut cargo = Command::new("cargo");
    let run = ["run", "--release", "--manifest-path", bench::MANIFEST, "--", "--soak"];
    step::run(cargo.args(run).args(arguments)).map(drop)
}
