//! Receivers that fail for a while, or for good.

use crate::fake::{Act, Fake, LONG, answer, ok, status};
use crate::output::{Wire, at_once, limits, start, webhook, webhook_to};
use hyperlog_core::{Condition, DropReason};
use hyperlog_delivery::Retry;
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

/// Does a thing a few times, then takes what comes: all that was logged has arrived in the end.
#[track_caller]
fn check_it_is_sent_again(act: impl Fn() -> Act + Send + Sync + 'static) -> Fake {
    let fake = Fake::start(move |seen| if seen.number < 3 { act() } else { ok() });
    let wire = Wire::to(&fake);
    wire.log("one");
    wire.flush();
    let seen = fake.seen();
    assert_eq!(seen.len(), 4);
    assert!(seen.iter().all(|seen| seen.messages() == ["one"]));
    assert!(seen.iter().all(|other| other.header("webhook-id") == seen[0].header("webhook-id")));
    assert_eq!(wire.close(LONG), (1, 0));
    fake
}

#[test]
fn what_a_receiver_cannot_take_now_is_sent_again() {
    for code in [408, 425, 429, 500, 502, 503, 504] {
        check_it_is_sent_again(move || status(code));
    }
}

#[test]
fn a_connection_that_is_closed_without_an_answer_is_tried_again() {
    check_it_is_sent_again(|| Act::HangUp);
}

#[test]
fn what_is_not_http_is_tried_again() {
    check_it_is_sent_again(|| Act::Last(b"SSH-2.0-OpenSSH_9.2\r\n\r\n".to_vec()));
    check_it_is_sent_again(|| Act::Last(b"\0\x01\x02garbage\xff\xfe".to_vec()));
    check_it_is_sent_again(|| Act::Last(b"HTTP/1.1 2".to_vec()));
}

#[test]
fn a_connection_that_is_reset_is_tried_again() {
    let fake = Fake::rude(b"");
    let wire = Wire::to(&fake);
    wire.log("one");
    fake.await_seen(3);
    let (left, lost) = wire.close(Duration::from_millis(50));
    assert_eq!((left, lost), (0, 1));
}

#[test]
fn a_status_counts_whatever_the_body_is() {
    let lies: [&[u8]; 5] = [
        b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\n\r\nuntil the end",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nno chunk",
        b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 7\r\n\r\ngarbage",
        b"HTTP/1.1 204 No Content\r\ncontent-length: 5\r\n\r\nfive!",
    ];
    for lie in lies {
        let fake = Fake::start(move |_| Act::Last(lie.to_vec()));
        let wire = Wire::to(&fake);
        wire.log("one");
        wire.flush();
        wire.log("two");
        wire.flush();
        assert_eq!(fake.seen().len(), 2, "{}", String::from_utf8_lossy(lie));
        assert_eq!(wire.close(LONG), (2, 0));
    }
}

#[test]
fn an_answer_without_end_is_cut() {
    let fake = Fake::start(|_| {
        let mut body = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
        body.resize(32 * 1024 * 1024, b'.');
        Act::Last(body)
    });
    let wire = Wire::to(&fake);
    wire.log("one");
    wire.flush();
    wire.log("two");
    wire.flush();
    assert_eq!(fake.seen().iter().map(|seen| seen.connection).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(wire.close(LONG), (2, 0));
}

#[test]
fn a_connection_is_kept_and_a_new_one_is_made_where_it_was_closed() {
    let fake = Fake::start(|seen| match seen.number {
        0 | 1 => ok(),
        2 => Act::Last(answer(200, "connection: close\r\n", "")),
        // as it says nothing, it may well be tried
        3 => Act::Last(answer(200, "", "")),
        _ => ok(),
    });
    let wire = Wire::to(&fake);
    for message in ["one", "two", "three", "four", "five", "six"] {
        wire.log(message);
        wire.flush();
    }
    let connections: Vec<_> = fake.seen().iter().map(|seen| seen.connection).collect();
    assert_eq!(connections[..4], [0, 0, 0, 1]);
    assert_eq!(wire.close(LONG), (6, 0));
}

#[test]
fn a_receiver_that_asks_for_time_gets_it_in_seconds_and_as_a_date() {
    let second = |time: SystemTime| time.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let in_two_seconds =
        move || httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + Duration::from_secs(second(SystemTime::now()) + 2));
    type Header = Box<dyn Fn() -> String + Send + Sync>;
    let headers: [Header; 2] = [Box::new(|| "1".to_owned()), Box::new(in_two_seconds)];
    for header in headers {
        let fake = Fake::start(move |seen| match seen.number {
            0 => Act::Answer(answer(429, &format!("retry-after: {}\r\n", header()), "")),
            _ => ok(),
        });
        let wire = Wire::to(&fake);
        let begun = Instant::now();
        wire.log("one");
        wire.flush();
        // The date has whole seconds: of two, at least one is left.
        assert!(begun.elapsed() >= Duration::from_secs(1), "{:?}", begun.elapsed());
        assert_eq!(fake.seen().len(), 2);
        assert_eq!(wire.close(LONG), (1, 0));
    }
}

#[test]
fn a_receiver_that_asks_for_absurd_times_is_asked_again_by_the_bound() {
    for asked in ["99999999999999999999", "Fri, 31 Dec 9999 23:59:59 GMT", "-5", "soon", "\u{20ac}"] {
        let fake = Fake::start(move |seen| match seen.number {
            0 => Act::Answer(answer(503, &format!("retry-after: {asked}\r\n"), "")),
            _ => ok(),
        });
        let bound = Duration::from_millis(20);
        let wire = start(webhook(&fake).exporter().unwrap().retry(at_once().longest_asked(bound)));
        let begun = Instant::now();
        wire.log("one");
        wire.flush();
        assert!(begun.elapsed() < 100 * bound, "{asked}");
        assert_eq!(wire.close(LONG), (1, 0));
    }
}

#[test]
fn after_an_outage_all_arrives_in_order_and_nothing_twice() {
    let is_down = Arc::new(AtomicBool::new(true));
    let taken = Arc::new(Mutex::new(Vec::new()));
    let fake = {
        let (is_down, taken) = (Arc::clone(&is_down), Arc::clone(&taken));
        Fake::start(move |seen| match is_down.load(Ordering::Relaxed) {
            true if seen.number.is_multiple_of(2) => Act::HangUp,
            true => status(503),
            false => {
                taken.lock().unwrap().extend(seen.messages());
                ok()
            }
        })
    };
    let wire = start(webhook(&fake).limits(limits().records(50)).exporter().unwrap().retry(at_once()));
    let messages: Vec<_> = (0..500).map(|number| format!("record {number}")).collect();
    messages.iter().for_each(|message| wire.log(message));
    fake.await_seen(6);
    wire.check_account();
    is_down.store(false, Ordering::Relaxed);
    wire.flush();
    assert!(*taken.lock().unwrap() == messages, "{:?}", taken.lock().unwrap());
    assert_eq!(wire.close(LONG), (500, 0));
}

#[test]
fn a_receiver_that_is_not_there_is_tried_until_the_end_and_health_says_so() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let wire = start(webhook_to(&format!("http://{address}/")).exporter().unwrap().retry(at_once()));
    wire.log("one");
    let begun = Instant::now();
    while wire.handle.health().failures < 10 {
        assert!(begun.elapsed() < LONG);
        std::thread::yield_now();
    }
    let health = wire.handle.health();
    assert!(matches!(&health.condition, Condition::Degraded(why) if why.contains("cannot talk to")), "{health:?}");
    assert_eq!(wire.close(Duration::from_millis(50)), (0, 1));
}

#[test]
fn an_outage_at_the_end_keeps_the_deadline_and_counts_the_rest() {
    let fake = Fake::start(|_| status(503));
    let wire = start(webhook(&fake).exporter().unwrap().retry(Retry::new()));
    (0..100).for_each(|number| wire.log(&format!("record {number}")));
    fake.await_seen(1);
    let deadline = Duration::from_millis(200);
    let begun = Instant::now();
    let account = wire.handle.close(deadline);
    assert!(begun.elapsed() < 10 * deadline, "{:?}", begun.elapsed());
    assert_eq!(account.pending.total(), 0);
    assert_eq!(
        account.dropped.iter().map(|(reason, lost)| (*reason, lost.total())).collect::<Vec<_>>(),
        [(DropReason::Abandoned, 100)]
    );
    assert_eq!(wire.close(deadline), (0, 100));
}

#[test]
fn what_cannot_be_delivered_for_too_long_is_given_up_and_counted() {
    let fake = Fake::start(|seen| if seen.messages().contains(&"old".to_owned()) { status(503) } else { ok() });
    let retry = at_once().give_up_after(Duration::from_millis(20));
    let wire = start(webhook(&fake).exporter().unwrap().retry(retry));
    wire.log("old");
    assert!(wire.logger.flush(LONG).is_err(), "it was lost");
    wire.log("new");
    wire.flush();
    let account = wire.handle.account();
    assert_eq!(
        account.dropped.iter().map(|(reason, lost)| (*reason, lost.total())).collect::<Vec<_>>(),
        [(DropReason::Failed, 1)]
    );
    assert_eq!(wire.close(LONG), (1, 1));
}

#[test]
fn what_is_said_before_the_answer_is_not_the_answer() {
    for before in ["HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n"] {
        let fake = Fake::start(move |_| {
            let last = String::from_utf8(answer(200, "", "thanks")).unwrap();
            Act::Answer(format!("{before}{last}").into_bytes())
        });
        let wire = start(webhook(&fake).exporter().unwrap().retry(at_once()));
        wire.log("one");
        wire.log("two");
        wire.flush();
        assert_eq!(wire.close(LONG), (2, 0), "{before}");
    }
}
