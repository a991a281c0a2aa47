//! The keys of a call, with what has been found out about them.
//!
//! Which of them a redaction hides and whether one stands there twice never changes, so that it is asked once.

use crate::field::Key;
use crate::reading::KeyVerdicts;
use crate::redact::Redaction;
use std::sync::atomic::{AtomicU64, Ordering};

/// The keys of a call site, and what has been found out about them.
#[doc(hidden)]
pub struct KeySet {
    pub(crate) keys: &'static [Key<'static>],
    /// [`KNOWN`], [`REPEATED`] and the marks of the keys.
    facts: AtomicU64,
    /// The redaction that was asked, and a bit for each of the first keys that it hides.
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
