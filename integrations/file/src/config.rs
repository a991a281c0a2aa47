//! A file as it is set up, and the door at which contradictions are refused.

use crate::archive::{LONGER, Place, is_packed, is_reserved};
use crate::backend::FileBackend;
use crate::direct::Direct;
use crate::error::FileError;
use crate::fs::{Fs, Machine};
use crate::handle::FileHandle;
use crate::live::Live;
use crate::options::{Buffer, Compression, Links, Options, Retention, Rotation, Sharing};
use hyperlog_core::Clock;
use hyperlog_delivery::{ExportSink, Exporter, Retry};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Sets up a file as an output.
///
/// ```
/// use hyperlog_file::{File, Period, Retention, Rotation};
///
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("app.log");
/// let sink = File::new(path) // "logs/app.log", say
///     .rotation(Rotation::new().size(64 << 20).every(Period::Day))
///     .retention(Retention::new().count(30).total_bytes(1 << 30))
///     .start()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "nothing is opened before `start`, `exporter` or `direct`"]
pub struct File {
    path: Result<PathBuf, FileError>,
    options: Options,
    handle: FileHandle,
}

impl File {
    /// The file at this path. Directories on the way to it are created.
    pub fn new(path: impl Into<PathBuf>) -> File {
        File { path: checked_path(path.into()), options: Options::default(), handle: FileHandle::new() }
    }

    /// The file of this name directly below a directory, where the name comes from data: whatever would lie elsewhere, or
    /// be taken for something else, is refused when the file is opened.
    ///
    /// ```
    /// use hyperlog_file::File;
    ///
    /// let refused = File::in_directory("logs", "../../etc/passwd").start();
    /// assert!(refused.unwrap_err().to_string().contains("a name must be of one part"));
    /// ```
    pub fn in_directory(root: impl AsRef<Path>, name: &str) -> File {
        let path = checked_name(name).and_then(|name| checked_path(root.as_ref().join(name)));
        File { path, options: Options::default(), handle: FileHandle::new() }
    }

    /// When a new file begins: never, unless said otherwise.
    pub fn rotation(mut self, rotation: Rotation) -> File {
        self.options.rotation = rotation;
        self
    }

    /// Which archives stay: all, unless said otherwise.
    pub fn retention(mut self, retention: Retention) -> File {
        self.options.retention = retention;
        self
    }

    /// How archives are compressed: not at all, unless said otherwise.
    pub fn compression(mut self, compression: Compression) -> File {
        self.options.compression = Some(compression);
        self
    }

    /// What [`File::direct`] holds back to write it at once.
    pub fn buffer(mut self, buffer: Buffer) -> File {
        self.options.buffer = buffer;
        self
    }

    /// Whether several processes may write to the file.
    pub fn sharing(mut self, sharing: Sharing) -> File {
        self.options.sharing = sharing;
        self
    }

    /// Whether the file may be a symbolic link.
    pub fn links(mut self, links: Links) -> File {
        self.options.links = links;
        self
    }

    /// The permissions of files that are created, whatever the mask of the process: `0o640`, unless said otherwise.
    pub fn mode(mut self, mode: u32) -> File {
        self.options.mode = mode;
        self
    }

    /// The permissions of directories that are created, whatever the mask of the process: `0o750`, unless said otherwise.
    pub fn directory_mode(mut self, mode: u32) -> File {
        self.options.directory_mode = mode;
        self
    }

    /// Where another output of this process has the file, waits until that is closed, instead of failing: for an output
    /// that takes the place of another. What is logged meanwhile stays in the queue; [direct](File::direct), it is lost.
    pub fn in_turn(mut self) -> File {
        self.options.is_in_turn = true;
        self
    }

    /// By which periods are told: the system's clock, unless said otherwise.
    pub fn clock(mut self, clock: Clock) -> File {
        self.options.clock = clock;
        self
    }

    /// By which the file is reopened or rotated from elsewhere, once a logger owns it.
    pub fn handle(&self) -> FileHandle {
        self.handle.clone()
    }

    /// Opens the file and delivers to it from a queue, on a thread of its own: short for `self.exporter()?.start()`.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened, or options contradict each other.
    pub fn start(self) -> Result<ExportSink, FileError> {
        let path = self.path.as_ref().map(PathBuf::clone).unwrap_or_default();
        self.exporter()?.start().map_err(|error| FileError::start(&path, error))
    }

    /// Opens the file, and leaves it to the options of an exporter how records wait for it.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened, or options contradict each other.
    pub fn exporter(self) -> Result<Exporter, FileError> {
        // A disk that is full has room again at any moment, and there is nobody whom trying often would disturb.
        let retry = Retry::new().first(FIRST_PAUSE).longest(LONGEST_PAUSE).give_up_after(Duration::MAX);
        let live = self.open(Arc::new(Machine))?;
        Ok(Exporter::new(FileBackend::new(live)).name("file").retry(retry))
    }

    /// Opens the file and writes to it on the thread that logs.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened, or options contradict each other.
    pub fn direct(self) -> Result<Direct, FileError> {
        let buffer = self.options.buffer;
        Ok(Direct::new(self.open(Arc::new(Machine))?, buffer))
    }

    pub(crate) fn open(self, fs: Arc<dyn Fs>) -> Result<Live, FileError> {
        let path = self.path?;
        check(&path, &self.options)?;
        let path = match self.options.links {
            Links::Refused => path,
            Links::Followed => followed(path),
        };
        Live::start(fs, Place::of(&path), self.options, self.handle)
    }
}

impl std::fmt::Debug for File {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("File").field("path", &self.path).finish_non_exhaustive()
    }
}

/// Logging is to go on within a second after there is room again.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// A path that names a file.
fn checked_path(path: PathBuf) -> Result<PathBuf, FileError> {
    let bytes = path.as_os_str().as_encoded_bytes();
    let ends_as_directory = bytes.last().is_some_and(|byte| *byte == b'/' || (cfg!(windows) && *byte == b'\\'));
    let what = match path.file_name() {
        _ if bytes.is_empty() => "the path is empty: name a file",
        _ if bytes.contains(&0) => "the path contains a NUL: no file can be called that",
        // `file_name` looks past a dot at the end.
        Some(_) if !ends_as_directory && !bytes.ends_with(b"/.") => match path.file_name().map(|name| name.len()) {
            Some(length) if length > LONGEST_NAME => "the name is longer than 255 bytes: choose a shorter one",
            _ => return Ok(path),
        },
        _ => "the path names a directory: name a file in it",
    };
    Err(FileError::refused(&path, what))
}

/// A name from data: one part, and nothing that is or could become another file of ours.
fn checked_name(name: &str) -> Result<&str, FileError> {
    let what = match name {
        "" => "the name is empty",
        name if name.contains(['/', '\\', ':']) || name == "." || name == ".." => {
            "a name must be of one part, without separators or `..`: it comes from data, and is to stay in its directory"
        }
        name if name.chars().any(char::is_control) => "the name contains control characters",
        name if name.len() > LONGEST_NAME => "the name is longer than 255 bytes",
        name if is_reserved(name) => "the name is one that archives or locks have",
        name => return Ok(name),
    };
    // The name itself is not shown as it is: it may be anything.
    Err(FileError::refused(Path::new(&name.chars().take(64).collect::<String>()), what))
}

/// The most that a file system takes.
const LONGEST_NAME: usize = 255;

fn check(path: &Path, options: &Options) -> Result<(), FileError> {
    let Options { rotation, retention, compression, .. } = options;
    let name = path.file_name().unwrap_or_default();
    let is_tight = |total: u64| rotation.size.is_some_and(|size| total < size);
    let modes = [options.mode, options.directory_mode];
    let what = match () {
        () if rotation.size == Some(0) => {
            "a size of 0 bytes leaves room for no record: let files be larger, or never rotate"
        }
        () if retention.count == Some(0) => "a count of 0 would keep no archive: keep one at least, or do not rotate",
        () if retention.age == Some(Duration::ZERO) => "an age of zero would keep no archive: let it be longer",
        () if retention.total_bytes == Some(0) => "0 bytes in total would keep no archive: let there be more",
        () if retention.total_bytes.is_some_and(is_tight) => {
            "the total of bytes is less than the size of one file, so that no archive would stay: let there be more"
        }
        () if compression.is_some_and(|compression| !compression.is_level_known()) => {
            "there is no such level of compression: 0 to 9 for gzip, 1 to 22 for zstd"
        }
        () if compression.is_some() && options.sharing == Sharing::Shared => {
            "a shared file cannot be compressed, since others may still write to what was put away: leave one of them out"
        }
        () if modes.iter().any(|mode| mode & !0o777 != 0) => "a mode has bits beyond 0o777",
        () if modes.iter().any(|mode| mode & 0o002 != 0) => "a mode lets everybody write: take the bit 0o002 away",
        () if options.mode & 0o200 == 0 => "a mode lets not even the owner write: add 0o200",
        () if options.directory_mode & 0o300 != 0o300 => "a mode lets not even the owner enter and write: add 0o300",
        () if options.buffer == Buffer::Bytes(0) => "a buffer of 0 bytes holds nothing: take `Buffer::Nothing`",
        () if name.len() + LONGER > LONGEST_NAME && (rotation.size.is_some() || rotation.every.is_some()) => {
            "the name is so long that its archives could not have theirs: choose a shorter one, or do not rotate"
        }
        () if name.to_str().is_some_and(is_packed) => "the name ends as compressed archives do: choose another one",
        () => return Ok(()),
    };
    Err(FileError::refused(path, what))
}

/// Where a link leads, to the end of it, whether something is there or not.
fn followed(path: PathBuf) -> PathBuf {
    let mut path = path;
    // As many as the kernel follows.
    for _ in 0..40 {
        let Ok(target) = std::fs::read_link(&path) else { break };
        path = match path.parent() {
            Some(parent) => parent.join(target),
            None => target,
        };
    }
    path
}
