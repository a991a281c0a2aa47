//! What other facades stand on: a place of the program that they know, and what all loggers together want.
//!
//! For bridges. Everything else logs by the macros, whose call sites know all this.

mod crossing;

pub use crate::bridge::crossing::{Crossing, Way};

use crate::append::BLANKS;
use crate::bind::Gathered;
use crate::callsite::{self, Callsite, Verdict};
use crate::core::jury;
use crate::encode::{Palette, push_pairs};
use crate::field::FieldSet;
use crate::filter::directive::LevelFilter;
use crate::key::Key;
use crate::level::Level;
use crate::limits;
use crate::logger::{Logger, Pass};
use crate::record::{Bound, Call, Record, Site};
use crate::value::Value;
use std::fmt;

/// A place of the program from which another facade logs. It is made once and lives for ever, as what it stands for does.
///
/// ```
/// use hyperlog_core::{Level, Logger, Value, bridge::Origin};
///
/// let origin: &'static Origin = Box::leak(Box::new(Origin::new(Level::INFO, "pool", &["size"])));
/// let (logger, captured) = Logger::capture();
/// if let Some(pass) = origin.pass(&logger) {
///     origin.log(&logger, pass, format_args!("full"), &[Value::U64(8)]);
/// }
/// let record = captured.only();
/// assert_eq!((record.target(), record.message(), record.number("size")), ("pool", "full", 8.0));
/// ```
pub struct Origin(Callsite);

/// What all loggers together say of a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// No logger wants it, and no scope.
    Never,
    /// It depends on the logger.
    Sometimes,
    /// Every logger wants it.
    Always,
}

impl Origin {
    /// A place of this level and target, with the names of the fields that are usually given there. It keeps some memory
    /// for good.
    pub fn new(level: Level, target: &'static str, names: &[&'static str]) -> Origin {
        let keys: Vec<Key<'static>> = names.iter().map(|name| key(name)).collect();
        let (module, file, line) = (None, None, None);
        Origin(Callsite::new(Site { level, target, module, file, line, template: "", keys: keys.leak() }))
    }

    /// Where in the program it is.
    #[must_use]
    pub fn at(self, module: Option<&'static str>, file: Option<&'static str>, line: Option<u32>) -> Origin {
        Origin(Callsite::new(Site { module, file, line, ..self.0.site }))
    }

    /// What the place is.
    pub fn site(&self) -> &Site<'static> {
        &self.0.site
    }

    /// What all loggers together say now; after a change, [`on_change`] tells that they have to be asked again.
    pub fn wanted(&'static self) -> Wanted {
        if !self.0.is_registered() {
            self.0.register(jury);
        }
        match self.0.verdict() {
            Verdict::Unwanted => Wanted::Never,
            Verdict::Certain => Wanted::Always,
            Verdict::Open | Verdict::Unknown => Wanted::Sometimes,
        }
    }

    /// The gates: levels, then sampling. None if the record is not wanted; whoever is given a pass logs with it.
    #[inline]
    pub fn pass(&'static self, logger: &Logger) -> Option<Pass> {
        if self.0.may_be_wanted() { crate::global::gate_of(logger, &self.0) } else { None }
    }

    /// Logs the values of the fields that were named, all of them and in that order.
    #[inline]
    pub fn log(&'static self, logger: &Logger, pass: Pass, message: fmt::Arguments<'_>, values: &[Value<'_>]) {
        if values.len() == self.0.site.keys.len() {
            crate::global::log_to(logger, &self.0, pass, message, values);
        }
    }

    /// The fields that were named, with values, to bind them. None if there are more or fewer values.
    pub fn fields<'a>(&'static self, values: &'a [Value<'a>]) -> Option<Gathered<'a>> {
        (values.len() == self.0.site.keys.len()).then(|| Gathered::new(&self.0.keys, values))
    }

    /// Logs other fields than those that were named.
    pub fn log_fields(&'static self, logger: &Logger, pass: Pass, message: fmt::Arguments<'_>, fields: &FieldSet) {
        let (site, fields) = (&self.0.site, fields.as_fields());
        logger.log_call(&Call { site, message, fields, rate: pass.rate, may_be_sampled: true });
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Origin").field("site", &self.0.site).finish()
    }
}

/// The most verbose level that any logger wants from any target, or that a scope holds back.
pub fn most_verbose() -> LevelFilter {
    jury().most_verbose()
}

/// Calls a function whenever loggers may want other records than before: a level was changed, a logger was made, a scope
/// begins to hold records back. It is called after the change, on the thread that made it.
pub fn on_change(listener: fn()) {
    callsite::listen(listener);
}

/// Appends what a value shows of itself, and survives whatever its `Display` does. Nothing is redacted yet.
pub fn write_text(value: Value<'_>, out: &mut String) {
    limits::format_into(value, out);
}

/// A record as text for a facade that knows no fields: the message, and the logger's and the call's own fields behind it
/// as `name=value`. For [`Hook::observe`](crate::Hook::observe), where redaction and limits have been met.
pub fn line_of(record: &Record<'_>) -> String {
    let mut line = record.message().as_bytes().to_vec();
    if let Bound::Fields(mut bound) = record.context() {
        push_pairs(&mut bound, &Palette::default(), &mut line);
    }
    push_pairs(&mut record.fields(), &Palette::default(), &mut line);
    String::from_utf8_lossy(&line).into_owned()
}

/// With its JSON form, if nothing in it needs an escape.
fn key(name: &'static str) -> Key<'static> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    match !name.is_empty() && name.bytes().all(is_plain) {
        true => Key::identifier(format!(",\"{name}\":{BLANKS}").leak()),
        false => Key::new(name),
    }
}
