//! Counting a request costs no allocation once its route is known.
//!
//! A binary of its own: counting allocations takes an allocator of our own, which is `unsafe` by its trait.
#![allow(unsafe_code, reason = "an allocator is unsafe by its trait; this one counts and passes on")]

mod request;

use hyperlog_core::Logger;
use hyperlog_core::http::Policy;
use hyperlog_prometheus::Requests;
use request::{GET, Request};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

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
fn counting_a_request_costs_no_allocation() {
    // One bucket, so that the first example of a trace is the last that needs a place.
    let requests = Arc::new(Requests::new().buckets([]));
    let spent = Arc::new(AtomicU64::new(0));
    let (counted, sum) = (Arc::clone(&requests), Arc::clone(&spent));
    let policy = Arc::new(Policy::new().observe(move |ended| {
        let before = ALLOCATIONS.get();
        counted.observe(ended);
        sum.fetch_add(ALLOCATIONS.get() - before, Ordering::Relaxed);
    }));
    let logger = Logger::capture().0;
    let traced = Request { trace_parent: Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"), ..GET };
    traced.serve(&policy, &logger);
    assert!(spent.swap(0, Ordering::Relaxed) > 0, "the first of a route makes a place for it");
    for _ in 0..1_000 {
        traced.serve(&policy, &logger);
        GET.serve(&policy, &logger);
    }
    assert_eq!(spent.load(Ordering::Relaxed), 0);
}
