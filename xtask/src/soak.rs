//! What takes minutes: servers under full load, whose memory must stay flat, and log files through kills and overload.

use std::process::Command;

use crate::install::Install;
use crate::{Outcome, bench, packages, step};

pub(crate) fn run(arguments: &[String], install: Install) -> Outcome {
    match arguments.split_first() {
        Some((first, trial)) if first == FILES => files(trial),
        Some(_) => servers(arguments, install),
        None => servers(&[], install).and_then(|()| files(&[])),
    }
}

/// What stands before the name of a trial of files.
const FILES: &str = "files";

fn servers(arguments: &[String], install: Install) -> Outcome {
    packages::provide("bench", install)?;
    let mut cargo = Command::new("cargo");
    let run = ["run", "--release", "--manifest-path", bench::MANIFEST, "--", "--soak"];
    step::run(cargo.args(run).args(arguments)).map(drop)
}

fn files(trial: &[String]) -> Outcome {
    let mut cargo = Command::new("cargo");
    let run = ["run", "--release", "--package=hyperlog-file", "--example=soak", "--"];
    step::run(cargo.args(run).args(trial)).map(drop)
}
