//! Secrets that are given in every place where one can be, and looked for in everything that is told.

use crate::fake::{Act, Fake, LONG, answer, status};
use crate::output::{at_once, start, webhook, webhook_to};
use hyperlog_core::{Level, Memory, fault_count, on_fault};
use hyperlog_delivery::http::{Address, Client, ClientBuilder};
use hyperlog_webhook::{Addresses, Proxy, Transport, Verifier, Webhook};
use std::error::Error;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const CANARY: &str = "canary";
/// Bytes whose base64 is a word with the canary in it.
const KEY: &str = "whsec_canarycanarycanarycanarycanarycanary0000";

#[track_caller]
fn check(told: &str) {
    assert!(!told.to_lowercase().contains(CANARY), "{told}");
}

fn in_full(error: &dyn Error) -> String {
    let mut text = format!("{error} {error:?}");
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(&format!(" {cause} {cause:?}"));
        source = cause.source();
    }
    text
}

/// With a secret wherever there can be one.
fn secretive(fake: &Fake) -> Webhook {
    webhook_to(&format!("http://{}/{CANARY}/path?token={CANARY}", fake.address))
        .secret(KEY)
        .header("x-tenant", "acme")
        .secret_header("authorization", &format!("Bearer {CANARY}"))
}

#[test]
fn no_secret_is_told_whatever_the_receiver_does() {
    let faults = Arc::new(Mutex::new(String::new()));
    let listener = Arc::clone(&faults);
    on_fault(move |fault| listener.lock().unwrap().push_str(&format!("{fault} {fault:?}\n")));
    let echo = |seen: &crate::fake::Seen| {
        // What a receiver says may repeat all that was sent to it.
        let text = format!("{} {:?}", seen.path, seen.headers);
        let location = format!("location: http://{CANARY}.example/{}\r\n", seen.path);
        [
            Act::Answer(answer(400, "", &text)),
            Act::Answer(answer(301, &location, &text)),
            Act::Answer(answer(503, &format!("retry-after: {CANARY}\r\n"), &text)),
            Act::Answer(answer(401, &format!("www-authenticate: {CANARY}\r\n"), &text)),
            Act::Last(format!("HTTP/1.1 {CANARY} {text}\r\n\r\n").into_bytes()),
            Act::Last(format!("{CANARY} {text}\r\n\r\n").into_bytes()),
            Act::HangUp,
            Act::Silence,
            Act::Answer(answer(410, "", &text)),
        ]
        .into_iter()
        .nth(seen.number.min(8))
        .unwrap()
    };
    let fake = Fake::start(echo);
    let exporter = secretive(&fake).answer_within(Duration::from_millis(200)).exporter().unwrap();
    check(&format!("{exporter:?}"));
    let wire = start(exporter.retry(at_once()));
    for round in 0..20 {
        wire.log(&format!("record {round}"));
        let flushed = wire.logger.flush(Duration::from_millis(50));
        if let Err(error) = flushed {
            check(&in_full(&error));
        }
        let health = wire.handle.health();
        check(&format!("{health:?} {:?} {:?}", wire.handle, wire.logger.health()));
    }
    fake.await_seen(9);
    assert!(fake.seen().iter().all(|seen| seen.header("authorization") == "Bearer canary"), "it was sent all the same");
    check(&format!("{:?}", wire.handle.close(LONG)));
    check(&format!("{:?} {:?}", wire.handle.health(), wire.logger.health()));
    wire.check_account();
    // Where other tests run beside this one, theirs may be told in place of these; health has told the same words.
    assert!(fault_count() > 0);
    check(&faults.lock().unwrap());
}

#[test]
fn nothing_that_is_set_up_tells_its_secrets() {
    let fake = Fake::start(|_| status(200));
    check(&format!("{:?}", secretive(&fake)));
    check(&format!("{:?}", secretive(&fake).backend().unwrap()));
    check(&format!("{:?}", Verifier::new([KEY]).unwrap()));
    let address = Address::parse(&format!("https://h.example/{CANARY}")).unwrap();
    let builder: ClientBuilder = Client::builder(address.clone()).secret_header("x-key", CANARY).proxy(Proxy::Off);
    check(&format!("{address} {address:?} {builder:?} {:?}", builder.clone().build()));
}

#[test]
fn what_cannot_be_set_up_is_refused_without_its_secrets() {
    let fake = Fake::start(|_| status(200));
    let refused = [
        Webhook::new(&format!("https://user:{CANARY}@h.example/")),
        Webhook::new(&format!("https://{CANARY}@h.example/")),
        Webhook::new(&format!("http://h.example/{CANARY}")),
        Webhook::new(&format!("ftp://h.example/{CANARY}")),
        Webhook::new(CANARY),
        Webhook::new(&format!("https://h.example:{CANARY}/")),
        Webhook::new(&format!("https://127.0.0.1/{CANARY}")).proxy(Proxy::Off),
        Webhook::new(&format!("https://[::ffff:127.0.0.1]/{CANARY}")).proxy(Proxy::Off),
        webhook(&fake).secret(CANARY),
        webhook(&fake).secret(&format!("whsec_{CANARY}")),
        webhook(&fake).secret_header(&format!("{CANARY} {CANARY}"), "value"),
        webhook(&fake).secret_header("x-key", &format!("{CANARY}\r\nx: y")),
        webhook(&fake).secret_header("content-length", CANARY),
        webhook(&fake).root_certificate(CANARY).transport(Transport::TlsOnly),
    ];
    for webhook in refused {
        let error = webhook.start().expect_err("it cannot be set up");
        let told = in_full(&error);
        check(&told);
        assert!(error.source().is_some(), "{told}");
    }
    let root = Webhook::new("https://h.example/").root_certificate(CANARY).start().expect_err("it is none");
    check(&in_full(&root));
}

#[test]
fn a_private_address_is_refused_when_it_is_connected_to() {
    let fake = Fake::start(|_| status(200));
    let url = format!("http://localhost:{}/{CANARY}", fake.address.port());
    let webhook = webhook_to(&url).addresses(Addresses::Public);
    let wire = start(webhook.exporter().unwrap().retry(at_once()));
    wire.log("one");
    let begun = std::time::Instant::now();
    while wire.handle.health().failures == 0 {
        assert!(begun.elapsed() < LONG, "{:?}", wire.handle.health());
        std::thread::yield_now();
    }
    let told = wire.handle.health().last_error.unwrap().what;
    assert!(told.contains("not on the internet"), "{told}");
    check(&told);
    assert_eq!(wire.close(Duration::from_millis(20)), (0, 1));
    assert_eq!(fake.seen().len(), 0);
}

#[test]
fn a_record_that_is_put_aside_is_the_record_and_nothing_of_the_request() {
    let fake = Fake::start(|_| status(400));
    let aside = Memory::new();
    let wire = start(secretive(&fake).exporter().unwrap().dead_letters(aside.clone()));
    wire.log("one");
    assert!(wire.logger.flush(LONG).is_err());
    assert!(aside.text().contains("\"one\""));
    check(&aside.text());
    assert_eq!(wire.handle.account().dropped[0].1.of(Level::INFO), 1);
    assert_eq!(wire.close(LONG), (0, 1));
}
