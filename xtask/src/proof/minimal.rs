//! Everything compiles with the oldest dependencies that the manifests allow: whoever holds one back gets what was promised.
//!
//! To resolve so is unstable in cargo: `RUSTC_BOOTSTRAP` lets the stable one do it. Crates of the workspace are resolved
//! together, so what several of them need has one oldest version, the highest that any of them asks for.

use std::fs;
use std::process::Command;

use crate::Outcome;
use crate::install::Install;
use crate::step::{self, Ended};

/// Beside the repository's own lock file, which stays as it is.
const LOCK: &str = "target/minimal/Cargo.lock";

pub(super) fn prove(arguments: &[String], _: Install) -> Outcome<Ended> {
    if fs::exists(LOCK)? {
        fs::remove_file(LOCK)?;
    }
    let mut cargo = Command::new("cargo");
    cargo.args(["check", "--workspace", "--exclude=xtask", "--all-features", "--target-dir=target/minimal"]);
    cargo.args(["-Zdirect-minimal-versions", "-Zlockfile-path"]);
    cargo.args(["--config", &format!("resolver.lockfile-path=\"{LOCK}\"")]);
    step::run(cargo.args(arguments).env("RUSTC_BOOTSTRAP", "1"))
}
