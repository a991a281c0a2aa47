//! Why a file could not be opened, with its path and what to do.

use hyperlog_delivery::StartError;
use std::error::Error;
use std::fmt;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// Why a file could not become an output.
#[derive(Debug)]
pub struct FileError {
    path: PathBuf,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// Nothing was tried.
    Refused(&'static str),
    /// Another one writes to it.
    Taken,
    Failed(io::Error),
    Start(StartError),
}

impl FileError {
    pub(crate) fn refused(path: &Path, what: &'static str) -> FileError {
        FileError { path: path.to_owned(), kind: Kind::Refused(what) }
    }

    pub(crate) fn taken(path: &Path) -> FileError {
        FileError { path: path.to_owned(), kind: Kind::Taken }
    }

    pub(crate) fn failed(path: &Path, error: io::Error) -> FileError {
        FileError { path: path.to_owned(), kind: Kind::Failed(error) }
    }

    pub(crate) fn start(path: &Path, error: StartError) -> FileError {
        FileError { path: path.to_owned(), kind: Kind::Start(error) }
    }

    /// The path, if there is one.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "cannot log to {:?}: ", self.path)?;
        match &self.kind {
            Kind::Refused(what) => formatter.write_str(what),
            Kind::Taken => formatter
                .write_str("another output writes to it: choose another path, or let both be `Sharing::Shared`"),
            Kind::Failed(error) => formatter.write_str(advice(error)),
            Kind::Start(_) => formatter.write_str("the output could not be started"),
        }
    }
}

impl Error for FileError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.kind {
            Kind::Refused(_) | Kind::Taken => None,
            Kind::Failed(error) => Some(error),
            Kind::Start(error) => Some(error),
        }
    }
}

/// What happened, and what to do about it.
fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        ErrorKind::PermissionDenied => {
            "it must not be written: let the user of this process write to it and its directory"
        }
        ErrorKind::NotFound => "there is no such directory, and it could not be created",
        ErrorKind::NotADirectory => "a part of the path is a file: choose another path",
        ErrorKind::IsADirectory => "it is a directory: name a file in it",
        ErrorKind::ReadOnlyFilesystem => "the file system is read-only: choose another path, or mount it to be written",
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "the disk is full: make room, or choose another path",
        ErrorKind::InvalidFilename => "the file system takes no such name: choose another one",
        ErrorKind::Unsupported => "it is no plain file but a pipe, a device or the like: choose another path",
        _ if is_link(error) => "it is a symbolic link: name the file itself, or allow it by `Links::Followed`",
        _ => "it could not be opened",
    }
}

/// That a link was not followed.
fn is_link(error: &io::Error) -> bool {
    #[cfg(unix)]
    return error.raw_os_error() == Some(libc::ELOOP);
    #[cfg(not(unix))]
    return false;
}

/// For what is no plain file.
pub(crate) fn not_a_file() -> io::Error {
    io::Error::new(ErrorKind::Unsupported, "it is no plain file")
}
