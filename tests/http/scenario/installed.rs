//! How the layer stands there: switched off, twice, or without a server.

use hyperlog::http::{Access, Mode, Outcome, Policy, RouteRule, SharedPolicy};
use hyperlog::{Level, Logger, Scope, info};

use crate::host::{Answer, Host, Inside, Setup};
use crate::stage::{Stage, is_access};

pub(crate) fn a_layer_that_is_off_lets_everything_pass<H: Host>() {
    let shared = SharedPolicy::new(Policy::new().mode(Mode::Off));
    let stage = Stage::with::<H>(|setup| {
        setup.policy = Some(shared.clone());
        setup.act(async |asked| Answer::new(200, format!("{} {}", Scope::current().is_some(), asked.name)));
    });
    let reply = stage.send("GET /act/ann");
    assert_eq!((reply.status, reply.text()), (200, "false ann"));
    assert!(reply.headers("x-request-id").is_empty(), "{reply:?}");
    assert_eq!(stage.send("GET /slow").text(), "chunkchunkchunk");
    assert!(stage.captured.is_empty(), "{:?}", stage.captured);

    shared.swap(Policy::new());
    assert_eq!(stage.send("GET /act/ann").text(), "true ann");
    stage.access();
}

pub(crate) fn a_layer_within_a_layer_refines_it<H: Host>() {
    let inner = Policy::new()
        .rule(RouteRule::new().level(Level::NOTICE))
        .id_header("x-other-id")
        .outcome_level(Outcome::Error, Level::FATAL)
        .route("/text", RouteRule::new().access(Access::Off));
    let stage = Stage::with::<H>(|setup| {
        setup.policy = Some(SharedPolicy::new(Policy::new().rule(RouteRule::new().level(Level::DEBUG))));
        setup.inside = Inside::Again(Box::new(inner));
        setup.act(async |asked| {
            info!("working");
            Answer::new(asked.name.parse().expect("it is a status"), "")
        });
    });
    let served = stage.send("GET /act/200");
    let failed = stage.send("GET /act/500");
    stage.send("GET /text");
    let line = stage.wait_for_saying("working");
    assert_eq!(line.text("request_id"), served.header("x-request-id"));
    assert!(served.headers("x-other-id").is_empty(), "{served:?}");
    let access = stage.all_access(2);
    for (access, reply, level) in [(&access[0], served, Level::NOTICE), (&access[1], failed, Level::ERROR)] {
        assert_eq!((access.text("request_id"), access.level()), (reply.header("x-request-id"), level));
    }
}

pub(crate) fn a_call_without_a_server_whose_body_nobody_reads_is_closed<H: Host>() {
    let (logger, captured) = Logger::capture();
    assert_eq!(H::call_once(Setup::new(logger)), 200);
    let access = captured.only();
    assert!(is_access(&access), "{access}");
    assert_eq!((access.text("outcome"), access.level()), ("closed", Level::INFO));
    assert_eq!((access.number("status"), access.number("response_bytes")), (200.0, 0.0));

    let (logger, captured) = Logger::capture();
    let mut setup = Setup::new(logger);
    setup.act(async |_| Answer::new(503, "try again"));
    assert_eq!(H::call_once(setup), 503);
    assert_eq!(captured.only().text("outcome"), "error");
}
