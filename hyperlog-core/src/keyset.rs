//! The keys of a call, with what has been found out about them.
//!
//! Which of them a redaction hides and whether one stands there twice never changes, so that it is asked once.

use crate::block;
use crate::key::Key;
use crate::rules::Rules;
use std::sync::atomic::{AtomicU64, Ordering};

/// The keys of a call site, and what has been found out about them.
#[doc(hidden)]
pub struct KeySet {
    pub(crate) keys: &'static [Key<'static>],
    /// [`KNOWN`] and the marks of the keys.
    marks: AtomicU64,
    /// The rules that were asked, and a bit for each of the first keys that they do not pass unseen.
    verdicts: AtomicU64,
    /// The last set of bound keys that was compared with these, and in the lowest bit whether one stands in both.
    overriding: AtomicU64,
}

/// Of a call without fields.
pub(crate) static NO_KEYS: KeySet = KeySet::new(&[]);

const KNOWN: u64 = 1 << 63;

/// How many keys have a bit. The ones above these are the message's, and that of keys of which one stands there twice.
const VERDICTS: u32 = 46;
const MESSAGE: u64 = 1 << VERDICTS;
const TWICE: u64 = 1 << (VERDICTS + 1);
const ID_SHIFT: u32 = VERDICTS + 2;

/// What is known of a call's keys and message under some rules.
#[derive(Clone, Copy)]
pub(crate) struct Findings(u64);

/// A bit for each key of a call, from the first on, that has to be looked at.
#[derive(Clone, Copy)]
pub(crate) struct KeyVerdicts(pub(crate) u64);

impl KeyVerdicts {
    pub(crate) const UNKNOWN: KeyVerdicts = KeyVerdicts(!0);
}

impl Findings {
    /// Of keys that are known at run time alone.
    pub(crate) fn unknown(is_repeated: bool) -> Findings {
        Findings(if is_repeated { !0 } else { !TWICE })
    }

    /// Which keys have to be looked at.
    #[inline]
    pub(crate) fn keys(self) -> KeyVerdicts {
        // Beyond the keys that have a bit, each is looked at.
        KeyVerdicts(self.0 | !0 << VERDICTS)
    }

    /// Whether none of so many keys has to be looked at, and none stands more than once.
    #[inline]
    pub(crate) fn has_plain_keys(self, count: usize) -> bool {
        count < VERDICTS as usize && self.0 & (TWICE | ((1 << count) - 1)) == 0
    }

    /// Whether the message has to be looked at even if it has no arguments.
    #[inline]
    pub(crate) fn look_at_message(self) -> bool {
        self.0 & MESSAGE != 0
    }

    /// Whether a key stands more than once.
    #[inline]
    pub(crate) fn is_repeated(self) -> bool {
        self.0 & TWICE != 0
    }
}

impl KeySet {
    pub const fn new(keys: &'static [Key<'static>]) -> KeySet {
        KeySet { keys, marks: AtomicU64::new(0), verdicts: AtomicU64::new(0), overriding: AtomicU64::new(0) }
    }

    /// The marks of the keys.
    #[inline]
    pub(crate) fn marks(&self) -> u64 {
        match self.marks.load(Ordering::Relaxed) {
            0 => self.find_marks(),
            known => known & !KNOWN,
        }
    }

    #[cold]
    fn find_marks(&self) -> u64 {
        let marks = self.keys.iter().fold(0, |marks, key| marks | key.mark_bit());
        self.marks.store(marks | KNOWN, Ordering::Relaxed);
        marks
    }

    /// The shape of a context to which these are bound: see [`Context::shape`](crate::context::Context::shape).
    #[inline]
    pub(crate) fn shape_upon(&'static self, parent: u64, rules: &Rules) -> u64 {
        // By the rules as well: they may drop a key or shorten it.
        let own = std::ptr::from_ref(self).addr() as u64 ^ rules.id.rotate_right(16);
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

    /// What has to be looked at under some rules, asking them once. The literal is the message as it will be shown, with
    /// the arguments that the compiler put into it, and the same in each record.
    #[inline]
    pub(crate) fn findings(&self, rules: &Rules, literal: Option<&'static str>) -> Findings {
        let last = self.verdicts.load(Ordering::Relaxed);
        Findings(if last >> ID_SHIFT == rules.id { last } else { self.ask(rules, literal) })
    }

    #[cold]
    #[inline(never)]
    fn ask(&self, rules: &Rules, literal: Option<&'static str>) -> u64 {
        let passes = literal.is_some_and(|literal| rules.passes_message(literal));
        let message = if passes { 0 } else { MESSAGE };
        let twice = if self.has_one_twice() { TWICE } else { 0 };
        let first = self.keys.iter().take(VERDICTS as usize).enumerate();
        let bits =
            first.fold(message | twice, |bits, (index, key)| bits | u64::from(rules.must_look_at(key.name())) << index);
        // An id that has no room beside the bits is asked each time.
        if rules.id < 1 << (64 - ID_SHIFT) {
            self.verdicts.store(rules.id << ID_SHIFT | bits, Ordering::Relaxed);
        }
        bits
    }

    fn has_one_twice(&self) -> bool {
        let stands_before = |index: usize, name: &str| self.keys[..index].iter().any(|earlier| earlier.name() == name);
        // An error may bring along what bears such a name.
        let may_be_brought = |name: &str| {
            let error = name.strip_suffix(block::CAUSES).or_else(|| name.strip_suffix(block::TYPE));
            error.is_some_and(|error| stands_before(self.keys.len(), error))
        };
        let is_one = |(index, key): (usize, &Key<'_>)| stands_before(index, key.name()) || may_be_brought(key.name());
        self.keys.iter().enumerate().any(is_one)
    }
}
