use super::stream::{SOON, roomy};
use super::*;
use hyperlog_core::{Partition, Timestamp};
use std::thread;

const BRIEFLY: Duration = Duration::from_millis(1);

fn push(queue: &Queue, level: Level, text: &str) {
    let (timestamp, partition) = (Timestamp::default(), Partition::NONE);
    queue.push(&Line { bytes: text.as_bytes(), level, timestamp, partition }, || false);
}

fn said(queue: &Queue, deadline: Duration) -> Vec<String> {
    let words = queue.flush(deadline).last_words.into_iter();
    words.map(|bytes| String::from_utf8(bytes.into()).unwrap()).collect()
}

#[test]
fn a_flush_in_vain_says_fatal_records_once_and_only_as_many_as_are_kept() {
    let queue = roomy(Duration::ZERO);
    let texts: Vec<String> = (0..MOST_LAST_WORDS + 4).map(|number| number.to_string()).collect();
    push(&queue, Level::ERROR, "no last word");
    texts.iter().for_each(|text| push(&queue, Level::FATAL, text));
    assert_eq!(said(&queue, Duration::ZERO), [""; 0], "nobody has waited");
    assert_eq!(said(&queue, BRIEFLY), texts[..MOST_LAST_WORDS]);
    assert_eq!(said(&queue, BRIEFLY), [""; 0], "said once");
}

#[test]
fn who_waits_for_what_is_abandoned_says_it() {
    let queue = roomy(Duration::ZERO);
    push(&queue, Level::FATAL, "it has left");
    let load = queue.take().unwrap();
    queue.settle(&load.counts(), None, std::iter::empty());
    queue.finish(load);
    push(&queue, Level::FATAL, "it never leaves");
    thread::scope(|scope| {
        let flush = scope.spawn(|| said(&queue, SOON));
        while queue.lock().waiters == 0 {
            thread::yield_now();
        }
        queue.close(Duration::ZERO);
        assert_eq!(flush.join().unwrap(), ["it never leaves"]);
    });
}
