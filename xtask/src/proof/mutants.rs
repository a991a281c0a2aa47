//! Tests notice when the code is broken on purpose.
//!
//! A whole run takes many hours. Without arguments it is a spot check: one part in four hundred of the rooms where
//! a mistake costs most, another part each day, by the tests of the crate itself. `cargo xtask proof mutants --file 'hyperlog-core/src/redact/**'` looks at one room.

use std::time::SystemTime;

use crate::install::Install;
use crate::step::{self, Ended};
use crate::{Outcome, tools};

const CAREFUL: [&str; 4] = [
    "hyperlog-core/src/encode/**",
    "hyperlog-core/src/redact/**",
    "hyperlog-core/src/http/exchange.rs",
    "integrations/delivery/src/queue.rs",
];

const PARTS: u64 = 400;

pub(super) fn prove(arguments: &[String], install: Install) -> Outcome<Ended> {
    let mut mutants = tools::MUTANTS.command(install)?;
    mutants.args(["--workspace", "--all-features", "--exclude=xtask/**", "--output=target"]);
    if arguments.is_empty() {
        let days = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs() / 86_400;
        mutants.args(CAREFUL.map(|room| format!("--file={room}")));
        mutants.args([format!("--shard={}/{PARTS}", days % PARTS), "--sharding=round-robin".to_owned()]);
    } else {
        // a room of one crate may be proved by a test of another
        mutants.arg("--test-workspace=true");
    }
    step::run(mutants.args(arguments))
}
