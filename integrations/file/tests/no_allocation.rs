//! No record costs an allocation once the file is open, written directly or into a buffer.
//!
//! A binary of its own: counting allocations takes an allocator of our own, which is `unsafe` by its trait, and only this
//! thread may be counted.
#![allow(unsafe_code, reason = "an allocator is unsafe by its trait; this one counts and passes on")]

use hyperlog_core::{Level, Line, Partition, Sink, Timestamp, Written};
use hyperlog_file::{Buffer, File, Period, Rotation};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

fn count() {
    // While a thread ends there is nothing to count for.
    let _ = ALLOCATIONS.try_with(|allocations| allocations.set(allocations.get() + 1));
}

// SAFETY: every call is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller's promise.
        unsafe { System.realloc(block, layout, size) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn a_record_costs_no_allocation() {
    for buffer in [Buffer::Nothing, Buffer::Bytes(4_096)] {
        let directory = tempfile::tempdir().unwrap();
        let file = File::new(directory.path().join("app.log"));
        let sink = file.rotation(Rotation::new().size(1 << 30).every(Period::Week)).buffer(buffer).direct().unwrap();
        write(&sink, 1_000);
        let before = ALLOCATIONS.get();
        write(&sink, 5_000);
        assert_eq!(ALLOCATIONS.get() - before, 0, "{buffer:?}");
    }
}

/// Records of which every hundredth comes in the next second, in which the path is looked at.
fn write(sink: &impl Sink, records: i64) {
    for record in 0..records {
        let timestamp = Timestamp::new(Timestamp::now().seconds() + record / 100, 0);
        let bytes = b"a record like any other\n";
        let line = Line { bytes, level: Level::INFO, timestamp, partition: Partition::NONE };
        assert!(matches!(sink.write(&line), Written::Done | Written::Queued));
    }
}
