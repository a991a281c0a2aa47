//! By which a file is asked for something from elsewhere, while a logger owns its output.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Asks a file to be reopened or rotated. Clones are of the same file.
///
/// ```
/// use hyperlog_file::File;
///
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("app.log");
/// let file = File::new(path);
/// let handle = file.handle();
/// let sink = file.start()?;
/// handle.reopen();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct FileHandle {
    reopen: Arc<AtomicBool>,
    rotate: Arc<AtomicBool>,
}

impl FileHandle {
    pub(crate) fn new() -> FileHandle {
        FileHandle { reopen: Arc::default(), rotate: Arc::default() }
    }

    /// Before the next record is written, the path is looked at again: what is there now is written to, and if there is
    /// nothing a new file is created. A file that nobody writes to is reopened within a second.
    pub fn reopen(&self) {
        self.reopen.store(true, Ordering::Release);
    }

    /// Before the next record is written, a new file begins, unless this one is empty.
    pub fn rotate(&self) {
        self.rotate.store(true, Ordering::Release);
    }

    /// Reopens the file whenever the process receives a `SIGHUP`, as logrotate sends it after it has moved the file.
    ///
    /// # Errors
    ///
    /// When the signal cannot be listened to.
    #[cfg(all(unix, feature = "signal"))]
    pub fn reopen_on_sighup(&self) -> std::io::Result<()> {
        signal_hook::flag::register(libc::SIGHUP, Arc::clone(&self.reopen)).map(drop)
    }

    /// Whether anything was asked for.
    #[inline]
    pub(crate) fn is_quiet(&self) -> bool {
        !self.reopen.load(Ordering::Relaxed) && !self.rotate.load(Ordering::Relaxed)
    }

    pub(crate) fn take_reopen(&self) -> bool {
        self.reopen.swap(false, Ordering::Acquire)
    }

    pub(crate) fn take_rotate(&self) -> bool {
        self.rotate.swap(false, Ordering::Acquire)
    }
}
