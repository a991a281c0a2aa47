//! Tests notice when the code is broken on purpose.
//!
//! A whole run takes hours: `cargo xtask proof mutants --file 'hyperlog-core/src/redact/**'` looks at one room.

use crate::install::Install;
use crate::step::{self, Ended};
use crate::{Outcome, tools};

pub(super) fn prove(arguments: &[String], install: Install) -> Outcome<Ended> {
    let mut mutants = tools::MUTANTS.command(install)?;
    // a room of one crate may be proved by a test of another
    mutants.args(["--workspace", "--test-workspace=true", "--all-features", "--exclude=xtask/**", "--output=target"]);
    step::run(mutants.args(arguments))
}
