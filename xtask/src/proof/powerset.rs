//! Every crate compiles with every pair of its features, and with none.

use crate::install::Install;
use crate::step::{self, Ended};
use crate::{Outcome, tools};

pub(super) fn prove(arguments: &[String], install: Install) -> Outcome<Ended> {
    let mut hack = tools::HACK.command(install)?;
    hack.args(["check", "--workspace", "--feature-powerset", "--depth=2"]);
    step::run(hack.args(arguments))
}
