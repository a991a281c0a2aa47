//! What a thousand call sites cost: a program is generated for each peer, and checked, built and weighed.

use crate::case::Case;
use crate::metric::Metric;
use crate::peers::{Peer, Sites};
use crate::place::{folder, root};
use crate::results::Results;
use object::{Object, ObjectSection};
use std::env;
use std::error::Error;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

const MANY: usize = 1000;

/// Measures all peers that say how a program uses them, by turns.
pub fn measure(peers: &[&'static Peer], reps: usize, results: &mut Results) -> Result<(), Box<dyn Error>> {
    let mut programs = Vec::new();
    for peer in peers {
        if let Some(sites) = &peer.sites {
            programs.push((peer.name, Program::new(peer.name, sites)?));
        }
    }
    for (name, program) in &programs {
        eprintln!("the program of {name}: its dependencies");
        let bare = program.weigh(0)?;
        let full = program.weigh(MANY)?;
        program.cargo("check")?;
        results.add(Case::Sites, name, Metric::Code, full);
        results.add(Case::Sites, name, Metric::CodePerSite, (full - bare) / MANY as f64);
    }
    for rep in 1..=reps {
        eprintln!("programs of {MANY} call sites, repetition {rep} of {reps}");
        fastrand::shuffle(&mut programs);
        for (name, program) in &programs {
            results.add(Case::Sites, name, Metric::Check, program.seconds("check")?);
            results.add(Case::Sites, name, Metric::Build, program.seconds("build")?);
        }
    }
    Ok(())
}

/// A generated package, alone in its workspace.
struct Program {
    folder: PathBuf,
    sites: &'static Sites,
}

impl Program {
    fn new(name: &str, sites: &'static Sites) -> Result<Self, Box<dyn Error>> {
        let folder = folder().join("sites").join(name);
        fs::create_dir_all(folder.join("src"))?;
        fs::write(folder.join("Cargo.toml"), manifest(sites))?;
        // the versions that the other cases are measured with
        fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock"), folder.join("Cargo.lock"))?;
        Ok(Self { folder, sites })
    }

    /// The bytes of machine code of the program with so many call sites.
    fn weigh(&self, count: usize) -> Result<f64, Box<dyn Error>> {
        self.write(count)?;
        self.cargo("build")?;
        let bytes = fs::read(self.folder.join("target/release/sites"))?;
        let file = object::File::parse(&*bytes)?;
        Ok(file.section_by_name(".text").ok_or("the program has no .text section")?.size() as f64)
    }

    /// How long cargo takes when only the program itself has changed.
    fn seconds(&self, command: &str) -> Result<f64, Box<dyn Error>> {
        self.write(MANY)?;
        let begun = Instant::now();
        self.cargo(command)?;
        Ok(begun.elapsed().as_secs_f64())
    }

    fn write(&self, count: usize) -> Result<(), Box<dyn Error>> {
        Ok(fs::write(self.folder.join("src/main.rs"), source(self.sites, count))?)
    }

    fn cargo(&self, command: &str) -> Result<(), Box<dyn Error>> {
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()));
        cargo.args([command, "--quiet", "--target-dir", "target"]).env("CARGO_INCREMENTAL", "0");
        if command == "build" {
            cargo.arg("--release");
        }
        let output = cargo.current_dir(&self.folder).output()?;
        match output.status.success() {
            true => Ok(()),
            false => Err(String::from_utf8_lossy(&output.stderr).into()),
        }
    }
}

fn manifest(sites: &Sites) -> String {
    let dependencies = sites.dependencies.replace("{root}", &root().display().to_string());
    let dependencies: String = dependencies.lines().map(|line| format!("{}\n", line.trim())).collect();
    format!(
        "[workspace]\n\n[package]\nname = \"sites\"\nversion = \"0.1.0\"\nedition = \"2024\"\npublish = false\n\n\
         [dependencies]{dependencies}"
    )
}

/// Each call in a function of its own, all reached through a table, so that none is inlined away or left out.
fn source(sites: &Sites, count: usize) -> String {
    let mut text = String::from(
        "pub struct Request {\n    pub method: String,\n    pub route: String,\n    pub status: u64,\n    \
         pub latency_ms: f64,\n    pub id: String,\n}\n\n",
    );
    for number in 0..count {
        let call = sites.call.replace("{number}", &number.to_string());
        let _ = writeln!(text, "fn step_{number}(request: &Request) {{\n    {call}\n}}\n");
    }
    let names: String = (0..count).map(|number| format!("    step_{number},\n")).collect();
    let _ = writeln!(text, "static STEPS: [fn(&Request); {count}] = [\n{names}];\n");
    let _ = writeln!(
        text,
        "fn main() {{\n    {}\n    let request = Request {{\n        method: \"GET\".into(),\n        \
         route: \"/users/:id\".into(),\n        status: 200,\n        latency_ms: 1.25,\n        \
         id: \"7\".into(),\n    }};\n    for step in std::hint::black_box(&STEPS) {{\n        step(&request);\n    \
         }}\n}}",
        sites.setup
    );
    text
}
