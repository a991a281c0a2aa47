//! The oldest compiler that the manifest promises still compiles everything.

use crate::install::Install;
use crate::step::{self, Ended};
use crate::{Outcome, tools, workspace};

pub(super) fn prove(arguments: &[String], install: Install) -> Outcome<Ended> {
    let packages = workspace::packages()?;
    let promised = packages.iter().find_map(|package| package.rust_version.as_deref());
    let mut cargo = tools::toolchain(promised.ok_or("no manifest names a `rust-version`")?, install)?;
    // a target folder of its own: two compilers in one would throw away each other's work
    cargo.args(["check", "--locked", "--workspace", "--all-features", "--all-targets", "--target-dir=target/msrv"]);
    step::run(cargo.args(arguments))
}
