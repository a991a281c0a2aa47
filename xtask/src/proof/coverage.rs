//! How many lines the tests reach, folder by folder; where a mistake costs most, not too few.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::install::Install;
use crate::say::say;
use crate::step::{self, Ended};
use crate::{Outcome, tools, workspace};

/// The share of lines, in percent, that the tests must reach below a folder.
const GATES: [(&str, f64); 3] =
    [("hyperlog-core/src/encode", 90.0), ("hyperlog-core/src/redact", 90.0), ("hyperlog-core/src/filter", 90.0)];

const REPORT: &str = "target/coverage.json";

pub(super) fn prove(arguments: &[String], install: Install) -> Outcome<Ended> {
    match tools::LLVM_COV.found() {
        Some(cover) => measure_with(cover, arguments)?,
        None => measure(arguments, install)?,
    };
    let folders = folders(&serde_json::from_str(&fs::read_to_string(REPORT)?)?, &std::env::current_dir()?);
    for (folder, lines) in &folders {
        say(format_args!("{:6.1} % of {:6} lines  {folder}", lines.percent(), lines.all));
    }
    let below = below_their_gate(&folders);
    if below.is_empty() { Ok(Ended::Well) } else { Err(below.join("; ").into()) }
}

const WHAT: [&str; 3] = ["--workspace", "--exclude=xtask", "--all-features"];

/// With `cargo llvm-cov`, which somebody put here.
fn measure_with(mut cover: Command, arguments: &[String]) -> Outcome<Ended> {
    let report = ["--json", "--summary-only", "--output-path", REPORT];
    step::run(cover.args(WHAT).args(report).args(arguments))
}

/// With what comes with the compiler: its instruments, and the programs that read what they note.
fn measure(arguments: &[String], install: Install) -> Outcome<Ended> {
    let (mut merge, mut export) = (tools::llvm("llvm-profdata", install)?, tools::llvm("llvm-cov", install)?);
    let notes = std::env::current_dir()?.join("target/coverage/notes");
    if notes.exists() {
        fs::remove_dir_all(&notes)?;
    }
    let test = || {
        let mut cargo = Command::new("cargo");
        cargo.env("RUSTFLAGS", "-Cinstrument-coverage").env("LLVM_PROFILE_FILE", notes.join("%p-%m.profraw"));
        cargo.args(["test", "--target-dir=target/coverage"]).args(WHAT).args(arguments);
        cargo
    };
    // The programs below `examples` too, which a test runs.
    let built = step::output(test().args(["--no-run", "--message-format=json"]))?;
    step::run(test().arg("--tests"))?;

    let merged = "target/coverage/merged.profdata";
    step::run(merge.args(["merge", "--sparse", "--output", merged]).arg(&notes))?;
    export.args(["export", "--summary-only", "--ignore-filename-regex=/(registry|rustc|tests|target)/"]);
    export.args(["--instr-profile", merged]).args(programs(&built).map(|program| format!("--object={program}")));
    fs::write(REPORT, step::output(&mut export)?)?;
    Ok(Ended::Well)
}

/// The programs that cargo says it built.
fn programs(messages: &str) -> impl Iterator<Item = String> {
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    messages.filter_map(|message| Some(message["executable"].as_str()?.to_owned()))
}

/// Lines that a test could reach, and those that one did.
#[derive(Clone, Copy, Default)]
struct Lines {
    all: u64,
    reached: u64,
}

impl Lines {
    fn percent(self) -> f64 {
        100.0 * self.reached as f64 / self.all.max(1) as f64
    }
}

/// The lines of each folder. A room that is a single file (`filter.rs`) counts as the folder it may become.
fn folders(report: &Value, root: &Path) -> BTreeMap<String, Lines> {
    let mut folders = BTreeMap::<String, Lines>::new();
    for file in workspace::items(&report["data"]).flat_map(|data| workspace::items(&data["files"])) {
        let path = Path::new(workspace::text(&file["filename"]));
        let path = path.strip_prefix(root).unwrap_or(path);
        let gated = GATES.iter().map(|(gate, _)| *gate).find(|gate| path.with_extension("").starts_with(gate));
        let folder = gated.map_or_else(|| path.parent().unwrap_or(path).display().to_string(), str::to_owned);
        let lines = folders.entry(folder).or_default();
        lines.all += file["summary"]["lines"]["count"].as_u64().unwrap_or(0);
        lines.reached += file["summary"]["lines"]["covered"].as_u64().unwrap_or(0);
    }
    folders
}

fn below_their_gate(folders: &BTreeMap<String, Lines>) -> Vec<String> {
    let gated = GATES.iter().filter_map(|(folder, gate)| Some((folder, gate, folders.get(*folder)?.percent())));
    let below = gated.filter(|(_, gate, percent)| percent < gate);
    below.map(|(folder, gate, percent)| format!("{folder}: {percent:.1} % of lines, must be {gate} %")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_programs_are_those_that_cargo_names() {
        let messages = "{\"executable\":null}\nno message\n{\"executable\":\"/house/target/debug/deps/one\"}\n{}";
        assert_eq!(programs(messages).collect::<Vec<_>>(), ["/house/target/debug/deps/one"]);
    }

    #[test]
    fn a_folder_below_its_gate_is_named() {
        let file = |name: &str, count: u64, covered: u64| serde_json::json!({ "filename": name, "summary": { "lines": { "count": count, "covered": covered } } });
        let report = serde_json::json!({ "data": [{ "files": [
            file("/house/hyperlog-core/src/encode/json.rs", 100, 95),
            file("/house/hyperlog-core/src/encode/mod.rs", 100, 80),
            file("/house/hyperlog-core/src/filter.rs", 10, 9),
            file("/house/hyperlog-core/src/level.rs", 10, 0),
        ] }] });
        let folders = folders(&report, Path::new("/house"));
        assert_eq!(below_their_gate(&folders), ["hyperlog-core/src/encode: 87.5 % of lines, must be 90 %"]);
    }
}
