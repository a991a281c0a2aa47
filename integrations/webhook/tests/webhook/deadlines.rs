//! Receivers that take their time: no call that logs waits for them, and every deadline holds.

use crate::fake::{Act, Fake, LONG, answer, ok};
use crate::output::{Wire, at_once, limits, start, webhook, webhook_to};
use hyperlog_core::{DropReason, Memory};
use hyperlog_delivery::Retry;
use std::net::TcpListener;
use std::time::{Duration, Instant};

const SHORT: Duration = Duration::from_millis(100);

/// Ten times what is allowed.
#[track_caller]
fn check_deadline(begun: Instant, allowed: Duration) {
    assert!(begun.elapsed() < 10 * allowed, "{:?}", begun.elapsed());
}

/// Waits until the output has said that it failed.
#[track_caller]
fn await_failures(wire: &Wire, failures: u64) {
    let begun = Instant::now();
    while wire.handle.health().failures < failures {
        assert!(begun.elapsed() < LONG, "{:?}", wire.handle.health());
        std::thread::yield_now();
    }
}

#[test]
fn a_receiver_that_never_accepts_holds_no_call_and_no_more_than_the_queue() {
    // The system takes the connection, and nobody ever does.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let capacity = 256 * 1024;
    let exporter = webhook_to(&url).answer_within(SHORT).exporter().unwrap();
    let wire = start(exporter.capacity(capacity).retry(at_once()));
    let begun = Instant::now();
    for number in 0..10_000 {
        wire.log(&format!("record {number}"));
        assert!(wire.handle.health().queued_bytes <= capacity);
    }
    assert!(begun.elapsed() < Duration::from_secs(20), "nothing has to wait for {SHORT:?} here");
    await_failures(&wire, 2);
    let told = wire.handle.health().last_error.unwrap().what;
    assert!(told.contains("did not answer in time"), "{told}");
    wire.check_account();

    let begun = Instant::now();
    let (left, lost) = wire.close(SHORT);
    check_deadline(begun, SHORT);
    assert_eq!((left, left + lost), (0, 10_000));
}

#[test]
fn a_receiver_that_is_silent_is_given_up_by_its_deadline_and_asked_again() {
    let fake = Fake::start(|seen| if seen.number < 2 { Act::Silence } else { ok() });
    let wire = start(webhook(&fake).answer_within(SHORT).exporter().unwrap().retry(at_once()));
    let begun = Instant::now();
    wire.log("one");
    wire.flush();
    check_deadline(begun, 3 * SHORT);
    assert_eq!(fake.seen().len(), 3);
    assert_eq!(wire.close(LONG), (1, 0));
}

#[test]
fn an_answer_that_trickles_does_not_stretch_the_deadline() {
    let slowly = || Act::Trickle(answer(200, "x-filler: filler\r\n", ""), SHORT / 4);
    let fake = Fake::start(move |seen| if seen.number == 0 { slowly() } else { ok() });
    let wire = start(webhook(&fake).answer_within(SHORT).exporter().unwrap().retry(at_once()));
    let begun = Instant::now();
    wire.log("one");
    wire.flush();
    check_deadline(begun, 2 * SHORT);
    assert_eq!(fake.seen().len(), 2);
    assert_eq!(wire.close(LONG), (1, 0));
}

#[test]
fn the_body_of_an_answer_that_trickles_does_not_stretch_the_deadline_and_changes_nothing() {
    let fake = Fake::start(|_| {
        let mut endless = b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n".to_vec();
        endless.resize(endless.len() + 10_000, b'.');
        Act::Trickle(endless, Duration::from_millis(1))
    });
    let wire = start(webhook(&fake).answer_within(2 * SHORT).exporter().unwrap().retry(at_once()));
    let begun = Instant::now();
    wire.log("one");
    wire.flush();
    check_deadline(begun, 2 * SHORT);
    assert_eq!(fake.seen().len(), 1, "the status has come: it has arrived");
    assert_eq!(wire.close(LONG), (1, 0));
}

#[test]
fn a_receiver_that_reads_slowly_does_not_stretch_the_deadline() {
    use std::io::Read;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let mut stream = stream;
                while stream.read(&mut [0; 512]).is_ok_and(|read| read > 0) {
                    std::thread::sleep(Duration::from_millis(20));
                }
            });
        }
    });
    let once = Retry::new().give_up_after(Duration::ZERO);
    let limits = limits().bytes(64 * 1024 * 1024);
    let exporter = webhook_to(&url).answer_within(SHORT).limits(limits).exporter().unwrap();
    let wire = start(exporter.capacity(256 * 1024 * 1024).retry(once));
    let begun = Instant::now();
    // More than the system takes in the receiver's stead.
    let long = "long ".repeat(20_000);
    (0..200).for_each(|_| wire.log(&long));
    assert!(wire.logger.flush(LONG).is_err());
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    let (left, lost) = wire.close(LONG);
    assert_eq!((left, lost), (0, 200));
}

#[test]
fn a_dead_receiver_touches_no_other_output() {
    use hyperlog_core::{Json, Logger, Output, info};
    let fake = Fake::start(|_| Act::Silence);
    let sink = webhook(&fake).answer_within(SHORT).exporter().unwrap().retry(at_once()).start().unwrap();
    let handle = sink.handle();
    let memory = Memory::new();
    let logger = Logger::builder()
        .output(Output::new(Json::new(), sink).name("dead"))
        .output(Output::new(Json::new(), memory.clone()).name("healthy"))
        .build()
        .unwrap();
    for number in 0..1_000 {
        info!(logger: logger, number, "record");
    }
    assert_eq!(memory.text().lines().count(), 1_000);
    let account = handle.close(SHORT);
    let health = logger.health();
    assert!(health.iter().all(|health| health.is_conserved()), "{health:?}");
    assert_eq!((health[1].written.total(), health[1].dropped_total()), (1_000, 0));
    assert_eq!(account.dropped_total(), 1_000);
    assert!(account.dropped.iter().all(|(reason, _)| *reason == DropReason::Abandoned), "{account:?}");
}

#[test]
fn a_name_that_cannot_be_resolved_touches_no_other_output() {
    use hyperlog_core::{Json, Logger, Output, info};
    let sink = webhook_to("http://no-such-host.invalid/hook").exporter().unwrap().retry(at_once()).start().unwrap();
    let handle = sink.handle();
    let memory = Memory::new();
    let logger = Logger::builder()
        .output(Output::new(Json::new(), sink).name("unresolved"))
        .output(Output::new(Json::new(), memory.clone()).name("healthy"))
        .build()
        .unwrap();
    info!(logger: logger, "one");
    let begun = Instant::now();
    while handle.health().failures == 0 {
        assert!(begun.elapsed() < LONG, "{:?}", handle.health());
        std::thread::yield_now();
    }
    let told = handle.health().last_error.unwrap().what;
    assert!(told.contains("http://no-such-host.invalid:80") && !told.contains("/hook"), "{told}");
    assert_eq!(memory.text().lines().count(), 1);
    handle.close(SHORT);
    assert!(logger.health().iter().all(|health| health.is_conserved()));
    assert_eq!(handle.account().dropped_total(), 1);
}
