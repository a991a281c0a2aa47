//! Nothing public changed that the version number does not admit.

use std::process::Command;

use crate::install::Install;
use crate::step::{self, Ended};
use crate::{Outcome, tools};

pub(super) fn prove(arguments: &[String], install: Install) -> Outcome<Ended> {
    let Some(released) = last_release()? else {
        return Ok(Ended::LeftOut("no release is tagged yet, so there is nothing to compare with".to_owned()));
    };
    let mut checks = tools::SEMVER_CHECKS.command(install)?;
    checks.args(["--workspace", "--exclude=xtask", "--baseline-rev", &released]);
    step::run(checks.args(arguments))
}

/// The newest tag like `v1.2.3`.
fn last_release() -> Outcome<Option<String>> {
    let output = Command::new("git").args(["tag", "--list", "v*", "--sort=-version:refname"]).output()?;
    Ok(String::from_utf8_lossy(&output.stdout).lines().next().map(str::to_owned))
}
