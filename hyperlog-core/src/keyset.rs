//! The keys of a call, with what has been found out about them.
//!
//! Which of them a redaction hides and whether one stands there twice never changes, so that it is asked once.

use crate::field::Key;
use crate::reading::{KeyVerdicts, Rules};
use std::sync::atomic::{AtomicU64, Ordering};

/// The keys of a call site, and what has been found out about them.
#[doc(hidden)]
pub struct KeySet {
    pub(crate) keys: &'static [Key<'static>],
    /// [`KNOWN`], [`REPEATED`] and the marks of the keys.
    facts: AtomicU64,
    /// The rules that were asked, and a bit for each of the first keys that they do not pass unseen.
    sensitive: AtomicU64,
}

const KNOWN: u64 = 1 << 63;
const REPEATED: u64 = 1 << 62;
const MARKS: u64 = REPEATED - 1;

/// How many keys have a bit.
const VERDICTS: usize = 48;

impl KeySet {
    pub const fn new(keys: &'static [Key<'static>]) -> KeySet {
        KeySet { keys, facts: AtomicU64::new(0), sensitive: AtomicU64::new(0) }
    }

    /// The marks of the keys, and whether one of them stands there twice.
    #[inline]
    pub(crate) fn facts(&self) -> (u64, bool) {
        let facts = match self.facts.load(Ordering::Relaxed) {
            0 => self.find_facts(),
            known => known,
        };
        (facts & MARKS, facts & REPEATED != 0)
    }

    #[cold]
    fn find_facts(&self) -> u64 {
        let mut facts = KNOWN;
        for (index, key) in self.keys.iter().enumerate() {
            if self.keys[..index].iter().any(|earlier| earlier.name() == key.name()) {
                facts |= REPEATED;
            }
            facts |= key.mark();
        }
        self.facts.store(facts, Ordering::Relaxed);
        facts
    }

    /// Which keys have to be looked at under some rules, asking them once.
    #[inline]
    pub(crate) fn verdicts(&self, rules: &Rules) -> KeyVerdicts {
        let last = self.sensitive.load(Ordering::Relaxed);
        let known = if last >> VERDICTS == rules.id { last } else { self.ask(rules) };
        // Beyond the keys that have a bit, each is looked at.
        KeyVerdicts(known | !0 << VERDICTS)
    }

    #[cold]
    #[inline(never)]
    fn ask(&self, rules: &Rules) -> u64 {
        let first = self.keys.iter().take(VERDICTS).enumerate();
        let bits = first.fold(0, |bits, (index, key)| bits | u64::from(rules.must_look_at(key.name())) << index);
        // An id that has no room beside the bits is asked each time.
        if rules.id < 1 << (64 - VERDICTS) {
            self.sensitive.store(rules.id << VERDICTS | bits, Ordering::Relaxed);
        }
        bits
    }
}
