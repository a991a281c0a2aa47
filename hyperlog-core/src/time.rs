//! When something happened: a point in time, the clock it is read from, and the ways to write it.

mod format;
mod system;
mod zone;

pub(crate) use self::format::{CurrentSecond, PAIRS, SecondDigits, TRIPLES};
pub use self::format::{PatternError, TimeFormat};
pub use self::zone::Zone;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A point in time: seconds since 1970 in UTC, and nanoseconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp {
    seconds: i64,
    nanos: u32,
}

impl Timestamp {
    /// The time on the system's clock.
    #[inline]
    pub fn now() -> Timestamp {
        system::now()
    }

    /// Seconds since 1970, which may lie before it, and nanoseconds, of which whole seconds are carried over.
    pub const fn new(seconds: i64, nanos: u32) -> Timestamp {
        let carried = (nanos / 1_000_000_000) as i64;
        Timestamp { seconds: seconds.saturating_add(carried), nanos: nanos % 1_000_000_000 }
    }

    /// Whole seconds since 1970.
    #[inline]
    pub const fn seconds(self) -> i64 {
        self.seconds
    }

    /// Nanoseconds since the last whole second.
    #[inline]
    pub const fn subsec_nanos(self) -> u32 {
        self.nanos
    }

    /// Nanoseconds since 1970.
    #[inline]
    pub const fn unix_nanos(self) -> i128 {
        self.seconds as i128 * 1_000_000_000 + self.nanos as i128
    }

    /// This much later.
    pub fn after(self, passed: Duration) -> Timestamp {
        let seconds = i64::try_from(passed.as_secs()).unwrap_or(i64::MAX);
        Timestamp::new(self.seconds.saturating_add(seconds), self.nanos + passed.subsec_nanos())
    }
}

impl From<SystemTime> for Timestamp {
    #[inline]
    fn from(time: SystemTime) -> Timestamp {
        match time.duration_since(UNIX_EPOCH) {
            Ok(since) => Timestamp { seconds: since.as_secs() as i64, nanos: since.subsec_nanos() },
            Err(before) => Timestamp::before_epoch(before.duration()),
        }
    }
}

impl Timestamp {
    #[cold]
    fn before_epoch(span: Duration) -> Timestamp {
        let seconds = -(i64::try_from(span.as_secs()).unwrap_or(i64::MAX));
        match span.subsec_nanos() {
            0 => Timestamp { seconds, nanos: 0 },
            nanos => Timestamp { seconds: seconds.saturating_sub(1), nanos: 1_000_000_000 - nanos },
        }
    }
}

impl fmt::Display for Timestamp {
    /// As RFC 3339 in UTC, with microseconds.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = Vec::with_capacity(32);
        TimeFormat::Rfc3339Micros.write(*self, &mut out);
        formatter.write_str(std::str::from_utf8(&out).unwrap_or_default())
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// Where a logger reads the time.
///
/// ```
/// use hyperlog_core::{Clock, Timestamp};
/// use std::time::Duration;
///
/// let (clock, hands) = Clock::manual(Timestamp::new(1_700_000_000, 0));
/// hands.advance(Duration::from_millis(1500));
/// assert_eq!(clock.now(), Timestamp::new(1_700_000_001, 500_000_000));
/// ```
#[derive(Clone, Default)]
pub struct Clock(Option<Arc<Mutex<Timestamp>>>);

impl Clock {
    /// The system's clock.
    pub const fn system() -> Clock {
        Clock(None)
    }

    /// A clock that stands still until its hands are moved: for tests.
    pub fn manual(start: Timestamp) -> (Clock, ClockHands) {
        let hands = Arc::new(Mutex::new(start));
        (Clock(Some(Arc::clone(&hands))), ClockHands(hands))
    }

    /// The time.
    #[inline]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            None => Timestamp::now(),
            Some(manual) => *manual.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }
}

impl Clock {
    /// Whether it stands still until its hands are moved.
    #[inline]
    pub(crate) fn is_manual(&self) -> bool {
        self.0.is_some()
    }

    /// Nanoseconds on a clock that does not run backwards, for windows and buckets; to a few milliseconds.
    #[inline]
    pub(crate) fn ticks(&self) -> u64 {
        match &self.0 {
            None => system::ticks(),
            Some(_) => self.manual_ticks(),
        }
    }

    #[cold]
    #[inline(never)]
    fn manual_ticks(&self) -> u64 {
        u64::try_from(self.now().unix_nanos()).unwrap_or(0)
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.0.is_none() { "Clock::system" } else { "Clock::manual" })
    }
}

/// Moves a [`Clock::manual`].
#[derive(Clone, Debug)]
pub struct ClockHands(Arc<Mutex<Timestamp>>);

impl ClockHands {
    /// Lets this much time pass.
    pub fn advance(&self, passed: Duration) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *now = now.after(passed);
    }

    /// Moves the clock to any time, earlier ones too.
    pub fn set(&self, now: Timestamp) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }
}
