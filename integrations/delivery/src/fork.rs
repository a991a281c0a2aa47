//! Whether the process has been forked: a child has the queue's memory and none of its threads.
//!
//! Unsafe, since registering what runs in a child is. To ask for the process's number instead would cost each record a
//! call into the kernel, and asking later would be too late: a child may hang on the first lock that it takes.
#![allow(unsafe_code, reason = "the standard library does not say when a process forks")]

use std::sync::atomic::{AtomicU32, Ordering};

/// The process that something was made in. A forked child has its memory, and must not write what it holds a second time.
///
/// ```
/// let origin = hyperlog_delivery::Origin::here();
/// assert!(origin.is_here());
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Origin(u32);

impl Origin {
    /// This process.
    pub fn here() -> Origin {
        watch();
        Origin(generation())
    }

    /// Whether this is still that process, and no child of it.
    #[inline]
    pub fn is_here(self) -> bool {
        generation() == self.0
    }
}

/// How often the process was forked since the first queue was made, counted along one line of children.
#[inline]
pub(crate) fn generation() -> u32 {
    GENERATION.load(Ordering::Relaxed)
}

static GENERATION: AtomicU32 = AtomicU32::new(0);

/// From here on forks are counted.
#[cfg(unix)]
pub(crate) fn watch() {
    static WATCHED: std::sync::Once = std::sync::Once::new();
    extern "C" fn count() {
        GENERATION.fetch_add(1, Ordering::Relaxed);
    }
    WATCHED.call_once(|| {
        // SAFETY: the function is one that may run in a child of any process: it adds to a number, and takes no lock.
        let registered = unsafe { libc::pthread_atfork(None, None, Some(count)) };
        if registered != 0 {
            hyperlog_core::report_fault(
                "delivery",
                format_args!("forks cannot be watched: do not log in a forked child"),
            );
        }
    });
}

#[cfg(not(unix))]
pub(crate) fn watch() {}
