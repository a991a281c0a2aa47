//! What became of a logger's records, by output and class of level, and how their deliveries are getting on.

use crate::deliveries;
use crate::family::{Families, NO_LABELS};
use crate::output_label::output_labels;
use hyperlog_core::{Condition, DeliveryHealth, Level, LevelCounts, Logger, OutputHealth, fault_count};
use hyperlog_delivery::Handle;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use std::fmt;
use std::time::SystemTime;

/// What became of a logger's records, and how its outputs are: [`Logger::health`] at the moment of each scrape.
///
/// It holds the logger, as a clone does.
///
/// ```
/// use hyperlog_core::{Json, Logger, Output, info};
/// use hyperlog_delivery::Exporter;
/// use hyperlog_prometheus::{Format, Metrics, Records};
/// # use hyperlog_delivery::{Backend, Batch, Reply};
/// # struct Void;
/// # impl Backend for Void { fn deliver(&mut self, _: &Batch<'_>) -> Reply { Reply::Delivered } }
///
/// let sink = Exporter::new(Void).start()?;
/// let logger = Logger::builder().output(Output::new(Json::new(), sink).name("void")).build()?;
/// info!(logger: logger, "ready");
///
/// let text = Metrics::new().with(Records::of(&logger)).render(Format::Text).unwrap().body;
/// assert!(text.contains(r#"hyperlog_records_accepted_total{output="void",level="info"} 1"#));
/// assert!(text.contains(r#"hyperlog_delivery_breaker{output="void",state="closed"} 1.0"#));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Records {
    logger: Logger,
    queues: Vec<Handle>,
}

impl Records {
    /// Of this logger. Clones and children of it have the same outputs.
    pub fn of(logger: &Logger) -> Records {
        Records { logger: logger.clone(), queues: Vec::new() }
    }

    /// Shows a queue that is behind no output of the logger too: one of a hook, of an output of another logger.
    #[must_use]
    pub fn queue(mut self, handle: Handle) -> Records {
        self.queues.push(handle);
        self
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
        let queues: Vec<DeliveryHealth> = self.queues.iter().map(Handle::health).collect();
        let names = health.iter().map(|output| &*output.name);
        let labels = output_labels(names.chain(queues.iter().map(|queue| &*queue.name)));
        let outputs: Vec<(&str, &OutputHealth)> = labels.iter().map(String::as_str).zip(&health).collect();
        let of_outputs = outputs.iter().filter_map(|(name, output)| Some((*name, output.delivery.as_ref()?)));
        let of_queues = labels.iter().skip(health.len()).map(String::as_str).zip(&queues);
        let deliveries: Vec<(&str, &DeliveryHealth)> = of_outputs.chain(of_queues).collect();
        let by_level = |select: fn(&OutputHealth) -> &LevelCounts| {
            outputs.iter().flat_map(move |(name, output)| {
                let counts = select(output);
                CLASSES.map(|(class, level)| ([("output", *name), ("level", class)], counts.of(level)))
            })
        };
        let pending = outputs.iter().flat_map(|(name, output)| {
            CLASSES.map(|(class, level)| ([("output", *name), ("level", class)], output.pending.of(level) as f64))
        });
        let by_output = |select: fn(&OutputHealth) -> f64| {
            outputs.iter().map(move |(name, output)| ([("output", *name)], select(output)))
        };
        let cut = outputs.iter().map(|(name, output)| ([("output", *name)], output.cut));
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
        families.gauge("hyperlog_records_pending", "Records that wait in a queue or are being delivered.", pending)?;
        families.counter("hyperlog_records_cut", "Records that were cut to fit.", cut)?;
        families.gauge("hyperlog_output_up", "Whether the output takes records at all.", by_output(is_up))?;
        families.gauge("hyperlog_output_degraded", "Whether the output works, and loses something or will.", {
            by_output(is_degraded)
        })?;
        families.gauge(
            "hyperlog_output_floor_severity",
            "The least severe level that is taken, on OpenTelemetry's scale of 1 to 24; 0 where all are.",
            by_output(|output| output.floor.map_or(0.0, |floor| floor.severity().into())),
        )?;
        families.gauge(
            "hyperlog_output_last_error_timestamp_seconds",
            "When something went wrong last, in seconds since 1970; 0 where nothing has.",
            by_output(last_error),
        )?;
        let refused = [(NO_LABELS, f64::from(health.refused_configuration.is_some()))];
        families.gauge(
            "hyperlog_configuration_refused",
            "1 while a configuration that was to be in force is not.",
            refused,
        )?;
        let faults = [(NO_LABELS, u64::from(fault_count()))];
        families.counter("hyperlog_faults", "Troubles of hyperlog itself in this process, told or not.", faults)?;
        match deliveries.is_empty() {
            true => Ok(()),
            false => deliveries::encode(&deliveries, &mut families),
        }
    }
}

fn is_up(output: &OutputHealth) -> f64 {
    f64::from(!matches!(output.condition, Condition::Failed(_)))
}

fn is_degraded(output: &OutputHealth) -> f64 {
    f64::from(matches!(output.condition, Condition::Degraded(_)))
}

fn last_error(output: &OutputHealth) -> f64 {
    let at = output.last_error.as_ref().and_then(|error| SystemTime::now().checked_sub(error.ago));
    at.and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok()).map_or(0.0, |at| at.as_secs_f64())
}
