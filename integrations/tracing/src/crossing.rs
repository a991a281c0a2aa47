//! Which way this thread is crossing the bridge: with both ways open, nothing goes back to where it came from.

use std::cell::Cell;

thread_local! {
    static INWARD: Cell<bool> = const { Cell::new(false) };
    static OUTWARD: Cell<bool> = const { Cell::new(false) };
}

/// A way over the bridge.
#[derive(Clone, Copy)]
pub(crate) enum Way {
    /// An event is becoming a record.
    Inward,
    /// A record is becoming an event.
    Outward,
}

impl Way {
    /// Whether this thread is on the way. One that is ending crosses no more.
    #[inline]
    pub(crate) fn is_taken(self) -> bool {
        self.with(Cell::get)
    }

    /// Goes the way.
    #[inline]
    pub(crate) fn take<R>(self, act: impl FnOnce() -> R) -> R {
        let _arrival = Arrival { way: self, before: self.with(|taken| taken.replace(true)) };
        act()
    }

    #[inline]
    fn with(self, act: impl FnOnce(&Cell<bool>) -> bool) -> bool {
        match self {
            Way::Inward => INWARD.try_with(act),
            Way::Outward => OUTWARD.try_with(act),
        }
        .unwrap_or(true)
    }
}

/// Whatever happens on the way, it ends.
struct Arrival {
    way: Way,
    before: bool,
}

impl Drop for Arrival {
    #[inline]
    fn drop(&mut self) {
        self.way.with(|taken| taken.replace(self.before));
    }
}
