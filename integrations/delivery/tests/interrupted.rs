//! A backend that is interrupted says how many have arrived: those count as such, and only the rest comes again.

use hyperlog_core::{Level, Line, Partition, Sink, Timestamp};
use hyperlog_delivery::{Backend, Batch, DeliveryError, Exporter, Limits, Reply};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Takes so many records of each batch, and then is interrupted.
struct Hesitant {
    most: usize,
    seen: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Backend for Hesitant {
    fn limits(&self) -> Limits {
        Limits::default().linger(Duration::from_millis(50))
    }

    fn deliver(&mut self, batch: &Batch<'_>) -> Reply {
        let taken = batch.entries().take(self.most).map(|entry| entry.bytes.to_vec());
        self.seen.lock().unwrap().extend(taken);
        let arrived = self.most;
        match batch.len() > self.most {
            false => Reply::Delivered,
            true => Reply::Interrupted { arrived, after: None, why: DeliveryError::new("it hesitates") },
        }
    }
}

#[test]
fn what_has_arrived_counts_and_does_not_come_again() {
    for most in [1, 3, 7] {
        let seen = Arc::default();
        let retry = hyperlog_delivery::Retry::new().first(Duration::from_millis(1)).breaks_after(u32::MAX);
        let sink = Exporter::new(Hesitant { most, seen: Arc::clone(&seen) }).retry(retry).start().unwrap();
        let levels = [Level::INFO, Level::DEBUG, Level::WARN];
        let texts: Vec<String> = (0..20).map(|number| format!("{number}\n")).collect();
        for (number, text) in texts.iter().enumerate() {
            let (level, bytes) = (levels[number % 3], text.as_bytes());
            let _ = sink.write(&Line { bytes, level, timestamp: Timestamp::default(), partition: Partition::NONE });
        }
        sink.flush(Duration::from_secs(10)).unwrap();
        let expected: Vec<Vec<u8>> = texts.into_iter().map(String::into_bytes).collect();
        assert_eq!(*seen.lock().unwrap(), expected, "in order, and each once, {most} at a time");
        let account = sink.handle().account();
        assert_eq!((account.left.total(), account.dropped_total(), account.pending.total()), (20, 0, 0));
    }
}
