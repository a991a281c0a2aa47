//! The conversation with a ledger: one batch, one answer, and what the answer means.
//!
//! It says what became of a batch and nothing more. Queues, pauses, retries and the account are those of
//! `hyperlog-delivery`.

use crate::wire::{Answer, LONGEST_ANSWER, write_request};
use hyperlog_delivery::{Backend, Batch, DeliveryError, Limits, Reply};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Delivers batches to a ledger. It is what [`Ledger::exporter`](crate::Ledger::exporter) delivers to.
#[derive(Debug)]
pub struct LedgerBackend {
    address: SocketAddr,
    answer_within: Duration,
    /// None before the first batch, and after whatever failed.
    connection: Option<TcpStream>,
    /// The memory of the last request.
    request: Vec<u8>,
}

impl LedgerBackend {
    pub(crate) fn new(address: SocketAddr, answer_within: Duration) -> LedgerBackend {
        LedgerBackend { address, answer_within, connection: None, request: Vec::new() }
    }

    /// Sends the request, and reads the line that answers it.
    fn ask(&mut self) -> io::Result<Answer> {
        let mut stream = match self.connection.take() {
            Some(stream) => stream,
            None => self.connect()?,
        };
        stream.write_all(&self.request)?;
        let mut line = Vec::new();
        BufReader::new(Read::by_ref(&mut stream).take(LONGEST_ANSWER)).read_until(b'\n', &mut line)?;
        let answer = Answer::parse(&line);
        // Who talks nonsense is not asked again on the same connection: whatever comes next would be taken for an answer.
        if answer != Answer::Nonsense {
            self.connection = Some(stream);
        }
        Ok(answer)
    }

    fn connect(&self) -> io::Result<TcpStream> {
        let stream = TcpStream::connect_timeout(&self.address, self.answer_within)?;
        stream.set_read_timeout(Some(self.answer_within))?;
        stream.set_write_timeout(Some(self.answer_within))?;
        Ok(stream)
    }
}

impl Backend for LedgerBackend {
    fn limits(&self) -> Limits {
        Limits::default().records(1_000).linger(Duration::from_millis(100))
    }

    fn deliver(&mut self, batch: &Batch<'_>) -> Reply {
        self.request.clear();
        let records = batch.entries().map(|entry| entry.bytes);
        write_request(&batch.id().to_string(), batch.bytes(), records, &mut self.request);
        match self.ask() {
            Ok(Answer::Taken) => Reply::Delivered,
            Ok(Answer::Later(after)) => Reply::Retry { after, why: DeliveryError::new("the ledger is busy") },
            Ok(Answer::TooLarge) => Reply::Split(DeliveryError::new("the batch is too large for the ledger")),
            Ok(Answer::Never) => Reply::Reject(DeliveryError::new("the ledger refuses the batch")),
            Ok(Answer::Nonsense) => later(DeliveryError::new("the ledger answers what is no answer")),
            Err(error) => later(DeliveryError::new("the ledger cannot be reached").because(error)),
        }
    }
}

fn later(why: DeliveryError) -> Reply {
    Reply::Retry { after: None, why }
}
