//! What may be said about the queue of an output.

use crate::config::quantity::{Bytes, Time};
use crate::config::schema::LevelName;
use hyperlog_delivery::{Errors, Exporter, Ladder, Promise, Retry, WhenFull};
use schemars::JsonSchema;

/// How records wait for an output that is slower than memory.
#[derive(Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Queue {
    /// The most that waits. 8 MiB if nothing is said.
    capacity: Option<Bytes>,
    /// How much of it is for errors alone. An eighth if nothing is said.
    reserve: Option<Bytes>,
    /// From how full on only what matters more is taken.
    ladder: Vec<Rung>,
    /// What becomes of a record for which there is no room. `shed_lowest` if nothing is said.
    when_full: Option<Full>,
    /// What is true of a record once the call that logged it has returned. `best_effort` if nothing is said.
    promise: Option<Promised>,
    /// Whether a call that logs an error waits until it has left.
    errors: Option<OnError>,
    /// How long a call waits for what is promised. 5 s if nothing is said.
    patience: Option<Time>,
    /// How a failed delivery is tried again.
    retry: Option<Again>,
    /// How long closing takes at most where nobody says. 10 s if nothing is said.
    close_within: Option<Time>,
}

/// Where so many percent of the capacity are taken, only this level and what is more severe finds room.
#[derive(serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Rung {
    /// The percentage, from 1 to 100.
    percent: u8,
    /// The least severe level that is taken from there on.
    least: LevelName,
}

#[derive(serde::Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Full {
    /// The least severe of what waits is let go of.
    ShedLowest,
    /// The record is lost.
    DropNewest,
    /// What has waited longest is let go of.
    DropOldest,
    /// The caller waits for room, at most this long.
    Block(Time),
    /// The caller delivers what waits.
    WriteThrough,
}

#[derive(serde::Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Promised {
    /// It is in the queue.
    BestEffort,
    /// It has been delivered.
    Flushed,
    /// It has been delivered and synced.
    Durable,
}

#[derive(serde::Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum OnError {
    /// It does not.
    Queued,
    /// It does, so long and so often in a second at most.
    WrittenThrough {
        /// How long one call waits at most.
        bound: Time,
        /// How many calls wait in a second at most.
        per_second: u32,
    },
}

/// How a failed delivery is tried again.
#[derive(serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
struct Again {
    /// The most that the first pause takes. 250 ms if nothing is said.
    first: Option<Time>,
    /// The most that any pause takes. 30 s if nothing is said.
    longest: Option<Time>,
    /// After how long a batch is given up. 5 m if nothing is said.
    give_up_after: Option<Time>,
}

impl Queue {
    /// Sets an output up as it is said here, and leaves the rest as it is.
    pub(crate) fn over(self, mut exporter: Exporter) -> Exporter {
        if let Some(capacity) = self.capacity {
            exporter = exporter.capacity(capacity.in_memory());
        }
        if let Some(reserve) = self.reserve {
            exporter = exporter.reserve(reserve.in_memory());
        }
        if !self.ladder.is_empty() {
            let ladder = self.ladder.iter().fold(Ladder::new(), |ladder, rung| ladder.from(rung.percent, rung.least.0));
            exporter = exporter.ladder(ladder);
        }
        if let Some(full) = self.when_full {
            exporter = exporter.when_full(match full {
                Full::ShedLowest => WhenFull::ShedLowest,
                Full::DropNewest => WhenFull::DropNewest,
                Full::DropOldest => WhenFull::DropOldest,
                Full::Block(time) => WhenFull::Block(time.0),
                Full::WriteThrough => WhenFull::WriteThrough,
            });
        }
        if let Some(promised) = self.promise {
            exporter = exporter.promise(match promised {
                Promised::BestEffort => Promise::BestEffort,
                Promised::Flushed => Promise::Flushed,
                Promised::Durable => Promise::Durable,
            });
        }
        if let Some(errors) = self.errors {
            exporter = exporter.errors(match errors {
                OnError::Queued => Errors::Queued,
                OnError::WrittenThrough { bound, per_second } => Errors::WrittenThrough { bound: bound.0, per_second },
            });
        }
        if let Some(patience) = self.patience {
            exporter = exporter.patience(patience.0);
        }
        if let Some(again) = self.retry {
            exporter = exporter.retry(again.retry());
        }
        if let Some(time) = self.close_within {
            exporter = exporter.close_within(time.0);
        }
        exporter
    }
}

impl Again {
    fn retry(self) -> Retry {
        let mut retry = Retry::new();
        if let Some(first) = self.first {
            retry = retry.first(first.0);
        }
        if let Some(longest) = self.longest {
            retry = retry.longest(longest.0);
        }
        if let Some(time) = self.give_up_after {
            retry = retry.give_up_after(time.0);
        }
        retry
    }
}
