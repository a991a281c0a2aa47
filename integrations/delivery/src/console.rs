//! Standard output and standard error from a queue: written to by its thread, many records at a time.

use crate::backend::{Backend, DeliveryError, Reply};
use crate::batch::Batch;
use hyperlog_core::{Console, DropReason, Level, Line, Partition, Sink, Surface, Timestamp, Written};

/// A reader that is slow holds the thread of the queue up, and nobody who logs. What could not be written is tried again,
/// so that records may come twice where a stream breaks off halfway.
///
/// ```
/// use hyperlog_core::{Console, Json, Logger, Output, info};
/// use hyperlog_delivery::Exporter;
///
/// let queue = Exporter::new(Console::stdout()).name("console").start()?;
/// let logger = Logger::builder().output(Output::new(Json::new(), queue)).build()?;
/// info!(logger: logger, "on its way");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
impl Backend for Console {
    fn begin(&mut self, preamble: &[u8]) {
        Sink::begin(self, preamble);
    }

    fn deliver(&mut self, batch: &Batch<'_>) -> Reply {
        let mut arrived = 0;
        for (bytes, run) in batch.pieces().zip(batch.runs) {
            // A console looks at the bytes alone, and keeps those of one call together.
            let (level, timestamp, partition) = (Level::INFO, Timestamp::default(), Partition::NONE);
            match self.write(&Line { bytes, level, timestamp, partition }) {
                Written::Done | Written::Queued => arrived += run.to - run.from,
                Written::Closed | Written::Dropped(DropReason::Gone) => {
                    return Reply::Disable(DeliveryError::new("the stream is gone"));
                }
                Written::Dropped(_) => {
                    let why = DeliveryError::new("the stream does not take it now");
                    return Reply::Interrupted { arrived, after: None, why };
                }
            }
        }
        Reply::Delivered
    }

    fn surface(&self) -> Surface {
        Sink::surface(self)
    }
}
