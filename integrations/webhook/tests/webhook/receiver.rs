//! What a receiver gets that does as it should.

use crate::fake::{Act, Fake, LONG, answer, ok};
use crate::output::{Wire, start, webhook};
use hyperlog_core::{Clock, Timestamp};
use hyperlog_webhook::Shape;
use std::error::Error as _;

#[test]
fn records_arrive_as_an_array_of_json_in_their_order() {
    let fake = Fake::start(|_| ok());
    let wire = Wire::to(&fake);
    (0..10).for_each(|number| wire.log(&format!("record {number}")));
    wire.flush();
    let seen = fake.seen();
    assert!(seen.iter().all(|seen| seen.path == "/hook" && seen.header("content-type") == "application/json"));
    let messages: Vec<_> = seen.iter().flat_map(|seen| seen.messages()).collect();
    assert_eq!(messages, (0..10).map(|number| format!("record {number}")).collect::<Vec<_>>());
    assert_eq!(wire.close(LONG), (10, 0));
}

#[test]
fn records_arrive_as_lines_where_lines_are_asked_for() {
    let fake = Fake::start(|_| ok());
    let wire = start(webhook(&fake).shape(Shape::Lines).exporter().unwrap());
    wire.log("one");
    wire.flush();
    let seen = &fake.seen()[0];
    assert_eq!(seen.header("content-type"), "application/x-ndjson");
    assert!(seen.text().starts_with('{') && seen.text().ends_with("}\n"));
    assert_eq!(wire.close(LONG), (1, 0));
}

#[test]
fn a_second_try_has_the_same_id_and_a_time_and_a_signature_of_its_own() {
    let (clock, hands) = Clock::manual(Timestamp::new(1_700_000_000, 0));
    let fake = Fake::start(move |seen| {
        hands.advance(std::time::Duration::from_secs(60));
        if seen.number == 0 { Act::Answer(answer(503, "", "")) } else { ok() }
    });
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let wire = start(webhook(&fake).secret(secret).clock(clock).exporter().unwrap().retry(crate::output::at_once()));
    wire.log("one");
    wire.flush();
    let [first, second] = &fake.seen()[..] else { panic!("it came {} times", fake.seen().len()) };
    assert_eq!(first.header("webhook-id"), second.header("webhook-id"));
    assert!(!first.header("webhook-id").is_empty() && !first.header("webhook-id").contains('.'));
    assert_eq!((first.header("webhook-timestamp"), second.header("webhook-timestamp")), ("1700000000", "1700000060"));
    assert_ne!(first.header("webhook-signature"), second.header("webhook-signature"));
    assert_eq!(first.body, second.body);
    assert_eq!(wire.close(LONG), (1, 0));
}

#[test]
fn a_header_that_the_web_hook_bears_itself_is_not_borne_twice() {
    let fake = Fake::start(|_| ok());
    for name in ["content-type", "Webhook-Id", "webhook-timestamp", "webhook-signature"] {
        for webhook in [webhook(&fake).header(name, "mine"), webhook(&fake).secret_header(name, "mine")] {
            let error = webhook.exporter().unwrap_err();
            assert!(error.source().unwrap().to_string().contains(&name.to_lowercase()), "{error:?}");
        }
    }
}
