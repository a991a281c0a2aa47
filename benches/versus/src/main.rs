//! Measures hyperlog beside its rivals and a hand-written floor, all in one interleaved run.
//!
//! Started by a person it is the conductor: it starts itself again once for every cell and repetition, since `log` and
//! `tracing` allow one global logger in a process, and makes a table and a summary of what the children report.

#[macro_use]
mod calls;
#[macro_use]
mod http;

mod allocator;
mod bound;
mod case;
mod child;
mod delivery;
mod findings;
mod input;
mod metric;
mod mode;
mod options;
mod peers;
mod place;
mod processor;
mod promises;
mod report;
mod results;
mod run;
mod sample;
mod sink;
mod sites;

use crate::http::{load, soak};
use options::Options;
use std::error::Error;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: allocator::Metered = allocator::Metered;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.split_first() {
        Some((first, rest)) if first == load::FLAG => load::run(rest).map(|()| ExitCode::SUCCESS),
        Some((first, rest)) if first == soak::FLAG => soak::run(rest).map(|()| ExitCode::SUCCESS),
        Some((first, rest)) if first == mode::FLAG => child::run(rest).map(|()| ExitCode::SUCCESS),
        _ => conduct(&arguments),
    };
    done.unwrap_or_else(|error| {
        eprintln!("versus: {error}");
        ExitCode::from(2)
    })
}

fn conduct(arguments: &[String]) -> Result<ExitCode, Box<dyn Error>> {
    let options = Options::parse(arguments)?;
    if options.list {
        print!("{}", report::list());
        return Ok(ExitCode::SUCCESS);
    }
    let run = run::run(&options)?;
    let report = report::Report::new(&options, &run);
    println!("{}", report.tables());
    println!("{}", report.remarks());
    println!("Written to {}.", report.write()?.display());
    let failed = options.gate && !report.holds();
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
