//! The processor time of this thread, which other threads of the process do not add to.
//!
//! It is unsafe code because only the system knows it, and the standard library does not ask.
#![allow(unsafe_code, reason = "only the system knows it")]

use std::time::Duration;

pub fn busy() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a value that lives until the call returns, and the call writes nothing else.
    let failed = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    assert_eq!(failed, 0, "every thread has such a clock");
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
