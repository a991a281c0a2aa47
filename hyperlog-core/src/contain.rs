//! What belongs to others may panic, and what a panic leaves behind may panic once more: neither gets past the logger.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs what belongs to others: its result, unless it panics.
#[inline(always)]
pub(crate) fn contain<R>(work: impl FnOnce() -> R) -> Option<R> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => Some(result),
        Err(payload) => {
            discard(payload);
            None
        }
    }
}

/// Drops what belongs to others, which may panic over it. What that panic leaves behind stays in memory: somewhere it
/// has to end.
#[cold]
pub(crate) fn discard<T>(left: T) {
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(left))) {
        std::mem::forget(again);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::panic_any;

    #[test]
    fn what_goes_well_is_returned_and_a_panic_is_not() {
        assert_eq!(contain(|| 7), Some(7));
        assert_eq!(contain(|| -> u8 { panic!("no") }), None);
    }

    #[test]
    fn what_a_panic_leaves_behind_may_panic_as_it_goes() {
        struct Bitter;
        impl Drop for Bitter {
            fn drop(&mut self) {
                panic_any(Bitter);
            }
        }
        assert_eq!(contain(|| -> u8 { panic_any(Bitter) }), None);
    }
}
