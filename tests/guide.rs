//! The guide shows records as they are written: each line of output on its pages is made here and looked for there.
//!
//! The examples themselves run with the documentation tests. Their output stands apart from them, since a reader wants to
//! see it as a line and not as an assertion.

use std::collections::BTreeSet;
use std::error::Error;
use std::num::ParseIntError;
use std::path::Path;
use std::time::Duration;
use std::{fmt, fs, io};

use hyperlog::{
    Clock, DropReason, Encode, Identity, Json, Level, Line, Logfmt, Logger, Memory, Output, Pretty, PrettyLayout,
    Schema, Sink, Timestamp, Written, debug, fields, info, map, warn,
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
fn a_panic_is_shown_as_it_is_told() {
    use axum::{Router, routing::get};
    let (logger, memory) = shop(Schema::DEFAULT, Identity::new());
    let bug = async || {
        let shelves: [&'static str; 0] = [];
        shelves[std::hint::black_box(3)]
    };
    let layer = hyperlog::axum::HyperLogLayer::new().logger(logger);
    let body = ask(Router::new().route("/bug", get(bug)).layer(layer), "/bug");
    assert!(page("panics").lines().any(|line| line == body), "docs/guide/src/panics.md does not show {body}");
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
    assert!(is_shown, "docs/guide/src/{name}.md does not show this record:\n{line}");
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
