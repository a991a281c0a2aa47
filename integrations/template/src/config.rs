//! How a ledger is set up.

use crate::backend::LedgerBackend;
use hyperlog_delivery::{ExportSink, Exporter, StartError};
use std::error::Error;
use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

/// Sets up an output to a ledger. See [the options](crate#options).
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before `start`"]
pub struct Ledger {
    address: String,
    name: String,
    answer_within: Duration,
}

impl Ledger {
    /// At this address, `127.0.0.1:7000` say.
    pub fn new(address: &str) -> Ledger {
        Ledger { address: address.to_owned(), name: "ledger".to_owned(), answer_within: Duration::from_secs(10) }
    }

    /// The name it bears in health, in complaints, and as the name of its thread.
    pub fn name(mut self, name: &str) -> Ledger {
        self.name = name.to_owned();
        self
    }

    /// How long connecting, sending, and waiting for the answer may take, each.
    pub fn answer_within(mut self, deadline: Duration) -> Ledger {
        self.answer_within = deadline;
        self
    }

    /// The backend alone, for an [`Exporter`] that is set up by hand.
    ///
    /// # Errors
    ///
    /// When an option cannot be used.
    pub fn backend(&self) -> Result<LedgerBackend, LedgerError> {
        let address: SocketAddr = self.address.parse().map_err(|_| Kind::Address)?;
        if self.answer_within.is_zero() {
            return Err(Kind::NoTime.into());
        }
        Ok(LedgerBackend::new(address, self.answer_within))
    }

    /// The exporter, to set up its queue, its retries and where refused records go.
    ///
    /// # Errors
    ///
    /// As [`Ledger::backend`].
    pub fn exporter(&self) -> Result<Exporter, LedgerError> {
        Ok(Exporter::new(self.backend()?).name(&self.name))
    }

    /// Starts to send.
    ///
    /// # Errors
    ///
    /// As [`Ledger::backend`], or when there is no thread to be had.
    pub fn start(&self) -> Result<ExportSink, LedgerError> {
        Ok(self.exporter()?.start().map_err(Kind::Start)?)
    }
}

/// Why a ledger could not be set up.
///
/// The kind is private, so that a new one is no change of the interface.
#[derive(Debug)]
pub struct LedgerError(Kind);

#[derive(Debug)]
enum Kind {
    Address,
    NoTime,
    Start(StartError),
}

impl From<Kind> for LedgerError {
    fn from(kind: Kind) -> LedgerError {
        LedgerError(kind)
    }
}

impl fmt::Display for LedgerError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self.0 {
            Kind::Address => {
                "the address of the ledger cannot be read: write an IP address and a port, such as 127.0.0.1:7000"
            }
            Kind::NoTime => "the ledger is given no time to answer: let `answer_within` be more than zero",
            Kind::Start(_) => "the ledger cannot be started",
        })
    }
}

impl Error for LedgerError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.0 {
            Kind::Address | Kind::NoTime => None,
            Kind::Start(error) => Some(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_used_is_refused_with_what_to_write() {
        let told = |ledger: Ledger| ledger.backend().expect_err("it cannot be used").to_string();
        assert!(told(Ledger::new("ledger")).contains("such as 127.0.0.1:7000"));
        let hasty = Ledger::new("127.0.0.1:7000").answer_within(Duration::ZERO);
        assert!(told(hasty).contains("`answer_within`"));
    }
}
