//! Every test: the workspace's own, the examples in its documentation, and the fuzz corpora.
//!
//! The corpora are replayed by `tests/corpus.rs` and the programs below `examples` are run by `tests/examples.rs`, tests like
//! any other.

use std::process::Command;

use crate::install::Install;
use crate::say::say;
use crate::step::{self, Ended, Steps, Stream};
use crate::{Outcome, packages, tools};

pub(crate) fn run(install: Install) -> Outcome {
    packages::provide("test", install)?;
    let mut steps = Steps::of("test");
    let mut summaries = Vec::new();
    steps.step("tests", || match tools::NEXTEST.command(install) {
        Ok(nextest) => with_nextest(nextest, &mut summaries),
        Err(missing) => {
            say(format_args!("{missing}\nrunning the same tests with plain `cargo test`"));
            // With nothing selected, cargo builds the programs below `examples` too, which a test runs.
            with_cargo(&["--no-run"], &mut summaries)?;
            with_cargo(&["--lib", "--bins", "--tests"], &mut summaries)
        }
    });
    steps.step("documentation examples", || with_cargo(&["--doc"], &mut summaries));
    let outcome = steps.finish();
    // last, where whoever reads only the end of a log finds them
    summaries.iter().for_each(|line| say(format_args!("{line}")));
    outcome
}

fn with_nextest(mut nextest: Command, summaries: &mut Vec<String>) -> Outcome<Ended> {
    nextest.args(["run", "--workspace", "--all-features", "--no-fail-fast"]);
    step::run_keeping(&mut nextest, Stream::Error, |line| line.contains("Summary ["), summaries)
}

fn with_cargo(which: &[&str], summaries: &mut Vec<String>) -> Outcome<Ended> {
    let mut cargo = Command::new("cargo");
    cargo.args(["test", "--workspace", "--all-features", "--no-fail-fast"]).args(which);
    step::run_keeping(&mut cargo, Stream::Out, |line| line.starts_with("test result:"), summaries)
}
