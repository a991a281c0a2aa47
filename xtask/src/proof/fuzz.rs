//! Each fuzz target runs for a minute and finds nothing.
//!
//! The instruments of a fuzzer are unstable: `RUSTC_BOOTSTRAP` lets the stable compiler use them, so that what is fuzzed is
//! what people run.

use crate::install::Install;
use crate::step::{self, Ended};
use crate::{Outcome, tools, workspace};

pub(super) fn prove(arguments: &[String], install: Install) -> Outcome<Ended> {
    for target in targets()? {
        // what it finds goes beside the corpus, which holds only what somebody chose to keep
        let (found, kept) = (format!("target/fuzz/found/{target}"), format!("fuzz/corpus/{target}"));
        std::fs::create_dir_all(&found)?;
        let mut fuzz = tools::FUZZ.command(install)?;
        fuzz.args(["run", "--target-dir=target/fuzz", &target, &found, &kept, "--", "-max_total_time=60"]);
        fuzz.args(arguments);
        step::run(fuzz.env("RUSTC_BOOTSTRAP", "1"))?;
    }
    Ok(Ended::Well)
}

fn targets() -> Outcome<Vec<String>> {
    let metadata = workspace::metadata(&["--manifest-path=fuzz/Cargo.toml"])?;
    let targets = workspace::items(&metadata["packages"]).flat_map(|package| workspace::items(&package["targets"]));
    let binaries = targets.filter(|target| workspace::items(&target["kind"]).any(|kind| kind == "bin"));
    Ok(binaries.map(|target| workspace::text(&target["name"]).to_owned()).collect())
}
