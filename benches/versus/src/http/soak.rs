//! Whether a server's memory stays flat, however long it is under full load.
//!
//! A quarter of the time is for growing as large as it has to be. From then on nothing may be added: the most that the
//! process holds in its last quarter is compared with the most that it held in its second.

use crate::case::Case;
use crate::http::loopback::load;
use crate::http::server::Server;
use std::error::Error;
use std::time::{Duration, Instant};

/// The first argument of a soak.
pub const FLAG: &str = "--soak";

const PEER: &str = "hyperlog";
const HOSTS: [(&str, Case); 2] = [("axum", Case::AxumLoopback), ("actix", Case::ActixLoopback)];
const TURN: Duration = Duration::from_secs(4);
const MINUTES: u64 = 10;
/// More than that is growth.
const SLACK: u64 = 1 << 20;
const BETWEEN_WORDS: Duration = Duration::from_secs(30);

/// Arguments: for how many minutes, and the hosts; without any, ten minutes of each.
pub fn run(arguments: &[String]) -> Result<(), Box<dyn Error>> {
    let (minutes, hosts) = match arguments.split_first() {
        Some((first, rest)) if first.parse::<u64>().is_ok() => (first.parse()?, rest),
        _ => (MINUTES, arguments),
    };
    if let Some(unknown) = hosts.iter().find(|host| HOSTS.iter().all(|(known, _)| known != host)) {
        return Err(format!("there is no host {unknown}; there are axum and actix").into());
    }
    let wanted = |name: &str| hosts.is_empty() || hosts.iter().any(|host| host == name);
    for (name, case) in HOSTS.into_iter().filter(|(name, _)| wanted(name)) {
        soak(name, case, Duration::from_secs(minutes.max(1) * 60))?;
    }
    Ok(())
}

fn soak(name: &str, case: Case, length: Duration) -> Result<(), Box<dyn Error>> {
    let program = std::env::current_exe()?;
    let server = Server::start(PEER, case, &program)?;
    let (begun, mut told) = (Instant::now(), Duration::ZERO);
    let mut held = Vec::new();
    let mut requests = 0.0;
    while begun.elapsed() < length {
        requests += load(&server, TURN, &program)?[0];
        held.push((begun.elapsed(), server.memory()?));
        if begun.elapsed() - told >= BETWEEN_WORDS {
            told = begun.elapsed();
            say(name, told, requests, server.memory()?);
        }
    }
    say(name, begun.elapsed(), requests, server.memory()?);
    let most = |quarter: u32| {
        let within = (length * (quarter - 1) / 4)..(length * quarter / 4);
        let is_last = quarter == 4;
        held.iter().filter(|(at, _)| within.contains(at) || is_last && *at >= within.end).map(|(_, bytes)| *bytes).max()
    };
    let (Some(early), Some(late)) = (most(2), most(4)) else { return Err("there was not enough time".into()) };
    let growth = late.saturating_sub(early);
    println!(
        "{name}: {requests:.0} requests in {} s, at most {} KiB in the second quarter and {} KiB in the last",
        begun.elapsed().as_secs(),
        early >> 10,
        late >> 10
    );
    match growth <= SLACK {
        true => Ok(()),
        false => Err(format!("{name}: memory grew by {} KiB", growth >> 10).into()),
    }
}

fn say(name: &str, at: Duration, requests: f64, bytes: u64) {
    eprintln!("{name}: {} s, {requests:.0} requests, {} KiB", at.as_secs(), bytes >> 10);
}
