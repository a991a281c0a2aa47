//! A small number for each running thread, so that it can count on a line of its own.
//!
//! An atomic addition costs more than all the rest of a decision, and many times that once two threads meet. A word
//! that only one thread writes needs a load and a store.

use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

/// How many threads have a seat at a time; the others count on the line that all share.
pub(crate) const SEATS: usize = u32::BITS as usize;

/// The seat of the current thread: no other thread has the same one until this thread has ended.
#[inline]
pub(crate) fn seat() -> Option<usize> {
    SEAT.try_with(|seat| seat.0).ok().flatten()
}

thread_local! {
    static SEAT: Seat = Seat::take();
}

static TAKEN: AtomicU32 = AtomicU32::new(0);

struct Seat(Option<usize>);

impl Seat {
    fn take() -> Seat {
        Seat(sit(&TAKEN))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if let Some(seat) = self.0 {
            leave(&TAKEN, seat);
        }
    }
}

/// Takes the lowest free seat. Acquires what [`leave`] released: the next on a seat finds all that the last one wrote.
fn sit(taken: &AtomicU32) -> Option<usize> {
    let lowest = |seats: u32| (seats != u32::MAX).then(|| seats | (seats + 1));
    taken.fetch_update(Acquire, Relaxed, lowest).ok().map(|seats| seats.trailing_ones() as usize)
}

fn leave(taken: &AtomicU32, seat: usize) {
    taken.fetch_and(!(1 << seat), Release);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_seat_is_given_once_until_it_is_left() {
        let taken = AtomicU32::new(0);
        let seats: Vec<_> = (0..SEATS + 2).map(|_| sit(&taken)).collect();
        let expected: Vec<_> = (0..SEATS).map(Some).chain([None, None]).collect();
        assert_eq!(seats, expected);
        leave(&taken, 7);
        assert_eq!((sit(&taken), sit(&taken)), (Some(7), None));
    }

    #[test]
    fn a_thread_keeps_its_seat_and_shares_it_with_no_other() {
        let mine = seat();
        let other = std::thread::spawn(|| {
            assert_eq!(seat(), seat());
            seat()
        });
        assert_ne!(other.join().unwrap(), mine);
        assert_eq!(seat(), mine);
    }

    #[test]
    fn seats_of_threads_that_ended_are_free_again() {
        for _ in 0..3 * SEATS {
            assert!(std::thread::spawn(seat).join().unwrap().is_some());
        }
    }
}
