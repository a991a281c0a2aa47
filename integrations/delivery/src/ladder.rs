//! Doing with less before there is no room at all: how full a queue is from where on it takes only what matters more.

use crate::load::{LANES, lane_of, level_of};
use hyperlog_core::Level;

/// From how full on a queue takes only records of which level and above.
///
/// A queue that climbs a rung refuses what is less severe, so that the rest of its room is for the rest. It steps back once
/// less than three quarters of what led to the rung are left, and a record is logged each time that it moves.
///
/// ```
/// use hyperlog_core::Level;
/// use hyperlog_delivery::Ladder;
///
/// let ladder = Ladder::new().from(50, Level::INFO).from(80, Level::WARN);
/// # let _ = ladder;
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ladder {
    /// From how many percent on the lane and those below it are refused. Nothing where they are not.
    refused_from: [Option<u8>; LANES],
}

impl Ladder {
    /// Takes whatever there is room for.
    pub fn new() -> Ladder {
        Ladder::default()
    }

    /// Where so many percent of the capacity are taken, only this level and what is more severe finds room.
    ///
    /// Levels count by their class: a level between two of the usual six is taken with the lower one.
    pub fn from(mut self, percent: u8, least: Level) -> Ladder {
        for from in &mut self.refused_from[..lane_of(least)] {
            *from = Some(from.map_or(percent, |known| known.min(percent)));
        }
        self
    }

    /// Whether each rung can be reached, and none is there from the start.
    pub(crate) fn is_sound(&self) -> bool {
        self.refused_from.iter().flatten().all(|percent| (1..=100).contains(percent))
    }

    pub(crate) fn of(&self, capacity: usize) -> Rungs {
        let weight_of =
            |percent: u8| capacity / 100 * usize::from(percent) + capacity % 100 * usize::from(percent) / 100;
        Rungs { refused_from: self.refused_from.map(|percent| percent.map_or(usize::MAX, weight_of)) }
    }
}

/// A ladder for a queue of one size.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rungs {
    /// The weight from which on each lane is refused. The higher the lane, the higher the weight.
    refused_from: [usize; LANES],
}

/// Where a queue stands on its ladder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Footing {
    /// The lowest lane that is taken.
    pub(crate) lane: usize,
    /// It climbs at this weight,
    climbs_at: usize,
    /// and steps back below this one.
    steps_back_below: usize,
}

impl Footing {
    pub(crate) fn on_the_ground(rungs: &Rungs) -> Footing {
        Footing::at(rungs, 0)
    }

    fn at(rungs: &Rungs, lane: usize) -> Footing {
        let steps_back_below = match lane {
            0 => 0,
            _ => rungs.refused_from[lane - 1] / 4 * 3,
        };
        Footing { lane, climbs_at: rungs.refused_from.get(lane).copied().unwrap_or(usize::MAX), steps_back_below }
    }

    /// Whether the queue has to move, now that it weighs so much.
    #[inline]
    pub(crate) fn is_left_at(self, weight: usize) -> bool {
        weight >= self.climbs_at || weight < self.steps_back_below
    }

    /// Where it moves to.
    pub(crate) fn moved(mut self, rungs: &Rungs, weight: usize) -> Footing {
        while weight >= self.climbs_at {
            self = Footing::at(rungs, self.lane + 1);
        }
        while weight < self.steps_back_below {
            self = Footing::at(rungs, self.lane - 1);
        }
        self
    }

    /// The least severe level that is taken, where that is not all.
    pub(crate) fn floor(self) -> Option<Level> {
        (self.lane > 0).then(|| level_of(self.lane))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rungs_are_climbed_and_left_with_room_between_and_may_come_in_any_order() {
        let ladder = Ladder::new().from(80, Level::WARN).from(50, Level::INFO);
        let rungs = ladder.of(1_000);
        let mut footing = Footing::on_the_ground(&rungs);
        let mut floor_at = |weight: usize| {
            if footing.is_left_at(weight) {
                footing = footing.moved(&rungs, weight);
            }
            footing.floor()
        };
        assert_eq!(floor_at(499), None);
        assert_eq!(floor_at(500), Some(Level::INFO));
        assert_eq!(floor_at(799), Some(Level::INFO));
        assert_eq!(floor_at(1_000), Some(Level::WARN));
        assert_eq!(floor_at(600), Some(Level::WARN));
        assert_eq!(floor_at(599), Some(Level::INFO));
        assert_eq!(floor_at(375), Some(Level::INFO));
        assert_eq!(floor_at(374), None);
        assert_eq!(floor_at(900), Some(Level::WARN));
        assert_eq!(floor_at(0), None);
    }

    #[test]
    fn a_percentage_that_is_none_is_not_sound() {
        assert!(Ladder::new().is_sound());
        assert!(Ladder::new().from(100, Level::FATAL).is_sound());
        assert!(!Ladder::new().from(0, Level::INFO).is_sound());
        assert!(!Ladder::new().from(101, Level::INFO).is_sound());
    }
}
