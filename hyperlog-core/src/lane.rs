//! Which records go to which output: by target, level, field or a rule of the user's; to whom nobody else takes, and to
//! whoever steps in where another loses them.
//!
//! A lane is asked once for each record, before anything is encoded, and sees values as redaction leaves them.

use crate::contain::contain;
use crate::fault;
use crate::filter::directive::LevelFilter;
use crate::level::Level;
use crate::record::Record;
use std::fmt;
use std::sync::Arc;

/// Which records go to an output.
///
/// ```
/// use hyperlog_core::{Json, Lane, Logger, Memory, Output, info};
///
/// let (billing, acme, rest) = (Memory::new(), Memory::new(), Memory::new());
/// let logger = Logger::builder()
///     .output(Output::new(Json::new(), billing.clone()).lane(Lane::target("billing")))
///     .output(Output::new(Json::new(), acme.clone()).lane(Lane::field("tenant", "acme")))
///     .output(Output::new(Json::new(), rest.clone()).lane(Lane::rest()))
///     .build()?;
///
/// info!(logger: logger, target: "billing::cards", tenant = "acme", "paid");
/// info!(logger: logger, "ready");
///
/// assert_eq!((billing.len(), acme.len(), rest.len()), (1, 1, 1));
/// # Ok::<(), hyperlog_core::BuildError>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct Lane(Way);

#[derive(Clone)]
enum Way {
    Takes(Rule),
    Rest,
    InsteadOf(Arc<str>),
}

type Rule = Arc<dyn Fn(&Record<'_>) -> bool + Send + Sync>;

impl Lane {
    fn takes(rule: impl Fn(&Record<'_>) -> bool + Send + Sync + 'static) -> Lane {
        Lane(Way::Takes(Arc::new(rule)))
    }

    /// Records of this target, and of whatever is inside it: `billing` and `billing::cards`, not `billings`.
    pub fn target(target: impl Into<String>) -> Lane {
        let target = target.into();
        Lane::takes(move |record| {
            record.target().strip_prefix(&*target).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
        })
    }

    /// Records of these levels: from one on, and less severe than another.
    pub fn levels(from: Level, below: Level) -> Lane {
        Lane::takes(move |record| (from..below).contains(&record.level()))
    }

    /// Records that have a field of this name, bound or given, that shows this text.
    pub fn field(name: impl Into<String>, text: impl Into<String>) -> Lane {
        let (name, text) = (name.into(), text.into());
        Lane::takes(move |record| record.value_text(&name).is_some_and(|shown| shown == text))
    }

    /// Records for which this is true. One over which it panics goes on as if it were not.
    pub fn when(rule: impl Fn(&Record<'_>) -> bool + Send + Sync + 'static) -> Lane {
        Lane::takes(move |record| {
            contain(|| rule(record)).unwrap_or_else(|| {
                fault::report("lane", format_args!("its rule panicked, and the record goes elsewhere"));
                false
            })
        })
    }

    /// Records that no output takes which has a lane of another kind.
    pub fn rest() -> Lane {
        Lane(Way::Rest)
    }

    /// Records that the output of this name loses as they are logged: its queue is full or closed, its disk fails. A
    /// record that a flight recorder held is given on only if the two outputs have the same encoder.
    pub fn instead_of(name: impl Into<Arc<str>>) -> Lane {
        Lane(Way::InsteadOf(name.into()))
    }

    /// Records that go both ways. Of [`Lane::rest`] and [`Lane::instead_of`] only the first counts.
    pub fn and(self, other: Lane) -> Lane {
        self.join(other, |first, second| Lane::takes(move |record| first(record) && second(record)))
    }

    /// Records that go either way. Of [`Lane::rest`] and [`Lane::instead_of`] only the first counts.
    pub fn or(self, other: Lane) -> Lane {
        self.join(other, |first, second| Lane::takes(move |record| first(record) || second(record)))
    }

    fn join(self, other: Lane, join: impl FnOnce(Rule, Rule) -> Lane) -> Lane {
        match (self.0, other.0) {
            (Way::Takes(first), Way::Takes(second)) => join(first, second),
            (first, _) => Lane(first),
        }
    }
}

impl fmt::Debug for Lane {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Way::Takes(_) => formatter.write_str("Lane"),
            Way::Rest => formatter.write_str("Lane::rest"),
            Way::InsteadOf(name) => write!(formatter, "Lane::instead_of({name:?})"),
        }
    }
}

/// Some of a logger's outputs: a bit for each, in their order.
pub(crate) type Outputs = u64;

/// All of them.
pub(crate) const ALL: Outputs = Outputs::MAX;

/// What each output of a logger takes.
pub(crate) struct Lanes(Vec<Turn>);

struct Turn {
    level: LevelFilter,
    way: Option<Way>,
    /// The output that it stands in for.
    instead_of: Outputs,
}

impl Lanes {
    /// None if every output takes what there is. An error is the name of an output that there is none of.
    pub(crate) fn new<'o>(
        outputs: impl Iterator<Item = (&'o str, LevelFilter, Option<&'o Lane>)> + Clone,
    ) -> Result<Option<Lanes>, String> {
        if outputs.clone().all(|(_, _, lane)| lane.is_none()) {
            return Ok(None);
        }
        let turns = outputs.clone().map(|(name, level, lane)| {
            let way = lane.map(|lane| lane.0.clone());
            let instead_of = match &way {
                Some(Way::InsteadOf(other)) => match outputs.clone().position(|(known, ..)| known == &**other) {
                    Some(index) if **other != *name => 1 << index,
                    _ => return Err(other.to_string()),
                },
                _ => 0,
            };
            Ok(Turn { level, way, instead_of })
        });
        turns.collect::<Result<Vec<Turn>, String>>().map(|turns| Some(Lanes(turns)))
    }

    /// Where a record goes.
    pub(crate) fn of(&self, record: &Record<'_>) -> Outputs {
        let (mut outputs, mut rest, mut is_taken) = (0, 0, false);
        for (index, turn) in self.0.iter().enumerate().filter(|(_, turn)| turn.level.allows(record.level())) {
            let bit: Outputs = 1 << index;
            match &turn.way {
                None => outputs |= bit,
                Some(Way::Takes(rule)) if rule(record) => (outputs, is_taken) = (outputs | bit, true),
                Some(Way::Takes(_) | Way::InsteadOf(_)) => {}
                Some(Way::Rest) => rest |= bit,
            }
        }
        if is_taken { outputs } else { outputs | rest }
    }

    /// Who steps in for those that lost a record.
    #[cold]
    pub(crate) fn instead_of(&self, lost: Outputs) -> Outputs {
        let bits = self.0.iter().enumerate().filter(|(_, turn)| turn.instead_of & lost != 0);
        bits.fold(0, |outputs, (index, _)| outputs | 1 << index)
    }
}
