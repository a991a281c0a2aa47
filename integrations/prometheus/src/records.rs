//! What became of a logger's records, by output and class of level.

use crate::family::{Families, NO_LABELS};
use crate::output_label::output_labels;
use hyperlog_core::{Condition, Level, LevelCounts, Logger, OutputHealth, fault_count};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use std::fmt;

/// What became of a logger's records: [`Logger::health`] at the moment of each scrape.
///
/// It holds the logger, as a clone does.
#[derive(Debug)]
pub struct Records {
    logger: Logger,
}

impl Records {
    /// Of this logger. Clones and children of it have the same outputs.
    pub fn of(logger: &Logger) -> Records {
        Records { logger: logger.clone() }
    }
}

/// The classes, by the label of each.
const CLASSES: [(&str, Level); 6] = [
    ("trace", Level::TRACE),
    ("debug", Level::DEBUG),
    ("info", Level::INFO),
    ("warn", Level::WARN),
    ("error", Level::ERROR),
    ("fatal", Level::FATAL),
];

impl Collector for Records {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let health = self.logger.health();
        let labels = output_labels(health.iter().map(|output| &*output.name));
        let outputs: Vec<(&str, &OutputHealth)> = labels.iter().map(String::as_str).zip(&health).collect();
        let by_level = |select: fn(&OutputHealth) -> &LevelCounts| {
            outputs.iter().flat_map(move |(name, output)| {
                let counts = select(output);
                CLASSES.map(|(class, level)| ([("output", *name), ("level", class)], counts.of(level)))
            })
        };
        let by_output = |select: fn(&OutputHealth) -> u64| {
            outputs.iter().map(move |(name, output)| ([("output", *name)], select(output)))
        };
        let dropped = outputs.iter().flat_map(|(name, output)| {
            output.dropped.iter().flat_map(move |(reason, counts)| {
                let labels = |class| [("output", *name), ("reason", reason.name()), ("level", class)];
                CLASSES.map(|(class, level)| (labels(class), counts.of(level)))
            })
        });

        let mut families = Families::new(encoder);
        families.counter("hyperlog_records_accepted", "Records that passed the level of the output.", {
            by_level(|output| &output.accepted)
        })?;
        families.counter("hyperlog_records_written", "Records that have left.", by_level(|output| &output.written))?;
        families.counter("hyperlog_records_dropped", "Records that were lost, by reason.", dropped)?;
        families.gauge("hyperlog_records_pending", "Records that wait in a queue or are being delivered.", {
            by_level(|output| &output.pending)
        })?;
        families.counter("hyperlog_records_cut", "Records that were cut to fit.", by_output(|output| output.cut))?;
        families.gauge("hyperlog_output_up", "Whether the output takes records at all.", by_output(is_up))?;
        families.gauge("hyperlog_output_degraded", "Whether the output works, and loses something or will.", {
            by_output(is_degraded)
        })?;
        families.gauge(
            "hyperlog_output_floor_severity",
            "The least severe level that is taken, on OpenTelemetry's scale of 1 to 24; 0 where all are.",
            by_output(|output| output.floor.map_or(0, |floor| floor.severity().into())),
        )?;
        let faults = [(NO_LABELS, fault_count().into())];
        families.counter("hyperlog_faults", "Troubles of hyperlog itself in this process, told or not.", faults)
    }
}

fn is_up(output: &OutputHealth) -> u64 {
    u64::from(!matches!(output.condition, Condition::Failed(_)))
}

fn is_degraded(output: &OutputHealth) -> u64 {
    u64::from(matches!(output.condition, Condition::Degraded(_)))
}
