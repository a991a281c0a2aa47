//! What is signed here is believed there, and nothing else is.

use crate::fake::{Fake, LONG, Seen, ok};
use crate::output::{start, webhook};
use hyperlog_core::{Clock, ClockHands, Timestamp};
use hyperlog_webhook::{Compression, Refused, ReplayCache, Signed, Verifier};
use std::time::Duration;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OTHER: &str = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

/// The example that the libraries of Standard Webhooks are tested with.
const PUBLISHED: Signed<'_> = Signed {
    id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
    timestamp: "1614265330",
    signature: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    body: br#"{"test": 2432232314}"#,
};
const SENT: i64 = 1_614_265_330;

fn at(seconds: i64, keys: &[&str]) -> Verifier {
    Verifier::new(keys).unwrap().clock(Clock::manual(Timestamp::new(seconds, 0)).0)
}

#[track_caller]
fn check(request: &Signed<'_>, expected: Result<(), Refused>) {
    assert_eq!(at(SENT, &[SECRET]).verify(request), expected);
}

#[test]
fn the_published_example_is_believed() {
    check(&PUBLISHED, Ok(()));
}

#[test]
fn what_was_changed_on_the_way_is_not_believed() {
    check(&Signed { body: br#"{"test": 2432232315}"#, ..PUBLISHED }, Err(Refused::Unsigned));
    check(&Signed { body: b"{\"test\": 2432232314}\n", ..PUBLISHED }, Err(Refused::Unsigned));
    check(&Signed { id: "msg_p5jXN8AQM9LWM0D4loKWxJel", ..PUBLISHED }, Err(Refused::Unsigned));
    check(&Signed { timestamp: "1614265331", ..PUBLISHED }, Err(Refused::Unsigned));
    check(&Signed { timestamp: "01614265330", ..PUBLISHED }, Err(Refused::Unsigned));
    let moved = Signed { id: "msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330", timestamp: "1614265330", ..PUBLISHED };
    check(&moved, Err(Refused::Unsigned));
    assert_eq!(at(SENT, &[OTHER]).verify(&PUBLISHED), Err(Refused::Unsigned));
}

#[test]
fn each_signature_of_the_list_is_tried_and_bad_ones_are_passed_over() {
    let good = PUBLISHED.signature;
    let half = &good[..good.len() - 8];
    let long = "v1,AAAA ".repeat(400);
    for (list, expected) in [
        (format!("v1,bad {good}"), Ok(())),
        (format!("{good} v1,bad"), Ok(())),
        (format!(" , v1 v1, v2,x v1a,AAAA {good}"), Ok(())),
        (format!("{} {good}", "v1,AAAA"), Ok(())),
        (good.trim_end_matches('=').to_owned(), Ok(())),
        (half.to_owned(), Err(Refused::Unsigned)),
        (format!("{good}A"), Err(Refused::Unsigned)),
        (good.replace("v1,", "v2,"), Err(Refused::Unsigned)),
        (good.replace("v1,", ""), Err(Refused::Unsigned)),
        (good.replace("v1,", "v1a,"), Err(Refused::Unsigned)),
        (String::new(), Err(Refused::Unsigned)),
        ("v1,".to_owned(), Err(Refused::Unsigned)),
        ("\0\u{1f680},\u{1f680}".to_owned(), Err(Refused::Unsigned)),
        (format!("{long}{long}{good}"), Err(Refused::Malformed)),
    ] {
        check(&Signed { signature: &list, ..PUBLISHED }, expected);
    }
}

#[test]
fn what_was_not_sent_just_now_is_not_believed() {
    for (now, expected) in [
        (SENT - 301, Err(Refused::OutOfTime)),
        (SENT - 300, Ok(())),
        (SENT + 300, Ok(())),
        (SENT + 301, Err(Refused::OutOfTime)),
        (i64::MIN / 2, Err(Refused::OutOfTime)),
    ] {
        assert_eq!(at(now, &[SECRET]).verify(&PUBLISHED), expected, "{now}");
    }
    let strict = at(SENT + 11, &[SECRET]).tolerance(Duration::from_secs(10));
    assert_eq!(strict.verify(&PUBLISHED), Err(Refused::OutOfTime));
}

#[test]
fn headers_that_are_not_what_they_should_be_are_refused() {
    for timestamp in ["", "-1", "+1614265330", " 1614265330", "1614265330.5", "99999999999999999999", "0x1", "now"] {
        check(&Signed { timestamp, ..PUBLISHED }, Err(Refused::Malformed));
    }
    check(&Signed { id: "", ..PUBLISHED }, Err(Refused::Malformed));
    check(&Signed { id: &"i".repeat(257), ..PUBLISHED }, Err(Refused::Malformed));
}

#[test]
fn a_body_that_is_too_long_is_refused_before_anything_else() {
    let verifier = at(SENT, &[SECRET]).body_limit(19);
    assert_eq!(verifier.verify(&Signed { id: "", ..PUBLISHED }), Err(Refused::TooLarge));
    assert_eq!(at(SENT, &[SECRET]).body_limit(20).verify(&PUBLISHED), Ok(()));
}

#[test]
fn while_one_key_takes_the_place_of_another_either_is_good() {
    assert_eq!(at(SENT, &[OTHER, SECRET]).verify(&PUBLISHED), Ok(()));
    assert_eq!(at(SENT, &[SECRET, OTHER]).verify(&PUBLISHED), Ok(()));
}

#[test]
fn without_a_key_there_is_no_verifier() {
    assert!(Verifier::new([""; 0]).is_err());
    assert!(Verifier::new([SECRET, "whsec_short"]).is_err());
}

#[test]
fn what_came_before_is_refused_and_what_was_forged_is_not_remembered() {
    let replays = ReplayCache::new(10);
    let verifier = at(SENT, &[SECRET]).replays(replays.clone());
    assert_eq!(verifier.verify(&Signed { body: b"forged", ..PUBLISHED }), Err(Refused::Unsigned));
    assert!(replays.is_empty());
    assert_eq!(verifier.verify(&PUBLISHED), Ok(()));
    assert_eq!(verifier.verify(&PUBLISHED), Err(Refused::Replayed));
    assert_eq!(replays.len(), 1);
}

#[test]
fn a_replay_cache_holds_no_more_than_it_may_and_forgets_what_is_out_of_time() {
    let (clock, hands): (Clock, ClockHands) = Clock::manual(Timestamp::now());
    let replays = ReplayCache::new(3);
    let verifier = Verifier::new([SECRET]).unwrap().clock(clock.clone()).replays(replays.clone());
    let requests = requests(&clock, 5);
    for request in &requests {
        assert_eq!(verifier.verify(&signed(request)), Ok(()));
        assert!(replays.len() <= 3);
    }
    assert_eq!(verifier.verify(&signed(&requests[4])), Err(Refused::Replayed));
    hands.advance(Duration::from_secs(601));
    let later = self::requests(&clock, 1);
    assert_eq!(verifier.verify(&signed(&later[0])), Ok(()));
    assert_eq!(replays.len(), 1, "what could not be in time any more is not kept");
}

/// So many requests that were really sent.
fn requests(clock: &Clock, count: usize) -> Vec<Seen> {
    let fake = Fake::start(|_| ok());
    let wire = start(webhook(&fake).secret(SECRET).clock(clock.clone()).exporter().unwrap());
    for number in 0..count {
        wire.log(&format!("record {number}"));
        wire.flush();
    }
    assert_eq!(wire.close(LONG), (count as u64, 0));
    fake.seen()
}

fn signed(seen: &Seen) -> Signed<'_> {
    let header = |name| seen.header(name);
    Signed {
        id: header("webhook-id"),
        timestamp: header("webhook-timestamp"),
        signature: header("webhook-signature"),
        body: &seen.body,
    }
}

#[test]
fn what_is_sent_is_believed_and_once_with_two_keys_by_whoever_has_either() {
    let fake = Fake::start(|_| ok());
    let wire = start(webhook(&fake).secret(SECRET).secret(OTHER).exporter().unwrap());
    wire.log("one");
    wire.flush();
    let seen = &fake.seen()[0];
    assert_eq!(seen.header("webhook-signature").split(' ').count(), 2);
    for key in [SECRET, OTHER] {
        assert_eq!(Verifier::new([key]).unwrap().verify(&signed(seen)), Ok(()));
    }
    assert_eq!(wire.close(LONG), (1, 0));
}

/// Where Python has the library `standardwebhooks`, it is asked as a referee who has never seen this code. Which Python,
/// the variable `PYTHON` says.
#[test]
fn what_is_sent_is_believed_by_the_library_for_python_where_there_is_one() {
    use std::process::{Command, Stdio};
    let python = std::env::var_os("PYTHON").unwrap_or_else(|| "python3".into());
    let has = Command::new(&python).args(["-c", "import standardwebhooks"]).stderr(Stdio::null()).status();
    if !has.is_ok_and(|status| status.success()) {
        return;
    }
    let request = requests(&Clock::system(), 1).remove(0);
    let names = ["webhook-id", "webhook-timestamp", "webhook-signature"];
    let headers: serde_json::Map<_, _> =
        names.iter().map(|name| ((*name).to_owned(), request.header(name).into())).collect();
    let script = "import json, sys; from standardwebhooks.webhooks import Webhook; \
                  Webhook(sys.argv[1]).verify(sys.argv[2], json.loads(sys.argv[3]))";
    let verify = |body: &str| {
        let headers = serde_json::Value::from(headers.clone()).to_string();
        let mut command = Command::new(&python);
        command.args(["-c", script, SECRET, body, &headers]).stderr(Stdio::null()).status().unwrap().success()
    };
    assert!(verify(&request.text()));
    assert!(!verify(&request.text().replace("record", "forgery")), "a referee who believes everything is none");
}

#[test]
fn what_is_compressed_is_signed_as_it_is_sent() {
    use std::io::Read;
    let fake = Fake::start(|_| ok());
    let wire = start(webhook(&fake).secret(SECRET).compression(Compression::GzipAbove(100)).exporter().unwrap());
    wire.log(&"again and ".repeat(100));
    wire.flush();
    let seen = &fake.seen()[0];
    assert_eq!(seen.header("content-encoding"), "gzip");
    assert_eq!(Verifier::new([SECRET]).unwrap().verify(&signed(seen)), Ok(()));
    let mut text = String::new();
    flate2::read::GzDecoder::new(&seen.body[..]).read_to_string(&mut text).unwrap();
    assert!(text.contains("again and again and"));
    assert_eq!(wire.close(LONG), (1, 0));
}

#[test]
fn without_a_key_nothing_is_signed() {
    let fake = Fake::start(|_| ok());
    let wire = start(webhook(&fake).exporter().unwrap());
    wire.log("one");
    wire.flush();
    let seen = &fake.seen()[0];
    assert_eq!(seen.header("webhook-signature"), "");
    assert_eq!(Verifier::new([SECRET]).unwrap().verify(&signed(seen)), Err(Refused::Unsigned));
    assert_eq!(wire.close(LONG), (1, 0));
}

#[cfg(feature = "ed25519")]
#[test]
fn what_is_signed_by_a_private_key_is_believed_by_the_public_one() {
    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;
    // The first example of RFC 8032.
    let hex = |text: &str| -> Vec<u8> {
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
    };
    let seed = hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
    let public = hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    let private_key = format!("whsk_{}", BASE64_STANDARD.encode([seed.clone(), public.clone()].concat()));
    let public_key = format!("whpk_{}", BASE64_STANDARD.encode(&public));

    let fake = Fake::start(|_| ok());
    let wire = start(webhook(&fake).private_key(&private_key).secret(SECRET).exporter().unwrap());
    wire.log("one");
    wire.flush();
    let mut seen = fake.seen().remove(0);
    assert!(seen.header("webhook-signature").contains("v1a,"));
    for key in [&*public_key, SECRET] {
        assert_eq!(Verifier::new([key]).unwrap().verify(&signed(&seen)), Ok(()));
    }
    seen.body.push(b' ');
    assert_eq!(Verifier::new([&public_key]).unwrap().verify(&signed(&seen)), Err(Refused::Unsigned));
    assert_eq!(wire.close(LONG), (1, 0));

    let halves_of_two = format!("whsk_{}", BASE64_STANDARD.encode([seed.clone(), seed].concat()));
    assert!(webhook(&fake).private_key(&halves_of_two).backend().is_err());
    assert!(Verifier::new([private_key]).is_err(), "a private key is nothing to check with");
}
