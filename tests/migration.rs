//! The page for a service that is moved over by its `main` shows two programs and what they write: both are run here, and the
//! page has to say the same.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

#[test]
fn the_page_shows_the_programs_and_what_they_write() {
    let page = read("docs/guide/src/migration.md");
    let mut shown = blocks(&page, "rs").chain(blocks(&page, "json"));
    let mut next = |what: &str| shown.next().unwrap_or_else(|| panic!("docs/guide/src/migration.md shows no {what}"));
    assert_same(&next("service"), &code("examples/migrated/shop.rs", "use tracing::"));
    assert_same(&next("main before"), &code("examples/migrated_before.rs", "#[tokio::main]"));
    assert_same(&next("main after"), &code("examples/migrated_after.rs", "#[tokio::main]"));
    assert_same(&next("output before"), &output("migrated_before"));
    assert_same(&next("output after"), &output("migrated_after"));
}

#[test]
fn the_two_programs_have_the_same_service() {
    let [before, after] = ["before", "after"].map(|name| read(&format!("examples/migrated_{name}.rs")));
    for program in [&before, &after] {
        assert!(program.contains("#[path = \"migrated/shop.rs\"]\nmod shop;\n"), "{program}");
        assert_eq!(program.matches("fn ").count(), 1, "it has a `main` and nothing else: {program}");
    }
    let shop = read("examples/migrated/shop.rs");
    assert!(!shop.contains("hyperlog"), "the service knows nothing of us");
    for speaks in ["#[instrument", "info!(user", "log::info!"] {
        assert!(shop.contains(speaks), "it is as services are: {speaks}");
    }
}

#[track_caller]
fn assert_same(shown: &str, is: &str) {
    assert_eq!(shown, is, "docs/guide/src/migration.md shows\n{shown}\nand it is\n{is}");
}

/// What stands in the blocks of a page that are of this kind.
fn blocks<'p>(page: &'p str, kind: &str) -> impl Iterator<Item = String> + 'p {
    let fence = format!("```{kind}\n");
    let blocks: Vec<String> =
        page.split(&fence).skip(1).filter_map(|rest| rest.split("\n```").next()).map(String::from).collect();
    blocks.into_iter()
}

/// A program from here on, to what clients ask.
fn code(file: &str, from: &str) -> String {
    let text = read(file);
    let start = text.find(from).unwrap_or_else(|| panic!("{file} has {from}"));
    let code = text[start..].split("/// What a client").next().unwrap_or_default();
    code.trim_end().to_owned()
}

/// What a program writes, with other times. With all features on, ours says beforehand how it was set up, and where it runs.
fn output(name: &str) -> String {
    let own = std::env::current_exe().expect("this is a program");
    let built = own.parent().and_then(Path::parent).expect("tests stand in target/<profile>/deps");
    let program = built.join("examples").join(name).with_extension(std::env::consts::EXE_EXTENSION);
    let changed = |path: &Path| std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    let sources = [format!("examples/{name}.rs"), "examples/migrated/shop.rs".to_owned()];
    let is_built = sources.iter().all(|source| changed(&program) > changed(&root().join(source)));
    assert!(is_built, "{name} is out of date: run `cargo build --examples` first");
    let mut command = Command::new(&program);
    command.stdin(Stdio::null()).env_remove("RUST_LOG").env_remove("FORCE_COLOR").env_remove("CLICOLOR_FORCE");
    let output = command.output().expect("it can be run");
    assert!(output.status.success(), "{name}: {output:?}");
    let text = String::from_utf8(output.stdout).expect("records are text");
    let lines = text.lines().filter(|line| !line.contains("\"kind\":\"setup\""));
    lines.map(settled).collect::<Vec<String>>().join("\n")
}

/// A line whose times are always the same, and that does not say where it was written.
fn settled(line: &str) -> String {
    let times = [
        ("timestamp", "\"2026-11-20T08:15:42.120934Z\""),
        ("duration_ms", "0.263002"),
        ("ttfb_ms", "0.231626"),
        ("latency", "\"0 ms\""),
    ];
    let replaced = times.iter().fold(line.to_owned(), |line, (key, value)| with(&line, key, Some(value)));
    ["host", "pid"].iter().fold(replaced, |line, key| with(&line, key, None))
}

/// A line with another value at a key, or without it. The values in question have no comma in them.
fn with(line: &str, key: &str, value: Option<&str>) -> String {
    let name = format!("\"{key}\":");
    let Some(start) = line.find(&name) else { return line.to_owned() };
    let rest = &line[start..];
    let end = rest.find([',', '}']).expect("a record is closed");
    match value {
        Some(value) => format!("{}{name}{value}{}", &line[..start], &rest[end..]),
        None => format!("{}{}", &line[..start], rest[end..].trim_start_matches(',')),
    }
}

fn read(file: &str) -> String {
    std::fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}
