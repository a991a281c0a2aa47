//! What a record costs that is written directly, beside the least that any code could do: `write_all` under a lock.
//!
//! Both take turns, and the best of each counts, so that what else the machine does weighs on both alike.

use hyperlog_core::{Level, Line, Partition, Sink, Timestamp};
use hyperlog_file::{Buffer, File, Rotation};
use std::io::Write;
use std::sync::Mutex;
use std::time::{Duration, Instant};

const RECORDS: u32 = 20_000;
const ROUNDS: usize = 40;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let directory = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir())?;
    let text = format!("{{\"level\":\"info\",\"message\":\"{}\"}}\n", "x".repeat(170));
    let path = |name: &str| directory.path().join(name);
    let bare = Mutex::new(std::fs::OpenOptions::new().append(true).create(true).open(path("bare.log"))?);
    let rotation = Rotation::new().size(1 << 40).every(hyperlog_file::Period::Week);
    let direct = File::new(path("direct.log")).rotation(rotation).direct()?;
    let buffered = File::new(path("buffered.log")).rotation(rotation).buffer(Buffer::Bytes(64 * 1024)).direct()?;

    let mut best = [Duration::MAX; 3];
    for _ in 0..ROUNDS {
        let took = [
            timed(|| {
                std::hint::black_box(Timestamp::now());
                drop(bare.lock().map(|mut file| file.write_all(text.as_bytes())));
            }),
            timed(|| write(&direct, &text)),
            timed(|| write(&buffered, &text)),
        ];
        best.iter_mut().zip(took).for_each(|(best, took)| *best = (*best).min(took));
        // What grows without end would fill the memory.
        for name in ["bare.log", "direct.log", "buffered.log"] {
            std::fs::OpenOptions::new().write(true).open(path(name))?.set_len(0)?;
        }
    }
    let mut out = std::io::stdout();
    for (name, took) in ["write_all under a lock", "direct", "direct, buffered"].iter().zip(best) {
        let share = took.as_secs_f64() / best[0].as_secs_f64();
        writeln!(
            out,
            "{name}: {:.0} ns a record, {share:.3} of the first",
            took.as_nanos() as f64 / f64::from(RECORDS)
        )?;
    }
    Ok(())
}

fn timed(mut act: impl FnMut()) -> Duration {
    let begun = Instant::now();
    (0..RECORDS).for_each(|_| act());
    begun.elapsed()
}

/// With the time, which a logger reads for each record; it is read for the bare file too.
fn write(sink: &impl Sink, text: &str) {
    let timestamp = Timestamp::now();
    let line = Line { bytes: text.as_bytes(), level: Level::INFO, timestamp, partition: Partition::NONE };
    let _ = sink.write(&line);
}
