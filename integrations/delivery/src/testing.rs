//! What any backend is held against, with the feature `testing`.
//!
//! The promises that the engine relies on, as a check for the tests of those who implement [`Backend`]; our own pass
//! through the same. A promise that is broken is told as what to do about it.
//!
//! ```
//! use hyperlog_delivery::testing::check_backend;
//! use hyperlog_delivery::{Backend, Batch, Reply};
//! use std::sync::{Arc, Mutex};
//!
//! struct Shelf(Arc<Mutex<Vec<u8>>>);
//!
//! impl Backend for Shelf {
//!     fn deliver(&mut self, batch: &Batch<'_>) -> Reply {
//!         batch.pieces().for_each(|piece| self.0.lock().unwrap().extend_from_slice(piece));
//!         Reply::Delivered
//!     }
//! }
//!
//! let shelf = Arc::new(Mutex::new(Vec::new()));
//! let seen = Arc::clone(&shelf);
//! check_backend(move || Shelf(Arc::clone(&shelf))).observed_by(move || seen.lock().unwrap().clone()).run();
//! ```

use crate::backend::{Backend, DeliveryError, Limits, Reply};
use crate::batch::{Batch, BatchId};
use crate::load::{Load, lane_of};
use hyperlog_core::{Level, Line, Partition, Timestamp};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

/// Begins to hold a backend against what every backend promises. Several are needed, and made by a function.
pub fn check_backend<B: Backend>(make: impl Fn() -> B + 'static) -> BackendCheck<B> {
    BackendCheck { make: Box::new(make), observe: None, canaries: Vec::new(), patience: Duration::from_secs(30) }
}

/// Holds a backend against what every backend promises:
///
/// | promise | why |
/// |---|---|
/// | nothing it does panics, whatever a record holds and whenever it is called | a panic loses a batch |
/// | what it says is delivered has arrived, once and in order, and nothing else has | what is counted is believed |
/// | a refusal names a record of the batch, and each once | the others count as delivered |
/// | its limits let at least one record through | nothing would ever leave |
/// | no error tells a secret | errors are told to whoever looks |
///
/// What has arrived is only looked at with [`BackendCheck::observed_by`].
#[must_use = "nothing is checked before `run`"]
pub struct BackendCheck<B> {
    make: Box<dyn Fn() -> B>,
    observe: Option<Box<dyn Fn() -> Vec<u8>>>,
    canaries: Vec<String>,
    patience: Duration,
}

/// In each record that the check writes, before its number.
const MARK: &str = "backend-check-";

impl<B: Backend> BackendCheck<B> {
    /// A function that returns all that has arrived so far, as bytes in which records can be found: asks the server,
    /// decompresses. What the check has not written is passed over.
    pub fn observed_by(mut self, observe: impl Fn() -> Vec<u8> + 'static) -> BackendCheck<B> {
        self.observe = Some(Box::new(observe));
        self
    }

    /// A secret that the backend was made with, which no error may tell.
    pub fn without(mut self, secret: &str) -> BackendCheck<B> {
        self.canaries.push(secret.to_owned());
        self
    }

    /// How long a batch is tried that is to be tried again: half a minute, unless said otherwise.
    pub fn patience(mut self, patience: Duration) -> BackendCheck<B> {
        self.patience = patience;
        self
    }

    /// Runs the check.
    ///
    /// # Panics
    ///
    /// When a promise is broken, with what to do about it.
    #[track_caller]
    pub fn run(self) {
        let limits = self.check_limits();
        self.check_order(&limits);
        self.check_hostile(&limits);
        self.check_end();
    }

    #[track_caller]
    fn check_limits(&self) -> Limits {
        let limits = contained("limits", || (self.make)().limits());
        assert!(
            limits.records > 0 && limits.bytes > limits.overhead,
            "no record fits: let `limits` allow one at least"
        );
        assert!(limits.record_bytes > 0, "no record fits: let `record_bytes` be more than nothing");
        assert!(limits.linger <= MOST_LINGER, "a record lingers {:?}: nobody waits for it that long", limits.linger);
        limits
    }

    /// Records of all levels, in batches of all sizes.
    #[track_caller]
    fn check_order(&self, limits: &Limits) {
        let mut backend = (self.make)();
        contained("begin", || backend.begin(b"preamble\n"));
        contained("begin a second time", || backend.begin(b"preamble\n"));
        let mut expected = Vec::new();
        let mut number = 0;
        for size in [1, 2, 10, 100, 1] {
            let size = size.min(limits.records);
            let records: Vec<_> = (number..number + size).map(ordinary).collect();
            let refused = self.deliver(&mut backend, &records, number as u64);
            expected.extend((0..size).filter(|index| !refused.contains(index)).map(|index| number + index));
            number += size;
        }
        assert!(!expected.is_empty(), "no ordinary record was delivered: is the receiver of the test there?");
        contained("sync", || backend.sync()).unwrap_or_else(|error| panic!("`sync` failed: {error}"));
        contained("close", || backend.close(self.patience)).unwrap_or_else(|error| panic!("`close` failed: {error}"));
        let Some(observe) = &self.observe else { return };
        let arrived = numbers_in(&observe());
        assert!(
            arrived == expected,
            "other records have arrived than are said to be delivered: deliver all of a batch, in its order, once, before \
             `Delivered` is answered: {arrived:?} instead of {expected:?}"
        );
    }

    /// What no encoder of ours would write.
    #[track_caller]
    fn check_hostile(&self, limits: &Limits) {
        let long = limits.record_bytes.min(limits.bytes - limits.overhead).min(LONG);
        let hostile: [Vec<u8>; 9] = [
            Vec::new(),
            b"\n".to_vec(),
            b"no JSON\n".to_vec(),
            b"{\"begun\":\n".to_vec(),
            b"]}\r\n\r\nHTTP/1.1 200 OK\r\n\r\n{\n".to_vec(),
            (0..=255).collect(),
            b"\xff\xfe\x00\n".to_vec(),
            format!("{{\"message\":\"{}\"}}\n", "l".repeat(long.saturating_sub(20))).into_bytes(),
            vec![b'['; long.min(10_000)],
        ];
        let mut backend = (self.make)();
        for record in &hostile {
            self.answer(&mut backend, std::slice::from_ref(&(Level::INFO, record.clone())), 0);
        }
        let together: Vec<_> = hostile.into_iter().map(|record| (Level::WARN, record)).collect();
        self.answer(&mut backend, &together[..together.len().min(limits.records)], 0);
    }

    /// Whatever comes after the end.
    #[track_caller]
    fn check_end(&self) {
        let mut backend = (self.make)();
        let ends = [contained("close", || backend.close(SHORT)), contained("close again", || backend.close(SHORT))];
        ends.iter().filter_map(|end| end.as_ref().err()).for_each(|error| self.check_error(error));
        self.answer(&mut backend, &[ordinary(0)], 0);
        contained("tick", || backend.tick());
        for done in [contained("sync", || backend.sync()), contained("renew", || backend.renew())] {
            if let Err(error) = done {
                self.check_error(&error);
            }
        }
    }

    /// Delivers these as the engine would. Says which of them were refused.
    #[track_caller]
    fn deliver(&self, backend: &mut B, records: &[(Level, Vec<u8>)], sequence: u64) -> Vec<usize> {
        let begun = Instant::now();
        loop {
            match self.answer(backend, records, sequence) {
                Reply::Delivered => return Vec::new(),
                Reply::Partial(refusals) => return refusals.iter().map(|refusal| refusal.index).collect(),
                Reply::Retry { after, why } => {
                    assert!(begun.elapsed() < self.patience, "it is to be tried again for ever: {}", why.in_full());
                    std::thread::sleep(after.unwrap_or(SHORT).min(SHORT));
                }
                Reply::Interrupted { arrived, why, .. } => {
                    assert!(begun.elapsed() < self.patience, "it is to be tried again for ever: {}", why.in_full());
                    let arrived = arrived.min(records.len());
                    std::thread::sleep(SHORT);
                    let rest = self.deliver(backend, &records[arrived..], sequence + arrived as u64);
                    return rest.into_iter().map(|index| index + arrived).collect();
                }
                Reply::Split(_) if records.len() > 1 => {
                    let half = records.len() / 2;
                    let mut refused = self.deliver(backend, &records[..half], sequence);
                    let rest = self.deliver(backend, &records[half..], sequence + half as u64);
                    refused.extend(rest.into_iter().map(|index| index + half));
                    return refused;
                }
                reply => panic!("ordinary records are refused: {reply:?}"),
            }
        }
    }

    /// What it answers to these, if that is an answer at all.
    #[track_caller]
    fn answer(&self, backend: &mut B, records: &[(Level, Vec<u8>)], sequence: u64) -> Reply {
        let reply = with_batch(records, sequence, |batch| contained("deliver", || backend.deliver(batch)));
        match &reply {
            Reply::Delivered => {}
            Reply::Partial(refusals) => {
                let mut indices: Vec<_> = refusals.iter().map(|refusal| refusal.index).collect();
                indices.sort_unstable();
                indices.dedup();
                assert!(
                    indices.len() == refusals.len() && indices.last().is_none_or(|last| *last < records.len()),
                    "refusals name {indices:?} of {} records: name each once, counted from nought",
                    records.len()
                );
                refusals.iter().for_each(|refusal| self.check_error(&refusal.why));
            }
            Reply::Retry { why, .. }
            | Reply::Interrupted { why, .. }
            | Reply::Split(why)
            | Reply::Reject(why)
            | Reply::AuthExpired(why)
            | Reply::Disable(why) => self.check_error(why),
        }
        reply
    }

    #[track_caller]
    fn check_error(&self, error: &DeliveryError) {
        let told = format!("{} {error:?}", error.in_full());
        for canary in &self.canaries {
            // Not what it tells: that would tell it once more.
            assert!(!told.contains(canary), "an error tells a secret: name the host and the status and nothing else");
        }
        assert!(!error.to_string().is_empty(), "an error says nothing: say what failed");
    }
}

const SHORT: Duration = Duration::from_millis(10);
const LONG: usize = 1024 * 1024;
const MOST_LINGER: Duration = Duration::from_secs(600);

#[track_caller]
fn contained<R>(what: &str, act: impl FnOnce() -> R) -> R {
    match catch_unwind(AssertUnwindSafe(act)) {
        Ok(done) => done,
        Err(_) => panic!("it panicked when asked to {what}: answer whatever the state is"),
    }
}

/// A record as `Json` would write it, of a level that differs from its neighbours'.
fn ordinary(number: usize) -> (Level, Vec<u8>) {
    let levels = [Level::INFO, Level::DEBUG, Level::ERROR, Level::WARN, Level::TRACE];
    let level = levels[number % levels.len()];
    let record = format!(
        "{{\"timestamp\":\"2026-11-20T08:15:42.120934Z\",\"level\":\"{level}\",\"target\":\"check\",\"message\":\"{MARK}{number:06}\"}}\n"
    );
    (level, record.into_bytes())
}

/// The numbers behind the marks, in their order.
fn numbers_in(bytes: &[u8]) -> Vec<usize> {
    let text = String::from_utf8_lossy(bytes);
    text.split(MARK).skip(1).filter_map(|rest| rest.get(..6)?.parse().ok()).collect()
}

/// A batch of these, as one that was never tried.
fn with_batch<R>(records: &[(Level, Vec<u8>)], sequence: u64, act: impl FnOnce(&Batch<'_>) -> R) -> R {
    let mut load = Load::default();
    for (number, (level, bytes)) in (sequence..).zip(records) {
        let timestamp = Timestamp::new(1_795_162_542, 120_934_000);
        let line = Line { bytes, level: *level, timestamp, partition: Partition::NONE };
        load.push(number, &line, lane_of(*level), || None);
    }
    let mut runs = Vec::new();
    load.order_into(&mut runs);
    let bytes = records.iter().map(|(_, bytes)| bytes.len()).sum();
    let id = BatchId { queue: 1, sequence, records: u32::try_from(records.len()).unwrap_or(u32::MAX) };
    act(&Batch { load: &load, runs: &runs, records: records.len(), bytes, id, attempt: 0 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::Refusal;
    use std::sync::{Arc, Mutex};

    /// Keeps what comes, in its own way.
    struct Shelf {
        kept: Arc<Mutex<Vec<u8>>>,
        deliver: fn(&mut Vec<u8>, &Batch<'_>) -> Reply,
    }

    impl Backend for Shelf {
        fn deliver(&mut self, batch: &Batch<'_>) -> Reply {
            (self.deliver)(&mut self.kept.lock().unwrap_or_else(|error| error.into_inner()), batch)
        }
    }

    fn check(deliver: fn(&mut Vec<u8>, &Batch<'_>) -> Reply) -> Result<(), String> {
        let kept = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&kept);
        let make = move || Shelf { kept: Arc::clone(&kept), deliver };
        let check = check_backend(make).observed_by(move || seen.lock().unwrap().clone());
        let check = check.without("canary").patience(Duration::from_millis(50));
        let broken = catch_unwind(AssertUnwindSafe(|| check.run())).err();
        let text = |broken: Box<dyn std::any::Any + Send>| match broken.downcast::<String>() {
            Ok(text) => *text,
            Err(broken) => broken.downcast_ref::<&str>().map(|text| (*text).to_owned()).unwrap_or_default(),
        };
        broken.map_or(Ok(()), |broken| Err(text(broken)))
    }

    fn keep(kept: &mut Vec<u8>, batch: &Batch<'_>) -> Reply {
        batch.entries().for_each(|entry| kept.extend_from_slice(entry.bytes));
        Reply::Delivered
    }

    #[test]
    fn a_backend_that_keeps_its_promises_passes() {
        assert_eq!(check(keep), Ok(()));
        assert_eq!(
            check(|kept, batch| match batch.len() {
                3.. => Reply::Split(DeliveryError::new("too many")),
                _ => keep(kept, batch),
            }),
            Ok(())
        );
        assert_eq!(
            check(|kept, batch| {
                batch.entries().skip(1).for_each(|entry| kept.extend_from_slice(entry.bytes));
                Reply::Partial(vec![Refusal { index: 0, why: DeliveryError::new("the first") }])
            }),
            Ok(())
        );
    }

    #[test]
    fn each_broken_promise_is_told() {
        type Deliver = fn(&mut Vec<u8>, &Batch<'_>) -> Reply;
        let cases: [(&str, Deliver); 8] = [
            ("have arrived than are said", |_, _| Reply::Delivered),
            ("have arrived than are said", |kept, batch| {
                keep(kept, batch);
                keep(kept, batch)
            }),
            ("have arrived than are said", |kept, batch| {
                let mut entries: Vec<_> = batch.entries().map(|entry| entry.bytes).collect();
                entries.reverse();
                kept.extend(entries.concat());
                Reply::Delivered
            }),
            ("it panicked when asked to deliver", |kept, batch| {
                match batch.entries().any(|entry| entry.bytes.is_empty()) {
                    true => panic!("it cannot be empty"),
                    false => keep(kept, batch),
                }
            }),
            ("refusals name [7]", |_, _| Reply::Partial(vec![Refusal { index: 7, why: DeliveryError::new("x") }])),
            ("an error tells a secret", |_, _| Reply::Retry { after: None, why: DeliveryError::new("the canary") }),
            ("an error tells a secret", |_, _| {
                let why = DeliveryError::new("it failed").because("canary");
                Reply::Retry { after: None, why }
            }),
            ("to be tried again for ever", |_, _| Reply::Retry { after: None, why: DeliveryError::new("not now") }),
        ];
        for (expected, deliver) in cases {
            let told = check(deliver).expect_err(expected);
            assert!(told.contains(expected), "{told:?} does not say {expected:?}");
        }
    }
}
