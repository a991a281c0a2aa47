//! The guide shows records as they are written: each line of output on its pages is made here and looked for there.
//!
//! The examples themselves run with the documentation tests. Their output stands apart from them, since a reader wants to
//! see it as a line and not as an assertion.

use std::collections::BTreeSet;
use std::error::Error;
use std::num::ParseIntError;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use std::{fmt, fs, io};

use hyperlog::config::Config;
use hyperlog::{
    Clock, DropReason, Encode, Identity, Json, Level, Line, Logfmt, Logger, Memory, Output, Pretty, PrettyLayout,
    Schema, Sink, Timestamp, Written, debug, fields, info, map, warn,
};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;

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
fn the_page_for_those_who_move_shows_what_they_had() {
    struct SameTime;
    impl FormatTime for SameTime {
        fn format_time(&self, writer: &mut Writer<'_>) -> fmt::Result {
            writer.write_str("2026-11-20T08:15:42.120934Z")
        }
    }
    for flat in [false, true] {
        let written = Arc::new(Mutex::new(Vec::new()));
        let to = Heard(Arc::clone(&written));
        let before = tracing_subscriber::fmt().json().flatten_event(flat).with_timer(SameTime);
        let before = before.with_writer(move || to.clone()).finish();
        tracing::subscriber::with_default(before, || {
            tracing::info!(target: "shop", user = "ann", attempts = 3, "signed in");
        });
        let line = String::from_utf8(written.lock().expect("nobody panicked").clone()).expect("it is text");
        check_line("tracing", &page("tracing"), line.trim_end());
    }
}

/// What a subscriber of others writes to.
#[derive(Clone)]
struct Heard(Arc<Mutex<Vec<u8>>>);

impl io::Write for Heard {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("nobody panicked").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn the_page_for_those_who_move_shows_what_they_get() {
    let (logger, memory) = shop(Schema::DEFAULT, Identity::new());
    info!(logger: logger, target: "shop", user = "ann", attempts = 3, "signed in");
    check("tracing", &memory);
}

#[test]
fn a_request_of_axum_is_shown_as_it_is_told() {
    use axum::{Router, extract::Path, routing::get};
    let (logger, memory) = shop(Schema::DEFAULT, Identity::new());
    let hello = async |Path(name): Path<String>| {
        info!(target: "shop", name, "greeting");
        format!("Hello, {name}!\n")
    };
    let layer = hyperlog::axum::HyperLogLayer::new().logger(logger);
    ask(Router::new().route("/hello/{name}", get(hello)).layer(layer), "/hello/world");
    check("axum", &memory);
    check("start", &memory);
    for page in ["http", "access_record", "from_trace_layer", "from_go"] {
        check_access(page, &memory);
    }
}

#[test]
fn a_failure_is_shown_with_its_cause_and_what_the_handler_adds() {
    use axum::{Router, extract::Path, http::StatusCode, routing::get};
    let (logger, memory) = shop(Schema::DEFAULT, Identity::new());
    logger.set_level(Level::DEBUG);
    let order = async |log: hyperlog::axum::Log, Path(id): Path<u32>| {
        log.add("order.id", id);
        debug!(target: "shop", "asking the warehouse");
        let refused = io::Error::new(io::ErrorKind::ConnectionRefused, "10.0.0.4 refused the connection");
        log.record_error(&BadOrder(refused));
        (StatusCode::BAD_GATEWAY, "try again later\n")
    };
    let layer = hyperlog::axum::HyperLogLayer::new().logger(logger);
    ask(Router::new().route("/orders/{id}", get(order)).layer(layer), "/orders/17");
    check("start", &memory);
}

#[derive(Debug)]
struct BadOrder(io::Error);

impl fmt::Display for BadOrder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the order cannot be read")
    }
}

impl Error for BadOrder {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

#[test]
fn an_error_of_a_handler_is_shown_as_it_is_told() {
    use axum::{Router, http::StatusCode, routing::get};
    use hyperlog::{Level, Scope, axum::Log};
    let (logger, memory) = shop(Schema::DEFAULT, Identity::new());
    logger.set_level(Level::DEBUG);
    let order = async |log: Log| {
        log.add("order.id", 17);
        debug!(target: "shop", "asking the warehouse");
        let scope = Scope::current().expect("a request is a scope");
        scope.record_error(&OrderError(io::Error::other("10.0.0.4 refused the connection")));
        (StatusCode::BAD_GATEWAY, "try again later\n")
    };
    let layer = hyperlog::axum::HyperLogLayer::new().logger(logger);
    ask(Router::new().route("/orders/{id}", get(order)).layer(layer), "/orders/17");
    check("start", &memory);
}

/// As the page has it.
#[derive(Debug)]
struct OrderError(io::Error);

impl fmt::Display for OrderError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the order cannot be read")
    }
}

impl Error for OrderError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

#[test]
fn a_panic_is_shown_as_it_is_told() {
    use axum::{Router, routing::get};
    let (logger, memory) = shop(Schema::DEFAULT, Identity::new());
    let bug = async || {
        let shelves: [&'static str; 0] = [];
        shelves[std::hint::black_box(3)]
    };
    let layer = hyperlog::axum::HyperLogLayer::new().logger(logger);
    let body = ask(Router::new().route("/bug", get(bug)).layer(layer), "/bug");
    check_line("panics", &page("panics"), &body);
    check_access("panics", &memory);
}

#[test]
fn a_request_of_tower_is_shown_as_it_is_told() {
    use axum::body::Body;
    use http::{Request, Response};
    use tower_layer::Layer;
    let (logger, memory) = shop(Schema::DEFAULT, Identity::new());
    let hello = async |request: Request<Body>| {
        let name = request.uri().path().rsplit('/').next().unwrap_or_default();
        info!(target: "shop", name, "greeting");
        Ok::<_, std::convert::Infallible>(Response::new(Body::from(format!("Hello, {name}!\n"))))
    };
    ask(hyperlog::tower::HyperLogLayer::new().logger(logger).layer(tower::service_fn(hello)), "/hello/world");
    check("tower", &memory);
}

#[test]
fn a_request_of_actix_is_shown_as_it_is_told() {
    use actix_web::{App, HttpResponse, test, web};
    use hyperlog::actix::{HyperLog, Log};
    async fn hello(name: web::Path<String>) -> String {
        info!(target: "shop", %name, "greeting");
        format!("Hello, {name}!\n")
    }
    async fn order(log: Log, id: web::Path<u32>) -> HttpResponse {
        log.add("order_id", *id);
        info!(target: "shop", "found");
        HttpResponse::Ok().finish()
    }
    let told_of = |path: &'static str| {
        let (logger, memory) = shop(Schema::DEFAULT, Identity::new());
        actix_web::rt::System::new().block_on(async {
            let app = App::new()
                .wrap(HyperLog.logger(logger))
                .route("/hello/{name}", web::get().to(hello))
                .route("/orders/{id}", web::get().to(order));
            let app = test::init_service(app).await;
            let request = test::TestRequest::get().uri(path).peer_addr(([127, 0, 0, 1], 52_000).into());
            let request = HEADERS.iter().fold(request, |request, header| request.insert_header(*header));
            test::call_and_read_body(&app, request.to_request()).await;
        });
        memory
    };
    let hello = told_of("/hello/world");
    check("actix", &hello);
    check_access("from_actix_logger", &hello);
    check("from_tracing_actix_web", &told_of("/orders/7"));
}

/// What each request on the pages bears.
const HEADERS: [(&str, &str); 2] = [("x-request-id", "r-17"), ("user-agent", "curl/8.5.0")];

/// Sends a request, and gives what was answered.
fn ask<S, B>(service: S, path: &str) -> String
where
    S: tower::Service<http::Request<axum::body::Body>, Response = http::Response<B>>,
    S::Error: fmt::Debug,
    B: axum::body::HttpBody<Data = bytes::Bytes, Error: Into<axum::BoxError>> + Send + 'static,
{
    use tower::ServiceExt;
    let request = http::Request::get(path).body(axum::body::Body::empty()).expect("the path is one");
    let mut request = request;
    for (name, value) in HEADERS {
        request.headers_mut().insert(name, http::HeaderValue::from_static(value));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime can be built");
    let body = runtime.block_on(async {
        let response = service.oneshot(request).await.expect("the service answers");
        axum::body::to_bytes(axum::body::Body::new(response.into_body()), usize::MAX).await.expect("the body ends")
    });
    String::from_utf8(body.to_vec()).expect("it is text")
}

#[test]
fn a_loss_is_shown_as_it_is_told() {
    let memory = Memory::new();
    let (clock, _) = Clock::manual(Timestamp::new(1_795_162_542, 120_934_000));
    let logger = Logger::builder()
        .clock(clock)
        .output(Output::new(Json::new(), Full).name("system"))
        .output(Output::new(Json::new(), memory.clone()).level(Level::WARN))
        .build()
        .expect("two outputs can be built");
    (0..697).for_each(|_| info!(logger: logger, "working"));
    logger.flush(Duration::from_secs(30)).expect("there is nothing to wait for");
    check("troubleshooting", &memory);
}

/// A system that has no room.
struct Full;

impl Sink for Full {
    fn write(&self, _: &Line<'_>) -> Written {
        Written::Dropped(DropReason::Full)
    }
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
    written.lines().for_each(|line| check_line(name, &page, line));
}

/// The same of the records of requests alone.
#[track_caller]
fn check_access(name: &str, memory: &Memory) {
    let (page, written) = (page(name), memory.text());
    let access: Vec<&str> = written.lines().filter(|line| line.contains(r#""kind":"access""#)).collect();
    assert!(!access.is_empty(), "no request was told");
    access.iter().for_each(|line| check_line(name, &page, line));
}

#[track_caller]
fn check_line(name: &str, page: &str, line: &str) {
    let is_shown = page.lines().any(|shown| unmeasured(shown) == unmeasured(line));
    assert!(is_shown, "docs/guide/src/{name}.md does not show this line:\n{line}");
    MADE.lock().expect("nobody panicked").insert((name.to_owned(), unmeasured(line)));
}

/// The lines that were made, and looked for on their page.
static MADE: Mutex<BTreeSet<(String, String)>> = Mutex::new(BTreeSet::new());

/// Lines that another test makes: their page, what is in them, and where the test stands.
const MADE_ELSEWHERE: [(&str, &str, &str); 7] = [
    ("configuration", "logging is set up", "tests/init.rs"),
    ("delivery", "an output takes less", "integrations/delivery/tests/delivery/full.rs"),
    ("delivery", "\"kind\":\"lost\"", "hyperlog-core/tests/losses.rs"),
    ("migration", "timestamp", "tests/migration.rs"),
    ("start", "the configuration was read anew", "tests/config/reload.rs"),
    ("start", "server is to end", "tests/examples.rs"),
    ("troubleshooting", "was refused", "tests/config/reload.rs"),
];

#[test]
fn each_block_of_json_is_a_configuration_or_output_that_is_made() {
    the_first_records_are_shown_as_they_are_written();
    a_record_is_shown_in_every_schema();
    the_page_for_those_who_move_shows_what_they_had();
    the_page_for_those_who_move_shows_what_they_get();
    a_request_of_axum_is_shown_as_it_is_told();
    an_error_of_a_handler_is_shown_as_it_is_told();
    a_loss_is_shown_as_it_is_told();
    a_panic_is_shown_as_it_is_told();
    a_request_of_tower_is_shown_as_it_is_told();
    a_request_of_actix_is_shown_as_it_is_told();
    let made = MADE.lock().expect("nobody panicked").clone();
    let is_made_elsewhere = |page: &str, line: &str| {
        let mut of_page = MADE_ELSEWHERE.iter().filter(|(name, ..)| *name == page);
        of_page.any(|(_, part, test)| line.contains(part) && read(test).contains(part))
    };
    let mut blocks_seen = 0;
    for name in pages() {
        for block in blocks(&page(&name), "json") {
            let is_output = block
                .lines()
                .all(|line| made.contains(&(name.clone(), unmeasured(line))) || is_made_elsewhere(&name, line));
            if !is_output && let Err(why) = load("json", &block) {
                panic!(
                    "in docs/guide/src/{name}.md, nothing makes this output, and it is no configuration: {why}\n{block}"
                );
            }
            blocks_seen += 1;
        }
    }
    assert!(blocks_seen > 20, "{blocks_seen}");
}

#[test]
fn each_block_of_toml_and_yaml_is_a_configuration_or_a_line_of_a_manifest() {
    let mut blocks_seen = 0;
    for name in pages() {
        for kind in ["toml", "yaml"] {
            for block in blocks(&page(&name), kind) {
                let manifest = kind == "toml" && block.lines().any(|line| line.starts_with("hyperlog"));
                let outcome = if manifest { check_manifest(&block) } else { load(kind, &block) };
                outcome.unwrap_or_else(|why| panic!("in docs/guide/src/{name}.md: {why}\n{block}"));
                blocks_seen += 1;
            }
        }
    }
    assert!(blocks_seen > 10, "{blocks_seen}");
}

#[test]
fn what_is_no_configuration_and_no_manifest_is_told() {
    assert!(load("toml", "level = \"info\"\n").is_ok());
    assert!(load("toml", "lavel = \"info\"\n").is_err());
    assert!(load("yaml", "http:\n  routes:\n    \"regex:(\": { access: \"off\" }\n").is_err());
    assert!(load("json", "{\"timestamp\":\"2026-11-20T08:15:42.120934Z\"}").is_err());
    assert!(check_manifest("hyperlog = \"0.1\"\n").is_ok());
    assert!(check_manifest("hyperlog = { version = \"0.1\", features = [\"axum\", \"log\"] }\n").is_ok());
    assert!(check_manifest("hyperlog = { version = \"0.1\", features = [\"axun\"] }\n").is_err());
    assert!(check_manifest("hyperlog = \"0.9\"\n").is_err());
}

/// Reads a configuration, and what it says of requests.
fn load(kind: &str, text: &str) -> Result<(), String> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let file = std::env::temp_dir().join(format!("hyperlog_guide_{}_{number}.{kind}", std::process::id()));
    fs::write(&file, text).map_err(|error| error.to_string())?;
    let loaded = Config::new().without_environment().file(&file).load();
    let outcome = loaded.and_then(|loaded| loaded.policy()).map(drop).map_err(|error| error.to_string());
    fs::remove_file(&file).map_err(|error| error.to_string())?;
    outcome
}

/// A line of a manifest names a version that is this one, and features that are there.
fn check_manifest(text: &str) -> Result<(), String> {
    let manifest = read("Cargo.toml");
    let version = env!("CARGO_PKG_VERSION").rsplit_once('.').map(|(version, _)| version).unwrap_or_default();
    for line in text.lines().filter(|line| line.starts_with("hyperlog")) {
        if !line.contains(&format!("\"{version}\"")) {
            return Err(format!("this is version {version}"));
        }
        let features =
            line.split_once("features = [").map_or("", |(_, list)| list.split(']').next().unwrap_or_default());
        for feature in features.split('"').skip(1).step_by(2) {
            if !manifest.contains(&format!("\n{feature} = [")) {
                return Err(format!("there is no feature `{feature}`"));
            }
        }
    }
    Ok(())
}

/// What stands in the blocks of a page that are in a language.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let fence = format!("\n```{language}\n");
    page.split(&fence).skip(1).filter_map(|rest| rest.split("```").next()).map(str::to_owned).collect()
}

/// What the pages of the guide are called.
fn pages() -> Vec<String> {
    let files = fs::read_dir(root().join("docs/guide/src")).expect("the guide is here");
    let files = files.map(|entry| entry.expect("the guide can be listed").path());
    let pages = files.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    pages.filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned())).collect()
}

/// Without what differs from run to run and from place to place.
fn unmeasured(line: &str) -> String {
    const MEASURED: [(&str, &[char]); 4] = [
        (r#""duration_ms":"#, &[',', '}']),
        (r#""ttfb_ms":"#, &[',', '}']),
        (r#""panic_id":"#, &[',', '}']),
        (r#""location":""#, &['"']),
    ];
    let mut line = line.to_owned();
    for (key, ends) in MEASURED {
        if let Some(start) = line.find(key).map(|at| at + key.len())
            && let Some(length) = line[start..].find(ends)
        {
            line.replace_range(start..start + length, "");
        }
    }
    line
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

#[test]
fn each_test_that_a_page_of_promises_names_is_there() {
    check_named_tests("delivery", "delivery");
    check_named_tests("files", "file");
}

/// Looks for the tests of an integration that its page names.
#[track_caller]
fn check_named_tests(name: &str, integration: &str) {
    let page = page(name);
    let named = page.split('`').skip(1).step_by(2).filter_map(|code| code.rsplit_once("::"));
    let named: Vec<(&str, &str)> = named.filter(|(_, name)| name.matches('_').count() > 2).collect();
    assert!(named.len() > 30, "{named:?}");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (module, name) in named {
        let module = module.strip_suffix("::tests").unwrap_or(module).replace("::", "/");
        let places = [
            format!("integrations/{integration}/tests/{integration}/{module}.rs"),
            format!("integrations/{integration}/tests/{module}.rs"),
            format!("integrations/{integration}/src/{module}.rs"),
            format!("hyperlog-core/tests/{module}.rs"),
        ];
        let text = places.iter().find_map(|place| fs::read_to_string(root.join(place)).ok()).unwrap_or_default();
        assert!(text.contains(&format!("fn {name}(")), "there is no test {module}::{name}");
    }
}

/// What the page on security says is hidden without a word is what the code hides.
#[test]
fn the_page_on_security_lists_what_is_hidden_by_default() {
    let page = page("security");
    let shown = |after: &str, before: &str| -> BTreeSet<String> {
        let part = page.split_once(after).expect(after).1.split_once(before).expect(before).0;
        part.split('`').skip(1).step_by(2).map(str::to_owned).collect()
    };
    let keys = read("hyperlog-core/src/redact/keys.rs");
    let names = |stand: &str| -> BTreeSet<String> {
        let entry =
            |line: &str| Some(line.trim().strip_prefix("(\"")?.strip_suffix(&format!("\", {stand}),"))?.to_owned());
        table_of(&keys, "CREDENTIALS").lines().filter_map(entry).collect()
    };
    assert_eq!(shown("as in `dbpassword`:", "as whole words"), names("Glued"));
    assert_eq!(shown("as in `user_otp`:", "as the whole name"), names("Words"));
    assert_eq!(shown("as the whole name:", "These are known"), names("Alone"));
    assert_eq!(shown("to be harmless:", "Values, in"), names("Harmless"));

    let secrets = read("hyperlog-core/src/redact/secrets.rs");
    let texts = |table: &str| -> BTreeSet<String> {
        table_of(&secrets, table).split('"').skip(1).step_by(2).map(str::to_owned).collect()
    };
    assert_eq!(shown("a web hook's address:", "- tokens of Telegram"), texts("WEBHOOKS"));
    assert_eq!(shown("alphabet and length:", "- what a name"), texts("VENDORS"));
}

/// The text of a constant that is a list.
fn table_of<'a>(source: &'a str, name: &str) -> &'a str {
    let start = source.split_once(&format!("const {name}: ")).or_else(|| source.split_once(&format!("const {name}:")));
    start.expect(name).1.split_once("\n];").expect(name).0
}

/// Each claim there names a test by its file.
#[test]
fn each_test_that_the_page_on_security_names_is_there() {
    let page = page("security");
    let named = page.split('`').skip(1).step_by(2).filter_map(|code| code.split_once(".rs::"));
    let mut tests = 0;
    for (file, name) in named {
        let text = fs::read_to_string(root().join(format!("{file}.rs"))).unwrap_or_default();
        let is_there = ["(", "<"].iter().any(|next| text.contains(&format!("fn {name}{next}")));
        assert!(is_there, "there is no test {name} in {file}.rs");
        tests += 1;
    }
    assert!(tests > 30, "{tests}");
}
