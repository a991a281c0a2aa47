//! Which crate may know which: the arrows of the house, held against what cargo says.
//!
//! A crate imports only the floors below it; siblings never import each other. See ARCHITECTURE.md.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

/// A crate, and the crates of this workspace that it may import. A new crate is added here, on its floor.
const ARROWS: &[(&str, &[&str])] = &[
    ("hyperlog-core", &[]),
    // the left wing: frameworks
    ("hyperlog-tower", &["hyperlog-core"]),
    ("hyperlog-actix", &["hyperlog-core"]),
    ("hyperlog-axum", &["hyperlog-core", "hyperlog-tower"]),
    // bridges inward
    ("hyperlog-tracing", &["hyperlog-core"]),
    ("hyperlog-log", &["hyperlog-core"]),
    // the right wing: systems
    ("hyperlog-delivery", &["hyperlog-core"]),
    ("hyperlog-file", SYSTEM),
    ("hyperlog-webhook", SYSTEM),
    ("hyperlog-prometheus", SYSTEM),
    ("hyperlog-loki", SYSTEM),
    ("hyperlog-otlp", SYSTEM),
    // what is copied by whoever writes one
    ("hyperlog-template", SYSTEM),
    // the project's own commands
    ("xtask", &[]),
];

/// What every integration of a system may import.
const SYSTEM: &[&str] = &["hyperlog-core", "hyperlog-delivery"];

/// The one crate that may import all others.
const ROOF: &str = "hyperlog";

/// What the ground floor must never depend on, not even optionally: runtimes, HTTP types, networks, file formats of
/// configurations, and the facades that are bridged from outside.
#[rustfmt::skip] // one name per line would fill a screen
const NEVER_IN_CORE: &[&str] = &[
    "actix-http", "actix-web", "async-std", "axum", "futures", "http", "http-body", "hyper", "hyper-util",
    "log", "mio", "reqwest", "rustls", "smol", "socket2", "tokio", "toml",
    "tower", "tower-http", "tower-layer", "tower-service", "tracing", "tracing-core", "ureq",
];

/// Features of the ground floor, and how many crates it may count with them, itself included. Features that do not
/// exist yet are left out.
const CRATES: &[(&[&str], usize)] = &[(&[], 6), (&["http", "panic", "patterns"], 22)];

/// The ground floor.
const GROUND: &str = "hyperlog-core";

/// What only whoever writes an adapter for a framework asks for.
const FOR_ADAPTERS: &str = "http";

#[test]
fn the_roof_passes_on_each_feature_of_the_ground_floor() {
    let packages = packages();
    let features = |wanted: &str| {
        let package = packages.iter().find(|package| name(package) == wanted).expect("it is of this workspace");
        package["features"].as_object().expect("features are a map").clone()
    };
    let roof = features(ROOF);
    for feature in features(GROUND).keys().filter(|feature| *feature != FOR_ADAPTERS) {
        let passes_on = Value::from(format!("{GROUND}/{feature}"));
        let passed = roof.get(feature).and_then(Value::as_array);
        assert!(passed.is_some_and(|passed| passed.contains(&passes_on)), "`{ROOF}` does not pass `{feature}` on");
    }
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).expect("it is there");
    for feature in roof.keys() {
        let is_told = |line: &str| line.split('|').nth(1).is_some_and(|cell| cell.contains(&format!("`{feature}`")));
        assert!(readme.lines().any(is_told), "README.md does not tell what `{feature}` adds");
    }
}

/// What is public of a crate is for its author to say. That nothing comes in of which nobody said it, is for a test.
#[test]
fn each_dependency_stands_on_its_page_as_public_or_private() {
    let page = include_str!("../docs/guide/src/crates.md");
    let names = |cell: &str| -> BTreeSet<String> { cell.split('`').skip(1).step_by(2).map(str::to_owned).collect() };
    let table = page.split("## Public dependencies").nth(1).expect("the page has a table of them");
    for package in packages().iter().filter(|package| package["publish"].is_null()) {
        let row = table.lines().find(|line| line.starts_with(&format!("| `{}` |", name(package))));
        let row = row.unwrap_or_else(|| panic!("docs/guide/src/crates.md has no dependencies of {}", name(package)));
        let [public, private] = [2, 3].map(|cell| names(row.split('|').nth(cell).unwrap_or_default()));
        assert!(public.is_disjoint(&private), "{row}");
        let used = package["dependencies"].as_array().into_iter().flatten().filter(|used| used["kind"].is_null());
        let used: BTreeSet<String> = used.map(|used| name(used).to_owned()).collect();
        assert_eq!(&public | &private, used, "docs/guide/src/crates.md: the dependencies of {}", name(package));
    }
}

#[test]
fn a_crate_imports_only_the_floors_below_it() {
    for package in packages().iter().filter(|package| name(package) != ROOF) {
        let name = name(package);
        let Some((_, allowed)) = ARROWS.iter().find(|(known, _)| *known == name) else {
            panic!("the crate `{name}` has no floor yet: add it to ARROWS in tests/floors.rs, with what it may import");
        };
        for import in imports(package).filter(|import| import.starts_with(ROOF) || *import == "xtask") {
            assert!(allowed.contains(&import), "`{name}` may import {allowed:?} of this workspace, not `{import}`");
        }
    }
}

#[test]
fn the_table_of_floors_runs_downward_only() {
    let mut below = BTreeSet::new();
    for (name, allowed) in ARROWS {
        for import in *allowed {
            assert!(below.contains(import), "`{name}` stands above `{import}` in ARROWS, so it may not import it");
        }
        below.insert(*name);
    }
}

#[test]
fn the_ground_floor_knows_no_runtime_no_http_types_and_no_network() {
    for import in imports(&core()) {
        assert!(!NEVER_IN_CORE.contains(&import), "hyperlog-core must not depend on `{import}`, not even optionally");
    }
}

#[test]
fn the_ground_floor_brings_a_handful_of_crates() {
    let core = core();
    for (wanted, most) in CRATES {
        let features: Vec<&str> = wanted.iter().copied().filter(|name| core["features"][name].is_array()).collect();
        let crates = crates_of_core(&features);
        assert!(crates.len() <= *most, "{} crates, more than {most}, with {features:?}: {crates:#?}", crates.len());
    }
}

fn core() -> Value {
    packages().into_iter().find(|package| name(package) == GROUND).expect("core is in the workspace")
}

fn packages() -> Vec<Value> {
    let metadata = cargo(&["metadata", "--format-version=1", "--no-deps", "--offline"]);
    let metadata: Value = serde_json::from_str(&metadata).expect("cargo writes valid JSON");
    metadata["packages"].as_array().expect("cargo lists the packages").clone()
}

fn name(package: &Value) -> &str {
    package["name"].as_str().expect("a package has a name")
}

/// What a package depends on by its manifest, whether for building, for use or for its tests: an arrow that runs back
/// up is one in a test as well.
fn imports(package: &Value) -> impl Iterator<Item = &str> {
    package["dependencies"].as_array().into_iter().flatten().map(name)
}

/// The crates that come with the ground floor, itself included.
fn crates_of_core(features: &[&str]) -> BTreeSet<String> {
    let features = format!("--features={}", features.join(","));
    let tree = cargo(&["tree", "--locked", "-p=hyperlog-core", "-e=normal", "--prefix=none", "--no-dedupe", &features]);
    tree.lines().map(|line| line.split(" (").next().unwrap_or(line).to_owned()).collect()
}

fn cargo(arguments: &[&str]) -> String {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo).args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output();
    let output = output.expect("cargo can be started by a test that cargo started");
    assert!(output.status.success(), "cargo {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("cargo writes UTF-8")
}
