//! A handle to log with, and the walk of a record: gates, hooks, outputs.
//!
//! What a logger does stands in a snapshot that is replaced as a whole, so that levels and outputs can change while others
//! log. Each thread keeps the snapshot it used last and looks only at a number to see whether it is still the current one.

use crate::background;
use crate::bind::{BindFields, Yielding, bind, findings, marks};
use crate::block::Block;
use crate::callsite::{Answer, Callsite};
use crate::context::{Context, has_one_of};
use crate::core::{Core, LevelChange, LevelChangeCause, jury, next_number, note_names};
use crate::everywhere::{HookHandle, give_hooks};
use crate::fault;
use crate::field::{FieldSet, Fields};
use crate::filter::directive::{Directives, LevelFilter};
use crate::filter::sample::{Offer, SampleRate, stable_hash};
use crate::filter::{SeatNumber, Summary};
use crate::health::{Health, LastError, Place};
use crate::hook::{Draft, Hook};
use crate::keys;
use crate::keyset::KeySet;
use crate::level::Level;
use crate::limits;
use crate::outcome::{self, Outcome};
use crate::outlet::Outlet;
use crate::record::{Call, Record, Site};
use crate::recorder::{Bytes, Recorder};
use crate::redact::Verdict;
use crate::sink::{Line, SinkError};
use crate::snapshot::Snapshot;
#[cfg(feature = "http")]
use crate::value::Value;
use crate::workspace::{DEEPEST, LARGEST_KEPT, Tools, Workspace};
use crate::writer::Writer;
use std::borrow::Cow;
use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

/// A handle to log with. Cloning is cheap, and so is binding fields.
#[derive(Clone)]
pub struct Logger {
    core: Arc<Core>,
    context: Context,
    name: Option<Arc<str>>,
    /// What holds records of one unit of work back.
    recorder: Option<Arc<Recorder>>,
}

/// Says that a record has passed the gates.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub struct Pass {
    pub(crate) rate: SampleRate,
}

impl Pass {
    pub(crate) const CERTAIN: Pass = Pass::at(SampleRate::ONE);

    pub(crate) const fn at(rate: SampleRate) -> Pass {
        Pass { rate }
    }

    /// Of what was sampled by two, one after the other.
    #[cfg(feature = "http")]
    pub(crate) fn times(self, other: Pass) -> Pass {
        if other.rate.is_one() { self } else { Pass { rate: self.rate.times(other.rate) } }
    }
}

impl Logger {
    pub(crate) fn with_snapshot(snapshot: Snapshot) -> Logger {
        let is_sampling = snapshot.sampler.is_some();
        let core = Core::new(snapshot);
        give_hooks(&core);
        listen_for_losses(&core);
        let logger = Logger::bare(core);
        if is_sampling {
            logger.keep_telling_summaries();
        }
        logger
    }

    /// Without name or fields.
    fn bare(core: Arc<Core>) -> Logger {
        Logger { core, context: Context::EMPTY, name: None, recorder: None }
    }

    /// Takes over everything another logger does.
    pub(crate) fn replace(&self, other: &Logger) {
        let snapshot = other.core.snapshot();
        self.core.update(|current| *current = (*snapshot).clone());
        listen_for_losses(&self.core);
        if snapshot.sampler.is_some() {
            self.keep_telling_summaries();
        }
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
        self.bound(fields, Yielding::New)
    }

    /// The same with what counts more than all that is bound: where there is no room for both, that goes.
    #[cfg(feature = "http")]
    pub(crate) fn with_first(&self, fields: impl BindFields) -> Logger {
        self.bound(fields, Yielding::Bound)
    }

    /// Whether so many more fields can be bound, and nothing goes.
    #[cfg(feature = "http")]
    pub(crate) fn has_room_for(&self, more: usize) -> bool {
        self.with_rules(|rules| self.context.count() + more <= rules.limits.fields)
    }

    #[inline(always)]
    fn bound(&self, fields: impl BindFields, yielding: Yielding) -> Logger {
        let fields = fields.parts();
        Workspace::lend(|workspace| {
            let snapshot = workspace.snapshots.of(&self.core);
            let reading = snapshot.shape.reading(&workspace.tools.desk.scratch);
            let context = bind(&self.context, fields, yielding, snapshot, reading, &mut workspace.tools.line);
            Logger { core: Arc::clone(&self.core), context, name: self.name.clone(), recorder: self.recorder.clone() }
        })
    }

    /// A logger that gives its records to a recorder first.
    #[must_use]
    pub(crate) fn recorded(&self, recorder: Arc<Recorder>) -> Logger {
        Logger { recorder: Some(recorder), ..self.clone() }
    }

    /// The same logger without a recorder.
    #[cfg(feature = "http")]
    pub(crate) fn unrecorded(&self) -> Logger {
        Logger { recorder: None, ..self.clone() }
    }

    pub(crate) fn core(&self) -> &Arc<Core> {
        &self.core
    }

    /// Begins what goes on by itself, after the logger was set up anew, and ends what did so before.
    pub(crate) fn settle_in(&self, before: &Snapshot) {
        listen_for_losses(&self.core);
        let now = self.core.snapshot();
        match (&before.sampler, &now.sampler) {
            (Some(before), Some(now)) if Arc::ptr_eq(before, now) => {}
            (Some(_), _) => self.tell_summaries(before, Told::All),
            (None, Some(_)) => self.keep_telling_summaries(),
            (None, None) => {}
        }
    }

    /// What a recorder needs to know.
    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        self.core.snapshot()
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
        let name = self.shown_of_place(&name).into();
        Logger { name: Some(name), ..self.clone() }
    }

    /// Whether another has the very same fields bound, and the same recorder.
    pub(crate) fn is_bound_as(&self, other: &Logger) -> bool {
        let recorders = [self, other].map(|logger| logger.recorder.as_ref().map(Arc::as_ptr));
        self.context.is(&other.context) && recorders[0] == recorders[1]
    }

    /// Logs fields known only at run time. Everything else is for the macros.
    pub fn log(&self, level: Level, message: &str, fields: &FieldSet) {
        let alike = Site { level, target: "", module: None, file: None, line: None, template: message, keys: &[] };
        // What is put together at run time is no template, and may hold a secret.
        let site = Site { template: "", ..alike };
        self.log_alike(&site, number_of(&alike), format_args!("{message}"), fields);
    }

    /// Logs from a place that is known only at run time: for bridges.
    pub fn log_from(&self, site: &Site<'_>, message: fmt::Arguments<'_>, fields: &FieldSet) {
        self.log_alike(site, number_of(site), message, fields);
    }

    /// Logs what a sampler takes to be of one place if the number is the same.
    fn log_alike(&self, site: &Site<'_>, number: u64, message: fmt::Arguments<'_>, fields: &FieldSet) {
        let target = self.shown_of_place(site.target);
        let template = self.shown_of_place(site.template);
        let file = site.file.map(|file| self.shown_of_place(file));
        let site = &Site { target: &target, template: &template, file: file.as_deref(), ..*site };
        let pass = match self.is_enabled(site.level, site.target) {
            true => self.rule_for(site).map_or(Some(Pass::CERTAIN), |rule| self.sample(rule, site, number)),
            false => None,
        };
        if let Some(pass) = pass.or_else(|| self.pass_to_recorder(site)) {
            let fields = fields.as_fields();
            self.log_call(&Call { site, fields, message, rate: pass.rate, may_be_sampled: true });
        }
    }

    /// What is known of a place at run time alone, as it may be shown.
    fn shown_of_place<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let text = limits::cut(text, LONGEST_OF_PLACE);
        if text.is_empty() {
            return text.into();
        }
        let snapshot = self.core.snapshot();
        let Some(redaction) = snapshot.shape.rules.redaction() else { return text.into() };
        let mut shown = String::new();
        match redaction.text(text, &mut shown) {
            Verdict::Clean => text.into(),
            Verdict::Masked => shown.into(),
        }
    }

    /// Whether a record of this level from this target would be logged.
    pub fn is_enabled(&self, level: Level, target: &str) -> bool {
        self.core.snapshot().wants(level, self.name.as_deref().unwrap_or(target))
    }

    /// Whether a record of this level from this target would be logged, or held back by a scope that holds more than is
    /// logged.
    pub fn wants(&self, level: Level, target: &str) -> bool {
        self.is_enabled(level, target) || self.recorder.as_ref().is_some_and(|recorder| recorder.wants(level))
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

    /// Changes the levels of every handle of this logger, per target. An override in force ends.
    pub fn set_directives(&self, directives: Directives) {
        self.core.change_levels(LevelChangeCause::Set, |snapshot| {
            snapshot.overridden = None;
            snapshot.directives = directives;
        });
    }

    /// Changes the levels for a while: to look at something closely, and not to forget it.
    ///
    /// ```
    /// use hyperlog_core::{Logger, debug};
    /// use std::time::Duration;
    ///
    /// let (logger, captured) = Logger::capture_with(|builder| builder.directives("info".parse().unwrap()));
    /// logger.override_directives("info,shop::cart=debug".parse()?, Duration::from_secs(600));
    /// debug!(logger: logger, target: "shop::cart", "heard for ten minutes");
    /// assert_eq!(captured.len(), 1);
    /// # Ok::<(), hyperlog_core::DirectiveError>(())
    /// ```
    pub fn override_directives(&self, directives: Directives, time: Duration) {
        let number = next_number();
        self.core.change_levels(LevelChangeCause::Overridden, |snapshot| {
            let before = std::mem::replace(&mut snapshot.directives, directives);
            let base = snapshot.overridden.take().map_or(before, |(base, _)| base);
            snapshot.overridden = Some((base, number));
        });
        let core = Arc::downgrade(&self.core);
        background::after(time, move || {
            core.upgrade()?.revert(number);
            None
        });
    }

    /// The levels in force.
    pub fn directives(&self) -> Directives {
        self.core.snapshot().directives.clone()
    }

    /// Calls a function after each change of the levels, on the thread that changes them.
    ///
    /// ```
    /// use hyperlog_core::{Level, Logger};
    /// use std::sync::mpsc;
    ///
    /// let (logger, _) = Logger::capture();
    /// let (sender, receiver) = mpsc::channel();
    /// logger.on_level_change(move |change| drop(sender.send(change.after.to_string())));
    /// logger.set_level(Level::WARN);
    /// assert_eq!(receiver.recv().unwrap(), "warn");
    /// ```
    pub fn on_level_change(&self, listener: impl Fn(&LevelChange) + Send + Sync + 'static) {
        self.core.listen(Arc::new(listener));
    }

    /// Adds a hook behind those that are there.
    pub fn add_hook(&self, hook: Hook) -> HookHandle {
        let handle = HookHandle::new(hook.id, &self.core);
        self.core.update(|snapshot| {
            let before = Arc::clone(snapshot.detour.hooks());
            snapshot.detour.set_hooks(before.iter().cloned().chain([hook]));
        });
        handle
    }

    /// What became of the records of each output.
    pub fn health(&self) -> Health {
        let refused = self.core.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let refused_configuration = refused.as_ref().map(|(why, at)| LastError::new(why, at.elapsed()));
        drop(refused);
        let outputs = self.core.snapshot().outlets().map(|outlet| outlet.writer.health()).collect();
        Health { outputs, refused_configuration }
    }

    /// What became of the records that this logs through the logger, on this thread. None where the thread shares its
    /// counters with others, as those beyond the first 63 that log at the same time do.
    ///
    /// ```
    /// use hyperlog_core::{Logger, info};
    ///
    /// let (logger, _) = Logger::capture();
    /// let outcome = logger.outcome(|| info!(logger: logger, "transferred")).unwrap_or_default();
    /// assert_eq!((outcome.written, outcome.lost.len()), (1, 0));
    /// ```
    pub fn outcome(&self, work: impl FnOnce()) -> Option<Outcome> {
        let snapshot = self.core.snapshot();
        let counted = || {
            Workspace::lend(|workspace| {
                let place = &workspace.tools.place;
                let mut counted = snapshot.outlets().map(|outlet| outlet.writer.counters.of_thread(place));
                counted.try_fold((0, 0), |sum, one| one.map(|(accepted, written)| (sum.0 + accepted, sum.1 + written)))
            })
        };
        let before = counted();
        let mut lost = outcome::losses_of(work);
        lost.retain(|(output, _)| snapshot.outlets().any(|outlet| outlet.writer.counters.number() == *output));
        let ((accepted, written), (accepted_before, written_before)) = (counted()?, before?);
        let (accepted, written) = (accepted - accepted_before, written - written_before);
        let lost: Vec<_> = lost.into_iter().map(|(_, reason)| reason).collect();
        Some(Outcome { accepted, written, queued: accepted.saturating_sub(written + lost.len() as u64), lost })
    }

    /// Waits until all that was logged before has left, for at most this long. Every output is flushed, whatever becomes
    /// of another. What outputs have lost is told at the end.
    ///
    /// # Errors
    ///
    /// The first that an output had.
    pub fn flush(&self, deadline: Duration) -> Result<(), SinkError> {
        self.flush_after(deadline, || _ = background::wait(deadline))
    }

    /// The same where the process may end at once: of a panic whose frames are not known in time, the record says the rest.
    fn flush_at_last(&self, deadline: Duration) -> Result<(), SinkError> {
        self.flush_after(deadline, || {
            // What is left then is for delivering.
            background::wait(deadline / 5 * 4);
            #[cfg(feature = "panic")]
            crate::panic::write_without_frames(self);
        })
    }

    fn flush_after(&self, deadline: Duration, wait: impl FnOnce()) -> Result<(), SinkError> {
        let begun = Instant::now();
        let left = || deadline.saturating_sub(begun.elapsed());
        if background::waiting() > 0 {
            // The frames of a panic may take all the time on a machine that is busy: outputs deliver what is there meanwhile.
            let _ = self.on_each_writer(|| Duration::ZERO, Writer::flush);
        }
        wait();
        self.tell_summaries(&self.core.snapshot(), Told::All);
        if self.core.snapshot().outlets().nth(1).is_some() {
            // All of them begin at once: one that hangs must not use up the time of another.
            let _ = self.on_each_writer(|| Duration::ZERO, Writer::flush);
        }
        let flushed = self.on_each_writer(left, Writer::flush);
        // Now there is room for it.
        let has_told = self.core.snapshot().outlets().fold(false, |told, outlet| outlet.writer.bell.answer() | told);
        match has_told {
            true => flushed.and(self.on_each_writer(left, Writer::flush)),
            false => flushed,
        }
    }

    /// Flushes every output, for at most this long, and lets nothing more be written.
    ///
    /// # Errors
    ///
    /// The first that an output had.
    pub fn close(&self, deadline: Duration) -> Result<(), SinkError> {
        let begun = Instant::now();
        let left = || deadline.saturating_sub(begun.elapsed());
        let flushed = self.flush_at_last(deadline);
        flushed.and(self.on_each_writer(left, Writer::end))
    }

    fn on_each_writer(
        &self,
        left: impl Fn() -> Duration,
        act: impl Fn(&Writer, Duration) -> Result<(), SinkError>,
    ) -> Result<(), SinkError> {
        let of_each = |outlet: &Outlet| act(&outlet.writer, left());
        self.core.snapshot().outlets().map(of_each).fold(Ok(()), Result::and)
    }

    /// The gates of a call site: level, then sampling.
    #[inline(never)]
    pub(crate) fn gate(&self, callsite: &'static Callsite) -> Option<Pass> {
        let filter = self.core.filter.load(Ordering::Relaxed);
        let answer = match callsite.answer_of(filter) {
            Some(answer) if self.name.is_none() => answer,
            _ => self.answer(callsite, filter),
        };
        let pass = match answer.rule_asked() {
            Some(rule) => self.gate_of_rule(rule, callsite),
            None if answer == Answer::STOP => None,
            None => return Some(Pass::CERTAIN),
        };
        pass.or_else(|| self.pass_to_recorder(&callsite.site))
    }

    /// What levels or a sampler stopped may still be held. A record that the sampler has counted already stands for none.
    fn pass_to_recorder(&self, site: &Site<'_>) -> Option<Pass> {
        let is_wanted = self.recorder.as_ref()?.wants(site.level);
        is_wanted.then(|| Pass { rate: SampleRate::only_held(self.is_enabled(site.level, site.target)) })
    }

    /// Whether the levels let a call site pass, whatever a sampler says.
    #[cfg(feature = "http")]
    pub(crate) fn passes_levels(&self, callsite: &'static Callsite) -> bool {
        callsite.is_certain() || self.is_enabled(callsite.site.level, callsite.site.target)
    }

    /// Logs from a call site that has no macro.
    #[cfg(feature = "http")]
    pub(crate) fn log_site(
        &self,
        callsite: &'static Callsite,
        pass: Pass,
        may_be_sampled: bool,
        message: fmt::Arguments<'_>,
        values: &[Value<'_>],
    ) {
        let fields = Fields::Gathered { keys: &callsite.keys, values };
        let call = Call { site: &callsite.site, message, fields, rate: pass.rate, may_be_sampled };
        if !self.log_at_once::<true>(&call, &callsite.keys) {
            self.log_call(&call);
        }
    }

    /// Whether a recorder has to be asked.
    #[inline(always)]
    pub(crate) fn is_recorded(&self) -> bool {
        self.recorder.is_some()
    }

    /// The rule that this call site is known to meet.
    #[inline(always)]
    pub(crate) fn rule_of(&self, callsite: &'static Callsite) -> Option<usize> {
        let answer = callsite.answer_of(self.core.filter.load(Ordering::Relaxed))?;
        if self.name.is_none() { answer.rule_asked() } else { None }
    }

    /// Whether it is known beforehand that the rule suppresses a record of this call site, which is counted then.
    #[inline(always)]
    pub(crate) fn skips(&self, rule: usize, callsite: &'static Callsite, seat: SeatNumber) -> bool {
        match self.core.gate.get() {
            Some(gate) => gate.skips(rule, callsite.site.level, address_of(&callsite.site), seat),
            None => false,
        }
    }

    /// The gate of a call site that is known to meet a rule.
    #[inline(always)]
    pub(crate) fn gate_of_rule(&self, rule: usize, callsite: &'static Callsite) -> Option<Pass> {
        self.sample(rule, &callsite.site, address_of(&callsite.site))
    }

    /// Asks what becomes of all records of a call site, before any sampling.
    #[inline(never)]
    fn answer(&self, callsite: &'static Callsite, filter: u64) -> Answer {
        if !callsite.is_registered() {
            callsite.register(jury);
        }
        let site = &callsite.site;
        let answer = match self.is_enabled(site.level, site.target) {
            true => self.rule_for(site).map_or(Answer::PASS, Answer::rule),
            false => Answer::STOP,
        };
        if self.name.is_none() {
            callsite.keep_answer(filter, answer);
        }
        answer
    }

    /// The number of the rule that samples such records before any argument is evaluated: none if it goes by a field, for
    /// which an argument has to be.
    fn rule_for(&self, site: &Site<'_>) -> Option<usize> {
        let gate = self.core.gate.get()?;
        let is_in_force = gate.is_of(self.core.snapshot().sampler.as_ref());
        gate.rule_for(site.level, self.name.as_deref().unwrap_or(site.target)).filter(|_| is_in_force)
    }

    /// The gate of the sampler.
    #[inline(never)]
    fn sample(&self, rule: usize, site: &Site<'_>, number: u64) -> Option<Pass> {
        let Some(gate) = self.core.gate.get() else { return Some(Pass::CERTAIN) };
        if gate.skips_now(rule, site.level, number) {
            return None;
        }
        let offer = Offer::new(site.level, self.name.as_deref().unwrap_or(site.target), number);
        gate.sample(rule, &offer, &mut |summary| self.tell(&summary)).map(Pass::at)
    }

    /// Logs what has passed the gates in the usual case: the thread's memory is there, and if that is asked for, the thread
    /// is in no scope. Says whether it did. The walk becomes part of whoever calls this.
    #[inline(always)]
    pub(crate) fn log_at_once<const IN_SCOPES_TOO: bool>(&self, call: &Call<'_>, keys: &'static KeySet) -> bool {
        if IN_SCOPES_TOO && self.is_recorded() {
            return false;
        }
        let is_logged = Workspace::lend_kept::<IN_SCOPES_TOO>(
            #[inline(always)]
            |workspace| self.walk(call, Some(keys), workspace),
        );
        if is_logged && call.site.level >= Level::FATAL {
            self.end_fatal();
        }
        is_logged
    }

    /// Logs what has passed the gates in any case: the first record of a thread, the last ones, what is logged while
    /// another record is on its way, and what may have to be held.
    #[inline(never)]
    pub(crate) fn log_call(&self, call: &Call<'_>) {
        let level = call.site.level;
        if let Some(recorder) = &self.recorder {
            recorder.pass(call.site.template);
            let is_only_held = call.rate.is_only_held();
            let is_held = (is_only_held || recorder.holds_all()) && self.hold(recorder, call);
            if is_held || is_only_held {
                return;
            }
        }
        Workspace::lend(|workspace| match workspace.depth > DEEPEST {
            true => report_ring(),
            false => self.walk(call, call.fields.keys(), workspace),
        });
        if level >= Level::FATAL {
            self.end_fatal();
        }
    }

    /// Asks something of what every value that is logged has to pass.
    #[cfg(feature = "http")]
    pub(crate) fn with_rules<R>(&self, ask: impl FnOnce(&crate::rules::Rules) -> R) -> R {
        Workspace::lend(|workspace| ask(&workspace.snapshots.of(&self.core).shape.rules))
    }

    /// Gives a record to the recorder; says whether that held it. It holds no error: an error is seen at once, and what led
    /// to it with it.
    #[cold]
    #[inline(never)]
    fn hold(&self, recorder: &Recorder, call: &Call<'_>) -> bool {
        let is_wanted = !call.rate.is_only_held();
        let call = &Call { rate: call.rate.once_held(), ..*call };
        Workspace::lend(|workspace| {
            if workspace.depth > DEEPEST {
                report_ring();
                return true;
            }
            if call.site.level >= Level::ERROR && is_wanted {
                recorder.give_up_wanted(&workspace.tools.place);
                return false;
            }
            let mut is_held = false;
            let mut hold = |format, outputs, line: &Line<'_>| {
                is_held |= recorder.hold(&Bytes { format, outputs, line: *line, is_wanted });
            };
            let snapshot = recorder.snapshot();
            self.walk_to(snapshot, call, call.fields.keys(), &mut workspace.tools, |record, line, _| {
                snapshot.formats.hold(record, line, &mut hold);
                if is_wanted { Seen::ByAll } else { Seen::ByNobody }
            });
            is_held
        })
    }

    /// The walk of a record. The keys are those of the call's fields: whoever knows that there are some saves asking.
    #[inline(always)]
    fn walk(&self, call: &Call<'_>, keys: Option<&'static KeySet>, workspace: &mut Workspace) {
        let snapshot = workspace.snapshots.of(&self.core);
        self.walk_to(
            snapshot,
            call,
            keys,
            &mut workspace.tools,
            #[inline(always)]
            |record, line, place| {
                snapshot.emit(record, line, place);
                Seen::ByAll
            },
        );
    }

    /// The walk to whatever is to be done with the record at last.
    #[inline(always)]
    fn walk_to(
        &self,
        snapshot: &Snapshot,
        call: &Call<'_>,
        keys: Option<&'static KeySet>,
        tools: &mut Tools,
        emit: impl FnOnce(&mut Record<'_>, &mut Vec<u8>, &Place) -> Seen,
    ) {
        let shape = &snapshot.shape;
        let literal = call.message.as_str();
        let findings = findings(keys, call.fields, literal, &shape.rules);
        let message = match literal {
            Some(_) if !findings.look_at_message() => None,
            _ => Some(tools.message.format(call.message, &shape.reading(&tools.desk.scratch))),
        };
        let head_site = if message.is_none() && self.name.is_none() { call.site_number() } else { 0 };
        let mut record = Record {
            timestamp: snapshot.clock.now(),
            level: call.site.level,
            name: &self.name,
            message,
            head: tools.heads.at(head_site),
            head_site,
            call,
            findings,
            overriding: self.overrides(call, keys, snapshot),
            context: &self.context,
            shape,
            format: 0,
            desk: &tools.desk,
            cut_from: 0,
        };
        if snapshot.detour.is_empty() {
            emit(&mut record, &mut tools.line, &tools.place);
        } else {
            self.write_hooked(snapshot, record, &mut tools.added, &mut tools.line, &tools.place, emit);
            tools.added.shed(LARGEST_KEPT);
        }
        if let Some(head) = tools.desk.take_head() {
            tools.heads.keep(head);
        }
    }

    /// What a record goes through that is sampled by a field or met by hooks.
    #[inline(never)]
    fn write_hooked(
        &self,
        snapshot: &Snapshot,
        record: Record<'_>,
        added: &mut Block,
        line: &mut Vec<u8>,
        place: &Place,
        emit: impl FnOnce(&mut Record<'_>, &mut Vec<u8>, &Place) -> Seen,
    ) {
        let Some(rate) = self.sample_late(snapshot, &record) else { return };
        // Whoever encodes it in a hook does so in a form of its own.
        let record = Record { format: Record::NO_FORMAT, head_site: 0, ..record };
        added.clear();
        let mut draft = Draft { record: &record, level: record.level, message: None, added };
        for hook in snapshot.detour.hooks().iter() {
            hook.run_enrich(&mut draft);
        }
        let Draft { level, message, .. } = draft;
        if level != record.level && !snapshot.wants(level, record.target()) {
            return;
        }
        // The fields of the call stay as they are, and those that were added stand behind them and count more.
        let fields = match added.as_bytes() {
            [] => record.call.fields,
            _ => {
                added.prepend(|before| record.call.fields.copy_all(before));
                Fields::Block(added.as_bytes())
            }
        };
        let findings = findings(fields.keys(), fields, record.call.message.as_str(), &snapshot.shape.rules);
        let call = Call { fields, rate, ..*record.call };
        let message = message.map(|message| record.reading().shown_message(&message));
        let mut record = Record {
            level,
            call: &call,
            findings,
            overriding: has_one_of(fields, [&self.context, &snapshot.shape.identity]),
            format: 0,
            message: message.as_deref().or(record.message),
            ..record
        };
        if emit(&mut record, line, place) == Seen::ByNobody {
            return;
        }
        record.format = Record::NO_FORMAT;
        for hook in snapshot.detour.hooks().iter() {
            hook.run_observe(&record);
        }
    }

    /// The rate of a record that no sampler has met before.
    fn sample_late(&self, snapshot: &Snapshot, record: &Record<'_>) -> Option<SampleRate> {
        let sampler = match &snapshot.sampler {
            Some(sampler) if snapshot.detour.samples_late() && record.call.may_be_sampled => sampler,
            _ => return Some(record.call.rate),
        };
        let value_of = |name: &str| record.value_text(name).map(|text| stable_hash(text.as_bytes()));
        let site = record.call.site;
        let number = match record.call.fields {
            Fields::Gathered { .. } => address_of(site),
            Fields::Block(_) | Fields::Bound { .. } => number_of(site),
        };
        let offer = Offer::new(record.level, record.target(), number).fields(&value_of);
        let mut due = Vec::new();
        let rate = sampler.sample(&offer, snapshot.clock.ticks(), &mut |summary| due.push(summary));
        due.iter().for_each(|summary| self.tell(summary));
        rate
    }

    /// Whether a call has a key that is bound too.
    #[inline(always)]
    fn overrides(&self, call: &Call<'_>, keys: Option<&'static KeySet>, snapshot: &Snapshot) -> bool {
        let bound = self.context.marks() | snapshot.shape.identity.marks();
        bound != 0 && bound & marks(keys, call.fields) != 0 && self.compare_keys(call, snapshot)
    }

    #[inline(never)]
    fn compare_keys(&self, call: &Call<'_>, snapshot: &Snapshot) -> bool {
        let identity = &snapshot.shape.identity;
        let compare = || has_one_of(call.fields, [&self.context, identity]);
        // What an identity holds belongs to the formats it was encoded for.
        let identity_shape = if identity.is_empty() { 0 } else { snapshot.shape.encoding << 1 };
        match (call.fields, self.context.shape()) {
            (Fields::Gathered { keys, .. }, shape) if shape != 0 || self.context.is_empty() => {
                keys.overrides(shape ^ identity_shape, compare)
            }
            _ => compare(),
        }
    }

    #[cold]
    #[inline(never)]
    fn end_fatal(&self) {
        let fatal = self.core.snapshot().fatal.clone();
        fatal.follow(|deadline| {
            if let Err(error) = self.flush_at_last(deadline) {
                fault::report("fatal", format_args!("a fatal record may not have left: {error}"));
            }
        });
    }

    /// Logs how many records a sampler kept back. The record is no subject of sampling itself, and speaks for all that
    /// log through this core: it bears neither the name nor the fields of whoever happened to end the window.
    fn tell(&self, summary: &Summary) {
        let root = Logger::bare(Arc::clone(&self.core));
        let site = own_site(summary.level(), summary.target(), SUMMARY);
        let mut fields = FieldSet::new();
        fields.add(keys::KIND, "summary").add(keys::SUPPRESSED, summary.suppressed());
        fields.add(keys::STANDS_FOR, summary.stands_for());
        let window = summary.window();
        fields.add(keys::WINDOW, Duration::from_nanos(window.end.saturating_sub(window.start)));
        let call = Call {
            site: &site,
            fields: fields.as_fields(),
            message: format_args!("{summary}"),
            rate: SampleRate::ONE,
            may_be_sampled: false,
        };
        root.log_call(&call);
    }

    /// Logs what an output lost since that was told last, and whether it takes less or more. That is no subject of sampling.
    fn tell_losses(&self, writer: &Writer) {
        let health = writer.health();
        if let Some(moved) = writer.bell.moved(health.floor) {
            match moved.is_less {
                true => self.tell_of_itself(Level::WARN, "an output takes less", &moved.fields(&writer.name)),
                false => self.tell_of_itself(Level::INFO, "an output takes more again", &moved.fields(&writer.name)),
            }
        }
        if let Some(lost) = writer.bell.not_told(health.dropped) {
            self.tell_of_itself(Level::WARN, "records were lost", &lost.fields(&writer.name));
        }
    }

    fn tell_of_itself(&self, level: Level, text: &'static str, fields: &FieldSet) {
        let site = own_site(level, "hyperlog", text);
        let (fields, message) = (fields.as_fields(), format_args!("{text}"));
        self.log_call(&Call { site: &site, fields, message, rate: SampleRate::ONE, may_be_sampled: false });
    }

    fn tell_summaries(&self, snapshot: &Snapshot, told: Told) {
        let Some(sampler) = &snapshot.sampler else { return };
        let mut due = Vec::new();
        match told {
            Told::Due => sampler.drain_summaries(snapshot.clock.ticks(), &mut |summary| due.push(summary)),
            Told::All => sampler.finish_summaries(snapshot.clock.ticks(), &mut |summary| due.push(summary)),
        }
        due.iter().for_each(|summary| self.tell(summary));
    }

    /// Keys that fell silent are told of once their window is over, as long as the logger lives.
    fn keep_telling_summaries(&self) {
        let core = Arc::downgrade(&self.core);
        background::after(BETWEEN_SUMMARIES, move || {
            let logger = Logger::bare(core.upgrade()?);
            let snapshot = logger.core.snapshot();
            logger.tell_summaries(&snapshot, Told::Due);
            snapshot.sampler.is_some().then_some(BETWEEN_SUMMARIES)
        });
    }
}

/// Where a logger's own records come from.
fn own_site<'t>(level: Level, target: &'t str, template: &'static str) -> Site<'t> {
    Site { level, target, module: None, file: None, line: None, template, keys: &[] }
}

/// What an output of this logger loses is told by it, as long as it lives.
fn listen_for_losses(core: &Arc<Core>) {
    for outlet in core.snapshot().outlets() {
        let (core, writer) = (Arc::downgrade(core), Arc::downgrade(&outlet.writer));
        outlet.writer.bell.connect(move || {
            let (Some(core), Some(writer)) = (core.upgrade(), writer.upgrade()) else { return };
            Logger::bare(core).tell_losses(&writer);
        });
    }
}

#[cold]
fn report_ring() {
    fault::report("logger", format_args!("records that log records go in a ring: one is lost"));
}

const SUMMARY: &str = "similar records were suppressed";
const BETWEEN_SUMMARIES: Duration = Duration::from_secs(1);

/// A target, a template or a file known at run time is no longer than this.
const LONGEST_OF_PLACE: usize = 1024;

/// A number by which a place of the program is told from all others.
#[inline]
fn address_of(site: &Site<'_>) -> u64 {
    std::ptr::from_ref(site).addr() as u64
}

/// The same of a place that is described anew for each record.
fn number_of(site: &Site<'_>) -> u64 {
    let line = u64::from(site.line.unwrap_or(0));
    let texts = [site.target, site.file.unwrap_or(""), site.template];
    texts.iter().fold(line, |number, text| number.rotate_left(7) ^ stable_hash(text.as_bytes()))
}

/// Whether those who observe records are to see one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    ByAll,
    /// It may never have been.
    ByNobody,
}

/// Which summaries are told.
enum Told {
    /// Those of windows that have ended.
    Due,
    All,
}

impl fmt::Debug for Logger {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Logger").field("name", &self.name).finish_non_exhaustive()
    }
}

#[cfg(all(test, feature = "panic"))]
mod tests {
    use super::*;
    use crate::encode::Json;
    use crate::output::Output;
    use crate::sink::{Line, Sink, Written};
    use std::sync::mpsc::{Sender, channel};

    /// Tells how long each flush may take.
    struct Flushed(Sender<Duration>);

    impl Sink for Flushed {
        fn write(&self, _: &Line<'_>) -> Written {
            Written::Done
        }

        fn flush(&self, deadline: Duration) -> Result<(), SinkError> {
            let _ = self.0.send(deadline);
            Ok(())
        }
    }

    #[test]
    fn a_panic_whose_frames_are_not_known_at_the_end_is_told_without_them_and_once() {
        crate::panic::install();
        let (logger, captured) = Logger::capture();
        let (go_on, held) = channel::<()>();
        background::soon(move || _ = held.recv());
        let panic = crate::panic::catch(|| panic!("late")).unwrap_err();
        panic.tell(&logger, crate::panic::Origin::Here);
        assert_eq!(logger.health()[0].accepted.total(), 0);
        logger.close(Duration::from_millis(50)).unwrap();
        go_on.send(()).unwrap();
        background::wait(Duration::from_secs(20));
        let record = captured.only_at(Level::ERROR);
        assert_eq!((record.text(keys::ERROR), record.get(keys::FRAMES).is_none()), ("late", true));
        assert_eq!(logger.health()[0].accepted.total(), 1, "{record}");
    }

    #[test]
    fn outputs_deliver_while_the_frames_of_a_panic_are_looked_up() {
        let (flushed, told) = channel();
        let output = Output::new(Json::new(), Flushed(flushed));
        let logger = Logger::builder().output(output).build().unwrap();
        let (looked_up, last) = channel();
        background::soon(move || looked_up.send((told.recv(), told)).unwrap());
        logger.flush(Duration::from_secs(20)).unwrap();
        let (first, told) = last.recv().unwrap();
        assert!(first.unwrap().is_zero(), "it was only set going");
        assert!(told.try_recv().unwrap() > Duration::ZERO, "there was time left");
    }
}
