//! How many lines the tests reach, folder by folder; where a mistake costs most, not too few.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

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
    tools::component("llvm-tools", install)?;
    let mut cover = tools::LLVM_COV.command(install)?;
    cover.args([
        "--workspace",
        "--exclude=xtask",
        "--all-features",
        "--json",
        "--summary-only",
        "--output-path",
        REPORT,
    ]);
    step::run(cover.args(arguments))?;
    let folders = folders(&serde_json::from_str(&fs::read_to_string(REPORT)?)?, &std::env::current_dir()?);
    for (folder, lines) in &folders {
        say(format_args!("{:6.1} % of {:6} lines  {folder}", lines.percent(), lines.all));
    }
    let below = below_their_gate(&folders);
    if below.is_empty() { Ok(Ended::Well) } else { Err(below.join("; ").into()) }
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
