//! A future in a scope costs no allocation: counted, in a program of its own.
//!
//! It is unsafe code because counting allocations takes an allocator.

#![allow(unsafe_code)]

use hyperlog_core::{Logger, Scope, ScopeExt};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

struct Counting;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every call is handed to the system's allocator unchanged; the counter is a plain cell without a destructor.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.set(COUNT.get() + 1);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn a_future_is_put_into_a_scope_polled_and_dropped_without_an_allocation() {
    let scope = Scope::new(Logger::disabled());
    // A thread's first scope makes room for those to come.
    drop(scope.enter());
    let before = COUNT.get();
    for _ in 0..100 {
        let mut left = 3_u32;
        let future = std::future::poll_fn(|_| {
            left -= 1;
            if left == 0 { Poll::Ready(Scope::current().is_some()) } else { Poll::Pending }
        });
        let mut future = pin!(future.in_scope(scope.clone()));
        let mut context = Context::from_waker(Waker::noop());
        assert!(future.as_mut().poll(&mut context).is_pending());
        assert!(future.as_mut().poll(&mut context).is_pending());
        assert_eq!(future.as_mut().poll(&mut context), Poll::Ready(true));
    }
    assert_eq!(COUNT.get() - before, 0);
    let counts = Box::new(1);
    assert_eq!((COUNT.get() - before, *counts), (1, 1), "and the counter counts");
}
