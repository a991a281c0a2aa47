//! When a period has passed, by a clock that may be set.

use crate::calendar::Period;
use crate::options::Rotation;

/// The period of the file that is written to.
pub(crate) struct Schedule {
    every: Option<Period>,
    /// Its number.
    current: i64,
    /// It has passed, and the file could not be put away yet.
    is_due: bool,
}

impl Schedule {
    pub(crate) fn new(rotation: Rotation) -> Schedule {
        Schedule { every: rotation.every, current: 0, is_due: false }
    }

    /// The file was begun, or last written to, in this second.
    pub(crate) fn begin(&mut self, second: i64) {
        self.is_due = false;
        if let Some(period) = self.every {
            self.current = period.number_at(second);
        }
    }

    /// Whether a period has passed.
    ///
    /// A clock that is set back a little stays in the period that has begun, so that passing the boundary once more means
    /// nothing. One that is set back further was wrong before, and counts from where it is.
    pub(crate) fn passes(&mut self, now: i64) -> bool {
        let Some(period) = self.every else { return false };
        let number = period.number_at(now);
        if number < self.current - 1 {
            self.current = number;
        }
        self.is_due |= number > self.current;
        self.is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60;

    fn schedule() -> Schedule {
        let mut schedule = Schedule::new(Rotation::new().every(Period::Minute));
        schedule.begin(100 * MINUTE);
        schedule
    }

    /// Passes through these seconds, and puts the file away whenever it is due.
    fn rotations(seconds: &[i64]) -> usize {
        let mut schedule = schedule();
        let passes = |second: &&i64| {
            let passes = schedule.passes(**second);
            if passes {
                schedule.begin(**second);
            }
            passes
        };
        seconds.iter().filter(passes).count()
    }

    #[test]
    fn a_boundary_counts_once() {
        for (seconds, expected) in [
            (&[100 * MINUTE + 1, 100 * MINUTE + 59][..], 0),
            (&[101 * MINUTE, 101 * MINUTE + 1], 1),
            (&[101 * MINUTE, 102 * MINUTE, 105 * MINUTE], 3),
        ] {
            assert_eq!(rotations(seconds), expected, "{seconds:?}");
        }
    }

    #[test]
    fn a_clock_that_sways_around_a_boundary_does_not_rotate_again() {
        let swaying: Vec<i64> = (0..100).map(|turn| 101 * MINUTE - turn % 2).collect();
        assert_eq!(rotations(&swaying), 1);
    }

    #[test]
    fn a_clock_that_was_far_ahead_counts_from_where_it_is() {
        assert_eq!(rotations(&[1_000_000 * MINUTE, 100 * MINUTE, 100 * MINUTE + 1, 101 * MINUTE, 102 * MINUTE]), 3);
    }

    #[test]
    fn what_could_not_be_put_away_stays_due() {
        let mut schedule = schedule();
        assert!(schedule.passes(101 * MINUTE));
        assert!(schedule.passes(101 * MINUTE - 1));
        schedule.begin(101 * MINUTE);
        assert!(!schedule.passes(101 * MINUTE + 1));
    }
}
