//! What the commands need from the operating system's package manager: one table, so that nobody has to look for it.

use std::process::{Command, Stdio};

use crate::Outcome;
use crate::install::Install;
use crate::say::say;
use crate::step;

/// A package of Debian and its kin.
struct Package {
    name: &'static str,
    /// The program by which one sees that it is there.
    program: &'static str,
    /// The command that needs it.
    command: &'static str,
    /// What is lost without it.
    gives: &'static str,
}

const PACKAGES: &[Package] =
    &[Package { name: "valgrind", program: "valgrind", command: "bench", gives: "instruction counts" }];

/// Sees to the packages of a command. One that stays missing is told, with what is lost, and stops nothing.
///
/// # Errors
///
/// When a package may be fetched and fetching fails.
pub(crate) fn provide(command: &str, install: Install) -> Outcome {
    let missing: Vec<&Package> =
        PACKAGES.iter().filter(|package| package.command == command && !package.is_there()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    if install == Install::Allowed {
        return fetch(&missing);
    }
    for package in missing {
        say(format_args!(
            "no {}, so no {}: add --install, or `apt-get install {}`",
            package.program, package.gives, package.name
        ));
    }
    Ok(())
}

impl Package {
    fn is_there(&self) -> bool {
        let version = Command::new(self.program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        version.is_ok_and(|status| status.success())
    }
}

fn fetch(missing: &[&Package]) -> Outcome {
    step::run(&mut apt_get(&["update", "--quiet"]))?;
    let names = missing.iter().map(|package| package.name);
    step::run(apt_get(&["install", "--quiet", "--yes", "--no-install-recommends"]).args(names))?;
    Ok(())
}

fn apt_get(arguments: &[&str]) -> Command {
    let administrator = std::env::var_os("HOME").is_some_and(|home| home == "/root");
    let mut command = Command::new(if administrator { "apt-get" } else { "sudo" });
    command.args((!administrator).then_some("apt-get")).args(arguments);
    command
}
