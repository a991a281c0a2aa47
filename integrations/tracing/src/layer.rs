//! The layer: events become records, and entering a span is entering a logger.
//!
//! An event asks no registry where it stands. The span that is entered is the current scope of the thread, whose logger has
//! the span's fields, those of the spans around it, and those of the request.

use crate::closing::{self, Closing};
use crate::crossing::CROSSING;
use crate::gathering::{Gathered, Gathering, IntoSet, OfLog};
use crate::level;
use crate::span::{self, Span};
use crate::spot::Spot;
use hyperlog_core::bridge::{self, Wanted, Way};
use hyperlog_core::{FieldSet, Level, Logger, Scope, Site};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Once};
use tracing_core::metadata::LevelFilter;
use tracing_core::span::{Attributes, Id, Record};
use tracing_core::subscriber::Interest;
use tracing_core::{Event, Metadata, Subscriber, callsite};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

/// A layer that makes records of events, and context of spans.
///
/// ```
/// use hyperlog_core::Logger;
/// use hyperlog_tracing::RecordLayer;
/// use tracing_subscriber::layer::SubscriberExt;
///
/// let (logger, captured) = Logger::capture();
/// let subscriber = tracing_subscriber::registry().with(RecordLayer::new().logger(logger));
/// tracing::subscriber::with_default(subscriber, || {
///     let _entered = tracing::info_span!("job", job.id = 7).entered();
///     tracing::info!(rows = 3, "done");
/// });
/// let record = captured.only();
/// assert_eq!((record.message(), record.number("rows"), record.number("job.id")), ("done", 3.0, 7.0));
/// ```
#[derive(Debug)]
#[must_use = "it hears nothing until it is installed, or part of a subscriber"]
pub struct RecordLayer {
    logger: Option<Logger>,
    names: SpanNames,
    ids: SpanIds,
    closing: Option<Level>,
}

/// Whether records bear the name of the span that they are logged in, as `span.name`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SpanNames {
    /// They do not.
    #[default]
    Hidden,
    /// They do.
    Shown,
}

/// Whether records bear the number of the span that they are logged in, as `span.id`, and the numbers of those that it
/// follows, as `span.follows_from`. Numbers are used again when a span has closed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SpanIds {
    /// They do not.
    #[default]
    Hidden,
    /// They do.
    Shown,
}

impl RecordLayer {
    /// A layer that logs through the logger that is current where an event happens: that of the request or job, or else the
    /// global one.
    #[expect(clippy::new_without_default, reason = "a layer is made on purpose")]
    pub fn new() -> RecordLayer {
        watch();
        RecordLayer { logger: None, names: SpanNames::Hidden, ids: SpanIds::Hidden, closing: None }
    }

    /// The logger for what happens outside of every scope, instead of the global one.
    pub fn logger(mut self, logger: Logger) -> RecordLayer {
        self.logger = Some(logger);
        self
    }

    /// Whether records bear the name of their span.
    pub fn span_names(mut self, names: SpanNames) -> RecordLayer {
        self.names = names;
        self
    }

    /// Whether records bear the number of their span.
    pub fn span_ids(mut self, ids: SpanIds) -> RecordLayer {
        self.ids = ids;
        self
    }

    /// Logs at this level when a span closes: how long it was worked in, and how long it waited.
    pub fn closing(mut self, level: Level) -> RecordLayer {
        self.closing = Some(level);
        self
    }

    /// Lends the logger of this thread.
    #[inline]
    fn with_current<R>(&self, act: impl FnOnce(&Logger) -> R) -> R {
        match &self.logger {
            None => Logger::with_current(act),
            Some(logger) => match Scope::current() {
                Some(_) => Logger::with_current(act),
                None => act(logger),
            },
        }
    }

    /// The logger outside of everything.
    fn base(&self) -> Logger {
        self.logger.clone().unwrap_or_else(Logger::global)
    }

    #[inline]
    fn tell(&self, logger: &Logger, spot: &'static Spot, event: &Event<'_>) {
        if spot.is_log {
            return tell_log(logger, event);
        }
        let Some(pass) = spot.origin.pass(logger) else { return };
        Gathering::lend(
            #[inline(always)]
            |gathering| {
                event.record(&mut gathering.gather(spot));
                gathering.with(spot, |gathered, message| {
                    Way::Inward.take(&CROSSING, || match gathered {
                        Gathered::Even(values) => spot.origin.log(logger, pass, format_args!("{message}"), values),
                        Gathered::Uneven(fields) => {
                            spot.origin.log_fields(logger, pass, format_args!("{message}"), fields)
                        }
                    });
                });
            },
        );
    }

    /// What a span's records bear, if that is more than its place says.
    fn fields_of(&self, attributes: &Attributes<'_>, id: &Id) -> FieldSet {
        let mut fields = FieldSet::new();
        if self.names == SpanNames::Shown {
            fields.add(span::NAME, attributes.metadata().name());
        }
        if self.ids == SpanIds::Shown {
            fields.add(span::ID, id.into_u64());
        }
        attributes.record(&mut IntoSet(&mut fields));
        fields
    }

    /// What a span is a part of.
    fn around(&self, attributes: &Attributes<'_>, find: impl FnOnce(&Id) -> Option<Scope>) -> Scope {
        let around = match attributes.parent() {
            Some(parent) => find(parent).or_else(Scope::current),
            None if attributes.is_root() => None,
            None => Scope::current(),
        };
        around.unwrap_or_else(|| Scope::new(self.base()))
    }

    /// Makes a span, given who finds the scopes of others.
    pub(crate) fn open(&self, attributes: &Attributes<'_>, id: &Id, find: impl FnOnce(&Id) -> Option<Scope>) -> Span {
        let (around, spot) = (self.around(attributes, find), Spot::of(attributes.metadata()));
        if spot.is_request {
            // The request tells of itself.
            return Span::new(around, None);
        }
        let is_as_its_place = self.names == SpanNames::Hidden && self.ids == SpanIds::Hidden && !spot.has_message();
        let scope = match is_as_its_place {
            false => around.part(&self.fields_of(attributes, id)),
            true => Gathering::lend(|gathering| {
                attributes.record(&mut gathering.gather(spot));
                gathering.with(spot, |gathered, _| match gathered {
                    Gathered::Even(values) => spot.origin.fields(values).map(|fields| around.part(fields)),
                    Gathered::Uneven(fields) => Some(around.part(fields)),
                })
            })
            .unwrap_or(around),
        };
        Span::new(scope, self.closing.map(|_| Closing::new()))
    }

    /// Makes a record of an event.
    #[inline]
    pub(crate) fn hear(&self, event: &Event<'_>, find: impl FnOnce(&Id) -> Option<Scope>) {
        let spot = Spot::of(event.metadata());
        if spot.is_log && Way::Outward.is_taken(&CROSSING) {
            return;
        }
        if event.is_contextual() {
            return self.with_current(|logger| self.tell(logger, spot, event));
        }
        match event.parent().and_then(find) {
            Some(scope) => self.tell(&scope.logger(), spot, event),
            None if event.is_root() => self.tell(&self.base(), spot, event),
            None => self.with_current(|logger| self.tell(logger, spot, event)),
        }
    }

    /// The logger that it was given.
    pub(crate) fn own_logger(&self) -> Option<&Logger> {
        self.logger.as_ref()
    }

    /// Whether spans are told from each other by their numbers.
    pub(crate) fn shows_ids(&self) -> bool {
        self.ids == SpanIds::Shown
    }

    /// Logs how long a span was open, if that is asked for.
    pub(crate) fn tell_closed(&self, metadata: &Metadata<'_>, span: &Span) {
        if let (Some(level), Some(fields)) = (self.closing, span.closing_fields()) {
            tell_closed(&span.scope.logger(), level, metadata, &fields);
        }
    }
}

impl<S> Layer<S> for RecordLayer
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        interest_in(metadata)
    }

    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        Spot::is_enabled(metadata, self.logger.as_ref())
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(level::outward_filter(bridge::most_verbose()))
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        self.hear(event, |id| Some(span_of(&context, id)?.scope.clone()));
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let span = self.open(attributes, id, |id| Some(span_of(&context, id)?.scope.clone()));
        if let Some(known) = context.span(id) {
            known.extensions_mut().replace(Arc::new(span));
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = span_of(&context, id) {
            span.record(values);
        }
    }

    fn on_follows_from(&self, id: &Id, follows: &Id, context: Context<'_, S>) {
        if let (true, Some(span)) = (self.shows_ids(), span_of(&context, id)) {
            span.follow(follows);
        }
    }

    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        if let Some(span) = span_of(&context, id) {
            span.enter();
        }
    }

    fn on_exit(&self, id: &Id, context: Context<'_, S>) {
        if let Some(span) = span_of(&context, id) {
            span.leave();
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        if let (Some(known), Some(span)) = (context.span(&id), span_of(&context, &id)) {
            self.tell_closed(known.metadata(), &span);
        }
    }
}

/// A span, if this layer was there when it was opened. What is done with it may log, so that it is not borrowed from the
/// registry.
fn span_of<S>(context: &Context<'_, S>, id: &Id) -> Option<Arc<Span>>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    context.span(id)?.extensions().get::<Arc<Span>>().cloned()
}

/// Logs how long a span was open.
fn tell_closed(logger: &Logger, level: Level, metadata: &Metadata<'_>, fields: &FieldSet) {
    let site = Site {
        level,
        target: metadata.target(),
        module: metadata.module_path(),
        file: metadata.file(),
        line: metadata.line(),
        template: closing::MESSAGE,
        keys: &[],
    };
    Way::Inward.take(&CROSSING, || logger.log_from(&site, format_args!("{}", closing::MESSAGE), fields));
}

/// Logs an event that was a call of the `log` crate: where it comes from is told in its fields.
#[cold]
fn tell_log(logger: &Logger, event: &Event<'_>) {
    let mut of_log = OfLog::default();
    event.record(&mut of_log);
    let site = Site {
        level: level::inward(*event.metadata().level()),
        target: &of_log.target,
        module: of_log.module.as_deref(),
        file: of_log.file.as_deref(),
        line: of_log.line,
        template: "",
        keys: &[],
    };
    Way::Inward.take(&CROSSING, || logger.log_from(&site, format_args!("{}", of_log.message), &FieldSet::new()));
}

/// What all loggers together say of a place.
pub(crate) fn interest_in(metadata: &'static Metadata<'static>) -> Interest {
    let spot = Spot::of(metadata);
    match spot.origin.wanted() {
        _ if spot.is_log => Interest::sometimes(),
        // Others export it, whatever our levels are.
        _ if spot.is_request => Interest::always(),
        Wanted::Never => Interest::never(),
        Wanted::Sometimes => Interest::sometimes(),
        Wanted::Always => Interest::always(),
    }
}

impl Spot {
    /// Whether what is about to happen at a place may be wanted. Of an event the gates say so when it happens: it may name
    /// another span than the one that this thread is in. A span that nobody wants is not even made.
    pub(crate) fn is_enabled(metadata: &Metadata<'_>, logger: Option<&Logger>) -> bool {
        match Spot::known(metadata) {
            Some(spot) if spot.is_request => true,
            Some(spot) if !metadata.is_span() => spot.is_log || spot.origin.wanted() != Wanted::Never,
            _ => {
                let wants = |logger: &Logger| logger.wants(level::inward(*metadata.level()), metadata.target());
                match logger.filter(|_| Scope::current().is_none()) {
                    Some(logger) => wants(logger),
                    None => Logger::with_current(wants),
                }
            }
        }
    }
}

/// From here on, what `tracing` keeps of who wants what follows hyperlog's levels.
pub(crate) fn watch() {
    static WATCHED: Once = Once::new();
    WATCHED.call_once(|| bridge::on_change(ask_again));
}

/// Has `tracing` ask again who wants what. One thread at a time, which goes on as long as there is a change that it may not
/// have seen: of two at once, the one that asked first could have the last word.
fn ask_again() {
    static ASKED: AtomicU64 = AtomicU64::new(0);
    static ASKING: Mutex<()> = Mutex::new(());
    ASKED.fetch_add(1, Ordering::AcqRel);
    loop {
        let Ok(asking) = ASKING.try_lock() else { return };
        let asked = ASKED.load(Ordering::Acquire);
        callsite::rebuild_interest_cache();
        drop(asking);
        if ASKED.load(Ordering::Acquire) == asked {
            return;
        }
    }
}
