//! Metrics, held against the real thing: Debian's Prometheus scrapes a server of axum that is under load, and answers by
//! the right numbers.
//!
//! `cargo xtask test --install` fetches it. Without it these tests say that they are left out, but not on a build machine,
//! where they fail.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};
use std::{fs, io, thread};

use axum::{Router, http::StatusCode, routing::get};
use hyperlog::axum::HyperLogLayer;
use hyperlog::delivery::{Backend, Batch, Exporter, Reply};
use hyperlog::http::InFlight;
use hyperlog::prometheus::{Format, Metrics, Records, Requests, actix_handler, axum_handler};
use hyperlog::{Json, Logger, Memory, Output, warn};
use serde_json::Value;

/// How long a Prometheus may take to start, and to have scraped what there is, on a machine that has much to do.
const LIMIT: Duration = Duration::from_secs(60);

const TRACE_ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// How many ask at a time, and how often each.
const CLIENTS: usize = 4;
const REQUESTS: usize = 100;

#[test]
fn promtool_finds_nothing_to_say_of_what_is_shown() {
    let Some(promtool) = program("promtool") else { return };
    let shop = Shop::open();
    shop.visit();
    let shown = shop.metrics.render(Format::Text).expect("there is something to show");
    let mut child = Command::new(promtool)
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool can be started");
    child.stdin.take().expect("it is piped").write_all(shown.body.as_bytes()).expect("promtool reads");
    let output = child.wait_with_output().expect("promtool ends");
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success() && said.is_empty(), "{}\n{}", String::from_utf8_lossy(&said), shown.body);
}

#[test]
fn a_prometheus_that_scrapes_a_server_under_load_answers_by_the_right_numbers() {
    let Some(prometheus) = program("prometheus") else { return };
    let shop = Shop::open();
    let prometheus = Prometheus::start(&prometheus, shop.address);
    shop.visit();

    let all = (CLIENTS * REQUESTS) as f64;
    prometheus.wait_for(r#"sum(hyperlog_http_requests_total{route="/orders/{id}",method="GET",status="2xx"})"#, all);
    prometheus.wait_for(r#"sum(hyperlog_http_request_duration_seconds_count{route="/orders/{id}"})"#, all);
    prometheus.wait_for(r#"hyperlog_http_request_duration_seconds_bucket{route="/orders/{id}",le="+Inf"}"#, all);
    prometheus.wait_for(r#"sum(hyperlog_http_requests_total{route="none",status="4xx"})"#, CLIENTS as f64);
    prometheus.wait_for(r#"sum(hyperlog_http_requests_total{outcome="error"})"#, CLIENTS as f64);
    // one of the handler, and those of the requests
    prometheus.wait_for(r#"hyperlog_records_written_total{output="all",level="warn"}"#, 2.0 * CLIENTS as f64);
    prometheus.wait_for(r#"hyperlog_records_written_total{output="all",level="info"}"#, all);
    prometheus.wait_for(r#"hyperlog_queue_capacity_bytes{output="queue"}"#, 1_048_576.0);
    prometheus.wait_for("hyperlog_http_requests_in_flight", 0.0);
    prometheus.wait_for(r#"up{job="shop"}"#, 1.0);

    let kept = prometheus
        .get("query_exemplars?start=0&end=9999999999&query=", "hyperlog_http_request_duration_seconds_bucket");
    assert!(kept.to_string().contains(TRACE_ID), "{kept}");
}

#[test]
fn the_alerts_fire_when_they_should_and_not_before() {
    let Some(promtool) = program("promtool") else { return };
    let output = Command::new(promtool).args(["test", "rules"]).arg(docs("alerts_test.yml")).output();
    let output = output.expect("promtool can be started");
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{said}");
    let (rules, tests) = (read("alerts.yml"), read("alerts_test.yml"));
    let alerts: Vec<&str> = rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    assert!(!alerts.is_empty());
    for alert in alerts {
        // once where it does not fire yet, and once where it does
        assert!(tests.matches(alert).count() >= 2, "docs/prometheus/alerts_test.yml does not test {alert}");
    }
}

#[test]
fn each_query_of_the_dashboard_has_an_answer() {
    let Some(prometheus) = program("prometheus") else { return };
    let shop = Shop::open();
    let prometheus = Prometheus::start(&prometheus, shop.address);
    // Rates need requests between two scrapes.
    prometheus.wait_for(r#"up{job="shop"}"#, 1.0);
    shop.visit();

    let dashboard: Value = serde_json::from_str(&read("dashboard.json")).expect("it is JSON");
    let panels = dashboard["panels"].as_array().expect("it has panels");
    let targets = panels.iter().flat_map(|panel| panel["targets"].as_array().expect("each asks for something"));
    let queries: Vec<String> = targets.map(|target| target["expr"].as_str().expect("a query").to_owned()).collect();
    assert!(queries.len() > 10, "{queries:?}");
    for query in queries {
        prometheus.wait_for_any(&query.replace("$job", "shop").replace("$__rate_interval", "1m"));
    }
}

#[test]
fn both_handlers_serve_what_is_asked_for_and_answer_204_where_there_is_nothing() {
    let logger = Logger::capture().0;
    let some = Metrics::new().with(Records::of(&logger));
    let asked = "application/openmetrics-text;version=1.0.0";
    for (metrics, accept, status, content_type) in [
        (&some, None, 200, Some("text/plain; version=0.0.4; charset=utf-8")),
        (&some, Some(asked), 200, Some("application/openmetrics-text; version=1.0.0; charset=utf-8")),
        (&Metrics::new(), Some(asked), 204, None),
    ] {
        for (answered, told, body) in [of_axum(metrics, accept), of_actix(metrics, accept)] {
            assert_eq!((answered, told.as_deref()), (status, content_type), "{body}");
            assert_eq!(body.is_empty(), status == 204);
            assert_eq!(body.ends_with("# EOF\n"), status == 200 && accept.is_some());
        }
    }
}

type Answer = (u16, Option<String>, String);

fn of_axum(metrics: &Metrics, accept: Option<&str>) -> Answer {
    use tower::ServiceExt as _;
    let app: Router = Router::new().route("/metrics", axum_handler(metrics));
    let mut request = http::Request::get("/metrics");
    if let Some(accept) = accept {
        request = request.header("accept", accept);
    }
    let request = request.body(axum::body::Body::empty()).expect("it is a request");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime can be built");
    runtime.block_on(async {
        let response = app.oneshot(request).await.expect("it answers");
        let content_type = response.headers().get("content-type").map(|value| value.to_str().unwrap().to_owned());
        let status = response.status().as_u16();
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.expect("the body ends");
        (status, content_type, String::from_utf8(body.to_vec()).expect("it is text"))
    })
}

fn of_actix(metrics: &Metrics, accept: Option<&str>) -> Answer {
    use actix_web::test;
    actix_web::rt::System::new().block_on(async {
        let app = test::init_service(actix_web::App::new().route("/metrics", actix_handler(metrics))).await;
        let mut request = test::TestRequest::get().uri("/metrics");
        if let Some(accept) = accept {
            request = request.insert_header(("accept", accept));
        }
        let response = test::call_service(&app, request.to_request()).await;
        let content_type = response.headers().get("content-type").map(|value| value.to_str().unwrap().to_owned());
        let status = response.status().as_u16();
        let body = test::read_body(response).await;
        (status, content_type, String::from_utf8(body.to_vec()).expect("it is text"))
    })
}

/// A server of axum, all of whose doings are counted.
struct Shop {
    address: SocketAddr,
    metrics: Metrics,
    _runtime: tokio::runtime::Runtime,
}

/// Takes whatever comes.
struct Anything;

impl Backend for Anything {
    fn deliver(&mut self, _: &Batch<'_>) -> Reply {
        Reply::Delivered
    }
}

impl Shop {
    fn open() -> Shop {
        let queue = Exporter::new(Anything).name("queue").capacity(1 << 20).start().expect("it can be started");
        let logger = Logger::builder()
            .output(Output::new(Json::new(), Memory::new()).name("all"))
            .output(Output::new(Json::new(), queue).name("queue"))
            .build()
            .expect("two outputs can be built");
        let in_flight = InFlight::new();
        let requests = Arc::new(Requests::new().in_flight(&in_flight));
        let layer = HyperLogLayer::new().logger(logger.clone()).in_flight(&in_flight).observe(requests.observer());
        let metrics = Metrics::new().with(Records::of(&logger)).with(requests);
        let fails = async || {
            warn!("the stock does not answer");
            StatusCode::SERVICE_UNAVAILABLE
        };
        let app = Router::new()
            .route("/orders/{id}", get(async || "an order"))
            .route("/stock\"\\/{id}", get(fails))
            .layer(layer)
            .route("/metrics", axum_handler(&metrics));

        let runtime = tokio::runtime::Runtime::new().expect("a runtime can be built");
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("there is a port");
        let address = listener.local_addr().expect("it listens");
        runtime.spawn(async move { axum::serve(listener, app).await });
        Shop { address, metrics, _runtime: runtime }
    }

    /// Many customers at the same time: each asks for orders, once for what is not there, and once for what fails.
    fn visit(&self) {
        thread::scope(|scope| {
            for _ in 0..CLIENTS {
                scope.spawn(|| {
                    for order in 0..REQUESTS {
                        assert_eq!(status(&ask(self.address, &format!("/orders/{order}"))), "200");
                    }
                    assert_eq!(status(&ask(self.address, "/nowhere?x=%00%22")), "404");
                    assert_eq!(status(&ask(self.address, "/stock\"\\/cups")), "503");
                });
            }
        });
    }
}

/// Sends a request, and gives all that was answered.
fn ask(address: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.set_read_timeout(Some(LIMIT)).expect("it may be limited");
    let trace = format!("traceparent: 00-{TRACE_ID}-00f067aa0ba902b7-01");
    // By the older version: what is answered comes in one piece, and its end is that of the connection.
    let request = format!("GET {path} HTTP/1.0\r\nhost: localhost\r\n{trace}\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    answer
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or_default()
}

/// A Prometheus that scrapes one server each second.
struct Prometheus {
    child: Child,
    address: SocketAddr,
}

impl Prometheus {
    fn start(program: &Path, target: SocketAddr) -> Prometheus {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("prometheus-{}", target.port()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a folder can be made");
        let configuration = folder.join("prometheus.yml");
        let scrapes = "global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}";
        let targets = format!("scrape_configs: [{{job_name: shop, static_configs: [{{targets: ['{target}']}}]}}]");
        fs::write(&configuration, format!("{scrapes}\n{targets}\n")).expect("it can be written");
        let mut child = Command::new(program)
            .arg(format!("--config.file={}", configuration.display()))
            .arg(format!("--storage.tsdb.path={}", folder.join("data").display()))
            .args(["--web.listen-address=127.0.0.1:0", "--enable-feature=exemplar-storage"])
            .stderr(Stdio::piped())
            .spawn()
            .expect("it can be started");
        let told = BufReader::new(child.stderr.take().expect("it is piped"));
        let (sender, receiver) = mpsc::channel();
        // Read to the end, or it would stand still one day.
        thread::spawn(move || {
            for line in told.lines().map_while(Result::ok) {
                if let Some(address) = line.split("Listening on\" address=").nth(1) {
                    let _ = sender.send(address.trim().parse());
                }
            }
        });
        let address = receiver.recv_timeout(LIMIT).expect("it listens in time").expect("it says where");
        let begun = Instant::now();
        // It listens before it has read its storage, and answers no query until it has.
        while status(&ask(address, "/-/ready")) != "200" {
            assert!(begun.elapsed() < LIMIT, "it is not ready in time");
            thread::sleep(Duration::from_millis(100));
        }
        Prometheus { child, address }
    }

    fn get(&self, call: &str, query: &str) -> Value {
        let answer = ask(self.address, &format!("/api/v1/{call}{}", encoded(query)));
        let body = answer.split("\r\n\r\n").nth(1).unwrap_or_default();
        serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {answer}"))
    }

    /// What a query answers right now: the value of each line.
    fn query(&self, query: &str) -> Vec<f64> {
        let answer = self.get("query?query=", query);
        assert_eq!(answer["status"], "success", "{query}: {answer}");
        let lines = answer["data"]["result"].as_array().unwrap_or_else(|| panic!("{query}: {answer}"));
        lines.iter().map(|line| line["value"][1].as_str().unwrap().parse().unwrap()).collect()
    }

    /// Asks until the answer is this one line.
    #[track_caller]
    fn wait_for(&self, query: &str, wanted: f64) {
        self.wait_until(query, |answer| *answer == [wanted]);
    }

    /// Asks until there is an answer, whatever it is.
    #[track_caller]
    fn wait_for_any(&self, query: &str) {
        self.wait_until(query, |answer| !answer.is_empty());
    }

    #[track_caller]
    fn wait_until(&self, query: &str, is_wanted: impl Fn(&Vec<f64>) -> bool) {
        let begun = Instant::now();
        loop {
            let answer = self.query(query);
            if is_wanted(&answer) {
                return;
            }
            assert!(begun.elapsed() < LIMIT, "{query} is {answer:?}");
            thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// As a part of a URL.
fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        let _ = write!(encoded, "%{byte:02X}");
        encoded
    })
}

fn docs(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/prometheus").join(name)
}

fn read(name: &str) -> String {
    fs::read_to_string(docs(name)).expect(name)
}

/// A program of Debian's package: unpacked by `cargo xtask test --install`, or installed.
fn program(name: &str) -> Option<PathBuf> {
    let unpacked = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/prometheus/usr/bin");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places = std::iter::once(unpacked).chain(std::env::split_paths(&path)).map(|folder| folder.join(name));
    let found = places.find(|program| program.is_file());
    if found.is_none() {
        let missing = format!("LEFT OUT, NOT PASSED: no `{name}`; `cargo xtask test --install` fetches it");
        let is_build_machine = std::env::var("CI").is_ok_and(|value| !matches!(&*value, "" | "0" | "false"));
        assert!(!is_build_machine, "{missing}");
        let _ = writeln!(io::stderr(), "{missing}");
    }
    found
}
