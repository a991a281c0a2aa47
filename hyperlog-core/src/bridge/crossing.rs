//! Which way a thread goes between hyperlog and another facade.

use std::cell::Cell;
use std::thread::LocalKey;

/// Which way a thread is crossing a bridge: with both ways open, nothing goes back to where it came from. Each bridge has
/// one of its own for each thread.
///
/// ```
/// use hyperlog_core::bridge::{Crossing, Way};
///
/// thread_local! {
///     static CROSSING: Crossing = const { Crossing::new() };
/// }
///
/// Way::Inward.take(&CROSSING, || assert!(Way::Inward.is_taken(&CROSSING)));
/// assert!(!Way::Inward.is_taken(&CROSSING));
/// ```
#[derive(Debug, Default)]
pub struct Crossing {
    inward: Cell<bool>,
    outward: Cell<bool>,
}

impl Crossing {
    /// Of a thread that is on this side.
    pub const fn new() -> Crossing {
        Crossing { inward: Cell::new(false), outward: Cell::new(false) }
    }
}

/// A way over a bridge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// What another facade was told is becoming a record.
    Inward,
    /// A record is becoming what another facade is told.
    Outward,
}

impl Way {
    /// Whether this thread is on the way. One that is ending crosses no more.
    #[inline]
    pub fn is_taken(self, crossing: &'static LocalKey<Crossing>) -> bool {
        self.with(crossing, Cell::get)
    }

    /// Goes the way.
    #[inline]
    pub fn take<R>(self, crossing: &'static LocalKey<Crossing>, act: impl FnOnce() -> R) -> R {
        let before = self.with(crossing, |taken| taken.replace(true));
        let _arrival = Arrival { way: self, crossing, before };
        act()
    }

    #[inline]
    fn with(self, crossing: &'static LocalKey<Crossing>, act: impl FnOnce(&Cell<bool>) -> bool) -> bool {
        let act = |crossing: &Crossing| match self {
            Way::Inward => act(&crossing.inward),
            Way::Outward => act(&crossing.outward),
        };
        crossing.try_with(act).unwrap_or(true)
    }
}

/// Whatever happens on the way, it ends.
struct Arrival {
    way: Way,
    crossing: &'static LocalKey<Crossing>,
    before: bool,
}

impl Drop for Arrival {
    #[inline]
    fn drop(&mut self) {
        self.way.with(self.crossing, |taken| taken.replace(self.before));
    }
}
