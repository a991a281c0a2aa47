//! The walk of a record: gates, encoding, outputs.
//!
//! A logger is a handle: what it does stands in a snapshot that is replaced as a whole, so that levels and outputs can
//! change while others log. Each thread keeps the snapshot it used last and looks only at a number to see whether it is
//! still the current one.

use crate::block;
use crate::builder::{BuildError, Builder, Output};
use crate::callsite::{self, Callsite, Verdict};
use crate::context::{Context, UNPREPARED};
use crate::encode::{Encode, Partition};
use crate::fault;
use crate::field::{FieldSet, Fields, Key};
use crate::filter::directive::{Directives, LevelFilter};
use crate::filter::sample::SampleRate;
use crate::heads::Heads;
use crate::health::{Counters, OutputHealth, Place};
use crate::keyset::KeySet;
use crate::level::Level;
use crate::limits;
use crate::reading::{FieldCursor, KeyVerdicts, Overriding, Reading, Rules, Scratch};
use crate::record::{Call, Record, Shape, Site};
use crate::scope::{Entered, Scope};
use crate::sink::{Captured, DropReason, Line, Sink, SinkError, Written};
use crate::time::Clock;
use crate::value::Value;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock, Weak};
use std::time::{Duration, Instant};

/// A handle to log with. Cloning is cheap, and so is binding fields.
#[derive(Clone)]
pub struct Logger {
    core: Arc<Core>,
    context: Context,
    name: Option<Arc<str>>,
}

/// What all handles of one logger share.
pub(crate) struct Core {
    /// The number of the snapshot.
    generation: AtomicU64,
    /// The number of the filter in force, by which call sites remember its verdicts.
    filter: AtomicU64,
    snapshot: RwLock<Arc<Snapshot>>,
}

/// What a logger does, as of now.
#[derive(Clone)]
pub(crate) struct Snapshot {
    pub(crate) directives: Arc<Directives>,
    pub(crate) rules: Rules,
    pub(crate) clock: Clock,
    pub(crate) shape: Shape,
    pub(crate) formats: Arc<[Format]>,
}

/// An encoder and all outputs that want its bytes.
pub(crate) struct Format {
    pub(crate) encoder: Box<dyn Encode>,
    outputs: Vec<Outlet>,
    /// What the most verbose of them wants.
    level: LevelFilter,
}

/// An output at work.
pub(crate) struct Outlet {
    pub(crate) name: String,
    pub(crate) level: LevelFilter,
    pub(crate) sink: Box<dyn Sink>,
    pub(crate) counters: Counters,
}

/// Numbers that are never used twice in a process; never 0.
pub(crate) fn next_number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// Says that a record has passed the gates.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub struct Pass {
    rate: SampleRate,
}

impl Pass {
    const CERTAIN: Pass = Pass { rate: SampleRate::ONE };
}

impl Logger {
    /// Begins a logger of your own.
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// A logger for a test, and what it logs, of every level.
    pub fn capture() -> (Logger, Captured) {
        Logger::capture_with(|builder| builder)
    }

    /// [`Logger::capture`], set up further.
    ///
    /// # Panics
    ///
    /// When what is set up cannot be built.
    #[track_caller]
    pub fn capture_with(set_up: impl FnOnce(Builder) -> Builder) -> (Logger, Captured) {
        let captured = Captured::new();
        let output = Output::new(crate::sink::Typed, captured.sink());
        let builder = set_up(Logger::builder().level(Level::TRACE)).output(output);
        match builder.build() {
            Ok(logger) => (logger, captured),
            Err(error) => panic!("the logger of a test: {error}"),
        }
    }

    /// The logger of the current scope, or else the global one.
    pub fn current() -> Logger {
        with_current(Logger::clone)
    }

    /// The global logger: the one that was installed, or the default until then.
    pub fn global() -> Logger {
        global().clone()
    }

    pub(crate) fn with_snapshot(snapshot: Snapshot) -> Logger {
        let core = Arc::new(Core {
            generation: AtomicU64::new(next_number()),
            filter: AtomicU64::new(next_number()),
            snapshot: RwLock::new(Arc::new(snapshot)),
        });
        register(&core);
        Logger { core, context: Context::EMPTY, name: None }
    }

    /// Takes over everything another logger does.
    pub(crate) fn replace(&self, other: &Logger) {
        let snapshot = other.core.snapshot();
        self.core.update(|current| *current = (*snapshot).clone());
    }

    /// A logger that adds these fields to every record. A field of the same name counts more at the call, and more in
    /// the child than in the parent.
    ///
    /// ```
    /// use hyperlog_core::{Logger, fields, info};
    ///
    /// let (logger, captured) = Logger::capture();
    /// let orders = logger.with(fields!(queue = "orders", attempt = 1));
    /// info!(logger: orders, attempt = 2, "taken");
    /// let record = captured.only();
    /// assert_eq!((record.text("queue"), record.number("attempt")), ("orders", 2.0));
    /// ```
    #[must_use]
    pub fn with(&self, fields: impl BindFields) -> Logger {
        let (fields, keys) = fields.parts();
        Workspace::lend(|workspace| {
            let snapshot = workspace.snapshots.of(&self.core);
            let reading = Reading { rules: &snapshot.rules, scratch: &workspace.scratch };
            let context = bind(&self.context, fields, keys, snapshot, reading, &mut workspace.line);
            Logger { core: Arc::clone(&self.core), context, name: self.name.clone() }
        })
    }

    /// A logger whose records bear this target instead of the module's path, and are filtered by it. Of a named logger:
    /// `parent.name`.
    ///
    /// ```
    /// use hyperlog_core::{Logger, info};
    ///
    /// let (logger, captured) = Logger::capture();
    /// let pool = logger.named("db").named("pool");
    /// info!(logger: pool, "full");
    /// assert_eq!(captured.only().target(), "db.pool");
    /// ```
    #[must_use]
    pub fn named(&self, name: &str) -> Logger {
        let name = match &self.name {
            Some(parent) => format!("{parent}.{name}"),
            None => name.to_owned(),
        };
        note_names();
        Logger { core: Arc::clone(&self.core), context: self.context.clone(), name: Some(name.into()) }
    }

    /// Makes this the logger of the thread until the guard is dropped.
    pub fn enter(&self) -> Entered {
        Scope::new(self.clone()).enter()
    }

    /// Logs fields known only at run time. Everything else is for the macros.
    pub fn log(&self, level: Level, message: &str, fields: &FieldSet) {
        let target = self.name.as_deref().unwrap_or("");
        let site = Site { level, target, module: None, file: None, line: None, template: message, keys: &[] };
        self.log_from(&site, format_args!("{message}"), fields);
    }

    /// Logs from a place that is known only at run time: for bridges.
    pub fn log_from(&self, site: &Site<'_>, message: fmt::Arguments<'_>, fields: &FieldSet) {
        if self.is_enabled(site.level, site.target) {
            let fields = fields.as_fields();
            self.write(&Call { level: site.level, site, fields, keys: None, message, rate: SampleRate::ONE });
        }
    }

    /// Whether a record of this level from this target would be logged.
    pub fn is_enabled(&self, level: Level, target: &str) -> bool {
        let target = self.name.as_deref().unwrap_or(target);
        let snapshot = self.core.snapshot();
        snapshot.wants(level, target)
    }

    /// Changes the level of every handle of this logger, and forgets its directives.
    ///
    /// ```
    /// use hyperlog_core::{Level, Logger, debug};
    ///
    /// let (logger, captured) = Logger::capture();
    /// logger.set_level(Level::INFO);
    /// debug!(logger: logger, "unheard");
    /// logger.set_level(Level::DEBUG);
    /// debug!(logger: logger, "heard");
    /// assert_eq!(captured.only().message(), "heard");
    /// ```
    pub fn set_level(&self, level: impl Into<LevelFilter>) {
        self.set_directives(Directives::new(level.into()));
    }

    /// Changes the levels of every handle of this logger, per target.
    pub fn set_directives(&self, directives: Directives) {
        self.core.update(|snapshot| snapshot.directives = Arc::new(directives));
    }

    /// The levels in force.
    pub fn directives(&self) -> Arc<Directives> {
        Arc::clone(&self.core.snapshot().directives)
    }

    /// What became of the records of each output.
    pub fn health(&self) -> Vec<OutputHealth> {
        let snapshot = self.core.snapshot();
        let outlets = snapshot.formats.iter().flat_map(|format| &format.outputs);
        outlets.map(|outlet| outlet.counters.read(&outlet.name, outlet.sink.condition())).collect()
    }

    /// Waits until all that was logged before has left, for at most this long. Every output is flushed, whatever becomes
    /// of another.
    ///
    /// # Errors
    ///
    /// The first that an output had.
    pub fn flush(&self, deadline: Duration) -> Result<(), SinkError> {
        self.on_every_sink(deadline, |sink, left| sink.flush(left))
    }

    /// Flushes every output, for at most this long, and lets nothing more be written.
    ///
    /// # Errors
    ///
    /// The first that an output had.
    pub fn close(&self, deadline: Duration) -> Result<(), SinkError> {
        self.on_every_sink(deadline, |sink, left| sink.close(left))
    }

    fn on_every_sink(
        &self,
        deadline: Duration,
        act: impl Fn(&dyn Sink, Duration) -> Result<(), SinkError>,
    ) -> Result<(), SinkError> {
        let start = Instant::now();
        let mut result = Ok(());
        for outlet in self.core.snapshot().formats.iter().flat_map(|format| &format.outputs) {
            let left = deadline.saturating_sub(start.elapsed());
            let of_this = catch_unwind(AssertUnwindSafe(|| act(&*outlet.sink, left)))
                .unwrap_or_else(|_| Err(SinkError::new("flush an output", "it panicked")));
            result = result.and(of_this);
        }
        result
    }

    /// The gates of a call site: level, then sampling.
    #[inline]
    pub(crate) fn gate(&self, callsite: &'static Callsite) -> Option<Pass> {
        if !callsite.is_registered() {
            callsite.register(judge);
        }
        let passes = match &self.name {
            None => callsite
                .passes(self.core.filter.load(Ordering::Relaxed), |level, target| self.is_enabled(level, target)),
            Some(_) => self.is_enabled(callsite.site.level, ""),
        };
        passes.then_some(Pass { rate: SampleRate::ONE })
    }

    /// The walk of a record.
    pub(crate) fn write(&self, call: &Call<'_>) {
        Workspace::lend(|workspace| {
            let snapshot = workspace.snapshots.of(&self.core);
            let reading = Reading { rules: &snapshot.rules, scratch: &workspace.scratch };
            let (marks, repeated) = facts(call.fields, call.keys);
            let bound = self.context.marks() | snapshot.shape.identity.marks();
            let (verdicts, must_look) = verdicts(call.keys, snapshot);
            let literal = if must_look { None } else { call.message.as_str() };
            let mut record = Record {
                timestamp: snapshot.clock.now(),
                level: call.level,
                target: self.name.as_deref().unwrap_or(call.site.target),
                message: literal.unwrap_or_else(|| workspace.message.format(call.message, &reading)),
                heads: (literal.is_some() && self.name.is_none()).then_some(&workspace.heads),
                call,
                verdicts,
                repeated,
                overriding: marks & bound != 0 && self.overrides(call, snapshot),
                context: &self.context,
                shape: &snapshot.shape,
                format: 0,
                reading,
                cut_from: 0,
            };
            for (index, format) in snapshot.formats.iter().enumerate() {
                record.format = index;
                format.write(&mut record, &mut workspace.line, &workspace.place);
            }
        });
    }
}

impl Logger {
    /// Whether a call has a key that is bound too.
    #[inline(never)]
    fn overrides(&self, call: &Call<'_>, snapshot: &Snapshot) -> bool {
        let identity = &snapshot.shape.identity;
        let compare = || has_one_of(call.fields, [&self.context, identity]);
        // What an identity holds belongs to the formats it was encoded for.
        let identity_shape = if identity.is_empty() { 0 } else { snapshot.shape.encoding << 1 };
        match (call.keys, self.context.shape()) {
            (Some(keys), shape) if shape != 0 || self.context.is_empty() => {
                keys.overrides(shape ^ identity_shape, compare)
            }
            _ => compare(),
        }
    }
}

impl fmt::Debug for Logger {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Logger").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Core {
    fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshot.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn update(&self, change: impl FnOnce(&mut Snapshot)) {
        {
            let mut current = self.snapshot.write().unwrap_or_else(PoisonError::into_inner);
            let mut changed = (**current).clone();
            change(&mut changed);
            *current = Arc::new(changed);
            self.filter.store(next_number(), Ordering::Release);
            self.generation.store(next_number(), Ordering::Release);
        }
        callsite::rejudge(judge);
    }
}

impl Snapshot {
    fn wants(&self, level: Level, target: &str) -> bool {
        self.directives.enabled(level, target) && self.formats.iter().any(|format| format.level.allows(level))
    }
}

impl Format {
    pub(crate) fn new(encoder: Box<dyn Encode>) -> Format {
        Format { encoder, outputs: Vec::new(), level: LevelFilter::OFF }
    }

    pub(crate) fn add(&mut self, outlet: Outlet) {
        self.level = self.level.min(outlet.level);
        self.outputs.push(outlet);
    }

    /// Encodes a record once and gives it to every output that wants it. A panic costs the record at one output, or at
    /// all of them if it was the encoder's.
    #[inline]
    fn write(&self, record: &mut Record<'_>, line: &mut Vec<u8>, place: &Place) {
        if !self.level.allows(record.level) {
            return;
        }
        let mut progress = Progress { partition: None, next: 0 };
        while progress.next < self.outputs.len() {
            if catch_unwind(AssertUnwindSafe(|| self.proceed(record, line, place, &mut progress))).is_err() {
                self.account_for_panic(record.level, place, &mut progress);
            }
        }
    }

    #[inline(always)]
    fn proceed(&self, record: &mut Record<'_>, bytes: &mut Vec<u8>, place: &Place, progress: &mut Progress) {
        let partition = match progress.partition {
            Some(partition) => partition,
            None => {
                bytes.clear();
                let partition = self.encoder.encode(record, bytes);
                *progress.partition.insert(match bytes.len() <= record.reading.rules.limits.record {
                    true => partition,
                    false => self.shrink(record, bytes),
                })
            }
        };
        let line = Line { bytes, level: record.level, timestamp: record.timestamp, partition };
        while let Some(outlet) = self.outputs.get(progress.next) {
            progress.next += 1;
            if outlet.level.allows(record.level) {
                outlet.write(&line, record.cut_from > 0, place);
            }
        }
    }

    #[cold]
    #[inline(never)]
    fn account_for_panic(&self, level: Level, place: &Place, progress: &mut Progress) {
        if progress.partition.is_some() {
            if let Some(outlet) = self.outputs.get(progress.next.wrapping_sub(1)) {
                outlet.counters.drop_one(level, DropReason::Panicked);
                fault::report("sink", format_args!("the output {:?} panicked, and the record is lost", outlet.name));
            }
            return;
        }
        progress.next = self.outputs.len();
        for outlet in self.outputs.iter().filter(|outlet| outlet.level.allows(level)) {
            outlet.counters.accept(level, place);
            outlet.counters.drop_one(level, DropReason::Panicked);
        }
        fault::report("encoder", format_args!("it panicked, and the record is lost"));
    }

    /// Encodes anew with shorter and shorter texts, then with fewer fields, until the record fits.
    #[cold]
    #[inline(never)]
    fn shrink(&self, record: &mut Record<'_>, line: &mut Vec<u8>) -> Partition {
        let allowed = record.reading.rules.limits.record;
        record.cut_from = line.len();
        // What was prepared for the context is as long as ever.
        let shape = Shape { encoding: 0, ..record.shape.clone() };
        let mut rules = record.reading.rules.clone();
        rules.limits.text = rules.limits.text.min(allowed);
        let mut message = String::new();
        let mut partition = Partition::NONE;
        while line.len() > allowed && rules.limits.fields > 0 {
            if rules.limits.text > SHORTEST_TEXT {
                rules.limits.text /= 2;
            } else {
                rules.limits.fields /= 2;
            }
            message.clear();
            message.push_str(limits::cut(record.message, rules.limits.text));
            if message.len() < record.message.len() {
                limits::push_cut_mark(record.message.len(), &mut message);
            }
            let reading = Reading { rules: &rules, ..record.reading };
            line.clear();
            partition = self.encoder.encode(&Record { message: &message, shape: &shape, reading, ..*record }, line);
        }
        partition
    }
}

/// Where a record is still too long with texts of this length, it is its many fields that are too many.
const SHORTEST_TEXT: usize = 32;

/// How far a record has come within a format.
struct Progress {
    /// None until it is encoded.
    partition: Option<Partition>,
    next: usize,
}

impl Outlet {
    #[inline(always)]
    fn write(&self, line: &Line<'_>, was_cut: bool, place: &Place) {
        self.counters.accept(line.level, place);
        if was_cut {
            self.counters.cut_one();
        }
        match self.sink.write(line) {
            Written::Done => self.counters.write(line.level, place),
            other => self.account_for(line.level, other),
        }
    }

    #[cold]
    #[inline(never)]
    fn account_for(&self, level: Level, written: Written) {
        match written {
            Written::Done | Written::Queued => {}
            Written::Dropped(reason) => self.counters.drop_one(level, reason),
            Written::Closed => self.counters.drop_one(level, DropReason::Closed),
        }
    }
}

/// Fields that can be bound: `fields!(..)` or a [`FieldSet`].
pub trait BindFields: sealed::Parts {}

impl BindFields for &FieldSet {}
impl BindFields for Gathered<'_> {}

/// What `fields!` makes.
#[derive(Clone, Copy)]
pub struct Gathered<'a> {
    keys: &'static KeySet,
    values: &'a [Value<'a>],
}

impl<'a> Gathered<'a> {
    #[doc(hidden)]
    pub const fn new(keys: &'static KeySet, values: &'a [Value<'a>]) -> Gathered<'a> {
        Gathered { keys, values }
    }
}

mod sealed {
    use super::*;

    pub trait Parts {
        #[expect(private_interfaces, reason = "sealed")]
        fn parts(&self) -> (Fields<'_>, Option<&'static KeySet>);
    }

    impl Parts for &FieldSet {
        #[expect(private_interfaces, reason = "sealed")]
        fn parts(&self) -> (Fields<'_>, Option<&'static KeySet>) {
            (self.as_fields(), None)
        }
    }

    impl Parts for Gathered<'_> {
        #[expect(private_interfaces, reason = "sealed")]
        fn parts(&self) -> (Fields<'_>, Option<&'static KeySet>) {
            (Fields::Gathered { keys: self.keys.keys, values: self.values }, Some(self.keys))
        }
    }
}

/// Adds fields to a context: the block, then every format's form of them.
pub(crate) fn bind(
    parent: &Context,
    fields: Fields<'_>,
    keys: Option<&'static KeySet>,
    snapshot: &Snapshot,
    reading: Reading<'_>,
    bytes: &mut Vec<u8>,
) -> Context {
    let (marks, repeated) = facts(fields, keys);
    let overriding = marks & parent.marks() != 0 && has_one_of(fields, [parent]);
    let (verdicts, _) = verdicts(keys, snapshot);
    let later = if repeated { Overriding::ByLater(fields) } else { Overriding::Nothing };
    let own = || FieldCursor::new(reading, fields, verdicts, later);
    let kept = || {
        let overriding = if overriding { Overriding::ByCall(fields) } else { Overriding::Nothing };
        FieldCursor::new(reading, Fields::Block(parent.block()), KeyVerdicts::UNKNOWN, overriding)
    };
    bytes.clear();
    if overriding {
        block::push_all(kept(), bytes);
    } else {
        bytes.extend_from_slice(parent.block());
    }
    block::push_all(own(), bytes);
    let block = bytes.len();
    let mut ends = [0_u32; MOST_FORMATS];
    for (index, format) in snapshot.formats.iter().enumerate().take(MOST_FORMATS) {
        let prepared = match parent.encoded(snapshot.shape.encoding, index) {
            Some(encoded) if !overriding => {
                bytes.extend_from_slice(encoded);
                true
            }
            _ => format.encoder.encode_bound(&mut kept(), bytes),
        };
        let prepared = prepared && format.encoder.encode_bound(&mut own(), bytes);
        ends[index] = bytes.len() as u32 | if prepared { 0 } else { UNPREPARED };
    }
    for end in ends.iter().take(snapshot.formats.len()).rev() {
        bytes.extend_from_slice(&end.to_le_bytes());
    }
    let shape = match keys {
        Some(keys) if parent.is_empty() || parent.shape() != 0 => keys.shape_upon(parent.shape()),
        _ => 0,
    };
    Context::new(bytes, block, snapshot.shape.encoding, marks | parent.marks(), shape)
}

/// Beyond so many formats, contexts are encoded anew for each record.
const MOST_FORMATS: usize = 8;

/// The marks of the keys, and whether one of them stands there twice.
#[inline]
fn facts(fields: Fields<'_>, keys: Option<&KeySet>) -> (u64, bool) {
    match keys {
        Some(keys) => keys.facts(),
        None => fields.names().fold((0, false), |(marks, repeated), name| {
            let mark = Key::new(name).mark_bit();
            (marks | mark, repeated || marks & mark != 0)
        }),
    }
}

/// Which keys have to be looked at, and whether the message has to be.
#[inline]
fn verdicts(keys: Option<&KeySet>, snapshot: &Snapshot) -> (KeyVerdicts, bool) {
    keys.map_or((KeyVerdicts::UNKNOWN, true), |keys| keys.verdicts(&snapshot.rules))
}

/// Whether one of the keys is bound.
#[cold]
fn has_one_of<const COUNT: usize>(fields: Fields<'_>, bound: [&Context; COUNT]) -> bool {
    fields.names().any(|name| bound.iter().any(|context| Fields::Block(context.block()).has_from(name, 0)))
}

/// The memory a thread logs with. It is taken while a record is on its way, so that a record logged meanwhile, by a
/// `Display` say, finds none and makes its own.
struct Workspace {
    line: Vec<u8>,
    message: Message,
    heads: RefCell<Heads>,
    scratch: Cell<Option<Box<Scratch>>>,
    snapshots: Snapshots,
    place: Place,
}

thread_local! {
    static WORKSPACE: Cell<Option<Box<Workspace>>> = const { Cell::new(None) };
}

impl Workspace {
    #[inline]
    fn lend<R>(work: impl FnOnce(&mut Workspace) -> R) -> R {
        let kept = WORKSPACE.try_with(Cell::take).ok().flatten();
        let mut workspace = match kept {
            Some(workspace) => workspace,
            None => Workspace::make(),
        };
        let result = work(&mut workspace);
        workspace.give_back();
        result
    }

    #[cold]
    fn make() -> Box<Workspace> {
        Box::new(Workspace {
            line: Vec::with_capacity(1024),
            message: Message::default(),
            heads: RefCell::new(Heads::new()),
            scratch: Cell::new(None),
            snapshots: Snapshots::default(),
            place: Place::claim(),
        })
    }

    #[inline]
    fn give_back(mut self: Box<Workspace>) {
        if self.line.capacity() > LARGEST_KEPT {
            self.line = Vec::with_capacity(1024);
        }
        // Where the thread is ending there is nothing to give it to.
        let _ = WORKSPACE.try_with(|kept| kept.set(Some(self)));
    }
}

/// Memory that one huge record needed is not kept for all the small ones.
const LARGEST_KEPT: usize = 1 << 20;

/// The snapshots that a thread used last.
#[derive(Default)]
struct Snapshots([Option<Cached>; 2]);

struct Cached {
    /// A number that no other snapshot, of this or another logger, ever has.
    generation: u64,
    snapshot: Arc<Snapshot>,
}

impl Snapshots {
    #[inline]
    fn of(&mut self, core: &Core) -> &Snapshot {
        let generation = core.generation.load(Ordering::Acquire);
        if !matches!(&self.0[0], Some(cached) if cached.generation == generation) {
            self.fetch(core, generation);
        }
        match &self.0[0] {
            Some(cached) => &cached.snapshot,
            None => unreachable!("it was fetched"),
        }
    }

    #[cold]
    #[inline(never)]
    fn fetch(&mut self, core: &Core, generation: u64) {
        self.0.swap(0, 1);
        if !self.0[0].as_ref().is_some_and(|cached| cached.generation == generation) {
            self.0[0] = Some(Cached { generation, snapshot: core.snapshot() });
        }
    }
}

/// Where a message is put together.
#[derive(Default)]
struct Message {
    raw: String,
    shown: String,
}

impl Message {
    #[inline(never)]
    fn format(&mut self, message: fmt::Arguments<'_>, reading: &Reading<'_>) -> &str {
        self.raw.clear();
        limits::format_into(Value::Display(&message), &mut self.raw);
        if reading.rules.passes_message(&self.raw) {
            return &self.raw;
        }
        self.shown.clear();
        reading.read_text(&self.raw, reading.rules.limits.message, &mut self.shown);
        &self.shown
    }
}

static CORES: Mutex<Vec<Weak<Core>>> = Mutex::new(Vec::new());
static NAMES: OnceLock<()> = OnceLock::new();
static GLOBAL: OnceLock<Logger> = OnceLock::new();

fn register(core: &Arc<Core>) {
    {
        let mut cores = CORES.lock().unwrap_or_else(PoisonError::into_inner);
        cores.retain(|core| core.strong_count() > 0);
        cores.push(Arc::downgrade(core));
    }
    callsite::rejudge(judge);
}

/// From the first named logger on, a call site cannot know by its target what a logger will say.
fn note_names() {
    if NAMES.set(()).is_ok() {
        callsite::rejudge(judge);
    }
}

/// What can be said of a call before it is known which logger it goes to.
fn judge(level: Level, target: &str) -> Verdict {
    let cores: Vec<Arc<Core>> =
        CORES.lock().unwrap_or_else(PoisonError::into_inner).iter().filter_map(Weak::upgrade).collect();
    let named = NAMES.get().is_some();
    let (mut any, mut all) = (false, !named);
    for core in cores {
        let snapshot = core.snapshot();
        let wants = snapshot.wants(level, target);
        any |= wants || named && snapshot.directives.most_verbose().allows(level);
        all &= wants;
    }
    match (any, all) {
        (false, _) => Verdict::Unwanted,
        (true, true) => Verdict::Certain,
        (true, false) => Verdict::Open,
    }
}

/// The global logger; the default one from the first record on, until another is installed in its place.
#[inline]
pub(crate) fn global() -> &'static Logger {
    GLOBAL.get_or_init(|| Builder::zero_configuration())
}

/// Makes a logger the global one.
pub(crate) fn install(logger: &Logger) -> Result<(), BuildError> {
    static INSTALLED: OnceLock<()> = OnceLock::new();
    INSTALLED.set(()).map_err(|()| BuildError::installed())?;
    if GLOBAL.set(logger.clone()).is_err() {
        global().replace(logger);
    }
    Ok(())
}

#[inline]
fn with_current<R>(act: impl FnOnce(&Logger) -> R) -> R {
    match Scope::current() {
        Some(scope) => act(&scope.logger()),
        None => act(global()),
    }
}

/// The gates of a call without a logger.
#[doc(hidden)]
#[inline(always)]
pub fn gate(callsite: &'static Callsite) -> Option<Pass> {
    if callsite.is_certain() { Some(Pass::CERTAIN) } else { gate_of_current(callsite) }
}

#[inline(never)]
fn gate_of_current(callsite: &'static Callsite) -> Option<Pass> {
    with_current(|logger| logger.gate(callsite))
}

/// The gates of a call with a logger.
#[doc(hidden)]
#[inline(always)]
pub fn gate_of(logger: &Logger, callsite: &'static Callsite) -> Option<Pass> {
    if callsite.is_certain() { Some(Pass::CERTAIN) } else { logger.gate(callsite) }
}

/// Logs what has passed the gates.
#[doc(hidden)]
#[inline(never)]
pub fn log(callsite: &'static Callsite, pass: Pass, message: fmt::Arguments<'_>, values: &[Value<'_>]) {
    let call = call(callsite, pass, message, values);
    with_current(|logger| logger.write(&call));
}

/// Logs what has passed the gates to a logger.
#[doc(hidden)]
#[inline(never)]
pub fn log_to(
    logger: &Logger,
    callsite: &'static Callsite,
    pass: Pass,
    message: fmt::Arguments<'_>,
    values: &[Value<'_>],
) {
    logger.write(&call(callsite, pass, message, values));
}

#[inline(always)]
fn call<'a>(callsite: &'static Callsite, pass: Pass, message: fmt::Arguments<'a>, values: &'a [Value<'a>]) -> Call<'a> {
    Call {
        level: callsite.site.level,
        site: &callsite.site,
        message,
        fields: Fields::Gathered { keys: callsite.keys.keys, values },
        keys: Some(&callsite.keys),
        rate: pass.rate,
    }
}
