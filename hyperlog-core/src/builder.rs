//! How a logger is set up.

use crate::bind::{Yielding, bind};
use crate::contain::contain;
use crate::context::Context;
use crate::core::{DEFAULT_LEVEL, next_number};
use crate::encode::theme::Environment;
use crate::encode::{ColorMode, Encode, Json, Palette, Pretty, Theme, paint};
use crate::fatal::Fatal;
use crate::fault;
use crate::filter::directive::{Directives, LevelFilter};
use crate::filter::sample::{Sampler, Sampling, SamplingError};
use crate::health::Counters;
use crate::hook::Hook;
use crate::identity::Identity;
use crate::lane::Lane;
use crate::level::Level;
use crate::limits::Limits;
use crate::logger::Logger;
use crate::losses::LossBell;
use crate::outlet::{Formats, Outlet};
use crate::performance::Performance;
use crate::record::{MOST_ENCODINGS, Shape};
use crate::redact::Redaction;
use crate::rules::Rules;
use crate::sink::{Captured, Console, Null, Sink, Surface, Typed};
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
        Builder::new().assemble_own()
    }

    /// What wants nothing.
    pub(crate) fn nothing() -> Logger {
        Builder::new().level(LevelFilter::OFF).output(Output::new(Json::new(), Null)).assemble_own()
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
        if self.outputs.len() > MOST_OUTPUTS {
            return Err(BuildError { kind: Kind::TooManyOutputs(self.outputs.len()) });
        }
        let sampler = match self.sampling == Sampling::new() {
            true => None,
            false => Some(self.sampling.compile().map_err(|error| BuildError { kind: Kind::Sampling(error) })?),
        };
        self.assemble(sampler)
    }

    /// Of options that cannot contradict each other.
    fn assemble_own(self) -> Logger {
        self.assemble(None).unwrap_or_else(|_| unreachable!("no output of ours knows another"))
    }

    fn assemble(mut self, sampler: Option<Sampler>) -> Result<Logger, BuildError> {
        if self.outputs.is_empty() {
            self.outputs.push(Output::by_default());
        }
        let mut snapshot = Snapshot {
            directives: self.directives,
            overridden: None,
            detour: Detour::new(self.hooks.into(), sampler.as_ref().is_some_and(Sampler::needs_fields)),
            sampler: sampler.map(Arc::new),
            clock: self.clock,
            shape: Shape {
                identity: Context::EMPTY,
                encoding: next_number() * MOST_ENCODINGS,
                location: self.location,
                rules: Rules::new(self.redaction.unwrap_or_else(|| hidden_in(self.performance)), self.limits),
                rules_of_bound: Rules::as_it_is(),
            },
            fatal: self.fatal,
            formats: Arc::new(put_to_work(self.outputs).map_err(|name| BuildError { kind: Kind::NoSuchOutput(name) })?),
        };
        let identity = self.identity.fields();
        if !identity.is_empty() {
            let scratch = Cell::new(None);
            let reading = snapshot.shape.reading(&scratch);
            let fields = identity.as_fields();
            snapshot.shape.identity = bind(&Context::EMPTY, fields, Yielding::New, &snapshot, reading, &mut Vec::new());
        }
        Ok(Logger::with_snapshot(snapshot))
    }
}

const MOST_OUTPUTS: usize = 64;

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

/// Brings outputs to work.
fn put_to_work(outputs: Vec<Output>) -> Result<Formats, String> {
    Formats::new(outputs.into_iter().map(Output::painted).enumerate().map(|(index, output)| {
        begin(&*output.encoder, &*output.sink);
        let name = output.name.unwrap_or_else(|| format!("output {}", index + 1));
        let bell = LossBell::default();
        if contain(|| output.sink.attach(bell.clone())).is_none() {
            fault::report("output", format_args!("it panicked when its logger was built"));
        }
        let outlet = Outlet { name, level: output.level, sink: output.sink, counters: Counters::new(), bell };
        (output.encoder, outlet, output.lane)
    }))
}

/// Gives a sink what stands before its first record. One that panics over it, or an encoder that does, goes without.
fn begin(encoder: &dyn Encode, sink: &dyn Sink) {
    let begun = contain(|| {
        let mut preamble = Vec::new();
        encoder.preamble(&mut preamble);
        if !preamble.is_empty() {
            sink.begin(&preamble);
        }
    });
    if begun.is_none() {
        fault::report("output", format_args!("it panicked before its first record"));
    }
}

/// Where records go, as what, and which.
pub struct Output {
    name: Option<String>,
    level: LevelFilter,
    encoder: Box<dyn Encode>,
    sink: Box<dyn Sink>,
    lane: Option<Lane>,
    color: ColorMode,
    theme: Theme,
}

impl fmt::Debug for Output {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Output").field("name", &self.name).field("level", &self.level).finish_non_exhaustive()
    }
}

impl Output {
    /// Everything the logger lets pass, in this form, to this place.
    pub fn new(encoder: impl Encode, sink: impl Sink) -> Output {
        Output::boxed(Box::new(encoder), Box::new(sink))
    }

    /// The same, of what is known only while the program runs.
    pub fn boxed(encoder: Box<dyn Encode>, sink: Box<dyn Sink>) -> Output {
        Output {
            name: None,
            level: LevelFilter::from(Level::TRACE),
            encoder,
            sink,
            lane: None,
            color: ColorMode::Auto,
            theme: Theme::DEFAULT,
        }
    }

    /// To standard output, for humans on a terminal and as JSON otherwise.
    fn by_default() -> Output {
        let console = Console::stdout();
        match console.surface() {
            Surface::Terminal => Output::new(Pretty::new(), console),
            _ => Output::new(Json::new(), console),
        }
    }

    /// Only this level and what is more severe.
    #[must_use]
    pub fn level(mut self, level: impl Into<LevelFilter>) -> Output {
        self.level = level.into();
        self
    }

    /// Only what goes this way. An output without a lane takes whatever its level lets pass.
    #[must_use]
    pub fn lane(mut self, lane: Lane) -> Output {
        self.lane = Some(lane);
        self
    }

    /// Whether it is coloured. It is by default, where somebody looks at it.
    ///
    /// ```
    /// use hyperlog_core::{ColorMode, Console, Json, Output, Theme};
    ///
    /// let output = Output::new(Json::new(), Console::stdout()).color(ColorMode::Always).theme(Theme::LIGHT);
    /// # let _ = output;
    /// ```
    #[must_use]
    pub fn color(mut self, mode: ColorMode) -> Output {
        self.color = mode;
        self
    }

    /// What it looks like where it is coloured.
    #[must_use]
    pub fn theme(mut self, theme: Theme) -> Output {
        self.theme = theme;
        self
    }

    /// With the colours that its sink and the environment ask for.
    fn painted(mut self) -> Output {
        let surface = surface_of(&*self.sink);
        // What is kept is never coloured: there the environment need not be read.
        if surface != Surface::Storage
            && let Some(depth) = self.color.decide(surface, &Environment::current())
        {
            self.encoder = paint(self.encoder, &Palette::new(&self.theme, depth));
        }
        self
    }

    /// The name it bears in [`Logger::health`].
    #[must_use]
    pub fn name(mut self, name: &str) -> Output {
        self.name = Some(name.to_owned());
        self
    }
}

/// What a sink writes to; one that panics when asked is not coloured.
fn surface_of(sink: &dyn Sink) -> Surface {
    contain(|| sink.surface()).unwrap_or(Surface::Storage)
}

/// Why a logger could not be built.
#[derive(Debug)]
pub struct BuildError {
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Installed,
    TooManyOutputs(usize),
    NoSuchOutput(String),
    Sampling(SamplingError),
}

impl BuildError {
    pub(crate) fn installed() -> BuildError {
        BuildError { kind: Kind::Installed }
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Sampling(_) => formatter.write_str("the sampling cannot be done"),
            Kind::Installed => formatter.write_str(
                "a global logger is installed already: install once, in `main`, and elsewhere use `Logger::builder().build()`",
            ),
            Kind::NoSuchOutput(name) => {
                write!(formatter, "an output steps in for {name:?}, and no other output has that name: see `Output::name`")
            }
            Kind::TooManyOutputs(count) => write!(formatter, "a logger has at most {MOST_OUTPUTS} outputs, not {count}"),
        }
    }
}

impl Error for BuildError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.kind {
            Kind::Sampling(error) => Some(error),
            Kind::Installed | Kind::TooManyOutputs(_) | Kind::NoSuchOutput(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::Logfmt;
    use crate::field::FieldSet;
    use crate::sink::{Line, Memory, Written};
    use std::any::Any;

    struct Screen(Memory, Surface);
    impl Sink for Screen {
        fn write(&self, line: &Line<'_>) -> Written {
            self.0.write(line)
        }
        fn surface(&self) -> Surface {
            self.1
        }
    }

    #[test]
    fn colors_go_to_eyes_and_never_to_what_is_kept() {
        let check = |mode, surface, colored| {
            let (json, logfmt) = (Memory::new(), Memory::new());
            let logger = Logger::builder()
                .output(Output::new(Json::new(), Screen(json.clone(), surface)).color(mode))
                .output(Output::new(Logfmt::new(), Screen(logfmt.clone(), surface)).color(mode))
                .build()
                .unwrap();
            logger.log(Level::INFO, "m", &FieldSet::new());
            for text in [json.text(), logfmt.text()] {
                assert_eq!(text.contains("\x1b["), colored, "{mode:?} {surface:?}: {text:?}");
            }
        };
        check(ColorMode::Always, Surface::Terminal, true);
        check(ColorMode::Always, Surface::Stream, true);
        check(ColorMode::Always, Surface::Storage, false);
        check(ColorMode::Auto, Surface::Storage, false);
        check(ColorMode::Never, Surface::Terminal, false);
    }

    #[test]
    fn what_stands_before_the_first_record_is_written_once_for_each_output_and_is_no_record() {
        struct Titled;
        impl Encode for Titled {
            fn encode(&self, _: &crate::Record<'_>, out: &mut Vec<u8>) -> crate::Partition {
                out.push(b'.');
                crate::Partition::NONE
            }
            fn preamble(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(b"title\n");
            }
            fn is_same(&self, other: &dyn Any) -> bool {
                other.is::<Titled>()
            }
        }
        let (first, second, plain) = (Memory::new(), Arc::new(Memory::new()), Memory::new());
        let builder = Logger::builder().output(Output::new(Titled, first.clone()));
        let builder = builder.output(Output::new(Titled, second.clone()).level(LevelFilter::OFF));
        let logger = builder.output(Output::new(Json::new(), plain.clone())).build().unwrap();
        for _ in 0..2 {
            logger.with(&FieldSet::new().with("k", 1)).log(Level::INFO, "m", &FieldSet::new());
        }
        assert_eq!((first.preamble(), first.text()), (b"title\n".to_vec(), "..".to_owned()));
        assert_eq!((second.preamble(), second.len()), (b"title\n".to_vec(), 0));
        assert!(plain.preamble().is_empty());
        assert_eq!(logger.health()[0].accepted.total(), 2);
        assert!(logger.health().iter().all(|output| output.is_conserved()));
    }

    #[test]
    fn an_output_that_panics_before_its_first_record_still_works() {
        struct Shy(Memory);
        impl Sink for Shy {
            fn begin(&self, _: &[u8]) {
                panic!("not yet");
            }
            fn write(&self, line: &Line<'_>) -> Written {
                self.0.write(line)
            }
        }
        struct Headed(Json);
        impl Encode for Headed {
            fn encode(&self, record: &crate::Record<'_>, out: &mut Vec<u8>) -> crate::Partition {
                self.0.encode(record, out)
            }
            fn preamble(&self, out: &mut Vec<u8>) {
                out.push(b'#');
            }
        }
        let memory = Memory::new();
        let output = Output::new(Headed(Json::new()), Shy(memory.clone()));
        Logger::builder().output(output).build().unwrap().log(Level::INFO, "m", &FieldSet::new());
        assert_eq!(memory.len(), 1);
    }

    #[test]
    fn a_colored_and_a_plain_output_do_not_share_bytes() {
        let (plain, colored, same) = (Memory::new(), Memory::new(), Memory::new());
        let screen = |memory: &Memory| {
            Output::new(Logfmt::new(), Screen(memory.clone(), Surface::Terminal)).color(ColorMode::Always)
        };
        let builder = Logger::builder().output(Output::new(Logfmt::new(), plain.clone()));
        let logger = builder.output(screen(&colored)).output(screen(&same)).build().unwrap();
        logger.with(&FieldSet::new().with("k", 1)).log(Level::INFO, "m", &FieldSet::new());
        assert!(plain.text().ends_with(" k=1\n"));
        assert!(colored.text().contains('\x1b'));
        assert_eq!(colored.text(), same.text());
    }
}
