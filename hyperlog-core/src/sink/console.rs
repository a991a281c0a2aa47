//! Standard output and standard error.
//!
//! Written to a duplicate of the descriptor and never through the standard library's handle: its lock would be held
//! while a reader stalls, and the application's own prints with it.

use crate::condition::Condition;
use crate::drop_reason::DropReason;
use crate::fault;
use crate::health::LastError;
use crate::sink::{Line, Sink, SinkError, Surface, Written};
use std::fs::File;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Writes each record to standard output or standard error, whole.
///
/// | what happens | what the console does |
/// |---|---|
/// | the reader goes away | the record counts as lost, and so do all after it; nothing else is disturbed |
/// | the stream was closed before start | the same |
/// | the device is full | the record counts as lost; the next one is tried again |
/// | the stream is not ready (`EAGAIN`) | it is tried again for up to 100 ms, then the record counts as lost |
/// | a line breaks off halfway | the record counts as lost; the next one begins on a line of its own |
pub struct Console {
    name: &'static str,
    stream: Mutex<Option<Stream>>,
    is_terminal: bool,
    is_gone: AtomicBool,
    is_closed: AtomicBool,
    last_error: Mutex<Option<(String, Instant)>>,
}

impl std::fmt::Debug for Console {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Console").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Where it is written.
struct Stream {
    file: File,
    /// Whether half a line stands at its end, which the next one must not continue.
    is_torn: bool,
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
        let mut last_error = None;
        let opened = file.map_err(|error| last_error = Some(complain(format!("cannot open {name}: {error}"))));
        let file = opened.ok();
        let (is_gone, is_closed) = (AtomicBool::new(file.is_none()), AtomicBool::new(false));
        let stream = file.map(|file| Stream { file, is_torn: false });
        Console {
            name,
            is_gone,
            is_closed,
            stream: Mutex::new(stream),
            is_terminal,
            last_error: Mutex::new(last_error),
        }
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
                self.remember(complain(format!("{} is gone: {error}", self.name)));
                Written::Dropped(DropReason::Gone)
            }
            Err(error) => {
                self.remember(complain(format!("cannot write to {}: {error}", self.name)));
                Written::Dropped(DropReason::Failed)
            }
        }
    }

    fn remember(&self, error: (String, Instant)) {
        *self.last_error.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
    }

    fn write_whole(&self, bytes: &[u8]) -> io::Result<()> {
        // One lock a line: a write that is cut short must not let another line in between.
        let mut stream = self.stream.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *stream {
            Some(stream) => stream.write_line(bytes),
            None => Err(ErrorKind::BrokenPipe.into()),
        }
    }
}

/// Tells of a trouble, which is the last one from now on.
#[cold]
fn complain(what: String) -> (String, Instant) {
    fault::report("console", format_args!("{what}"));
    (what, Instant::now())
}

impl Stream {
    fn write_line(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.is_torn {
            write_patiently(&self.file, &mut &b"\n"[..])?;
            self.is_torn = false;
        }
        let mut left = bytes;
        let result = write_patiently(&self.file, &mut left);
        self.is_torn = (1..bytes.len()).contains(&left.len());
        result
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

/// Writes all, through interruptions and, for a while, a stream that is not ready. Leaves what could not be written.
fn write_patiently(mut file: &File, left: &mut &[u8]) -> io::Result<()> {
    let mut waited = 0;
    while !left.is_empty() {
        match file.write(left) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(written) => *left = left.get(written..).unwrap_or_default(),
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

    fn last_error(&self) -> Option<LastError> {
        let last = self.last_error.lock().unwrap_or_else(PoisonError::into_inner);
        last.as_ref().map(|(what, at)| LastError::new(what, at.elapsed()))
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

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::io::Read as _;
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixStream;

    #[test]
    fn a_line_that_broke_off_is_not_continued_by_the_next() {
        let (mut reader, writer) = UnixStream::pair().unwrap();
        reader.set_nonblocking(true).unwrap();
        writer.set_nonblocking(true).unwrap();
        let mut stream = Stream { file: File::from(OwnedFd::from(writer)), is_torn: false };
        let mut read = |into: &mut Vec<u8>| reader.read_to_end(into).unwrap_err().kind();
        let mut text = Vec::new();
        let long = vec![b'a'; 1 << 24];
        assert_eq!(stream.write_line(&long).unwrap_err().kind(), ErrorKind::WouldBlock);
        assert_eq!(stream.write_line(b"lost\n").unwrap_err().kind(), ErrorKind::WouldBlock);
        assert_eq!(read(&mut text), ErrorKind::WouldBlock);
        assert!((1..long.len()).contains(&text.len()), "{} bytes", text.len());
        text.clear();
        stream.write_line(b"whole\n").unwrap();
        stream.write_line(b"and whole\n").unwrap();
        assert_eq!(read(&mut text), ErrorKind::WouldBlock);
        assert_eq!(String::from_utf8_lossy(&text), "\nwhole\nand whole\n");
    }
}
