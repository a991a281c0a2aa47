//! The measured process: one peer, one case, one kind of measurement; its figures go to standard output.

use crate::allocator::metered;
use crate::case::{BARE, Case, FLOOR, Method};
use crate::delivery::ends::{self, Folder};
use crate::delivery::{latency, throughput};
use crate::input::Input;
use crate::metric::Metric;
use crate::mode::{MARK, Mode};
use crate::peers::{Loop, Peer, all};
use crate::processor;
use crate::results::quantile;
use crate::sink::{captured, written};
use hyperlog_core::Logger;
use serde_json::{Map, Value, json};
use std::error::Error;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

const WARM: u64 = 300;
const LAST: Duration = Duration::from_secs(5);
/// How many wait for the disk at the same time.
const DURABLE_THREADS: u64 = 64;
const BATCHES: usize = 40;
const BATCH: Duration = Duration::from_micros(2500);

/// Arguments: peer, case, mode, number of calls (for instructions).
pub fn run(arguments: &[String]) -> Result<(), Box<dyn Error>> {
    let [peer, case, mode, calls] = arguments else { return Err("a child needs four arguments".into()) };
    let peer = all().into_iter().find(|known| known.name == peer).ok_or("unknown peer")?;
    let case = Case::named(case).ok_or("unknown case")?;
    let mode = Mode::ALL.into_iter().find(|known| known.name() == mode).ok_or("unknown mode")?;
    let call = (peer.call)(case).ok_or("the peer cannot do this case")?;
    let input = Input::leaked();
    let folder = case.is_into_a_file().then(Folder::create).transpose()?;
    if mode != Mode::Start {
        (peer.install)(case)?;
    }
    let figures = match mode {
        Mode::Sample => match &folder {
            None => sample(call, input),
            Some(folder) => sample_of_file(call, input, folder)?,
        },
        Mode::Allocations if matches!(case.method(), Method::Delivery) => {
            figures([(Metric::Allocations, throughput::allocations(call, input))])
        }
        Mode::Allocations => figures([(Metric::Allocations, allocations(call, input))]),
        Mode::Instructions => execute(call, WARM + calls.parse::<u64>()?, input),
        Mode::Time => figures([(Metric::Time, time(call, input))]),
        Mode::Added => added(call, base(case)?, input),
        Mode::Panics => figures([(Metric::Time, time_of_thread(call, input))]),
        Mode::Serve => execute(call, 1, input),
        Mode::Threads => threads(call, input),
        Mode::Start => start(peer, case, call, input)?,
        Mode::Deliver | Mode::Paced | Mode::Saturated | Mode::Durable => {
            let folder = folder.as_ref().ok_or("the case is not about files")?;
            let waiting = if peer.name == FLOOR { 1 } else { DURABLE_THREADS };
            figures(match mode {
                Mode::Deliver => throughput::measure(case.producers(), call, input, folder)?,
                Mode::Durable => throughput::durable(waiting, call, input, folder)?,
                Mode::Paced => latency::paced(call, input, folder)?,
                _ => latency::saturated(call, input, folder)?,
            })
        }
    };
    println!("\n{MARK}{figures}");
    Ok(())
}

fn figures(figures: impl IntoIterator<Item = (Metric, f64)>) -> Value {
    let figures = figures.into_iter().map(|(metric, value)| (metric.name().to_owned(), json!(value)));
    Value::Object(figures.collect::<Map<_, _>>())
}

fn sample(call: Loop, input: &'static Input) -> Value {
    let written = captured(|| {
        call(1, input);
        // Some of it may be on its way still, on another thread.
        let _ = Logger::global().flush(LAST);
    });
    json!({ "sample": String::from_utf8_lossy(&written) })
}

fn sample_of_file(call: Loop, input: &'static Input, folder: &Folder) -> Result<Value, Box<dyn Error>> {
    call(1, input);
    ends::end();
    let written = folder.read()?;
    let lines = String::from_utf8_lossy(&written);
    // The end may have logged something itself, after the call.
    let first = lines.lines().count() - folder.further();
    Ok(json!({ "sample": lines.lines().take(first).map(|line| format!("{line}\n")).collect::<String>() }))
}

/// Nothing but the calls: whoever started this process counts.
fn execute(call: Loop, calls: u64, input: &'static Input) -> Value {
    call(calls, input);
    json!({})
}

/// The difference of two runs, so that what a loop makes once does not count.
fn allocations(call: Loop, input: &'static Input) -> f64 {
    const CALLS: u64 = 1000;
    call(WARM, input);
    let once = metered(|| call(CALLS, input)).calls;
    let twice = metered(|| call(2 * CALLS, input)).calls;
    (twice as f64 - once as f64) / CALLS as f64
}

/// The best of many short batches: whatever else runs on the machine only ever adds to a batch.
fn time(call: Loop, input: &'static Input) -> f64 {
    let calls = calls_in(BATCH, call, input);
    let best = (0..BATCHES).map(|_| nanoseconds(call, calls, input)).fold(f64::INFINITY, f64::min);
    best / calls as f64
}

/// The app without any middleware, in this same process.
fn base(case: Case) -> Result<Loop, Box<dyn Error>> {
    let bare = all().into_iter().find(|peer| peer.name == BARE);
    Ok(bare.and_then(|bare| (bare.call)(case)).ok_or("there is nothing bare to compare with")?)
}

/// The bare app and the peer's by turns, so that a drift of the machine hits both; what the peer adds is the median of
/// the differences.
fn added(call: Loop, base: Loop, input: &'static Input) -> Value {
    let calls = calls_in(BATCH, call, input);
    base(WARM, input);
    let (mut best, mut differences) = (f64::INFINITY, Vec::new());
    for _ in 0..BATCHES {
        let bare = nanoseconds(base, calls, input) / calls as f64;
        let own = nanoseconds(call, calls, input) / calls as f64;
        best = best.min(own);
        differences.push(own - bare);
    }
    figures([(Metric::Time, best), (Metric::AddedTime, quantile(&differences, 0.5))])
}

/// As [`time`], but the processor time of this thread.
fn time_of_thread(call: Loop, input: &'static Input) -> f64 {
    let calls = calls_in(BATCH, call, input);
    let batch = || {
        let begun = processor::busy();
        call(calls, input);
        (processor::busy() - begun).as_nanos() as f64
    };
    (0..BATCHES).map(|_| batch()).fold(f64::INFINITY, f64::min) / calls as f64
}

/// One thread and two threads by turns, the same number of calls on each thread; the best of each counts.
fn threads(call: Loop, input: &'static Input) -> Value {
    let calls = calls_in(BATCH, call, input);
    let (mut one, mut two) = (f64::INFINITY, f64::INFINITY);
    for _ in 0..BATCHES {
        one = one.min(together(1, call, calls, input));
        two = two.min(together(2, call, calls, input));
    }
    figures([(Metric::Speedup, 2.0 * one / two), (Metric::Time, two / (2 * calls) as f64)])
}

/// From the moment the first thread begins until the last one is done.
fn together(threads: usize, call: Loop, calls: u64, input: &'static Input) -> f64 {
    let barrier = Barrier::new(threads);
    let spans: Vec<(Instant, Instant)> = thread::scope(|scope| {
        let started: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| {
                    call(WARM, input);
                    barrier.wait();
                    let begun = Instant::now();
                    call(calls, input);
                    (begun, Instant::now())
                })
            })
            .collect();
        started.into_iter().map(|thread| thread.join().expect("no peer panics")).collect()
    });
    let begun = spans.iter().map(|span| span.0).min().expect("there is a thread");
    let ended = spans.iter().map(|span| span.1).max().expect("there is a thread");
    (ended - begun).as_nanos() as f64
}

/// The set-up and the first record, cold.
fn start(peer: &Peer, case: Case, call: Loop, input: &'static Input) -> Result<Value, Box<dyn Error>> {
    let before = resident()?;
    let mut installed = Ok(());
    let mut taken = 0.0;
    let memory = metered(|| {
        let begun = Instant::now();
        installed = (peer.install)(case);
        call(1, input);
        taken = begun.elapsed().as_nanos() as f64;
    });
    let after = resident()?;
    installed?;
    if written() == 0 {
        return Err("the first record was not written".into());
    }
    Ok(figures([
        (Metric::Time, taken),
        (Metric::Heap, memory.held as f64),
        (Metric::Resident, after.saturating_sub(before) as f64),
    ]))
}

/// The physical memory of this process in bytes.
fn resident() -> Result<u64, Box<dyn Error>> {
    const PAGE: u64 = 4096;
    let pages = std::fs::read_to_string("/proc/self/statm")?;
    Ok(pages.split_whitespace().nth(1).ok_or("no resident size")?.parse::<u64>()? * PAGE)
}

fn calls_in(length: Duration, call: Loop, input: &'static Input) -> u64 {
    let goal = length.as_nanos() as f64;
    let mut calls = 64;
    loop {
        let taken = nanoseconds(call, calls, input);
        if taken > goal / 3.0 {
            return ((calls as f64 * goal / taken) as u64).max(1);
        }
        calls *= 2;
    }
}

fn nanoseconds(call: Loop, calls: u64, input: &'static Input) -> f64 {
    let begun = Instant::now();
    call(calls, input);
    begun.elapsed().as_nanos() as f64
}
