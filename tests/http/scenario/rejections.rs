//! Requests that an extractor rejects: why, and which, stands on their records, and the client is told as ever.

use hyperlog::Level;

use crate::client::Reply;
use crate::host::Host;
use crate::stage::Stage;

pub(crate) fn the_extractor_that_rejects_and_its_reason_are_on_the_record<H: Host>() {
    check::<H>("GET /logged/path/seven", b"", 400..=404, "Path", "seven");
    check::<H>("GET /logged/query?number=seven", b"", 400..=400, "Query", "invalid digit");
    check::<H>("POST /logged/json", b"{\"number\":", 400..=400, "Json", "EOF");
    check::<H>("POST /logged/json", b"{\"number\":\"seven\"}", 400..=422, "Json", "invalid type");
}

pub(crate) fn a_body_that_is_too_large_is_told_as_that<H: Host>() {
    let large = format!("{{\"number\":{}}}", "1".repeat(H::MOST_OF_JSON + 1));
    check::<H>("POST /logged/json", large.as_bytes(), 413..=413, "Json", "");
    check::<H>("POST /logged/body", &vec![b'a'; H::MOST_OF_BODY + 1], 413..=413, H::BODY, "");
}

pub(crate) fn an_extension_that_nobody_has_put_there_is_told_as_missing<H: Host>() {
    check::<H>("GET /logged/extension", b"", 500..=500, "Extension", "Extension");
}

pub(crate) fn what_is_not_rejected_says_nothing_of_it<H: Host>() {
    for (request, body) in [
        ("GET /logged/path/7", &b""[..]),
        ("GET /logged/query?number=7", b""),
        ("POST /logged/json", b"{\"number\":7}"),
        ("POST /logged/body", b"seven"),
    ] {
        let (reply, access) = ask::<H>(request, body);
        assert_eq!(reply.status, 200, "{request} {reply:?}");
        assert!(!access.has("rejection") && !access.has("error"), "{access}");
    }
}

#[track_caller]
fn check<H: Host>(request: &str, body: &[u8], statuses: std::ops::RangeInclusive<u16>, extractor: &str, reason: &str) {
    let (reply, access) = ask::<H>(request, body);
    assert!(statuses.contains(&reply.status), "{request} {reply:?}");
    assert_eq!(access.number("status"), f64::from(reply.status), "{request}");
    assert_eq!(access.text("rejection"), extractor, "{request} {access}");
    // The reason may be the error's own or a cause of it.
    assert!(access.has("error") && access.to_string().contains(reason), "{request} {access}");
    let level = if reply.status >= 500 { Level::ERROR } else { Level::WARN };
    assert_eq!(access.level(), level, "{request}");
}

#[track_caller]
fn ask<H: Host>(request: &str, body: &[u8]) -> (Reply, hyperlog::CapturedRecord) {
    let stage = Stage::new::<H>();
    let reply = stage.send_body(request, &[("content-type", "application/json")], body);
    (reply, stage.access())
}
