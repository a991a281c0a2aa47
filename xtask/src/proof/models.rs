//! The queue's threads in every order in which they can meet.

use std::process::Command;

use crate::Outcome;
use crate::install::Install;
use crate::step::{self, Ended};

pub(super) fn prove(arguments: &[String], _: Install) -> Outcome<Ended> {
    let mut cargo = Command::new("cargo");
    cargo.args(["test", "--release", "--package=hyperlog-delivery", "--lib"]);
    // A folder of its own: with another flag all is compiled anew, here and afterwards.
    cargo.args(["--target-dir=target/models", "interleavings"]).args(arguments);
    step::run(cargo.env("RUSTFLAGS", "--cfg hyperlog_loom"))
}
