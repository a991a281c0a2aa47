//! The project's own commands: a person and the build machine type the same ones.
//!
//! Each command prints what it runs, so that any step can be repeated by hand.

mod bench;
mod book;
mod check;
mod install;
mod lint;
mod packages;
mod proof;
mod say;
mod soak;
mod step;
mod test;
mod tools;
mod unused;
mod workspace;

use std::error::Error;
use std::process::ExitCode;

use crate::install::Install;
use crate::say::say;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

const USAGE: &str = "\
cargo xtask <command> [--install]

  lint              format, spelling, unused dependencies, the guide and every link, clippy, documentation,
                    licences and sources
  test              every test, every documentation example, every fuzz corpus
  check             lint, then test: all that a change must pass
  bench [args]      the comparison with other loggers; args go to the benchmark
  soak [minutes] [axum|actix]
                    servers under full load, whose memory must stay flat: ten minutes of each
  proof [name]      what takes longer than a change should wait for; without a name, all of it:
                    book, msrv, powerset, coverage, miri, models, fuzz, semver, mutants
                    what follows the name goes to the tool

  --install         fetch the tools that are missing; without it, they are named, with the command that fetches them
                    (a build machine, where CI is set, always fetches)";

fn main() -> ExitCode {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let install = Install::from_arguments(&mut arguments);
    match dispatch(&arguments, install) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(format_args!("\nxtask: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn dispatch(arguments: &[String], install: Install) -> Outcome {
    workspace::enter()?;
    let Some((command, rest)) = arguments.split_first() else {
        say(USAGE);
        return Ok(());
    };
    match (command.as_str(), rest) {
        ("lint", []) => lint::run(install),
        ("test", []) => test::run(install),
        ("check", []) => check::run(install),
        ("bench", arguments) => bench::run(arguments, install),
        ("soak", arguments) => soak::run(arguments, install),
        ("proof", arguments) => proof::run(arguments, install),
        ("help" | "--help" | "-h", _) => {
            say(USAGE);
            Ok(())
        }
        ("lint" | "test" | "check", [extra, ..]) => Err(format!("`{command}` does not understand `{extra}`").into()),
        _ => Err(format!("no such command: `{command}`\n\n{USAGE}").into()),
    }
}
