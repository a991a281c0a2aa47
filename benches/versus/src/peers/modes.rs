//! hyperlog in each of its modes of performance, with everything else as it ships: redaction is on.

use crate::case::Case;
use crate::peers::{Loop, Peer, Standing, hyperlog};
use crate::sink::Null;
use hyperlog_core::{Json, Logger, Output, Performance};
use hyperlog_delivery::{Backend, Batch, DeliveryError, Exporter, Limits, Reply};
use std::error::Error;
use std::io::Write;
use std::time::Duration;

pub static BALANCED: Peer = Peer {
    name: "balanced",
    standing: Standing::Always,
    install: |case| install(case, Performance::Balanced),
    call,
    sites: None,
};

pub static HIGH_PERFORMANCE: Peer = Peer {
    name: "high-performance",
    standing: Standing::Always,
    install: |case| install(case, Performance::HighPerformance),
    call,
    sites: None,
};

pub static BARE: Peer = Peer {
    name: "bare-mode",
    standing: Standing::Always,
    install: |case| install(case, Performance::Bare),
    call,
    sites: None,
};

fn install(case: Case, performance: Performance) -> Result<(), Box<dyn Error>> {
    let queue = |takes| Exporter::new(System { takes }).performance(performance);
    let output = match case {
        Case::ModeQueue => Output::new(Json::new(), queue(true).start()?),
        Case::ModeFull => Output::new(Json::new(), queue(false).capacity(ROOM).start()?),
        _ => Output::new(Json::new(), Null),
    };
    Logger::builder().performance(performance).output(output).install()?;
    Ok(())
}

/// Less than the calls take that nobody counts.
const ROOM: usize = 32 << 10;

fn call(case: Case) -> Option<Loop> {
    let is_ours = matches!(case, Case::ModeNull | Case::ModeQueue | Case::ModeFull);
    is_ours.then(|| (hyperlog::JSON.call)(Case::Five)).flatten()
}

/// What takes all at once, or nothing for longer than anybody measures.
struct System {
    takes: bool,
}

impl Backend for System {
    fn limits(&self) -> Limits {
        Limits::default()
    }

    fn deliver(&mut self, batch: &Batch<'_>) -> Reply {
        if !self.takes {
            return Reply::Retry { after: Some(Duration::from_secs(600)), why: DeliveryError::new("not today") };
        }
        let mut sink = Null;
        match batch.pieces().try_for_each(|piece| sink.write_all(piece)) {
            Ok(()) => Reply::Delivered,
            Err(error) => Reply::Reject(DeliveryError::new("it is not counted").because(error)),
        }
    }
}
