//! What was lost is told in a record, once for each burst and never about itself.

use hyperlog_core::{
    Account, DropReason, Json, Level, Line, Logger, LossBell, Memory, Output, Sink, Written, error, info,
};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, OnceLock};
use std::time::Duration;

const SOON: Duration = Duration::from_secs(20);

/// Loses all.
#[derive(Default)]
struct Lossy(AtomicUsize);

impl Sink for Lossy {
    fn write(&self, _: &Line<'_>) -> Written {
        self.0.fetch_add(1, Ordering::Relaxed);
        Written::Dropped(DropReason::Full)
    }
}

/// Says when a line comes that tells of a loss.
#[derive(Clone, Default)]
struct Witness(Arc<(Mutex<Vec<String>>, Condvar)>);

impl Sink for Witness {
    fn write(&self, line: &Line<'_>) -> Written {
        let text = String::from_utf8_lossy(line.bytes).into_owned();
        if text.contains("\"kind\":\"lost\"") {
            self.0.0.lock().unwrap().push(text);
            self.0.1.notify_all();
        }
        Written::Done
    }
}

impl Witness {
    fn wait_for(&self, count: usize) -> Vec<String> {
        let lines = self.0.0.lock().unwrap();
        let (lines, waited) = self.0.1.wait_timeout_while(lines, SOON, |lines| lines.len() < count).unwrap();
        assert!(!waited.timed_out(), "{lines:?}");
        lines.clone()
    }
}

fn lossy_beside_witness() -> (Logger, Arc<Lossy>, Witness) {
    let (lossy, witness) = (Arc::new(Lossy::default()), Witness::default());
    let logger = Logger::builder()
        .output(Output::new(Json::new(), Arc::clone(&lossy)).name("lossy"))
        .output(Output::new(Json::new(), witness.clone()).name("witness"))
        .build()
        .unwrap();
    (logger, lossy, witness)
}

#[test]
fn a_burst_of_losses_is_told_once_by_reason_and_level() {
    let (logger, lossy, witness) = lossy_beside_witness();
    for _ in 0..100 {
        info!(logger: logger, "m");
    }
    error!(logger: logger, "m");
    let told = witness.wait_for(1);
    let expected = concat!(
        r#""level":"WARN","target":"hyperlog","message":"records were lost","kind":"lost","output":"lossy","lost":101,"#,
        r#""reasons":{"full":101},"levels":{"INFO":100,"ERROR":1}}"#
    );
    assert!(told[0].trim_end().ends_with(expected), "{told:?}");
    // That record went to the lossy output too, which lost it: this is told with what is lost next, and rings no bell.
    assert_eq!(lossy.0.load(Ordering::Relaxed), 102);
    info!(logger: logger, "m");
    logger.flush(SOON).unwrap();
    let told = witness.wait_for(2);
    assert!(told[1].contains(r#""lost":2,"reasons":{"full":2},"levels":{"INFO":1,"WARN":1}"#), "{told:?}");
}

#[test]
fn what_was_lost_is_told_before_a_flush_returns_and_nothing_is_where_nothing_was() {
    let (logger, _, witness) = lossy_beside_witness();
    logger.flush(SOON).unwrap();
    assert!(witness.0.0.lock().unwrap().is_empty());
    info!(logger: logger, "m");
    logger.flush(SOON).unwrap();
    assert_eq!(witness.0.0.lock().unwrap().len(), 1);
    logger.close(SOON).unwrap();
    assert_eq!(witness.0.0.lock().unwrap().len(), 1);
}

/// Takes everything into a queue, of which it loses one in two later on.
#[derive(Default)]
struct Queueing {
    taken: AtomicUsize,
    settled: AtomicUsize,
    bell: OnceLock<LossBell>,
}

impl Queueing {
    fn settle(&self) {
        self.settled.store(self.taken.load(Ordering::Relaxed), Ordering::Relaxed);
        self.bell.get().unwrap().ring();
    }
}

impl Sink for Queueing {
    fn write(&self, _: &Line<'_>) -> Written {
        self.taken.fetch_add(1, Ordering::Relaxed);
        Written::Queued
    }

    fn account(&self) -> Option<Account> {
        let (taken, settled) = (self.taken.load(Ordering::Relaxed) as u64, self.settled.load(Ordering::Relaxed) as u64);
        let mut account = Account::new();
        account.left.add(Level::INFO, settled / 2);
        account.lose(DropReason::Rejected, Level::INFO, settled - settled / 2);
        account.pending.add(Level::INFO, taken - settled);
        Some(account)
    }

    fn attach(&self, bell: LossBell) {
        let _ = self.bell.set(bell);
    }
}

#[test]
fn what_a_queue_says_of_its_records_is_part_of_the_account() {
    let (queueing, memory) = (Arc::new(Queueing::default()), Memory::new());
    let logger = Logger::builder()
        .output(Output::new(Json::new(), Arc::clone(&queueing)).name("queue"))
        .output(Output::new(Json::new(), memory.clone()))
        .build()
        .unwrap();
    for _ in 0..10 {
        info!(logger: logger, "m");
    }
    let health = &logger.health()[0];
    assert_eq!((health.accepted.total(), health.written.total(), health.pending.total()), (10, 0, 10));
    assert!(health.is_conserved());

    queueing.settle();
    let health = &logger.health()[0];
    assert_eq!((health.written.total(), health.dropped_total(), health.pending.total()), (5, 5, 0));
    assert!(health.is_conserved());

    logger.flush(SOON).unwrap();
    assert!(memory.text().contains(r#""output":"queue","lost":5,"reasons":{"rejected":5}"#), "{}", memory.text());
}
