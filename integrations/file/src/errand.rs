//! Work that may hang, such as a sync: done by a thread of its own, and waited for no longer than was said.
//!
//! There is one thread at most, however often it is asked for while it hangs.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// One kind of work, of which one piece is done at a time.
#[derive(Clone, Default)]
pub(crate) struct Errand(Arc<(Mutex<State>, Condvar)>);

#[derive(Default)]
struct State {
    /// How often it was begun, and how often it was over.
    begun: u64,
    ended: u64,
    /// The last time that it failed, and why.
    failed: Option<(u64, Arc<io::Error>)>,
}

impl Errand {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does the work once more, and says what came of it; nothing if it is not over in time.
    pub(crate) fn run(
        &self,
        deadline: Duration,
        work: impl Fn() -> io::Result<()> + Clone + Send + 'static,
    ) -> Option<Result<(), Arc<io::Error>>> {
        let begun = Instant::now();
        let mut state = self.state();
        // What is being done began too early to count.
        let wanted = state.begun + 1;
        loop {
            if state.ended >= wanted {
                // Of several that came after it one may have failed: who waits is told of that rather than not of its own.
                let failed = state.failed.as_ref().filter(|(number, _)| *number >= wanted);
                return Some(failed.map_or(Ok(()), |(_, error)| Err(Arc::clone(error))));
            }
            if state.begun == state.ended {
                state.begun += 1;
                drop(state);
                self.start(work.clone());
                state = self.state();
                continue;
            }
            let left = deadline.saturating_sub(begun.elapsed());
            if left.is_zero() {
                return None;
            }
            state = self.0.1.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Where no thread is to be had it is done by this one.
    fn start(&self, work: impl Fn() -> io::Result<()> + Clone + Send + 'static) {
        let errand = self.clone();
        let act = move || {
            let done = work();
            let mut state = errand.state();
            state.ended += 1;
            if let Err(error) = done {
                state.failed = Some((state.ended, Arc::new(error)));
            }
            drop(state);
            errand.0.1.notify_all();
        };
        if std::thread::Builder::new().name("log flushing".to_owned()).spawn(act.clone()).is_err() {
            act();
        }
    }
}
