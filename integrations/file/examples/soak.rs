//! What takes minutes: whether a log file keeps its promises through kills, rotations, and more than it can take.
//!
//! `cargo run --release -p hyperlog-file --example soak -- kill 1000`, or any other of the trials; without a name all of
//! them, one after the other. Each prints an account, and ends with an error if a promise was broken.

use hyperlog_core::{DropReason, Level, Line, Partition, Sink, Timestamp, Written};
use hyperlog_delivery::{Backend, Batch, Errors, ExportSink, Exporter, Promise, Reply, WhenFull};
use hyperlog_file::{File, Rotation};
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

type Outcome = Result<(), Box<dyn Error>>;

/// Its name, what it is repeated or how many seconds it takes by default, and what it does.
type Trial = (&'static str, u64, fn(u64) -> Outcome);

const TRIALS: [Trial; 8] = [
    ("kill", 1_000, kill),
    ("rotate", 2_000, rotate),
    ("stress", 60, stress),
    ("overload", 60, overload),
    ("compress", 100, compress),
    ("beside", 10, beside),
    ("blocked", 5, blocked),
    ("idle", 30, idle),
];

/// What a process that is to be killed is told.
const VICTIM: &str = "--victim";

fn main() -> Outcome {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [first, path] = &arguments[..]
        && first == VICTIM
    {
        return victim(Path::new(path));
    }
    let Some(name) = arguments.first() else {
        return run_all();
    };
    let names = TRIALS.map(|(name, ..)| name).join(", ");
    let known = TRIALS.into_iter().find(|(known, ..)| known == name);
    let (name, amount, trial) = known.ok_or_else(|| format!("there is no trial {name}; there are {names}"))?;
    run(name, arguments.get(1).map_or(Ok(amount), |amount| amount.parse())?, trial)
}

/// One after the other, whatever becomes of those before.
fn run_all() -> Outcome {
    let mut broken = Vec::new();
    for (name, amount, trial) in TRIALS {
        if let Err(error) = run(name, amount, trial) {
            say(&format!("{error}: NOT KEPT"));
            broken.push(name);
        }
    }
    check(broken.is_empty(), || format!("not kept: {}", broken.join(", ")))
}

fn run(name: &str, amount: u64, trial: fn(u64) -> Outcome) -> Outcome {
    let begun = Instant::now();
    trial(amount).map_err(|error| format!("{name}: {error}"))?;
    say(&format!("{name}: kept, in {} s", begun.elapsed().as_secs()));
    Ok(())
}

fn say(text: &str) {
    // Whoever does not read is no reason to stop.
    drop(writeln!(std::io::stdout(), "{text}"));
}

fn check(holds: bool, what: impl FnOnce() -> String) -> Outcome {
    if holds { Ok(()) } else { Err(what().into()) }
}

/// A folder that is removed at the end.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Result<Place, Box<dyn Error>> {
        let path = std::env::temp_dir().join(format!("hyperlog-soak-{name}-{}", std::process::id()));
        fs::create_dir_all(&path)?;
        Ok(Place(path))
    }

    fn file(&self) -> PathBuf {
        self.0.join("app.log")
    }

    /// All that stands in all of its files.
    fn lines(&self) -> Result<Vec<String>, Box<dyn Error>> {
        let mut lines = Vec::new();
        for entry in fs::read_dir(&self.0)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "log") {
                lines.extend(BufReader::new(fs::File::open(path)?).lines().collect::<Result<Vec<_>, _>>()?);
            }
        }
        Ok(lines)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

fn line(level: Level, text: &str) -> Line<'_> {
    Line { bytes: text.as_bytes(), level, timestamp: Timestamp::now(), partition: Partition::NONE }
}

const PATIENCE: Duration = Duration::from_secs(60);

/// Processes are killed while they log durably: what was acknowledged is in the file, and every line but the last is whole.
fn kill(rounds: u64) -> Outcome {
    let (mut acknowledged, mut found) = (0, 0);
    for round in 0..rounds {
        let place = Place::new("kill")?;
        let mut child =
            Command::new(std::env::current_exe()?).arg(VICTIM).arg(place.file()).stdout(Stdio::piped()).spawn()?;
        let mut out = child.stdout.take().ok_or("there is no pipe")?;
        // It has begun; from here on any moment is as good as another.
        out.read_exact(&mut [0; 6])?;
        std::thread::sleep(Duration::from_micros(round * 7_919 % 20_000));
        child.kill()?;
        child.wait()?;
        let mut said = String::new();
        out.read_to_string(&mut said)?;
        let acks: Vec<&str> = said.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')).collect();
        let text = fs::read_to_string(place.file())?;
        let whole: BTreeSet<&str> = text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')).collect();
        for ack in &acks {
            check(whole.contains(ack), || format!("round {round}: {ack:?} was acknowledged and is not there"))?;
        }
        let broken = whole.iter().find(|line| !is_whole(line));
        check(broken.is_none(), || format!("round {round}: {broken:?} is not whole"))?;
        acknowledged += acks.len();
        found += whole.len();
    }
    say(&format!("kill: {rounds} processes killed, {acknowledged} records acknowledged, {found} found, none missing"));
    Ok(())
}

fn is_whole(line: &str) -> bool {
    line.starts_with("t") && line.ends_with(" end")
}

/// Logs durably on four threads, and says what has been acknowledged.
fn victim(path: &Path) -> Outcome {
    let sink = File::new(path).exporter()?.promise(Promise::Durable).patience(PATIENCE).start()?;
    std::io::stdout().write_all(b"ready\n")?;
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let sink = &sink;
            scope.spawn(move || {
                for number in 0_u64.. {
                    let text = format!("t{thread} {number} {} end\n", "x".repeat((number % 300) as usize));
                    if sink.write(&line(Level::INFO, &text)) == Written::Done {
                        // In one piece, which a pipe takes as a whole.
                        drop(std::io::stdout().lock().write_all(text.as_bytes()));
                    }
                }
            });
        }
    });
    Ok(())
}

/// Eight threads, and so many rotations: each line is there once, and as a whole.
fn rotate(rotations: u64) -> Outcome {
    let place = Place::new("rotate")?;
    let file = File::new(place.file()).rotation(Rotation::new().size(4_096));
    let sink = file.exporter()?.when_full(WhenFull::Block(PATIENCE)).start()?;
    let each = rotations * 4_096 / 8 / 50;
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let sink = &sink;
            scope.spawn(move || {
                for number in 0..each {
                    let text = format!("t{thread} {number} {} end\n", "x".repeat((number * 31 % 90) as usize));
                    let written = sink.write(&line(Level::INFO, &text));
                    assert_eq!(written, Written::Queued);
                }
            });
        }
    });
    let account = sink.handle().close(PATIENCE);
    let lines = place.lines()?;
    let files = fs::read_dir(&place.0)?.count();
    check(account.dropped_total() == 0, || format!("{account:?}"))?;
    check(lines.iter().all(|line| is_whole(line)), || "a line is not whole".to_owned())?;
    let different: BTreeSet<&String> = lines.iter().collect();
    check(lines.len() as u64 == 8 * each, || format!("{} of {} lines", lines.len(), 8 * each))?;
    check(different.len() == lines.len(), || "a line is there twice".to_owned())?;
    check(files as u64 > rotations, || format!("only {files} files"))?;
    say(&format!("rotate: {} lines in {files} files, each once", lines.len()));
    Ok(())
}

/// As many as it can take, and then four fifths of that: nothing is lost. The queue holds what a disk keeps waiting for a
/// tenth of a second or so, which is a quarter of what others take for it.
fn stress(seconds: u64) -> Outcome {
    let place = Place::new("stress")?;
    let start = || -> Result<ExportSink, Box<dyn Error>> {
        let file = File::new(place.file()).rotation(Rotation::new().size(256 << 20));
        let retention = hyperlog_file::Retention::new().count(1);
        Ok(file.retention(retention).exporter()?.capacity(64 << 20).errors(Errors::Queued).start()?)
    };
    let texts: Vec<String> = (0..64).map(|index| format!("{} end\n", "x".repeat(100 + index * 61 % 4_000))).collect();
    let sink = start()?;
    let (begun, mut taken) = (Instant::now(), 0_u64);
    // Long enough for the disk to be what counts, and not the memory before it.
    while begun.elapsed() < Duration::from_secs(seconds / 2) {
        for text in &texts {
            // What it can take is what it takes without losing anything.
            while sink.handle().health().queued_bytes > 32 << 20 {
                std::thread::yield_now();
            }
            let _ = sink.write(&line(Level::INFO, text));
            taken += 1;
        }
    }
    let capacity = taken as f64 / begun.elapsed().as_secs_f64();
    drop(sink);
    let sink = start()?;
    let rate = capacity * 0.8;
    let (begun, mut written, mut refused) = (Instant::now(), 0_u64, 0_u64);
    while begun.elapsed() < Duration::from_secs(seconds) {
        let due = (begun.elapsed().as_secs_f64() * rate) as u64;
        while written < due {
            let answer = sink.write(&line(Level::INFO, &texts[written as usize % texts.len()]));
            refused += u64::from(answer != Written::Queued);
            written += 1;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    let account = sink.handle().close(PATIENCE);
    let lost = refused + account.dropped_total();
    say(&format!("stress: {capacity:.0} records a second at most; {written} at four fifths, {lost} lost"));
    check(lost == 0 && account.left.total() == written, || format!("{account:?}"))
}

/// Takes so many bytes in a second.
struct Slow {
    per_second: f64,
    delivered: &'static AtomicU64,
}

impl Backend for Slow {
    fn deliver(&mut self, batch: &Batch<'_>) -> Reply {
        std::thread::sleep(Duration::from_secs_f64(batch.bytes() as f64 / self.per_second));
        self.delivered.fetch_add(batch.len() as u64, Ordering::Relaxed);
        Reply::Delivered
    }
}

/// Ten times as much as the system takes: exact to the record, nothing severe lost, and memory as promised.
fn overload(seconds: u64) -> Outcome {
    static DELIVERED: AtomicU64 = AtomicU64::new(0);
    const CAPACITY: usize = 8 << 20;
    const PER_SECOND: f64 = 4e6;
    let baseline = resident()?;
    let slow = Slow { per_second: PER_SECOND, delivered: &DELIVERED };
    let sink = Exporter::new(slow).capacity(CAPACITY).errors(Errors::Queued).start()?;
    let texts: Vec<String> = (0..64).map(|index| "x".repeat(100 + index * 61 % 2_000)).collect();
    let (begun, mut bytes, mut most) = (Instant::now(), 0_usize, 0);
    let mut answers: BTreeMap<&str, u64> = BTreeMap::new();
    for number in 0_usize.. {
        if begun.elapsed() >= Duration::from_secs(seconds) {
            break;
        }
        // One in fifty is a warning or worse, which is less than the system takes.
        let level = match number % 100 {
            0 => Level::ERROR,
            50 => Level::WARN,
            other if other % 2 == 0 => Level::INFO,
            _ => Level::DEBUG,
        };
        let text = &texts[number % texts.len()];
        let answer = match sink.write(&line(level, text)) {
            Written::Queued => "queued",
            Written::Dropped(DropReason::Full) => "dropped",
            _ => "other",
        };
        *answers.entry(answer).or_default() += 1;
        bytes += text.len();
        if number % 1_000 == 0 {
            most = most.max(resident()?);
            let due = Duration::from_secs_f64(bytes as f64 / (10.0 * PER_SECOND));
            std::thread::sleep(due.saturating_sub(begun.elapsed()));
        }
    }
    let account = sink.handle().close(PATIENCE);
    let queued = answers.get("queued").copied().unwrap_or_default();
    let grown = most.saturating_sub(baseline);
    say(&format!(
        "overload: {answers:?}, {} delivered, {} lost from the queue, memory grew by {} KiB at most",
        account.left.total(),
        account.dropped_total(),
        grown >> 10
    ));
    check(!answers.contains_key("other"), || format!("{answers:?}"))?;
    check(account.left.total() + account.dropped_total() == queued, || format!("{account:?}"))?;
    check(account.left.total() == DELIVERED.load(Ordering::Relaxed), || "what left did not arrive".to_owned())?;
    let severe: u64 = account.dropped.iter().map(|(_, lost)| lost.of(Level::WARN) + lost.of(Level::ERROR)).sum();
    check(severe == 0, || format!("{severe} warnings and errors were lost"))?;
    check(grown <= (CAPACITY as u64) * 5 / 4, || format!("{grown} bytes are more than a quarter above the budget"))
}

/// A file of so many MiB is compressed: who logs meanwhile does not notice.
fn compress(mebibytes: u64) -> Outcome {
    let place = Place::new("compress")?;
    let file = File::new(place.file()).rotation(Rotation::new().size(mebibytes << 20));
    let exporter = file.compression(hyperlog_file::Compression::gzip()).exporter()?;
    let sink = exporter.when_full(WhenFull::Block(PATIENCE)).start()?;
    let is_compressed = || {
        let names = fs::read_dir(&place.0).map(|entries| entries.flatten().map(|entry| entry.path()));
        names.is_ok_and(|mut names| names.any(|path| path.extension().is_some_and(|extension| extension == "gz")))
    };
    let quiet = paced(Duration::from_secs(5), &sink, || false);
    let text = format!("{} end\n", "as compressible as records are ".repeat(32));
    for _ in 0..(mebibytes << 20) / text.len() as u64 + 1 {
        let _ = sink.write(&line(Level::INFO, &text));
    }
    sink.flush(PATIENCE)?;
    check(!is_compressed(), || "it was compressed before anybody could look: let it be more".to_owned())?;
    let busy = paced(PATIENCE, &sink, is_compressed);
    check(is_compressed(), || "it was not compressed in its time".to_owned())?;
    let lost = sink.handle().close(PATIENCE).dropped_total();
    say(&format!(
        "compress: p99 of a call is {quiet} ns, and {busy} ns while {mebibytes} MiB are compressed; {lost} lost"
    ));
    check(lost == 0 && busy <= 2 * quiet, || "it is noticed".to_owned())
}

/// A file beside an output that does not answer: who logs to the file does not notice, and the file loses nothing.
fn beside(seconds: u64) -> Outcome {
    let place = Place::new("beside")?;
    let sink = File::new(place.file()).start()?;
    let quiet = paced(Duration::from_secs(seconds), &sink, || false);
    let dead = Exporter::new(Stuck(&STUCK)).capacity(1 << 20).errors(Errors::Queued).start()?;
    let text = "x".repeat(1_000);
    // Both are given the same; full is full long before the end.
    let busy = paced(Duration::from_secs(seconds), &sink, || {
        for _ in 0..16 {
            let _ = dead.write(&line(Level::INFO, &text));
        }
        false
    });
    let (file, lost) = (sink.handle().close(PATIENCE), dead.handle().close(Duration::ZERO).dropped_total());
    STUCK.store(true, Ordering::Relaxed);
    say(&format!("beside: p99 of a call is {quiet} ns, and {busy} ns beside a dead output, which lost {lost}"));
    check(file.dropped_total() == 0 && lost > 0, || format!("{file:?}"))?;
    check(busy * 5 <= quiet * 6, || "it is noticed".to_owned())
}

/// Logs a record every so often, until time or `is_over` ends it. The duration in nanoseconds that 99 in 100 calls stay
/// below.
fn paced(most: Duration, sink: &ExportSink, mut is_over: impl FnMut() -> bool) -> u64 {
    const BETWEEN: Duration = Duration::from_micros(20);
    let (begun, mut taken) = (Instant::now(), Vec::new());
    while begun.elapsed() < most && !(taken.len() % 1_000 == 0 && is_over()) {
        let text = format!("{} end\n", taken.len());
        let call = Instant::now();
        let _ = sink.write(&line(Level::INFO, &text));
        taken.push(call.elapsed().as_nanos() as u64);
        while call.elapsed() < BETWEEN {
            std::hint::spin_loop();
        }
    }
    taken.sort_unstable();
    taken[taken.len() * 99 / 100]
}

static STUCK: AtomicBool = AtomicBool::new(false);

/// Does not come back before it is released.
struct Stuck(&'static AtomicBool);

impl Backend for Stuck {
    fn deliver(&mut self, _: &Batch<'_>) -> Reply {
        while !self.0.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(10));
        }
        Reply::Delivered
    }
}

/// Eight threads wait for room: waiting costs nothing.
fn blocked(seconds: u64) -> Outcome {
    static RELEASED: AtomicBool = AtomicBool::new(false);
    let sink = Exporter::new(Stuck(&RELEASED)).capacity(256 << 10).when_full(WhenFull::Block(PATIENCE)).start()?;
    let mut used = Ok(0.0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            let sink = &sink;
            scope.spawn(move || {
                for _ in 0..1_000 {
                    let _ = sink.write(&line(Level::INFO, &"x".repeat(1_000)));
                }
            });
        }
        std::thread::sleep(Duration::from_millis(500));
        let before = processor();
        std::thread::sleep(Duration::from_secs(seconds));
        used = processor().and_then(|after| Ok(after - before?));
        RELEASED.store(true, Ordering::Relaxed);
    });
    let used = used?;
    say(&format!("blocked: eight threads for {seconds} s took {used:.2} s of the processor"));
    check(used < 0.05 * seconds as f64, || format!("{used} s"))
}

/// Nothing is logged: nothing happens.
fn idle(seconds: u64) -> Outcome {
    let place = Place::new("idle")?;
    let sink = File::new(place.file()).rotation(Rotation::new().size(1 << 20)).start()?;
    let _ = sink.write(&line(Level::INFO, "t end\n"));
    sink.flush(PATIENCE)?;
    let (switches, used) = (switches()?, processor()?);
    std::thread::sleep(Duration::from_secs(seconds));
    let (woken, used) = (self::switches()? - switches, processor()? - used);
    say(&format!("idle: {woken} times awake and {used:.2} s of the processor in {seconds} s"));
    check(woken <= 2 * seconds, || format!("awake {woken} times"))
}

/// The physical memory of this process in bytes.
fn resident() -> Result<u64, Box<dyn Error>> {
    const PAGE: u64 = 4096;
    let pages = fs::read_to_string("/proc/self/statm")?;
    Ok(pages.split_whitespace().nth(1).ok_or("no resident size")?.parse::<u64>()? * PAGE)
}

/// Seconds of the processor that this process has taken.
fn processor() -> Result<f64, Box<dyn Error>> {
    const PER_SECOND: f64 = 100.0;
    let text = fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = text.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    let ticks = |index: usize| fields.get(index).and_then(|ticks| ticks.parse::<f64>().ok()).ok_or("no times");
    Ok((ticks(11)? + ticks(12)?) / PER_SECOND)
}

/// How often threads of this process have gone to sleep.
fn switches() -> Result<u64, Box<dyn Error>> {
    let mut sum = 0;
    for task in fs::read_dir("/proc/self/task")? {
        let status = fs::read_to_string(task?.path().join("status"))?;
        let switches = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        sum += switches.ok_or("no switches")?.trim().parse::<u64>()?;
    }
    Ok(sum)
}
