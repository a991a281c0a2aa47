//! The logger of the `log` crate that makes records of its calls.

use crate::crossing::CROSSING;
use crate::level;
use hyperlog_core::bridge::{Way, most_verbose, on_change};
use hyperlog_core::{FieldSet, Logger, Site, Value};
use log::kv::{self, Error, Key, VisitSource, VisitValue};
use std::cell::Cell;
use std::sync::{Mutex, Once, PoisonError};
use std::time::Duration;

/// A [`log::Log`] that makes records of what it is given, with the logger that is current there: that of the request or job,
/// or else the global one.
#[derive(Clone, Copy, Debug)]
pub struct Bridge;

/// Makes records of all calls of the `log` crate in this process. Its level follows hyperlog's from here on.
///
/// # Errors
///
/// When the `log` crate has a logger already.
pub fn install() -> Result<(), log::SetLoggerError> {
    log::set_logger(&Bridge)?;
    static FOLLOWED: Once = Once::new();
    FOLLOWED.call_once(|| on_change(follow));
    follow();
    Ok(())
}

/// Has `log` ask for what hyperlog wants. One thread at a time, so that the last one sees what all have changed.
fn follow() {
    static FOLLOWING: Mutex<()> = Mutex::new(());
    let following = FOLLOWING.lock().unwrap_or_else(PoisonError::into_inner);
    log::set_max_level(level::outward_filter(most_verbose()));
    drop(following);
}

impl log::Log for Bridge {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        !Way::Outward.is_taken(&CROSSING) && Logger::with_current(|logger| is_wanted(logger, metadata))
    }

    fn log(&self, record: &log::Record<'_>) {
        if !Way::Outward.is_taken(&CROSSING) {
            Logger::with_current(|logger| {
                if is_wanted(logger, record.metadata()) {
                    tell(logger, record);
                }
            });
        }
    }

    fn flush(&self) {
        // There is nobody to tell: what an output has lost is told by the logger itself.
        let _ = Logger::current().flush(LONGEST_FLUSH);
    }
}

/// The crate `log` has no word for how long a flush may take.
const LONGEST_FLUSH: Duration = Duration::from_secs(5);

fn is_wanted(logger: &Logger, metadata: &log::Metadata<'_>) -> bool {
    logger.wants(level::inward(metadata.level()), metadata.target())
}

fn tell(logger: &Logger, record: &log::Record<'_>) {
    let site = Site {
        level: level::inward(record.level()),
        target: record.target(),
        module: record.module_path(),
        file: record.file(),
        line: record.line(),
        // The place of a call without arguments is its message; with some, only the compiler knows what it was.
        template: record.args().as_str().unwrap_or_default(),
        keys: &[],
    };
    lend(|fields| {
        let _ = record.key_values().visit(&mut IntoSet(fields));
        Way::Inward.take(&CROSSING, || logger.log_from(&site, *record.args(), fields));
    });
}

thread_local! {
    /// Taken while a record is made, so that one that is logged meanwhile makes its own.
    static KEPT: Cell<Option<FieldSet>> = const { Cell::new(None) };
}

/// Lends the thread's memory for fields, or other.
fn lend(act: impl FnOnce(&mut FieldSet)) {
    let mut fields = KEPT.try_with(Cell::take).ok().flatten().unwrap_or_default();
    act(&mut fields);
    fields.clear();
    let _ = KEPT.try_with(|kept| kept.set(Some(fields)));
}

/// What key-values are told to.
struct IntoSet<'a>(&'a mut FieldSet);

impl<'kvs> VisitSource<'kvs> for IntoSet<'_> {
    fn visit_pair(&mut self, key: Key<'kvs>, value: kv::Value<'kvs>) -> Result<(), Error> {
        value.visit(OneField { name: key.as_str(), fields: self.0 })
    }
}

/// One of them.
struct OneField<'a> {
    name: &'a str,
    fields: &'a mut FieldSet,
}

impl OneField<'_> {
    fn add(&mut self, value: Value<'_>) -> Result<(), Error> {
        self.fields.add(self.name, value);
        Ok(())
    }
}

impl<'v> VisitValue<'v> for OneField<'_> {
    fn visit_any(&mut self, value: kv::Value<'_>) -> Result<(), Error> {
        self.add(Value::Display(&value))
    }

    fn visit_null(&mut self) -> Result<(), Error> {
        self.add(Value::Null)
    }

    fn visit_u64(&mut self, value: u64) -> Result<(), Error> {
        self.add(Value::U64(value))
    }

    fn visit_i64(&mut self, value: i64) -> Result<(), Error> {
        self.add(Value::I64(value))
    }

    fn visit_u128(&mut self, value: u128) -> Result<(), Error> {
        self.add(Value::U128(&value))
    }

    fn visit_i128(&mut self, value: i128) -> Result<(), Error> {
        self.add(Value::I128(&value))
    }

    fn visit_f64(&mut self, value: f64) -> Result<(), Error> {
        self.add(Value::F64(value))
    }

    fn visit_bool(&mut self, value: bool) -> Result<(), Error> {
        self.add(Value::Bool(value))
    }

    fn visit_char(&mut self, value: char) -> Result<(), Error> {
        self.add(Value::Char(value))
    }

    fn visit_str(&mut self, value: &str) -> Result<(), Error> {
        self.add(Value::Str(value))
    }

    fn visit_error(&mut self, error: &(dyn std::error::Error + 'static)) -> Result<(), Error> {
        self.add(Value::Error(error))
    }
}
