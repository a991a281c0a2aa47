//! Each example is run as a reader would run it, ends in time, and shows what it promises.
//!
//! The examples are programs of their own, which `cargo test` builds before this. Where only this file is tested, cargo does
//! not: then it is said that they are out of date, rather than proved of an old one.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use serde_json::Value;

/// How long an example may take on a machine that has much to do.
const LIMIT: Duration = Duration::from_secs(60);

#[test]
fn every_example_is_run_here() {
    // Two of them have a page of their own.
    let here = [include_str!("examples.rs"), include_str!("migration.rs")].concat();
    for entry in std::fs::read_dir(root().join("examples")).expect("the examples are here") {
        let path = entry.expect("they can be listed").path();
        if path.is_dir() {
            continue;
        }
        let name = path.file_stem().and_then(|name| name.to_str()).expect("examples have plain names");
        assert!(here.contains(&format!("(\"{name}\"")), "tests/examples.rs does not run examples/{name}.rs");
    }
}

#[test]
fn the_smallest_axum_service_gives_one_record() {
    check_hello("axum_hello");
}

#[test]
fn the_smallest_actix_service_gives_one_record() {
    check_hello("actix_hello");
}

#[test]
fn the_shop_on_axum_logs_nothing_yet() {
    check_shop("shop_axum");
}

#[test]
fn the_shop_on_actix_logs_nothing_yet() {
    check_shop("shop_actix");
}

#[test]
fn a_service_without_a_framework_has_a_route_that_a_layer_names() {
    let records = run("tower_hyper", &[]);
    let access = the_only_access(&records);
    assert_eq!((text(access, "route"), text(access, "outcome")), ("/hello/{name}", "ok"));
    assert!(records.iter().any(|record| text(record, "message") == "greeting"));
}

#[test]
fn calls_of_tonic_are_told_with_their_statuses() {
    let records = run("tonic_health", &[]);
    let calls: Vec<[&str; 3]> =
        access(&records).map(|call| ["rpc.method", "rpc.status_code", "outcome"].map(|key| text(call, key))).collect();
    let method = "grpc.health.v1.Health/Check";
    assert_eq!(calls, [[method, "OK", "ok"], [method, "NOT_FOUND", "ok"]]);
}

#[test]
fn rules_say_what_is_logged_of_a_route() {
    let records = run("route_rules", &[]);
    let seen: Vec<(&str, &str)> =
        access(&records).map(|record| (text(record, "path"), text(record, "level"))).collect();
    let expected =
        [("/health/network", "CRITICAL"), ("/search", "INFO"), ("/admin/users", "NOTICE"), ("/report", "WARN")];
    assert_eq!(seen, expected);
    let of = |path: &str| access(&records).find(|record| text(record, "path") == path).expect("it was just seen");
    assert_eq!(of("/search")["query"]["q"], "cheese");
    assert_eq!(of("/search")["query"]["token"], "[REDACTED]");
    assert_eq!(of("/admin/users")["params"]["page"], "users");
    assert_eq!(of("/report")["slow"], true);
}

#[test]
fn a_flight_recorder_shows_the_way_to_a_failure_alone() {
    let records = run("flight_recorder", &[]);
    let seen: Vec<&str> = records.iter().map(|record| text(record, "message")).collect();
    assert_eq!(seen, ["request served", "asking the warehouse", "the warehouse answered", "request failed"]);
    assert_eq!(records[3]["held"], 2);
}

#[test]
fn a_proxy_that_is_trusted_is_believed() {
    let records = run("behind_a_proxy", &[]);
    let clients: Vec<&str> = access(&records).map(|record| text(record, "client_ip")).collect();
    assert_eq!(clients, ["198.51.100.7", "2001:db8::7"]);
    assert_eq!(text(&records[0], "request_id"), "from-the-proxy");
}

#[test]
fn an_error_is_told_with_its_causes() {
    let records = run("error_with_cause", &[]);
    let errors: Vec<&Value> = access(&records).collect();
    assert_eq!(errors.len(), 2);
    for error in errors {
        assert_eq!(text(error, "error"), "the orders cannot be read");
        assert_eq!(error["error.causes"][0], "10.0.0.4 refused the connection");
    }
}

#[test]
fn a_service_that_is_called_gets_the_ids() {
    let records = run("outgoing_calls", &[]);
    let asked = records.iter().find(|record| text(record, "message") == "asked by the shop").expect("it was asked");
    assert_eq!(text(asked, "got_id"), "order-17");
    assert_eq!(text(asked, "got_parent"), "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    let ids: Vec<&str> = access(&records).map(|record| text(record, "request_id")).collect();
    assert_eq!(ids, ["order-17", "order-17"]);
}

#[test]
fn a_server_that_ends_says_what_it_waits_for_and_leaves_nothing() {
    let records = run("graceful_shutdown", &[]);
    let seen: Vec<&str> = records.iter().map(|record| text(record, "message")).collect();
    let expected =
        ["server is to end", "request still open", "reporting to the last", "request served", "server has ended"];
    assert_eq!(seen, expected);
    assert_eq!((&records[0]["open"], &records[4]["open"]), (&Value::from(1), &Value::from(0)));
    assert_eq!(text(&records[1], "route"), "/report");
}

#[cfg(unix)]
#[test]
fn an_axum_server_that_is_asked_to_end_under_load_has_a_record_of_each_request_that_it_answered() {
    check_shutdown("axum_shutdown");
}

#[cfg(unix)]
#[test]
fn an_actix_server_that_is_asked_to_end_under_load_has_a_record_of_each_request_that_it_answered() {
    check_shutdown("actix_shutdown");
}

#[cfg(unix)]
#[test]
fn an_axum_server_that_is_asked_twice_ends_at_once() {
    check_second_signal("axum_shutdown");
}

#[cfg(unix)]
#[test]
fn an_actix_server_that_is_asked_twice_ends_at_once() {
    check_second_signal("actix_shutdown");
}

#[test]
fn a_job_has_fields_and_a_flight_recorder() {
    let records = run("background_job", &[]);
    let seen: Vec<(u64, &str)> =
        records.iter().map(|record| (record["account"].as_u64().unwrap_or(0), text(record, "message"))).collect();
    let expected = [(3, "synchronised"), (7, "asking the bank"), (7, "the bank answered"), (7, "not synchronised")];
    assert_eq!(seen, expected);
}

#[test]
fn a_test_may_ask_what_was_logged() {
    let records = run("testing_with_capture", &[]);
    assert_eq!((text(&records[0], "message"), &records[0]["records"]), ("all as expected", &Value::from(2)));
}

#[test]
fn the_demo_gives_one_access_record_for_each_request_that_it_sends() {
    let records = run("demo", &["--once"]);
    let mut seen = BTreeMap::new();
    for record in access(&records) {
        let ending = (record["status"].as_u64().unwrap_or(0), text(record, "outcome"));
        let twice = seen.insert(text(record, "request_id"), ending);
        assert!(twice.is_none(), "a request was told twice: {record}");
    }
    let expected = [
        ("success", (200, "ok")),
        ("not-found", (404, "ok")),
        ("bad-input", (422, "ok")),
        ("failing-dependency", (503, "error")),
        ("panic", (500, "panic")),
        ("slow", (200, "ok")),
        ("cancelled", (200, "cancelled")),
    ];
    assert_eq!(seen, BTreeMap::from(expected));
    assert!(access(&records).any(|record| record["slow"] == true), "the slow one is marked");
    let panics: Vec<&Value> = records.iter().filter(|record| record["kind"] == "panic").collect();
    assert_eq!(panics.len(), 1, "the panic is told by itself");
    assert!(panics[0]["frames"].to_string().contains("bug"), "its frames name the culprit");
    assert!(records.iter().any(|record| text(record, "level") == "DEBUG"), "the flight recorder shows what it held");
}

/// Runs an example to its end, and reads its records.
#[track_caller]
fn run(name: &str, arguments: &[&str]) -> Vec<Value> {
    let mut running = Running::start(name, arguments);
    let mut out = running.0.stdout.take().expect("it was asked for");
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        out.read_to_string(&mut text).map(|_| text)
    });
    let status = running.end(name);
    let text = reader.join().expect("reading does not panic").expect("records are text");
    assert!(status.success(), "{name} ended with {status}:\n{text}");
    let records = text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")));
    records.collect()
}

/// An example that serves until it is ended gives one access record for one request.
#[track_caller]
fn check_hello(name: &str) {
    let mut serving = Serving::start(name);
    let response = serving.ask("/hello/world", "t-1").expect("it answers");
    assert!(response.ends_with("Hello, world!\n"), "{response}");

    let greeting = serving.until("greeting").pop().expect("it was just seen");
    let access = serving.record();
    drop(serving.running);
    assert_eq!(serving.lines.iter().count(), 0, "two records of the request and no more");
    assert_eq!((text(&greeting, "message"), text(&greeting, "request_id")), ("greeting", "t-1"));
    assert_eq!((text(&access, "kind"), text(&access, "request_id")), ("access", "t-1"));
    assert_eq!(text(&access, "route"), "/hello/{name}");
}

/// It answers, and says nothing of it.
#[track_caller]
fn check_shop(name: &str) {
    let serving = Serving::start(name);
    for (path, status) in [("/orders/7", "200"), ("/orders/101", "404"), ("/stock", "503")] {
        let response = serving.ask(path, "t-1").expect("it answers");
        assert_eq!(response.split(' ').nth(1), Some(status), "{response}");
    }
    drop(serving.running);
    assert_eq!(serving.lines.iter().count(), 0, "it logs nothing");
}

/// Clients ask all the while, one of them for what takes long. When that is under way, the system asks the server to end.
#[cfg(unix)]
#[track_caller]
fn check_shutdown(name: &str) {
    let mut serving = Serving::start(name);
    let mut records = serving.until("server has started");
    assert_eq!(text(records.last().expect("it was just seen"), "address"), serving.address());

    let asker = &serving.asked();
    let answered = std::thread::scope(|scope| {
        let clients = [0, 1, 2, 3].map(|client| {
            scope.spawn(move || {
                let ids = (0..).map(|number| format!("load-{client}-{number}"));
                ids.take_while(|id| asker.ask("/work/5", id).is_some_and(|answer| answer.ends_with("done\n")))
                    .collect::<Vec<String>>()
            })
        });
        let long = scope.spawn(|| asker.ask("/work/500", "long"));
        while records.last().is_none_or(|record| text(record, "request_id") != "long") {
            records.push(serving.record());
        }
        serving.signal();
        let mut answered: Vec<String> =
            clients.into_iter().flat_map(|client| client.join().expect("it asks")).collect();
        let long = long.join().expect("it asks").expect("what was begun is served to the end");
        assert!(long.ends_with("done\n"), "{long}");
        answered.push("long".to_owned());
        answered
    });

    assert!(serving.end().success(), "it ends as it should");
    let rest = serving.lines.iter().map(|line| serde_json::from_str(&line).expect("a record is JSON"));
    records.extend(rest.collect::<Vec<Value>>());
    let told: Vec<&str> = access(&records).map(|record| text(record, "request_id")).collect();
    for id in &answered {
        assert_eq!(told.iter().filter(|told| *told == id).count(), 1, "{id} was answered");
    }
    assert!(answered.len() > 1, "there was some load");
    let begins = records.iter().find(|record| text(record, "message") == "server is to end").expect("it is told");
    assert_eq!(text(begins, "signal"), "SIGTERM");
    let last = records.last().expect("there are some");
    assert_eq!((text(last, "message"), &last["open"]), ("server has ended", &Value::from(0)));
}

/// Whoever asks twice does not want to wait, whatever is still open.
#[cfg(unix)]
#[track_caller]
fn check_second_signal(name: &str) {
    use std::os::unix::process::ExitStatusExt;
    let mut serving = Serving::start(name);
    let client = serving.asked();
    let asked = std::thread::spawn(move || client.ask("/work/600000", "endless"));
    serving.until("working");
    serving.signal();
    serving.until("server is to end");
    serving.signal();
    assert_eq!(serving.end().signal(), Some(15), "it is the signal that ends it");
    assert!(asked.join().expect("it asks").is_none_or(|answer| answer.is_empty()), "nobody was served");
}

/// An example that serves, and whose lines are read.
struct Serving {
    running: Running,
    lines: Receiver<String>,
    client: Client,
}

/// Who asks it.
#[derive(Clone)]
struct Client {
    name: String,
    address: SocketAddr,
}

impl Serving {
    #[track_caller]
    fn start(name: &str) -> Serving {
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port is free");
        let mut running = Running::start(name, &[&free.to_string()]);
        let out = running.0.stdout.take().expect("it was asked for");
        let (tell, lines) = mpsc::channel();
        std::thread::spawn(move || {
            BufReader::new(out).lines().map_while(Result::ok).for_each(|line| drop(tell.send(line)));
        });
        let client = Client { name: name.to_owned(), address: free };
        let started = Instant::now();
        while let Err(error) = TcpStream::connect(free) {
            assert!(started.elapsed() < LIMIT, "{name} does not listen: {error}");
            // Seldom: who tries a port that nobody has yet may be given it for its own end.
            std::thread::sleep(Duration::from_millis(50));
        }
        Serving { running, lines, client }
    }

    fn address(&self) -> String {
        self.client.address.to_string()
    }

    fn asked(&self) -> Client {
        self.client.clone()
    }

    fn ask(&self, path: &str, id: &str) -> Option<String> {
        self.client.ask(path, id)
    }

    fn line(&mut self) -> String {
        self.lines.recv_timeout(LIMIT).expect("a record comes")
    }

    fn record(&mut self) -> Value {
        serde_json::from_str(&self.line()).expect("a record is JSON")
    }

    /// All records to the one with this message.
    fn until(&mut self, message: &str) -> Vec<Value> {
        let mut records = Vec::new();
        while records.last().is_none_or(|record| text(record, "message") != message) {
            records.push(self.record());
        }
        records
    }

    /// Asks it to end, as the system would.
    fn signal(&self) {
        let asked = Command::new("kill").arg("-TERM").arg(self.running.0.id().to_string()).status();
        assert!(asked.expect("there is a `kill`").success(), "{} has ended already", self.client.name);
    }

    fn end(&mut self) -> ExitStatus {
        self.running.end(&self.client.name)
    }
}

impl Client {
    /// What comes of a request, as far as it comes. None if nobody listens any more, or the connection breaks.
    fn ask(&self, path: &str, id: &str) -> Option<String> {
        let mut connection = TcpStream::connect(self.address).ok()?;
        connection.set_read_timeout(Some(LIMIT)).expect("a limit can be set");
        let request =
            format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nx-request-id: {id}\r\n\r\n");
        connection.write_all(request.as_bytes()).ok()?;
        let mut response = String::new();
        connection.read_to_string(&mut response).ok()?;
        Some(response)
    }
}

/// An example that runs, and is ended when this is dropped.
struct Running(Child);

impl Running {
    #[track_caller]
    fn start(name: &str, arguments: &[&str]) -> Running {
        let program = program(name);
        let source = root().join("examples").join(name).with_extension("rs");
        let changed = |path: &PathBuf| std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
        assert!(changed(&program) > changed(&source), "{name} is out of date: run `cargo build --examples` first");
        let mut command = Command::new(&program);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        for variable in ["FORCE_COLOR", "CLICOLOR_FORCE", "RUST_LOG"] {
            command.env_remove(variable);
        }
        Running(command.spawn().unwrap_or_else(|error| panic!("{}: {error}", program.display())))
    }

    /// Waits for its end.
    #[track_caller]
    fn end(&mut self, name: &str) -> ExitStatus {
        let started = Instant::now();
        loop {
            match self.0.try_wait().expect("it can be waited for") {
                Some(status) => return status,
                None => assert!(started.elapsed() < LIMIT, "{name} does not end"),
            }
            // Orders nothing: it spares the processor between two looks.
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Beside the folder of this test.
fn program(name: &str) -> PathBuf {
    let own = std::env::current_exe().expect("this is a program");
    let built = own.parent().and_then(|deps| deps.parent()).expect("tests stand in target/<profile>/deps");
    built.join("examples").join(name).with_extension(std::env::consts::EXE_EXTENSION)
}

fn access(records: &[Value]) -> impl Iterator<Item = &Value> {
    records.iter().filter(|record| record["kind"] == "access")
}

#[track_caller]
fn the_only_access(records: &[Value]) -> &Value {
    let all: Vec<&Value> = access(records).collect();
    assert_eq!(all.len(), 1, "{all:?}");
    all[0]
}

fn text<'a>(record: &'a Value, key: &str) -> &'a str {
    record[key].as_str().unwrap_or_default()
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}
