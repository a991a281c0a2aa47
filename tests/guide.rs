//! The guide shows records as they are written: each line of output on its pages is made here and looked for there.
//!
//! The examples themselves run with the documentation tests. Their output stands apart from them, since a reader wants to
//! see it as a line and not as an assertion.

use std::error::Error;
use std::num::ParseIntError;
use std::path::Path;
use std::time::Duration;
use std::{fmt, fs};

use hyperlog::{
    Clock, Encode, Identity, Json, Logfmt, Logger, Memory, Output, Pretty, PrettyLayout, Schema, Timestamp, fields,
    info, map, warn,
};

#[test]
fn the_first_records_are_shown_as_they_are_written() {
    let (logger, memory) = shop(Schema::DEFAULT, Identity::new());
    info!(logger: logger, target: "shop", "ready");
    warn!(logger: logger, target: "shop", free_mib = 12, disk = "/var", "nearly full");
    check("start", &memory);
    let (logger, memory) = shop_in(Pretty::new(), Identity::new());
    info!(logger: logger, target: "shop", "ready");
    warn!(logger: logger, target: "shop", free_mib = 12, disk = "/var", "nearly full");
    check("start", &memory);
}

#[test]
fn a_record_is_shown_in_every_schema() {
    let schemas =
        [Schema::DEFAULT, Schema::OPEN_TELEMETRY, Schema::ECS, Schema::GOOGLE_CLOUD, Schema::DATADOG, Schema::BUNYAN];
    for schema in schemas {
        let identity = Identity::new().service("shop").version("1.4.0").environment("staging").host_named("web-1");
        let (logger, memory) = shop(schema, identity);
        let request = logger.with(fields!(request_id = "r-17", trace_id = "4bf92f3577b34da6a3ce929d0e0e4736"));
        let elapsed = Duration::from_millis(12);
        warn!(logger: request, target: "shop::stock", route = "/stock/{id}", elapsed, "stock is slow");
        check("records", &memory);
    }
}

#[test]
fn the_page_for_those_who_move_shows_what_they_get() {
    let (logger, memory) = shop(Schema::DEFAULT, Identity::new());
    info!(logger: logger, target: "shop", user = "ann", attempts = 3, "signed in");
    check("tracing", &memory);
}

#[test]
fn every_page_is_in_the_summary_and_among_the_examples() {
    let (summary, examples) = (page("SUMMARY"), read("src/lib.rs"));
    let mut pages = 0;
    for entry in fs::read_dir(root().join("docs/guide/src")).expect("the guide is here") {
        let path = entry.expect("the guide can be listed").path();
        let name = path.file_stem().and_then(|name| name.to_str()).expect("pages have plain names");
        if name != "SUMMARY" {
            assert!(summary.contains(&format!("]({name}.md)")), "docs/guide/src/SUMMARY.md does not list {name}.md");
            let is_run = examples.split_whitespace().any(|word| word == name);
            assert!(is_run, "src/lib.rs does not run the examples of {name}.md");
            pages += 1;
        }
    }
    assert!(pages > 0, "the guide has no page");
}

#[test]
fn an_error_is_shown_in_every_format() {
    for layout in [PrettyLayout::Compact, PrettyLayout::Expanded] {
        let (logger, memory) = shop_in(Pretty::new().layout(layout), Identity::new());
        log_an_error(&logger);
        check("formats", &memory);
    }
    let (logger, memory) = shop_in(Logfmt::new(), Identity::new());
    log_an_error(&logger);
    check("formats", &memory);
}

fn log_an_error(logger: &Logger) {
    let problem = BadPort("80a".parse::<u16>().expect_err("this is no number"));
    let problem: &dyn Error = &problem;
    warn!(logger: logger, target: "shop", limits = map(&[("soft", 10)]), error = problem, "default port taken");
}

#[derive(Debug)]
struct BadPort(ParseIntError);

impl fmt::Display for BadPort {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the port cannot be read")
    }
}

impl Error for BadPort {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

/// Every line in memory stands on the page, alone on a line.
#[track_caller]
fn check(name: &str, memory: &Memory) {
    let (page, written) = (page(name), memory.text());
    assert!(!written.is_empty(), "nothing was written");
    for line in written.lines() {
        assert!(page.lines().any(|shown| shown == line), "docs/guide/src/{name}.md does not show this record:\n{line}");
    }
}

/// A logger whose clock stands still, in JSON.
fn shop(schema: Schema, identity: Identity) -> (Logger, Memory) {
    shop_in(Json::with_schema(schema), identity)
}

fn shop_in(encoder: impl Encode, identity: Identity) -> (Logger, Memory) {
    let (clock, _) = Clock::manual(Timestamp::new(1_795_162_542, 120_934_000));
    let memory = Memory::new();
    let output = Output::new(encoder, memory.clone());
    let logger = Logger::builder().clock(clock).identity(identity).output(output).build();
    (logger.expect("one output can be built"), memory)
}

fn page(name: &str) -> String {
    read(&format!("docs/guide/src/{name}.md"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).expect(path)
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
