//! Panics: a reply that keeps their text, two records that tell it, and a server that lives.

use hyperlog::{CapturedRecord, Level};

use crate::host::{Host, SECRET};
use crate::stage::{Stage, is_access, is_kind};

pub(crate) fn a_panic_gives_a_500_that_keeps_its_text_and_the_server_lives<H: Host>() {
    check_panic::<H>("GET /panic");
}

pub(crate) fn a_panic_before_there_is_a_future_is_no_different<H: Host>() {
    check_panic::<H>("GET /sudden");
}

pub(crate) fn a_panic_of_an_argument_is_no_different<H: Host>() {
    check_panic::<H>("GET /extracted");
}

pub(crate) fn a_panic_of_an_answer_is_no_different<H: Host>() {
    check_panic::<H>("GET /responding");
}

pub(crate) fn a_panic_of_inner_middleware_is_no_different<H: Host>() {
    check_panic::<H>("GET /within");
}

fn check_panic<H: Host>(request: &str) {
    let [access, panic] = panic_of::<H>(request);
    for record in [&access, &panic] {
        assert_eq!(record.text("error"), SECRET);
        assert!(record.text("location").contains("tests/http/host"), "{record}");
    }
    assert!(format!("{:?}", panic.get("frames")).contains("host"), "{panic}");
}

pub(crate) fn a_panic_without_a_text_still_has_its_place<H: Host>() {
    for record in panic_of::<H>("GET /number") {
        assert!(!record.text("error").is_empty() && !record.text("error").contains("42"), "{record}");
        assert!(record.text("location").contains("tests/http/host/mod.rs"), "{record}");
    }
}

pub(crate) fn a_panic_that_comes_from_another_thread_has_its_text_and_no_made_up_place<H: Host>() {
    for record in panic_of::<H>("GET /rethrown") {
        assert_eq!(record.text("error"), SECRET);
        assert!(!record.has("location") && record.has("rethrown"), "{record}");
    }
}

/// Has a panic, and another request on the same connection; gives its two records.
#[track_caller]
fn panic_of<H: Host>(request: &str) -> [CapturedRecord; 2] {
    let stage = Stage::new::<H>();
    let mut connection = stage.connect();
    connection.ask(request, &[]);
    let reply = connection.reply();
    assert_eq!(reply.status, 500);
    assert_eq!(reply.header("content-type"), "application/problem+json");
    assert!(reply.tells(reply.header("x-request-id")), "{reply:?}");
    assert!(!reply.tells(SECRET) && !reply.tells("42,") && !reply.tells("tests/http"), "{reply:?}");

    connection.ask("GET /hello/ann", &[]);
    assert_eq!(connection.reply().status, 200);
    stage.wait_for(|record| is_access(record) && record.number("status") == 200.0);
    // The frames get their names on another thread.
    stage.wait_for(|record| is_kind(record, "panic"));

    let records = stage.stop();
    let mut access: Vec<_> = records.iter().filter(|record| is_access(record)).cloned().collect();
    let mut panics: Vec<_> = records.iter().filter(|record| is_kind(record, "panic")).cloned().collect();
    assert_eq!((access.len(), panics.len()), (2, 1), "{records:#?}");
    let (access, panic) = (access.remove(0), panics.remove(0));
    for record in [&access, &panic] {
        assert_eq!(record.level(), Level::ERROR);
        assert_eq!(record.text("request_id"), reply.header("x-request-id"));
    }
    assert_eq!(access.text("outcome"), "panic");
    assert_eq!(access.number("status"), 500.0);
    assert_eq!(access.number("response_bytes"), reply.body.len() as f64);
    assert_eq!(access.has("route"), H::HAS_ROUTES);
    [access, panic]
}

pub(crate) fn a_panic_that_a_handler_catches_itself_is_nobodys_business<H: Host>() {
    let stage = Stage::new::<H>();
    assert_eq!(stage.send("GET /swallowed").text(), "nothing happened");
    stage.wait_for(is_access);
    let records = stage.stop();
    assert_eq!(records.len(), 1, "{records:#?}");
    assert_eq!((records[0].text("outcome"), records[0].level()), ("ok", Level::INFO));
    assert!(!records[0].to_string().contains(SECRET), "{}", records[0]);
}

pub(crate) fn a_body_that_panics_is_told_and_the_server_lives<H: Host>() {
    let stage = Stage::new::<H>();
    let reply = stage.send("GET /rotten");
    assert!(!reply.tells(SECRET) && !reply.is_complete, "{reply:?}");
    let record = stage.wait_for(is_access);
    assert_eq!((record.text("outcome"), record.level()), ("panic", Level::ERROR));
    assert_eq!(record.text("error"), SECRET);
    assert_eq!((record.number("status"), record.number("response_bytes")), (200.0, 5.0));
    assert_eq!(stage.send("GET /hello/ann").status, 200);
}
