//! How a logger is: what became of every record, for each of its outputs, and how that is in a word.

mod account;
mod counters;
mod counts;
mod delivery;
mod last_error;
mod output;

pub use self::account::Account;
pub(crate) use self::counters::{Counters, Place};
pub use self::counts::LevelCounts;
pub use self::delivery::{Breaker, DeliveryHealth};
pub use self::last_error::LastError;
pub use self::output::OutputHealth;
use crate::condition::Condition;
use std::ops::Deref;

/// How a logger is: the report of each of its outputs, as a slice of them, and of all of them together.
///
/// ```
/// use hyperlog_core::{Condition, Json, Logger, Memory, Output, info};
///
/// let logger = Logger::builder().output(Output::new(Json::new(), Memory::new()).name("all")).build()?;
/// info!(logger: logger, "ready");
///
/// let health = logger.health();
/// assert_eq!(health.condition(), Condition::Well);
/// assert_eq!(health.output("all").map(|output| output.written.total()), Some(1));
/// # Ok::<(), hyperlog_core::BuildError>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Health {
    /// Each output, in the order in which they were set up.
    pub outputs: Vec<OutputHealth>,
    /// Why a configuration was refused that was to be in force, if that is so: what was said before it goes on.
    pub refused_configuration: Option<LastError>,
}

impl Health {
    /// How all of it is. It has failed when every output has: no record goes anywhere, and none will before the process is
    /// started anew. As long as one output takes records, it is degraded at worst: so it is with a configuration that was
    /// refused.
    pub fn condition(&self) -> Condition {
        let troubles = self.outputs.iter().filter_map(|output| Some((&output.name, output.condition.why()?)));
        let refused = self.refused_configuration.iter().map(|refused| format!("configuration: {}", refused.what));
        let troubles: Vec<String> = troubles.map(|(name, why)| format!("{name}: {why}")).chain(refused).collect();
        let has_failed = |output: &OutputHealth| matches!(output.condition, Condition::Failed(_));
        match troubles.join("; ") {
            why if why.is_empty() => Condition::Well,
            why if !self.outputs.is_empty() && self.outputs.iter().all(has_failed) => Condition::Failed(why),
            why => Condition::Degraded(why),
        }
    }

    /// The output of this name.
    pub fn output(&self, name: &str) -> Option<&OutputHealth> {
        self.outputs.iter().find(|output| output.name == name)
    }
}

impl Deref for Health {
    type Target = [OutputHealth];

    fn deref(&self) -> &[OutputHealth] {
        &self.outputs
    }
}

impl IntoIterator for Health {
    type Item = OutputHealth;
    type IntoIter = std::vec::IntoIter<OutputHealth>;

    fn into_iter(self) -> Self::IntoIter {
        self.outputs.into_iter()
    }
}

impl<'a> IntoIterator for &'a Health {
    type Item = &'a OutputHealth;
    type IntoIter = std::slice::Iter<'a, OutputHealth>;

    fn into_iter(self) -> Self::IntoIter {
        self.outputs.iter()
    }
}
