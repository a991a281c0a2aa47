//! Clients that leave before the end.

use hyperlog::Level;

use crate::client::{self, Connection};
use crate::host::{Host, gate};
use crate::stage::{Stage, unique};

pub(crate) fn what_a_handler_drops_when_it_is_cancelled_logs_with_the_id<H: Host>() {
    let stage = Stage::new::<H>();
    let mut connection = stage.connect();
    connection.ask("GET /hang", &[("x-request-id", "abc-123")]);
    stage.wait_for_saying("hanging");
    drop(connection);
    let leaving = stage.wait_for_saying("leaving");
    assert_eq!(leaving.text("request_id"), "abc-123");
    let record = stage.access();
    assert_eq!((record.text("outcome"), record.level()), ("cancelled", Level::INFO));
    assert!(!record.has("status") && record.has("duration"), "{record}");
}

pub(crate) fn a_client_that_leaves_a_stream_gives_one_cancelled_record<H: Host>() {
    let stage = Stage::new::<H>();
    client::leave_at(stage.server.address, "GET /stream", "first");
    let leaving = stage.wait_for_saying("leaving");
    let record = stage.access();
    assert_eq!(leaving.text("request_id"), record.text("request_id"));
    assert_eq!((record.text("outcome"), record.level()), ("cancelled", Level::INFO));
    assert_eq!(record.number("status"), 200.0);
    assert_eq!(record.number("response_bytes"), 5.0);
}

pub(crate) fn a_reset_while_a_body_pends_gives_one_cancelled_record<H: Host>() {
    let stage = Stage::new::<H>();
    let mut connection = stage.connect();
    connection.ask("GET /stream", &[]);
    connection.wait_for("first");
    connection.reset();
    let record = stage.access();
    assert_eq!((record.text("outcome"), record.level()), ("cancelled", Level::INFO));
    assert_eq!((record.number("status"), record.number("response_bytes")), (200.0, 5.0));
}

pub(crate) fn a_reset_before_the_response_gives_one_cancelled_record<H: Host>() {
    let stage = Stage::new::<H>();
    let mut connection = stage.connect();
    connection.ask("GET /hang", &[]);
    stage.wait_for_saying("hanging");
    connection.reset();
    let record = stage.access();
    assert_eq!((record.text("outcome"), record.level()), ("cancelled", Level::INFO));
    assert!(!record.has("status"), "{record}");
}

pub(crate) fn a_client_that_says_no_more_before_the_response_has_left<H: Host>() {
    let stage = Stage::new::<H>();
    let mut connection = stage.connect();
    connection.ask("GET /hang", &[]);
    stage.wait_for_saying("hanging");
    connection.say_no_more();
    stage.wait_for_saying("leaving");
    assert!(connection.try_reply().is_none(), "nobody answers");
    let record = stage.access();
    assert_eq!((record.text("outcome"), record.level()), ("cancelled", Level::INFO));
    assert!(!record.has("status"), "{record}");
}

pub(crate) fn a_client_that_says_no_more_before_the_response_still_gets_it<H: Host>() {
    let stage = Stage::new::<H>();
    let door = unique();
    let mut connection = stage.connect();
    connection.ask(&format!("GET /gate/{door}"), &[]);
    stage.wait_for_saying("waiting");
    connection.say_no_more();
    gate(&door).add_permits(1);
    assert_eq!(connection.reply().text(), "open");
    let record = stage.access();
    assert_eq!((record.text("outcome"), record.number("status")), ("ok", 200.0));
    assert_eq!(record.number("response_bytes"), 4.0);
}

pub(crate) fn a_large_body_that_is_left_is_cancelled_with_the_bytes_that_went<H: Host>() {
    let stage = Stage::new::<H>();
    let mut connection = Connection::open_narrow(stage.server.address);
    connection.ask("GET /large", &[]);
    let read = connection.peek_body(100_000).expect("the server answers");
    drop(connection);
    let record = stage.access();
    assert_eq!((record.text("outcome"), record.level()), ("cancelled", Level::INFO));
    // What was read has the sizes of the chunks between its bytes: less than one in a hundred.
    let sent = record.number("response_bytes");
    assert!(sent >= read as f64 * 0.99 && sent < crate::host::LARGE as f64, "{read} were read: {record}");
}

pub(crate) fn events_that_a_client_leaves_are_closed<H: Host>() {
    let stage = Stage::new::<H>();
    client::leave_at(stage.server.address, "GET /events", "data: 2\n\n");
    let record = stage.access();
    assert_eq!((record.text("outcome"), record.level()), ("closed", Level::INFO));
    assert_eq!(record.number("status"), 200.0);
    assert!(record.number("response_bytes") >= 27.0, "{record}");
}

pub(crate) fn an_upgrade_is_told_at_the_handshake_and_never_again<H: Host>() {
    let stage = Stage::new::<H>();
    let mut connection = stage.connect();
    connection.ask("GET /upgrade", &[("connection", "upgrade"), ("upgrade", "websocket"), ("x-request-id", "abc-123")]);
    let reply = connection.reply();
    assert_eq!((reply.status, reply.header("x-request-id")), (101, "abc-123"));
    // The connection still speaks the other protocol.
    let record = stage.wait_for_access("abc-123");
    assert_eq!(record.number("status"), 101.0);
    assert_eq!((record.text("outcome"), record.level()), ("ok", Level::INFO));
    assert_eq!(connection.take(2).0, b"hi");
    connection.write(b"bye");
    assert!(connection.is_over(), "both are done");
    stage.access();
}
