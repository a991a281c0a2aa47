//! A place in the program that logs, with what is known of it beforehand.
//!
//! Call sites register when they are first reached. From then on verdicts are pushed to them whenever some logger's
//! level changes, so that a call that nobody wants costs a load and a comparison.

use crate::contain::contain;
use crate::fault;
use crate::keyset::KeySet;
use crate::level::Level;
use crate::record::Site;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// What a macro leaves in the program.
#[doc(hidden)]
pub struct Callsite {
    pub(crate) site: Site<'static>,
    pub(crate) keys: KeySet,
    verdict: AtomicU8,
    /// The last filter that was asked, and its answer in the lowest byte.
    filter: AtomicU64,
}

/// What is known of a call before any gate.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Verdict {
    /// Nothing: nobody was asked yet.
    Unknown,
    /// No logger wants it.
    Unwanted,
    /// It depends on the logger.
    Open,
    /// Every logger wants it, and none samples.
    Certain,
}

/// What the filter of one logger says of all records of a call site: to stop, to pass, or to ask a rule of the sampler.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Answer(u8);

impl Answer {
    pub(crate) const STOP: Answer = Answer(0);
    pub(crate) const PASS: Answer = Answer(1);
    const FIRST_RULE: u8 = 2;

    /// There are far fewer rules than a byte has room for: see [`Sampling::MAX_RULES`](crate::Sampling::MAX_RULES).
    pub(crate) fn rule(number: usize) -> Answer {
        u8::try_from(number).map_or(Answer::PASS, |number| Answer(number.saturating_add(Answer::FIRST_RULE)))
    }

    /// The number of the rule to ask.
    #[inline(always)]
    pub(crate) fn rule_asked(self) -> Option<usize> {
        if self.0 < Answer::FIRST_RULE { None } else { Some(usize::from(self.0 - Answer::FIRST_RULE)) }
    }
}

static CALLSITES: Mutex<Vec<&'static Callsite>> = Mutex::new(Vec::new());

impl Callsite {
    pub const fn new(site: Site<'static>) -> Callsite {
        Callsite {
            keys: KeySet::new(site.keys),
            site,
            verdict: AtomicU8::new(Verdict::Unknown as u8),
            filter: AtomicU64::new(0),
        }
    }

    /// Whether any logger may want this.
    #[inline(always)]
    pub fn may_be_wanted(&'static self) -> bool {
        self.verdict.load(Ordering::Relaxed) != Verdict::Unwanted as u8
    }

    /// What is known of this.
    pub(crate) fn verdict(&self) -> Verdict {
        let known = [Verdict::Unwanted, Verdict::Open, Verdict::Certain];
        let verdict = self.verdict.load(Ordering::Relaxed);
        known.into_iter().find(|known| *known as u8 == verdict).unwrap_or(Verdict::Unknown)
    }

    /// Whether no gate can stop this.
    #[inline(always)]
    pub(crate) fn is_certain(&'static self) -> bool {
        self.verdict.load(Ordering::Relaxed) == Verdict::Certain as u8
    }

    /// What a filter answered, if it was the last that was asked.
    #[inline(always)]
    pub(crate) fn answer_of(&self, filter: u64) -> Option<Answer> {
        let last = self.filter.load(Ordering::Relaxed);
        (last >> 8 == filter).then_some(Answer(last as u8))
    }

    pub(crate) fn keep_answer(&self, filter: u64, answer: Answer) {
        self.filter.store(filter << 8 | u64::from(answer.0), Ordering::Relaxed);
    }

    /// Takes part in [`rejudge`] from now on.
    #[cold]
    #[inline(never)]
    pub(crate) fn register<J: Judge>(&'static self, judge: fn() -> J) {
        let mut all = CALLSITES.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_registered() {
            return;
        }
        let judge = judge();
        all.push(self);
        self.judge(&judge);
        drop(all);
        // Outside of the lock: see `rejudge`.
        drop(judge);
    }

    #[inline]
    pub(crate) fn is_registered(&self) -> bool {
        self.verdict.load(Ordering::Relaxed) != Verdict::Unknown as u8
    }

    fn judge(&self, judge: &impl Judge) {
        self.verdict.store(judge.verdict(self.site.level, self.site.target) as u8, Ordering::Relaxed);
    }
}

/// What knows what all loggers want.
pub(crate) trait Judge {
    fn verdict(&self, level: Level, target: &str) -> Verdict;
}

/// Tells every call site that levels have changed.
///
/// The judge is called under the lock, so that the last verdict is that of the last change, and let go of outside: it may
/// by then be the last to hold a logger, and what a sink or a hook of that one does when it is dropped may log.
pub(crate) fn rejudge<J: Judge>(judge: fn() -> J) {
    let all = CALLSITES.lock().unwrap_or_else(PoisonError::into_inner);
    let judge = judge();
    all.iter().for_each(|callsite| callsite.judge(&judge));
    drop(all);
    drop(judge);
    if HAS_LISTENERS.load(Ordering::Acquire) {
        tell_listeners();
    }
}

/// Call sites of other facades learn of changes this way.
static LISTENERS: Mutex<Vec<fn()>> = Mutex::new(Vec::new());
static HAS_LISTENERS: AtomicBool = AtomicBool::new(false);

/// Calls a function after each [`rejudge`].
pub(crate) fn listen(listener: fn()) {
    LISTENERS.lock().unwrap_or_else(PoisonError::into_inner).push(listener);
    HAS_LISTENERS.store(true, Ordering::Release);
}

#[cold]
fn tell_listeners() {
    let listeners = LISTENERS.lock().unwrap_or_else(PoisonError::into_inner).clone();
    for listener in listeners {
        if contain(listener).is_none() {
            fault::report("level", format_args!("a listener panicked"));
        }
    }
}
