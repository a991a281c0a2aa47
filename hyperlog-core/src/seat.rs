//! A small number for each that counts, so that it can count on a line of its own.
//!
//! An atomic addition costs more than all the rest of a decision, and many times that once two threads meet. A word
//! that only one thread writes needs a load and a store.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

/// How many have a seat of a room at a time; the others count on the line that all share.
pub(crate) const SEATS: usize = 63;

/// Those who count the same kind of thing.
pub(crate) struct Room(AtomicU64);

impl Room {
    pub(crate) const fn new() -> Room {
        Room(AtomicU64::new(0))
    }

    /// Takes the lowest free seat. Acquires what the last one on it released: the next finds all that it wrote.
    pub(crate) fn sit(&'static self) -> Seat {
        let lowest = |taken: u64| ((taken.trailing_ones() as usize) < SEATS).then(|| taken | (taken + 1));
        let taken = self.0.fetch_update(Acquire, Relaxed, lowest);
        Seat { number: taken.map_or(SEATS, |taken| taken.trailing_ones() as usize), room: self }
    }
}

/// A seat that nobody else has until it is dropped, as long as there are any.
pub(crate) struct Seat {
    number: usize,
    room: &'static Room,
}

impl Seat {
    /// [`SEATS`] for all that found none.
    #[inline(always)]
    pub(crate) fn number(&self) -> usize {
        self.number
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if self.number < SEATS {
            self.room.0.fetch_and(!(1 << self.number), Release);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_seat_is_given_once_until_it_is_left() {
        static ROOM: Room = Room::new();
        let mut seats: Vec<_> = (0..SEATS + 2).map(|_| ROOM.sit()).collect();
        let expected: Vec<_> = (0..SEATS).chain([SEATS, SEATS]).collect();
        assert_eq!(seats.iter().map(Seat::number).collect::<Vec<_>>(), expected);
        seats.remove(7);
        seats.pop();
        let again = [ROOM.sit(), ROOM.sit()];
        assert_eq!(again.each_ref().map(Seat::number), [7, SEATS]);
    }
}
