//! Nothing public changed that the version number does not admit.
//!
//! What is compared with is the newest release before this commit, or what an argument names:
//! `cargo xtask proof semver --baseline-rev main`, `--baseline-root <folder>`, `--baseline-rustdoc <file>`.

use std::process::Command;

use crate::install::Install;
use crate::step::{self, Ended};
use crate::{Outcome, tools};

pub(super) fn prove(arguments: &[String], install: Install) -> Outcome<Ended> {
    let baseline = match names_a_baseline(arguments) {
        true => Vec::new(),
        false => match last_release()? {
            Some(released) => vec!["--baseline-rev".to_owned(), released],
            None => {
                let why = "no release is tagged before this commit; add `--baseline-rev <commit>`";
                return Ok(Ended::LeftOut(why.to_owned()));
            }
        },
    };
    let mut checks = tools::SEMVER_CHECKS.command(install)?;
    checks.args(["--workspace", "--exclude=xtask"]).args(baseline);
    step::run(checks.args(arguments))
}

fn names_a_baseline(arguments: &[String]) -> bool {
    arguments.iter().any(|argument| argument.starts_with("--baseline-"))
}

/// The newest tag like `v1.2.3` behind this commit: its own would be a comparison with itself.
fn last_release() -> Outcome<Option<String>> {
    let list = ["tag", "--list", "v*", "--sort=-version:refname", "--merged=HEAD", "--no-contains=HEAD"];
    let output = Command::new("git").args(list).output()?;
    Ok(String::from_utf8_lossy(&output.stdout).lines().next().map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_baseline_is_named_with_its_value_apart_or_beside_it() {
        let named =
            |arguments: &[&str]| names_a_baseline(&arguments.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
        assert!(named(&["--verbose", "--baseline-rev", "main"]));
        assert!(named(&["--baseline-rustdoc=old.json"]));
        assert!(!named(&["--package=hyperlog-core"]));
        assert!(!named(&[]));
    }
}
