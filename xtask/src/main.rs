//! The project's own commands: a person and the build machine type the same ones.
//!
//! Each command prints what it runs, so that any step can be repeated by hand.

mod bench;
mod book;
mod check;
mod hooks;
mod install;
mod lint;
mod order;
mod packages;
mod picture;
mod proof;
mod publish;
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
  picture           draws anew what the README shows of a terminal
  proof [name]      what takes longer than a change should wait for; without a name, all of it:
                    book, msrv, minimal, powerset, package, semver, coverage, miri, models, fuzz, mutants
                    what follows the name goes to the tool; the report is kept in target/proof.txt
  hooks [off]       git looks at format and spelling before each commit
  publish           sends the crates to crates.io, in order, from a commit that bears the tag of their version

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
        ("picture", []) => picture::draw(),
        ("proof", arguments) => proof::run(arguments, install),
        ("hooks", arguments) => hooks::run(arguments),
        ("publish", []) => publish::run(),
        ("help" | "--help" | "-h", _) => {
            say(USAGE);
            Ok(())
        }
        ("lint" | "test" | "check" | "picture" | "publish", [extra, ..]) => {
            Err(format!("`{command}` does not understand `{extra}`").into())
        }
        _ => Err(format!("no such command: `{command}`\n\n{USAGE}").into()),
    }
}
