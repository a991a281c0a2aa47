//! Requests that are answered, well or not: one record, one id.

use hyperlog::Level;

use crate::host::{Host, Other, Side, gate};
use crate::stage::{Stage, is_access, unique};

pub(crate) fn a_success_gives_one_record<H: Host>() {
    let stage = Stage::new::<H>();
    let reply = stage.send("GET /hello/ann?token=abc");
    assert_eq!((reply.status, reply.text()), (200, "hello ann"));
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
    let reply = stage.send("GET /no/such/place");
    assert_eq!(reply.status, 404);
    let record = stage.access();
    assert_eq!(record.level(), Level::WARN);
    assert_eq!(record.text("request_id"), reply.header("x-request-id"));
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

pub(crate) fn a_valid_inbound_id_is_kept_and_echoed<H: Host>() {
    let stage = Stage::new::<H>();
    let reply = stage.send_with("GET /hello/ann", &[("X-Request-Id", "abc-123")]);
    assert_eq!(reply.header("x-request-id"), "abc-123");
    let seen = stage.wait_for_saying("greeting");
    assert!(seen.text("seen").contains("\"abc-123\""), "{seen}");
    assert_eq!(stage.access().text("request_id"), "abc-123");
}

pub(crate) fn an_invalid_inbound_id_is_replaced<H: Host>() {
    for id in ["two words", "quote\"d", "\u{e9}tat", &"a".repeat(129)] {
        let stage = Stage::new::<H>();
        let reply = stage.send_with("GET /hello/ann", &[("x-request-id", id)]);
        let made = reply.header("x-request-id");
        assert_eq!(made.len(), 36, "{made}");
        let seen = stage.wait_for_saying("greeting");
        assert!(seen.text("seen").contains(&format!("{made:?}")), "{seen}");
        assert_eq!(stage.access().text("request_id"), made);
    }
}

pub(crate) fn a_plain_record_of_a_handler_carries_the_id<H: Host>() {
    let stage = Stage::new::<H>();
    let reply = stage.send("GET /hello/ann");
    let greeting = stage.wait_for_saying("greeting");
    assert_eq!(greeting.text("request_id"), reply.header("x-request-id"));
    if H::HAS_ROUTES {
        let extracted = stage.wait_for_saying("by the extractor");
        assert_eq!(extracted.text("request_id"), reply.header("x-request-id"));
    }
}

pub(crate) fn whoever_refuses_a_request_inside_the_reply_carries_the_id<H: Host>() {
    for (request, statuses, route) in [
        ("POST /hello/ann", &[405][..], Some("/hello/{name}")),
        // What cannot be read is a bad request to the one, and found nowhere to the other.
        ("GET /typed/letters", &[400, 404], Some("/typed/{number}")),
        ("GET /locked", &[401], Some("/locked")),
        ("GET /no/such/place", &[404], None),
    ] {
        let stage = Stage::new::<H>();
        let reply = stage.send(request);
        let record = stage.access();
        assert!(statuses.contains(&reply.status), "{request}: {reply:?}");
        assert_eq!(record.number("status"), f64::from(reply.status), "{request}");
        assert_eq!(record.text("request_id"), reply.header("x-request-id"), "{request}");
        assert_eq!(record.number("response_bytes"), reply.body.len() as f64, "{request}");
        assert_eq!((record.text("outcome"), record.level()), ("ok", Level::WARN), "{request}");
        assert_eq!(record.has("route").then(|| record.text("route")), route, "{request}");
    }
}

pub(crate) fn an_error_of_inner_middleware_has_the_status_that_is_sent_and_the_id<H: Host>() {
    let stage = Stage::new::<H>();
    let reply = stage.send("GET /refused");
    assert_eq!((reply.status, reply.text()), (418, "short and stout"));
    let record = stage.access();
    assert_eq!(record.number("status"), 418.0);
    assert_eq!(record.text("request_id"), reply.header("x-request-id"));
    assert_eq!(record.number("response_bytes"), 15.0);
    assert_eq!(record.text("route"), "/refused");
}

pub(crate) fn an_error_of_a_handler_has_the_status_that_is_sent_and_the_id<H: Host>() {
    let stage = Stage::new::<H>();
    let reply = stage.send("GET /teapot");
    assert_eq!((reply.status, reply.text()), (418, "short and stout"));
    let record = stage.access();
    assert_eq!(record.number("status"), 418.0);
    assert_eq!(record.text("request_id"), reply.header("x-request-id"));
    assert_eq!(record.number("response_bytes"), 15.0);
    assert_eq!(record.text("route"), "/teapot");
}

pub(crate) fn an_extractor_without_our_layer_logs_and_rejects_nothing<H: Host>() {
    let stage = Stage::beside::<H>(Other::Pieces, Side::Inside);
    let reply = stage.send("GET /uncovered");
    assert_eq!((reply.status, reply.text()), (200, "uncovered"));
    assert!(reply.headers("x-request-id").is_empty(), "{reply:?}");
    // The logger that is current there is another one.
    assert_eq!(stage.stop(), []);
}

pub(crate) fn whatever_takes_a_layer_takes_ours<H: Host>() {
    for (request, text, route) in [
        ("GET /method", "a method router", "/method"),
        ("GET /handler", "a handler", "/handler"),
        ("GET /stateful", "with state", "/stateful"),
    ] {
        check_piece::<H>(request, text, route);
    }
}

pub(crate) fn a_scope_a_resource_and_a_route_take_our_middleware<H: Host>() {
    for (request, text, route) in [
        ("GET /scope/7", "in a scope", "/scope/{id}"),
        ("GET /resource/7", "a resource", "/resource/{id}"),
        ("GET /route/7", "a route", "/route/{id}"),
    ] {
        check_piece::<H>(request, text, route);
    }
}

#[track_caller]
fn check_piece<H: Host>(request: &str, text: &str, route: &str) {
    let stage = Stage::beside::<H>(Other::Pieces, Side::Inside);
    let reply = stage.send(request);
    assert_eq!((reply.status, reply.text()), (200, text));
    let record = stage.access();
    assert_eq!(record.text("request_id"), reply.header("x-request-id"));
    assert_eq!(record.text("route"), route);
    assert_eq!(record.number("response_bytes"), text.len() as f64);
}

pub(crate) fn our_middleware_under_a_condition_logs_once_or_not_at_all<H: Host>() {
    let stage = Stage::beside::<H>(Other::On, Side::Inside);
    let reply = stage.send("GET /text");
    assert_eq!(stage.access().text("request_id"), reply.header("x-request-id"));

    let stage = Stage::beside::<H>(Other::Off, Side::Inside);
    let reply = stage.send("GET /text");
    assert_eq!(reply.status, 200);
    assert!(reply.headers("x-request-id").is_empty(), "{reply:?}");
    assert_eq!(stage.stop(), []);
}

pub(crate) fn a_server_that_ends_gracefully_has_told_of_the_request_that_it_waited_for<H: Host>() {
    let stage = Stage::new::<H>();
    let door = unique();
    let mut connection = stage.connect();
    connection.ask(&format!("GET /gate/{door}"), &[("x-request-id", "last-one")]);
    stage.wait_for_saying("waiting");
    let Stage { server, captured } = stage;
    server.finish(|| {
        gate(&door).add_permits(1);
        let reply = connection.reply();
        assert_eq!((reply.status, reply.text()), (200, "open"));
    });
    let records: Vec<_> = captured.records().into_iter().filter(is_access).collect();
    assert_eq!(records.len(), 1, "{records:#?}");
    assert_eq!((records[0].text("request_id"), records[0].text("outcome")), ("last-one", "ok"));
    assert_eq!(records[0].number("response_bytes"), 4.0);
}
