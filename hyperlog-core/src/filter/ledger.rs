//! Who was suppressed how often: accounts by key, in a table of fixed size.
//!
//! Apart from the samplers, because they all keep the same books: whatever decides, each record offered is either kept
//! or counted here, and what is counted comes out once, as a [`Summary`].

use std::cell::Cell;
use std::fmt;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use crate::level::Level;
use crate::seat::{Room, SEATS, Seat};

/// What one key had suppressed in one window.
///
/// ```
/// use std::time::Duration;
/// use hyperlog_core::{Level, Offer, Sampling, SamplingMethod, SamplingRule};
///
/// let sampler = Sampling::new().rule(SamplingRule::new(SamplingMethod::First(1))).compile()?;
/// let offer = Offer::new(Level::WARN, "shop::stock", 1);
/// for _ in 0..5 {
///     sampler.sample(&offer, 0, &mut drop);
/// }
///
/// let minute = Duration::from_secs(60).as_nanos() as u64;
/// let mut told = Vec::new();
/// sampler.drain_summaries(minute, &mut |summary| told.push(summary.to_string()));
/// assert_eq!(told, ["WARN records of shop::stock repeated 4 times"]);
/// # Ok::<(), hyperlog_core::SamplingError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    label: Label,
    key: Option<u64>,
    suppressed: u64,
    stands_for: u64,
    window: Range<u64>,
}

impl Summary {
    /// The target of the first record under this key, cut at 94 bytes; of a summary without a key, the target of the
    /// rule, or `*`.
    pub fn target(&self) -> &str {
        self.label.target()
    }

    /// The level of the first record under this key; of a summary without a key, the lowest level of the rule.
    pub fn level(&self) -> Level {
        self.label.level
    }

    /// The hash of the key, or `None` when the summary speaks for a whole rule, or for the keys that found no account of
    /// their own.
    pub fn key(&self) -> Option<u64> {
        self.key
    }

    /// How many records were suppressed. Never zero.
    pub fn suppressed(&self) -> u64 {
        self.suppressed
    }

    /// How many records this summary itself stands for when counts are restored from rates: zero where the kept records
    /// stand for the suppressed ones already, all of [`Summary::suppressed`] where a limit cut them off.
    pub fn stands_for(&self) -> u64 {
        self.stands_for
    }

    /// The window, in nanoseconds of the caller's monotonic clock.
    pub fn window(&self) -> Range<u64> {
        self.window.clone()
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = if self.stands_for > 0 { "repeated" } else { "sampled out" };
        let times = if self.suppressed == 1 { "time" } else { "times" };
        write!(formatter, "{} records of {} {verb} {} {times}", self.level(), self.target(), self.suppressed)
    }
}

/// What a way of sampling tells the ledger about the account it keeps.
pub(crate) trait Bookkeeping {
    /// How many of the counted offers were suppressed, for those who do not count them one by one.
    fn suppressed_of(&self, account: &Account, tally: Tally) -> u64;

    /// The count of the first offer, from this tally on, that is not certain to be suppressed whatever the time.
    fn next_open(&self, account: &Account, tally: Tally) -> u64;

    /// A window ended: sets the terms of the next one.
    fn renew(&self, account: &Account, tally: Tally, elapsed: u64);

    /// Whether kept records carry a rate that stands for the suppressed ones.
    fn is_represented(&self) -> bool;
}

static ROOM: Room = Room::new();

thread_local! {
    static SEAT: Seated = Seated(ROOM.sit());
    /// The number of the seat, where it is read without asking whether the thread is ending.
    static NUMBER: Cell<SeatNumber> = const { Cell::new(SeatNumber::UNASKED) };
}

/// The number of a thread's seat; [`SEATS`] or more if it has none. No other thread has the same one until this thread
/// has ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct SeatNumber(usize);

impl SeatNumber {
    const UNASKED: SeatNumber = SeatNumber(usize::MAX);

    /// The seat of the current thread, if it has sat down.
    #[inline(always)]
    pub(crate) fn current() -> SeatNumber {
        NUMBER.get()
    }
}

/// The seat of the current thread.
#[inline(always)]
fn seat() -> SeatNumber {
    match SeatNumber::current() {
        SeatNumber::UNASKED => sit(),
        seat => seat,
    }
}

#[cold]
#[inline(never)]
fn sit() -> SeatNumber {
    let seat = SeatNumber(SEAT.try_with(|seat| seat.0.number()).unwrap_or(SEATS));
    NUMBER.set(seat);
    seat
}

struct Seated(Seat);

impl Drop for Seated {
    fn drop(&mut self) {
        // Before the seat is another's: what this thread still logs while it ends is counted without one.
        NUMBER.set(SeatNumber(SEATS));
    }
}

/// Accounts by key. A key that finds no place shares one account with others like it, so memory never grows and
/// nothing goes uncounted.
pub(crate) struct Ledger<B> {
    pub(crate) book: B,
    sets: Box<[Set]>,
    rest: Set,
    window: Window,
    /// By seat and account, what each thread counted; set up when a thread first counts apart.
    apart: [OnceLock<Box<[Apart]>>; SEATS],
}

impl<B: Bookkeeping> Ledger<B> {
    /// `keys` is rounded up to a power of two; zero keeps one account for all.
    pub(crate) fn new(book: B, keys: usize, window: u64, target: &str, level: Level) -> Ledger<B> {
        let count = if keys == 0 { 0 } else { keys.div_ceil(WAYS).next_power_of_two() };
        let rest = Set::new(count);
        rest.labels()[0] = Label::new(target, level);
        Ledger {
            book,
            sets: (0..count).map(Set::new).collect(),
            rest,
            window: Window::new(window),
            apart: [const { OnceLock::new() }; SEATS],
        }
    }

    /// The account of this key, opened if need be; a window that ended on the way is told.
    #[inline]
    pub(crate) fn account(
        &self,
        key: u64,
        offered: (&str, Level),
        now: u64,
        tell: &mut impl FnMut(Summary),
    ) -> &Account {
        let number = self.window.number(now);
        let (set, way) = match self.set(key) {
            None => (&self.rest, 0),
            Some(set) => match set.find(key) {
                Some(way) => (set, way),
                None => self.open(set, key, offered, number, tell),
            },
        };
        let account = &set.accounts[way];
        if !account.tally().is_of(number) {
            self.turn(set, way, number, tell);
        }
        account
    }

    /// The account of this key, if there is one.
    #[inline(always)]
    pub(crate) fn find(&self, key: u64) -> Option<&Account> {
        let Some(set) = self.set(key) else { return Some(&self.rest.accounts[0]) };
        let way = set.find(key)?;
        Some(&set.accounts[way])
    }

    /// Counts one more offer, as [`Account::count`], but on a line that no other thread writes.
    #[inline]
    pub(crate) fn count_apart(&self, account: &Account) -> Tally {
        let Some(table) = self.apart.get(seat().0) else { return account.count() };
        let table = table.get_or_init(|| self.table());
        let apart = &table[account.place];
        let mut tally = apart.tally();
        if tally.window() != account.tally().window() || tally.is_full() {
            tally = self.enter(account, apart);
        }
        apart.tally.store(tally.0 + 1, Relaxed);
        tally
    }

    /// The account of the key of this number, if there is one.
    #[inline(always)]
    fn find_by_number(&self, number: u64) -> Option<&Account> {
        if self.sets.is_empty() { Some(&self.rest.accounts[0]) } else { self.find(key(number)) }
    }

    /// The same if its window has not ended.
    #[inline(always)]
    pub(crate) fn running(&self, number: u64, now: u64) -> Option<&Account> {
        let account = self.find_by_number(number)?;
        if account.tally().is_of(self.window.number(now)) { Some(account) } else { None }
    }

    /// Counts one more offer apart, if this thread has counted in this window before.
    #[inline(always)]
    pub(crate) fn count_again(&self, account: &Account, seat: SeatNumber) -> bool {
        let Some(apart) = self.apart_of(account, seat) else { return false };
        let tally = apart.tally();
        let is_running = tally.window() == account.tally().window() && !tally.is_full();
        if is_running {
            apart.tally.store(tally.0 + 1, Relaxed);
        }
        is_running
    }

    /// Counts one more offer, whose key is of this number, if this thread knows that it is suppressed: see
    /// [`Ledger::look_ahead`].
    #[inline(always)]
    pub(crate) fn skip(&self, number: u64, seat: SeatNumber) -> bool {
        let Some(account) = self.find_by_number(number) else { return false };
        let Some(apart) = self.apart_of(account, seat) else { return false };
        let tally = apart.tally();
        let is_known = tally.0 < apart.due.load(Relaxed);
        if is_known {
            apart.tally.store(tally.0 + 1, Relaxed);
        }
        is_known
    }

    /// Counts one more offer that was foreseen as open, unless the clock has to be looked at before.
    ///
    /// What is kept must not be a reason to look: a window that ended unnoticed would then end just before a record
    /// that is due, and too few would be kept.
    pub(crate) fn count_due(&self, account: &Account) -> Option<Tally> {
        let apart = self.apart_of(account, seat())?;
        let (tally, due) = (apart.tally(), apart.due.load(Relaxed));
        if due == 0 || due != tally.0 || tally.count().is_multiple_of(UNLOOKED) {
            return None;
        }
        apart.tally.store(tally.0 + 1, Relaxed);
        self.foresee(account, apart, due);
        Some(tally)
    }

    /// Finds out how many of the next offers of this thread are certain to be suppressed, so that they need no clock.
    /// To be called after the clock was looked at.
    ///
    /// Whoever ends the window or drains it takes the foresight away, so that the next offer looks again.
    pub(crate) fn look_ahead(&self, account: &Account) {
        let Some(apart) = self.apart_of(account, seat()) else { return };
        match apart.due.load(Relaxed) {
            0 => {
                // no one ends a window meanwhile
                let _labels = self.set_of(account).labels();
                if apart.tally().window() == account.tally().window() {
                    self.foresee(account, apart, 0);
                }
            }
            due => self.foresee(account, apart, due),
        }
    }

    /// Foresees, unless what was foreseen has been taken away meanwhile.
    fn foresee(&self, account: &Account, apart: &Apart, before: u64) {
        let tally = apart.tally();
        let look = tally.count().next_multiple_of(UNLOOKED);
        let due = tally.emptied().0 + self.book.next_open(account, tally).min(look);
        let _ = apart.due.compare_exchange(before, due, Relaxed, Relaxed);
    }

    /// What this thread counts of an account, once it has.
    #[inline(always)]
    fn apart_of(&self, account: &Account, seat: SeatNumber) -> Option<&Apart> {
        self.apart.get(seat.0)?.get()?.get(account.place)
    }

    fn set_of(&self, account: &Account) -> &Set {
        self.sets.get(account.place / WAYS).unwrap_or(&self.rest)
    }

    #[cold]
    #[inline(never)]
    fn table(&self) -> Box<[Apart]> {
        (0..(self.sets.len() + 1) * WAYS).map(|_| Apart::default()).collect()
    }

    /// Follows the account into its window, and leaves with it what is still to be told.
    #[cold]
    #[inline(never)]
    fn enter(&self, account: &Account, apart: &Apart) -> Tally {
        let _labels = self.set_of(account).labels();
        account.suppressed.fetch_add(self.take(account, apart), Relaxed);
        let tally = account.tally().emptied();
        apart.tally.store(tally.0, Relaxed);
        apart.told.store(0, Relaxed);
        tally
    }

    /// What was suppressed apart since it was last taken; what was foreseen is over. Only under the lock of the set.
    fn take(&self, account: &Account, apart: &Apart) -> u64 {
        apart.due.store(0, Relaxed);
        let suppressed = self.book.suppressed_of(account, apart.tally());
        suppressed.saturating_sub(apart.told.swap(suppressed, Relaxed))
    }

    /// Tells what windows that ended left behind; with `Windows::All` the running ones too.
    pub(crate) fn drain(&self, now: u64, windows: Windows, tell: &mut impl FnMut(Summary)) {
        let number = self.window.number(now);
        for set in self.sets.iter().chain([&self.rest]) {
            let mut due = [const { None }; WAYS];
            {
                let labels = set.labels();
                for (way, due) in due.iter_mut().enumerate() {
                    if windows == Windows::All || set.accounts[way].tally().is_past(number) {
                        *due = self.collect(set, way, &labels[way], number);
                    }
                }
            }
            // the lock is released: who is told may log, and come by here again
            due.into_iter().flatten().for_each(&mut *tell);
        }
    }

    #[inline(always)]
    fn set(&self, key: u64) -> Option<&Set> {
        // the upper half: the key is a product, and those are the bits that depend on all others
        self.sets.get((key >> 32) as usize & self.sets.len().wrapping_sub(1))
    }

    #[cold]
    #[inline(never)]
    fn open<'a>(
        &'a self,
        set: &'a Set,
        key: u64,
        (target, level): (&str, Level),
        number: u64,
        tell: &mut impl FnMut(Summary),
    ) -> (&'a Set, usize) {
        let Some((way, due)) = self.place(set, key, Label::new(target, level), number) else { return (&self.rest, 0) };
        due.into_iter().for_each(tell);
        (set, way)
    }

    /// Gives the key a free place, or the one that was silent for longest, but none that is in use in this window.
    fn place(&self, set: &Set, key: u64, label: Label, number: u64) -> Option<(usize, Option<Summary>)> {
        let mut labels = set.labels();
        if let Some(way) = set.find(key) {
            return Some((way, None)); // another thread was faster
        }
        let silence = |way: &usize| match set.accounts[*way].key.load(Relaxed) {
            0 => u64::MAX,
            _ => set.accounts[*way].tally().windows_since(number),
        };
        let way = (0..WAYS).max_by_key(silence).filter(|way| silence(way) > 0)?;
        let due = self.close(set, way, &labels[way], number);
        labels[way] = label;
        set.accounts[way].state.store(0, Relaxed);
        set.accounts[way].key.store(key, Relaxed);
        Some((way, due))
    }

    /// Ends the window of an account, unless another thread has.
    #[cold]
    #[inline(never)]
    fn turn(&self, set: &Set, way: usize, number: u64, tell: &mut impl FnMut(Summary)) {
        let labels = set.labels();
        let is_past = set.accounts[way].tally().is_past(number);
        let due = is_past.then(|| self.close(set, way, &labels[way], number)).flatten();
        drop(labels);
        due.into_iter().for_each(tell);
    }

    /// Begins a new window. The label is borrowed from under the lock, so no other thread does the same meanwhile.
    fn close(&self, set: &Set, way: usize, label: &Label, number: u64) -> Option<Summary> {
        let account = &set.accounts[way];
        let tally = Tally(account.tally.swap(Tally::open(number).0, Relaxed));
        self.book.renew(account, tally, tally.windows_since(number));
        let suppressed = self.uncounted(account) + self.book.suppressed_of(account, tally);
        self.summary(account, label, suppressed, number - tally.windows_since(number))
    }

    /// Takes what was suppressed and leaves the account as it is, so that a silent key still counts as silent.
    fn collect(&self, set: &Set, way: usize, label: &Label, number: u64) -> Option<Summary> {
        let account = &set.accounts[way];
        let mut tally = account.tally();
        let mut suppressed = self.uncounted(account);
        if self.book.suppressed_of(account, tally) > 0 {
            tally = Tally(account.tally.swap(tally.emptied().0, Relaxed));
            suppressed += self.book.suppressed_of(account, tally);
        }
        self.summary(account, label, suppressed, number - tally.windows_since(number))
    }

    /// What was suppressed besides what the tally of the account says.
    fn uncounted(&self, account: &Account) -> u64 {
        let apart = self.apart.iter().filter_map(OnceLock::get).map(|table| self.take(account, &table[account.place]));
        account.suppressed.swap(0, Relaxed) + apart.sum::<u64>()
    }

    fn summary(&self, account: &Account, label: &Label, suppressed: u64, number: u64) -> Option<Summary> {
        let start = number.saturating_mul(self.window.length);
        (suppressed > 0).then(|| Summary {
            label: label.clone(),
            key: Some(account.key.load(Relaxed)).filter(|key| *key != 0),
            suppressed,
            stands_for: if self.book.is_represented() { 0 } else { suppressed },
            window: start..start.saturating_add(self.window.length),
        })
    }
}

/// Which windows a drain ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Windows {
    Ended,
    All,
}

/// The numbers of one key. On a cache line of its own, since it is written with each record.
#[repr(align(64))]
pub(crate) struct Account {
    key: AtomicU64,
    tally: AtomicU64,
    /// What the way of sampling needs besides.
    pub(crate) state: AtomicU64,
    suppressed: AtomicU64,
    seed: u64,
    place: usize,
}

impl Account {
    /// Counts one more offer; the tally is the one before it.
    #[inline]
    pub(crate) fn count(&self) -> Tally {
        Tally(self.tally.fetch_add(1, Relaxed))
    }

    /// Counts one suppressed record.
    #[inline]
    pub(crate) fn suppress(&self) {
        self.suppressed.fetch_add(1, Relaxed);
    }

    /// A number below `bound` that is fixed for this account and window; over many windows, all come equally often.
    #[inline]
    pub(crate) fn phase(&self, tally: Tally, bound: u64) -> u64 {
        let spread = self.seed.wrapping_add(tally.window().wrapping_mul(GOLDEN));
        ((u128::from(spread) * u128::from(bound)) >> 64) as u64
    }

    /// The next of a row of numbers without visible order.
    pub(crate) fn draw(&self) -> u64 {
        self.seed.wrapping_add(self.state.fetch_add(1, Relaxed))
    }

    #[inline]
    fn tally(&self) -> Tally {
        Tally(self.tally.load(Relaxed))
    }
}

/// What one thread counted of one account in one window. The thread writes the tally, and nobody else; `told` is how
/// much of it was taken, and changes under the lock of the account's set.
#[derive(Default)]
struct Apart {
    tally: AtomicU64,
    told: AtomicU64,
    /// All offers before this tally are certain to be suppressed; zero if nothing is foreseen. Of the window of the
    /// tally, since whoever changes that takes it away. Only the thread sets it, and everyone may take it away.
    due: AtomicU64,
}

/// So many offers at most are decided without looking at the clock.
const UNLOOKED: u64 = 64;

impl Apart {
    #[inline(always)]
    fn tally(&self) -> Tally {
        Tally(self.tally.load(Relaxed))
    }
}

/// The length of windows in nanoseconds, and its reciprocal: two multiplications take a third of the time of a division.
struct Window {
    length: u64,
    reciprocal: u64,
}

impl Window {
    fn new(length: u64) -> Window {
        Window { length, reciprocal: u64::MAX / length }
    }

    /// `now / length`: the estimate is right or one too small.
    #[inline]
    fn number(&self, now: u64) -> u64 {
        let estimate = ((u128::from(now) * u128::from(self.reciprocal)) >> 64) as u64;
        estimate + u64::from(now - estimate * self.length >= self.length)
    }
}

/// A window's number and the offers counted in it, in one word: an offer is counted in exactly one window, without a
/// lock. The count has room for 19 million offers a second through a window of an hour; what a thread counts apart begins
/// anew before it is full.
#[derive(Clone, Copy)]
pub(crate) struct Tally(u64);

impl Tally {
    const COUNT_BITS: u32 = 36;
    const LAST_WINDOW: u64 = u64::MAX >> Tally::COUNT_BITS;
    /// By how many windows a thread may be late and still count in the current one instead of turning time back.
    const LATE: u64 = 8;

    fn open(number: u64) -> Tally {
        Tally(number << Tally::COUNT_BITS)
    }

    /// Whether it is time to begin anew, long before the count runs over into the window.
    fn is_full(self) -> bool {
        self.count() >= 1 << (Tally::COUNT_BITS - 1)
    }

    fn emptied(self) -> Tally {
        Tally::open(self.window())
    }

    pub(crate) fn count(self) -> u64 {
        self.0 & ((1 << Tally::COUNT_BITS) - 1)
    }

    fn window(self) -> u64 {
        self.0 >> Tally::COUNT_BITS
    }

    fn is_of(self, number: u64) -> bool {
        self.window() == number & Tally::LAST_WINDOW
    }

    fn is_past(self, number: u64) -> bool {
        self.windows_since(number) > 0
    }

    /// How many windows ago this one was; zero for a thread whose time is a little behind.
    fn windows_since(self, number: u64) -> u64 {
        let windows = number.wrapping_sub(self.window()) & Tally::LAST_WINDOW;
        if windows > Tally::LAST_WINDOW - Tally::LATE { 0 } else { windows.min(number) }
    }
}

const WAYS: usize = 4;

/// The places a key may have. The lock guards labels and the change of keys and windows, not the counting.
struct Set {
    accounts: [Account; WAYS],
    labels: Mutex<[Label; WAYS]>,
}

impl Set {
    fn new(place: usize) -> Set {
        let account = |way| Account {
            key: AtomicU64::new(0),
            tally: AtomicU64::new(0),
            state: AtomicU64::new(0),
            suppressed: AtomicU64::new(0),
            seed: mix((place * WAYS + way) as u64),
            place: place * WAYS + way,
        };
        Set { accounts: std::array::from_fn(account), labels: Mutex::new([const { Label::EMPTY }; WAYS]) }
    }

    #[inline(always)]
    fn find(&self, key: u64) -> Option<usize> {
        self.accounts.iter().position(|account| account.key.load(Relaxed) == key)
    }

    fn labels(&self) -> MutexGuard<'_, [Label; WAYS]> {
        self.labels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A target and a level, held without allocating: a flood of keys must not become a flood of allocations.
#[derive(Clone, PartialEq, Eq)]
struct Label {
    level: Level,
    length: u8,
    text: [u8; Label::LENGTH],
}

impl Label {
    const LENGTH: usize = 94;
    const EMPTY: Label = Label { level: Level::TRACE, length: 0, text: [0; Label::LENGTH] };

    fn new(target: &str, level: Level) -> Label {
        let end = (0..=Label::LENGTH).rev().find(|end| target.is_char_boundary(*end));
        let target = if target.len() > Label::LENGTH { &target[..end.unwrap_or(0)] } else { target };
        let mut text = [0; Label::LENGTH];
        text[..target.len()].copy_from_slice(target.as_bytes());
        Label { level, length: target.len() as u8, text }
    }

    fn target(&self) -> &str {
        std::str::from_utf8(&self.text[..usize::from(self.length)]).unwrap_or_default()
    }
}

impl fmt::Debug for Label {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {:?}", self.level, self.target())
    }
}

/// The key of an account: distinct numbers give distinct keys, but for zero, which marks a free place.
#[inline]
pub(crate) fn key(number: u64) -> u64 {
    number.wrapping_mul(GOLDEN).max(1)
}

/// The fraction of the golden ratio: its multiples are spread as evenly as can be.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// Spreads a number over all bits, one to one. Part of the promise that the same id meets the same verdict in every
/// process and version: do not change it.
#[inline]
pub(crate) fn mix(number: u64) -> u64 {
    let number = number.wrapping_add(GOLDEN);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Suppresses all that is offered.
    struct Nothing;

    impl Bookkeeping for Nothing {
        fn suppressed_of(&self, _: &Account, tally: Tally) -> u64 {
            tally.count()
        }

        fn next_open(&self, _: &Account, _: Tally) -> u64 {
            u64::MAX
        }

        fn renew(&self, _: &Account, _: Tally, _: u64) {}

        fn is_represented(&self) -> bool {
            false
        }
    }

    fn ledger() -> Ledger<Nothing> {
        Ledger::new(Nothing, 4, 1000, "*", Level::TRACE)
    }

    #[test]
    fn what_a_thread_counts_while_another_ends_the_window_is_told_later() {
        let (ledger, mut told) = (ledger(), 0);
        let mut tell = |summary: Summary| told += summary.suppressed();
        let account = ledger.account(7, ("a", Level::INFO), 0, &mut tell);
        ledger.count_apart(account);
        ledger.account(7, ("a", Level::INFO), 1000, &mut tell);
        // this thread was about to store when the window ended
        ledger.apart[seat().0].get().expect("this thread has counted")[account.place].tally.fetch_add(1, Relaxed);
        ledger.count_apart(account);
        ledger.drain(1000, Windows::All, &mut tell);
        ledger.drain(1000, Windows::All, &mut tell);
        assert_eq!(told, 3);
    }

    #[test]
    fn threads_that_open_one_key_at_the_same_time_find_one_account() {
        let ledger = ledger();
        let place = || ledger.place(&ledger.sets[0], 7, Label::new("a", Level::INFO), 1);
        assert_eq!(place(), place());
    }

    #[test]
    fn a_window_that_ended_is_recognised_however_numbers_wrap() {
        for (window, number, windows) in [
            (0, 0, 0),
            (5, 6, 1),
            (6, 5, 0),
            (Tally::LATE, 0, 0),
            (Tally::LAST_WINDOW, Tally::LAST_WINDOW + 1, 1),
            (Tally::LAST_WINDOW + 1, Tally::LAST_WINDOW, 0),
            (100, 3, 3), // far too late to be late: time ran backwards
        ] {
            assert_eq!(Tally::open(window).windows_since(number), windows, "{window} at {number}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_number_of_a_window_is_the_quotient(now in any::<u64>(), length in 1_000_000u64..=3_600_000_000_000, windows in any::<u32>()) {
            let border = length.saturating_mul(windows.into());
            for now in [now, border, border.saturating_sub(1), u64::MAX, 0] {
                prop_assert_eq!(Window::new(length).number(now), now / length);
            }
        }
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
            assert!(std::thread::spawn(seat).join().unwrap().0 < SEATS);
        }
    }
}
