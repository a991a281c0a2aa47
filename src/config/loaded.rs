//! A configuration that was read: explained, built, and told of in the first record.

use crate::config::assemble;
use crate::config::detect::Detected;
use crate::config::error::ConfigError;
use crate::config::explain::Explanation;
use crate::config::node::Node;
use crate::config::open::OpenOutputs;
use crate::config::registry::Registry;
use hyperlog_core::{Builder, FieldSet, Level, Logger, Site, keys};
use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Adds to a builder what only the program can say.
pub(crate) type Completion = Arc<dyn Fn(Builder) -> Builder + Send + Sync>;

/// A configuration that was read and is well said.
pub struct Loaded {
    pub(crate) node: Node,
    pub(crate) registry: Arc<Registry>,
    pub(crate) completions: Vec<Completion>,
    pub(crate) detected: Detected,
    /// Where it was read from, if that is a file.
    pub(crate) file: Option<PathBuf>,
    /// What is said of metrics, and what counts requests if they are on.
    #[cfg(feature = "prometheus")]
    pub(crate) metrics: crate::config::metrics::Metrics,
    #[cfg(feature = "prometheus")]
    pub(crate) requests: Option<Arc<hyperlog_prometheus::Requests>>,
}

impl Loaded {
    /// What was seen of what the process runs in.
    pub fn detected(&self) -> &Detected {
        &self.detected
    }

    /// What is in force, and where each value comes from.
    pub fn explain(&self) -> Explanation {
        Explanation::of(&self.node)
    }

    /// A builder of loggers with all of it, to which more can be added. This opens the outputs.
    ///
    /// # Errors
    ///
    /// When an output cannot be opened.
    pub fn builder(&self) -> Result<Builder, ConfigError> {
        self.builder_beside(&mut OpenOutputs::default())
    }

    /// The same where some outputs are open already.
    pub(crate) fn builder_beside(&self, open: &mut OpenOutputs) -> Result<Builder, ConfigError> {
        let mut node = self.node.clone();
        node.take("preset");
        let builder = assemble::build(&node, &self.registry, &directory_of(self.file.as_deref()), open)?;
        Ok(self.completions.iter().fold(builder, |builder, complete| complete(builder)))
    }

    /// Counts requests where those of before are counted, since that is what is served.
    ///
    /// # Errors
    ///
    /// When something else is said of metrics.
    #[cfg(feature = "prometheus")]
    pub(crate) fn with_requests_of(self, before: &Loaded) -> Result<Loaded, ConfigError> {
        if self.metrics == before.metrics {
            return Ok(Loaded { requests: before.requests.clone(), ..self });
        }
        let what = "metrics are set up once, since they are served already: start the process anew";
        Err(ConfigError::new(what).below("metrics").placed_in(&self.node))
    }

    /// Whether the file is to be read anew when it has changed.
    pub(crate) fn is_reloaded(&self) -> bool {
        assemble::is_reloaded(&self.node)
    }

    /// What is logged of requests, for a layer or for all of them.
    ///
    /// # Errors
    ///
    /// None, of what was loaded: what cannot be is refused when it is read.
    #[cfg(feature = "http")]
    pub fn policy(&self) -> Result<hyperlog_core::http::Policy, ConfigError> {
        let mut node = self.node.clone();
        node.take("preset");
        let policy = assemble::policy(&node)?;
        #[cfg(feature = "prometheus")]
        if let Some(requests) = &self.requests {
            return Ok(policy.observe(requests.observer()));
        }
        Ok(policy)
    }

    /// The metrics of a logger that was built of this, and of the requests that go by its [policy](Loaded::policy). They show
    /// nothing where metrics are off.
    #[cfg(feature = "prometheus")]
    pub fn metrics(&self, logger: &Logger) -> hyperlog_prometheus::Metrics {
        use hyperlog_prometheus::{Metrics, Records};
        let all = |requests| Metrics::new().with(Records::of(logger)).with(Arc::clone(requests));
        self.requests.as_ref().map_or_else(Metrics::new, all)
    }

    /// The logger of the whole process, as it is said, and its policy about requests. The logger's first record tells what
    /// was seen, and what was chosen.
    ///
    /// # Errors
    ///
    /// When an output cannot be opened, outputs contradict each other, or there is a logger already.
    pub fn install(&self) -> Result<Logger, Box<dyn Error + Send + Sync>> {
        let logger = self.builder()?.install()?;
        #[cfg(feature = "http")]
        hyperlog_core::http::SharedPolicy::global().swap(self.policy()?);
        self.tell(&logger);
        Ok(logger)
    }

    /// Logs what was seen and what was chosen, and by whom.
    pub(crate) fn tell(&self, logger: &Logger) {
        let explanation = self.explain();
        let chosen = |path: &str| {
            let value = explanation.values().iter().find(|value| value.path == path)?;
            Some(format!("{} ({})", value.value, value.origin))
        };
        let outputs: Vec<String> = logger.health().into_iter().map(|output| output.name).collect();
        let mut fields = FieldSet::new();
        fields.add(keys::KIND, "setup").add("detected", self.detected.to_string().as_str());
        fields.add("preset", chosen("preset").as_deref().unwrap_or("none"));
        fields.add("levels", chosen("level").as_deref().unwrap_or("info (default)"));
        fields.add("outputs", outputs.join(", ").as_str());
        if let Some(file) = &self.file {
            fields.add("file", file.display().to_string().as_str());
        }
        tell(logger, Level::INFO, "logging is set up", &fields);
    }
}

/// Logs what becomes of a configuration.
pub(crate) fn tell(logger: &Logger, level: Level, text: &'static str, fields: &FieldSet) {
    let site = Site { level, target: "hyperlog", module: None, file: None, line: None, template: text, keys: &[] };
    logger.log_from(&site, format_args!("{text}"), fields);
}

impl fmt::Debug for Loaded {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Loaded").field("file", &self.file).finish_non_exhaustive()
    }
}

/// Where relative paths begin: with the file, or where the process is.
pub(crate) fn directory_of(file: Option<&Path>) -> PathBuf {
    file.and_then(Path::parent).map(Path::to_owned).unwrap_or_default()
}
