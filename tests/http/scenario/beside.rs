//! Other middlewares beside ours, each inside of it and outside: one record all the same, of what we handed on.

use hyperlog::{CapturedRecord, Level};

use crate::client::Reply;
use crate::host::{Host, Other, SECRET, Side, TEXT};
use crate::stage::{Stage, is_kind};

/// A thousand letters, compressed with gzip.
const COMPRESSED: [u8; 29] =
    [31, 139, 8, 0, 0, 0, 0, 0, 2, 255, 75, 76, 28, 5, 163, 96, 20, 12, 119, 0, 0, 3, 218, 56, 154, 232, 3, 0, 0];

pub(crate) fn compression_inside_of_us_counts_as_it_goes_out_and_outside_as_it_was<H: Host>() {
    for side in Side::BOTH {
        let stage = Stage::beside::<H>(Other::Compression, side);
        let reply = stage.send_with("GET /text", &[("accept-encoding", "gzip")]);
        assert_eq!((reply.status, reply.header("content-encoding")), (200, "gzip"), "{side:?}");
        assert!(reply.is_complete && reply.body.len() < TEXT / 10, "{side:?}");
        let record = check_served(stage, &reply, side);
        let expected = if side == Side::Inside { reply.body.len() } else { TEXT };
        assert_eq!(record.number("response_bytes"), expected as f64, "{side:?}");
    }
}

pub(crate) fn decompression_changes_nothing_for_us<H: Host>() {
    for side in Side::BOTH {
        let stage = Stage::beside::<H>(Other::Decompression, side);
        let mut connection = stage.connect();
        connection.ask("POST /echo", &[("content-encoding", "gzip"), ("content-length", "29")]);
        connection.write(&COMPRESSED);
        let reply = connection.reply();
        assert_eq!((reply.status, reply.text()), (200, "1000"), "{side:?}");
        assert_eq!(check_served(stage, &reply, side).number("response_bytes"), 4.0, "{side:?}");
    }
}

pub(crate) fn a_preflight_is_ours_only_if_it_comes_to_us<H: Host>() {
    let headers = [("origin", "http://shop.example"), ("access-control-request-method", "GET")];
    let stage = Stage::beside::<H>(Other::Cors, Side::Inside);
    let reply = stage.send_with("OPTIONS /hello/ann", &headers);
    assert_eq!((reply.status, reply.header("access-control-allow-origin")), (200, "*"));
    let record = check_served(stage, &reply, Side::Inside);
    assert_eq!((record.text("method"), record.number("response_bytes")), ("OPTIONS", 0.0));

    let stage = Stage::beside::<H>(Other::Cors, Side::Outside);
    let reply = stage.send_with("OPTIONS /hello/ann", &headers);
    assert_eq!((reply.status, reply.header("access-control-allow-origin")), (200, "*"));
    let reply = stage.send_with("GET /hello/ann", &headers);
    assert_eq!(reply.header("access-control-allow-origin"), "*");
    assert_eq!(check_served(stage, &reply, Side::Outside).text("method"), "GET");
}

pub(crate) fn a_timeout_inside_of_us_is_its_408<H: Host>() {
    let stage = Stage::beside::<H>(Other::Timeout, Side::Inside);
    let reply = stage.send("GET /hang");
    assert_eq!(reply.status, 408);
    let leaving = stage.wait_for_saying("leaving");
    let record = stage.access();
    assert_eq!((record.number("status"), record.text("outcome"), record.level()), (408.0, "ok", Level::WARN));
    assert_eq!(record.text("request_id"), reply.header("x-request-id"));
    assert_eq!(record.text("request_id"), leaving.text("request_id"));
}

pub(crate) fn a_timeout_outside_of_us_cancels<H: Host>() {
    let stage = Stage::beside::<H>(Other::Timeout, Side::Outside);
    assert_eq!(stage.send("GET /hang").status, 408);
    let leaving = stage.wait_for_saying("leaving");
    let record = stage.access();
    assert_eq!((record.text("outcome"), record.level()), ("cancelled", Level::INFO));
    assert_eq!(record.text("request_id"), leaving.text("request_id"));
    assert!(!record.has("status"), "{record}");
}

pub(crate) fn an_error_that_is_handled_inside_of_us_is_its_status<H: Host>() {
    let stage = Stage::beside::<H>(Other::HandleError, Side::Inside);
    let reply = stage.send("GET /hang");
    assert_eq!(reply.status, 504);
    let record = stage.access();
    assert_eq!((record.number("status"), record.text("outcome"), record.level()), (504.0, "error", Level::ERROR));
    assert_eq!(record.text("request_id"), reply.header("x-request-id"));
}

pub(crate) fn an_error_that_is_handled_outside_of_us_cancels<H: Host>() {
    let stage = Stage::beside::<H>(Other::HandleError, Side::Outside);
    assert_eq!(stage.send("GET /hang").status, 504);
    let record = stage.access();
    assert_eq!((record.text("outcome"), record.level()), ("cancelled", Level::INFO));
    assert!(!record.has("status"), "{record}");
}

pub(crate) fn whoever_catches_panics_outside_of_us_has_nothing_to_do<H: Host>() {
    let stage = Stage::beside::<H>(Other::CatchPanic, Side::Outside);
    let reply = stage.send("GET /panic");
    assert_eq!((reply.status, reply.header("content-type")), (500, "application/problem+json"));
    stage.wait_for(|record| is_kind(record, "panic"));
    let record = stage.access();
    assert_eq!((record.text("outcome"), record.text("error")), ("panic", SECRET));
    assert_eq!(record.text("request_id"), reply.header("x-request-id"));
}

pub(crate) fn layers_that_make_ids_and_send_them_back_agree_with_us<H: Host>() {
    for side in Side::BOTH {
        for sent in [None, Some("abc-123")] {
            let stage = Stage::beside::<H>(Other::RequestIds, side);
            let headers: Vec<(&str, &str)> = sent.map(|id| ("x-request-id", id)).into_iter().collect();
            let reply = stage.send_with("GET /hello/ann", &headers);
            let seen = stage.wait_for_saying("greeting");
            let id = reply.header("x-request-id");
            assert!(sent.is_none_or(|sent| sent == id), "{side:?}: {id}");
            assert!(seen.text("seen").contains(&format!("{id:?}")), "{side:?}: {seen}");
            check_served(stage, &reply, side);
        }
    }
}

pub(crate) fn what_we_give_to_such_layers_says_what_we_say<H: Host>() {
    for side in Side::BOTH {
        let stage = Stage::beside::<H>(Other::Ours, side);
        let reply = stage.send("GET /hello/ann");
        let (id, seen) = (reply.header("x-request-id"), stage.wait_for_saying("greeting"));
        assert!(id.len() == 36 && id.as_bytes()[14] == b'7', "{id} is one of ours");
        assert!(seen.text("seen").contains(&format!("{id:?}")), "{side:?}: {seen}");
        check_served(stage, &reply, side);

        let stage = Stage::beside::<H>(Other::Ours, side);
        let reply = stage.send("GET /panic");
        let id = reply.header("x-request-id");
        assert_eq!((reply.status, reply.header("content-type")), (500, "application/problem+json"), "{side:?}");
        assert!(reply.text().contains(&format!("\"request_id\":{id:?}")) && !reply.tells(SECRET), "{side:?} {reply:?}");
        stage.wait_for(|record| is_kind(record, "panic"));
        let record = stage.access();
        assert_eq!((record.text("outcome"), record.text("error")), ("panic", SECRET), "{side:?}");
        assert_eq!(record.text("request_id"), id, "{side:?}");
    }
}

pub(crate) fn layers_that_trace_change_nothing_for_us<H: Host>() {
    check_unchanged::<H>(Other::Trace);
}

pub(crate) fn a_limit_on_concurrency_changes_nothing_for_us<H: Host>() {
    check_unchanged::<H>(Other::Limit);
}

pub(crate) fn a_function_as_middleware_changes_nothing_for_us<H: Host>() {
    for side in Side::BOTH {
        let stage = Stage::beside::<H>(Other::Function, side);
        assert_eq!(stage.send("GET /hello/ann").header("marked"), "yes", "{side:?}");
    }
    check_unchanged::<H>(Other::Function);
}

pub(crate) fn an_access_log_of_the_framework_itself_changes_nothing_for_us<H: Host>() {
    check_unchanged::<H>(Other::AccessLog);
}

/// Whatever comes of a request, it is told once and rightly.
#[track_caller]
fn check_unchanged<H: Host>(other: Other) {
    for side in Side::BOTH {
        for (request, status, outcome) in [
            ("GET /hello/ann", 200, "ok"),
            ("HEAD /hello/ann", 200, "ok"),
            ("GET /text", 200, "ok"),
            ("GET /empty", 204, "ok"),
            ("GET /fail", 503, "error"),
            ("GET /panic", 500, "panic"),
            ("GET /broken", 200, "body_error"),
        ] {
            let stage = Stage::beside::<H>(other, side);
            let reply = stage.send(request);
            assert_eq!(reply.status, status, "{request} {side:?}");
            let record = stage.access();
            assert_eq!(record.text("request_id"), reply.header("x-request-id"), "{request} {side:?}");
            assert_eq!(record.number("status"), f64::from(status), "{request} {side:?}");
            assert_eq!(record.text("outcome"), outcome, "{request} {side:?}");
            assert_eq!(record.number("response_bytes"), reply.body.len() as f64, "{request} {side:?}");
        }
    }
}

pub(crate) fn a_response_that_is_replaced_inside_of_us_is_told_as_it_became<H: Host>() {
    let stage = Stage::beside::<H>(Other::ErrorHandlers, Side::Inside);
    let reply = stage.send("GET /fail");
    assert_eq!((reply.status, reply.text()), (503, "replaced"));
    let record = stage.access();
    assert_eq!((record.text("outcome"), record.level()), ("error", Level::ERROR));
    assert_eq!((record.number("status"), record.number("response_bytes")), (503.0, 8.0));
}

pub(crate) fn a_response_that_is_replaced_outside_of_us_was_never_sent<H: Host>() {
    let stage = Stage::beside::<H>(Other::ErrorHandlers, Side::Outside);
    let reply = stage.send("GET /fail");
    assert_eq!((reply.status, reply.text()), (503, "replaced"));
    let record = stage.access();
    assert_eq!(record.text("request_id"), reply.header("x-request-id"));
    assert_eq!((record.text("outcome"), record.level()), ("error", Level::ERROR));
    assert_eq!((record.number("status"), record.number("response_bytes")), (503.0, 0.0));
}

pub(crate) fn files_are_told_with_their_sizes<H: Host>() {
    let size = std::fs::metadata(concat!(env!("CARGO_MANIFEST_DIR"), "/LICENSE-MIT")).expect("it is there").len();
    let modified = {
        let stage = Stage::beside::<H>(Other::Files, Side::Inside);
        let reply = stage.send("GET /LICENSE-MIT");
        assert_eq!((reply.status, reply.body.len() as u64, reply.is_complete), (200, size, true));
        assert_eq!(check_served(stage, &reply, Side::Inside).number("response_bytes"), size as f64);
        reply.header("last-modified").to_owned()
    };
    for (request, header, status, sent) in [
        ("HEAD /LICENSE-MIT", ("accept", "*/*"), 200, 0.0),
        ("GET /LICENSE-MIT", ("range", "bytes=10-19"), 206, 10.0),
        ("GET /LICENSE-MIT", ("if-modified-since", &modified), 304, 0.0),
        ("GET /no-such-file", ("accept", "*/*"), 404, 0.0),
    ] {
        let stage = Stage::beside::<H>(Other::Files, Side::Inside);
        let reply = stage.send_with(request, &[header]);
        assert_eq!(reply.status, status, "{request} {header:?}");
        let record = check_served(stage, &reply, Side::Inside);
        assert_eq!(record.number("response_bytes"), sent, "{request} {header:?}");
        assert!(!record.has("route"), "{record}");
    }
}

/// What is true of everything that was served to its end.
#[track_caller]
fn check_served(stage: Stage, reply: &Reply, side: Side) -> CapturedRecord {
    let record = stage.access();
    assert_eq!(record.text("request_id"), reply.header("x-request-id"), "{side:?}");
    assert_eq!(record.number("status"), f64::from(reply.status), "{side:?}");
    assert_eq!(record.text("outcome"), "ok", "{side:?}");
    record
}
