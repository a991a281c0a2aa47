//! How many lines the tests reach, crate by crate; where a mistake costs most, room by room.
//!
//! A gate is held against all tests of the workspace: the scenarios at its root are those of the frameworks' crates. With
//! names of crates as arguments, only the tests of these run, and only their gates are looked at:
//! `cargo xtask proof coverage hyperlog-tower hyperlog`. Examples in the documentation are not counted.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::install::Install;
use crate::say::say;
use crate::step::{self, Ended};
use crate::workspace::{self, Package};
use crate::{Outcome, packages, tools};

/// Where a mistake costs most: below these folders the tests reach more.
const CAREFUL: [&str; 9] = [
    "hyperlog-actix/src",
    "hyperlog-axum/src",
    "hyperlog-core/src",
    "hyperlog-core/src/encode",
    "hyperlog-core/src/filter",
    "hyperlog-core/src/http",
    "hyperlog-core/src/redact",
    "hyperlog-tower/src",
    "integrations/delivery/src",
];

/// The share of lines, in percent, that the tests must reach there, and in any other crate that is published.
const SHARE_OF_CAREFUL: f64 = 90.0;
const SHARE: f64 = 80.0;

const REPORT: &str = "target/coverage.json";

pub(super) fn prove(names: &[String], install: Install) -> Outcome<Ended> {
    let root = std::env::current_dir()?;
    let gates = gates(&workspace::packages()?, names, &root)?;
    packages::provide("test", install)?;
    measure(names, install)?;
    let files = files(&serde_json::from_str(&fs::read_to_string(REPORT)?)?, &root);
    let mut below = Vec::new();
    for gate in &gates {
        let lines = gate.lines(&files);
        say(format_args!(
            "{:6.1} % of {:6} lines, must be {} %  {}",
            lines.percent(),
            lines.all,
            gate.share,
            gate.folder
        ));
        if lines.percent() < gate.share {
            below.push(gate.told(&files));
        }
    }
    if below.is_empty() { Ok(Ended::Well) } else { Err(below.join("; ").into()) }
}

/// With what comes with the compiler: its instruments, and the programs that read what they note.
fn measure(names: &[String], install: Install) -> Outcome {
    let (mut merge, mut export) = (tools::llvm("llvm-profdata", install)?, tools::llvm("llvm-cov", install)?);
    let notes = std::env::current_dir()?.join("target/coverage/notes");
    if notes.exists() {
        fs::remove_dir_all(&notes)?;
    }
    let what: Vec<String> = match names {
        [] => vec!["--workspace".to_owned(), "--exclude=xtask".to_owned()],
        names => names.iter().map(|name| format!("--package={name}")).collect(),
    };
    let measured = |mut command: Command| {
        // one file for each program, whichever of its processes ends: each test has one of its own
        command.env("RUSTFLAGS", "-Cinstrument-coverage").env("LLVM_PROFILE_FILE", notes.join("%4m.profraw"));
        command
    };
    let flags = ["--target-dir=target/coverage", "--all-features"];
    // The programs below `examples` too, which a test runs.
    let mut build = measured(Command::new("cargo"));
    build.arg("test").args(flags).args(&what).args(["--no-run", "--message-format=json"]);
    let built = step::output(&mut build)?;
    // what compilers and their plugins noted is nothing of ours
    if notes.exists() {
        fs::remove_dir_all(&notes)?;
    }
    let mut test = measured(tools::NEXTEST.command(install)?);
    step::run(test.args(["run", "--no-fail-fast"]).args(flags).args(&what))?;

    let merged = "target/coverage/merged.profdata";
    step::run(merge.args(["merge", "--sparse", "--output", merged]).arg(&notes))?;
    export.args(["export", "--summary-only", "--ignore-filename-regex=/(registry|rustc|tests|target)/"]);
    export.args(["--instr-profile", merged]).args(programs(&built).map(|program| format!("--object={program}")));
    Ok(fs::write(REPORT, step::output(&mut export)?)?)
}

/// The programs that cargo says it built.
fn programs(messages: &str) -> impl Iterator<Item = String> {
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    messages.filter_map(|message| Some(message["executable"].as_str()?.to_owned()))
}

/// What the tests must reach below a folder.
#[derive(Debug, PartialEq)]
struct Gate {
    /// From the root. A room that is a single file (`filter.rs`) counts as the folder it may become.
    folder: String,
    share: f64,
}

/// One for each crate that is published, and one for each of its rooms where a mistake costs most.
fn gates(packages: &[Package], names: &[String], root: &Path) -> Outcome<Vec<Gate>> {
    if let Some(unknown) = names.iter().find(|name| !packages.iter().any(|package| package.name == **name)) {
        return Err(format!("the workspace has no crate `{unknown}`").into());
    }
    let wanted = |package: &&Package| package.published && (names.is_empty() || names.contains(&package.name));
    let mut gates = Vec::new();
    for package in packages.iter().filter(wanted) {
        let source = package.folder.strip_prefix(root).unwrap_or(&package.folder).join("src");
        let source = source.to_string_lossy().into_owned();
        if !CAREFUL.contains(&&*source) {
            gates.push(Gate { folder: source.clone(), share: SHARE });
        }
        let careful = CAREFUL.iter().filter(|folder| Path::new(folder).starts_with(&source));
        gates.extend(careful.map(|folder| Gate { folder: (*folder).to_owned(), share: SHARE_OF_CAREFUL }));
    }
    Ok(gates)
}

impl Gate {
    fn files<'a>(&self, files: &'a BTreeMap<String, Lines>) -> impl Iterator<Item = (&'a String, &'a Lines)> {
        files.iter().filter(|(file, _)| Path::new(file).with_extension("").starts_with(&self.folder))
    }

    fn lines(&self, files: &BTreeMap<String, Lines>) -> Lines {
        let sum = |sum: Lines, (_, lines): (_, &Lines)| Lines {
            all: sum.all + lines.all,
            reached: sum.reached + lines.reached,
        };
        self.files(files).fold(Lines::default(), sum)
    }

    /// Which gate it is, and the files because of which it is not passed, the worst of them first.
    fn told(&self, files: &BTreeMap<String, Lines>) -> String {
        let mut worst: Vec<_> = self.files(files).filter(|(_, lines)| lines.percent() < self.share).collect();
        worst.sort_by_key(|(_, lines)| std::cmp::Reverse(lines.all - lines.reached));
        let worst: Vec<String> = worst
            .iter()
            .map(|(file, lines)| format!("{file} ({} of {} lines unseen)", lines.all - lines.reached, lines.all))
            .collect();
        let percent = self.lines(files).percent();
        format!("{}: {percent:.1} % of lines, must be {} %: {}", self.folder, self.share, worst.join(", "))
    }
}

/// Lines that a test could reach, and those that one did.
#[derive(Clone, Copy, Default)]
struct Lines {
    all: u64,
    reached: u64,
}

impl Lines {
    /// None of nothing: what was not measured passes no gate.
    fn percent(self) -> f64 {
        100.0 * self.reached as f64 / self.all.max(1) as f64
    }
}

/// The files that the report knows, by their path from the root.
fn files(report: &Value, root: &Path) -> BTreeMap<String, Lines> {
    let files = workspace::items(&report["data"]).flat_map(|data| workspace::items(&data["files"]));
    let files = files.map(|file| {
        let path = Path::new(workspace::text(&file["filename"]));
        let lines = &file["summary"]["lines"];
        let count = |name: &str| lines[name].as_u64().unwrap_or(0);
        let lines = Lines { all: count("count"), reached: count("covered") };
        (path.strip_prefix(root).unwrap_or(path).to_string_lossy().into_owned(), lines)
    });
    files.collect()
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
    fn a_crate_has_a_gate_and_its_careful_rooms_have_their_own() {
        let packages = [
            Package::named("hyperlog-core", "/house/hyperlog-core"),
            Package::named("hyperlog-file", "/house/integrations/file"),
            Package { published: false, ..Package::named("xtask", "/house/xtask") },
        ];
        let told = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            let gates = gates(&packages, &names, Path::new("/house")).map_err(|error| error.to_string())?;
            Ok::<_, String>(gates.into_iter().map(|gate| (gate.folder, gate.share)).collect::<Vec<_>>())
        };
        let file = ("integrations/file/src".to_owned(), 80.0);
        let rooms = ["", "/encode", "/filter", "/http", "/redact"];
        let mut all: Vec<_> = rooms.iter().map(|room| (format!("hyperlog-core/src{room}"), 90.0)).collect();
        all.push(file.clone());
        assert_eq!(told(&[]), Ok(all));
        assert_eq!(told(&["hyperlog-file"]), Ok(vec![file]));
        assert_eq!(told(&["hyperlog-lost"]), Err("the workspace has no crate `hyperlog-lost`".to_owned()));
    }

    #[test]
    fn a_gate_that_is_not_passed_names_its_files() {
        let file = |name: &str, count: u64, covered: u64| serde_json::json!({ "filename": name, "summary": { "lines": { "count": count, "covered": covered } } });
        let report = serde_json::json!({ "data": [{ "files": [
            file("/house/hyperlog-core/src/encode/json.rs", 100, 95),
            file("/house/hyperlog-core/src/encode/mod.rs", 100, 80),
            file("/house/hyperlog-core/src/encoded.rs", 10, 0),
            file("/house/hyperlog-core/src/filter.rs", 10, 9),
        ] }] });
        let files = files(&report, Path::new("/house"));
        let gate = |folder: &str| Gate { folder: format!("hyperlog-core/src/{folder}"), share: 90.0 };
        assert_eq!(gate("filter").lines(&files).percent(), 90.0);
        assert_eq!(gate("http").lines(&files).percent(), 0.0, "what was not measured passes no gate");
        assert_eq!(gate("encode").lines(&files).percent(), 87.5);
        let told = "hyperlog-core/src/encode: 87.5 % of lines, must be 90 %: hyperlog-core/src/encode/mod.rs (20 of 100 lines unseen)";
        assert_eq!(gate("encode").told(&files), told);
    }
}
