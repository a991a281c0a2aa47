//! gRPC: what counts is the status in the trailers, or in the headers where there is nothing else.

use http::{HeaderMap, HeaderValue};
use hyperlog::http::{Policy, Reply as PanicReply};
use hyperlog::{CapturedValue, Level};

use crate::host::{Answer, Content, Host, SECRET};
use crate::stage::{Stage, is_kind};
use crate::two;

const CALL: [(&str, &str); 2] = [("content-type", "application/grpc+proto"), ("te", "trailers")];

/// Answers with the status that is asked for: a number, or `only-` and a number without a body.
fn calling<H: Host>(policy: Policy) -> Stage {
    Stage::acting::<H, _>(policy, async |asked| {
        let answer = Answer::new(200, "").header("content-type", "application/grpc");
        match asked.name.strip_prefix("only-") {
            Some(status) => answer.header("grpc-status", status),
            None if asked.name == "panic" => panic!("{SECRET}"),
            None => {
                let mut trailers = HeaderMap::new();
                trailers.insert("grpc-status", HeaderValue::from_str(&asked.name).expect("it is a number"));
                Answer { content: Content::Trailed("\0\0\0\0\0".into(), trailers), ..answer }
            }
        }
    })
}

pub(crate) fn the_status_of_a_call_decides<H: Host>() {
    let cases = [
        ("0", "OK", "ok", Level::INFO),
        ("5", "NOT_FOUND", "ok", Level::INFO),
        ("13", "INTERNAL", "error", Level::ERROR),
        ("14", "UNAVAILABLE", "error", Level::ERROR),
        ("only-7", "PERMISSION_DENIED", "ok", Level::INFO),
        ("only-2", "UNKNOWN", "error", Level::ERROR),
    ];
    let stage = calling::<H>(Policy::new());
    two::converse(stage.server.address, async |mut connection| {
        for (name, ..) in cases {
            let reply = connection.send_with(&format!("/act/{name}"), name, &CALL).await;
            assert_eq!(reply.status, 200, "{name}");
            let status = reply.trailers.as_ref().unwrap_or(&reply.headers)["grpc-status"].to_str();
            assert_eq!(status.expect("it is text"), name.trim_start_matches("only-"));
        }
    });
    for (name, status, outcome, level) in cases {
        let access = stage.wait_for_access(name);
        assert_eq!((access.text("rpc.status_code"), access.text("outcome")), (status, outcome), "{name}");
        assert_eq!((access.level(), access.text("rpc.method")), (level, &*format!("act/{name}")));
        assert_eq!(access.number("status"), 200.0);
    }
    stage.all_access(cases.len());
}

pub(crate) fn a_status_that_nobody_knows_is_told_as_a_number_and_is_a_failure<H: Host>() {
    let stage = calling::<H>(Policy::new());
    two::converse(stage.server.address, async |mut connection| {
        connection.send_with("/act/99", "strange", &CALL).await;
    });
    let access = stage.access();
    assert_eq!((access.get("rpc.status_code"), access.text("outcome")), (Some(&CapturedValue::Integer(99)), "error"));
}

pub(crate) fn what_is_no_call_has_no_status_of_one<H: Host>() {
    let stage = calling::<H>(Policy::new());
    two::converse(stage.server.address, async |mut connection| {
        connection.send("/act/13", "plain").await;
    });
    let access = stage.access();
    assert!(!access.has("rpc.method") && !access.has("rpc.status_code"), "{access}");
    assert_eq!(access.text("outcome"), "ok");
}

pub(crate) fn a_call_that_panics_is_answered_as_calls_are<H: Host>() {
    let own =
        |_: &_| PanicReply { status: 500, content_type: "text/plain".into(), body: "own".into(), headers: vec![] };
    for policy in [Policy::new(), Policy::new().panic_reply(own)] {
        let stage = calling::<H>(policy);
        let reply = two::converse(stage.server.address, async |mut connection| {
            connection.send_with("/act/panic", "panicking", &CALL).await
        });
        assert_eq!((reply.status, reply.headers["content-type"].as_bytes()), (200, &b"application/grpc"[..]));
        assert_eq!((reply.headers["grpc-status"].as_bytes(), &reply.body[..]), (&b"13"[..], &b""[..]));
        assert_eq!(reply.headers["x-request-id"].as_bytes(), b"panicking");
        assert!(!format!("{:?}", reply.headers).contains(SECRET), "{:?}", reply.headers);
        stage.wait_for(|record| is_kind(record, "panic"));
        let access = stage.access();
        assert_eq!((access.text("outcome"), access.text("error")), ("panic", SECRET));
        assert_eq!((access.text("rpc.status_code"), access.level()), ("INTERNAL", Level::ERROR));
    }
}
