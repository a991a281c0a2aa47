//! A directory that goes away with its test, and what a test wants to know of it.

use hyperlog_core::{Level, Line, Partition, Sink, Timestamp, Written};
use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

pub(crate) struct Place {
    directory: tempfile::TempDir,
}

impl Place {
    pub(crate) fn new() -> Place {
        Place { directory: tempfile::tempdir().unwrap() }
    }

    /// Where syncing costs nothing, if there is such a place.
    #[cfg(target_os = "linux")]
    pub(crate) fn in_memory() -> Place {
        Place { directory: tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap() }
    }

    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.directory().join("app.log")
    }

    /// What stands in the file that is written to.
    pub(crate) fn text(&self) -> String {
        fs::read_to_string(self.path()).unwrap_or_default()
    }

    /// The names of all archives, sorted as they are listed by `ls`.
    pub(crate) fn archives(&self) -> Vec<String> {
        archives_in(self.directory())
    }

    /// What stands in all archives and then in the file, with what is compressed as it was.
    pub(crate) fn all_text(&self) -> String {
        let archives = self.archives();
        let archives = archives.iter().map(|name| String::from_utf8(unpacked(&self.directory().join(name))).unwrap());
        archives.chain([self.text()]).collect()
    }

    /// How often each line stands in all files together.
    pub(crate) fn lines(&self) -> BTreeMap<String, usize> {
        counted(&self.all_text())
    }
}

pub(crate) fn counted(text: &str) -> BTreeMap<String, usize> {
    let mut lines = BTreeMap::new();
    text.split_inclusive('\n').for_each(|line| *lines.entry(line.to_owned()).or_default() += 1);
    lines
}

pub(crate) fn archives_in(directory: &Path) -> Vec<String> {
    let names = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let is_archive = |name: &String| {
        name.starts_with("app.2") && [".log", ".log.gz", ".log.zst"].iter().any(|ending| name.ends_with(ending))
    };
    let mut names: Vec<String> = names.filter(is_archive).collect();
    names.sort();
    names
}

pub(crate) fn unpacked(path: &Path) -> Vec<u8> {
    let (bytes, mut unpacked) = (fs::read(path).unwrap(), Vec::new());
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("gz") => drop(flate2::read::MultiGzDecoder::new(&*bytes).read_to_end(&mut unpacked).unwrap()),
        #[cfg(feature = "zstd")]
        Some("zst") => unpacked = zstd::decode_all(&*bytes).unwrap(),
        _ => unpacked = bytes,
    }
    unpacked
}

/// Writes a line, which must be taken.
#[track_caller]
pub(crate) fn write(sink: &impl Sink, text: &str) {
    write_at(sink, Level::INFO, text);
}

#[track_caller]
pub(crate) fn write_at(sink: &impl Sink, level: Level, text: &str) {
    let written = try_write_at(sink, level, text);
    assert!(matches!(written, Written::Done | Written::Queued), "{text:?} was answered {written:?}");
}

/// Writes a line, and says what became of it.
pub(crate) fn try_write(sink: &impl Sink, text: &str) -> Written {
    try_write_at(sink, Level::INFO, text)
}

fn try_write_at(sink: &impl Sink, level: Level, text: &str) -> Written {
    sink.write(&Line { bytes: text.as_bytes(), level, timestamp: Timestamp::now(), partition: Partition::NONE })
}

pub(crate) fn flush(sink: &impl Sink) {
    sink.flush(PATIENCE).unwrap();
}

pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Waits until something is so; for what happens on a thread that nothing else can be waited for.
#[track_caller]
pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "{what} has not happened");
        std::thread::sleep(Duration::from_millis(2));
    }
}
