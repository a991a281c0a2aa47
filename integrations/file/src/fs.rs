//! What is asked of the file system, each thing by itself, so that tests can let any of them fail.

use std::ffi::OsString;
use std::fs::{DirBuilder, File, Metadata, OpenOptions, Permissions, TryLockError};
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::path::Path;

/// A file system.
pub(crate) trait Fs: Send + Sync + 'static {
    /// Creates a file that must not exist yet, to be appended to.
    fn create(&self, path: &Path, mode: u32) -> io::Result<File>;
    /// Opens a file that exists, to be appended to, without following a link.
    fn open(&self, path: &Path) -> io::Result<File>;
    /// Opens a file to be read, without following a link.
    fn open_to_read(&self, path: &Path) -> io::Result<File>;
    /// Opens a file to be locked, and creates it if need be.
    fn open_lock(&self, path: &Path, mode: u32) -> io::Result<File>;
    /// Locks an open file, unless somebody else has.
    fn lock(&self, file: &File) -> io::Result<Lock>;
    fn read(&self, file: &File, buffer: &mut [u8]) -> io::Result<usize>;
    fn write(&self, file: &File, bytes: &[u8]) -> io::Result<usize>;
    fn write_vectored(&self, file: &File, slices: &[IoSlice<'_>]) -> io::Result<usize>;
    fn cut(&self, file: &File, length: u64) -> io::Result<()>;
    fn sync(&self, file: &File) -> io::Result<()>;
    fn sync_directory(&self, path: &Path) -> io::Result<()>;
    fn metadata(&self, file: &File) -> io::Result<Metadata>;
    /// Of what is there, links not followed.
    fn metadata_at(&self, path: &Path) -> io::Result<Metadata>;
    /// Gives a file the mode, the owner and the time of another.
    fn resemble(&self, file: &File, other: &Metadata) -> io::Result<()>;
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Gives a file a second name, which must not exist yet.
    fn link(&self, from: &Path, to: &Path) -> io::Result<()>;
    fn remove(&self, path: &Path) -> io::Result<()>;
    fn list(&self, path: &Path) -> io::Result<Vec<OsString>>;
    /// Creates a directory that must not exist yet.
    fn create_directory(&self, path: &Path, mode: u32) -> io::Result<()>;
}

/// Whether a lock was to be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lock {
    Taken,
    /// Somebody else has it.
    Refused,
}

/// Which file it is, whatever it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity(u64, u64);

impl Identity {
    #[cfg(unix)]
    pub(crate) fn of(metadata: &Metadata) -> Identity {
        use std::os::unix::fs::MetadataExt;
        Identity(metadata.dev(), metadata.ino())
    }

    /// Where nothing else tells files apart, the time of their making does.
    #[cfg(not(unix))]
    pub(crate) fn of(metadata: &Metadata) -> Identity {
        let made = metadata.created().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
        Identity(0, made.map_or(0, |made| made.as_nanos() as u64))
    }
}

/// Whether a file still has a name: what is written to one that has none is lost when it is closed.
pub(crate) fn has_name(metadata: &Metadata) -> bool {
    #[cfg(unix)]
    return std::os::unix::fs::MetadataExt::nlink(metadata) > 0;
    #[cfg(not(unix))]
    return metadata.is_file();
}

/// When a file was last written to, in seconds.
pub(crate) fn written_at(metadata: &Metadata) -> Option<i64> {
    metadata.modified().ok().map(|time| hyperlog_core::Timestamp::from(time).seconds())
}

/// The file system of the machine.
pub(crate) struct Machine;

impl Fs for Machine {
    fn create(&self, path: &Path, mode: u32) -> io::Result<File> {
        let file = uninterrupted(|| guarded(OpenOptions::new().append(true).create_new(true), mode).open(path))?;
        // Whatever the mask of the process took away.
        set_mode(|mode| file.set_permissions(mode), mode)?;
        Ok(file)
    }

    fn open(&self, path: &Path) -> io::Result<File> {
        uninterrupted(|| guarded(OpenOptions::new().append(true), 0).open(path))
    }

    fn open_to_read(&self, path: &Path) -> io::Result<File> {
        uninterrupted(|| guarded(OpenOptions::new().read(true), 0).open(path))
    }

    fn open_lock(&self, path: &Path, mode: u32) -> io::Result<File> {
        match self.create(path, mode) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => self.open(path),
            created => created,
        }
    }

    fn lock(&self, file: &File) -> io::Result<Lock> {
        uninterrupted(|| match file.try_lock() {
            Ok(()) => Ok(Lock::Taken),
            Err(TryLockError::WouldBlock) => Ok(Lock::Refused),
            Err(TryLockError::Error(error)) => Err(error),
        })
    }

    fn read(&self, mut file: &File, buffer: &mut [u8]) -> io::Result<usize> {
        uninterrupted(|| file.read(buffer))
    }

    fn write(&self, mut file: &File, bytes: &[u8]) -> io::Result<usize> {
        uninterrupted(|| file.write(bytes))
    }

    fn write_vectored(&self, mut file: &File, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        uninterrupted(|| file.write_vectored(slices))
    }

    fn cut(&self, file: &File, length: u64) -> io::Result<()> {
        uninterrupted(|| file.set_len(length))
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        uninterrupted(|| file.sync_data())
    }

    #[cfg(unix)]
    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        let synced = uninterrupted(|| File::open(path)).and_then(|directory| uninterrupted(|| directory.sync_all()));
        match synced {
            // There are file systems that do not know what that would be.
            Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => Ok(()),
            synced => synced,
        }
    }

    #[cfg(not(unix))]
    fn sync_directory(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn metadata(&self, file: &File) -> io::Result<Metadata> {
        uninterrupted(|| file.metadata())
    }

    fn metadata_at(&self, path: &Path) -> io::Result<Metadata> {
        uninterrupted(|| std::fs::symlink_metadata(path))
    }

    fn resemble(&self, file: &File, other: &Metadata) -> io::Result<()> {
        // The owner first, since a change of owner may take bits of the mode away; only the mighty may give files away.
        #[cfg(unix)]
        {
            use std::os::unix::fs::{MetadataExt, fchown};
            let own = file.metadata()?;
            if (own.uid(), own.gid()) != (other.uid(), other.gid()) {
                match uninterrupted(|| fchown(file, Some(other.uid()), Some(other.gid()))) {
                    Err(error) if error.kind() != ErrorKind::PermissionDenied => return Err(error),
                    _ => {}
                }
            }
        }
        file.set_permissions(other.permissions())?;
        match other.modified() {
            Ok(time) => file.set_modified(time),
            Err(_) => Ok(()),
        }
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        uninterrupted(|| std::fs::rename(from, to))
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        uninterrupted(|| std::fs::hard_link(from, to))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        uninterrupted(|| std::fs::remove_file(path))
    }

    fn list(&self, path: &Path) -> io::Result<Vec<OsString>> {
        uninterrupted(|| std::fs::read_dir(path))?.map(|entry| Ok(entry?.file_name())).collect()
    }

    fn create_directory(&self, path: &Path, mode: u32) -> io::Result<()> {
        let mut builder = DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, mode);
        uninterrupted(|| builder.create(path))?;
        set_mode(|mode| std::fs::set_permissions(path, mode), mode)
    }
}

/// Does it again as long as a signal comes in between.
fn uninterrupted<T>(mut act: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match act() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}

/// Opens nothing that only looks like a file: a link is refused, and a pipe without a reader is not waited for.
fn guarded(options: &mut OpenOptions, mode: u32) -> &mut OpenOptions {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_NOCTTY);
        if mode != 0 {
            options.mode(mode);
        }
    }
    #[cfg(not(unix))]
    let _ = mode;
    options
}

/// Sets the bits of a mode, where there are any and the file system keeps them.
fn set_mode(set: impl Fn(Permissions) -> io::Result<()>, mode: u32) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        match uninterrupted(|| set(Permissions::from_mode(mode))) {
            Err(error) if matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::Unsupported) => Ok(()),
            done => done,
        }
    }
    #[cfg(not(unix))]
    {
        let _ = (set, mode);
        Ok(())
    }
}
