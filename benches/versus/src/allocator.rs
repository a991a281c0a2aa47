//! The system allocator with a meter: one relaxed load per call while the meter is off.
#![allow(unsafe_code, reason = "a global allocator cannot be written without it")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering::Relaxed};

static ON: AtomicBool = AtomicBool::new(false);
static CALLS: AtomicU64 = AtomicU64::new(0);
static HELD: AtomicI64 = AtomicI64::new(0);

pub struct Metered;

/// What was asked of the allocator while some work ran.
pub struct Reading {
    /// Calls that asked for memory.
    pub calls: u64,
    /// Bytes taken and not given back; negative when the work freed what stood before it.
    pub held: i64,
}

/// Runs `work` with the meter on. Threads that the work starts are metered too.
pub fn metered(work: impl FnOnce()) -> Reading {
    CALLS.store(0, Relaxed);
    HELD.store(0, Relaxed);
    ON.store(true, Relaxed);
    work();
    ON.store(false, Relaxed);
    Reading { calls: CALLS.load(Relaxed), held: HELD.load(Relaxed) }
}

#[cold]
fn took(bytes: usize) {
    CALLS.fetch_add(1, Relaxed);
    HELD.fetch_add(bytes as i64, Relaxed);
}

#[cold]
fn gave(bytes: usize) {
    HELD.fetch_sub(bytes as i64, Relaxed);
}

// SAFETY: every call is passed on to the system allocator unchanged; the meter allocates nothing.
unsafe impl GlobalAlloc for Metered {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if ON.load(Relaxed) {
            took(layout.size());
        }
        // SAFETY: the caller's promises are exactly those that the system allocator asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if ON.load(Relaxed) {
            took(layout.size());
        }
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if ON.load(Relaxed) {
            gave(layout.size());
            took(size);
        }
        // SAFETY: as above.
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        if ON.load(Relaxed) {
            gave(layout.size());
        }
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}
