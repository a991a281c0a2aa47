//! Code that the compiler cannot check keeps its promises, step by step, in an interpreter that checks each access.

use crate::install::Install;
use crate::step::{self, Ended};
use crate::{Outcome, tools};

pub(super) fn prove(arguments: &[String], install: Install) -> Outcome<Ended> {
    let mut cargo = tools::toolchain(tools::NIGHTLY, install)?;
    for component in ["miri", "rust-src"] {
        tools::component(component, Some(tools::NIGHTLY), install)?;
    }
    cargo.args(["miri", "test", "--package=hyperlog-core", "--lib"]).args(arguments).arg("--").args(MODULES);
    // the clock is read: the machine's own, which miri hides unless told
    step::run(cargo.env("MIRIFLAGS", "-Zmiri-disable-isolation"))
}

/// The modules of `tests/unsafe_code.rs` that ship.
const MODULES: [&str; 2] = ["append", "time::system"];
