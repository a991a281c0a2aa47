//! Response bodies that are sent to their end, and what counts as their end.

use std::time::Duration;

use hyperlog::{CapturedRecord, CapturedValue, Level};

use crate::client::Connection;
use crate::host::{Host, LARGE, PAUSE, content};
use crate::stage::{Stage, is_access};

pub(crate) fn head_is_not_cancelled<H: Host>() {
    let stage = Stage::new::<H>();
    let reply = stage.send("HEAD /hello/ann");
    assert_eq!((reply.status, reply.text()), (200, ""));
    let record = stage.access();
    assert_eq!(record.text("outcome"), "ok");
    assert_eq!(record.number("response_bytes"), 0.0);
}

pub(crate) fn a_body_that_may_not_be_sent_is_not_missed<H: Host>() {
    for (request, status) in [("GET /empty", 204), ("GET /unchanged", 304)] {
        let stage = Stage::new::<H>();
        let reply = stage.send(request);
        assert_eq!((reply.status, reply.text()), (status, ""));
        let record = stage.access();
        assert_eq!(record.text("outcome"), "ok");
        assert_eq!(record.number("response_bytes"), 0.0);
    }
}

pub(crate) fn a_body_of_promised_length_is_complete_without_its_end<H: Host>() {
    let stage = Stage::new::<H>();
    assert_eq!(stage.send("GET /exact").text(), "first");
    let record = stage.access();
    assert_eq!(record.text("outcome"), "ok");
    assert_eq!(record.number("response_bytes"), 5.0);
}

pub(crate) fn a_body_that_fails_is_told<H: Host>() {
    let stage = Stage::new::<H>();
    let reply = stage.send("GET /broken");
    assert_eq!((reply.status, reply.text(), reply.is_complete), (200, "first", false));
    let record = stage.access();
    assert_eq!((record.text("outcome"), record.level()), ("body_error", Level::ERROR));
    assert_eq!(record.number("status"), 200.0);
    assert_eq!(record.number("response_bytes"), 5.0);
    assert!(record.text("error").contains("unplugged"), "{record}");
}

pub(crate) fn a_body_of_known_length_keeps_it<H: Host>() {
    let stage = Stage::new::<H>();
    let reply = stage.send("GET /hello/ann");
    assert_eq!(reply.header("content-length"), "9");
    assert!(reply.headers("transfer-encoding").is_empty(), "{reply:?}");
}

pub(crate) fn a_record_lasts_to_the_end_of_the_body_and_tells_when_it_began<H: Host>() {
    let stage = Stage::new::<H>();
    let reply = stage.send("GET /slow");
    assert_eq!((reply.text(), reply.is_complete), ("chunkchunkchunk", true));
    let record = stage.access();
    assert_eq!(record.text("outcome"), "ok");
    assert_eq!(record.number("response_bytes"), 15.0);
    // The server waits for both pauses between its response and the end.
    assert!(span(&record, "duration") - span(&record, "ttfb") >= 2 * PAUSE, "{record}");
}

fn span(record: &CapturedRecord, key: &str) -> Duration {
    match record.get(key) {
        Some(CapturedValue::Duration(span)) => *span,
        other => panic!("{other:?} is no span of time"),
    }
}

pub(crate) fn a_large_body_reaches_a_slow_reader_to_the_last_byte<H: Host>() {
    let stage = Stage::new::<H>();
    let mut connection = Connection::open_narrow(stage.server.address);
    connection.ask("GET /large", &[("x-request-id", "large")]);
    // Nothing is read until the server can write no more: it is the reader who sets the pace.
    connection.wait_for("\r\n\r\n");
    let other = stage.send("GET /hello/ann");
    assert_eq!(other.status, 200);
    let records = stage.captured.records();
    let is_told = |record: &CapturedRecord| is_access(record) && record.text("request_id") == "large";
    assert!(!records.iter().any(is_told), "it is not over: {records:#?}");
    let reply = connection.reply();
    assert!(reply.is_complete && reply.body == content(LARGE), "{} bytes came", reply.body.len());
    let record = stage.wait_for_access("large");
    assert_eq!((record.text("outcome"), record.number("response_bytes")), ("ok", LARGE as f64));
}

pub(crate) fn code_in_a_body_logs_with_the_id<H: Host>() {
    let stage = Stage::new::<H>();
    let mut connection = stage.connect();
    connection.ask("GET /stream", &[("x-request-id", "abc-123")]);
    connection.wait_for("first");
    assert_eq!(stage.wait_for_saying("flowing").text("request_id"), "abc-123");
}
