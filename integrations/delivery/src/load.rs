//! What is delivered together: a lane of segments for each class of levels.
//!
//! All records of one load came before all records of the next. Within a load the lanes are merged only when it is taken,
//! so that the least severe can be let go of until then without touching the others.

use crate::segment::{Mark, SEGMENT, Segment, weight_of};
use hyperlog_core::{Level, Line};

/// As many as there are classes of levels, from trace to fatal.
pub(crate) const LANES: usize = 6;

/// The lane of a level.
#[inline]
pub(crate) fn lane_of(level: Level) -> usize {
    usize::from(level.severity() - 1) / 4
}

/// The lane of errors. What is in it and above has room reserved.
pub(crate) const ERRORS: usize = 4;

/// The level that a lane begins with.
pub(crate) fn level_of(lane: usize) -> Level {
    [Level::TRACE, Level::DEBUG, Level::INFO, Level::WARN, Level::ERROR, Level::FATAL][lane]
}

/// How many of each lane.
pub(crate) type Counts = [u64; LANES];

/// Records that came one after the other, by lane.
#[derive(Default)]
pub(crate) struct Load {
    lanes: [Vec<Segment>; LANES],
    weights: [usize; LANES],
    weight: usize,
    /// The number of the last record, and one more.
    end: u64,
}

impl Load {
    #[inline]
    pub(crate) fn weight(&self) -> usize {
        self.weight
    }

    pub(crate) fn weights(&self) -> &[usize; LANES] {
        &self.weights
    }

    pub(crate) fn end(&self) -> u64 {
        self.end
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.weight == 0
    }

    /// Adds a record, with memory that is given if it is needed.
    #[inline]
    pub(crate) fn push(&mut self, sequence: u64, line: &Line<'_>, lane: usize, more: impl FnOnce() -> Option<Segment>) {
        let segments = &mut self.lanes[lane];
        match segments.last_mut() {
            Some(segment) if segment.has_room_for(line.bytes.len()) => segment.push(sequence, line),
            _ => {
                let spare = if line.bytes.len() <= SEGMENT { more() } else { None };
                let mut segment = spare.unwrap_or_else(|| Segment::with_room_for(line.bytes.len()));
                segment.push(sequence, line);
                segments.push(segment);
            }
        }
        let weight = weight_of(line.bytes.len());
        self.weights[lane] += weight;
        self.weight += weight;
        self.end = sequence + 1;
    }

    /// The number of the oldest record of a lane.
    pub(crate) fn oldest_of(&self, lane: usize) -> Option<u64> {
        self.lanes[lane].first()?.marks().first().map(|mark| mark.sequence)
    }

    /// The number of the first record of the newest segment of a lane.
    #[cfg(all(test, not(hyperlog_loom)))]
    pub(crate) fn newest_of(&self, lane: usize) -> Option<u64> {
        self.lanes[lane].last()?.marks().first().map(|mark| mark.sequence)
    }

    /// What its records take, and what is there for more.
    #[cfg(all(test, not(hyperlog_loom)))]
    pub(crate) fn memory(&self) -> usize {
        size_of::<Load>() + self.lanes.iter().flatten().map(Segment::memory).sum::<usize>()
    }

    /// Lets go of the oldest segment of a lane.
    pub(crate) fn shed(&mut self, lane: usize) -> Option<Segment> {
        if self.lanes[lane].is_empty() {
            return None;
        }
        let segment = self.lanes[lane].remove(0);
        self.weights[lane] -= segment.weight();
        self.weight -= segment.weight();
        Some(segment)
    }

    pub(crate) fn counts(&self) -> Counts {
        std::array::from_fn(|lane| self.lanes[lane].iter().map(|segment| segment.marks().len() as u64).sum())
    }

    /// All its segments, to be used again. What keeps them stays.
    pub(crate) fn empty_into(&mut self, spare: &mut Vec<Segment>, most: usize) {
        for segment in self.lanes.iter_mut().flat_map(|segments| segments.drain(..)) {
            if segment.is_ordinary() && spare.len() < most {
                spare.push(segment.emptied());
            }
        }
        self.weights = [0; LANES];
        self.weight = 0;
    }

    pub(crate) fn segment(&self, run: Run) -> &Segment {
        &self.lanes[run.lane][run.segment]
    }

    /// The records in the order in which they came, as pieces of segments.
    pub(crate) fn order_into(&self, runs: &mut Vec<Run>) {
        runs.clear();
        let mut next: [Run; LANES] = std::array::from_fn(|lane| Run { lane, segment: 0, from: 0, to: 0 });
        while let Some(lane) = (0..LANES).filter(|lane| self.sequence_at(next[*lane]).is_some()).min_by_key(|lane| {
            let sequence = self.sequence_at(next[*lane]);
            sequence.unwrap_or(u64::MAX)
        }) {
            let others = (0..LANES).filter(|other| *other != lane);
            let until = others.filter_map(|other| self.sequence_at(next[other])).min();
            let run = &mut next[lane];
            let marks = self.lanes[lane][run.segment].marks();
            let length = match until {
                Some(until) => marks[run.from..].iter().take_while(|mark| mark.sequence < until).count(),
                None => marks.len() - run.from,
            };
            run.to = run.from + length;
            runs.push(*run);
            *run = match run.to == marks.len() {
                true => Run { lane, segment: run.segment + 1, from: 0, to: 0 },
                false => Run { from: run.to, ..*run },
            };
        }
    }

    /// The records in the order in which they came.
    pub(crate) fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        let mut runs = Vec::new();
        self.order_into(&mut runs);
        runs.into_iter().flat_map(move |run| (run.from..run.to).map(move |at| self.segment(run).line(at)))
    }

    fn sequence_at(&self, run: Run) -> Option<u64> {
        self.lanes[run.lane].get(run.segment)?.marks().get(run.from).map(|mark| mark.sequence)
    }

    pub(crate) fn marks(&self, run: Run) -> &[Mark] {
        &self.segment(run).marks()[run.from..run.to]
    }
}

/// Some records of one segment, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) lane: usize,
    pub(crate) segment: usize,
    pub(crate) from: usize,
    pub(crate) to: usize,
}

impl Run {
    pub(crate) fn len(self) -> usize {
        self.to - self.from
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyperlog_core::{Partition, Timestamp};
    use proptest::prelude::*;

    fn line(level: Level, bytes: &[u8]) -> Line<'_> {
        Line { bytes, level, timestamp: Timestamp::default(), partition: Partition::NONE }
    }

    proptest! {
        #[test]
        fn lanes_are_merged_in_the_order_in_which_records_came(
            records in prop::collection::vec((0..LANES, 1_usize..SEGMENT), 0..200)
        ) {
            let mut load = Load::default();
            for (sequence, (lane, length)) in records.iter().enumerate() {
                let bytes = vec![b'a' + *lane as u8; *length];
                load.push(sequence as u64, &line(level_of(*lane), &bytes), *lane, || None);
            }
            let mut runs = Vec::new();
            load.order_into(&mut runs);
            let mut seen = Vec::new();
            for run in runs {
                for (index, mark) in load.marks(run).iter().enumerate() {
                    let bytes = load.segment(run).bytes(run.from + index, run.from + index + 1);
                    seen.push((mark.sequence, run.lane, bytes.len()));
                    prop_assert!(bytes.iter().all(|byte| *byte == b'a' + run.lane as u8));
                }
            }
            let expected: Vec<_> = records.iter().enumerate().map(|(at, (lane, length))| (at as u64, *lane, *length)).collect();
            prop_assert_eq!(seen, expected);
        }

        #[test]
        fn what_is_shed_and_what_is_left_weigh_what_came(
            records in prop::collection::vec((0..LANES, 1_usize..SEGMENT), 1..100), sheds in prop::collection::vec(0..LANES, 0..20)
        ) {
            let mut load = Load::default();
            for (sequence, (lane, length)) in records.iter().enumerate() {
                load.push(sequence as u64, &line(level_of(*lane), &vec![0; *length]), *lane, || None);
            }
            let whole = load.weight();
            let shed: usize = sheds.into_iter().filter_map(|lane| load.shed(lane)).map(|segment| segment.weight()).sum();
            prop_assert_eq!(load.weight() + shed, whole);
            let left: u64 = load.counts().iter().sum();
            prop_assert_eq!(load.is_empty(), left == 0);
        }
    }
}
