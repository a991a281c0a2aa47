//! The conductor: which cells there are, in which order they are measured, and the processes that measure them.

use crate::case::{BARE, Case, Method, Output};
use crate::delivery::wakeups;
use crate::findings::Run;
use crate::http::loopback;
use crate::metric::Metric;
use crate::mode::{FLAG, MARK, Mode};
use crate::options::Options;
use crate::peers::{Peer, all};
use crate::{sample, sites};
use serde_json::Value;
use std::env;
use std::error::Error;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Starts of a program are short and vary, so each repetition takes several.
const STARTS: usize = 10;

#[derive(Clone, Copy)]
struct Cell {
    peer: &'static Peer,
    case: Case,
}

pub fn run(options: &Options) -> Result<Run, Box<dyn Error>> {
    let mut run = Run::default();
    let cells = cells(options);
    let program = env::current_exe()?;
    if !cells.is_empty() {
        measure(cells, options.reps, &program, &mut run);
    }
    for case in Case::ALL.into_iter().filter(|case| case.method() == Method::Loopback && options.wants_case(*case)) {
        loopback::measure(case, &peers(options), options.reps, &program, &mut run);
    }
    if options.wants_case(Case::Sites) {
        let measured = sites::measure(&peers(options), options.reps.min(5), &mut run.results);
        run.failed.extend(measured.err().map(|error| format!("sites: {error}")));
    }
    if options.leaves_out(Case::Sites) {
        run.skipped.push("sites: takes minutes, so a quick run leaves it out; --case sites asks for it".into());
    }
    Ok(run)
}

/// Everything that a process for a cell can measure.
fn measure(cells: Vec<Cell>, reps: usize, program: &Path, run: &mut Run) {
    let cells = speaking(cells, program, run);
    let counts = |cell: &Cell| matches!(cell.case.method(), Method::Call | Method::Request);
    let calls: Vec<Cell> = cells.iter().copied().filter(counts).collect();
    if !calls.is_empty() {
        allocations(&calls, program, run);
        instructions(&calls, program, run);
        added(&calls, run);
    }
    let of_case = |wanted: Case| cells.iter().copied().filter(|cell| cell.case == wanted).collect::<Vec<_>>();
    allocations(&of_case(Case::Delivery1), program, run);
    wakeups(&of_case(Case::DeliveryPaced), program, run);
    times(&cells, reps, program, run);
}

fn peers(options: &Options) -> Vec<&'static Peer> {
    all().into_iter().filter(|peer| options.wants_peer(peer)).collect()
}

fn cells(options: &Options) -> Vec<Cell> {
    let apart = |case: Case| matches!(case.method(), Method::Loopback | Method::Sites);
    let cases: Vec<Case> = Case::ALL.into_iter().filter(|&case| options.wants_case(case) && !apart(case)).collect();
    let all = peers(options).into_iter().flat_map(|peer| cases.iter().map(move |&case| Cell { peer, case }));
    all.filter(|cell| (cell.peer.call)(cell.case).is_some()).collect()
}

/// The cells whose output is what their case asks for.
fn speaking(cells: Vec<Cell>, program: &Path, run: &mut Run) -> Vec<Cell> {
    eprintln!("samples of {} cells", cells.len());
    let speaks = |cell: &Cell| {
        let figures = child(*cell, Mode::Sample, program)?;
        let is_silent = cell.peer.name == BARE && cell.case != Case::AxumRecorder;
        let output = if is_silent { Output::Nothing } else { cell.case.output() };
        sample::check(cell.case, output, figures["sample"].as_str().unwrap_or_default())
    };
    let keep = |cell: &Cell| speaks(cell).map_err(|error| run.failed.push(name(*cell, &error))).is_ok();
    cells.into_iter().filter(keep).collect()
}

fn allocations(cells: &[Cell], program: &Path, run: &mut Run) {
    if cells.is_empty() {
        return;
    }
    eprintln!("allocations of {} cells", cells.len());
    for &cell in cells {
        take(cell, Mode::Allocations, program, run);
    }
}

fn wakeups(cells: &[Cell], program: &Path, run: &mut Run) {
    if cells.is_empty() {
        return;
    }
    if !wakeups::is_possible() {
        return run.skipped.push("futex calls: strace is not installed".into());
    }
    eprintln!("futex calls of {} cells", cells.len());
    for &cell in cells {
        match wakeups::count(program, &arguments(cell, Mode::Paced, 0)) {
            Ok(count) => run.results.add(cell.case, cell.peer.name, Metric::Wakeups, count),
            Err(error) => run.failed.push(name(cell, &error)),
        }
    }
}

/// What the peers count more than the bare app. Both counts are exact, so one difference says it.
fn added(cells: &[Cell], run: &mut Run) {
    for &Cell { peer, case } in cells.iter().filter(|cell| cell.case.method() == Method::Request) {
        for (whole, added) in
            [(Metric::Allocations, Metric::AddedAllocations), (Metric::Instructions, Metric::AddedInstructions)]
        {
            let figure = |peer| run.results.median(case, peer, whole);
            if let Some((own, bare)) = Option::zip(figure(peer.name), figure(BARE)).filter(|_| peer.name != BARE) {
                run.results.add(case, peer.name, added, own - bare);
            }
        }
    }
}

/// Timings: every repetition goes through all cells in a new order, so that a drift of the machine hits all alike.
fn times(cells: &[Cell], reps: usize, program: &Path, run: &mut Run) {
    let mut turns: Vec<Cell> = Vec::new();
    for &cell in cells {
        turns.extend(vec![cell; if cell.case.method() == Method::Start { STARTS } else { 1 }]);
    }
    for rep in 1..=reps {
        eprintln!("time of {} cells, repetition {rep} of {reps}", cells.len());
        fastrand::shuffle(&mut turns);
        for &cell in &turns {
            let mode = match cell.case.method() {
                Method::Request if cell.peer.name != BARE => Mode::Added,
                Method::Panic => Mode::Panics,
                Method::Threads => Mode::Threads,
                Method::Start => Mode::Start,
                Method::Delivery if cell.case == Case::DeliveryDurable => Mode::Durable,
                Method::Delivery => Mode::Deliver,
                Method::Latency if cell.case == Case::DeliveryPaced => Mode::Paced,
                Method::Latency => Mode::Saturated,
                _ => Mode::Time,
            };
            take(cell, mode, program, run);
        }
    }
}

/// Instructions: two runs under valgrind that differ by a number of calls. The count does not depend on what else the
/// machine does, so all processors are used.
fn instructions(cells: &[Cell], program: &Path, run: &mut Run) {
    if Command::new("valgrind").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
        return run.skipped.push("instructions: valgrind is not installed".into());
    }
    eprintln!("instructions of {} cells", cells.len());
    let (next, counted) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(&cell) = cells.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let count = instructions_of_a_call(cell, program);
                    counted.lock().expect("no thread panics").push((cell, count));
                }
            });
        }
    });
    for (cell, count) in counted.into_inner().expect("no thread panics") {
        match count {
            Ok(count) => run.results.add(cell.case, cell.peer.name, Metric::Instructions, count),
            Err(error) => run.failed.push(name(cell, &error)),
        }
    }
}

fn instructions_of_a_call(cell: Cell, program: &Path) -> Result<f64, String> {
    const FEW: u64 = 300;
    const MANY: u64 = 2300;
    let few = instructions_of_a_process(cell, FEW, program)?;
    let many = instructions_of_a_process(cell, MANY, program)?;
    Ok((many - few) / (MANY - FEW) as f64)
}

fn instructions_of_a_process(cell: Cell, calls: u64, program: &Path) -> Result<f64, String> {
    let mut command = Command::new("valgrind");
    command.args(["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]).arg(program);
    let output =
        command.args(arguments(cell, Mode::Instructions, calls)).output().map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&output.stderr);
    let count = said.lines().find_map(|line| line.split_once("refs:"));
    let count = count.and_then(|(_, count)| count.trim().replace(',', "").parse().ok());
    count.ok_or_else(|| format!("valgrind gave no count: {}", said.lines().last().unwrap_or_default()))
}

/// Measures a cell once and keeps its figures.
fn take(cell: Cell, mode: Mode, program: &Path, run: &mut Run) {
    match child(cell, mode, program) {
        Ok(figures) => {
            for (name, value) in figures.as_object().into_iter().flatten() {
                let (Some(metric), Some(value)) = (Metric::named(name), value.as_f64()) else { continue };
                run.results.add(cell.case, cell.peer.name, metric, value);
            }
        }
        Err(error) => run.failed.push(name(cell, &error)),
    }
}

/// Starts a process for one cell and reads what it found.
fn child(cell: Cell, mode: Mode, program: &Path) -> Result<Value, String> {
    let mut command = Command::new(program);
    let output = command.args(arguments(cell, mode, 0)).output().map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&output.stdout);
    let figures = said.lines().rev().find_map(|line| line.strip_prefix(MARK));
    figures.and_then(|figures| serde_json::from_str(figures).ok()).ok_or_else(|| {
        let trouble = String::from_utf8_lossy(&output.stderr);
        format!("{}, {}: {}", mode.name(), output.status, trouble.trim())
    })
}

fn arguments(cell: Cell, mode: Mode, calls: u64) -> [String; 5] {
    [FLAG, cell.peer.name, cell.case.name(), mode.name(), &calls.to_string()].map(str::to_owned)
}

fn name(cell: Cell, error: &str) -> String {
    format!("{} {}: {error}", cell.peer.name, cell.case.name())
}
