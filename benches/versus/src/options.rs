//! What to measure and how often, read from the command line.

use crate::case::Case;
use crate::peers::{Peer, Standing, all};

pub const USAGE: &str = "\
usage: versus [options]

  --quick          fewer repetitions, and no generated program unless --case names it: about five minutes
  --case a,b       only these cases
  --peer a,b       only these peers, by the name or a part of it; requests need the bare app besides
  --reps N         repetitions of every timing (7, or 3 with --quick)
  --gate           exit with 1 if a bound does not hold or could not be judged
  --list           print peers and cases, and measure nothing";

pub struct Options {
    pub quick: bool,
    pub gate: bool,
    pub list: bool,
    pub reps: usize,
    /// Empty: all of them.
    cases: Vec<Case>,
    /// Empty: those that are always measured.
    peers: Vec<String>,
    /// As it was typed, for the summary.
    pub command: String,
}

impl Options {
    pub fn parse(arguments: &[String]) -> Result<Self, String> {
        let mut options = Self {
            quick: false,
            gate: false,
            list: false,
            reps: 0,
            cases: Vec::new(),
            peers: Vec::new(),
            command: arguments.join(" "),
        };
        let mut rest = arguments.iter();
        while let Some(flag) = rest.next() {
            let mut value = || rest.next().ok_or(format!("{flag} needs a value\n\n{USAGE}"));
            match flag.as_str() {
                "--quick" => options.quick = true,
                "--gate" => options.gate = true,
                "--list" => options.list = true,
                "--reps" => options.reps = number(value()?)?,
                "--case" => options.cases = value()?.split(',').map(known_case).collect::<Result<_, _>>()?,
                "--peer" => options.peers = value()?.split(',').map(known_peer).collect::<Result<_, _>>()?,
                _ => return Err(format!("there is no {flag}\n\n{USAGE}")),
            }
        }
        if options.reps == 0 {
            options.reps = if options.quick { 3 } else { 7 };
        }
        Ok(options)
    }

    pub fn wants_case(&self, case: Case) -> bool {
        if self.cases.is_empty() { !self.leaves_out(case) } else { self.cases.contains(&case) }
    }

    /// Whether a case takes too long for this run, and nobody has asked for it by name.
    pub fn leaves_out(&self, case: Case) -> bool {
        self.quick && self.cases.is_empty() && case == Case::Sites
    }

    pub fn wants_peer(&self, peer: &Peer) -> bool {
        match self.peers.is_empty() {
            _ if peer.standing == Standing::Base => true,
            true => peer.standing == Standing::Always,
            false => self.peers.iter().any(|part| names(part, peer)),
        }
    }
}

/// A whole name means that peer alone; a part of a name means all that have it.
fn names(part: &str, peer: &Peer) -> bool {
    let is_whole = all().iter().any(|peer| peer.name == part);
    if is_whole { peer.name == part } else { peer.name.contains(part) }
}

fn number(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|&number| number > 0).ok_or(format!("{text} is not a number of repetitions"))
}

fn known_case(name: &str) -> Result<Case, String> {
    Case::named(name).ok_or(format!("there is no case {name}; --list names them"))
}

fn known_peer(part: &str) -> Result<String, String> {
    let known = !part.is_empty() && all().iter().any(|peer| names(part, peer));
    known.then(|| part.to_owned()).ok_or(format!("no peer is called {part}; --list names them"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, String> {
        Options::parse(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn without_flags_every_case_and_the_usual_peers_are_measured() {
        let options = parse("").unwrap();
        assert!(Case::ALL.into_iter().all(|case| options.wants_case(case)));
        let names: Vec<_> = all().into_iter().filter(|peer| options.wants_peer(peer)).map(|peer| peer.name).collect();
        assert!(names.contains(&"floor") && !names.contains(&"floor-tsc"), "{names:?}");
    }

    #[test]
    fn a_whole_name_means_one_peer_and_a_part_all_that_have_it() {
        let wanted = |line: &str| {
            let options = parse(line).unwrap();
            all().into_iter().filter(|peer| options.wants_peer(peer)).map(|peer| peer.name).collect::<Vec<_>>()
        };
        assert_eq!(wanted("--peer floor"), ["floor", "bare"], "what is added is added to the bare app");
        assert_eq!(wanted("--peer floor-,spdlog"), ["floor-coarse", "floor-tsc", "spdlog-json", "spdlog-pool", "bare"]);
    }

    #[test]
    fn a_quick_run_leaves_out_the_generated_program_unless_named() {
        assert!(!parse("--quick").unwrap().wants_case(Case::Sites));
        assert!(parse("--quick --case sites").unwrap().wants_case(Case::Sites));
    }

    #[test]
    fn mistakes_are_refused() {
        for line in ["--speed", "--reps", "--reps 0", "--case six", "--peer nobody", "--peer ,"] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
