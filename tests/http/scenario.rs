//! What is expected of every framework alike.

use std::time::{Duration, Instant};

use hyperlog::{Captured, CapturedRecord, Level, Logger};

use crate::client::{self, Reply};
use crate::host::{Host, SECRET, Server};

/// A server, and what it logs.
struct Stage {
    server: Server,
    captured: Captured,
}

impl Stage {
    fn new<H: Host>() -> Stage {
        let (logger, captured) = Logger::capture();
        Stage { server: H::start(logger), captured }
    }

    fn send(&self, request: &str) -> Reply {
        client::send(self.server.address, request, &[])
    }

    /// Waits for a record that was not there when its cause was: the server is another thread. The nap orders nothing, it
    /// spares the processor between two looks.
    #[track_caller]
    fn wait_for(&self, wanted: impl Fn(&CapturedRecord) -> bool) -> CapturedRecord {
        let start = Instant::now();
        loop {
            let records = self.captured.records();
            if let Some(record) = records.iter().find(|record| wanted(record)) {
                return record.clone();
            }
            let waited = start.elapsed();
            assert!(waited < Duration::from_secs(10), "it never came; there are {records:#?}");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Waits for the access record, then stops the server to see that there is no other.
    #[track_caller]
    fn access(self) -> CapturedRecord {
        self.wait_for(is_access);
        let captured = self.captured;
        drop(self.server);
        let mut records: Vec<CapturedRecord> = captured.records().into_iter().filter(is_access).collect();
        assert_eq!(records.len(), 1, "{records:#?}");
        records.remove(0)
    }
}

fn is_access(record: &CapturedRecord) -> bool {
    is_kind(record, "access")
}

fn is_kind(record: &CapturedRecord, kind: &str) -> bool {
    record.has("kind") && record.text("kind") == kind
}

pub(crate) fn a_success_gives_one_record<H: Host>() {
    let stage = Stage::new::<H>();
    let reply = stage.send("GET /hello/ann?token=abc");
    assert_eq!((reply.status, reply.body.as_str()), (200, "hello ann"));
    let record = stage.access();
    assert_eq!(record.level(), Level::INFO);
    assert_eq!(record.text("request_id"), reply.header("x-request-id"));
    assert_eq!(record.text("method"), "GET");
    assert_eq!(record.text("path"), "/hello/ann");
    assert_eq!(record.number("status"), 200.0);
    assert_eq!(record.text("outcome"), "ok");
    assert_eq!(record.number("response_bytes"), 9.0);
    assert!(record.has("duration") && record.has("ttfb"), "{record}");
    match H::HAS_ROUTES {
        true => {
            assert_eq!(record.text("route"), "/hello/{name}");
            assert_eq!(record.text("client_ip"), "127.0.0.1");
        }
        false => assert!(!record.has("route") && !record.has("client_ip"), "{record}"),
    }
    assert!(!record.to_string().contains("abc"), "the query is nobody's business: {record}");
}

pub(crate) fn an_unknown_path_has_no_route<H: Host>() {
    let stage = Stage::new::<H>();
    assert_eq!(stage.send("GET /no/such/place").status, 404);
    let record = stage.access();
    assert_eq!(record.level(), Level::WARN);
    assert_eq!(record.number("status"), 404.0);
    assert_eq!(record.text("outcome"), "ok");
    assert!(!record.has("route"), "{record}");
}

pub(crate) fn a_failure_is_an_error<H: Host>() {
    let stage = Stage::new::<H>();
    assert_eq!(stage.send("GET /fail").status, 503);
    let record = stage.access();
    assert_eq!(record.level(), Level::ERROR);
    assert_eq!(record.text("outcome"), "error");
}

pub(crate) fn an_id_that_a_handler_sets_does_not_reach_the_client<H: Host>() {
    let stage = Stage::new::<H>();
    let reply = stage.send("GET /fail");
    assert_ne!(reply.header("x-request-id"), "forged");
    assert_eq!(stage.access().text("request_id"), reply.header("x-request-id"));
}

pub(crate) fn a_panic_gives_a_500_that_keeps_its_text_and_the_server_lives<H: Host>() {
    check_panic::<H>("GET /panic");
}

pub(crate) fn a_panic_before_there_is_a_future_is_no_different<H: Host>() {
    check_panic::<H>("GET /sudden");
}

fn check_panic<H: Host>(request: &str) {
    let stage = Stage::new::<H>();
    let reply = stage.send(request);
    assert_eq!(reply.status, 500);
    assert_eq!(reply.header("content-type"), "application/problem+json");
    assert!(reply.body.contains(reply.header("x-request-id")), "{reply:?}");
    assert!(!format!("{reply:?}").contains(SECRET), "{reply:?}");

    stage.wait_for(is_access);
    assert_eq!(stage.send("GET /hello/ann").status, 200);
    stage.wait_for(|record| is_access(record) && record.number("status") == 200.0);
    stage.wait_for(|record| is_kind(record, "panic"));

    let records = stage.captured.records();
    let access: Vec<_> = records.iter().filter(|record| is_access(record)).collect();
    let panics: Vec<_> = records.iter().filter(|record| is_kind(record, "panic")).collect();
    assert_eq!((access.len(), panics.len()), (2, 1), "{records:#?}");
    for record in [access[0], panics[0]] {
        assert_eq!(record.level(), Level::ERROR);
        assert_eq!(record.text("error"), SECRET);
        assert!(record.text("location").contains("tests/http/host"), "{record}");
        assert_eq!(record.text("request_id"), reply.header("x-request-id"));
    }
    assert_eq!(access[0].text("outcome"), "panic");
    assert_eq!(access[0].number("status"), 500.0);
    assert_eq!(access[0].number("response_bytes"), reply.body.len() as f64);
    assert_eq!(access[0].has("route"), H::HAS_ROUTES);
    assert!(format!("{:?}", panics[0].get("frames")).contains("host"), "{}", panics[0]);
}

pub(crate) fn a_valid_inbound_id_is_kept_and_echoed<H: Host>() {
    let stage = Stage::new::<H>();
    let reply = client::send(stage.server.address, "GET /hello/ann", &[("X-Request-Id", "abc-123")]);
    assert_eq!(reply.header("x-request-id"), "abc-123");
    let seen = stage.wait_for(|record| record.message() == "greeting");
    assert_eq!(seen.text("seen"), "\"abc-123\"");
    assert_eq!(stage.access().text("request_id"), "abc-123");
}

pub(crate) fn an_invalid_inbound_id_is_replaced<H: Host>() {
    for id in ["two words", "quote\"d", "\u{e9}tat", &"a".repeat(129)] {
        let stage = Stage::new::<H>();
        let reply = client::send(stage.server.address, "GET /hello/ann", &[("x-request-id", id)]);
        let made = reply.header("x-request-id");
        assert_eq!(made.len(), 36, "{made}");
        let seen = stage.wait_for(|record| record.message() == "greeting");
        assert_eq!(seen.text("seen"), format!("{made:?}"));
        assert_eq!(stage.access().text("request_id"), made);
    }
}

pub(crate) fn a_plain_record_of_a_handler_carries_the_id<H: Host>() {
    let stage = Stage::new::<H>();
    let reply = stage.send("GET /hello/ann");
    let greeting = stage.wait_for(|record| record.message() == "greeting");
    assert_eq!(greeting.text("request_id"), reply.header("x-request-id"));
    if H::HAS_ROUTES {
        let extracted = stage.wait_for(|record| record.message() == "by the extractor");
        assert_eq!(extracted.text("request_id"), reply.header("x-request-id"));
    }
}

pub(crate) fn what_a_handler_drops_when_it_is_cancelled_logs_with_the_id<H: Host>() {
    let stage = Stage::new::<H>();
    let connection = client::begin(stage.server.address, "GET /hang", &[("x-request-id", "abc-123")]);
    stage.wait_for(|record| record.message() == "hanging");
    drop(connection);
    let leaving = stage.wait_for(|record| record.message() == "leaving");
    assert_eq!(leaving.text("request_id"), "abc-123");
    let record = stage.access();
    assert_eq!((record.text("outcome"), record.level()), ("cancelled", Level::INFO));
    assert!(!record.has("status"), "{record}");
}

pub(crate) fn head_is_not_cancelled<H: Host>() {
    let stage = Stage::new::<H>();
    let reply = stage.send("HEAD /hello/ann");
    assert_eq!((reply.status, reply.body.as_str()), (200, ""));
    let record = stage.access();
    assert_eq!(record.text("outcome"), "ok");
    assert_eq!(record.number("response_bytes"), 0.0);
}

pub(crate) fn a_body_that_may_not_be_sent_is_not_missed<H: Host>() {
    let stage = Stage::new::<H>();
    let reply = stage.send("GET /empty");
    assert_eq!((reply.status, reply.body.as_str()), (204, ""));
    let record = stage.access();
    assert_eq!(record.text("outcome"), "ok");
    assert_eq!(record.number("response_bytes"), 0.0);
}

pub(crate) fn a_body_of_promised_length_is_complete_without_its_end<H: Host>() {
    let stage = Stage::new::<H>();
    assert_eq!(stage.send("GET /exact").body, "first");
    let record = stage.access();
    assert_eq!(record.text("outcome"), "ok");
    assert_eq!(record.number("response_bytes"), 5.0);
}

pub(crate) fn a_body_that_fails_is_told<H: Host>() {
    let stage = Stage::new::<H>();
    assert_eq!(stage.send("GET /broken").status, 200);
    let record = stage.access();
    assert_eq!((record.text("outcome"), record.level()), ("body_error", Level::ERROR));
    assert_eq!(record.number("status"), 200.0);
    assert_eq!(record.number("response_bytes"), 5.0);
    assert!(record.text("error").contains("unplugged"), "{record}");
}

pub(crate) fn a_body_that_panics_is_told_and_the_server_lives<H: Host>() {
    let stage = Stage::new::<H>();
    let reply = stage.send("GET /rotten");
    assert!(!reply.body.contains(SECRET), "{reply:?}");
    let record = stage.wait_for(is_access);
    assert_eq!((record.text("outcome"), record.level()), ("panic", Level::ERROR));
    assert_eq!(record.text("error"), SECRET);
    assert_eq!(stage.send("GET /hello/ann").status, 200);
}

pub(crate) fn a_client_that_leaves_a_stream_gives_one_cancelled_record<H: Host>() {
    let stage = Stage::new::<H>();
    client::leave_at(stage.server.address, "GET /stream", "first");
    let leaving = stage.wait_for(|record| record.message() == "leaving");
    let record = stage.access();
    assert_eq!(leaving.text("request_id"), record.text("request_id"));
    assert_eq!((record.text("outcome"), record.level()), ("cancelled", Level::INFO));
    assert_eq!(record.number("status"), 200.0);
    assert_eq!(record.number("response_bytes"), 5.0);
}

pub(crate) fn a_pattern_that_the_framework_made_for_itself_is_no_route<H: Host>() {
    let stage = Stage::new::<H>();
    assert_eq!(stage.send("GET /private/place").status, 200);
    let record = stage.access();
    assert!(!record.has("route"), "{record}");
}

pub(crate) fn a_nested_router_shows_the_whole_pattern_and_path<H: Host>() {
    let stage = Stage::new::<H>();
    assert_eq!(stage.send("GET /nest/7").status, 200);
    let record = stage.access();
    assert_eq!((record.text("route"), record.text("path")), ("/nest/{id}", "/nest/7"));
}

pub(crate) fn the_route_is_the_one_whose_guards_let_the_request_through<H: Host>() {
    let stage = Stage::new::<H>();
    assert_eq!(stage.send("GET /guarded/5").body, "got");
    assert_eq!(stage.access().text("route"), "/guarded/{name}");
}

pub(crate) fn an_error_of_inner_middleware_has_the_status_that_is_sent_and_the_id<H: Host>() {
    let stage = Stage::new::<H>();
    let reply = stage.send("GET /refused");
    assert_eq!((reply.status, reply.body.as_str()), (418, "short and stout"));
    let record = stage.access();
    assert_eq!(record.number("status"), 418.0);
    assert_eq!(record.text("request_id"), reply.header("x-request-id"));
    assert_eq!(record.number("response_bytes"), 15.0);
}
