//! What the commands need from the operating system's package manager: one table, so that nobody has to look for it.

use std::fs;
use std::path::{Path, PathBuf};
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
    way: Way,
}

/// How a package comes to be there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Into the system.
    Installed,
    /// Below `target/tools`, for a package that, installed, would start a server.
    Unpacked,
}

const PACKAGES: &[Package] = &[
    Package {
        name: "valgrind",
        program: "valgrind",
        command: "bench",
        gives: "instruction counts",
        way: Way::Installed,
    },
    Package {
        name: "prometheus",
        program: "promtool",
        command: "test",
        gives: "metrics held against a real Prometheus",
        way: Way::Unpacked,
    },
    Package {
        name: "chromium",
        program: "chromium",
        command: "proof book",
        gives: "look at the guide in a browser",
        way: Way::Installed,
    },
];

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

/// Whether a program of the table is there.
pub(crate) fn is_there(program: &str) -> bool {
    PACKAGES.iter().any(|package| package.program == program && package.is_there())
}

impl Package {
    fn is_there(&self) -> bool {
        if self.way == Way::Unpacked && self.folder().join("usr/bin").join(self.program).is_file() {
            return true;
        }
        let version = Command::new(self.program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        version.is_ok_and(|status| status.success())
    }

    fn folder(&self) -> PathBuf {
        Path::new("target/tools").join(self.name)
    }

    fn unpack(&self) -> Outcome {
        let folder = self.folder();
        fs::create_dir_all(&folder)?;
        step::run(Command::new("apt-get").args(["download", "--quiet", self.name]).current_dir(&folder))?;
        for entry in fs::read_dir(&folder)? {
            let archive = entry?.path();
            if archive.extension().is_some_and(|extension| extension == "deb") {
                step::run(Command::new("dpkg-deb").arg("--extract").arg(&archive).arg(&folder))?;
                fs::remove_file(&archive)?;
            }
        }
        Ok(())
    }
}

fn fetch(missing: &[&Package]) -> Outcome {
    step::run(&mut apt_get(&["update", "--quiet"]))?;
    let of_way = |way| missing.iter().filter(move |package| package.way == way);
    let names: Vec<&str> = of_way(Way::Installed).map(|package| package.name).collect();
    if !names.is_empty() {
        step::run(apt_get(&["install", "--quiet", "--yes", "--no-install-recommends"]).args(names))?;
    }
    of_way(Way::Unpacked).try_for_each(|package| package.unpack())
}

fn apt_get(arguments: &[&str]) -> Command {
    let administrator = std::env::var_os("HOME").is_some_and(|home| home == "/root");
    let mut command = Command::new(if administrator { "apt-get" } else { "sudo" });
    command.args((!administrator).then_some("apt-get")).args(arguments);
    command
}
