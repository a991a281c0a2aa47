//! A sink bounded in bytes: takes records under a short lock, and hands them out by the load.
//!
//! Nothing slow happens under the lock. Whoever has something to wait for, room or the departure of a record, waits on a
//! condition of its own.

use crate::fork;
use crate::ladder::{Footing, Rungs};
use crate::load::{Counts, ERRORS, LANES, Load, lane_of, level_of};
use crate::policy::{Allowance, Errors, Promise, WhenFull};
use crate::report::Depth;
use crate::segment::{LONGEST, SEGMENT, Segment, weight_of};
use crate::sync::{Condvar, Mutex, MutexGuard, lock, wait, wait_for};
use hyperlog_core::{Account, DropReason, Level, Line, Written};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How a queue goes about it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    /// The most that it holds, in bytes, with what is being delivered.
    pub(crate) capacity: usize,
    /// How much of that is for errors alone.
    pub(crate) reserve: usize,
    /// How much is enough for the worker not to wait for more.
    pub(crate) batch: usize,
    /// How much goes into one load, which is at least one batch.
    pub(crate) load: usize,
    /// From which weight on less is taken.
    pub(crate) rungs: Rungs,
    pub(crate) when_full: WhenFull,
    pub(crate) promise: Promise,
    pub(crate) errors: Errors,
    /// How long a call waits for what is promised.
    pub(crate) patience: Duration,
    /// How long the worker waits for more records to go with the first.
    pub(crate) linger: Duration,
}

/// Records that wait to be delivered.
pub(crate) struct Queue {
    rules: Rules,
    generation: u32,
    begun: Instant,
    state: Mutex<State>,
    /// For the worker: there is something to do.
    work: Condvar,
    /// For who waits for room.
    room: Condvar,
    /// For who waits until something has left.
    settled: Condvar,
}

struct State {
    /// The last of them is being filled.
    waiting: VecDeque<Load>,
    /// What waits, by lane.
    weights: [usize; LANES],
    /// Of all lanes together, and of what is in flight.
    weight: usize,
    footing: Footing,
    counts: Counts,
    /// What is being delivered.
    in_flight: Counts,
    weight_in_flight: usize,
    /// The number of the next record.
    next: u64,
    /// All before this have left or are lost.
    settled_to: u64,
    /// All before this are synced, or it was told that they cannot be.
    synced_to: u64,
    /// Somebody waits until all before this have left.
    hurry_to: u64,
    /// Somebody waits until all before this are synced.
    sync_to: u64,
    left: Counts,
    lost: Account,
    /// Records that somebody waits for.
    waited_for: Vec<u64>,
    /// Those of them that were lost or not synced.
    failed: Vec<u64>,
    trouble: Trouble,
    /// As much of it as a flush has told.
    told: Trouble,
    last_words: Vec<(u64, Box<[u8]>)>,
    waiters: usize,
    blocked: usize,
    worker: Worker,
    /// It has just delivered something: where that came from there may soon be more.
    expects_more: bool,
    is_closed: bool,
    /// Nothing is handed out or counted any more.
    is_abandoned: bool,
    allowance: Allowance,
    spare: Vec<Segment>,
    spare_loads: Vec<Load>,
}

/// What has gone wrong from the begin on, of which flushes tell.
#[derive(Clone, Copy, Default)]
struct Trouble {
    /// How many records were lost on their way, without those for which there was no room.
    lost: u64,
    failed_syncs: u64,
}

/// What the thread that delivers is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Worker {
    /// It waits for a record.
    Idle,
    /// It waits for more records to go with the first.
    Lingering,
    /// It is at work, and looks again before it waits.
    Busy,
    /// It waits for a pause to end.
    Pausing,
    /// It has ended.
    Gone,
}

/// What the worker is to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    Deliver,
    Sync,
    Tick,
    Stop,
}

/// What was let go of, and that the queue has moved on its ladder, to be told of outside of the lock.
pub(crate) struct Shed {
    pub(crate) segments: Vec<Segment>,
    /// The record itself is lost too.
    pub(crate) is_refused: bool,
}

/// What a call has to do behind its lock.
pub(crate) struct Taken {
    pub(crate) written: Written,
    pub(crate) shed: Option<Shed>,
}

impl Queue {
    pub(crate) fn new(rules: Rules) -> Queue {
        Queue {
            rules,
            generation: fork::generation(),
            begun: Instant::now(),
            state: Mutex::new(State::new(&rules)),
            work: Condvar::new(),
            room: Condvar::new(),
            settled: Condvar::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Whether this is a child of the process that the queue is of. Its locks may be held by threads that are not here.
    #[inline]
    pub(crate) fn is_forked(&self) -> bool {
        fork::generation() != self.generation
    }

    /// Takes a record. `write_through` delivers what waits, on this thread; it says whether that helped.
    #[inline]
    pub(crate) fn push(&self, line: &Line<'_>, write_through: impl Fn() -> bool) -> Taken {
        let (lane, weight) = (lane_of(line.level), weight_of(line.bytes.len()));
        let mut state = self.lock();
        let mut shed = None;
        if state.is_closed {
            return Taken { written: Written::Closed, shed };
        }
        if lane < state.footing.lane {
            let written = Written::Dropped(DropReason::Full);
            return Taken { written, shed: Some(Shed { segments: Vec::new(), is_refused: true }) };
        }
        if !state.has_room(&self.rules, lane, weight) || line.bytes.len() > LONGEST {
            shed = Some(Shed { segments: Vec::new(), is_refused: true });
            state = self.make_room(state, line, shed.as_mut(), &write_through);
            if shed.as_ref().is_some_and(|shed| shed.is_refused) {
                let written = if state.is_closed { Written::Closed } else { Written::Dropped(DropReason::Full) };
                return Taken { written, shed };
            }
        }
        let sequence = state.push(&self.rules, line, lane, weight);
        if state.footing.is_left_at(state.weight) && state.moves(&self.rules) {
            shed.get_or_insert_with(|| Shed { segments: Vec::new(), is_refused: false });
        }
        let wait = self.wait_wanted(&mut state, line.level, sequence);
        let wakes = state.wakes_worker(&self.rules);
        match wait {
            None => {
                drop(state);
                if wakes {
                    self.work.notify_one();
                }
                Taken { written: Written::Queued, shed }
            }
            Some(wait) => Taken { written: self.wait_for_one(state, wait, sequence, line.level), shed },
        }
    }

    /// Whether, and how long, the call waits.
    #[inline]
    fn wait_wanted(&self, state: &mut State, level: Level, sequence: u64) -> Option<Wait> {
        if self.rules.promise == Promise::BestEffort && level < Level::ERROR {
            return None;
        }
        if level >= Level::FATAL {
            // The call that logs it flushes next.
            return None;
        }
        let wait = match (self.rules.promise, self.rules.errors) {
            (Promise::Durable, _) => Wait { most: self.rules.patience, is_for_sync: true, is_promised: true },
            (Promise::Flushed, _) => Wait { most: self.rules.patience, is_for_sync: false, is_promised: true },
            (Promise::BestEffort, Errors::WrittenThrough { bound, per_second }) => {
                if !state.allowance.take(self.begun.elapsed().as_secs(), per_second) {
                    return None;
                }
                Wait { most: bound, is_for_sync: false, is_promised: false }
            }
            (Promise::BestEffort, Errors::Queued) => return None,
        };
        state.hurry_to = sequence + 1;
        if wait.is_for_sync {
            state.sync_to = sequence + 1;
        }
        Some(wait)
    }

    #[cold]
    fn wait_for_one(&self, mut state: MutexGuard<'_, State>, wait: Wait, sequence: u64, level: Level) -> Written {
        self.work.notify_one();
        state.waiters += 1;
        state.waited_for.push(sequence);
        let begun = Instant::now();
        let is_done = |state: &State| state.reached(wait.is_for_sync) > sequence || state.worker == Worker::Gone;
        while !is_done(&state) && begun.elapsed() < wait.most {
            state = wait_for(&self.settled, state, wait.most.saturating_sub(begun.elapsed()));
        }
        let has_arrived = state.reached(wait.is_for_sync) > sequence;
        state.waiters -= 1;
        let has_failed = state.failed.contains(&sequence);
        state.waited_for.retain(|waited| *waited != sequence);
        state.failed.retain(|failed| *failed != sequence);
        if !wait.is_promised {
            state.allowance.is_stalled = !has_arrived;
            return Written::Queued;
        }
        match (has_arrived, has_failed) {
            (false, _) => Written::Queued,
            // The caller counts it from here on.
            (true, false) => {
                state.left[lane_of(level)] -= 1;
                Written::Done
            }
            // Counted already, by whoever lost it; what was only not synced has left all the same.
            (true, true) => Written::Queued,
        }
    }

    /// Makes room as the rules say; refuses the record where there is none to be made.
    #[cold]
    fn make_room<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        line: &Line<'_>,
        shed: Option<&mut Shed>,
        write_through: &impl Fn() -> bool,
    ) -> MutexGuard<'a, State> {
        let (lane, weight) = (lane_of(line.level), weight_of(line.bytes.len()));
        let Some(shed) = shed else { return state };
        if line.bytes.len() > LONGEST || weight > self.rules.capacity_for(lane, 0) {
            return state;
        }
        match self.rules.when_full {
            WhenFull::DropNewest => {}
            WhenFull::ShedLowest => state.shed_below(&self.rules, lane, weight, &mut shed.segments),
            WhenFull::DropOldest => state.shed_oldest(&self.rules, lane, weight, &mut shed.segments),
            WhenFull::Block(most) => {
                let begun = Instant::now();
                state.blocked += 1;
                while !state.has_room(&self.rules, lane, weight) && !state.is_closed && begun.elapsed() < most {
                    state.hurry_to = state.next;
                    if state.worker == Worker::Lingering {
                        self.work.notify_one();
                    }
                    state = wait_for(&self.room, state, most.saturating_sub(begun.elapsed()));
                }
                state.blocked -= 1;
            }
            WhenFull::WriteThrough => {
                while !state.has_room(&self.rules, lane, weight) && !state.is_closed {
                    drop(state);
                    let has_helped = write_through();
                    state = self.lock();
                    if !has_helped {
                        break;
                    }
                }
            }
        }
        shed.is_refused = state.is_closed || !state.has_room(&self.rules, lane, weight);
        state
    }

    /// Waits until there is something for the worker to do.
    pub(crate) fn await_work(&self, tick: Option<Duration>) -> Work {
        let mut state = self.lock();
        let (begun, mut seen) = (Instant::now(), None);
        loop {
            state.worker = Worker::Busy;
            if state.is_abandoned {
                return Work::Stop;
            }
            state.note_emptiness();
            if state.has_work() {
                let since = *seen.get_or_insert_with(Instant::now);
                let left = self.rules.linger.saturating_sub(since.elapsed());
                if state.is_urgent() || left.is_zero() || state.is_full(&self.rules) {
                    state.expects_more = true;
                    return Work::Deliver;
                }
                state.worker = Worker::Lingering;
                state = wait_for(&self.work, state, left);
                continue;
            }
            if state.sync_to > state.synced_to {
                return Work::Sync;
            }
            if state.is_closed {
                return Work::Stop;
            }
            // A thread that logs all the time need not wake the worker each time: it looks by itself, once.
            if std::mem::take(&mut state.expects_more) && !self.rules.linger.is_zero() {
                seen = Some(Instant::now());
                state.worker = Worker::Lingering;
                state = wait_for(&self.work, state, self.rules.linger);
                continue;
            }
            seen = None;
            state.worker = Worker::Idle;
            state = match tick {
                Some(tick) if begun.elapsed() >= tick => {
                    state.worker = Worker::Busy;
                    return Work::Tick;
                }
                Some(tick) => wait_for(&self.work, state, tick.saturating_sub(begun.elapsed())),
                None => wait(&self.work, state),
            };
        }
    }

    /// Waits for a pause to end, or for the queue to be closed.
    pub(crate) fn pause(&self, most: Duration, most_when_closed: Duration) {
        let mut state = self.lock();
        let begun = Instant::now();
        loop {
            let most = if state.is_closed { most.min(most_when_closed) } else { most };
            if begun.elapsed() >= most || state.is_abandoned {
                state.worker = Worker::Busy;
                return;
            }
            state.worker = Worker::Pausing;
            state = wait_for(&self.work, state, most.saturating_sub(begun.elapsed()));
        }
    }

    /// The oldest load, which is in flight from here on.
    pub(crate) fn take(&self) -> Option<Load> {
        let mut state = self.lock();
        if state.is_abandoned {
            return None;
        }
        let load = loop {
            let load = state.waiting.pop_front()?;
            if !load.is_empty() {
                break load;
            }
            // All of it was shed.
            state.settled_to = state.settled_to.max(load.end());
            state.spare_loads.push(load);
        };
        let counts = load.counts();
        for (lane, count) in counts.iter().enumerate() {
            state.counts[lane] -= count;
            state.in_flight[lane] += count;
            state.weights[lane] -= load.weights()[lane];
        }
        state.weight_in_flight += load.weight();
        Some(load)
    }

    /// These have left, or are lost for this reason; the numbers are needed only of what is lost.
    pub(crate) fn settle(&self, counts: &Counts, reason: Option<DropReason>, sequences: impl Iterator<Item = u64>) {
        let mut state = self.lock();
        if state.is_abandoned {
            return;
        }
        for (lane, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            state.in_flight[lane] -= count;
            match reason {
                None => state.left[lane] += count,
                Some(reason) => {
                    state.lost.lose(reason, level_of(lane), *count);
                    state.trouble.lost += count;
                }
            }
        }
        match reason {
            Some(_) => state.fail(sequences),
            None => state.allowance.is_stalled = false,
        }
    }

    /// Nothing of this load is left to deliver. Says whether more is taken from here on.
    pub(crate) fn finish(&self, mut load: Load) -> bool {
        let mut state = self.lock();
        if state.is_abandoned {
            return false;
        }
        state.weight -= std::mem::take(&mut state.weight_in_flight);
        let has_moved = state.footing.is_left_at(state.weight) && state.moves(&self.rules);
        state.settled_to = state.settled_to.max(load.end());
        state.note_emptiness();
        let most = self.rules.most_spare();
        load.empty_into(&mut state.spare, most);
        if state.spare_loads.len() < self.rules.most_spare_loads() {
            state.spare_loads.push(load);
        }
        self.announce(state);
        has_moved
    }

    /// Up to where all is synced, once it has been; or where it could not be.
    pub(crate) fn sync_wanted(&self) -> Option<u64> {
        let state = self.lock();
        let is_wanted = state.sync_to > state.synced_to && state.settled_to > state.synced_to;
        is_wanted.then_some(state.settled_to)
    }

    pub(crate) fn synced(&self, to: u64, is_synced: bool) {
        let mut state = self.lock();
        if !is_synced {
            let from = state.synced_to;
            let failed: Vec<u64> =
                state.waited_for.iter().copied().filter(|waited| (from..to).contains(waited)).collect();
            state.failed.extend(failed);
            state.trouble.failed_syncs += 1;
        }
        state.synced_to = state.synced_to.max(to);
        self.announce(state);
    }

    /// Something has left: whoever waits looks again.
    fn announce(&self, state: MutexGuard<'_, State>) {
        let (waiters, blocked) = (state.waiters, state.blocked);
        drop(state);
        if waiters > 0 {
            self.settled.notify_all();
        }
        if blocked > 0 {
            self.room.notify_all();
        }
    }

    /// Waits until all that was taken so far has left and is synced. Says whether that was in time, and what was lost on
    /// the way since somebody asked last.
    pub(crate) fn flush(&self, deadline: Duration) -> Flushed {
        let mut state = self.lock();
        // Before others who flush at the same time tell it to theirs.
        let (begun, to, told) = (Instant::now(), state.next, state.told);
        state.hurry_to = state.hurry_to.max(to);
        state.sync_to = state.sync_to.max(to);
        state.note_emptiness();
        state.waiters += 1;
        self.work.notify_one();
        let is_done = |state: &State| state.synced_to >= to || state.worker == Worker::Gone;
        while !is_done(&state) && begun.elapsed() < deadline {
            state = wait_for(&self.settled, state, deadline.saturating_sub(begun.elapsed()));
        }
        state.waiters -= 1;
        let is_in_time = state.synced_to >= to;
        // Whoever gives it no time only sets it going, and flushes once more to hear what came of it.
        let is_answer = !deadline.is_zero();
        if is_in_time && is_answer {
            state.told = state.trouble;
        }
        Flushed {
            is_in_time,
            is_synced: state.trouble.failed_syncs == told.failed_syncs,
            lost: state.trouble.lost - told.lost,
            last_words: if is_in_time || is_answer { state.unsaid(to) } else { Vec::new() },
        }
    }

    /// Takes nothing more, delivers what waits, and gives up on it when the time is up. Gives what waited until then.
    pub(crate) fn close(&self, deadline: Duration) -> (Account, Vec<Load>) {
        let mut state = self.lock();
        state.is_closed = true;
        // What is closed is synced before.
        state.sync_to = state.next;
        state.waiters += 1;
        self.work.notify_one();
        self.room.notify_all();
        let begun = Instant::now();
        let is_over = |state: &State| state.worker == Worker::Gone || state.is_abandoned;
        while !is_over(&state) && begun.elapsed() < deadline {
            state = wait_for(&self.settled, state, deadline.saturating_sub(begun.elapsed()));
        }
        let mut left_behind = Vec::new();
        if !is_over(&state) {
            left_behind = state.abandon();
            self.work.notify_one();
            self.settled.notify_all();
        }
        state.waiters -= 1;
        (state.account(), left_behind)
    }

    /// The worker will do nothing more. Gives what waits all the same.
    pub(crate) fn worker_is_gone(&self) -> Vec<Load> {
        let mut state = self.lock();
        state.is_closed = true;
        let left_behind = state.abandon();
        state.worker = Worker::Gone;
        drop(state);
        self.settled.notify_all();
        self.room.notify_all();
        left_behind
    }

    /// What became of all that was taken.
    pub(crate) fn account(&self) -> Account {
        self.lock().account()
    }

    pub(crate) fn depth(&self) -> Depth {
        let state = self.lock();
        let records = state.counts.iter().chain(&state.in_flight).sum();
        Depth { records, bytes: state.weight, floor: state.footing.floor() }
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.lock().is_closed
    }

    /// Memory of what was shed, for what comes.
    pub(crate) fn give_back(&self, segments: Vec<Segment>) {
        let mut state = self.lock();
        for segment in segments.into_iter().filter(Segment::is_ordinary) {
            if state.spare.len() < self.rules.most_spare() {
                state.spare.push(segment.emptied());
            }
        }
    }
}

/// How a flush went.
pub(crate) struct Flushed {
    pub(crate) is_in_time: bool,
    pub(crate) is_synced: bool,
    pub(crate) lost: u64,
    /// Fatal records that have not left.
    pub(crate) last_words: Vec<Box<[u8]>>,
}

/// What a call waits for.
#[derive(Clone, Copy)]
struct Wait {
    most: Duration,
    is_for_sync: bool,
    is_promised: bool,
}

const MOST_LAST_WORDS: usize = 16;

impl Rules {
    /// How much there may be when a record of this lane comes.
    fn capacity_for(&self, lane: usize, weight_of_errors: usize) -> usize {
        match lane >= ERRORS {
            true => self.capacity,
            false => self.capacity - self.reserve.saturating_sub(weight_of_errors),
        }
    }

    /// As many as there are when the queue is full.
    fn most_spare_loads(&self) -> usize {
        (self.capacity / self.load).clamp(4, 64)
    }

    fn most_spare(&self) -> usize {
        (self.capacity / SEGMENT).clamp(LANES, MOST_SPARE)
    }
}

/// How much is enough for a batch, and how much goes into a load, where a backend takes so much at a time. What is in flight
/// cannot be shed any more, so that it is only a part of what the queue holds; and each load has memory that it does not
/// use, so that many small ones would take many times what the queue is allowed.
pub(crate) fn batch_and_load(limit: usize, capacity: usize) -> (usize, usize) {
    let most = (capacity / 4).max(1);
    (limit.clamp(1, most), limit.max(LEAST_LOAD).min(most))
}

const LEAST_LOAD: usize = 8 * SEGMENT;

/// As much memory is kept for later at most as a queue has by default.
const MOST_SPARE: usize = 8 * 1024 * 1024 / SEGMENT;

impl State {
    fn new(rules: &Rules) -> State {
        State {
            waiting: VecDeque::new(),
            weights: [0; LANES],
            weight: 0,
            footing: Footing::on_the_ground(&rules.rungs),
            counts: [0; LANES],
            in_flight: [0; LANES],
            weight_in_flight: 0,
            next: 0,
            settled_to: 0,
            synced_to: 0,
            hurry_to: 0,
            sync_to: 0,
            left: [0; LANES],
            lost: Account::new(),
            waited_for: Vec::new(),
            failed: Vec::new(),
            trouble: Trouble::default(),
            told: Trouble::default(),
            last_words: Vec::new(),
            waiters: 0,
            blocked: 0,
            worker: Worker::Busy,
            expects_more: false,
            is_closed: false,
            is_abandoned: false,
            allowance: Allowance::new(),
            spare: Vec::new(),
            spare_loads: Vec::new(),
        }
    }

    #[inline]
    fn has_waiting(&self) -> bool {
        self.weight > self.weight_in_flight
    }

    #[inline]
    fn weight_of_errors(&self) -> usize {
        self.weights[ERRORS..].iter().sum()
    }

    /// Whether anything waits, or was left in flight by a caller who wrote through.
    fn has_work(&self) -> bool {
        self.has_waiting() || self.weight_in_flight > 0
    }

    /// Whether somebody waits for what there is.
    fn is_urgent(&self) -> bool {
        self.hurry_to > self.settled_to || self.is_closed || self.weight_in_flight > 0
    }

    /// Whether there is enough for a whole load.
    #[inline]
    fn is_full(&self, rules: &Rules) -> bool {
        self.waiting.len() > 1 || self.waiting.front().is_some_and(|load| load.weight() >= rules.batch)
    }

    /// Whether there is so much that the worker is not to wait for more. A whole load is not enough: waking it costs the
    /// caller more than its record, and soon it looks by itself.
    #[inline]
    fn is_pressing(&self, rules: &Rules) -> bool {
        self.weight - self.weight_in_flight >= rules.batch.saturating_mul(4).min(rules.capacity / 2)
    }

    #[inline]
    fn has_room(&self, rules: &Rules, lane: usize, weight: usize) -> bool {
        self.weight.saturating_add(weight) <= rules.capacity_for(lane, self.weight_of_errors())
    }

    #[inline]
    fn push(&mut self, rules: &Rules, line: &Line<'_>, lane: usize, weight: usize) -> u64 {
        let sequence = self.next;
        self.next += 1;
        let has_room = |load: &Load| load.weight() == 0 || load.weight() + weight <= rules.load;
        if !self.waiting.back().is_some_and(has_room) {
            self.waiting.push_back(self.spare_loads.pop().unwrap_or_default());
        }
        if let Some(load) = self.waiting.back_mut() {
            let spare = &mut self.spare;
            load.push(sequence, line, lane, || spare.pop());
        }
        self.weights[lane] += weight;
        self.weight += weight;
        self.counts[lane] += 1;
        if line.level >= Level::FATAL && self.last_words.len() < MOST_LAST_WORDS {
            self.last_words.push((sequence, line.bytes.into()));
        }
        sequence
    }

    /// Climbs or steps back. Says whether it did.
    #[cold]
    fn moves(&mut self, rules: &Rules) -> bool {
        let moved = self.footing.moved(&rules.rungs, self.weight);
        std::mem::replace(&mut self.footing, moved) != moved
    }

    /// Whether the worker waits for what there is now.
    #[inline]
    fn wakes_worker(&mut self, rules: &Rules) -> bool {
        let wakes = match self.worker {
            Worker::Idle => true,
            Worker::Lingering => self.is_pressing(rules),
            Worker::Busy | Worker::Pausing | Worker::Gone => false,
        };
        if wakes {
            // Once is enough.
            self.worker = Worker::Busy;
        }
        wakes
    }

    #[inline]
    fn reached(&self, is_for_sync: bool) -> u64 {
        if is_for_sync { self.synced_to } else { self.settled_to }
    }

    /// These are lost, which matters to those who wait for them.
    fn fail(&mut self, sequences: impl Iterator<Item = u64>) {
        if !self.waited_for.is_empty() {
            let waited_for = &self.waited_for;
            self.failed.extend(sequences.filter(|sequence| waited_for.contains(sequence)));
        }
    }

    /// Where nothing waits and nothing is in flight, all has left.
    fn note_emptiness(&mut self) {
        if !self.has_waiting() && self.weight_in_flight == 0 {
            self.settled_to = self.next;
        }
        let settled_to = self.settled_to;
        self.last_words.retain(|(sequence, _)| *sequence >= settled_to);
    }

    /// Lets go of what is less severe, if that is enough.
    fn shed_below(&mut self, rules: &Rules, lane: usize, weight: usize, shed: &mut Vec<Segment>) {
        let below: usize = self.weights[..lane].iter().sum();
        if self.weight - below + weight > rules.capacity_for(lane, self.weight_of_errors()) {
            return;
        }
        while !self.has_room(rules, lane, weight) {
            let Some(lowest) = (0..lane).find(|lane| self.weights[*lane] > 0) else { return };
            self.shed(lowest, shed);
        }
    }

    /// Lets go of what has waited longest, of errors last and only for errors.
    fn shed_oldest(&mut self, rules: &Rules, lane: usize, weight: usize, shed: &mut Vec<Segment>) {
        while !self.has_room(rules, lane, weight) {
            let oldest_of = |lanes: std::ops::Range<usize>| {
                let ages = lanes.filter_map(|lane| {
                    let oldest = self.waiting.iter().find_map(|load| load.oldest_of(lane))?;
                    Some((oldest, lane))
                });
                ages.min().map(|(_, lane)| lane)
            };
            let errors = if lane >= ERRORS { ERRORS..LANES } else { 0..0 };
            let Some(oldest) = oldest_of(0..ERRORS).or_else(|| oldest_of(errors)) else { return };
            self.shed(oldest, shed);
        }
    }

    /// Lets go of the oldest segment of a lane.
    fn shed(&mut self, lane: usize, shed: &mut Vec<Segment>) {
        let Some(segment) = self.waiting.iter_mut().find_map(|load| load.shed(lane)) else { return };
        let records = segment.marks().len() as u64;
        self.weights[lane] -= segment.weight();
        self.weight -= segment.weight();
        self.counts[lane] -= records;
        self.lost.lose(DropReason::Full, level_of(lane), records);
        self.fail(segment.marks().iter().map(|mark| mark.sequence));
        shed.push(segment);
    }

    /// What waits and what is in flight is lost. Gives the one, and leaves the other to whoever has it in hand.
    fn abandon(&mut self) -> Vec<Load> {
        if std::mem::replace(&mut self.is_abandoned, true) {
            return Vec::new();
        }
        // Nobody who still waits is to take the end for an answer.
        let answered = self.settled_to.min(self.synced_to);
        self.failed.extend(self.waited_for.iter().filter(|waited| **waited >= answered));
        let settled_to = self.settled_to;
        self.last_words.retain(|(sequence, _)| *sequence >= settled_to);
        (self.settled_to, self.synced_to) = (self.next, self.next);
        for lane in 0..LANES {
            let records = std::mem::take(&mut self.counts[lane]) + std::mem::take(&mut self.in_flight[lane]);
            if records > 0 {
                self.lost.lose(DropReason::Abandoned, level_of(lane), records);
                self.trouble.lost += records;
            }
        }
        self.weights = [0; LANES];
        (self.weight, self.weight_in_flight) = (0, 0);
        std::mem::take(&mut self.waiting).into()
    }

    fn account(&self) -> Account {
        let mut account = self.lost.clone();
        account.floor = self.footing.floor();
        for lane in 0..LANES {
            account.left.add(level_of(lane), self.left[lane]);
            account.pending.add(level_of(lane), self.counts[lane] + self.in_flight[lane]);
        }
        account
    }

    /// Fatal records that a flush up to here waited for in vain. What is abandoned never leaves, whatever the numbers say.
    fn unsaid(&mut self, to: u64) -> Vec<Box<[u8]>> {
        if self.synced_to >= to && !self.is_abandoned {
            return Vec::new();
        }
        let settled_to = if self.is_abandoned { 0 } else { self.settled_to };
        let last_words = std::mem::take(&mut self.last_words).into_iter();
        last_words.filter(|(sequence, _)| *sequence >= settled_to).map(|(_, bytes)| bytes).collect()
    }
}

#[cfg(all(test, hyperlog_loom))]
mod interleavings;
#[cfg(all(test, not(hyperlog_loom)))]
mod last_words;
#[cfg(all(test, not(hyperlog_loom)))]
mod model;
#[cfg(all(test, not(hyperlog_loom)))]
mod stream;
