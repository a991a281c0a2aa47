//! Functions of the user's on a record's way: before it is encoded, to enrich or change it, and after, to observe it.
//!
//! They see values as redaction and limits leave them, and what they add passes redaction like everything else. A hook
//! that panics costs its own work and nothing more.

use crate::block::Block;
use crate::contain::contain;
use crate::fault;
use crate::filter::directive::{Directives, LevelFilter};
use crate::level::Level;
use crate::record::Record;
use crate::value::ToValue;
use std::cell::Cell;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A function on a record's way.
///
/// It may log: what is logged while a hook runs meets no hooks.
///
/// ```
/// use hyperlog_core::{Hook, Level, Logger, info};
///
/// let region = Hook::enrich(|draft| drop(draft.add("region", "eu-west-1")));
/// let failures = Hook::observe(|record| eprintln!("look at {}", record.message())).level(Level::ERROR);
/// let (logger, captured) = Logger::capture_with(|builder| builder.hook(region).hook(failures));
///
/// info!(logger: logger, "ready");
/// assert_eq!(captured.only().text("region"), "eu-west-1");
/// ```
#[derive(Clone)]
#[must_use]
pub struct Hook {
    act: Act,
    directives: Directives,
    panics: Arc<AtomicU64>,
    pub(crate) id: u64,
}

#[derive(Clone)]
enum Act {
    Enrich(Arc<dyn Fn(&mut Draft<'_>) + Send + Sync>),
    Observe(Arc<dyn Fn(&Record<'_>) + Send + Sync>),
}

impl Hook {
    /// Before a record is encoded: it may be added to and changed. Hooks run in the order in which they were added, each
    /// on what the one before left.
    pub fn enrich(act: impl Fn(&mut Draft<'_>) + Send + Sync + 'static) -> Hook {
        Hook::new(Act::Enrich(Arc::new(act)))
    }

    /// After a record was given to the outputs.
    pub fn observe(act: impl Fn(&Record<'_>) + Send + Sync + 'static) -> Hook {
        Hook::new(Act::Observe(Arc::new(act)))
    }

    fn new(act: Act) -> Hook {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        Hook { act, directives: Directives::new(LevelFilter::ALL), panics: Arc::default(), id }
    }

    /// Only for this level and what is more severe.
    pub fn level(self, level: impl Into<LevelFilter>) -> Hook {
        self.directives(Directives::new(level.into()))
    }

    /// Only for what these let pass: levels per target.
    pub fn directives(mut self, directives: Directives) -> Hook {
        self.directives = directives;
        self
    }

    /// How often it panicked.
    pub fn panics(&self) -> u64 {
        self.panics.load(Ordering::Relaxed)
    }

    pub(crate) fn run_enrich(&self, draft: &mut Draft<'_>) {
        if let Act::Enrich(act) = &self.act
            && !IS_RUNNING.get()
            && self.directives.enabled(draft.level, draft.record.target())
        {
            let (level, message, added) = (draft.level, draft.message.clone(), draft.added.as_bytes().len());
            if !self.contain(|| act(draft)) {
                // Half of what it does may be half of anything: it goes.
                (draft.level, draft.message) = (level, message);
                draft.added.truncate(added);
            }
        }
    }

    pub(crate) fn run_observe(&self, record: &Record<'_>) {
        if let Act::Observe(act) = &self.act
            && !IS_RUNNING.get()
            && self.directives.enabled(record.level(), record.target())
        {
            self.contain(|| act(record));
        }
    }

    /// Says whether it came to its end.
    fn contain(&self, act: impl FnOnce()) -> bool {
        IS_RUNNING.set(true);
        let result = contain(act);
        IS_RUNNING.set(false);
        if result.is_none() {
            self.panics.fetch_add(1, Ordering::Relaxed);
            fault::report("hook", format_args!("it panicked; the record goes on without it"));
        }
        result.is_some()
    }
}

thread_local! {
    /// Whether this thread is inside of a hook.
    static IS_RUNNING: Cell<bool> = const { Cell::new(false) };
}

impl fmt::Debug for Hook {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let act = match self.act {
            Act::Enrich(_) => "enrich",
            Act::Observe(_) => "observe",
        };
        write!(formatter, "Hook::{act}({})", self.directives)
    }
}

/// A record that can still be changed.
pub struct Draft<'a> {
    pub(crate) record: &'a Record<'a>,
    pub(crate) level: Level,
    pub(crate) message: Option<String>,
    pub(crate) added: &'a mut Block,
}

impl fmt::Debug for Draft<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Draft").field("record", self.record).finish_non_exhaustive()
    }
}

impl<'a> Draft<'a> {
    /// The record as the call gave it, redacted.
    pub fn record(&self) -> &Record<'a> {
        self.record
    }

    /// How severe it is, after the hooks before this one.
    pub fn level(&self) -> Level {
        self.level
    }

    /// Adds a field. It counts more than one of the same name at the call.
    pub fn add(&mut self, name: &str, value: impl ToValue) -> &mut Draft<'a> {
        self.added.push(name, value.to_value());
        self
    }

    /// Changes how severe it is. The levels are asked again, so that this can silence a record or make it heard at an
    /// output.
    pub fn set_level(&mut self, level: Level) -> &mut Draft<'a> {
        self.level = level;
        self
    }

    /// Changes the message.
    pub fn set_message(&mut self, message: impl Into<String>) -> &mut Draft<'a> {
        self.message = Some(message.into());
        self
    }
}
