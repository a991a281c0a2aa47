//! The counter of the processor: a clock that takes a few nanoseconds to read, where the system's takes as long as a call.
//!
//! It is unsafe code because the standard library declares it so.
#![allow(unsafe_code, reason = "the standard library declares the counter as unsafe")]

use std::time::{Duration, Instant};

#[inline(always)]
pub fn now() -> u64 {
    // SAFETY: every x86-64 processor has this instruction, which touches no memory.
    unsafe { core::arch::x86_64::_rdtsc() }
}

/// How many there are in a nanosecond.
pub fn per_nanosecond() -> f64 {
    const LONG_ENOUGH: Duration = Duration::from_millis(20);
    let (begun, first) = (Instant::now(), now());
    while begun.elapsed() < LONG_ENOUGH {}
    (now() - first) as f64 / begun.elapsed().as_nanos() as f64
}
