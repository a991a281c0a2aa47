//! What configurations are tried on: a folder, and kinds of outputs that remember.

use hyperlog::config::{Config, ConfigError, Loaded, Opened, Registry};
use hyperlog::delivery::{Backend, Batch, DeliveryError, Exporter, Limits, Reply};
use hyperlog::{Hook, Line, Memory, Sink, SinkError, Surface, Written};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// More than anything takes that does not hang.
pub(crate) const SOON: Duration = Duration::from_secs(30);

/// A folder that goes away with its test.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new() -> Folder {
        Folder::inside(&std::env::temp_dir())
    }

    /// Where syncing costs nothing, if there is such a place.
    pub(crate) fn in_memory() -> Folder {
        let memory = Path::new("/dev/shm");
        if memory.is_dir() { Folder::inside(memory) } else { Folder::new() }
    }

    fn inside(directory: &Path) -> Folder {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = directory.join(format!("hyperlog-config-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

/// Reads a text as a file of this name, and nothing else.
pub(crate) fn load_as(name: &str, text: &str) -> Result<Loaded, ConfigError> {
    let folder = Folder::new();
    Config::new().without_environment().file(folder.write(name, text)).registry(Stage::new().registry()).load()
}

/// Outputs that a test looks at. Clones are of the same.
#[derive(Clone, Default)]
pub(crate) struct Stage {
    pub(crate) memory: Memory,
    gate: Arc<(Mutex<Gate>, Condvar)>,
}

#[derive(Default)]
struct Gate {
    is_shut: bool,
    refusals: u32,
    deliveries: u32,
}

/// Nothing is to be said about it.
#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Nothing {}

impl Stage {
    pub(crate) fn new() -> Stage {
        Stage::default()
    }

    /// With an output `memory` that keeps what it is given, and an output `gate` that has a queue before it.
    pub(crate) fn registry(&self) -> Registry {
        let (kept, gated) = (self.clone(), self.clone());
        Registry::new()
            .output("memory", move |_: Nothing, _| Ok(Opened::sink(kept.clone())))
            .hook(
                "add_region",
                Hook::enrich(|draft| {
                    draft.add("region", "eu");
                }),
            )
            .output("gate", move |_: Nothing, _| Ok(Opened::exporter(Exporter::new(gated.clone()))))
    }

    pub(crate) fn text(&self) -> String {
        self.memory.text()
    }

    /// What comes to the gate waits, or does no longer.
    pub(crate) fn shut(&self, is_shut: bool) {
        self.gate.0.lock().unwrap().is_shut = is_shut;
        self.gate.1.notify_all();
    }

    /// The gate answers so often that it is not now the time.
    pub(crate) fn refuse(&self, times: u32) {
        self.gate.0.lock().unwrap().refusals = times;
    }

    pub(crate) fn wait_for_delivery(&self) {
        let gate = self.gate.0.lock().unwrap();
        drop(self.gate.1.wait_timeout_while(gate, SOON, |gate| gate.deliveries == 0).unwrap());
    }
}

impl Sink for Stage {
    fn write(&self, line: &Line<'_>) -> Written {
        self.memory.write(line)
    }

    fn flush(&self, deadline: Duration) -> Result<(), SinkError> {
        let text = format!("flushed within {deadline:?}\n");
        let (level, timestamp, partition) = (hyperlog::Level::INFO, Default::default(), hyperlog::Partition::NONE);
        let _ = self.memory.write(&Line { bytes: text.as_bytes(), level, timestamp, partition });
        Ok(())
    }

    fn surface(&self) -> Surface {
        Surface::Stream
    }
}

impl Backend for Stage {
    fn limits(&self) -> Limits {
        Limits::default().linger(Duration::ZERO)
    }

    fn deliver(&mut self, batch: &Batch<'_>) -> Reply {
        let mut gate = self.gate.0.lock().unwrap();
        gate.deliveries += 1;
        self.gate.1.notify_all();
        let mut gate = self.gate.1.wait_while(gate, |gate| gate.is_shut).unwrap();
        if gate.refusals > 0 {
            gate.refusals -= 1;
            return Reply::Retry { after: None, why: DeliveryError::new("not now") };
        }
        for entry in batch.entries() {
            let (level, timestamp, partition) = (entry.level, entry.timestamp, entry.partition);
            let _ = self.memory.write(&Line { bytes: entry.bytes, level, timestamp, partition });
        }
        Reply::Delivered
    }

    fn sync(&mut self) -> Result<(), DeliveryError> {
        let (level, timestamp, partition) = (hyperlog::Level::INFO, Default::default(), hyperlog::Partition::NONE);
        let _ = self.memory.write(&Line { bytes: b"synced\n", level, timestamp, partition });
        Ok(())
    }
}
