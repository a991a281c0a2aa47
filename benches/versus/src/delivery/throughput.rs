//! How many records a second reach the file, and how many never do.

use crate::allocator::metered;
use crate::delivery::ends::{self, Folder};
use crate::input::Input;
use crate::metric::Metric;
use crate::peers::Loop;
use std::error::Error;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

/// More would fill the disk, fewer would measure the start.
const RECORDS: std::ops::RangeInclusive<u64> = 100_000..=1_200_000;
const LENGTH: Duration = Duration::from_millis(500);
const WARM: u64 = 60_000;
/// In which a queue becomes empty.
const PAUSE: Duration = Duration::from_millis(200);
const WAITING: Duration = Duration::from_secs(1);

type Figures = Vec<(Metric, f64)>;

/// From the first call until the last record is in the file.
pub fn measure(producers: u64, call: Loop, input: &'static Input, folder: &Folder) -> Result<Figures, Box<dyn Error>> {
    let begun = Instant::now();
    call(WARM, input);
    thread::sleep(PAUSE);
    let each = begun.elapsed().saturating_sub(PAUSE).as_nanos() as f64 / WARM as f64;
    let calls = ((LENGTH.as_nanos() as f64 / each.max(1.0)) as u64).clamp(*RECORDS.start(), *RECORDS.end()) / producers;
    let barrier = Barrier::new(producers as usize);
    let begun = thread::scope(|scope| {
        let producer = || {
            barrier.wait();
            let begun = Instant::now();
            call(calls, input);
            begun
        };
        let producers: Vec<_> = (0..producers).map(|_| scope.spawn(producer)).collect();
        producers.into_iter().map(|thread| thread.join().expect("no peer panics")).min()
    });
    ends::end();
    let taken = begun.expect("there is a producer").elapsed();
    let made = calls * producers;
    let lost = (WARM + made).saturating_sub(folder.lines()?);
    Ok(vec![(Metric::Records, made.saturating_sub(lost) as f64 / taken.as_secs_f64()), (Metric::Lost, lost as f64)])
}

/// Each call returns when its record is safe on the disk; as many threads wait for that at the same time.
pub fn durable(threads: u64, call: Loop, input: &'static Input, folder: &Folder) -> Result<Figures, Box<dyn Error>> {
    let is_over = AtomicBool::new(false);
    call(1, input);
    let begun = Instant::now();
    let made: u64 = thread::scope(|scope| {
        let waiting = || {
            let mut made = 0;
            while !is_over.load(Relaxed) {
                call(1, input);
                made += 1;
            }
            made
        };
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(waiting)).collect();
        thread::sleep(WAITING);
        is_over.store(true, Relaxed);
        threads.into_iter().map(|thread| thread.join().expect("no peer panics")).sum()
    });
    let taken = begun.elapsed();
    ends::end();
    let lost = (1 + made).saturating_sub(folder.lines()?);
    Ok(vec![(Metric::Records, made.saturating_sub(lost) as f64 / taken.as_secs_f64()), (Metric::Lost, lost as f64)])
}

/// Requests to the allocator on all threads for one record, from the call until it is in the file.
pub fn allocations(call: Loop, input: &'static Input) -> f64 {
    const CALLS: u64 = 100_000;
    const LAPS: usize = 3;
    let settled = |calls| {
        metered(|| {
            call(calls, input);
            thread::sleep(PAUSE);
        })
    };
    // A queue takes memory until it has once been as full as it ever gets.
    for _ in 0..LAPS {
        settled(CALLS);
    }
    let taken = settled(CALLS).calls;
    ends::end();
    taken as f64 / CALLS as f64
}
