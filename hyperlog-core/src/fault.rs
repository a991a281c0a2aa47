//! hyperlog's own trouble, told aside: never in the stream that is in trouble, and never in a storm.

use crate::contain::contain;
use std::fmt;
use std::io::Write as _;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

/// A trouble of the logger itself.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Fault {
    /// The part that is in trouble: `console`, `hook`.
    pub part: &'static str,
    /// What happened, in words and without secrets.
    pub what: String,
    /// How many faults of the same part were passed over since the last one told.
    pub suppressed: u32,
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "hyperlog: {}: {}", self.part, self.what)?;
        if self.suppressed > 0 {
            write!(formatter, " (and {} more like it)", self.suppressed)?;
        }
        Ok(())
    }
}

type Listener = Arc<dyn Fn(&Fault) + Send + Sync>;

static LISTENER: RwLock<Option<Listener>> = RwLock::new(None);
static TOLD: Mutex<Vec<Told>> = Mutex::new(Vec::new());
static TOTAL: AtomicU32 = AtomicU32::new(0);

struct Told {
    part: &'static str,
    at: Instant,
    suppressed: u32,
}

/// Each part is heard at most once in this time.
const INTERVAL: Duration = Duration::from_secs(10);

/// Tells faults to a function instead of standard error. It must not log.
///
/// ```
/// hyperlog_core::on_fault(|fault| eprintln!("{fault}"));
/// ```
pub fn on_fault(listener: impl Fn(&Fault) + Send + Sync + 'static) {
    let before = LISTENER.write().unwrap_or_else(PoisonError::into_inner).replace(Arc::new(listener));
    // Outside of the lock: what it holds may be in trouble itself.
    drop(before);
}

/// How many faults there have been, told or not.
pub fn fault_count() -> u32 {
    TOTAL.load(Ordering::Relaxed)
}

/// Tells of a trouble, unless its part was heard a moment ago. For sinks and whoever else works below a logger, in words
/// without secrets.
///
/// ```
/// hyperlog_core::report_fault("carrier pigeons", format_args!("{} have not come back", 2));
/// ```
#[cold]
pub fn report(part: &'static str, what: fmt::Arguments<'_>) {
    TOTAL.fetch_add(1, Ordering::Relaxed);
    let Some(suppressed) = may_be_told(part) else { return };
    let fault = Fault { part, what: what.to_string(), suppressed };
    let listener = LISTENER.read().unwrap_or_else(PoisonError::into_inner).clone();
    match listener {
        Some(listener) => {
            // A listener that panics must not take the caller with it.
            contain(|| listener(&fault));
        }
        // Not the printing macro, which panics when nobody reads.
        None => drop(writeln!(std::io::stderr(), "{fault}")),
    }
}

/// How many were suppressed before, if this one may be told.
fn may_be_told(part: &'static str) -> Option<u32> {
    // Trouble inside trouble is not worth waiting for.
    let mut told = TOLD.try_lock().ok()?;
    let now = Instant::now();
    match told.iter_mut().find(|told| told.part == part) {
        Some(last) if now.duration_since(last.at) < INTERVAL => {
            last.suppressed = last.suppressed.saturating_add(1);
            None
        }
        Some(last) => {
            last.at = now;
            Some(std::mem::take(&mut last.suppressed))
        }
        None => {
            told.push(Told { part, at: now, suppressed: 0 });
            Some(0)
        }
    }
}
