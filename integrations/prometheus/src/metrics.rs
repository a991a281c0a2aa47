//! What one endpoint shows: the metrics of hyperlog, and those of the application beside them.

use crate::format::Format;
use hyperlog_core::report_fault;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{prometheus_text, text};
use prometheus_client::registry::Registry;
use std::fmt;
use std::sync::Arc;

/// What one endpoint shows. Clones show the same.
///
/// ```
/// use hyperlog_core::{Json, Logger, Memory, Output, info};
/// use hyperlog_prometheus::{Format, Metrics, Records};
///
/// let output = Output::new(Json::new(), Memory::new()).name("all");
/// let logger = Logger::builder().output(output).build()?;
/// let metrics = Metrics::new().with(Records::of(&logger));
/// info!(logger: logger, "ready");
///
/// let shown = metrics.render(Format::Text).unwrap();
/// assert_eq!(shown.content_type, "text/plain; version=0.0.4; charset=utf-8");
/// assert!(shown.body.contains(r#"hyperlog_records_written_total{output="all",level="info"} 1"#));
/// # Ok::<(), hyperlog_core::BuildError>(())
/// ```
#[derive(Clone, Default)]
pub struct Metrics {
    registries: Vec<Arc<Registry>>,
}

/// Metrics as a scraper reads them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exposition {
    /// For the header of that name.
    pub content_type: &'static str,
    /// The text.
    pub body: String,
}

impl Metrics {
    /// Shows nothing: what to serve where metrics are switched off.
    pub fn new() -> Metrics {
        Metrics::default()
    }

    /// Shows what is collected so, too. Nothing may be collected twice: a scraper takes no metric twice.
    #[must_use]
    pub fn with(self, collector: impl Collector) -> Metrics {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(collector));
        self.registry(registry)
    }

    /// Shows the metrics of an application's own registry, too.
    #[must_use]
    pub fn registry(mut self, registry: impl Into<Arc<Registry>>) -> Metrics {
        self.registries.push(registry.into());
        self
    }

    /// How all is right now. None if there is nothing to show, which HTTP answers by 204.
    pub fn render(&self, format: Format) -> Option<Exposition> {
        let mut body = String::new();
        let written = self.registries.iter().try_for_each(|registry| match format {
            Format::Text => prometheus_text::encode(&mut body, registry),
            Format::OpenMetrics => text::encode_registry(&mut body, registry),
        });
        if written.is_err() {
            // Half of the metrics would look like a restart.
            report_fault("prometheus", format_args!("a collector of metrics failed: none are shown"));
            return None;
        }
        if body.is_empty() {
            return None;
        }
        if format == Format::OpenMetrics {
            body.push_str("# EOF\n");
        }
        Some(Exposition { content_type: format.content_type(), body })
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Metrics").field("registries", &self.registries.len()).finish_non_exhaustive()
    }
}
