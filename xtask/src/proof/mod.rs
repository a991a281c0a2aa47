//! What takes longer than a change should wait for.

mod book;
mod coverage;
mod fuzz;
mod miri;
mod models;
mod msrv;
mod mutants;
mod powerset;
mod semver;

use crate::Outcome;
use crate::install::Install;
use crate::step::{Ended, Steps};

/// A proof is handed what follows its name on the command line, for the tool beneath it.
type Proof = fn(&[String], Install) -> Outcome<Ended>;

const PROOFS: [(&str, Proof); 9] = [
    ("book", book::prove),
    ("msrv", msrv::prove),
    ("powerset", powerset::prove),
    ("coverage", coverage::prove),
    ("miri", miri::prove),
    ("models", models::prove),
    ("fuzz", fuzz::prove),
    ("semver", semver::prove),
    ("mutants", mutants::prove),
];

pub(crate) fn run(arguments: &[String], install: Install) -> Outcome {
    let mut steps = Steps::of("proof");
    match arguments.split_first() {
        None => PROOFS.iter().for_each(|(name, prove)| steps.step(name, || prove(&[], install))),
        Some((wanted, rest)) => {
            let Some((name, prove)) = PROOFS.iter().find(|(name, _)| name == wanted) else {
                let names = PROOFS.map(|(name, _)| name).join(", ");
                return Err(format!("no such proof: `{wanted}`; there are {names}").into());
            };
            steps.step(name, || prove(rest, install));
        }
    }
    steps.finish()
}
