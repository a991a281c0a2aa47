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
        // acquire, and release on leaving: the next on a seat finds all that the last one wrote
        let sit = |taken: u32| (taken != u32::MAX).then(|| taken | (taken + 1));
        let taken = TAKEN.fetch_update(Acquire, Relaxed, sit);
        Seat(taken.ok().map(|taken| taken.trailing_ones() as usize))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if let Some(seat) = self.0 {
            TAKEN.fetch_and(!(1 << seat), Release);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::*;

    #[test]
    fn no_two_threads_share_a_seat_and_the_surplus_stands() {
        const THREADS: usize = 2 * SEATS;
        let (all_in, all_out) = (Barrier::new(THREADS), Barrier::new(THREADS));
        let mut seats: Vec<usize> = std::thread::scope(|scope| {
            let sit = || {
                all_in.wait();
                let seat = seat();
                all_out.wait();
                seat
            };
            let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(sit)).collect();
            threads.into_iter().filter_map(|thread| thread.join().unwrap()).collect()
        });
        let found = seats.len();
        seats.sort();
        seats.dedup();
        assert_eq!(seats.len(), found);
        assert!(found > 0 && seats.iter().all(|seat| *seat < SEATS));
    }

    #[test]
    fn a_thread_keeps_its_seat_and_leaves_it_to_others() {
        for _ in 0..10 * SEATS {
            std::thread::spawn(|| assert_eq!(seat(), seat())).join().unwrap();
        }
    }
}
