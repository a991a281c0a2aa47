//! hyperlog's file, behind its queue or written to by the thread that logs, with what its users are given.

use crate::case::Case;
use crate::delivery::ends;
use hyperlog_core::{Json, Logger, Output, Redaction, error};
use hyperlog_delivery::{
    Backend, Batch, DeliveryError, ExportSink, Exporter, Handle, Limits, Promise, Reply, StartError, WhenFull,
};
use hyperlog_file::{Buffer, File};
use std::error::Error;
use std::thread;
use std::time::Duration;

/// Nobody waits as long.
const WITHOUT_END: Duration = Duration::from_secs(600);

pub fn install(case: Case) -> Result<(), Box<dyn Error>> {
    let file = File::new(ends::path());
    // Nobody else redacts.
    let builder = Logger::builder().redaction(Redaction::off());
    match case {
        Case::File => builder.output(Output::new(Json::new(), file.direct()?)).install()?,
        Case::FileBuffered => {
            let file = file.buffer(Buffer::Bytes(64 << 10)).direct()?;
            let logger = builder.output(Output::new(Json::new(), file)).install()?;
            let ended = logger.clone();
            ends::at_the_end(move || drop(ended.flush(WITHOUT_END)));
            logger
        }
        _ => {
            let exporter = file.exporter()?.when_full(WhenFull::Block(WITHOUT_END));
            let queue = match case {
                Case::DeliveryDurable => exporter.promise(Promise::Durable).patience(WITHOUT_END).start()?,
                _ => exporter.start()?,
            };
            let handle = queue.handle();
            ends::at_the_end(move || leave(&handle));
            let builder = builder.output(Output::new(Json::new(), queue));
            match case {
                Case::DeliveryBesideDead => builder.output(Output::new(Json::new(), beside(false)?)).install()?,
                Case::DeliveryBesideWell => builder.output(Output::new(Json::new(), beside(true)?)).install()?,
                _ => builder.install()?,
            }
        }
    };
    Ok(())
}

/// Returns when all is in the file. To close the output would sync it besides, which nobody else does.
fn leave(handle: &Handle) {
    const BETWEEN_LOOKS: Duration = Duration::from_micros(200);
    // An error does not wait for company, and neither does what was logged before it.
    error!("the end");
    ends::expect_another_line();
    while handle.account().pending.total() > 0 {
        thread::sleep(BETWEEN_LOOKS);
    }
}

/// A second output, to a server that takes all or cannot be reached.
fn beside(is_well: bool) -> Result<ExportSink, StartError> {
    Exporter::new(Server { is_well }).name("server").start()
}

struct Server {
    is_well: bool,
}

impl Backend for Server {
    fn limits(&self) -> Limits {
        Limits::default()
    }

    fn deliver(&mut self, _: &Batch<'_>) -> Reply {
        match self.is_well {
            true => Reply::Delivered,
            false => Reply::Retry { after: None, why: DeliveryError::new("nobody is there") },
        }
    }
}
