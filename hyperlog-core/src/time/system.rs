//! The system's clock, read without detours.
//!
//! This stands apart for its one `unsafe` call: reading the clock through `SystemTime` and taking the difference to 1970
//! costs eighty instructions more, which is a fifth of a record without fields (`cargo xtask bench`, case `zero`).
#![allow(unsafe_code)]

use crate::time::Timestamp;

/// What time it is.
#[cfg(unix)]
#[inline]
pub(super) fn now() -> Timestamp {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a `timespec` of our own. The call can only fail for a clock that does not exist, and would
    // leave 1970 in place.
    unsafe { libc::clock_gettime(libc::CLOCK_REALTIME, &mut time) };
    // Not everywhere are seconds of 64 bits; the kernel keeps the nanoseconds below a thousand million.
    #[allow(clippy::unnecessary_cast)]
    let seconds = time.tv_sec as i64;
    Timestamp { seconds, nanos: time.tv_nsec as u32 }
}

/// What time it is.
#[cfg(not(unix))]
#[inline]
pub(super) fn now() -> Timestamp {
    Timestamp::from(std::time::SystemTime::now())
}

/// Nanoseconds since some time in the past.
#[cfg(any(target_os = "linux", target_os = "android"))]
#[inline]
pub(super) fn ticks() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: as above. The coarse clock costs an eighth of the precise one.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC_COARSE, &mut time) };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// Nanoseconds since some time in the past.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(super) fn ticks() -> u64 {
    use std::sync::OnceLock;
    use std::time::Instant;
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed().as_nanos() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::SystemTime;

    #[test]
    fn the_time_is_that_of_the_standard_library() {
        // A clock may be set between two readings, but hardly by an hour.
        let theirs = Timestamp::from(SystemTime::now());
        let ours = now();
        assert!(theirs.seconds().abs_diff(ours.seconds()) < 3_600, "{theirs:?} {ours:?}");
        assert!(ours.nanos < 1_000_000_000);
    }

    #[test]
    fn ticks_never_go_back() {
        let first = ticks();
        assert!(ticks() >= first);
    }
}
