//! When to try again: pauses that grow and are never the same for two, and a breaker for what does not work at all.
//!
//! It only computes; whoever uses it waits.

use hyperlog_core::Breaker;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::time::{Duration, Instant};

/// How a failed delivery is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Retry {
    first: Duration,
    longest: Duration,
    longest_asked: Duration,
    give_up_after: Duration,
    breaks_after: u32,
}

impl Default for Retry {
    /// Pauses of up to 250 ms, doubled each time up to 30 s; ten minutes at most where the other side asks for more. A
    /// batch is given up after five minutes, and the breaker opens after five failures in a row.
    fn default() -> Retry {
        Retry {
            first: Duration::from_millis(250),
            longest: Duration::from_secs(30),
            longest_asked: Duration::from_secs(600),
            give_up_after: Duration::from_secs(300),
            breaks_after: 5,
        }
    }
}

impl Retry {
    /// As by default.
    pub fn new() -> Retry {
        Retry::default()
    }

    /// The most that the first pause takes. Each one after it may take twice as long as the one before.
    pub fn first(mut self, pause: Duration) -> Retry {
        self.first = pause;
        self
    }

    /// The most that any pause takes.
    pub fn longest(mut self, pause: Duration) -> Retry {
        self.longest = pause;
        self
    }

    /// The most that a pause takes for which the other side asks.
    pub fn longest_asked(mut self, pause: Duration) -> Retry {
        self.longest_asked = pause;
        self
    }

    /// How long the same records are tried. Then they are lost, and counted.
    pub fn give_up_after(mut self, time: Duration) -> Retry {
        self.give_up_after = time;
        self
    }

    /// How many failures in a row open the breaker.
    pub fn breaks_after(mut self, failures: u32) -> Retry {
        self.breaks_after = failures.max(1);
        self
    }

    /// Whether records that were first tried then are given up now.
    pub(crate) fn gives_up(&self, first_tried: Instant, now: Instant) -> bool {
        now.saturating_duration_since(first_tried) >= self.give_up_after
    }
}

/// How an output is getting on.
pub(crate) struct Pace {
    retry: Retry,
    failures_in_a_row: u32,
    breaker: Breaker,
}

impl Pace {
    pub(crate) fn new(retry: Retry) -> Pace {
        Pace { retry, failures_in_a_row: 0, breaker: Breaker::Closed }
    }

    pub(crate) fn breaker(&self) -> Breaker {
        self.breaker
    }

    pub(crate) fn retry(&self) -> &Retry {
        &self.retry
    }

    /// A batch is about to be tried.
    pub(crate) fn trying(&mut self) {
        if self.breaker == Breaker::Open {
            self.breaker = Breaker::HalfOpen;
        }
    }

    pub(crate) fn succeeded(&mut self) {
        self.failures_in_a_row = 0;
        self.breaker = Breaker::Closed;
    }

    /// How long to wait, if the other side asks for this long: between nothing and a bound that doubles.
    pub(crate) fn failed(&mut self, asked: Option<Duration>) -> Duration {
        let doublings = self.failures_in_a_row.min(31);
        self.failures_in_a_row = self.failures_in_a_row.saturating_add(1);
        if self.failures_in_a_row >= self.retry.breaks_after || self.breaker == Breaker::HalfOpen {
            self.breaker = Breaker::Open;
        }
        let bound = self.retry.first.saturating_mul(1 << doublings).min(self.retry.longest);
        let asked = asked.unwrap_or_default().min(self.retry.longest_asked);
        // Far below where floats round up beyond what a duration holds.
        bound.min(MONTH).mul_f64(fraction()).max(asked)
    }
}

const MONTH: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Somewhere between 0 and 1.
fn fraction() -> f64 {
    // Each state has keys of its own: as random as any table of the standard library.
    let bits = RandomState::new().hash_one(Instant::now());
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLISECOND: Duration = Duration::from_millis(1);

    #[test]
    fn pauses_lie_between_nothing_and_a_bound_that_doubles() {
        let mut pace = Pace::new(Retry::new());
        for bound in [250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000] {
            let pause = pace.failed(None);
            assert!(pause <= bound * MILLISECOND, "{pause:?} of {bound}");
        }
        pace.succeeded();
        assert!(pace.failed(None) <= 250 * MILLISECOND);
    }

    #[test]
    fn no_two_pauses_are_the_same() {
        let pauses: std::collections::BTreeSet<_> = (0..100).map(|_| Pace::new(Retry::new()).failed(None)).collect();
        assert!(pauses.len() > 90, "{pauses:?}");
        assert!(*pauses.first().unwrap() < 50 * MILLISECOND && *pauses.last().unwrap() > 200 * MILLISECOND);
    }

    #[test]
    fn what_the_other_side_asks_for_is_the_least_and_has_an_end() {
        let mut pace = Pace::new(Retry::new());
        assert!(pace.failed(Some(Duration::from_secs(90))) >= Duration::from_secs(90));
        assert_eq!(pace.failed(Some(Duration::MAX)), Duration::from_secs(600));
        assert_eq!(
            Pace::new(Retry::new().longest_asked(MILLISECOND).first(MILLISECOND)).failed(Some(Duration::MAX)),
            MILLISECOND
        );
    }

    #[test]
    fn the_breaker_opens_after_failures_in_a_row_and_one_success_closes_it() {
        let mut pace = Pace::new(Retry::new().breaks_after(3));
        let fail = |pace: &mut Pace| {
            pace.trying();
            pace.failed(None);
            pace.breaker()
        };
        assert_eq!(
            [fail(&mut pace), fail(&mut pace), fail(&mut pace)],
            [Breaker::Closed, Breaker::Closed, Breaker::Open]
        );
        pace.trying();
        assert_eq!(pace.breaker(), Breaker::HalfOpen);
        pace.failed(None);
        assert_eq!(pace.breaker(), Breaker::Open, "one failure is enough now");
        pace.trying();
        pace.succeeded();
        assert_eq!(pace.breaker(), Breaker::Closed);
        assert_eq!(fail(&mut pace), Breaker::Closed);
    }

    #[test]
    fn doubling_has_no_end_that_overflows() {
        let mut pace = Pace::new(Retry::new().longest(Duration::MAX).first(Duration::from_secs(u64::MAX / 4)));
        for _ in 0..100 {
            pace.failed(None);
        }
    }
}
