//! What a middleware costs a real server: its processor time for a request, while 64 connections keep it busy.
//!
//! All servers of a case stand at the same time and are loaded by turns, so that what one adds can be taken against what
//! the bare one took less than two seconds before or after.

use crate::case::{BARE, Case};
use crate::findings::Run;
use crate::http::load;
use crate::http::server::Server;
use crate::metric::Metric;
use crate::mode::MARK;
use crate::peers::Peer;
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

const TURN: Duration = Duration::from_millis(250);
const ROUNDS_PER_REPETITION: usize = 4;
/// Keeps each server below ten seconds of load.
const MOST_ROUNDS: usize = 36;

struct Loaded {
    peer: &'static str,
    server: Server,
}

/// What a server did for each request of its turn.
struct Turn {
    microseconds: f64,
    requests_per_second: f64,
    waited: [f64; 2],
}

pub fn measure(case: Case, peers: &[&'static Peer], reps: usize, program: &Path, run: &mut Run) {
    let mut loaded = Vec::new();
    for peer in peers.iter().filter(|peer| (peer.call)(case).is_some()) {
        match start(case, peer.name, program) {
            Ok(server) => loaded.push(Loaded { peer: peer.name, server }),
            Err(error) => run.failed.push(format!("{} {}: {error}", peer.name, case.name())),
        }
    }
    let rounds = (reps * ROUNDS_PER_REPETITION).min(MOST_ROUNDS);
    eprintln!("{} of {} servers, {rounds} rounds", case.name(), loaded.len());
    for _ in 0..rounds {
        fastrand::shuffle(&mut loaded);
        round(case, &loaded, program, run);
    }
}

/// A server that has been under load already.
fn start(case: Case, peer: &'static str, program: &Path) -> Result<Server, String> {
    let server = Server::start(peer, case, program)?;
    turn(&server, program)?;
    Ok(server)
}

fn round(case: Case, loaded: &[Loaded], program: &Path, run: &mut Run) {
    let mut turns = Vec::new();
    for Loaded { peer, server } in loaded {
        match turn(server, program) {
            Ok(turn) => turns.push((*peer, turn)),
            Err(error) => run.failed.push(format!("{peer} {}: {error}", case.name())),
        }
    }
    let bare = turns.iter().find(|turn| turn.0 == BARE).map(|turn| turn.1.microseconds);
    for (peer, turn) in turns {
        run.results.add(case, peer, Metric::Processor, turn.microseconds);
        run.results.add(case, peer, Metric::Rate, turn.requests_per_second);
        run.results.add(case, peer, Metric::Half, turn.waited[0]);
        run.results.add(case, peer, Metric::Hundredth, turn.waited[1]);
        if let Some(bare) = bare.filter(|_| peer != BARE) {
            run.results.add(case, peer, Metric::AddedProcessor, turn.microseconds - bare);
        }
    }
}

fn turn(server: &Server, program: &Path) -> Result<Turn, String> {
    let before = server.busy()?;
    let [replies, seconds, half, hundredth] = load(server, TURN, program)?;
    let busy = server.busy()?.saturating_sub(before);
    Ok(Turn {
        microseconds: busy.as_secs_f64() * 1e6 / replies,
        requests_per_second: replies / seconds,
        waited: [half, hundredth],
    })
}

/// Puts load on a server; the number of replies, the seconds that it really took, and the nanoseconds that half of the
/// requests and all but a hundredth of them waited at most.
pub fn load(server: &Server, length: Duration, program: &Path) -> Result<[f64; 4], String> {
    let arguments = [load::FLAG.to_owned(), server.port.to_string(), length.as_millis().to_string()];
    let output = Command::new(program).args(arguments).output().map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&output.stdout);
    let figures = said.lines().find_map(|line| serde_json::from_str::<Value>(line.strip_prefix(MARK)?).ok());
    let figures = figures.ok_or_else(|| String::from_utf8_lossy(&output.stderr).trim().to_owned())?;
    let figure = |name| figures[name].as_f64().filter(|&figure| figure > 0.0).ok_or("no reply came".to_owned());
    Ok([figure("replies")?, figure("seconds")?, figure("p50")?, figure("p99")?])
}
