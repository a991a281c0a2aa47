//! A logger that is set up anew while others log with it.
//!
//! What is new is brought to work first, so that nothing has happened yet if it cannot be. Then the snapshot is swapped,
//! and what is not wanted any more is closed once it has delivered what it took. Whoever still held the snapshot of before
//! meets closed outputs, and [goes on](crate::late) to those of now.

use crate::builder::{BuildError, Builder};
use crate::core::{Core, LevelChangeCause};
use crate::everywhere::put_hooks_of_all_first;
use crate::fault;
use crate::health::OutputHealth;
use crate::hook::Hook;
use crate::logger::Logger;
use crate::snapshot::Snapshot;
use crate::writer::{Heir, Writer};
use std::cell::Cell;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

impl Logger {
    /// Sets every handle of this logger up anew, while others log with it: all that a [`Builder`] says, its outputs among
    /// it. Nothing is lost or written twice, and every record goes by what was said before or by what is said now.
    ///
    /// An output that is to stay as it is is [kept](crate::Output::kept). One that has the name of another takes its place,
    /// and its account goes on. Those that are not named any more are closed, for at most this long, once they have
    /// delivered what they had taken: their accounts are returned, and tell of what did not leave in time.
    ///
    /// What was added to the logger stays: hooks of [`Logger::add_hook`], listeners, and an override of the levels until its
    /// time is over. Sampling goes on where nothing is said of it that is new.
    ///
    /// ```
    /// use hyperlog_core::{Json, Logfmt, Logger, Memory, Output, info};
    /// use std::time::Duration;
    ///
    /// let (app, audit) = (Memory::new(), Memory::new());
    /// let logger = Logger::builder().output(Output::new(Json::new(), app.clone()).name("app")).build()?;
    /// info!(logger: logger, "before");
    ///
    /// let builder = Logger::builder().output(Output::kept("app")).output(Output::new(Logfmt::new(), audit.clone()));
    /// logger.reconfigure(builder, Duration::from_secs(10))?;
    /// info!(logger: logger, "after");
    ///
    /// assert_eq!((app.len(), audit.len()), (2, 1));
    /// # Ok::<(), hyperlog_core::BuildError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When options contradict each other, an output that is to be kept is not there, or whoever asks is called by another
    /// such call: a listener, a hook or a sink. Then all stays as it was.
    pub fn reconfigure(&self, builder: Builder, deadline: Duration) -> Result<Vec<OutputHealth>, BuildError> {
        let Some(_within) = Within::enter() else { return Err(BuildError::within_another()) };
        let _alone = self.core().anew.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.core().snapshot();
        let mut after = builder.snapshot(Some(&before))?;
        let formats = Arc::clone(&after.formats);
        let is_kept = |writer: &Arc<Writer>| formats.outlets().any(|outlet| Arc::ptr_eq(&outlet.writer, writer));
        let writers = before.outlets().map(|outlet| &outlet.writer);
        let retired: Vec<&Arc<Writer>> = writers.filter(|writer| !is_kept(writer)).collect();
        // Before any record can meet those that follow: whoever asks for their accounts must not miss what these took.
        retired.iter().for_each(|writer| writer.make_way());
        self.core().change_levels(LevelChangeCause::Reconfigured, |snapshot| {
            after.take_over(snapshot);
            *snapshot = after;
        });
        self.settle_in(&before);
        // All of them before any is closed: a record that moves on must not meet another that does not know where to.
        let heir: Arc<Heir> = Arc::<Core>::clone(self.core());
        retired.iter().for_each(|writer| writer.retire(&heir));
        close(&retired, deadline);
        let is_followed = |name: &str| formats.outlets().any(|outlet| outlet.writer.name == name);
        let gone = retired.into_iter().filter(|writer| !is_followed(&writer.name));
        Ok(gone.map(|writer| writer.health()).collect())
    }

    /// Says why the logger is not as it was to be, a configuration that was refused, or that it is: [`Logger::health`] tells of
    /// it until something else is said.
    ///
    /// ```
    /// use hyperlog_core::{Condition, Logger};
    ///
    /// let (logger, _) = Logger::capture();
    /// logger.note_refused_configuration(Some("shop.toml:7:1: there is no such key"));
    /// assert!(matches!(logger.health().condition(), Condition::Degraded(_)));
    /// logger.note_refused_configuration(None);
    /// assert_eq!(logger.health().condition(), Condition::Well);
    /// ```
    pub fn note_refused_configuration(&self, why: Option<&str>) {
        let mut refused = self.core().refused.lock().unwrap_or_else(PoisonError::into_inner);
        // Said again, it is as old as it was.
        let since = refused.take().filter(|(before, _)| Some(&**before) == why).map(|(_, since)| since);
        *refused = why.map(|why| (why.to_owned(), since.unwrap_or_else(Instant::now)));
    }
}

thread_local! {
    static IS_WITHIN: Cell<bool> = const { Cell::new(false) };
}

/// That this thread sets a logger up anew: what it calls meanwhile, a listener or a sink, would wait for itself.
struct Within;

impl Within {
    /// None if it does so already.
    fn enter() -> Option<Within> {
        (!IS_WITHIN.replace(true)).then(|| Within)
    }
}

impl Drop for Within {
    fn drop(&mut self) {
        IS_WITHIN.set(false);
    }
}

impl Snapshot {
    /// Takes over what was added to a logger that is set up anew.
    fn take_over(&mut self, before: &Snapshot) {
        if let Some((_, number)) = before.overridden {
            let base = std::mem::replace(&mut self.directives, before.directives.clone());
            self.overridden = Some((base, number));
        }
        let is_added = |hook: &&Hook| !before.own_hooks.contains(&hook.id);
        let own = Arc::clone(self.detour.hooks());
        let added = before.detour.hooks().iter().filter(is_added);
        self.detour.set_hooks(own.iter().chain(added).cloned());
        put_hooks_of_all_first(self);
    }
}

/// Closes all of these, each of which had begun to deliver before the first is waited for.
fn close(writers: &[&Arc<Writer>], deadline: Duration) {
    let begun = Instant::now();
    if writers.len() > 1 {
        writers.iter().for_each(|writer| _ = writer.flush(Duration::ZERO));
    }
    for writer in writers {
        if let Err(error) = writer.close(deadline.saturating_sub(begun.elapsed())) {
            fault::report("reconfigure", format_args!("the output {:?} is closed, and {error}", writer.name));
        }
        // Nobody else may hold it when the second is over after which it would be told.
        writer.bell.answer();
    }
}
