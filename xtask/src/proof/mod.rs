//! What takes longer than a change should wait for.

mod book;
mod coverage;
mod fuzz;
mod minimal;
mod miri;
mod models;
mod msrv;
mod mutants;
mod package;
mod powerset;
mod semver;

use std::fs;
use std::process::Command;

use crate::Outcome;
use crate::install::Install;
use crate::step::{Ended, Steps};
use crate::tools::OutOfReach;

/// A proof is handed what follows its name on the command line, for the tool beneath it.
type Proof = fn(&[String], Install) -> Outcome<Ended>;

const PROOFS: [(&str, Proof); 11] = [
    ("book", book::prove),
    ("msrv", msrv::prove),
    ("minimal", minimal::prove),
    ("powerset", powerset::prove),
    ("package", package::prove),
    ("semver", semver::prove),
    ("coverage", coverage::prove),
    ("miri", miri::prove),
    ("models", models::prove),
    ("fuzz", fuzz::prove),
    ("mutants", mutants::prove),
];

/// Where the report is kept, to be pasted.
const REPORT: &str = "target/proof.txt";

pub(crate) fn run(arguments: &[String], install: Install) -> Outcome {
    let mut steps = Steps::of("proof");
    match arguments.split_first() {
        None => PROOFS.iter().for_each(|(name, prove)| steps.step(name, || or_left_out(prove(&[], install)))),
        Some((wanted, rest)) => {
            let Some((name, prove)) = PROOFS.iter().find(|(name, _)| name == wanted) else {
                let names = PROOFS.map(|(name, _)| name).join(", ");
                return Err(format!("no such proof: `{wanted}`; there are {names}").into());
            };
            steps.step(name, || or_left_out(prove(rest, install)));
        }
    }
    let of = format!("{} {}", said(&["git", "describe", "--always", "--dirty"]), said(&["rustc", "--version"]));
    fs::create_dir_all("target")?;
    fs::write(REPORT, format!("{}\n{}\n", of.trim(), steps.report()))?;
    steps.finish()
}

/// A proof whose compiler cannot be had has neither failed nor been made.
fn or_left_out(outcome: Outcome<Ended>) -> Outcome<Ended> {
    outcome.or_else(|error| match error.downcast::<OutOfReach>() {
        Ok(out_of_reach) => Ok(Ended::LeftOut(out_of_reach.to_string())),
        Err(error) => Err(error),
    })
}

/// What a program says of a version; nothing, where it is not there.
fn said(command: &[&str]) -> String {
    let output = Command::new(command[0]).args(&command[1..]).output();
    output.map_or(String::new(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_out_of_reach_is_left_out_and_all_else_fails() {
        let out_of_reach = or_left_out(Err(Box::new(OutOfReach::because("`rustup` ended with 1"))));
        let why = "it cannot be fetched: `rustup` ended with 1";
        assert!(matches!(out_of_reach, Ok(Ended::LeftOut(told)) if told == why));
        assert!(or_left_out(Err("it does not compile".into())).is_err());
        assert!(matches!(or_left_out(Ok(Ended::Well)), Ok(Ended::Well)));
    }
}
