//! A connection by TCP to an address that was checked before, with deadlines that no peer can stretch.
//!
//! It stands in place of the client library's own for two reasons. A peer that reads a few bytes at a time would stretch
//! each write there, since only each call into the kernel has a bound. And a server that answers before it has read the
//! whole body, "too large" say, and closes, would not be heard: its answer would be lost in the failure to write.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};
use ureq::Timeout;
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, Either, LazyBuffers, NextTimeout, Transport,
};

/// Connects by TCP, unless there is a tunnel already.
#[derive(Debug)]
pub(super) struct Dial;

impl<In: Transport> Connector<In> for Dial {
    type Out = Either<In, Line>;

    fn connect(&self, details: &ConnectionDetails<'_>, chained: Option<In>) -> Result<Option<Self::Out>, ureq::Error> {
        if let Some(tunnel) = chained {
            return Ok(Some(Either::A(tunnel)));
        }
        let limit = Limit::of(details.timeout);
        let mut failed = ureq::Error::ConnectionFailed;
        let mut left = details.addrs.len();
        for address in &details.addrs {
            // Each may take its share of the time that is left, so that one that is silent leaves time for the others.
            let share = limit.left()? / u32::try_from(left).unwrap_or(u32::MAX);
            left -= 1;
            match TcpStream::connect_timeout(address, share.max(SHORTEST)) {
                Ok(stream) => {
                    let config = details.config;
                    let buffers = LazyBuffers::new(config.input_buffer_size(), config.output_buffer_size());
                    stream.set_nodelay(true)?;
                    return Ok(Some(Either::B(Line { stream, buffers, is_broken: false })));
                }
                Err(error) => failed = limit.why(error),
            }
        }
        Err(failed)
    }
}

/// A connection.
#[derive(Debug)]
pub(super) struct Line {
    stream: TcpStream,
    buffers: LazyBuffers,
    /// Nothing can be written any more. An answer may have come before.
    is_broken: bool,
}

impl Transport for Line {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        let limit = Limit::of(timeout.for_write());
        let mut rest = &self.buffers.output()[..amount];
        while !rest.is_empty() && !self.is_broken {
            self.stream.set_write_timeout(Some(limit.left()?))?;
            match self.stream.write(rest) {
                Ok(0) => self.is_broken = true,
                Ok(written) => rest = &rest[written..],
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if is_hung_up(&error) => self.is_broken = true,
                Err(error) => return Err(limit.why(error)),
            }
        }
        Ok(())
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        let limit = Limit::of(timeout.for_read());
        let room = self.buffers.input_append_buf();
        let read = loop {
            self.stream.set_read_timeout(Some(limit.left()?))?;
            match self.stream.read(room) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(limit.why(error)),
                Ok(read) => break read,
            }
        };
        self.buffers.input_appended(read);
        Ok(read > 0)
    }

    fn is_open(&mut self) -> bool {
        // What has come unasked is as bad as an end.
        let is_silent = |stream: &mut TcpStream| {
            stream.set_nonblocking(true)?;
            let silence = stream.read(&mut [0]).is_err_and(|error| error.kind() == ErrorKind::WouldBlock);
            stream.set_nonblocking(false)?;
            io::Result::Ok(silence)
        };
        !self.is_broken && is_silent(&mut self.stream).unwrap_or(false)
    }
}

/// The other side has closed the connection.
fn is_hung_up(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted)
}

/// When a call has to be over.
struct Limit {
    end: Option<Instant>,
    reason: Timeout,
}

impl Limit {
    fn of(timeout: NextTimeout) -> Limit {
        // Without a bound there is one all the same, since a socket takes no longer one.
        Limit { end: Instant::now().checked_add((*timeout.after).min(LONGEST)), reason: timeout.reason }
    }

    /// What is left, which is more than nothing.
    fn left(&self) -> Result<Duration, ureq::Error> {
        let left = self.end.map_or(LONGEST, |end| end.saturating_duration_since(Instant::now()));
        if left.is_zero() { Err(ureq::Error::Timeout(self.reason)) } else { Ok(left) }
    }

    /// A socket says that its time is up in two ways.
    fn why(&self, error: io::Error) -> ureq::Error {
        match error.kind() {
            ErrorKind::TimedOut | ErrorKind::WouldBlock => ureq::Error::Timeout(self.reason),
            _ => ureq::Error::Io(error),
        }
    }
}

const SHORTEST: Duration = Duration::from_millis(10);
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
