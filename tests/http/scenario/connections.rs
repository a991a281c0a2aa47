//! Several requests on one connection of HTTP/1.1, and requests that come in pieces.

use std::collections::BTreeSet;

use crate::host::Host;
use crate::stage::{Stage, is_access};

pub(crate) fn each_request_of_a_kept_connection_has_its_own_record<H: Host>() {
    let stage = Stage::new::<H>();
    let mut connection = stage.connect();
    let mut expected = BTreeSet::new();
    for (request, status, sent) in [
        ("GET /hello/ann", 200, 9),
        ("HEAD /hello/ann", 200, 0),
        ("GET /fail", 503, 9),
        ("GET /empty", 204, 0),
        ("GET /slow", 200, 15),
        ("GET /hello/bob", 200, 9),
    ] {
        connection.ask(request, &[]);
        let reply = connection.reply();
        assert_eq!((reply.status, reply.body.len()), (status, sent), "{request}");
        let path = request.split(' ').nth(1).expect("there is one");
        expected.insert((reply.header("x-request-id").to_owned(), path.to_owned(), status, sent));
    }
    let records = stage.all_access(6).into_iter().map(|record| {
        let (id, path) = (record.text("request_id").to_owned(), record.text("path").to_owned());
        (id, path, record.number("status") as u16, record.number("response_bytes") as usize)
    });
    assert_eq!(records.collect::<BTreeSet<_>>(), expected);
}

pub(crate) fn requests_that_come_at_once_are_answered_and_told_one_by_one<H: Host>() {
    let stage = Stage::new::<H>();
    let mut connection = stage.connect();
    let paths = ["/hello/ann", "/slow", "/fail", "/hello/bob"];
    let requests: String = paths.iter().map(|path| connection.head(&format!("GET {path}"), &[])).collect();
    connection.write(requests.as_bytes());
    let ids: Vec<String> = paths.iter().map(|_| connection.reply().header("x-request-id").to_owned()).collect();
    let records = stage.all_access(4);
    let told: Vec<(&str, &str)> =
        records.iter().map(|record| (record.text("request_id"), record.text("path"))).collect();
    let expected: Vec<(&str, &str)> = ids.iter().map(String::as_str).zip(paths).collect();
    assert_eq!(told, expected);
}

pub(crate) fn a_request_in_chunks_is_answered_when_the_last_has_come<H: Host>() {
    let stage = Stage::new::<H>();
    let mut connection = stage.connect();
    connection.ask("POST /echo", &[("transfer-encoding", "chunked")]);
    connection.write(b"5\r\nfirst\r\n");
    connection.write(b"6\r\nsecond\r\n");
    assert!(stage.captured.records().iter().all(|record| !is_access(record)), "it is not over");
    connection.write(b"0\r\n\r\n");
    let reply = connection.reply();
    assert_eq!((reply.status, reply.text()), (200, "11"));
    let access = stage.access();
    assert_eq!(access.text("request_id"), reply.header("x-request-id"));
    // Without a framework nobody knows the type of the body, and nothing was announced.
    assert_eq!(access.number("request_bytes"), if H::HAS_ROUTES { 11.0 } else { 0.0 });
}

pub(crate) fn a_client_that_waits_to_be_told_to_go_on_gives_one_record<H: Host>() {
    let stage = Stage::new::<H>();
    let mut connection = stage.connect();
    connection.ask("POST /echo", &[("expect", "100-continue"), ("content-length", "5")]);
    assert_eq!(connection.reply().status, 100);
    connection.write(b"first");
    let reply = connection.reply();
    assert_eq!((reply.status, reply.text()), (200, "5"));
    let record = stage.access();
    assert_eq!((record.number("status"), record.text("outcome")), (200.0, "ok"));
}

pub(crate) fn a_body_that_never_comes_to_its_end_is_told_once<H: Host>() {
    let stage = Stage::new::<H>();
    let mut connection = stage.connect();
    connection.ask("POST /echo", &[("content-length", "50"), ("x-request-id", "abc-123")]);
    connection.write(b"first");
    drop(connection);
    let record = stage.access();
    assert_eq!(record.text("request_id"), "abc-123");
    // The handler may hear of it first, and refuse.
    let status = record.has("status").then(|| record.number("status"));
    let expected = [(Some(400.0), "ok"), (Some(400.0), "cancelled"), (None, "cancelled")];
    assert!(expected.contains(&(status, record.text("outcome"))), "{record}");
}

pub(crate) fn what_the_server_refuses_by_itself_is_no_request<H: Host>() {
    let stage = Stage::new::<H>();
    for nonsense in ["nonsense\r\n\r\n", "GET / HTTP/7.7\r\n\r\n", "GET / HTTP/1.1\r\nno colon\r\n\r\n"] {
        let mut connection = stage.connect();
        connection.write(nonsense.as_bytes());
        if let Some(reply) = connection.try_reply() {
            assert!(matches!(reply.status, 400 | 505), "{nonsense:?}: {reply:?}");
        }
    }
    let reply = stage.send("GET /hello/ann");
    assert_eq!(stage.access().text("request_id"), reply.header("x-request-id"));
}
