//! Receivers that refuse: one record, large bodies, or everything.

use crate::fake::{Act, Fake, LONG, Seen, answer, ok, status};
use crate::output::{Wire, at_once, limits, start, webhook};
use hyperlog_core::{Condition, DropReason, Level, Line, Memory, Partition, Sink, Timestamp};
use std::time::Duration;

#[test]
fn one_record_that_is_refused_is_put_aside_and_all_others_arrive_once() {
    let fake = Fake::start(|seen| if seen.text().contains("poison") { status(400) } else { ok() });
    for position in [0, 1, 37, 62, 99] {
        let aside = Memory::new();
        let sink = webhook(&fake).limits(limits().linger(Duration::from_secs(60))).exporter().unwrap().retry(at_once());
        let before = fake.seen().len();
        let wire = start(sink.dead_letters(aside.clone()));
        let messages: Vec<_> = (0..100)
            .map(|number| if number == position { "poison".to_owned() } else { format!("record {number}") })
            .collect();
        messages.iter().for_each(|message| wire.log(message));
        assert!(wire.logger.flush(LONG).is_err(), "one of them was not delivered");

        let arrived: Vec<String> = fake.seen()[before..]
            .iter()
            .filter(|seen| !seen.text().contains("poison"))
            .flat_map(Seen::messages)
            .collect();
        let others: Vec<_> = messages.iter().filter(|message| *message != "poison").cloned().collect();
        assert_eq!(arrived, others, "in their order, each once");
        assert_eq!(aside.text().lines().count(), 1);
        assert!(aside.text().contains("poison"));
        let dropped = wire.handle.account().dropped;
        assert_eq!(
            dropped.iter().map(|(reason, lost)| (*reason, lost.total())).collect::<Vec<_>>(),
            [(DropReason::DeadLettered, 1)]
        );
        assert!(fake.seen().len() - before < 40, "it is found by halves, not one by one");
        assert_eq!(wire.close(LONG), (99, 1));
    }
}

#[test]
fn a_body_that_is_too_large_is_sent_in_parts() {
    let fake = Fake::start(|seen| if seen.body.len() > 2_000 { status(413) } else { ok() });
    let wire = start(webhook(&fake).limits(limits().linger(Duration::from_secs(60))).exporter().unwrap());
    let messages: Vec<_> = (0..100).map(|number| format!("record {number}")).collect();
    messages.iter().for_each(|message| wire.log(message));
    wire.flush();
    let arrived: Vec<_> = fake.seen().iter().filter(|seen| seen.body.len() <= 2_000).flat_map(Seen::messages).collect();
    assert_eq!(arrived, messages);
    assert_eq!(wire.close(LONG), (100, 0));
}

#[test]
fn a_receiver_that_says_too_large_before_it_has_read_all_is_heard() {
    let fake = Fake::rude(b"HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    let once = hyperlog_delivery::Retry::new().give_up_after(Duration::ZERO);
    let limits = limits().bytes(16 * 1024 * 1024);
    let wire = start(webhook(&fake).limits(limits).exporter().unwrap().capacity(64 * 1024 * 1024).retry(once));
    // More than the system takes in the receiver's stead.
    wire.log(&"long ".repeat(1_600_000));
    assert!(wire.logger.flush(LONG).is_err());
    let told = wire.handle.health().last_error.unwrap().what;
    assert!(told.contains("answered 413"), "{told}");
    assert_eq!(wire.close(LONG), (0, 1));
}

#[test]
fn a_receiver_that_refuses_everything_is_not_asked_for_each_record() {
    for code in [400, 403, 404, 422] {
        let fake = Fake::start(move |_| status(code));
        let wire = start(webhook(&fake).limits(limits().linger(Duration::from_secs(60))).exporter().unwrap());
        (0..1_000).for_each(|number| wire.log(&format!("record {number}")));
        assert!(wire.logger.flush(LONG).is_err());
        assert!(fake.seen().len() < 100, "{} requests for {code}", fake.seen().len());
        assert_eq!(wire.close(LONG), (0, 1_000));
    }
}

#[test]
fn a_redirect_is_not_followed() {
    let elsewhere = Fake::start(|_| ok());
    for code in [301, 302, 303, 307, 308] {
        let location = format!("location: {}\r\n", elsewhere.url());
        let fake = Fake::start(move |_| Act::Answer(answer(code, &location, "")));
        let wire = Wire::to(&fake);
        wire.log("one");
        assert!(wire.logger.flush(LONG).is_err());
        let told = wire.handle.health().last_error.unwrap().what;
        assert!(told.contains("redirects, which is not followed") && !told.contains("/hook"), "{told}");
        assert_eq!(wire.close(LONG), (0, 1));
    }
    assert_eq!(elsewhere.seen().len(), 0);
}

#[test]
fn a_receiver_that_is_gone_is_sent_nothing_more() {
    let fake = Fake::start(|_| status(410));
    let wire = Wire::to(&fake);
    wire.log("one");
    assert!(wire.logger.flush(LONG).is_err());
    wire.log("two");
    assert!(wire.logger.flush(LONG).is_err());
    assert_eq!(fake.seen().len(), 1);
    let health = wire.handle.health();
    assert!(matches!(&health.condition, Condition::Failed(why) if why.contains("answered 410")), "{health:?}");
    let dropped = wire.handle.account().dropped;
    assert_eq!(
        dropped.iter().map(|(reason, lost)| (*reason, lost.total())).collect::<Vec<_>>(),
        [(DropReason::Gone, 2)]
    );
    assert_eq!(wire.close(LONG), (0, 2));
}

#[test]
fn credentials_that_are_refused_may_be_good_again() {
    let fake = Fake::start(|seen| if seen.number < 2 { status(401) } else { ok() });
    let wire = Wire::to(&fake);
    wire.log("one");
    wire.flush();
    assert_eq!(wire.close(LONG), (1, 0));
}

#[test]
fn a_success_that_is_not_on_the_list_is_none() {
    let fake = Fake::start(|_| status(206));
    let wire = Wire::to(&fake);
    wire.log("one");
    assert!(wire.logger.flush(LONG).is_err());
    assert_eq!(wire.close(LONG), (0, 1));
    let wire = start(webhook(&fake).accepts(&[206]).exporter().unwrap());
    wire.log("one");
    wire.flush();
    assert_eq!(wire.close(LONG), (1, 0));
}

#[test]
fn what_is_no_json_is_left_out_and_counted_and_the_rest_arrives() {
    let fake = Fake::start(|_| ok());
    let limits = limits().linger(Duration::from_secs(60));
    let sink = webhook(&fake).limits(limits).exporter().unwrap().start().unwrap();
    let records: [&[u8]; 5] = [b"{\"message\":\"one\"}\n", b"text\n", b"", b"{\"message\":\"two\"}\n", b"]\n"];
    for bytes in records {
        let line = Line { bytes, level: Level::INFO, timestamp: Timestamp::now(), partition: Partition::NONE };
        let _ = sink.write(&line);
    }
    let handle = sink.handle();
    assert!(sink.flush(LONG).is_err());
    assert_eq!(fake.seen().iter().flat_map(Seen::messages).collect::<Vec<_>>(), ["one", "two"]);
    assert!(handle.health().last_error.unwrap().what.contains("encode with `Json`"));
    let account = handle.close(LONG);
    assert_eq!((account.left.total(), account.dropped_total(), account.pending.total()), (2, 3, 0));
}

#[test]
fn a_record_that_is_longer_than_a_body_may_be_does_not_hold_up_the_others() {
    let fake = Fake::start(|_| ok());
    let limits = limits().record_bytes(1_000).linger(Duration::from_secs(60));
    let wire = start(webhook(&fake).limits(limits).exporter().unwrap());
    wire.log("one");
    wire.log(&"long ".repeat(300));
    wire.log("three");
    assert!(wire.logger.flush(LONG).is_err());
    assert_eq!(fake.seen().iter().flat_map(Seen::messages).collect::<Vec<_>>(), ["one", "three"]);
    assert_eq!(wire.close(LONG), (2, 1));
}
