//! Standard output and standard error.
//!
//! Written to a duplicate of the descriptor and never through the standard library's handle: its lock would be held
//! while a reader stalls, and the application's own prints with it.

use crate::fault;
use crate::sink::{Condition, DropReason, Line, Sink, SinkError, Surface, Written};
use std::fs::File;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Writes each record to standard output or standard error, whole.
///
/// | what happens | what the console does |
/// |---|---|
/// | the reader goes away | the record counts as lost, and so do all after it; nothing else is disturbed |
/// | the stream was closed before start | the same |
/// | the device is full | the record counts as lost; the next one is tried again |
/// | the stream is not ready (`EAGAIN`) | it is tried again for up to 100 ms, then the record counts as lost |
pub struct Console {
    name: &'static str,
    file: Mutex<Option<File>>,
    is_terminal: bool,
    is_gone: AtomicBool,
    is_closed: AtomicBool,
}

impl Console {
    /// Standard output.
    pub fn stdout() -> Console {
        Console::open("standard output", duplicate(io::stdout()), io::stdout().is_terminal())
    }

    /// Standard error.
    pub fn stderr() -> Console {
        Console::open("standard error", duplicate(io::stderr()), io::stderr().is_terminal())
    }

    fn open(name: &'static str, file: io::Result<File>, is_terminal: bool) -> Console {
        let file = file.map_err(|error| fault::report("console", format_args!("cannot open {name}: {error}"))).ok();
        let (is_gone, is_closed) = (AtomicBool::new(file.is_none()), AtomicBool::new(false));
        Console { name, is_gone, is_closed, file: Mutex::new(file), is_terminal }
    }

    /// Writes this if that is possible, and tells what came of it.
    fn put(&self, bytes: &[u8]) -> Written {
        if self.is_closed.load(Ordering::Relaxed) {
            return Written::Closed;
        }
        if self.is_gone.load(Ordering::Relaxed) {
            return Written::Dropped(DropReason::Gone);
        }
        match self.write_whole(bytes) {
            Ok(()) => Written::Done,
            Err(error) if is_final(&error) => {
                self.is_gone.store(true, Ordering::Relaxed);
                fault::report("console", format_args!("{} is gone: {error}", self.name));
                Written::Dropped(DropReason::Gone)
            }
            Err(error) => {
                fault::report("console", format_args!("cannot write to {}: {error}", self.name));
                Written::Dropped(DropReason::Failed)
            }
        }
    }

    fn write_whole(&self, bytes: &[u8]) -> io::Result<()> {
        // One lock a line: a write that is cut short must not let another line in between.
        let file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        match &*file {
            Some(file) => write_patiently(file, bytes),
            None => Err(ErrorKind::BrokenPipe.into()),
        }
    }
}

#[cfg(unix)]
fn duplicate(stream: impl std::os::fd::AsFd) -> io::Result<File> {
    Ok(File::from(stream.as_fd().try_clone_to_owned()?))
}

#[cfg(windows)]
fn duplicate(stream: impl std::os::windows::io::AsHandle) -> io::Result<File> {
    Ok(File::from(stream.as_handle().try_clone_to_owned()?))
}

/// How long a stream that is not ready is waited for, in steps.
const STEPS: u32 = 100;
const STEP: Duration = Duration::from_millis(1);

/// Writes all, through interruptions and, for a while, a stream that is not ready.
fn write_patiently(mut file: &File, mut bytes: &[u8]) -> io::Result<()> {
    let mut waited = 0;
    while !bytes.is_empty() {
        match file.write(bytes) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock && waited < STEPS => {
                waited += 1;
                std::thread::sleep(STEP);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

impl Sink for Console {
    fn begin(&self, preamble: &[u8]) {
        // What came of it was told where it went wrong, and no record is lost.
        let _ = self.put(preamble);
    }

    fn write(&self, line: &Line<'_>) -> Written {
        self.put(line.bytes)
    }

    fn close(&self, _: Duration) -> Result<(), SinkError> {
        self.is_closed.store(true, Ordering::Relaxed);
        Ok(())
    }

    fn condition(&self) -> Condition {
        match self.is_gone.load(Ordering::Relaxed) {
            true => Condition::Failed(format!("{} is gone", self.name)),
            false => Condition::Well,
        }
    }

    fn surface(&self) -> Surface {
        if self.is_terminal { Surface::Terminal } else { Surface::Stream }
    }
}

/// Whether writing can never succeed again: the reader went away, or the descriptor is none.
fn is_final(error: &io::Error) -> bool {
    const BAD_DESCRIPTOR: i32 = 9;
    error.kind() == ErrorKind::BrokenPipe || (cfg!(unix) && error.raw_os_error() == Some(BAD_DESCRIPTOR))
}
