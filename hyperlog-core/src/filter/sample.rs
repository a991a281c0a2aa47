//! Sampling: which of many records alike are kept, and how many each kept one stands for.
//!
//! A [`Sampling`] is plain data, compiled once into a [`Sampler`] that decides without locks on its usual path and
//! without allocating. The caller gives the time, so every decision can be replayed.

use std::error::Error;
use std::fmt;
use std::ops::{Bound, RangeBounds};
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use crate::filter::directive::covers;
use crate::filter::ledger::{Account, Bookkeeping, Ledger, SeatNumber, Summary, Tally, Windows, key, mix};
use crate::level::Level;
use crate::time::Clock;

/// How records are sampled: rules, of which the first that matches a record decides.
///
/// A record that no rule matches is kept. Failures, [`Level::ERROR`] and above, never meet a rule.
///
/// ```
/// use hyperlog_core::{Level, Offer, Sampling, SamplingMethod, SamplingRule};
///
/// let sampler = Sampling::new()
///     .rule(SamplingRule::new(SamplingMethod::OneIn(10)).target("shop::stock"))
///     .rule(SamplingRule::new(SamplingMethod::FirstThen { first: 100, one_in: 50 }).levels(..=Level::DEBUG))
///     .compile()?;
///
/// let offer = Offer::new(Level::INFO, "shop::stock", 1);
/// let kept: f32 = (0..1000).filter_map(|now| sampler.sample(&offer, now, &mut drop)).map(|rate| rate.get()).sum();
/// assert_eq!(kept, 1000.0);
///
/// let failure = Offer::new(Level::ERROR, "shop::stock", 2);
/// assert!((0..1000).all(|now| sampler.sample(&failure, now, &mut drop).is_some()));
/// # Ok::<(), hyperlog_core::SamplingError>(())
/// ```
///
/// # Restoring true counts
///
/// There are two ways. Use one or the other; together they count twice.
///
/// | | query | precision |
/// |---|---|---|
/// | by rate | the sum of `sample_rate` over records, plus the sum of `stands_for` over summaries | an estimate where rules sample, exact where they limit |
/// | by account | the number of records, plus the sum of `suppressed` over summaries | exact, but for whole keys and windows only |
///
/// The first works with any condition in the query (`where status = 404`), since each kept record carries how many
/// like it were offered. A record without a `sample_rate` counts as one. The second needs the summaries, and can
/// only ask by target, level and time. Leave the summaries themselves out of the number of records.
///
/// # Memory
///
/// Each rule has a table of fixed size, [`SamplingRule::keys`], at about 170 bytes a key;
/// [`OneIn`](SamplingMethod::OneIn), [`Probability`](SamplingMethod::Probability) and [`Bucket`](SamplingMethod::Bucket)
/// add 24 bytes a key for each thread that logs, up to 63 threads. When a window sees more keys than there is room for,
/// those left over share one account, and are sampled as if they were one key. A key that was silent for a window makes
/// room, and what it still had to tell is told then.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sampling {
    rules: Vec<SamplingRule>,
    failures: Failures,
}

impl Sampling {
    /// The most rules that a sampling may have.
    pub const MAX_RULES: usize = 64;

    /// No rules: everything is kept.
    pub fn new() -> Sampling {
        Sampling::default()
    }

    /// Adds a rule after the others.
    pub fn rule(mut self, rule: SamplingRule) -> Sampling {
        self.rules.push(rule);
        self
    }

    /// What happens to failures that repeat themselves; by default, they are all kept.
    pub fn failures(mut self, failures: Failures) -> Sampling {
        self.failures = failures;
        self
    }

    /// Checks the rules and sets up their memory.
    ///
    /// # Errors
    ///
    /// When a number makes no sense; the error says which, and what to write.
    pub fn compile(&self) -> Result<Sampler, SamplingError> {
        if self.rules.len() > Sampling::MAX_RULES {
            return Err(SamplingError {
                rule: Sampling::MAX_RULES,
                advice: "there are too many rules; write at most 64",
            });
        }
        let compile = |(place, rule): (usize, &SamplingRule)| {
            Course::compile(rule).map_err(|advice| SamplingError { rule: place, advice })
        };
        let mut courses = self.rules.iter().enumerate().map(compile).collect::<Result<Vec<_>, _>>()?;
        if let Failures::Collapse { window, key } = &self.failures {
            let rule = SamplingRule::new(SamplingMethod::First(1)).window(*window).key(key.clone());
            courses.push(compile((self.rules.len(), &rule.levels(Level::ERROR..Level::SECURITY)))?);
        }
        Ok(Sampler { courses, rules: self.rules.len() })
    }
}

/// What happens to records at [`Level::ERROR`] and above.
///
/// They are never sampled: no rule sees them.
///
/// ```
/// use std::time::Duration;
/// use hyperlog_core::{Failures, Level, Offer, Sampling, SamplingKey};
///
/// let collapse = Failures::Collapse { window: Duration::from_secs(60), key: SamplingKey::CallSite };
/// let sampler = Sampling::new().failures(collapse).compile()?;
///
/// let offer = Offer::new(Level::ERROR, "shop::stock", 1);
/// assert!(sampler.sample(&offer, 0, &mut drop).is_some());
/// assert!(sampler.sample(&offer, 1, &mut drop).is_none());
/// # Ok::<(), hyperlog_core::SamplingError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Failures {
    /// Each one is kept.
    #[default]
    Keep,
    /// Of [`Level::ERROR`] and [`Level::CRITICAL`], the first of each key in each window is kept, and the repetitions
    /// are told as a count. Whatever ranks higher, such as [`Level::SECURITY`] and [`Level::AUDIT`], is kept as ever.
    ///
    /// By call site, records that differ in their fields are repetitions too. Choose a field that tells them apart if
    /// that loses what you need.
    Collapse {
        /// How long repetitions are gathered.
        window: Duration,
        /// What makes two failures the same.
        key: SamplingKey,
    },
}

/// One rule: a way of sampling, for some levels and targets, key by key.
///
/// | option | default | meaning |
/// |---|---|---|
/// | [`levels`](SamplingRule::levels) | all | the levels it is for; failures stay out in any case |
/// | [`target`](SamplingRule::target) | all | the target it is for, as in [`Directives`](crate::Directives) |
/// | [`key`](SamplingRule::key) | call site and level | which records are alike |
/// | [`window`](SamplingRule::window) | by method: a second or a minute | how often counting starts anew and summaries are told |
/// | [`keys`](SamplingRule::keys) | 1024 | for how many keys there is room |
///
/// ```
/// use std::time::Duration;
/// use hyperlog_core::{Level, SamplingKey, SamplingMethod, SamplingRule};
///
/// let noisy_users = SamplingRule::new(SamplingMethod::Bucket { per_second: 5.0, burst: 20 })
///     .levels(Level::INFO..=Level::WARN)
///     .target("shop::api")
///     .key(SamplingKey::Field("user_id".into()))
///     .window(Duration::from_secs(30))
///     .keys(4096);
/// # let _ = noisy_users;
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct SamplingRule {
    method: SamplingMethod,
    levels: (u8, u8),
    target: Option<Box<str>>,
    key: SamplingKey,
    window: Duration,
    keys: usize,
}

impl SamplingRule {
    /// The most keys a rule may have room for.
    pub const MAX_KEYS: usize = 1 << 16;

    /// A rule for every level and target, by call site.
    pub fn new(method: SamplingMethod) -> SamplingRule {
        let window = match method {
            SamplingMethod::FirstThen { .. } | SamplingMethod::Adaptive { .. } => Duration::from_secs(1),
            _ => Duration::from_secs(60),
        };
        SamplingRule { method, levels: (1, u8::MAX), target: None, key: SamplingKey::CallSite, window, keys: 1024 }
    }

    /// The levels it is for: `..=Level::DEBUG`, `Level::INFO..Level::WARN`.
    pub fn levels(mut self, levels: impl RangeBounds<Level>) -> SamplingRule {
        let first = match levels.start_bound() {
            Bound::Included(level) => level.severity(),
            Bound::Excluded(level) => level.severity() + 1,
            Bound::Unbounded => 1,
        };
        let last = match levels.end_bound() {
            Bound::Included(level) => level.severity(),
            Bound::Excluded(level) => level.severity() - 1,
            Bound::Unbounded => u8::MAX,
        };
        self.levels = (first, last);
        self
    }

    /// The target it is for, and whatever is inside it: `shop` is for `shop::stock`, not for `shopping`.
    pub fn target(mut self, target: &str) -> SamplingRule {
        self.target = Some(target.into());
        self
    }

    /// Which records are alike.
    pub fn key(mut self, key: SamplingKey) -> SamplingRule {
        self.key = key;
        self
    }

    /// How often counting starts anew and summaries are told: a millisecond to an hour.
    ///
    /// A logger that keeps [`OneIn`](SamplingMethod::OneIn) so many looks at the clock now and then only, if the window
    /// is ten seconds or longer: a thread's first 63 records of a window may count in the one before, for a second or so.
    /// None is lost by that, nor told twice.
    pub fn window(mut self, window: Duration) -> SamplingRule {
        self.window = window;
        self
    }

    /// For how many keys there is room, rounded up to a power of two.
    pub fn keys(mut self, keys: usize) -> SamplingRule {
        self.keys = keys;
        self
    }
}

/// A way of sampling.
///
/// The first four choose, and a kept record's rate stands for those that were not chosen. The last two limit: a kept
/// record stands for itself, and the summaries for the rest.
///
/// ```
/// use hyperlog_core::{Level, Offer, Sampling, SamplingMethod, SamplingRule};
///
/// let kept_of_1000 = |method| {
///     let sampler = Sampling::new().rule(SamplingRule::new(method)).compile().unwrap();
///     let offer = Offer::new(Level::INFO, "shop", 1);
///     (0..1000).filter(|now| sampler.sample(&offer, *now, &mut drop).is_some()).count()
/// };
/// assert_eq!(kept_of_1000(SamplingMethod::OneIn(10)), 100);
/// assert_eq!(kept_of_1000(SamplingMethod::FirstThen { first: 500, one_in: 10 }), 550);
/// assert_eq!(kept_of_1000(SamplingMethod::Bucket { per_second: 1.0, burst: 20 }), 20);
/// assert_eq!(kept_of_1000(SamplingMethod::First(3)), 3);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum SamplingMethod {
    /// One record in so many. Which one of them is different for each key and window, so that counts restored from
    /// rates are right on average however short the window. Each thread counts for itself, so that threads do not slow
    /// each other down.
    OneIn(u32),
    /// In each window, the first so many, then one in so many.
    FirstThen {
        /// How many are kept whatever comes.
        first: u32,
        /// One in how many is kept of the others.
        one_in: u32,
    },
    /// By a stable hash of the id given with [`Offer::id`], so that all records of one trace or request meet the same
    /// verdict, in every process that uses the same id. What a smaller probability keeps, a greater one keeps too.
    /// Records without an id are drawn one by one.
    Probability {
        /// The share that is kept: above 0, at most 1.
        probability: f64,
        /// Whether the sampled flag that came from outside decides instead of the hash.
        inbound: Inbound,
    },
    /// About so many records a second and key. One in how many is kept follows what the window before offered; within a
    /// window, each time the share of the window is used up, half as many are kept from there on. The rate in force is
    /// the rate of the kept record.
    Adaptive {
        /// How many are wanted in each second.
        per_second: f64,
    },
    /// A token bucket: so many records a second in the long run, and a burst at once after a calm.
    Bucket {
        /// How many tokens are refilled in each second, up to ten million.
        per_second: f64,
        /// How many tokens the bucket holds.
        burst: u32,
    },
    /// In each window, the first so many and nothing more; the summary tells how often the record was repeated.
    First(u32),
}

/// What to do with a sampled flag that came with a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Inbound {
    /// The hash decides.
    #[default]
    Ignore,
    /// The flag decides, and the hash where there is none. Set the probability to that of the peer who decides, for it
    /// is what the rates are made of.
    Follow,
}

/// Which records are alike, and so are sampled together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SamplingKey {
    /// Those of the same call site and level.
    #[default]
    CallSite,
    /// Those with the same value in this field; records without the field go by call site.
    Field(Box<str>),
    /// All that the rule matches.
    Rule,
}

type FieldHash<'a> = &'a dyn Fn(&str) -> Option<u64>;

/// One record as the sampler sees it.
///
/// ```
/// use hyperlog_core::{Level, Offer, stable_hash};
///
/// let trace_id = "4bf92f3577b34da6a3ce929d0e0e4736";
/// let user = |name: &str| (name == "user_id").then(|| stable_hash(b"u-17"));
/// let offer = Offer::new(Level::INFO, "shop::stock", 42).id(stable_hash(trace_id.as_bytes())).fields(&user);
/// # let _ = offer;
/// ```
#[derive(Clone, Copy)]
pub struct Offer<'a> {
    level: Level,
    target: &'a str,
    call_site: u64,
    id: Option<u64>,
    sampled: Option<bool>,
    fields: Option<FieldHash<'a>>,
}

impl<'a> Offer<'a> {
    /// A record of this level and target; the number tells its call site from all others.
    #[inline]
    pub fn new(level: Level, target: &'a str, call_site: u64) -> Offer<'a> {
        Offer { level, target, call_site, id: None, sampled: None, fields: None }
    }

    /// The hash of the trace or request it belongs to.
    #[inline]
    pub fn id(mut self, id: u64) -> Offer<'a> {
        self.id = Some(id);
        self
    }

    /// The sampled flag that came from outside. Give it only when the peer is trusted.
    #[inline]
    pub fn sampled(mut self, sampled: bool) -> Offer<'a> {
        self.sampled = Some(sampled);
        self
    }

    /// How to find the hash of a field's value by the field's name. Asked only if a rule needs it.
    #[inline]
    pub fn fields(mut self, fields: FieldHash<'a>) -> Offer<'a> {
        self.fields = Some(fields);
        self
    }

    #[inline(always)]
    fn place(&self) -> u64 {
        key(number_of_place(self.level, self.call_site))
    }

    #[inline(never)]
    fn field(&self, name: &str) -> u64 {
        self.fields.and_then(|fields| fields(name)).map_or_else(|| self.place(), |hash| key(mix(hash)))
    }
}

#[inline(always)]
fn number_of_place(level: Level, call_site: u64) -> u64 {
    call_site ^ u64::from(level.severity()).rotate_right(8)
}

impl fmt::Debug for Offer<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Offer { level, target, call_site, id, sampled, .. } = self;
        write!(formatter, "Offer({level} {target:?} at {call_site:#x}, id {id:x?}, sampled {sampled:?})")
    }
}

/// How many records a kept one stands for: at least one.
///
/// ```
/// use hyperlog_core::SampleRate;
///
/// assert_eq!(SampleRate::ONE.get(), 1.0);
/// assert_eq!(SampleRate::ONE.to_string(), "1");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct SampleRate(f32);

impl SampleRate {
    /// The record stands for itself.
    pub const ONE: SampleRate = SampleRate(1.0);

    /// The record stands for all of which it is such a share.
    #[cfg(feature = "http")]
    pub(crate) fn of_share(share: f64) -> SampleRate {
        if share > 0.0 && share < 1.0 { SampleRate((1.0 / share) as f32) } else { SampleRate::ONE }
    }

    /// The rate of what was sampled by both, one after the other.
    #[cfg(feature = "http")]
    pub(crate) fn times(self, other: SampleRate) -> SampleRate {
        SampleRate(self.0 * other.0)
    }

    /// Of a record that nobody but a recorder wants: its sign is negative, until it is held. It stands for itself then, or
    /// for none, since a sampler has others stand for it already.
    pub(crate) fn only_held(is_counted: bool) -> SampleRate {
        SampleRate(if is_counted { -0.0 } else { -1.0 })
    }

    /// Whether nobody but a recorder wants the record.
    pub(crate) fn is_only_held(self) -> bool {
        self.0.is_sign_negative()
    }

    /// What a record that is held says of itself.
    pub(crate) fn once_held(self) -> SampleRate {
        SampleRate(self.0.abs())
    }

    /// Whether the record stands for itself.
    #[inline]
    pub(crate) fn is_one(self) -> bool {
        // As bits, which takes half as many instructions as comparing floats.
        self.0.to_bits() == SampleRate::ONE.0.to_bits()
    }

    /// The number to sum up.
    pub fn get(self) -> f32 {
        self.0
    }
}

impl fmt::Display for SampleRate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// A compiled [`Sampling`], to be shared between threads.
///
/// For each rule, kept and suppressed make up the offered exactly, however many threads offer. A decision takes no lock
/// unless a key is new or a window has ended, and allocates nothing, but for the table in which a thread counts what it
/// suppresses.
///
/// ```
/// use hyperlog_core::{Level, Offer, Sampling, SamplingMethod, SamplingRule};
///
/// let sampler = Sampling::new().rule(SamplingRule::new(SamplingMethod::First(1))).compile()?;
/// let offer = Offer::new(Level::INFO, "shop::stock", 1);
///
/// let mut written = Vec::new();
/// for second in [0, 1, 2, 61] {
///     let rate = sampler.sample(&offer, second * 1_000_000_000, &mut |summary| written.push(summary.to_string()));
///     written.extend(rate.map(|rate| format!("out of stock, sample_rate={rate}")));
/// }
/// assert_eq!(written, [
///     "out of stock, sample_rate=1",
///     "INFO records of shop::stock repeated 2 times",
///     "out of stock, sample_rate=1",
/// ]);
/// # Ok::<(), hyperlog_core::SamplingError>(())
/// ```
pub struct Sampler {
    /// The rules, and behind them what failures meet.
    courses: Vec<Course>,
    rules: usize,
}

impl Sampler {
    /// Decides about one record: the rate to write into it, or `None` if it is suppressed.
    ///
    /// `now` is the time in nanoseconds on any clock that does not run backwards. If a window ended, `tell` is called
    /// with what it had suppressed, so that it can be written before the record; this may happen whether the record is
    /// kept or not. No lock is held while it runs.
    #[inline]
    pub fn sample(&self, offer: &Offer<'_>, now: u64, tell: &mut impl FnMut(Summary)) -> Option<SampleRate> {
        match self.rule_for(offer.level, offer.target).and_then(|rule| self.courses.get(rule)) {
            Some(course) => course.decide(offer, now, tell),
            None => Some(SampleRate::ONE),
        }
    }

    /// Counts a record if the rule of this number is known beforehand to suppress it; see [`Sampler::sample_by`].
    #[inline(always)]
    pub(crate) fn skips(&self, rule: usize, level: Level, call_site: u64, seat: SeatNumber) -> bool {
        match self.courses.get(rule) {
            Some(course) => course.skips(level, call_site, seat),
            None => false,
        }
    }

    /// Counts a record if the rule of this number is a bucket that has no token for it, and goes by no field.
    #[inline(always)]
    pub(crate) fn skips_now(&self, rule: usize, level: Level, call_site: u64, clock: &Clock) -> bool {
        match self.courses.get(rule) {
            Some(course) => course.skips_now(level, call_site, clock),
            None => false,
        }
    }

    /// Decides as [`Sampler::sample`], by the rule of this number. The clock is read only if the decision needs it, so
    /// that a window may end some records late; but no later than the next time that summaries are drained.
    pub(crate) fn sample_by(
        &self,
        rule: usize,
        offer: &Offer<'_>,
        clock: &Clock,
        tell: &mut impl FnMut(Summary),
    ) -> Option<SampleRate> {
        match self.courses.get(rule) {
            Some(course) => course.sample(offer, clock, tell),
            None => Some(SampleRate::ONE),
        }
    }

    /// The number of the rule that decides about records of this level and target; without one, they are kept.
    #[inline]
    pub(crate) fn rule_for(&self, level: Level, target: &str) -> Option<usize> {
        let is_for = |course: &Course| course.is_for(level, target);
        // the door: behind it, no rule ever sees a failure
        if level >= Level::ERROR {
            return self.courses[self.rules..].iter().position(is_for).map(|rule| self.rules + rule);
        }
        self.courses[..self.rules].iter().position(is_for)
    }

    /// Tells the summaries of windows that have ended, for the keys that fell silent meanwhile. To be called now and
    /// then, about once in the shortest window.
    ///
    /// `tell` may log: no lock is held while it runs.
    pub fn drain_summaries(&self, now: u64, tell: &mut impl FnMut(Summary)) {
        self.courses.iter().for_each(|course| course.ledger.drain(now, Windows::Ended, tell));
    }

    /// Tells the summaries of all windows, also those still running. For the end, so that nothing goes untold.
    pub fn finish_summaries(&self, now: u64, tell: &mut impl FnMut(Summary)) {
        self.courses.iter().for_each(|course| course.ledger.drain(now, Windows::All, tell));
    }

    /// Whether some rule has to see the value of a field: see [`Offer::fields`].
    pub fn needs_fields(&self) -> bool {
        self.courses.iter().any(|course| matches!(course.key, SamplingKey::Field(_)))
    }
}

impl fmt::Debug for Sampler {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.courses.iter().map(|course| &course.ledger.book)).finish()
    }
}

/// The hash that gives the same number for the same bytes in every process, on every platform and in every version, so
/// that services agree about an id.
///
/// Not for keys that must withstand attack: whoever chooses the id can choose the verdict.
///
/// ```
/// assert_eq!(hyperlog_core::stable_hash(b"4bf92f3577b34da6a3ce929d0e0e4736"), 3769367082464072108);
/// ```
pub fn stable_hash(bytes: &[u8]) -> u64 {
    stable_hash_upon(0, bytes)
}

/// The same behind what has been hashed before.
pub(crate) fn stable_hash_upon(before: u64, bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    let words = words.iter().chain([&last]).map(|word| u64::from_le_bytes(*word));
    words.fold(before ^ bytes.len() as u64, |hash, word| mix(hash.rotate_left(5) ^ word))
}

/// Why a sampling cannot be compiled.
///
/// ```
/// use hyperlog_core::{Sampling, SamplingMethod, SamplingRule};
///
/// let error = Sampling::new().rule(SamplingRule::new(SamplingMethod::OneIn(0))).compile().unwrap_err();
/// assert_eq!(error.to_string(), "sampling rule 1 makes no sense: one in zero is nothing; write at least 1");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SamplingError {
    rule: usize,
    advice: &'static str,
}

impl fmt::Display for SamplingError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "sampling rule {} makes no sense: {}", self.rule + 1, self.advice)
    }
}

impl Error for SamplingError {}

/// A rule at work.
struct Course {
    levels: (u8, u8),
    target: Option<Box<str>>,
    key: SamplingKey,
    /// Whether a thread knows beforehand which records are suppressed, and need not look at the clock for each. Not by a
    /// field, which it would have to look at.
    foresees: bool,
    ledger: Ledger<Method>,
}

/// Windows shorter than this are ended by the clock alone: those who drain come once a second.
const SHORTEST_FORESEEN: Duration = Duration::from_secs(10);

impl Course {
    fn compile(rule: &SamplingRule) -> Result<Course, &'static str> {
        let (first, last) = rule.levels;
        let Some(lowest) = Level::from_severity(first).filter(|_| first <= last) else {
            return Err("its range of levels is empty; write the lower level first");
        };
        if !(Duration::from_millis(1)..=Duration::from_secs(3600)).contains(&rule.window) {
            return Err("its window is out of range; write a millisecond to an hour");
        }
        if !(1..=SamplingRule::MAX_KEYS).contains(&rule.keys) {
            return Err("its number of keys is out of range; write 1 to 65536");
        }
        if rule.target.as_deref() == Some("") {
            return Err("its target is empty; leave it out to match every target");
        }
        let method = Method::compile(&rule.method, rule.window)?;
        let foresees = matches!(rule.method, SamplingMethod::OneIn(_))
            && !matches!(rule.key, SamplingKey::Field(_))
            && rule.window >= SHORTEST_FORESEEN;
        let keys = if rule.key == SamplingKey::Rule { 0 } else { rule.keys };
        let window = rule.window.as_nanos() as u64;
        let ledger = Ledger::new(method, keys, window, rule.target.as_deref().unwrap_or("*"), lowest);
        Ok(Course { levels: rule.levels, target: rule.target.clone(), key: rule.key.clone(), foresees, ledger })
    }

    #[inline]
    fn is_for(&self, level: Level, target: &str) -> bool {
        let severity = level.severity();
        self.levels.0 <= severity
            && severity <= self.levels.1
            && self.target.as_ref().is_none_or(|own| covers(own, target))
    }

    #[inline(always)]
    fn skips(&self, level: Level, call_site: u64, seat: SeatNumber) -> bool {
        self.foresees && self.ledger.skip(number_of_place(level, call_site), seat)
    }

    #[inline(always)]
    fn skips_now(&self, level: Level, call_site: u64, clock: &Clock) -> bool {
        let Method::Bucket(bucket) = &self.ledger.book else { return false };
        if matches!(self.key, SamplingKey::Field(_)) {
            return false;
        }
        let seat = SeatNumber::current();
        let now = clock.ticks();
        match self.ledger.running(number_of_place(level, call_site), now) {
            Some(account) if !bucket.has_token(account, now) => self.ledger.count_again(account, seat),
            _ => false,
        }
    }

    #[inline]
    fn sample(&self, offer: &Offer<'_>, clock: &Clock, tell: &mut impl FnMut(Summary)) -> Option<SampleRate> {
        // a clock that a test moves has to be looked at
        match self.foresees && !clock.is_manual() {
            true => self.decide_ahead(offer, || clock.ticks(), tell),
            false => self.decide(offer, clock.ticks(), tell),
        }
    }

    /// Decides about a record of which it is not known beforehand that it is suppressed, and looks ahead.
    #[inline(never)]
    fn decide_ahead(
        &self,
        offer: &Offer<'_>,
        now: impl FnOnce() -> u64,
        tell: &mut impl FnMut(Summary),
    ) -> Option<SampleRate> {
        let key = self.key_of(offer);
        if let (Method::Count(count), Some(account)) = (&self.ledger.book, self.ledger.find(key))
            && let Some(tally) = self.ledger.count_due(account)
        {
            return count.decide(account, tally);
        }
        let rate = self.decide(offer, now(), tell);
        if let Some(account) = self.ledger.find(key) {
            self.ledger.look_ahead(account);
        }
        rate
    }

    // out of line, so that a record that no rule matches pays for the comparison alone
    #[inline(never)]
    fn decide(&self, offer: &Offer<'_>, now: u64, tell: &mut impl FnMut(Summary)) -> Option<SampleRate> {
        let account = self.ledger.account(self.key_of(offer), (offer.target, offer.level), now, tell);
        match &self.ledger.book {
            Method::Count(count) if count.first == 0 => count.decide(account, self.ledger.count_apart(account)),
            Method::Count(count) => count.decide(account, account.count()),
            Method::Adaptive(adaptive) => adaptive.decide(account),
            Method::Probability(probability) => self.count_unless(probability.decide(account, offer), account),
            Method::Bucket(bucket) => self.count_unless(bucket.decide(account, now), account),
        }
    }

    /// Counts what is suppressed.
    #[inline]
    fn count_unless(&self, rate: Option<SampleRate>, account: &Account) -> Option<SampleRate> {
        if rate.is_none() {
            self.ledger.count_apart(account);
        }
        rate
    }

    #[inline]
    fn key_of(&self, offer: &Offer<'_>) -> u64 {
        match &self.key {
            SamplingKey::CallSite => offer.place(),
            SamplingKey::Field(name) => offer.field(name),
            SamplingKey::Rule => 0,
        }
    }
}

#[derive(Debug)]
enum Method {
    Count(Count),
    Probability(Probability),
    Adaptive(Adaptive),
    Bucket(Bucket),
}

impl Method {
    fn compile(method: &SamplingMethod, window: Duration) -> Result<Method, &'static str> {
        let one_in =
            |one_in: u32| if one_in == 0 { Err("one in zero is nothing; write at least 1") } else { Ok(one_in) };
        Ok(match *method {
            SamplingMethod::OneIn(every) => Method::Count(Count { first: 0, every: Some(one_in(every)?) }),
            SamplingMethod::FirstThen { first, one_in: every } => {
                Method::Count(Count { first: first.into(), every: Some(one_in(every)?) })
            }
            SamplingMethod::First(0) => return Err("the first zero are nothing; write at least 1"),
            SamplingMethod::First(first) => Method::Count(Count { first: first.into(), every: None }),
            SamplingMethod::Probability { probability, inbound } => {
                if !(probability > 0.0 && probability <= 1.0) {
                    return Err("its probability is out of range; write more than 0, at most 1");
                }
                Method::Probability(Probability::new(probability, inbound))
            }
            SamplingMethod::Adaptive { per_second } => {
                let share = per_second * window.as_secs_f64();
                if !(share >= 1.0 && share <= f64::from(u32::MAX)) {
                    return Err(
                        "its rate leaves no whole record for a window, or too many; write a longer or shorter window",
                    );
                }
                Method::Adaptive(Adaptive { share: share as u64 })
            }
            SamplingMethod::Bucket { per_second, burst } => {
                if !(1e-6..=1e7).contains(&per_second) || burst == 0 {
                    return Err(
                        "its bucket is out of range; write a millionth to ten million a second and a burst of at least 1",
                    );
                }
                let interval = (1e9 / per_second) as u64;
                Method::Bucket(Bucket { interval, allowance: interval.saturating_mul(burst.into()) })
            }
        })
    }
}

impl Bookkeeping for Method {
    fn suppressed_of(&self, account: &Account, tally: Tally) -> u64 {
        match self {
            Method::Count(count) => count.suppressed_of(account, tally),
            Method::Probability(_) | Method::Bucket(_) => tally.count(),
            Method::Adaptive(_) => 0,
        }
    }

    fn next_open(&self, account: &Account, tally: Tally) -> u64 {
        match self {
            Method::Count(count) => count.next_open(account, tally),
            _ => tally.count(),
        }
    }

    fn renew(&self, account: &Account, tally: Tally, elapsed: u64) {
        if let Method::Adaptive(adaptive) = self {
            adaptive.renew(account, tally, elapsed);
        }
    }

    fn is_represented(&self) -> bool {
        !matches!(self, Method::Bucket(_) | Method::Count(Count { every: None, .. }))
    }
}

/// The first so many of a window, then one in so many, or none. How many were suppressed follows from how many were
/// offered, so that a decision costs one atomic addition.
#[derive(Debug)]
struct Count {
    first: u64,
    every: Option<u32>,
}

impl Count {
    #[inline]
    fn decide(&self, account: &Account, tally: Tally) -> Option<SampleRate> {
        if tally.count() < self.first {
            return Some(SampleRate::ONE);
        }
        let every = self.every?;
        let place = (tally.count() - self.first) % u64::from(every);
        (place == account.phase(tally, every.into())).then_some(SampleRate(every as f32))
    }

    fn suppressed_of(&self, account: &Account, tally: Tally) -> u64 {
        let beyond = tally.count().saturating_sub(self.first);
        let kept = |every: u32| (beyond + u64::from(every) - 1 - account.phase(tally, every.into())) / u64::from(every);
        beyond - self.every.map_or(0, kept)
    }

    fn next_open(&self, account: &Account, tally: Tally) -> u64 {
        let (Some(every), 0) = (self.every, self.first) else { return tally.count() };
        let every = u64::from(every);
        let before = tally.count() % every;
        tally.count() + (account.phase(tally, every) + every - before) % every
    }
}

#[derive(Debug)]
struct Probability {
    threshold: u64,
    rate: SampleRate,
    inbound: Inbound,
}

impl Probability {
    fn new(probability: f64, inbound: Inbound) -> Probability {
        // the product saturates at one
        let threshold = (probability * 2f64.powi(64)) as u64;
        Probability { threshold, rate: SampleRate((1.0 / probability) as f32), inbound }
    }

    #[inline]
    fn decide(&self, account: &Account, offer: &Offer<'_>) -> Option<SampleRate> {
        let flag = offer.sampled.filter(|_| self.inbound == Inbound::Follow);
        let kept = flag.unwrap_or_else(|| {
            let id = offer.id.unwrap_or_else(|| account.draw());
            mix(id) <= self.threshold
        });
        kept.then_some(self.rate)
    }
}

/// The rate in force stands in the account's state.
#[derive(Debug)]
struct Adaptive {
    share: u64,
}

impl Adaptive {
    const MAX_RATE: u64 = 1 << 31;

    #[inline]
    fn decide(&self, account: &Account) -> Option<SampleRate> {
        let tally = account.count();
        let rate = account.state.load(Relaxed).max(1);
        let block = rate * self.share;
        let doublings = (tally.count() / block + 1).ilog2();
        let place = tally.count() - block * ((1 << doublings) - 1);
        let rate = rate << doublings;
        let kept = place % rate == account.phase(tally, rate);
        if !kept {
            account.suppress();
        }
        kept.then_some(SampleRate(rate as f32))
    }

    /// The rate follows a rise at once, and a fall by halves, lest one calm window opens the gate to the next
    /// storm.
    fn renew(&self, account: &Account, tally: Tally, elapsed: u64) {
        let needed = tally.count().div_ceil(self.share).max(account.state.load(Relaxed) / 2);
        let silent = elapsed.saturating_sub(1).min(63);
        account.state.store((needed >> silent).clamp(1, Adaptive::MAX_RATE), Relaxed);
    }
}

/// A token bucket as the time when it will be full again: one word, no refilling.
#[derive(Debug)]
struct Bucket {
    interval: u64,
    allowance: u64,
}

impl Bucket {
    #[inline(always)]
    fn has_token(&self, account: &Account, now: u64) -> bool {
        let full = account.state.load(Relaxed).max(now).saturating_add(self.interval);
        full <= now.saturating_add(self.allowance)
    }

    #[inline]
    fn decide(&self, account: &Account, now: u64) -> Option<SampleRate> {
        let limit = now.saturating_add(self.allowance);
        let spend = |full: u64| full.max(now).checked_add(self.interval).filter(|full| *full <= limit);
        account.state.fetch_update(Relaxed, Relaxed, spend).is_ok().then_some(SampleRate::ONE)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU64;

    use proptest::prelude::*;

    use super::*;
    use crate::time::Timestamp;

    const SECOND: u64 = 1_000_000_000;

    fn sampler(rule: SamplingRule) -> Sampler {
        Sampling::new().rule(rule).compile().unwrap()
    }

    fn methods() -> Vec<SamplingMethod> {
        vec![
            SamplingMethod::OneIn(7),
            SamplingMethod::FirstThen { first: 5, one_in: 3 },
            SamplingMethod::Probability { probability: 0.3, inbound: Inbound::Ignore },
            SamplingMethod::Adaptive { per_second: 2000.0 },
            SamplingMethod::Bucket { per_second: 20.0, burst: 4 },
            SamplingMethod::First(2),
        ]
    }

    /// What one caller saw: kept, the sum of their rates, and what summaries told.
    #[derive(Debug, Default)]
    struct Account {
        offered: u64,
        kept: u64,
        weight: f64,
        suppressed: u64,
        stands_for: u64,
    }

    impl Account {
        fn offer(&mut self, sampler: &Sampler, offer: &Offer<'_>, now: u64) -> bool {
            let kept = sampler.sample(offer, now, &mut |summary| self.tell(&summary));
            self.kept += u64::from(kept.is_some());
            self.weight += kept.map_or(0.0, |rate| f64::from(rate.get()));
            kept.is_some()
        }

        fn tell(&mut self, summary: &Summary) {
            assert!(summary.suppressed() > 0);
            self.suppressed += summary.suppressed();
            self.stands_for += summary.stands_for();
        }

        fn finish(&mut self, sampler: &Sampler, now: u64) {
            sampler.finish_summaries(now, &mut |summary| self.tell(&summary));
        }
    }

    /// Offers `count` records of one call site at `now` and expects so many to be kept, standing for so many.
    fn check(sampler: &Sampler, now: u64, count: u64, kept: u64, weight: f64) {
        let mut seen = Account::default();
        let offer = Offer::new(Level::INFO, "shop::stock", 1);
        (0..count).for_each(|_| _ = seen.offer(sampler, &offer, now));
        assert_eq!((seen.kept, seen.weight), (kept, weight), "{count} offers at {now}");
    }

    #[test]
    fn one_in_m_keeps_one_of_each_m() {
        let sampler = sampler(SamplingRule::new(SamplingMethod::OneIn(10)));
        check(&sampler, 0, 1000, 100, 1000.0);
        check(&sampler, 60 * SECOND, 10, 1, 10.0);
    }

    #[test]
    fn the_first_of_a_window_are_kept_then_one_in_m() {
        let sampler = sampler(SamplingRule::new(SamplingMethod::FirstThen { first: 5, one_in: 10 }));
        check(&sampler, 0, 5, 5, 5.0);
        check(&sampler, SECOND - 1, 100, 10, 100.0);
        check(&sampler, SECOND, 105, 15, 105.0);
    }

    #[test]
    fn repetitions_are_collapsed_and_told_with_the_next_window() {
        let sampler = sampler(SamplingRule::new(SamplingMethod::First(1)).window(Duration::from_secs(10)));
        check(&sampler, 3 * SECOND, 5, 1, 1.0);
        let mut told = Vec::new();
        let offer = Offer::new(Level::INFO, "shop::stock", 1);
        let rate = sampler.sample(&offer, 25 * SECOND, &mut |summary| told.push(summary));
        assert_eq!(rate, Some(SampleRate::ONE));
        let [due] = &told[..] else { panic!("one summary is due: {told:?}") };
        assert_eq!((due.target(), due.level(), due.suppressed(), due.stands_for()), ("shop::stock", Level::INFO, 4, 4));
        assert_eq!(due.window(), 0..10 * SECOND);
        assert_eq!(due.to_string(), "INFO records of shop::stock repeated 4 times");
    }

    #[test]
    fn a_silent_key_is_told_by_the_drain_once_its_window_ended() {
        let sampler = sampler(SamplingRule::new(SamplingMethod::OneIn(5)).window(Duration::from_secs(1)));
        check(&sampler, 7 * SECOND, 10, 2, 10.0);
        let mut told = Vec::new();
        sampler.drain_summaries(8 * SECOND - 1, &mut |summary| told.push(summary));
        assert!(told.is_empty());
        sampler.drain_summaries(8 * SECOND, &mut |summary| told.push(summary));
        sampler.drain_summaries(9 * SECOND, &mut |summary| told.push(summary));
        assert_eq!(told.len(), 1);
        assert_eq!((told[0].suppressed(), told[0].stands_for()), (8, 0));
        assert_eq!(told[0].window(), 7 * SECOND..8 * SECOND);
        check(&sampler, 9 * SECOND, 10, 2, 10.0);
    }

    #[test]
    fn who_is_told_may_sample_meanwhile() {
        let sampler = sampler(SamplingRule::new(SamplingMethod::First(1)));
        let offer = Offer::new(Level::INFO, "a", 1);
        (0..3).for_each(|_| _ = sampler.sample(&offer, 0, &mut drop));
        let mut told = 0;
        sampler.drain_summaries(60 * SECOND, &mut |_| {
            told += 1;
            assert!(sampler.sample(&offer, 60 * SECOND, &mut drop).is_some());
        });
        assert_eq!(told, 1);
    }

    #[test]
    fn failures_never_meet_a_rule() {
        for method in methods() {
            let sampler = sampler(SamplingRule::new(method.clone()));
            for severity in Level::ERROR.severity()..=Level::MAX_SEVERITY {
                let offer = Offer::new(Level::from_severity(severity).unwrap(), "a", 1).sampled(false);
                assert!(
                    (0..1000).all(|now| sampler.sample(&offer, now, &mut drop) == Some(SampleRate::ONE)),
                    "{method:?} {severity}"
                );
            }
        }
    }

    #[test]
    fn failures_that_repeat_are_collapsed_on_request_but_evidence_is_not() {
        let failures = Failures::Collapse { window: Duration::from_secs(1), key: SamplingKey::CallSite };
        let sampler = Sampling::new().failures(failures).compile().unwrap();
        for (level, kept) in
            [(Level::WARN, 9), (Level::ERROR, 1), (Level::CRITICAL, 1), (Level::SECURITY, 9), (Level::FATAL, 9)]
        {
            let mut seen = Account::default();
            (0..9).for_each(|now| _ = seen.offer(&sampler, &Offer::new(level, "a", 1), now));
            assert_eq!(seen.kept, kept, "{level}");
        }
        let mut told = Vec::new();
        sampler.drain_summaries(SECOND, &mut |summary| told.push((summary.level(), summary.suppressed())));
        told.sort();
        assert_eq!(told, [(Level::ERROR, 8), (Level::CRITICAL, 8)]);
    }

    #[test]
    fn the_first_rule_that_matches_decides() {
        let sampler = Sampling::new()
            .rule(SamplingRule::new(SamplingMethod::First(1)).target("shop"))
            .rule(SamplingRule::new(SamplingMethod::First(2)).levels(Level::DEBUG..Level::INFO))
            .compile()
            .unwrap();
        for (level, target, kept) in [
            (Level::INFO, "shop", 1),
            (Level::DEBUG, "shop::stock", 1),
            (Level::DEBUG, "shopping", 2),
            (Level::TRACE, "shopping", 9),
            (Level::INFO, "shopping", 9),
        ] {
            let mut seen = Account::default();
            let call_site = stable_hash(target.as_bytes());
            (0..9).for_each(|now| _ = seen.offer(&sampler, &Offer::new(level, target, call_site), now));
            assert_eq!(seen.kept, kept, "{level} {target}");
        }
    }

    #[test]
    fn keys_are_sampled_apart() {
        let fields = |user: u64| move |name: &str| (name == "user").then_some(user);
        let (ann, bob) = (fields(1), fields(2));
        let none = |_: &str| None;
        let offers = [
            Offer::new(Level::INFO, "a", 1).fields(&ann),
            Offer::new(Level::WARN, "b", 2).fields(&ann),
            Offer::new(Level::INFO, "a", 1).fields(&bob),
            Offer::new(Level::INFO, "a", 1).fields(&none),
            Offer::new(Level::INFO, "a", 1),
        ];
        for (key, expected) in [
            (SamplingKey::CallSite, [true, true, false, false, false]),
            (SamplingKey::Field("user".into()), [true, false, true, true, false]),
            (SamplingKey::Rule, [true, false, false, false, false]),
        ] {
            let sampler = sampler(SamplingRule::new(SamplingMethod::First(1)).key(key.clone()));
            let kept = offers.map(|offer| sampler.sample(&offer, 0, &mut drop).is_some());
            assert_eq!(kept, expected, "{key:?}");
        }
    }

    #[test]
    fn one_id_meets_one_verdict_and_a_greater_probability_keeps_what_a_smaller_does() {
        let keeps = |probability: f64, id: u64| {
            let method = SamplingMethod::Probability { probability, inbound: Inbound::Ignore };
            let sampler = sampler(SamplingRule::new(method).keys(1));
            let verdicts = [Level::DEBUG, Level::INFO, Level::WARN]
                .map(|level| sampler.sample(&Offer::new(level, "a", id).id(id), id, &mut drop).is_some());
            assert!(verdicts == [true; 3] || verdicts == [false; 3]);
            verdicts[0]
        };
        let kept = |probability: f64| (0..2000).filter(|id| keeps(probability, *id)).collect::<Vec<_>>();
        let (tenth, half, all) = (kept(0.1), kept(0.5), kept(1.0));
        assert!((150..250).contains(&tenth.len()) && (900..1100).contains(&half.len()) && all.len() == 2000);
        assert!(tenth.iter().all(|id| half.contains(id)));
    }

    #[test]
    fn records_without_an_id_are_drawn_one_by_one() {
        let method = SamplingMethod::Probability { probability: 0.25, inbound: Inbound::Ignore };
        let mut seen = Account::default();
        let sampler = sampler(SamplingRule::new(method));
        (0..4000).for_each(|now| _ = seen.offer(&sampler, &Offer::new(Level::INFO, "a", 1), now));
        assert!((900..1100).contains(&seen.kept), "{seen:?}");
        assert_eq!(seen.weight, seen.kept as f64 * 4.0);
    }

    #[test]
    fn a_flag_from_outside_is_followed_only_when_told() {
        for (inbound, flag, expected) in [
            (Inbound::Follow, Some(true), 100),
            (Inbound::Follow, Some(false), 0),
            (Inbound::Follow, None, 39),
            (Inbound::Ignore, Some(true), 39),
            (Inbound::Ignore, Some(false), 39),
        ] {
            let sampler = sampler(SamplingRule::new(SamplingMethod::Probability { probability: 0.5, inbound }));
            let offer = |id| {
                let offer = Offer::new(Level::INFO, "a", 1).id(id);
                flag.map_or(offer, |flag| offer.sampled(flag))
            };
            let kept = (0..100).filter(|id| sampler.sample(&offer(*id), 0, &mut drop).is_some()).count();
            assert_eq!(kept, expected, "{inbound:?} {flag:?}");
        }
    }

    #[test]
    fn a_bucket_allows_a_burst_and_then_its_rate() {
        let method = SamplingMethod::Bucket { per_second: 10.0, burst: 5 };
        let sampler = sampler(SamplingRule::new(method).window(Duration::from_secs(3600)));
        check(&sampler, 0, 20, 5, 5.0);
        check(&sampler, SECOND / 10 - 1, 20, 0, 0.0);
        check(&sampler, SECOND / 10, 20, 1, 1.0);
        check(&sampler, SECOND, 20, 5, 5.0);
        check(&sampler, 1000 * SECOND, 20, 5, 5.0);
        check(&sampler, 999 * SECOND, 20, 0, 0.0);
        check(&sampler, u64::MAX, 20, 0, 0.0);
    }

    #[test]
    fn adaptive_sampling_comes_near_its_target_and_says_its_rate() {
        let sampler = sampler(SamplingRule::new(SamplingMethod::Adaptive { per_second: 100.0 }));
        let offer = Offer::new(Level::INFO, "a", 1);
        for (second, offered, least, most) in [
            (1, 50, 50, 50),
            (2, 100, 100, 100),
            (3, 100_000, 900, 1100), // a storm nobody saw coming: 100 for each doubling
            (4, 100_000, 95, 105),
            (5, 100_000, 95, 105),
            (6, 10_000, 5, 15), // falls by halves
            (7, 10_000, 15, 25),
            (12, 10_000, 250, 330), // silence gives trust back, by halves too
            (60, 100, 100, 100),
        ] {
            let mut seen = Account::default();
            (0..offered).for_each(|_| _ = seen.offer(&sampler, &offer, second * SECOND));
            assert!((least..=most).contains(&seen.kept), "second {second}: {seen:?}");
            assert!((seen.weight / offered as f64 - 1.0).abs() < 0.25, "second {second}: {seen:?}");
        }
    }

    #[test]
    fn rates_are_right_on_average_however_short_the_window() {
        let sampler = sampler(SamplingRule::new(SamplingMethod::OneIn(100)).window(Duration::from_millis(1)));
        let mut seen = Account::default();
        let offered: u64 = (0..30_000)
            .map(|window| {
                (0..3).for_each(|_| _ = seen.offer(&sampler, &Offer::new(Level::INFO, "a", 1), window * 1_000_000));
                3
            })
            .sum();
        assert!((seen.weight / offered as f64 - 1.0).abs() < 0.1, "{seen:?}");
    }

    /// Offers one record as a call site does, and says whether the clock was looked at.
    fn offer_ahead(seen: &mut Account, sampler: &Sampler, call_site: u64, now: u64) -> bool {
        seen.offered += 1;
        if sampler.skips(0, Level::INFO, call_site, SeatNumber::current()) {
            return false;
        }
        let mut looked = false;
        let clock = || {
            looked = true;
            now
        };
        let offer = Offer::new(Level::INFO, "a", call_site);
        let kept = sampler.courses[0].decide_ahead(&offer, clock, &mut |summary| seen.tell(&summary));
        seen.kept += u64::from(kept.is_some());
        seen.weight += kept.map_or(0.0, |rate| f64::from(rate.get()));
        looked
    }

    #[test]
    fn what_is_known_beforehand_to_be_suppressed_is_counted_without_the_clock() {
        for key in [SamplingKey::Rule, SamplingKey::CallSite] {
            let sampler = sampler(SamplingRule::new(SamplingMethod::OneIn(1000)).key(key));
            let mut seen = Account::default();
            let looks = (0..64_000).filter(|_| offer_ahead(&mut seen, &sampler, 1, SECOND)).count();
            assert_eq!((seen.kept, seen.weight, looks), (64, 64_000.0, 1_000));
            seen.finish(&sampler, SECOND);
            assert_eq!(seen.suppressed, 64_000 - 64);
        }
    }

    #[test]
    fn a_drain_makes_every_thread_look_at_the_clock_again() {
        let sampler = sampler(SamplingRule::new(SamplingMethod::OneIn(u32::MAX)).key(SamplingKey::Rule));
        let mut seen = Account::default();
        let looks = [59, 59, 60, 60].map(|second| offer_ahead(&mut seen, &sampler, 1, second * SECOND));
        assert_eq!((looks, seen.suppressed), ([true, false, false, false], 0));
        sampler.drain_summaries(60 * SECOND, &mut |summary| seen.tell(&summary));
        assert_eq!(seen.suppressed + seen.kept, 4);
        let looks = [60, 60].map(|second| offer_ahead(&mut seen, &sampler, 1, second * SECOND));
        assert_eq!(looks, [true, false]);
        seen.finish(&sampler, 60 * SECOND);
        assert_eq!(seen.suppressed + seen.kept, seen.offered);
    }

    #[test]
    fn rates_are_right_on_average_where_windows_end_late() {
        let sampler = sampler(SamplingRule::new(SamplingMethod::OneIn(100)).window(Duration::from_secs(10)));
        for between_drains in [7, 1_000_000] {
            let mut seen = Account::default();
            for number in 0..100_000 {
                let now = number * 4 * SECOND;
                offer_ahead(&mut seen, &sampler, 1, now);
                if number % between_drains == 0 {
                    sampler.drain_summaries(now, &mut drop);
                }
            }
            assert!((seen.weight / seen.offered as f64 - 1.0).abs() < 0.1, "{seen:?}");
        }
    }

    #[test]
    fn nothing_is_lost_where_windows_end_late_under_four_threads() {
        for (every, keys) in [(1, 1), (7, 1), (7, 64), (1000, 64)] {
            let rule = SamplingRule::new(SamplingMethod::OneIn(every)).keys(keys).window(Duration::from_secs(10));
            let (sampler, clock) = (&sampler(rule), &AtomicU64::new(0));
            let mut total = Account::default();
            std::thread::scope(|scope| {
                let work = |thread: u64| {
                    move || {
                        let mut seen = Account::default();
                        for turn in 0..20_000 {
                            let now = clock.fetch_add(SECOND / 100, Relaxed);
                            offer_ahead(&mut seen, sampler, mix(turn) % 40, now);
                            if turn % 1000 == thread {
                                sampler.drain_summaries(now, &mut |summary| seen.tell(&summary));
                            }
                        }
                        seen
                    }
                };
                let threads = [0, 1, 2, 3].map(|thread| scope.spawn(work(thread)));
                for seen in threads.map(|thread| thread.join().unwrap()) {
                    total.kept += seen.kept;
                    total.suppressed += seen.suppressed;
                }
            });
            total.finish(sampler, clock.load(Relaxed));
            assert_eq!(total.kept + total.suppressed, 80_000, "one in {every} with {keys} keys");
        }
    }

    #[test]
    fn a_bucket_without_a_token_counts_at_once_and_lets_the_next_token_through() {
        let method = SamplingMethod::Bucket { per_second: 10.0, burst: 2 };
        let sampler = sampler(SamplingRule::new(method).window(Duration::from_secs(1)));
        let (clock, hands) = Clock::manual(Timestamp::new(100, 0));
        let mut seen = Account::default();
        let offer = |seen: &mut Account| {
            seen.offered += 1;
            let skips = sampler.skips_now(0, Level::INFO, 1, &clock);
            if !skips {
                seen.offer(&sampler, &Offer::new(Level::INFO, "a", 1), clock.ticks());
            }
            skips
        };
        assert_eq!([(); 5].map(|()| offer(&mut seen)), [false, false, false, true, true]);
        hands.advance(Duration::from_millis(100));
        assert_eq!([(); 3].map(|()| offer(&mut seen)), [false, true, true]);
        // the window ends with the first that comes after it
        hands.advance(Duration::from_secs(1));
        assert_eq!([(); 4].map(|()| offer(&mut seen)), [false, false, false, true]);
        assert_eq!((seen.kept, seen.suppressed), (5, 5));
        seen.finish(&sampler, clock.ticks());
        assert_eq!(seen.kept + seen.suppressed, seen.offered);
    }

    #[test]
    fn a_flood_of_keys_shares_one_account_and_nothing_is_lost() {
        let sampler = sampler(SamplingRule::new(SamplingMethod::First(1)).keys(16).target("shop"));
        let mut seen = Account::default();
        for call_site in 0..10_000 {
            seen.offer(&sampler, &Offer::new(Level::INFO, "shop::stock", call_site), 0);
        }
        assert!((4..=17).contains(&seen.kept), "{seen:?}");
        let mut rest = Vec::new();
        sampler.finish_summaries(0, &mut |summary| {
            seen.tell(&summary);
            rest.push((summary.key(), summary.target().to_owned()));
        });
        assert_eq!(rest, [(None, "shop".to_owned())]);
        assert_eq!(seen.kept + seen.suppressed, 10_000);
    }

    #[test]
    fn a_key_that_was_silent_makes_room_and_is_told() {
        let sampler = sampler(SamplingRule::new(SamplingMethod::First(1)).keys(1).window(Duration::from_secs(1)));
        let mut seen = Account::default();
        for second in 0..100 {
            for _ in 0..3 {
                seen.offer(&sampler, &Offer::new(Level::INFO, "a", second), second * SECOND);
            }
        }
        assert_eq!(seen.kept, 100);
        seen.finish(&sampler, 100 * SECOND);
        assert_eq!(seen.suppressed, 200);
    }

    #[test]
    fn a_drain_leaves_silent_keys_silent() {
        let sampler = sampler(SamplingRule::new(SamplingMethod::First(1)).keys(4).window(Duration::from_secs(1)));
        let mut seen = Account::default();
        for second in 0..100 {
            let mut told = 0;
            sampler.drain_summaries(second * SECOND, &mut |summary| told += summary.suppressed());
            seen.suppressed += told;
            for call_site in 4 * second..4 * (second + 1) {
                (0..2)
                    .for_each(|_| _ = seen.offer(&sampler, &Offer::new(Level::INFO, "a", call_site), second * SECOND));
            }
        }
        assert_eq!((seen.kept, seen.suppressed), (400, 396));
    }

    #[test]
    fn a_thread_whose_time_is_late_does_not_turn_the_window_back() {
        let sampler = sampler(SamplingRule::new(SamplingMethod::First(1)));
        let offer = Offer::new(Level::INFO, "a", 1);
        assert!(sampler.sample(&offer, 600 * SECOND, &mut drop).is_some());
        for now in [599, 600, 420, 659] {
            assert_eq!(sampler.sample(&offer, now * SECOND, &mut |_| panic!("no window ended")), None);
        }
        let mut told = Vec::new();
        sampler.sample(&offer, 660 * SECOND, &mut |summary| told.push(summary.suppressed()));
        assert_eq!(told, [4]);
    }

    #[test]
    fn a_long_target_is_cut_at_a_character() {
        let sampler = sampler(SamplingRule::new(SamplingMethod::First(1)));
        let target = "é".repeat(60) + "x";
        (0..2).for_each(|_| _ = sampler.sample(&Offer::new(Level::INFO, &target, 1), 0, &mut drop));
        let mut told = Vec::new();
        sampler.finish_summaries(0, &mut |summary| told.push(summary.target().to_owned()));
        assert_eq!(told, ["é".repeat(47)]);
    }

    #[test]
    fn numbers_that_make_no_sense_are_refused_with_advice() {
        let rule = || SamplingRule::new(SamplingMethod::OneIn(2));
        let method = SamplingRule::new;
        let probability = |probability| method(SamplingMethod::Probability { probability, inbound: Inbound::Ignore });
        for (rule, word) in [
            (method(SamplingMethod::OneIn(0)), "one in zero"),
            (method(SamplingMethod::FirstThen { first: 1, one_in: 0 }), "one in zero"),
            (method(SamplingMethod::First(0)), "first zero"),
            (probability(0.0), "probability"),
            (probability(1.1), "probability"),
            (probability(f64::NAN), "probability"),
            (method(SamplingMethod::Adaptive { per_second: 0.5 }), "window"),
            (method(SamplingMethod::Adaptive { per_second: f64::NAN }), "window"),
            (method(SamplingMethod::Adaptive { per_second: f64::INFINITY }), "window"),
            (method(SamplingMethod::Bucket { per_second: 1.0, burst: 0 }), "burst"),
            (method(SamplingMethod::Bucket { per_second: f64::NAN, burst: 1 }), "bucket"),
            (method(SamplingMethod::Bucket { per_second: 1e8, burst: 1 }), "bucket"),
            (rule().window(Duration::ZERO), "window"),
            (rule().window(Duration::MAX), "window"),
            (rule().keys(0), "keys"),
            (rule().keys(usize::MAX), "keys"),
            (rule().target(""), "target"),
            (rule().levels(Level::WARN..Level::INFO), "levels"),
            (rule().levels(..Level::TRACE), "levels"),
            (rule().levels((Bound::Excluded(Level::from_severity(24).unwrap()), Bound::Unbounded)), "levels"),
        ] {
            let error = Sampling::new().rule(self::rule_that_works()).rule(rule).compile().unwrap_err();
            assert!(error.to_string().starts_with("sampling rule 2 makes no sense: "), "{error}");
            assert!(error.to_string().contains(word), "{error}");
        }
        let many = (0..=Sampling::MAX_RULES).fold(Sampling::new(), |all, _| all.rule(rule().keys(1)));
        assert!(many.compile().is_err());
        let failures = Failures::Collapse { window: Duration::ZERO, key: SamplingKey::Rule };
        assert!(Sampling::new().failures(failures).compile().is_err());
    }

    fn rule_that_works() -> SamplingRule {
        SamplingRule::new(SamplingMethod::OneIn(2)).keys(1)
    }

    #[test]
    fn kept_and_suppressed_make_up_the_offered_under_four_threads() {
        const OFFERS: u64 = 20_000;
        for method in methods() {
            for keys in [1, 64] {
                let rule = SamplingRule::new(method.clone()).keys(keys).window(Duration::from_millis(1));
                let sampler = &sampler(rule);
                let clock = &AtomicU64::new(0);
                let mut total = Account::default();
                std::thread::scope(|scope| {
                    let work = |thread: u64| {
                        move || {
                            let mut seen = Account::default();
                            for turn in 0..OFFERS {
                                let now = clock.fetch_add(700, Relaxed);
                                seen.offer(sampler, &Offer::new(Level::INFO, "a", mix(turn) % 40), now);
                                if turn % 1000 == thread {
                                    sampler.drain_summaries(now, &mut |summary| seen.tell(&summary));
                                }
                            }
                            seen
                        }
                    };
                    let threads = [0, 1, 2, 3].map(|thread| scope.spawn(work(thread)));
                    for seen in threads.map(|thread| thread.join().unwrap()) {
                        total.kept += seen.kept;
                        total.suppressed += seen.suppressed;
                    }
                });
                total.finish(sampler, clock.load(Relaxed));
                assert_eq!(total.kept + total.suppressed, 4 * OFFERS, "{method:?} with {keys} keys");
                assert!(total.kept > 0 && total.suppressed > 0, "{method:?} with {keys} keys");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn nothing_is_lost_from_the_account(
            method in prop::sample::select(methods()),
            keys in 1usize..40,
            offers in prop::collection::vec((0u64..60, 0u64..400_000_000, 0u8..20), 1..600),
        ) {
            let sampler = sampler(SamplingRule::new(method).keys(keys).window(Duration::from_secs(1)));
            let mut seen = Account::default();
            let mut now = 0;
            for (call_site, later, drain) in &offers {
                now += later;
                seen.offer(&sampler, &Offer::new(Level::INFO, "a", *call_site), now);
                if *drain == 0 {
                    sampler.drain_summaries(now, &mut |summary| seen.tell(&summary));
                }
            }
            seen.finish(&sampler, now);
            prop_assert_eq!(seen.kept + seen.suppressed, offers.len() as u64);
        }

        #[test]
        fn limits_and_their_summaries_stand_for_all_exactly(
            method in prop::sample::select(vec![
                SamplingMethod::First(3),
                SamplingMethod::Bucket { per_second: 5.0, burst: 3 },
            ]),
            offers in prop::collection::vec((0u64..5, 0u64..400_000_000), 1..200),
        ) {
            let sampler = sampler(SamplingRule::new(method));
            let mut seen = Account::default();
            let mut now = 0;
            for (call_site, later) in &offers {
                now += later;
                seen.offer(&sampler, &Offer::new(Level::INFO, "a", *call_site), now);
            }
            seen.finish(&sampler, now);
            prop_assert_eq!(seen.weight + seen.stands_for as f64, offers.len() as f64);
        }

        #[test]
        fn any_times_and_ids_are_survived(
            method in prop::sample::select(methods()),
            offers in prop::collection::vec((any::<u64>(), any::<u64>(), any::<u64>()), 1..50),
        ) {
            let sampler = sampler(SamplingRule::new(method).keys(2).window(Duration::from_millis(1)));
            let mut seen = Account::default();
            for (call_site, now, id) in &offers {
                seen.offer(&sampler, &Offer::new(Level::INFO, "a", *call_site).id(*id), *now);
                sampler.drain_summaries(*now, &mut |summary| seen.tell(&summary));
            }
            seen.finish(&sampler, u64::MAX);
            prop_assert_eq!(seen.kept + seen.suppressed, offers.len() as u64);
        }
    }
}
