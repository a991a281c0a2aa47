//! Which archives stay, and the removal of the others.
//!
//! Whoever writes and whoever compresses both put the place in order, so that this is done under a lock of its own.

use crate::archive::{Place, Shape, Turn};
use crate::fs::{Fs, Identity, written_at};
use crate::options::Retention;
use hyperlog_core::report_fault;
use std::fs::Metadata;
use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Keeps the archives within their bounds.
pub(crate) struct Keeper {
    pub(crate) fs: Arc<dyn Fs>,
    pub(crate) place: Arc<Place>,
    retention: Retention,
    held: Mutex<Held>,
}

/// What is not to be touched.
#[derive(Default)]
struct Held {
    live: Option<Identity>,
    packing: Option<Packing>,
}

/// An archive that is being compressed.
#[derive(Clone, Copy)]
struct Packing {
    turn: Turn,
    /// What it may take beside itself.
    bytes: u64,
}

/// An archive, as far as it matters for whether it stays. All its shapes together, of which there are two for a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Kept {
    turn: Turn,
    bytes: u64,
    /// When it was written to last.
    second: i64,
    is_held: bool,
}

/// The archives of a place, from the oldest to the newest.
pub(crate) fn found(fs: &dyn Fs, place: &Place) -> io::Result<Vec<(Turn, Shape)>> {
    let names = fs.list(&place.directory)?;
    let mut found: Vec<(Turn, Shape)> = names.iter().filter_map(|name| place.recognise(name)).collect();
    found.sort_unstable();
    Ok(found)
}

impl Keeper {
    pub(crate) fn new(fs: Arc<dyn Fs>, place: Arc<Place>, retention: Retention) -> Keeper {
        Keeper { fs, place, retention, held: Mutex::default() }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Which file is written to, whatever it is called.
    pub(crate) fn note_live(&self, live: Option<Identity>) {
        self.held().live = live;
    }

    pub(crate) fn is_live(&self, metadata: &Metadata) -> bool {
        self.held().live == Some(Identity::of(metadata))
    }

    /// Removes what was left behind halfway: archives that were not yet compressed to their end, and names that were
    /// reserved and not used.
    pub(crate) fn clean(&self) {
        let held = self.held();
        let Ok(found) = found(&*self.fs, &self.place) else { return };
        for (turn, shape) in found {
            let path = self.place.archive(turn, shape);
            let is_empty =
                |there: Metadata| there.is_file() && there.len() == 0 && held.live != Some(Identity::of(&there));
            let is_left = match shape {
                Shape::Partial(_) => true,
                Shape::Plain | Shape::Packed(_) => self.fs.metadata_at(&path).is_ok_and(is_empty),
            };
            if is_left {
                self.remove(turn, shape);
            }
        }
    }

    /// Removes what exceeds the bounds. The file that is written to takes so many bytes.
    pub(crate) fn tidy(&self, now: i64, live_bytes: u64) {
        if !self.retention.is_unbounded() {
            self.tidy_with(&self.held(), now, live_bytes);
        }
    }

    /// Makes room to compress an archive, which may take as much again. Says whether there is.
    pub(crate) fn make_room(&self, turn: Turn, bytes: u64, now: i64) -> bool {
        let mut held = self.held();
        held.packing = Some(Packing { turn, bytes });
        if self.retention.is_unbounded() {
            return true;
        }
        let left = self.tidy_with(&held, now, 0);
        let has_room = self.retention.total_bytes.is_none_or(|total| left.saturating_add(bytes) <= total);
        if !has_room {
            held.packing = None;
        }
        has_room
    }

    /// It is compressed, or will not be.
    pub(crate) fn release(&self) {
        self.held().packing = None;
    }

    /// Returns how many bytes are left.
    fn tidy_with(&self, held: &Held, now: i64, live_bytes: u64) -> u64 {
        let archives = match self.kept(held) {
            Ok(archives) => archives,
            Err(error) => {
                let path = &self.place.directory;
                report_fault("file", format_args!("cannot look for archives in {path:?}, none is removed: {error}"));
                return 0;
            }
        };
        let beside = live_bytes.saturating_add(held.packing.map_or(0, |packing| packing.bytes));
        let stay = staying(&archives, self.retention, now, beside);
        for (archive, _) in archives.iter().zip(&stay).filter(|(_, stays)| !**stays) {
            self.remove_all(archive.turn);
        }
        archives.iter().zip(&stay).filter(|(_, stays)| **stays).map(|(archive, _)| archive.bytes).sum()
    }

    /// All archives, from the newest to the oldest.
    fn kept(&self, held: &Held) -> io::Result<Vec<Kept>> {
        let mut archives: Vec<Kept> = Vec::new();
        for (turn, shape) in found(&*self.fs, &self.place)?.into_iter().rev() {
            let Ok(there) = self.fs.metadata_at(&self.place.archive(turn, shape)) else { continue };
            // What is being compressed is counted by what it may take.
            let is_counted = !matches!(shape, Shape::Partial(_)) && there.is_file();
            let bytes = if is_counted { there.len() } else { 0 };
            let second = written_at(&there).unwrap_or(turn.second).min(turn.second);
            let is_live = held.live == Some(Identity::of(&there));
            let is_held = is_live || held.packing.is_some_and(|packing| packing.turn == turn) || !there.is_file();
            match archives.last_mut().filter(|archive| archive.turn == turn) {
                Some(archive) => {
                    archive.bytes = archive.bytes.saturating_add(bytes);
                    archive.is_held |= is_held;
                }
                None => archives.push(Kept { turn, bytes, second, is_held }),
            }
        }
        Ok(archives)
    }

    fn remove_all(&self, turn: Turn) {
        let packed = crate::archive::Codec::ALL.map(Shape::Packed);
        for shape in [Shape::Plain].into_iter().chain(packed) {
            if self.fs.metadata_at(&self.place.archive(turn, shape)).is_ok() {
                self.remove(turn, shape);
            }
        }
    }

    fn remove(&self, turn: Turn, shape: Shape) {
        let path = self.place.archive(turn, shape);
        match self.fs.remove(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                report_fault("file", format_args!("cannot remove the archive {path:?}: {error}"));
            }
            _ => {}
        }
    }
}

/// Of archives from the newest to the oldest, which stay beside so many bytes of others. Once there is no room for one, there
/// is none for those before it either: what stays is one stretch of time.
fn staying(archives: &[Kept], retention: Retention, now: i64, beside: u64) -> Vec<bool> {
    let held = archives.iter().filter(|archive| archive.is_held);
    let mut count = held.clone().count();
    let mut bytes = held.fold(beside, |bytes, archive| bytes.saturating_add(archive.bytes));
    let mut is_over = false;
    let mut stays = |archive: &Kept| {
        if archive.is_held {
            return true;
        }
        count = count.saturating_add(1);
        bytes = bytes.saturating_add(archive.bytes);
        // An archive of a time to come is as young as can be.
        let age = u64::try_from(now.saturating_sub(archive.second)).unwrap_or(0);
        is_over |= retention.count.is_some_and(|most| count > most)
            || retention.total_bytes.is_some_and(|most| bytes > most)
            || retention.age.is_some_and(|most| age > most.as_secs());
        !is_over
    };
    archives.iter().map(&mut stays).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::Duration;

    fn kept(second: i64, bytes: u64) -> Kept {
        Kept { turn: Turn { second, number: 1 }, bytes, second, is_held: false }
    }

    fn held(second: i64, bytes: u64) -> Kept {
        Kept { is_held: true, ..kept(second, bytes) }
    }

    #[test]
    fn each_bound_lets_the_oldest_go() {
        let (none, now) = (Retention::new(), 100);
        let three = [kept(90, 10), kept(80, 10), kept(70, 10)];
        for (retention, archives, beside, expected) in [
            (none, &three[..], 0, &[true, true, true][..]),
            (none.count(2), &three, 0, &[true, true, false]),
            (none.age(Duration::from_secs(20)), &three, 0, &[true, true, false]),
            (none.total_bytes(29), &three, 0, &[true, true, false]),
            (none.total_bytes(30), &three, 0, &[true, true, true]),
            (none.total_bytes(30), &three, 1, &[true, true, false]),
            (none.total_bytes(30), &three, u64::MAX, &[false, false, false]),
            (none.count(3).total_bytes(10), &three, 0, &[true, false, false]),
            // what is held is counted and stays
            (none.count(1), &[kept(90, 10), held(80, 10), kept(70, 10)], 0, &[false, true, false]),
            (none.count(2), &[kept(90, 10), held(80, 10), kept(70, 10)], 0, &[true, true, false]),
            (none.total_bytes(5), &[held(90, 10)], 0, &[true]),
            // one that is too large takes those before it along
            (none.total_bytes(15), &[kept(90, 10), kept(80, 10), kept(70, 1)], 0, &[true, false, false]),
            // nothing under- or overflows
            (none.age(Duration::from_secs(1)), &[kept(200, 1), kept(i64::MAX, 1)], 0, &[true, true]),
            (none.age(Duration::MAX), &[kept(i64::MIN, 1)], 0, &[true]),
            (none.total_bytes(1), &[held(90, u64::MAX), held(80, u64::MAX)], 7, &[true, true]),
        ] {
            assert_eq!(
                staying(archives, retention, now, beside),
                expected,
                "{retention:?} of {archives:?} and {beside}"
            );
        }
    }

    proptest! {
        #[test]
        fn what_stays_is_within_the_bounds_or_held(
            seconds in prop::collection::vec((any::<i64>(), any::<u64>(), prop::bool::weighted(0.2)), 0..20),
            count in prop::option::of(1_usize..10), total in prop::option::of(1..u64::MAX), now in any::<i64>(),
            age in prop::option::of(1..u64::MAX), beside in any::<u64>()
        ) {
            let archives: Vec<Kept> = seconds
                .into_iter()
                .map(|(second, bytes, is_held)| Kept { is_held, ..kept(second, bytes) })
                .collect();
            let retention = Retention { count, age: age.map(Duration::from_secs), total_bytes: total };
            let stay = staying(&archives, retention, now, beside);
            prop_assert_eq!(stay.len(), archives.len());
            let staying: Vec<&Kept> = archives.iter().zip(&stay).filter(|(_, stays)| **stays).map(|(kept, _)| kept).collect();
            prop_assert!(archives.iter().zip(&stay).all(|(archive, stays)| *stays || !archive.is_held));
            if staying.iter().any(|archive| !archive.is_held) {
                prop_assert!(count.is_none_or(|count| staying.len() <= count));
                let bytes = staying.iter().map(|archive| u128::from(archive.bytes)).sum::<u128>() + u128::from(beside);
                prop_assert!(total.is_none_or(|total| bytes <= u128::from(total)));
            }
        }
    }
}
