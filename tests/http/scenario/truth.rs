//! A chaotic client keeps a ledger of what it asked for and what it saw. Afterwards the log has to tell the same.
//!
//! Clients and servers see different halves: what a server handed over may never have arrived. Where the log may tell
//! more than one truth, [`Entry::check`] says which.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::thread;

use hyperlog::CapturedRecord;

use crate::client::Connection;
use crate::host::{Chaos, Host};
use crate::stage::{Stage, is_access, is_kind};

/// How many exchanges there are, instead of [`EXCHANGES`].
const COUNT: &str = "HYPERLOG_EXCHANGES";
/// Where the random numbers begin, instead of at [`SEED`].
const BEGIN: &str = "HYPERLOG_SEED";

const EXCHANGES: u64 = 500;
const SEED: u64 = 20_260_101;
const CLIENTS: u64 = 4;

pub(crate) fn the_log_agrees_with_what_a_chaotic_client_saw<H: Host>() {
    let (count, seed) = (number_in(COUNT, EXCHANGES), number_in(BEGIN, SEED));
    let stage = Stage::new::<H>();
    let ledger: Vec<Entry> = thread::scope(|scope| {
        let address = stage.server.address;
        let clients = (0..CLIENTS).map(|client| scope.spawn(move || wreak(address, client, count / CLIENTS, seed)));
        let clients: Vec<_> = clients.collect();
        clients.into_iter().flat_map(|client| client.join().expect("it survives what it does")).collect()
    });
    let is_told = |entry: &Entry, records: &HashMap<&str, Vec<&CapturedRecord>>| {
        !entry.saw.is_surely_told() || records.contains_key(&entry.id[..])
    };
    let _ = stage.wait_a_while(|records| {
        let (told, panics) = (by_id(records, "access"), by_id(records, "panic"));
        // The record of a panic comes later than the one of its request: names are looked up for it.
        let is_whole = |record: &&CapturedRecord| {
            record.text("outcome") != "panic" || panics.contains_key(record.text("request_id"))
        };
        let are_whole = told.values().flatten().all(is_whole);
        (are_whole && ledger.iter().all(|entry| is_told(entry, &told))).then_some(())
    });
    let records = stage.stop();
    let (told, panics) = (by_id(&records, "access"), by_id(&records, "panic"));
    for entry in &ledger {
        let access = told.get(&entry.id[..]).map_or(&[][..], |records| records);
        let panics = panics.get(&entry.id[..]).map_or(0, Vec::len);
        let agreed = entry.check(access, panics);
        assert!(agreed.is_ok(), "seed {seed}: {}: {entry:#?}\n{access:#?}", agreed.unwrap_err());
    }
    assert_eq!(told.values().map(Vec::len).sum::<usize>(), records.iter().filter(|record| is_access(record)).count());
    assert!(told.len() <= ledger.len(), "nobody asked for more");
}

fn number_in(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).map_or(otherwise, |number| number.parse().expect("the variable is a number"))
}

fn by_id<'a>(records: &'a [CapturedRecord], kind: &str) -> HashMap<&'a str, Vec<&'a CapturedRecord>> {
    let mut found: HashMap<&str, Vec<&CapturedRecord>> = HashMap::new();
    for record in records.iter().filter(|record| is_kind(record, kind)) {
        found.entry(record.text("request_id")).or_default().push(record);
    }
    found
}

/// What was asked for, and what came of it.
#[derive(Debug)]
struct Entry {
    id: String,
    asked: Chaos,
    size: usize,
    is_head: bool,
    saw: Saw,
}

/// What the client saw.
#[derive(Debug)]
enum Saw {
    /// A reply to its end.
    Whole { status: u16, bytes: usize },
    /// The server broke off, after so much of the body.
    Broken { bytes: usize },
    /// So much of a body, and then it left.
    Left { status: u16, bytes: usize },
    /// Nothing: it left at once.
    Nothing,
}

impl Saw {
    fn is_surely_told(&self) -> bool {
        !matches!(self, Saw::Nothing)
    }
}

impl Entry {
    fn check(&self, access: &[&CapturedRecord], panics: usize) -> Result<(), &'static str> {
        let record = match access {
            [record] => record,
            // The server may have heard of the leaving before it read the request.
            [] if !self.saw.is_surely_told() => return Ok(()),
            [] => return Err("it is not told"),
            _ => return Err("it is told more than once"),
        };
        let outcome = record.text("outcome");
        holds(panics == usize::from(outcome == "panic"), "each panic has one record of its own")?;
        if !record.has("status") {
            // Only whoever leaves at once can be heard to leave before there is a response.
            return holds(matches!(self.saw, Saw::Nothing) && outcome == "cancelled", "it has no status");
        }
        let (status, sent) = (record.number("status") as u16, record.number("response_bytes") as usize);
        holds(status == if self.asked == Chaos::Bursts { 500 } else { 200 }, "the status is another")?;
        match self.saw {
            Saw::Whole { status: seen, bytes } => {
                holds((status, sent) == (seen, bytes), "the client saw another status, or another number of bytes")?;
                holds(self.in_full().contains(&outcome), "it came to its end")
            }
            Saw::Broken { bytes } => {
                holds(matches!(self.asked, Chaos::Fails | Chaos::Panics), "nothing was to break")?;
                holds(sent == self.whole() && bytes <= sent, "all that came before the failure was handed over")?;
                holds(outcome != "ok" && self.in_full().contains(&outcome), "the body failed")
            }
            Saw::Left { status: seen, bytes } => {
                holds(status == seen && sent >= bytes, "the client saw another status, or more bytes")?;
                self.check_left(outcome, sent)
            }
            Saw::Nothing => self.check_left(outcome, sent),
        }
    }

    /// Whoever left does not know how far the server came: to the end, or not.
    fn check_left(&self, outcome: &str, sent: usize) -> Result<(), &'static str> {
        if self.in_full().contains(&outcome) {
            let is_all = self.asked == Chaos::Bursts || sent == self.whole();
            return holds(is_all, "whatever has come to its end was handed over");
        }
        holds(outcome == "cancelled" && !self.is_head && self.asked != Chaos::Bursts, "its outcome is another")?;
        // The end of chunks is no byte of theirs.
        let most = if self.asked == Chaos::Sized { self.size.saturating_sub(1) } else { self.size };
        holds(sent <= most, "whatever was handed over to its end was not cancelled")
    }

    /// The bytes of a body that is sent to its end.
    fn whole(&self) -> usize {
        if self.is_head { 0 } else { self.size }
    }

    /// The outcomes when nobody leaves. A body that may not be sent may be asked for its chunks, or not.
    fn in_full(&self) -> &'static [&'static str] {
        match (self.asked, self.is_head) {
            (Chaos::Sized | Chaos::Chunked, _) => &["ok"],
            (Chaos::Fails, false) => &["body_error"],
            (Chaos::Fails, true) => &["body_error", "ok"],
            (Chaos::Panics, true) => &["panic", "ok"],
            (Chaos::Panics, false) | (Chaos::Bursts, _) => &["panic"],
        }
    }
}

fn holds(holds: bool, otherwise: &'static str) -> Result<(), &'static str> {
    if holds { Ok(()) } else { Err(otherwise) }
}

/// One client, which keeps a connection until it or the server is tired of it.
fn wreak(address: SocketAddr, client: u64, count: u64, seed: u64) -> Vec<Entry> {
    let mut random = Random(seed ^ (client << 32));
    let mut connection = None;
    (0..count)
        .map(|number| {
            let kept = connection.take().unwrap_or_else(|| Connection::open(address));
            let (entry, kept) = exchange(&mut random, format!("{client}-{number}"), kept);
            connection = kept;
            entry
        })
        .collect()
}

fn exchange(random: &mut Random, id: String, mut connection: Connection) -> (Entry, Option<Connection>) {
    use Chaos::{Bursts, Chunked, Fails, Panics, Sized};
    let asked =
        random.pick([Sized, Sized, Sized, Sized, Chunked, Chunked, Chunked, Chunked, Fails, Fails, Panics, Bursts]);
    let most = random.pick([1, 100, 10_000, 400_000]);
    let size = random.below(most);
    let is_head = random.below(8) == 0;
    let closes = random.below(4) == 0;
    let method = if is_head { "HEAD" } else { "GET" };
    let request = format!("{method} /chaos/{}/{size}", asked.name());
    let headers = [("x-request-id", &id[..]), ("connection", if closes { "close" } else { "keep-alive" })];
    connection.ask(&request, &headers);
    let (saw, kept) = match random.below(8) {
        0 => (Saw::Nothing, leave(random, connection)),
        1 | 2 => {
            let at_least = if is_head || asked == Bursts { 0 } else { random.below(size + 1) };
            leave_early(random, connection, at_least)
        }
        // What breaks a body that may not be sent is seen by nobody, but ends the connection.
        _ => stay(connection, closes || (is_head && matches!(asked, Fails | Panics))),
    };
    (Entry { id, asked, size, is_head, saw }, kept)
}

fn stay(mut connection: Connection, closes: bool) -> (Saw, Option<Connection>) {
    let Some(reply) = connection.try_reply() else { return (Saw::Broken { bytes: 0 }, None) };
    if !reply.is_complete {
        return (Saw::Broken { bytes: reply.body.len() }, None);
    }
    let saw = Saw::Whole { status: reply.status, bytes: reply.body.len() };
    let goes_on = !closes && !reply.headers("connection").contains(&"close");
    (saw, goes_on.then_some(connection))
}

fn leave_early(random: &mut Random, mut connection: Connection, at_least: usize) -> (Saw, Option<Connection>) {
    let Some(reply) = connection.glimpse(at_least) else { return (Saw::Broken { bytes: 0 }, None) };
    (Saw::Left { status: reply.status, bytes: reply.body.len() }, leave(random, connection))
}

fn leave(random: &mut Random, connection: Connection) -> Option<Connection> {
    match random.below(3) {
        0 => connection.reset(),
        1 => connection.say_no_more(),
        _ => drop(connection),
    }
    None
}

/// Numbers that nobody can foresee who does not know where they began: splitmix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    fn pick<T: Copy, const N: usize>(&mut self, from: [T; N]) -> T {
        from[self.below(N)]
    }
}
