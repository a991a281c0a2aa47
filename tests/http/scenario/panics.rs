//! Panics: a reply that keeps their text, two records that tell it, and a server that lives.

use std::error::Error;

use bytes::Bytes;
use futures_util::stream::unfold;
use hyperlog::http::{Policy, Recovery, Reply as PanicReply, RouteRule};
use hyperlog::{CapturedRecord, CapturedValue, Level, info, panic as panics};

use crate::host::{Answer, Asked, CHAIN, Content, Host, Other, SECRET, Side};
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

/// Panics when it is dropped.
struct Bitter;

impl Drop for Bitter {
    fn drop(&mut self) {
        panic!("{SECRET}");
    }
}

pub(crate) fn a_panic_of_what_is_dropped_when_a_client_leaves_is_told<H: Host>() {
    // What a handler holds, and what the body of a response does.
    for holder in ["handler", "body"] {
        let stage = Stage::acting::<H, _>(Policy::new(), async |asked: Asked| {
            let bitter = Bitter;
            if asked.name == "handler" {
                info!("hanging");
                std::future::pending::<()>().await;
            }
            let chunks = unfold((true, bitter), async |(is_first, bitter)| match is_first {
                true => Some((Ok(Bytes::from_static(b"first")), (false, bitter))),
                false => std::future::pending().await,
            });
            Answer { content: Content::Stream(Box::pin(chunks)), ..Answer::new(200, "") }
        });
        let mut connection = stage.connect();
        connection.ask(&format!("GET /act/{holder}"), &[("x-request-id", "abc-123")]);
        match holder {
            "handler" => drop(stage.wait_for_saying("hanging")),
            _ => connection.wait_for("first"),
        }
        connection.reset();
        let access = stage.wait_for_access("abc-123");
        assert_eq!((access.text("outcome"), access.level()), ("panic", Level::ERROR));
        assert!(access.has("panic_id") && access.text("error") == SECRET, "{holder}: {access}");
        assert_eq!(access.has("status"), holder == "body", "{access}");
        let panic = stage.wait_for(|record| is_kind(record, "panic"));
        assert_eq!(panic.get("panic_id"), access.get("panic_id"));
        assert_eq!((panic.text("error"), panic.text("request_id")), (SECRET, "abc-123"));
        assert_eq!(stage.send("GET /hello/ann").status, 200);
    }
}

/// What panics carry that is no text.
struct OutOfStock(u32);

pub(crate) fn a_panic_that_carries_an_error_or_what_somebody_can_read_has_its_text<H: Host>() {
    panics::read_payloads(|payload| Some(format!("item {} is out of stock", payload.downcast_ref::<OutOfStock>()?.0)));
    let stage = Stage::acting::<H, _>(Policy::new(), async |asked: Asked| match &*asked.name {
        "error" => std::panic::panic_any(Box::<dyn Error + Send + Sync>::from(CHAIN)),
        _ => std::panic::panic_any(OutOfStock(7)),
    });
    for (name, expected) in [("error", "no order"), ("item", "item 7 is out of stock")] {
        let reply = stage.send_with(&format!("GET /act/{name}"), &[("x-request-id", name)]);
        assert!(reply.status == 500 && !reply.tells(expected), "{reply:?}");
        let access = stage.wait_for_access(name);
        let panic = stage.wait_for(|record| is_kind(record, "panic") && record.text("request_id") == name);
        for record in [access, panic] {
            assert_eq!(record.text("error"), expected);
            assert!(record.text("location").contains("tests/http/scenario/panics.rs"), "{record}");
        }
    }
}

pub(crate) fn the_panic_and_its_request_have_one_number<H: Host>() {
    let [access, panic] = panic_of::<H>("GET /panic");
    assert_eq!(access.get("panic_id"), panic.get("panic_id"));
    assert!(access.number("panic_id") > 0.0);
}

pub(crate) fn a_panic_that_may_go_on_is_told_and_goes_on<H: Host>() {
    let stage = Stage::under::<H>(Policy::new().recovery(Recovery::Resume));
    let mut connection = stage.connect();
    connection.ask("GET /panic", &[]);
    assert!(connection.try_reply().is_none(), "nobody answers");
    let panic = stage.wait_for(|record| is_kind(record, "panic"));
    let access = stage.access();
    assert_eq!((access.text("outcome"), access.level()), ("panic", Level::ERROR));
    assert_eq!((access.text("error"), access.get("panic_id")), (SECRET, panic.get("panic_id")));
    assert!(!access.has("status"), "{access}");
}

pub(crate) fn a_panic_is_answered_as_the_policy_wants<H: Host>() {
    let stage = Stage::under::<H>(Policy::new().panic_reply(|id| PanicReply {
        status: 503,
        content_type: "text/html".to_owned(),
        body: format!("<p>{id}</p>"),
        headers: vec![("retry-after", "7".to_owned())],
    }));
    let reply = stage.send_with("GET /panic", &[("x-request-id", "abc-123")]);
    assert_eq!((reply.status, reply.text()), (503, "<p>abc-123</p>"));
    assert_eq!((reply.header("content-type"), reply.header("retry-after")), ("text/html", "7"));
    assert_eq!(reply.header("x-request-id"), "abc-123");
    let access = stage.access();
    assert_eq!((access.number("status"), access.text("outcome")), (503.0, "panic"));
}

pub(crate) fn a_panic_of_spawned_work_is_told_and_not_the_requests<H: Host>() {
    let stage = Stage::acting::<H, _>(Policy::new(), async |_| {
        assert!(!H::spawn(async { panic!("{SECRET}") }).await, "whoever waits for it sees that it panicked");
        Answer::new(200, "")
    });
    check_spawned(stage);
}

pub(crate) fn a_panic_of_work_that_blocks_is_told_and_not_the_requests<H: Host>() {
    let stage = Stage::acting::<H, _>(Policy::new(), async |_| {
        assert!(!H::block(|| panic!("{SECRET}")).await, "whoever waits for it sees that it panicked");
        Answer::new(200, "")
    });
    check_spawned(stage);
}

#[track_caller]
fn check_spawned(stage: Stage) {
    let reply = stage.send("GET /act/ann");
    assert_eq!(reply.status, 200);
    let panic = stage.wait_for(|record| is_kind(record, "panic"));
    assert_eq!((panic.text("error"), panic.text("request_id")), (SECRET, reply.header("x-request-id")));
    assert_eq!(panic.get("spawned"), Some(&CapturedValue::Bool(true)), "{panic}");
    let access = stage.access();
    assert_eq!((access.text("outcome"), access.number("status")), ("ok", 200.0));
    assert!(!access.has("error") && !access.has("panic_id"), "{access}");
}

pub(crate) fn a_panic_of_work_that_was_spawned_without_us_is_nobodys<H: Host>() {
    let stage = Stage::acting::<H, _>(Policy::new(), async |_| {
        tokio::task::spawn(async { panic!("{SECRET}") }).await.expect_err("it panics");
        info!("working");
        Answer::new(200, "")
    });
    stage.send("GET /act/ann");
    stage.wait_for(is_access);
    let records = stage.stop();
    assert!(!records.iter().any(|record| record.to_string().contains(SECRET)), "{records:#?}");
    assert_eq!(records.len(), 2, "{records:#?}");
}

pub(crate) fn whoever_catches_panics_inside_of_us_does_not_hide_them<H: Host>() {
    let stage = Stage::beside::<H>(Other::CatchPanic, Side::Inside);
    let reply = stage.send("GET /panic");
    assert!(reply.status == 500 && !reply.tells(SECRET), "{reply:?}");
    let panic = stage.wait_for(|record| is_kind(record, "panic"));
    let records = stage.stop();
    assert_eq!(records.len(), 2, "{records:#?}");
    let access = records.iter().find(|record| is_access(record)).expect("there is one");
    assert_eq!((access.text("outcome"), access.level()), ("panic", Level::ERROR));
    for record in [access, &panic] {
        assert_eq!((record.text("error"), record.text("request_id")), (SECRET, reply.header("x-request-id")));
        assert!(record.text("location").contains("tests/http/host/mod.rs"), "{record}");
    }
    assert!(panic.has("frames"), "{panic}");
}

pub(crate) fn a_rule_about_failures_holds_for_panics_too<H: Host>() {
    let rule = RouteRule::off().failures(Level::CRITICAL);
    let stage = Stage::with::<H>(|setup| {
        setup.inside = crate::host::Inside::Rules([RouteRule::new(), rule]);
        setup.act(async |_| panic!("{SECRET}"));
    });
    stage.send("GET /act/ann");
    assert_eq!(stage.access().level(), Level::CRITICAL);
}
