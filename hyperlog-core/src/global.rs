//! Which logger a call goes to, and what macros call.

use crate::builder::{BuildError, Builder};
use crate::callsite::Callsite;
use crate::core::note_global;
use crate::field::Fields;
use crate::filter::SeatNumber;
use crate::logger::{Logger, Pass};
use crate::record::Call;
use crate::scope::Scope;
use crate::value::Value;
use crate::workspace::is_in_scope;
use std::fmt;
use std::sync::OnceLock;

static GLOBAL: OnceLock<Logger> = OnceLock::new();

impl Logger {
    /// The logger of the current scope, or else the global one.
    pub fn current() -> Logger {
        with_current(Logger::clone)
    }

    /// Lends the current logger.
    #[doc(hidden)]
    pub fn with_current<R>(act: impl FnOnce(&Logger) -> R) -> R {
        with_current(act)
    }

    /// The global logger: the one that was installed, or the default until then.
    pub fn global() -> Logger {
        global().clone()
    }
}

impl Builder {
    /// The logger of the whole process.
    ///
    /// # Errors
    ///
    /// When there is one already, or options contradict each other.
    pub fn install(self) -> Result<Logger, BuildError> {
        let logger = self.build()?;
        install(&logger)?;
        Ok(Logger::global())
    }
}

/// The global logger; the default one from the first record on, until another is installed in its place.
#[inline]
fn global() -> &'static Logger {
    GLOBAL.get_or_init(|| {
        let logger = Builder::zero_configuration();
        note_global();
        logger
    })
}

/// Makes a logger the global one.
fn install(logger: &Logger) -> Result<(), BuildError> {
    static INSTALLED: OnceLock<()> = OnceLock::new();
    INSTALLED.set(()).map_err(|()| BuildError::installed())?;
    if GLOBAL.set(logger.clone()).is_err() {
        global().replace(logger);
    }
    note_global();
    Ok(())
}

#[inline]
fn with_current<R>(act: impl FnOnce(&Logger) -> R) -> R {
    match Scope::current() {
        Some(scope) => scope.with_logger(act),
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
    // What the thread knows comes first: to the compiler it is a call, across which everything else would be put away.
    let (seat, is_entered) = (SeatNumber::current(), is_in_scope());
    match GLOBAL.get() {
        Some(logger) if !is_entered => gate_of_logger(logger, callsite, seat),
        _ => gate_of_any(callsite),
    }
}

#[inline(never)]
fn gate_of_any(callsite: &'static Callsite) -> Option<Pass> {
    with_current(|logger| logger.gate(callsite))
}

/// What is sampled away goes no further than here.
#[inline(always)]
fn gate_of_logger(logger: &Logger, callsite: &'static Callsite, seat: SeatNumber) -> Option<Pass> {
    match logger.rule_of(callsite) {
        _ if logger.is_recorded() => logger.gate(callsite),
        Some(rule) if logger.skips(rule, callsite, seat) => None,
        Some(rule) => logger.gate_of_rule(rule, callsite),
        None => logger.gate(callsite),
    }
}

/// The gates of a call with a logger.
#[doc(hidden)]
#[inline(always)]
pub fn gate_of(logger: &Logger, callsite: &'static Callsite) -> Option<Pass> {
    if callsite.is_certain() { Some(Pass::CERTAIN) } else { gate_of_given(logger, callsite) }
}

#[inline(never)]
fn gate_of_given(logger: &Logger, callsite: &'static Callsite) -> Option<Pass> {
    gate_of_logger(logger, callsite, SeatNumber::current())
}

/// Logs what has passed the gates.
#[doc(hidden)]
#[inline(never)]
pub fn log(callsite: &'static Callsite, pass: Pass, message: fmt::Arguments<'_>, values: &[Value<'_>]) {
    let call = call(callsite, pass, message, values);
    match GLOBAL.get() {
        Some(logger) if logger.log_at_once::<false>(&call, &callsite.keys) => {}
        _ => with_current(|logger| logger.log_call(&call)),
    }
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
    let call = call(callsite, pass, message, values);
    if !logger.log_at_once::<true>(&call, &callsite.keys) {
        logger.log_call(&call);
    }
}

#[inline(always)]
fn call<'a>(callsite: &'static Callsite, pass: Pass, message: fmt::Arguments<'a>, values: &'a [Value<'a>]) -> Call<'a> {
    let fields = Fields::Gathered { keys: &callsite.keys, values };
    Call { site: &callsite.site, message, fields, rate: pass.rate, may_be_sampled: true }
}
