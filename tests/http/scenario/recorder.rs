//! The flight recorder: what is held back of a request, and when it is shown.

use std::future::pending;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hyperlog::http::{Access, Policy, RouteRule, SharedPolicy, SignedTokens};
use hyperlog::{CapturedRecord, KeyedHash, Level, debug, info};

use crate::host::{Answer, Asked, Host, Inside, SECRET};
use crate::stage::{Stage, is_access, is_kind};

const RECORDER: RouteRule = RouteRule::new().recorder(Level::DEBUG);

/// Logs on both sides of the level, then ends as it is asked to.
async fn work(asked: Asked) -> Answer {
    debug!("first");
    info!("second");
    debug!("third");
    match &*asked.name {
        "panic" => panic!("{SECRET}"),
        "hang" => {
            info!("hanging");
            pending().await
        }
        status => Answer::new(status.parse().expect("a scenario asks for a status"), ""),
    }
}

/// A server whose logger would log no debug records.
fn working<H: Host>(policy: Policy, inside: Inside) -> Stage {
    Stage::with::<H>(|setup| {
        setup.logger.set_level(Level::INFO);
        setup.policy = Some(SharedPolicy::new(policy));
        setup.inside = inside;
        setup.act(work);
    })
}

/// The messages of all records but those of panics, which come from another thread.
fn messages(records: &[CapturedRecord]) -> Vec<&str> {
    records.iter().filter(|record| !is_kind(record, "panic")).map(CapturedRecord::message).collect()
}

/// Waits for the end of a request, and gives all records.
fn all_records(stage: Stage) -> Vec<CapturedRecord> {
    stage.wait_for(is_access);
    stage.stop()
}

#[track_caller]
fn check_told(records: &[CapturedRecord], ending: &str) {
    assert_eq!(messages(records), ["second", "first", "third", ending]);
    let id = records[0].text("request_id");
    assert!(records.iter().all(|record| record.text("request_id") == id), "{records:#?}");
    let access = records.iter().find(|record| is_access(record)).expect("there is one");
    assert_eq!(access.number("held"), 2.0);
    assert!(!access.has("held_lost"), "{access}");
}

pub(crate) fn a_failure_shows_what_was_held_in_order_before_its_record<H: Host>() {
    let stage = working::<H>(Policy::new().rule(RECORDER), Inside::Nothing);
    stage.send("GET /act/503");
    check_told(&all_records(stage), "request failed");
}

pub(crate) fn a_panic_shows_what_was_held<H: Host>() {
    let stage = working::<H>(Policy::new().rule(RECORDER), Inside::Nothing);
    stage.send("GET /act/panic");
    check_told(&all_records(stage), "request panicked");
}

pub(crate) fn what_is_slow_shows_what_was_held<H: Host>() {
    let stage = working::<H>(Policy::new().rule(RECORDER.slow(Duration::ZERO)), Inside::Nothing);
    stage.send("GET /act/200");
    check_told(&all_records(stage), "request served");
}

pub(crate) fn a_client_that_leaves_has_shown_what_was_held<H: Host>() {
    let stage = working::<H>(Policy::new().rule(RECORDER), Inside::Nothing);
    let mut connection = stage.connect();
    connection.ask("GET /act/hang", &[]);
    stage.wait_for_saying("hanging");
    connection.reset();
    let records = all_records(stage);
    assert_eq!(messages(&records), ["second", "hanging", "first", "third", "request cancelled"]);
}

pub(crate) fn what_is_served_leaves_nothing_of_what_was_held<H: Host>() {
    let stage = working::<H>(Policy::new().rule(RECORDER), Inside::Nothing);
    stage.send("GET /act/404");
    let records = all_records(stage);
    assert_eq!(messages(&records), ["second", "request served"]);
    assert!(!records[1].has("held") && !records[1].has("held_lost"), "{}", records[1]);
}

pub(crate) fn the_oldest_make_room_and_the_record_says_how_many<H: Host>() {
    const LOGGED: usize = 200;
    let policy = Policy::new().rule(RECORDER.recorder_room(4096));
    let stage = Stage::with::<H>(|setup| {
        setup.logger.set_level(Level::INFO);
        setup.policy = Some(SharedPolicy::new(policy));
        setup.act(async |_| {
            for number in 0..LOGGED {
                debug!(number, "held");
            }
            Answer::new(500, "")
        });
    });
    stage.send("GET /act/ann");
    let mut records = all_records(stage);
    let access = records.pop().expect("there is one");
    let numbers: Vec<usize> = records.iter().map(|record| record.number("number") as usize).collect();
    let (held, lost) = (access.number("held") as usize, access.number("held_lost") as usize);
    assert_eq!(numbers, (lost..LOGGED).collect::<Vec<_>>());
    assert!(held == numbers.len() && held > 0 && lost > 0, "{access}");
}

pub(crate) fn a_route_turns_it_on_for_itself<H: Host>() {
    let by_table = Policy::new().route("/act/*", RECORDER);
    let by_layer = Inside::Rules([RouteRule::new(), RECORDER]);
    for (policy, inside) in [(by_table, Inside::Nothing), (Policy::new(), by_layer)] {
        let stage = working::<H>(policy, inside);
        stage.send("GET /act/500");
        check_told(&all_records(stage), "request failed");
    }
}

pub(crate) fn a_route_turns_it_off_for_itself<H: Host>() {
    let by_table = Policy::new().rule(RECORDER).route("/act/*", RouteRule::new().no_recorder());
    let by_layer = Inside::Rules([RouteRule::new(), RouteRule::new().no_recorder()]);
    for (policy, inside) in [(by_table, Inside::Nothing), (Policy::new().rule(RECORDER), by_layer)] {
        let stage = working::<H>(policy, inside.clone());
        stage.send("GET /act/500");
        let records = all_records(stage);
        assert_eq!(messages(&records), ["second", "request failed"], "{inside:?}");
        assert!(!records[1].has("held"), "{}", records[1]);
    }
}

/// A hash that is enough for a test.
#[derive(Clone, Copy)]
struct Weak;

impl KeyedHash for Weak {
    fn hash(&self, value: &[u8]) -> [u8; 16] {
        let mut hash = [0x5a_u8; 16];
        for (place, byte) in value.iter().enumerate() {
            hash[place % 16] = hash[place % 16].rotate_left(3) ^ byte;
        }
        hash
    }
}

/// A token that is signed rightly, whatever its time.
fn signed(expiry: u64) -> String {
    let hash = Weak.hash(format!("hyperlog debug token {expiry}").as_bytes());
    format!("{expiry}.{:032x}", u128::from_be_bytes(hash))
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970").as_secs()
}

fn by_token(rule: RouteRule) -> Policy {
    Policy::new().rule(rule).debug_by_token("X-Debug", Level::DEBUG, SignedTokens::new(Weak))
}

pub(crate) fn whoever_bears_a_genuine_token_sees_all_of_its_request_alone<H: Host>() {
    for token in [SignedTokens::new(Weak).issue(Duration::from_secs(600)), signed(now() + 600)] {
        for rule in [RouteRule::new(), RouteRule::off(), RouteRule::new().access(Access::Quiet).sample(0.0)] {
            let stage = working::<H>(by_token(rule), Inside::Nothing);
            stage.send_with("GET /act/200", &[("x-debug", &token), ("x-request-id", "asked")]);
            let records = all_records(stage);
            check_told(&records, "request served");
            let access = &records[3];
            let reason = access.has("keep_reason").then(|| access.text("keep_reason"));
            assert_eq!(reason, (rule != RouteRule::new()).then_some("asked_for"), "{rule:?}");
        }
        let stage = working::<H>(by_token(RouteRule::new()), Inside::Nothing);
        stage.send_with("GET /act/200", &[("x-debug", &token), ("x-request-id", "asked")]);
        stage.send_with("GET /act/200", &[("x-request-id", "not-asked")]);
        stage.wait_for_access("not-asked");
        let records = stage.stop();
        let others: Vec<_> =
            records.iter().filter(|record| record.text("request_id") == "not-asked").cloned().collect();
        assert_eq!(messages(&others), ["second", "request served"]);
    }
}

pub(crate) fn a_forged_or_stale_token_does_nothing<H: Host>() {
    let genuine = signed(now() + 600);
    let (expiry, signature) = genuine.split_once('.').expect("it has a dot");
    for token in [
        signed(now() - 60),
        format!("{}.{signature}", now() + 601),
        format!("{expiry}.{:032x}", 0),
        format!("{expiry}."),
        "please".to_owned(),
        String::new(),
    ] {
        let stage = working::<H>(by_token(RouteRule::new()), Inside::Nothing);
        assert_eq!(stage.send_with("GET /act/200", &[("x-debug", &token)]).status, 200);
        let records = all_records(stage);
        assert_eq!(messages(&records), ["second", "request served"], "{token}");
        assert!(!records.iter().any(|record| record.to_string().contains(signature)), "{token}");
    }
}
