//! A place in the program that logs, with what is known of it beforehand.
//!
//! Call sites register when they are first reached. From then on verdicts are pushed to them whenever some logger's
//! level changes, so that a call that nobody wants costs a load and a comparison.

use crate::context::bloom_of;
use crate::field::Key;
use crate::logger::{Logger, any_logger_wants};
use crate::reading::KeyVerdicts;
use crate::record::Site;
use crate::redact::Redaction;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// What a macro leaves in the program.
#[doc(hidden)]
pub struct Callsite {
    pub(crate) site: Site<'static>,
    pub(crate) keys: KeySet,
    verdict: AtomicU8,
    /// The last filter that was asked, and its answer in the lowest bit.
    filter: AtomicU64,
}

const UNKNOWN: u8 = 0;
const UNWANTED: u8 = 1;
const WANTED: u8 = 2;

static CALLSITES: Mutex<Vec<&'static Callsite>> = Mutex::new(Vec::new());

impl Callsite {
    pub const fn new(site: Site<'static>) -> Callsite {
        Callsite { keys: KeySet::new(site.keys), site, verdict: AtomicU8::new(UNKNOWN), filter: AtomicU64::new(0) }
    }

    /// Whether any logger may want this.
    #[inline(always)]
    pub fn may_be_wanted(&'static self) -> bool {
        self.verdict.load(Ordering::Relaxed) != UNWANTED
    }

    /// Whether a filter lets this pass, asking it once.
    #[inline]
    pub(crate) fn passes(&'static self, filter: u64, logger: &Logger) -> bool {
        let last = self.filter.load(Ordering::Relaxed);
        if last >> 1 == filter { last & 1 == 1 } else { self.ask(filter, logger) }
    }

    #[cold]
    #[inline(never)]
    fn ask(&'static self, filter: u64, logger: &Logger) -> bool {
        self.register();
        let passes = logger.is_enabled(self.site.level, self.site.target);
        self.filter.store(filter << 1 | u64::from(passes), Ordering::Relaxed);
        passes
    }

    fn register(&'static self) {
        let mut all = CALLSITES.lock().unwrap_or_else(PoisonError::into_inner);
        if self.verdict.load(Ordering::Relaxed) == UNKNOWN {
            all.push(self);
            self.judge();
        }
    }

    fn judge(&self) {
        let verdict = if any_logger_wants(self.site.level, self.site.target) { WANTED } else { UNWANTED };
        self.verdict.store(verdict, Ordering::Relaxed);
    }
}

/// Tells every call site that levels have changed.
pub(crate) fn rejudge() {
    let all = CALLSITES.lock().unwrap_or_else(PoisonError::into_inner);
    all.iter().for_each(|callsite| callsite.judge());
}

/// The keys of a call site, and what has been found out about them.
#[doc(hidden)]
pub struct KeySet {
    pub(crate) keys: &'static [Key<'static>],
    /// [`KNOWN`], [`REPEATED`] and the keys' bloom.
    facts: AtomicU64,
    /// The redaction that was asked, and a bit for each of the first keys that it hides.
    sensitive: AtomicU64,
}

const KNOWN: u64 = 1 << 63;
const REPEATED: u64 = 1 << 62;
const BLOOM: u64 = REPEATED - 1;

/// How many keys have a bit.
const VERDICTS: usize = 48;

impl KeySet {
    pub const fn new(keys: &'static [Key<'static>]) -> KeySet {
        KeySet { keys, facts: AtomicU64::new(0), sensitive: AtomicU64::new(0) }
    }

    /// The keys' bloom, and whether one of them stands there twice.
    #[inline]
    pub(crate) fn facts(&self) -> (u64, bool) {
        let facts = match self.facts.load(Ordering::Relaxed) {
            0 => self.find_facts(),
            known => known,
        };
        (facts & BLOOM, facts & REPEATED != 0)
    }

    #[cold]
    fn find_facts(&self) -> u64 {
        let mut facts = KNOWN;
        for (index, key) in self.keys.iter().enumerate() {
            if self.keys[..index].iter().any(|earlier| earlier.name() == key.name()) {
                facts |= REPEATED;
            }
            facts |= bloom_of(key.name());
        }
        self.facts.store(facts, Ordering::Relaxed);
        facts
    }

    /// Which keys a redaction hides, asking it once.
    #[inline]
    pub(crate) fn verdicts(&self, redaction: &Redaction) -> KeyVerdicts {
        let last = self.sensitive.load(Ordering::Relaxed);
        let bits = if last >> VERDICTS == redaction.id() { last } else { self.ask(redaction) };
        KeyVerdicts { bits, known: VERDICTS }
    }

    #[cold]
    #[inline(never)]
    fn ask(&self, redaction: &Redaction) -> u64 {
        let first = self.keys.iter().take(VERDICTS).enumerate();
        let bits = first.fold(0, |bits, (index, key)| bits | u64::from(redaction.key(key.name()).is_some()) << index);
        // An id that has no room beside the bits is asked each time.
        if redaction.id() < 1 << (64 - VERDICTS) {
            self.sensitive.store(redaction.id() << VERDICTS | bits, Ordering::Relaxed);
        }
        bits
    }
}
