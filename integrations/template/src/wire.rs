//! What goes over the wire: a batch with its head, and the line that answers it. No network is here, so that golden files
//! can hold all of it.

use std::io::Write;
use std::time::Duration;

/// Appends a request: a line with the id of the batch and the length of its records, and then the records.
///
/// The id is the same however often a batch is tried, so that a ledger can tell a repetition.
pub(crate) fn write_request<'a>(id: &str, length: usize, records: impl Iterator<Item = &'a [u8]>, out: &mut Vec<u8>) {
    writeln!(out, "batch {id} {length}").expect("memory can be written to");
    records.for_each(|record| out.extend_from_slice(record));
}

/// What a ledger says to a batch.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// `taken`: all of it is written.
    Taken,
    /// `later`, or `later 30`: not now, and not before so many seconds have passed.
    Later(Option<Duration>),
    /// `too large`: smaller ones may be taken.
    TooLarge,
    /// `never`: one of these records is not what the ledger takes.
    Never,
    /// Whatever else a server may say.
    Nonsense,
}

/// The longest line that is read of an answer.
pub(crate) const LONGEST_ANSWER: u64 = 64;

/// The most that a ledger may ask to be left alone for.
const LONGEST_PAUSE: u64 = 600;

impl Answer {
    /// Reads a line, with its end or without. A line of somebody else is judged, and never trusted.
    pub(crate) fn parse(line: &[u8]) -> Answer {
        match line.trim_ascii() {
            b"taken" => Answer::Taken,
            b"later" => Answer::Later(None),
            b"too large" => Answer::TooLarge,
            b"never" => Answer::Never,
            other => seconds(other).map_or(Answer::Nonsense, |pause| Answer::Later(Some(pause))),
        }
    }
}

fn seconds(line: &[u8]) -> Option<Duration> {
    let number = std::str::from_utf8(line.strip_prefix(b"later ")?).ok()?;
    let seconds: u64 = number.parse().ok()?;
    Some(Duration::from_secs(seconds.min(LONGEST_PAUSE)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyperlog_core::{Clock, Json, Logger, Memory, Output, Timestamp, error, info};

    #[test]
    fn a_request_is_as_it_always_was() {
        let (clock, _) = Clock::manual(Timestamp::new(1_795_162_542, 120_934_000));
        let memory = Memory::new();
        let output = Output::new(Json::new(), memory.clone());
        let logger = Logger::builder().clock(clock).output(output).build().unwrap();
        info!(logger: logger, target: "shop", "ready");
        error!(logger: logger, target: "shop", text = "batch 2 0\n\"", "refused");

        let records = memory.bytes();
        let mut request = Vec::new();
        write_request("1-2-3", records.len(), records.split_inclusive(|byte| *byte == b'\n'), &mut request);
        assert_eq!(String::from_utf8(request).unwrap(), include_str!("../tests/golden/request.txt"));
    }

    #[test]
    fn an_answer_is_what_it_says_and_anything_else_is_nonsense() {
        let later = |seconds| Answer::Later(Some(Duration::from_secs(seconds)));
        let cases: [(&[u8], Answer); 11] = [
            (b"taken\n", Answer::Taken),
            (b"taken", Answer::Taken),
            (b"later\r\n", Answer::Later(None)),
            (b"later 30\n", later(30)),
            (b"later 18446744073709551615\n", later(600)),
            (b"later 18446744073709551616\n", Answer::Nonsense),
            (b"later -1\n", Answer::Nonsense),
            (b"too large\n", Answer::TooLarge),
            (b"never\n", Answer::Never),
            (b"", Answer::Nonsense),
            (b"HTTP/1.1 400 Bad Request\xff\n", Answer::Nonsense),
        ];
        for (line, expected) in cases {
            assert_eq!(Answer::parse(line), expected, "{:?}", String::from_utf8_lossy(line));
        }
    }
}
