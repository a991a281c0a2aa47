//! A file as the engine of delivery sees it.

use crate::live::{Live, Stopped};
use hyperlog_core::report_fault;
use hyperlog_delivery::{Backend, Batch, DeliveryError, Limits, Reply, Tick};
use std::time::Duration;

/// Writes batches to a file.
pub(crate) struct FileBackend {
    live: Live,
}

impl FileBackend {
    pub(crate) fn new(live: Live) -> FileBackend {
        FileBackend { live }
    }

    fn failed(&self, error: std::io::Error) -> DeliveryError {
        DeliveryError::new(format!("cannot write to {:?}", self.live.path())).because(error)
    }
}

/// Between two tries: short, since logging is to go on soon after there is room again.
const PAUSE: Option<Duration> = Some(Duration::from_millis(50));

impl Backend for FileBackend {
    fn limits(&self) -> Limits {
        Limits::default().tick(Tick::Every(Duration::from_secs(1)))
    }

    fn begin(&mut self, preamble: &[u8]) {
        if let Err(error) = self.live.begin(preamble) {
            report_fault("file", format_args!("cannot write the head of {:?}: {error}", self.live.path()));
        }
    }

    fn deliver(&mut self, batch: &Batch<'_>) -> Reply {
        let records = || batch.entries().map(|entry| entry.bytes);
        match self.live.append(batch.pieces(), records, batch.bytes()) {
            Ok(()) => Reply::Delivered,
            Err(Stopped { arrived: 0, error }) => Reply::Retry { after: PAUSE, why: self.failed(error) },
            Err(Stopped { arrived, error }) => Reply::Interrupted { arrived, after: PAUSE, why: self.failed(error) },
        }
    }

    fn sync(&mut self) -> Result<(), DeliveryError> {
        let synced = self.live.sync();
        synced.map_err(|error| DeliveryError::new(format!("cannot sync {:?}", self.live.path())).because(error))
    }

    fn tick(&mut self) {
        if let Err(error) = self.live.tick() {
            report_fault("file", format_args!("{:?} cannot be written to now: {error}", self.live.path()));
        }
    }

    fn close(&mut self, deadline: Duration) -> Result<(), DeliveryError> {
        let closed = self.live.close(deadline);
        closed.map_err(|error| DeliveryError::new(format!("cannot close {:?}", self.live.path())).because(error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::File;
    use crate::fs::Machine;
    use crate::options::Rotation;
    use hyperlog_delivery::testing::check_backend;
    use std::sync::Arc;

    #[test]
    fn a_file_keeps_what_every_backend_promises_through_rotations_too() {
        for rotation in [Rotation::new(), Rotation::new().size(2_000)] {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("app.log");
            let make = move || FileBackend::new(File::new(&path).rotation(rotation).open(Arc::new(Machine)).unwrap());
            check_backend(make)
                .observed_by(move || {
                    let entries = std::fs::read_dir(directory.path()).unwrap();
                    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
                    // Archives by their names, which are in the order of time, and what is being written after them.
                    names.sort_by_key(|path| (path.ends_with("app.log"), path.clone()));
                    names.iter().flat_map(|path| std::fs::read(path).unwrap()).collect()
                })
                .run();
        }
    }
}
