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
    template: &'static str,
    /// [`KNOWN`], [`REPEATED`] and the marks of the keys.
    facts: AtomicU64,
    /// The rules that were asked, and a bit for each of the first keys that they do not pass unseen.
    verdicts: AtomicU64,
    /// The last set of bound keys that was compared with these, and in the lowest bit whether one stands in both.
    overriding: AtomicU64,
}

const KNOWN: u64 = 1 << 63;
const REPEATED: u64 = 1 << 62;
const MARKS: u64 = REPEATED - 1;

/// How many keys have a bit. The one above these is the message's.
const VERDICTS: u32 = 47;
const MESSAGE: u64 = 1 << VERDICTS;
const ID_SHIFT: u32 = VERDICTS + 1;

impl KeySet {
    pub const fn new(keys: &'static [Key<'static>], template: &'static str) -> KeySet {
        KeySet { keys, template, facts: AtomicU64::new(0), verdicts: AtomicU64::new(0), overriding: AtomicU64::new(0) }
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
            facts |= key.mark_bit();
        }
        self.facts.store(facts, Ordering::Relaxed);
        facts
    }

    /// The shape of a context to which these are bound: see [`Context::shape`](crate::context::Context::shape).
    #[inline]
    pub(crate) fn shape_upon(&'static self, parent: u64) -> u64 {
        let own = std::ptr::from_ref(self).addr() as u64;
        (parent.rotate_left(17) ^ own).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 2
    }

    /// Whether a key stands among bound ones as well, comparing them once.
    #[inline]
    pub(crate) fn overrides(&self, bound: u64, compare: impl FnOnce() -> bool) -> bool {
        let last = self.overriding.load(Ordering::Relaxed);
        if last >> 1 == bound >> 1 && bound != 0 {
            return last & 1 == 1;
        }
        let overrides = compare();
        self.overriding.store(bound >> 1 << 1 | u64::from(overrides), Ordering::Relaxed);
        overrides
    }

    /// Which keys have to be looked at under some rules, asking them once; and whether the message has to be, if it has no
    /// arguments.
    #[inline]
    pub(crate) fn verdicts(&self, rules: &Rules) -> (KeyVerdicts, bool) {
        let last = self.verdicts.load(Ordering::Relaxed);
        let known = if last >> ID_SHIFT == rules.id { last } else { self.ask(rules) };
        // Beyond the keys that have a bit, each is looked at.
        (KeyVerdicts(known | !0 << VERDICTS), known & MESSAGE != 0)
    }

    #[cold]
    #[inline(never)]
    fn ask(&self, rules: &Rules) -> u64 {
        let message = if rules.passes_message(self.template) { 0 } else { MESSAGE };
        let first = self.keys.iter().take(VERDICTS as usize).enumerate();
        let bits = first.fold(message, |bits, (index, key)| bits | u64::from(rules.must_look_at(key.name())) << index);
        // An id that has no room beside the bits is asked each time.
        if rules.id < 1 << (64 - ID_SHIFT) {
            self.verdicts.store(rules.id << ID_SHIFT | bits, Ordering::Relaxed);
        }
        bits
    }
}
