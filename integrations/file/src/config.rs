//! What there is to choose, as plain values, and the door at which contradictions are refused.

use crate::archive::{Codec, LONGER, Place, is_packed, is_reserved};
use crate::backend::FileBackend;
use crate::calendar::Period;
use crate::direct::Direct;
use crate::error::FileError;
use crate::fs::{Fs, Machine};
use crate::handle::FileHandle;
use crate::live::Live;
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

/// All that was chosen.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) rotation: Rotation,
    pub(crate) retention: Retention,
    pub(crate) compression: Option<Compression>,
    pub(crate) buffer: Buffer,
    pub(crate) sharing: Sharing,
    pub(crate) links: Links,
    pub(crate) mode: u32,
    pub(crate) directory_mode: u32,
    pub(crate) clock: Clock,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            rotation: Rotation::new(),
            retention: Retention::new(),
            compression: None,
            buffer: Buffer::Nothing,
            sharing: Sharing::Alone,
            links: Links::Refused,
            mode: 0o640,
            directory_mode: 0o750,
            clock: Clock::system(),
        }
    }
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

/// When a new file begins. A record stands in one file as a whole, and one that is larger than a file may be has one of its
/// own.
///
/// ```
/// use hyperlog_file::{Period, Rotation};
///
/// let rotation = Rotation::new().size(10 << 20).every(Period::Hour); // at whichever comes first
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Rotation {
    pub(crate) size: Option<u64>,
    pub(crate) every: Option<Period>,
}

impl Rotation {
    /// Never.
    pub const fn new() -> Rotation {
        Rotation { size: None, every: None }
    }

    /// Before a file grows beyond so many bytes.
    pub const fn size(mut self, bytes: u64) -> Rotation {
        self.size = Some(bytes);
        self
    }

    /// When the clock passes from one period to the next. A file that was there before is of the period in which it was last
    /// written to.
    pub const fn every(mut self, period: Period) -> Rotation {
        self.every = Some(period);
        self
    }
}

/// Which archives stay. What exceeds any of the bounds goes, the oldest first, at start and after each rotation; never the
/// file that is written to, one that is being compressed, or any file that is no archive of this one.
///
/// A bound of zero is refused: whoever wants no archives has no use for rotation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Retention {
    pub(crate) count: Option<usize>,
    pub(crate) age: Option<Duration>,
    pub(crate) total_bytes: Option<u64>,
}

impl Retention {
    /// All of them.
    pub const fn new() -> Retention {
        Retention { count: None, age: None, total_bytes: None }
    }

    /// The newest so many.
    pub const fn count(mut self, archives: usize) -> Retention {
        self.count = Some(archives);
        self
    }

    /// Those that were put away no longer ago than this.
    pub const fn age(mut self, age: Duration) -> Retention {
        self.age = Some(age);
        self
    }

    /// The newest that take no more bytes together, with what is being compressed. The file that is written to comes on top,
    /// so that together with [`Rotation::size`] this bounds what the log takes of a disk.
    pub const fn total_bytes(mut self, bytes: u64) -> Retention {
        self.total_bytes = Some(bytes);
        self
    }

    pub(crate) fn is_unbounded(&self) -> bool {
        *self == Retention::new()
    }
}

/// How archives are compressed, on a thread of its own, one at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Compression {
    pub(crate) codec: Codec,
    pub(crate) level: i32,
}

impl Compression {
    /// As `.gz`, at level 6.
    pub const fn gzip() -> Compression {
        Compression { codec: Codec::Gzip, level: 6 }
    }

    /// As `.zst`, at level 3.
    #[cfg(feature = "zstd")]
    pub const fn zstd() -> Compression {
        Compression { codec: Codec::Zstd, level: 3 }
    }

    /// How hard it tries: 0 to 9 for gzip, 1 to 22 for zstd.
    pub const fn level(mut self, level: i32) -> Compression {
        self.level = level;
        self
    }

    fn is_level_known(self) -> bool {
        match self.codec {
            Codec::Gzip => (0..=9).contains(&self.level),
            Codec::Zstd => (1..=22).contains(&self.level),
        }
    }
}

/// What a file that is written to directly holds back, to write it at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Buffer {
    /// Nothing: each record is written before the call returns.
    #[default]
    Nothing,
    /// Up to so many bytes, until there are more, a flush, the end, an error or worse, or the first record after a second.
    Bytes(usize),
}

/// Whether several processes may write to a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Sharing {
    /// They may not: whoever comes second is refused.
    #[default]
    Alone,
    /// They may. Lines stay whole; whoever came first rotates, and when it has gone another one does. Cannot be combined with
    /// compression, since another process may still write to what has just been put away.
    Shared,
}

/// Whether a file may be a symbolic link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Links {
    /// It may not: whoever can write to a directory could make another file grow.
    #[default]
    Refused,
    /// It may. It is followed once, at the start; archives lie where it leads.
    Followed,
}

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
