//! Sends the crates to crates.io, each after those that it needs.
//!
//! A crate that is there in this version is passed over, so that a run that broke off is taken up by another.

use std::process::{Command, Stdio};

use crate::say::say;
use crate::workspace::Package;
use crate::{Outcome, order, step, workspace};

pub(crate) fn run() -> Outcome {
    let packages = workspace::packages()?;
    let order = order::of_publishing(&packages)?;
    let mut waiting = Vec::new();
    for package in order {
        match is_there(&package.name, &package.version)? {
            true => say(format_args!("{} {} is published already", package.name, package.version)),
            false => waiting.push(package),
        }
    }
    let output = Command::new("git").args(["tag", "--points-at", "HEAD"]).output()?;
    tagged(&waiting, &String::from_utf8_lossy(&output.stdout))?;
    for Package { name, .. } in waiting {
        // `cargo xtask proof package` has compiled the archives, and a token lives for minutes only
        step::run(Command::new("cargo").args(["publish", "--locked", "--no-verify", "--package", name]))?;
    }
    Ok(())
}

/// Nothing is published by mistake, nor anything that cannot be found again: the commit bears the tag of each version.
fn tagged(waiting: &[&Package], tags: &str) -> Outcome {
    let untagged =
        waiting.iter().find(|package| !tags.lines().any(|tag| tag.strip_prefix('v') == Some(&*package.version)));
    untagged.map_or(Ok(()), |Package { name, version, .. }| {
        Err(format!("{name} has the version {version}, but this commit not the tag v{version}: see RELEASING.md")
            .into())
    })
}

/// Whether the registry knows this version. Where it cannot be asked it cannot be sent anything either.
fn is_there(name: &str, version: &str) -> Outcome<bool> {
    let mut info = Command::new("cargo");
    info.args(["info", "--quiet", "--registry", "crates-io", &format!("{name}@{version}")]);
    Ok(info.stdout(Stdio::null()).stderr(Stdio::null()).status()?.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_published_from_the_commit_that_bears_its_tag() {
        let package = Package::named("one", "");
        let check = |tags: &str| tagged(&[&package], tags).map_err(|error| error.to_string());
        assert_eq!(check("nightly\nv1.2.3\n"), Ok(()));
        let refused = "one has the version 1.2.3, but this commit not the tag v1.2.3: see RELEASING.md";
        for tags in ["", "v1.2.2\n", "v1.2.30\n", "1.2.3\n"] {
            assert_eq!(check(tags), Err(refused.to_owned()), "{tags}");
        }
    }
}
