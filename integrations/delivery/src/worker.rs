//! The thread that delivers: takes what waits to the desk, pauses when it has to, and sees it all out at the end.

use crate::backend::{DeliveryError, Tick};
use crate::desk::{Desk, Step};
use crate::load::Load;
use crate::queue::{Queue, Work};
use crate::report::Report;
use hyperlog_core::DropReason;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What the worker and its queue share.
pub(crate) struct Shared {
    pub(crate) queue: Queue,
    pub(crate) desk: Mutex<Desk>,
    pub(crate) report: Arc<Report>,
}

/// The most that a pause takes once the queue is closed: what is left is tried until the time is up.
const PAUSE_WHEN_CLOSED: Duration = Duration::from_millis(100);

impl Shared {
    /// Delivers what waits, on the thread of a caller who needs room. Says whether more of that may help: where nothing waits
    /// any more there is room, even if others may be quicker to take it.
    pub(crate) fn write_through(&self) -> bool {
        let mut desk = self.desk.lock().unwrap_or_else(PoisonError::into_inner);
        !matches!(desk.step(&self.queue), Step::Pause(_))
    }

    /// These waited until nobody delivered any more.
    pub(crate) fn tell_left_behind(&self, loads: &[Load]) {
        if self.report.wants_lost() {
            loads.iter().for_each(|load| load.lines().for_each(|line| self.report.lost(&line, DropReason::Abandoned)));
        }
    }
}

/// Delivers until the queue is closed and empty.
pub(crate) fn run(shared: &Shared, tick: Tick, close_within: Duration) {
    // However this ends, whoever waits for it must not wait for ever.
    let _gone = Gone(shared);
    let tick = match tick {
        Tick::Never => None,
        // Not all the time, whatever is asked for.
        Tick::Every(time) => Some(time.max(Duration::from_millis(1))),
    };
    let desk = || shared.desk.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        match shared.queue.await_work(tick) {
            Work::Stop => break,
            Work::Tick => desk().tick(),
            Work::Sync => desk().sync(&shared.queue),
            Work::Deliver => {
                let step = {
                    let mut desk = desk();
                    let step = desk.step(&shared.queue);
                    desk.sync(&shared.queue);
                    step
                };
                if let Step::Pause(pause) = step {
                    shared.queue.pause(pause, PAUSE_WHEN_CLOSED);
                    if shared.queue.is_closed() {
                        desk().forget_pause();
                    }
                }
            }
        }
    }
    desk().close(close_within);
}

struct Gone<'a>(&'a Shared);

impl Drop for Gone<'_> {
    fn drop(&mut self) {
        let left_behind = self.0.queue.worker_is_gone();
        self.0.tell_left_behind(&left_behind);
    }
}

/// Starts the thread.
pub(crate) fn start(shared: Arc<Shared>, tick: Tick, close_within: Duration) -> Result<(), DeliveryError> {
    // A thread's name must not contain a NUL.
    let name = format!("log {}", shared.report.name()).replace('\0', " ");
    let thread = std::thread::Builder::new().name(name).spawn(move || run(&shared, tick, close_within));
    thread.map(drop).map_err(|error| DeliveryError::new("cannot start the thread that delivers").because(error))
}
