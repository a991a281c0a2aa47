//! Where every peer writes: a sink that counts and touches the bytes and then forgets them, so that only the work of
//! the logger is left to measure.

use std::cell::Cell;
use std::io;
use std::io::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

thread_local! {
    static BYTES: Cell<u64> = const { Cell::new(0) };
    static SUM: Cell<u64> = const { Cell::new(0) };
}

static CAPTURE: AtomicBool = AtomicBool::new(false);
static CAPTURED: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// Discards what it is given, but reads one byte of every cache line and counts; nothing is shared between threads.
#[derive(Clone, Copy, Debug, Default)]
pub struct Null;

impl Write for Null {
    #[inline]
    fn write(&mut self, b: &[u8]) -> io::Result<usize> {
        let mut s = 0u64;
        let mut i = 0;
        while i < b.len() {
            s += b[i] as u64;
            i += 64;
        }
        BYTES.with(|c| c.set(c.get() + b.len() as u64));
        SUM.with(|c| c.set(c.get() + s));
        if CAPTURE.load(Relaxed) {
            CAPTURED.lock().unwrap().extend_from_slice(b)
        }
        Ok(b.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// How many bytes this thread has written.
pub fn written() -> u64 {
    BYTES.get()
}

/// What is written while `work` runs.
pub fn captured(work: impl FnOnce()) -> Vec<u8> {
    CAPTURE.store(true, Relaxed);
    work();
    CAPTURE.store(false, Relaxed);
    std::mem::take(&mut CAPTURED.lock().unwrap())
}
