//! The one thread for what has to happen later: a level that reverts, summaries of keys that fell silent.
//!
//! It is started by the first task and waits without waking in between.

use crate::contain::contain;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

static TASKS: Tasks =
    Tasks { waiting: Mutex::new(Waiting { tasks: Vec::new(), is_running: false }), changed: Condvar::new() };

struct Tasks {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

struct Waiting {
    tasks: Vec<Task>,
    is_running: bool,
}

struct Task {
    due: Instant,
    /// Does its work; says after how long it wants to be called again.
    work: Box<dyn FnMut() -> Option<Duration> + Send>,
}

/// Does something after a time, and again as long as it says when.
pub(crate) fn after(delay: Duration, work: impl FnMut() -> Option<Duration> + Send + 'static) {
    let mut waiting = TASKS.lock();
    waiting.tasks.push(Task { due: later(delay), work: Box::new(work) });
    if !waiting.is_running {
        let started = std::thread::Builder::new().name("hyperlog".to_owned()).spawn(run);
        match started {
            Ok(_) => waiting.is_running = true,
            Err(error) => crate::fault::report("background", format_args!("cannot start a thread: {error}")),
        }
    }
    TASKS.changed.notify_one();
}

/// Does something as soon as it can be done. Whoever [waits](wait) waits for it.
#[cfg(feature = "panic")]
pub(crate) fn soon(work: impl FnOnce() + Send + 'static) {
    let mut job = Some((work, OnItsWay::new()));
    after(Duration::ZERO, move || {
        let (work, on_its_way) = job.take()?;
        work();
        drop(on_its_way);
        None
    });
}

/// How much is on its way that [`wait`] waits for.
pub(crate) fn waiting() -> usize {
    *WAITING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits until all is done that was to be done soon, for at most this long. Gives how much of that is left.
pub(crate) fn wait(deadline: Duration) -> Duration {
    let begun = Instant::now();
    let left = || deadline.saturating_sub(begun.elapsed());
    let mut waiting = WAITING.lock().unwrap_or_else(PoisonError::into_inner);
    while *waiting > 0 && !left().is_zero() {
        waiting = DONE.wait_timeout(waiting, left()).unwrap_or_else(PoisonError::into_inner).0;
    }
    left()
}

/// How much is on its way.
static WAITING: Mutex<usize> = Mutex::new(0);
static DONE: Condvar = Condvar::new();

/// Counts as waiting until it is dropped, however that comes.
#[cfg(feature = "panic")]
struct OnItsWay;

#[cfg(feature = "panic")]
impl OnItsWay {
    fn new() -> OnItsWay {
        *WAITING.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        OnItsWay
    }
}

#[cfg(feature = "panic")]
impl Drop for OnItsWay {
    fn drop(&mut self) {
        *WAITING.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        DONE.notify_all();
    }
}

/// A time that no clock reaches stands for never.
fn later(delay: Duration) -> Instant {
    const NEVER: Duration = Duration::from_secs(60 * 60 * 24 * 365);
    Instant::now() + delay.min(NEVER)
}

fn run() {
    let mut waiting = TASKS.lock();
    loop {
        let now = Instant::now();
        match waiting.tasks.iter().position(|task| task.due <= now) {
            Some(index) => {
                let mut task = waiting.tasks.swap_remove(index);
                drop(waiting);
                let again = contain(|| (task.work)()).flatten();
                waiting = TASKS.lock();
                if let Some(delay) = again {
                    task.due = later(delay);
                    waiting.tasks.push(task);
                }
            }
            None => waiting = TASKS.wait(waiting, now),
        }
    }
}

impl Tasks {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&'a self, waiting: MutexGuard<'a, Waiting>, now: Instant) -> MutexGuard<'a, Waiting> {
        match waiting.tasks.iter().map(|task| task.due).min() {
            Some(due) => {
                let waited = self.changed.wait_timeout(waiting, due.saturating_duration_since(now));
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
            None => self.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner),
        }
    }
}
