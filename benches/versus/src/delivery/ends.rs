//! The file that the peer of this process writes to, and how the peer gets everything into it.
//!
//! A peer has one loop and no more, so that what it needs at the end lies here, where its set-up has left it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, OnceLock, PoisonError};

type Work = Box<dyn FnOnce() + Send>;

static FOLDER: OnceLock<PathBuf> = OnceLock::new();
static AT_THE_END: Mutex<Vec<Work>> = Mutex::new(Vec::new());
static FURTHER: AtomicUsize = AtomicUsize::new(0);

/// A folder for the files of this process, which is gone when this is dropped.
pub struct Folder(&'static Path);

impl Folder {
    pub fn create() -> io::Result<Self> {
        let path = FOLDER.get_or_init(|| std::env::temp_dir().join(format!("versus-{}", std::process::id())));
        fs::create_dir_all(path)?;
        Ok(Self(path))
    }

    /// All that was written, whatever the peer calls its files.
    pub fn read(&self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        for entry in fs::read_dir(self.0)? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                bytes.extend(fs::read(entry.path())?);
            }
        }
        Ok(bytes)
    }

    /// How many whole lines that is, without those that the end has added.
    pub fn lines(&self) -> io::Result<u64> {
        let lines = self.read()?.iter().filter(|byte| **byte == b'\n').count();
        Ok(lines.saturating_sub(self.further()) as u64)
    }

    /// How many lines the end has added.
    pub fn further(&self) -> usize {
        FURTHER.load(Relaxed)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(self.0);
    }
}

/// Where to write to.
pub fn path() -> PathBuf {
    FOLDER.get().map_or_else(PathBuf::new, |folder| folder.join("versus.log"))
}

/// The same, opened as every peer opens it that takes a file.
pub fn file() -> io::Result<fs::File> {
    fs::OpenOptions::new().create(true).append(true).open(path())
}

/// Leaves what has to be done before all is in the file.
pub fn at_the_end(work: impl FnOnce() + Send + 'static) {
    AT_THE_END.lock().unwrap_or_else(PoisonError::into_inner).push(Box::new(work));
}

/// The end itself has logged something.
pub fn expect_another_line() {
    FURTHER.fetch_add(1, Relaxed);
}

/// Does what was left, in its order: when this returns, what is not in the file is lost.
pub fn end() {
    let work = std::mem::take(&mut *AT_THE_END.lock().unwrap_or_else(PoisonError::into_inner));
    work.into_iter().for_each(|work| work());
}
