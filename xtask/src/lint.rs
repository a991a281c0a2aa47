//! What can be said about the code without running it.

use std::path::Path;
use std::process::Command;

use crate::install::Install;
use crate::step::{self, Ended, Steps};
use crate::{Outcome, book, tools, unused};

pub(crate) fn run(install: Install) -> Outcome {
    let mut steps = Steps::of("lint");
    steps.step("format", format);
    steps.step("spelling", || step::run(&mut tools::TYPOS.command(install)?));
    steps.step("unused dependencies", unused::check);
    steps.step("book", || book::check(install));
    steps
        .step("clippy", || step::run(cargo("clippy").args(EVERYTHING).args(["--all-targets", "--", "-D", "warnings"])));
    steps.step("documentation", || {
        step::run(cargo("doc").args(EVERYTHING).arg("--no-deps").env("RUSTDOCFLAGS", "-D warnings"))
    });
    steps.step("licences, bans, sources", || deny(&["--workspace", "check", "licenses", "bans", "sources"], install));
    steps.step("advisories", || advisories(install));
    steps.finish()
}

const EVERYTHING: [&str; 2] = ["--workspace", "--all-features"];

/// Workspaces of their own, which `--all` does not reach.
const APART: [&str; 2] = ["fuzz/Cargo.toml", "benches/versus/Cargo.toml"];

fn format() -> Outcome<Ended> {
    for manifest in APART.iter().filter(|manifest| Path::new(manifest).exists()) {
        step::run(cargo("fmt").args(["--check", "--manifest-path", manifest]))?;
    }
    step::run(cargo("fmt").args(["--all", "--check"]))
}

fn cargo(subcommand: &str) -> Command {
    let mut command = Command::new("cargo");
    command.arg(subcommand);
    command
}

fn deny(arguments: &[&str], install: Install) -> Outcome<Ended> {
    step::run(tools::DENY.command(install)?.args(arguments))
}

/// Advisories live in a database on the network. Where that is out of reach, a lint of the code should not fail.
fn advisories(install: Install) -> Outcome<Ended> {
    let mut fetch = tools::DENY.command(install)?;
    match step::run(fetch.args(["fetch", "db"])) {
        Ok(_) => deny(&["--workspace", "check", "--disable-fetch", "advisories"], install),
        Err(_) => Ok(Ended::LeftOut("the advisory database cannot be reached".to_owned())),
    }
}
