//! Probes are answered by how the logger is, through both frameworks alike, and a trouble that may pass never ends a process.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use hyperlog::delivery::{Backend, Batch, DeliveryError, Exporter, Reply, Retry};
use hyperlog::health::{HealthCheck, actix_liveness, actix_readiness, axum_liveness, axum_readiness};
use hyperlog::{Condition, DropReason, Json, LastError, Line, Logger, Memory, Output, Sink, Written, error, info};
use serde_json::Value;

/// As it is told to be.
#[derive(Clone)]
struct Moody(Arc<Mutex<Condition>>);

impl Moody {
    fn well() -> Moody {
        Moody(Arc::new(Mutex::new(Condition::Well)))
    }

    fn becomes(&self, condition: Condition) {
        *self.0.lock().unwrap() = condition;
    }
}

impl Sink for Moody {
    fn write(&self, _: &Line<'_>) -> Written {
        Written::Dropped(DropReason::Failed)
    }

    fn condition(&self) -> Condition {
        self.0.lock().unwrap().clone()
    }

    fn last_error(&self) -> Option<LastError> {
        Some(LastError::new("the disk \"/var\" is full", Duration::from_secs(90)))
    }
}

fn two(first: &Moody, second: &Moody) -> Logger {
    let output = |name: &str, sink: &Moody| Output::new(Json::new(), sink.clone()).name(name);
    Logger::builder().output(output("first", first)).output(output("second", second)).build().unwrap()
}

fn degraded() -> Condition {
    Condition::Degraded("the disk is full".to_owned())
}

fn failed() -> Condition {
    Condition::Failed("it was closed".to_owned())
}

#[test]
fn one_output_that_takes_records_keeps_the_process_alive_and_ready() {
    let (first, second) = (Moody::well(), Moody::well());
    let check = HealthCheck::of(&two(&first, &second));
    for (of_first, of_second, status, code) in [
        (Condition::Well, Condition::Well, "well", 200),
        (degraded(), Condition::Well, "degraded", 200),
        (degraded(), degraded(), "degraded", 200),
        (failed(), Condition::Well, "degraded", 200),
        (failed(), degraded(), "degraded", 200),
        (failed(), failed(), "failed", 503),
    ] {
        first.becomes(of_first.clone());
        second.becomes(of_second.clone());
        for answer in [check.liveness(), check.readiness()] {
            assert_eq!(answer.status, code, "{of_first:?} {of_second:?}");
            assert_eq!(json(&answer.body)["status"], status);
            assert_eq!(json(&answer.body)["outputs"][0]["status"], of_first.name());
        }
    }
}

#[test]
fn without_a_required_output_that_is_well_it_is_alive_and_not_ready() {
    let (audit, rest) = (Moody::well(), Moody::well());
    let check = HealthCheck::of(&two(&audit, &rest)).required("first");
    rest.becomes(failed());
    assert_eq!((check.liveness().status, check.readiness().status), (200, 200));
    for ill in [degraded(), failed()] {
        rest.becomes(Condition::Well);
        audit.becomes(ill);
        assert_eq!((check.liveness().status, check.readiness().status), (200, 503));
        assert_eq!(json(&check.readiness().body)["ready"], false);
        assert_eq!(json(&check.liveness().body)["alive"], true);
    }
    audit.becomes(Condition::Well);
    let check = check.required("third");
    assert_eq!(check.readiness().status, 503);
    assert_eq!(json(&check.readiness().body)["missing"], serde_json::json!(["third"]));
    assert_eq!(json(&check.liveness().body)["missing"], Value::Null);
}

#[test]
fn only_who_asks_for_details_is_told_why() {
    let first = Moody::well();
    first.becomes(degraded());
    let logger = two(&first, &Moody::well());
    info!(logger: logger, "lost");
    let check = HealthCheck::of(&logger);
    let told = check.readiness().body;
    assert!(!told.contains("disk") && !told.contains("dropped"), "{told}");
    let told = json(&check.detailed().readiness().body);
    let output = &told["outputs"][0];
    assert_eq!(output["why"], "the disk is full");
    assert_eq!(output["accepted"], 1);
    assert_eq!(output["dropped"], serde_json::json!({ "failed": 1 }));
    assert_eq!(output["last_error"], serde_json::json!({ "what": "the disk \"/var\" is full", "seconds_ago": 90 }));
    assert_eq!(output["queue"], Value::Null);
}

#[test]
fn a_configuration_that_was_refused_is_told_and_ends_nothing() {
    let logger = two(&Moody::well(), &Moody::well());
    let check = HealthCheck::of(&logger);
    logger.note_refused_configuration(Some("shop.toml:7:1: level: there is no such level"));
    for answer in [check.liveness(), check.readiness()] {
        assert_eq!((answer.status, &json(&answer.body)["status"]), (200, &Value::from("degraded")));
        assert_eq!(json(&answer.body)["configuration"], serde_json::json!({ "status": "refused" }));
    }
    let told = json(&check.clone().detailed().readiness().body);
    assert_eq!(told["configuration"]["what"], "shop.toml:7:1: level: there is no such level");
    assert!(told["configuration"]["seconds_ago"].is_u64());

    logger.note_refused_configuration(None);
    let told = json(&check.readiness().body);
    assert_eq!((&told["status"], &told["configuration"]), (&Value::from("well"), &Value::Null));
}

/// Never takes anything.
struct Dead;

impl Backend for Dead {
    fn deliver(&mut self, _: &Batch<'_>) -> Reply {
        Reply::Retry { after: None, why: DeliveryError::new("nobody answers") }
    }
}

#[test]
fn a_dead_system_behind_a_queue_is_degraded_and_its_error_is_told_with_its_age() {
    let retry = Retry::new().first(Duration::from_millis(1)).longest(Duration::from_millis(1));
    let sink = Exporter::new(Dead).retry(retry).start().unwrap();
    let logger = Logger::builder().output(Output::new(Json::new(), sink).name("far")).build().unwrap();
    error!(logger: logger, "not delivered");
    assert!(logger.flush(Duration::from_millis(200)).is_err());
    let answer = HealthCheck::of(&logger).detailed().readiness();
    let told = json(&answer.body);
    let output = &told["outputs"][0];
    assert_eq!((answer.status, &output["status"]), (200, &Value::from("degraded")), "{told}");
    assert!(output["last_error"]["what"].as_str().unwrap().contains("nobody answers"), "{told}");
    assert!(output["last_error"]["seconds_ago"].is_u64());
    assert_eq!(output["queue"]["records"], 1);
    assert_ne!(output["queue"]["breaker"], "closed");

    let _ = logger.close(Duration::ZERO);
    assert_eq!(HealthCheck::of(&logger).liveness().status, 503);
}

#[test]
fn a_closed_logger_is_dead_whatever_its_sink_says() {
    let logger = Logger::builder().output(Output::new(Json::new(), Memory::new())).build().unwrap();
    assert_eq!(logger.health().condition(), Condition::Well);
    logger.close(Duration::from_secs(5)).unwrap();
    assert!(matches!(logger.health().condition(), Condition::Failed(why) if why.contains("closed")));
    assert_eq!(HealthCheck::of(&Logger::disabled()).liveness().status, 200);
}

#[test]
fn both_frameworks_answer_probes_alike() {
    let first = Moody::well();
    let logger = two(&first, &Moody::well());
    let check = HealthCheck::of(&logger).required("first");
    for condition in [Condition::Well, degraded()] {
        first.becomes(condition);
        for (path, wanted) in [("/livez", check.liveness()), ("/readyz", check.readiness())] {
            for method in ["GET", "HEAD"] {
                let body = if method == "GET" { wanted.body.clone() } else { String::new() };
                let answer = (wanted.status, "application/json".to_owned(), "no-store".to_owned(), body);
                assert_eq!(of_axum(&check, method, path), answer, "axum {method} {path}");
                assert_eq!(of_actix(&check, method, path), answer, "actix {method} {path}");
            }
        }
    }
    assert_eq!(of_axum(&check, "POST", "/livez").0, 405);
    assert_eq!(of_actix(&check, "POST", "/livez").0, 404);
}

/// Status, type of the content, whether it may be kept, and body.
type Answer = (u16, String, String, String);

fn of_axum(check: &HealthCheck, method: &str, path: &str) -> Answer {
    use tower::ServiceExt as _;
    let app = axum::Router::<()>::new().route("/livez", axum_liveness(check)).route("/readyz", axum_readiness(check));
    let request = http::Request::builder().method(method).uri(path).body(axum::body::Body::empty()).unwrap();
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
        let (head, body) = app.oneshot(request).await.unwrap().into_parts();
        let header = |name| head.headers.get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
        let told = (head.status.as_u16(), header("content-type"), header("cache-control"));
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        (told.0, told.1, told.2, String::from_utf8(body.to_vec()).unwrap())
    })
}

fn of_actix(check: &HealthCheck, method: &str, path: &str) -> Answer {
    use actix_web::{App, HttpServer, rt};
    use std::io::{Read as _, Write as _};
    let check = check.clone();
    // Over a connection: it is the server that leaves the body of an answer to HEAD out.
    let server = HttpServer::new(move || {
        App::new().route("/livez", actix_liveness(&check)).route("/readyz", actix_readiness(&check))
    });
    let server = server.workers(1).disable_signals().bind("127.0.0.1:0").unwrap();
    let address = server.addrs()[0];
    let (method, path) = (method.to_owned(), path.to_owned());
    let asked = std::thread::spawn(move || {
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        write!(stream, "{method} {path} HTTP/1.1\r\nhost: here\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    });
    let answer = rt::System::new().block_on(async move {
        let running = server.run();
        let handle = running.handle();
        let asked = rt::task::spawn_blocking(move || asked.join().unwrap());
        let (answer, _) = tokio::join!(
            async {
                let answer = asked.await.unwrap();
                handle.stop(false).await;
                answer
            },
            running
        );
        answer
    });
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let header = |name: &str| {
        let mut lines = head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value).to_owned()
    };
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, header("content-type"), header("cache-control"), body.to_owned())
}

fn json(body: &str) -> Value {
    serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body}"))
}
