//! Tests notice when the code is broken on purpose.
//!
//! A whole run takes hours: `cargo xtask proof mutants --file 'hyperlog-core/src/redact/**'` looks at one room.

use crate::install::Install;
use crate::step::{self, Ended};
use crate::{Outcome, tools};

pub(super) fn prove(arguments: &[String], install: Install) -> Outcome<Ended> {
    let mut mutants = tools::MUTANTS.command(install)?;
    mutants.args(["--output=target", "--all-features", "--exclude=xtask/**"]);
    step::run(mutants.args(arguments))
}
