//! No event costs an allocation once its thread is warm, in spans or outside.
//!
//! A binary of its own: counting allocations takes an allocator of our own, which is `unsafe` by its trait, and only this
//! thread may be counted.
#![allow(unsafe_code, reason = "an allocator is unsafe by its trait; this one counts and passes on")]

use hyperlog_core::{Json, Level, Logger, Null, Output, fields};
use hyperlog_tracing::RecordLayer;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::error::Error;
use tracing::subscriber::with_default;
use tracing_subscriber::layer::SubscriberExt;

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

#[track_caller]
fn check(what: &str, work: impl Fn(u64)) {
    for number in 0..20 {
        work(number);
    }
    let before = ALLOCATIONS.get();
    for number in 0..100 {
        work(number);
    }
    assert_eq!(ALLOCATIONS.get() - before, 0, "{what}");
}

#[test]
fn no_event_allocates() {
    let logger = Logger::builder().level(Level::INFO).output(Output::new(Json::new(), Null)).build().unwrap();
    let error = std::fmt::Error;
    let event = |number| {
        let error: &(dyn Error + 'static) = &error;
        let text = "GET /users/7";
        tracing::info!(method = text, status = 200_u64, latency = 0.5, id = number, ok = true, "completed {number}");
        tracing::info!("a literal");
        tracing::info!(shown = %text, debugged = ?Some(number), raw = text.as_bytes(), huge = u128::MAX, "others");
        tracing::warn!(error, left_out = None::<u64>, "uneven");
        tracing::trace!(number, "below");
    };
    let in_spans = |what: &str| {
        let outer = tracing::info_span!("outer", a = 1, b = "two", c = 3.0, d = true, late = tracing::field::Empty);
        let _outer = outer.clone().entered();
        let inner = tracing::info_span!("inner", f = 1, g = "two", h = 3.0, i = true, id = 0);
        check(what, |number| inner.in_scope(|| event(number)));
        outer.record("late", 7);
        check(what, |number| inner.in_scope(|| event(number)));
    };
    let layer = || RecordLayer::new().logger(logger.clone());
    with_default(layer().into_subscriber(), || {
        check("outside of spans", event);
        in_spans("in spans");
        let _request = logger.with(fields!(request_id = "r-1")).enter();
        in_spans("in spans of a request");
    });
    with_default(tracing_subscriber::registry().with(layer()), || in_spans("in spans of the shared registry"));

    let before = ALLOCATIONS.get();
    let counted = Box::new(1);
    assert_eq!((ALLOCATIONS.get() - before, *counted), (1, 1), "and the counter counts");
}
