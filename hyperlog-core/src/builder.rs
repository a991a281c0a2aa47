//! How a logger is set up.

use crate::bind::{Yielding, bind};
use crate::context::Context;
use crate::core::{DEFAULT_LEVEL, next_number};
use crate::encode::Json;
use crate::fatal::Fatal;
use crate::filter::directive::{Directives, LevelFilter};
use crate::filter::sample::{Sampler, Sampling, SamplingError};
use crate::hook::Hook;
use crate::identity::Identity;
use crate::level::Level;
use crate::limits::Limits;
use crate::logger::Logger;
use crate::outlet::Formats;
use crate::output::{Output, OutputError, put_to_work};
use crate::performance::Performance;
use crate::record::{MOST_ENCODINGS, Shape};
use crate::redact::Redaction;
use crate::rules::Rules;
use crate::sink::{Captured, Null, Typed};
use crate::snapshot::{Detour, Snapshot};
use crate::time::Clock;
use std::cell::Cell;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// Sets up a logger.
///
/// | option | default | what it does |
/// |---|---|---|
/// | [`output`](Builder::output) | one to standard output: for humans on a terminal, JSON otherwise | adds an output |
/// | [`level`](Builder::level), [`directives`](Builder::directives) | `INFO` | what is logged at all |
/// | [`redaction`](Builder::redaction) | on | what is hidden |
/// | [`limits`](Builder::limits) | [`Limits`] | what is cut |
/// | [`identity`](Builder::identity) | empty | what the process says of itself in each record |
/// | [`sampling`](Builder::sampling) | everything is kept | what of many alike is kept |
/// | [`hook`](Builder::hook) | none | functions on a record's way |
/// | [`fatal`](Builder::fatal) | flushes, returns | what follows a fatal record |
/// | [`location`](Builder::location) | hidden | shows file and line |
/// | [`performance`](Builder::performance) | [`Performance::Balanced`] | what is given up for time |
/// | [`clock`](Builder::clock) | the system's | where the time is read |
#[must_use]
pub struct Builder {
    directives: Directives,
    /// None for the default, which is made once for all loggers.
    redaction: Option<Redaction>,
    limits: Limits,
    clock: Clock,
    location: bool,
    performance: Performance,
    identity: Identity,
    sampling: Sampling,
    hooks: Vec<Hook>,
    fatal: Fatal,
    outputs: Vec<Output>,
}

impl fmt::Debug for Builder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Builder").field("directives", &self.directives).finish_non_exhaustive()
    }
}

/// Whether records show the file and line they come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Location {
    /// They do not.
    Hidden,
    /// They do.
    Shown,
}

impl Builder {
    /// The most outputs that a logger has.
    pub const MOST_OUTPUTS: usize = 64;

    pub(crate) fn new() -> Builder {
        Builder {
            directives: Directives::new(DEFAULT_LEVEL),
            redaction: None,
            limits: Limits::default(),
            clock: Clock::system(),
            location: false,
            performance: Performance::Balanced,
            identity: Identity::new(),
            sampling: Sampling::new(),
            hooks: Vec::new(),
            fatal: Fatal::new(),
            outputs: Vec::new(),
        }
    }

    /// What logs without any set-up: to standard output, for humans on a terminal and as JSON otherwise.
    pub(crate) fn zero_configuration() -> Logger {
        Builder::new().build_own()
    }

    /// What wants nothing.
    pub(crate) fn nothing() -> Logger {
        Builder::new().level(LevelFilter::OFF).output(Output::new(Json::new(), Null)).build_own()
    }

    /// Logs this level and what is more severe.
    pub fn level(self, level: impl Into<LevelFilter>) -> Builder {
        self.directives(Directives::new(level.into()))
    }

    /// Levels per target.
    pub fn directives(mut self, directives: Directives) -> Builder {
        self.directives = directives;
        self
    }

    /// What is hidden.
    pub fn redaction(mut self, redaction: Redaction) -> Builder {
        self.redaction = Some(redaction);
        self
    }

    /// What is cut.
    pub fn limits(mut self, limits: Limits) -> Builder {
        self.limits = limits;
        self
    }

    /// Where the time is read.
    pub fn clock(mut self, clock: Clock) -> Builder {
        self.clock = clock;
        self
    }

    /// Whether records show the file and line they come from.
    pub fn location(mut self, location: Location) -> Builder {
        self.location = location == Location::Shown;
        self
    }

    /// What is given up for time. A [`Builder::redaction`] that is said goes over it.
    pub fn performance(mut self, performance: Performance) -> Builder {
        self.performance = performance;
        self
    }

    /// What the process says of itself in each record.
    pub fn identity(mut self, identity: Identity) -> Builder {
        self.identity = identity;
        self
    }

    /// What of many alike is kept. Failures always are.
    pub fn sampling(mut self, sampling: Sampling) -> Builder {
        self.sampling = sampling;
        self
    }

    /// Adds a function on each record's way, behind those added before.
    pub fn hook(mut self, hook: Hook) -> Builder {
        self.hooks.push(hook);
        self
    }

    /// What follows a fatal record.
    pub fn fatal(mut self, fatal: Fatal) -> Builder {
        self.fatal = fatal;
        self
    }

    /// Adds an output.
    pub fn output(mut self, output: Output) -> Builder {
        self.outputs.push(output);
        self
    }

    /// A logger of its own, beside any other.
    ///
    /// # Errors
    ///
    /// When options contradict each other.
    pub fn build(self) -> Result<Logger, BuildError> {
        self.snapshot(None).map(Logger::with_snapshot)
    }

    /// Of options that cannot contradict each other.
    fn build_own(self) -> Logger {
        self.build().unwrap_or_else(|_| unreachable!("no output of ours knows another"))
    }

    /// What a logger does that is set up like this, in the place of what it did before.
    pub(crate) fn snapshot(mut self, before: Option<&Snapshot>) -> Result<Snapshot, BuildError> {
        if self.outputs.len() > Builder::MOST_OUTPUTS {
            return Err(BuildError { kind: Kind::TooManyOutputs(self.outputs.len()) });
        }
        // Where the same is sampled as before, counts go on.
        let sampler = match before.filter(|before| before.sampling == self.sampling) {
            Some(before) => before.sampler.clone(),
            None if self.sampling == Sampling::new() => None,
            None => {
                let compiled = self.sampling.compile().map_err(|error| BuildError { kind: Kind::Sampling(error) })?;
                Some(Arc::new(compiled))
            }
        };
        if self.outputs.is_empty() {
            self.outputs.push(Output::by_default());
        }
        let formats: Option<&Formats> = before.map(|before| &*before.formats);
        let mut snapshot = Snapshot {
            directives: self.directives,
            overridden: None,
            own_hooks: self.hooks.iter().map(|hook| hook.id).collect(),
            detour: Detour::new(self.hooks.into(), sampler.as_deref().is_some_and(Sampler::needs_fields)),
            sampling: self.sampling,
            sampler,
            clock: self.clock,
            shape: Shape {
                identity: Context::EMPTY,
                encoding: next_number() * MOST_ENCODINGS,
                location: self.location,
                rules: Rules::new(self.redaction.unwrap_or_else(|| hidden_in(self.performance)), self.limits),
                rules_of_bound: Rules::as_it_is(),
            },
            fatal: self.fatal,
            formats: Arc::new(
                put_to_work(self.outputs, formats).map_err(|error| BuildError { kind: Kind::Output(error) })?,
            ),
        };
        let identity = self.identity.fields();
        if !identity.is_empty() {
            let scratch = Cell::new(None);
            let reading = snapshot.shape.reading(&scratch);
            let fields = identity.as_fields();
            snapshot.shape.identity = bind(&Context::EMPTY, fields, Yielding::New, &snapshot, reading, &mut Vec::new());
        }
        Ok(snapshot)
    }
}

/// What is hidden where nobody says.
fn hidden_in(performance: Performance) -> Redaction {
    match performance {
        Performance::Balanced | Performance::HighPerformance => Redaction::default(),
        Performance::Bare => Redaction::by_names(),
    }
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
        let output = Output::new(Typed, captured.sink());
        let builder = set_up(Logger::builder().level(Level::TRACE)).output(output);
        match builder.build() {
            Ok(logger) => (logger, captured),
            Err(error) => panic!("the logger of a test: {error}"),
        }
    }

    /// A logger that wants nothing and writes nowhere.
    ///
    /// ```
    /// use hyperlog_core::{Logger, error};
    ///
    /// error!(logger: Logger::disabled(), "unheard");
    /// ```
    pub fn disabled() -> Logger {
        Builder::nothing()
    }
}

/// Why a logger could not be built.
#[derive(Debug)]
pub struct BuildError {
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Installed,
    WithinAnother,
    TooManyOutputs(usize),
    Output(OutputError),
    Sampling(SamplingError),
}

impl BuildError {
    pub(crate) fn installed() -> BuildError {
        BuildError { kind: Kind::Installed }
    }

    pub(crate) fn within_another() -> BuildError {
        BuildError { kind: Kind::WithinAnother }
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Sampling(_) => formatter.write_str("the sampling cannot be done"),
            Kind::Installed => formatter.write_str(
                "a global logger is installed already: install once, in `main`, and elsewhere use `Logger::builder().build()`",
            ),
            Kind::WithinAnother => formatter.write_str(
                "a logger is being set up anew by this very thread: whatever that calls, a listener, a hook or a sink, has to leave another change to a thread of its own",
            ),
            Kind::Output(error) => error.fmt(formatter),
            Kind::TooManyOutputs(count) => write!(formatter, "a logger has at most {} outputs, not {count}", Builder::MOST_OUTPUTS),
        }
    }
}

impl Error for BuildError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.kind {
            Kind::Sampling(error) => Some(error),
            Kind::Installed | Kind::WithinAnother | Kind::TooManyOutputs(_) | Kind::Output(_) => None,
        }
    }
}
