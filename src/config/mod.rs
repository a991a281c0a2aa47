//! Set up by a file, by variables of the environment, and by the program, one over the other.
//!
//! | what | says it by |
//! |---|---|
//! | what the process runs in | being there: Kubernetes, Docker, Lambda and others, unless `detect = "off"` |
//! | a preset | its name: `preset = "production"`, `HYPERLOG_PRESET`, or [`Config::preset`] |
//! | a file | TOML, YAML or JSON: [`Config::file`], or `HYPERLOG_CONFIG` |
//! | the environment | `HYPERLOG_` and the key, with two underscores for each dot: `HYPERLOG_OUTPUTS__CONSOLE__FORMAT` |
//! | the program | [`Config::set`] |
//!
//! What comes later in this list goes before what comes earlier. A key that is not known is an error, and so is a value of
//! another type: nothing is corrected in silence.
//!
//! ```
//! use hyperlog::config::Config;
//! use hyperlog::info;
//!
//! let config = Config::new().preset("production").set("identity.service", "shop").without_environment().load()?;
//! println!("{}", config.explain());
//! let logger = config.builder()?.build()?;
//! info!(logger: logger, "ready");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod assemble;
mod detect;
mod env;
mod error;
mod explain;
#[cfg(feature = "http")]
mod http;
mod json_schema;
mod kinds;
mod live;
mod load;
mod loaded;
#[cfg(feature = "prometheus")]
mod metrics;
mod node;
mod open;
mod output;
mod preset;
mod quantity;
mod reader;
mod registry;
mod schema;
mod secret;
mod watch;

pub use crate::config::detect::Detected;
pub use crate::config::error::ConfigError;
pub use crate::config::explain::{ExplainedValue, Explanation};
pub use crate::config::live::{Live, Reload};
pub use crate::config::loaded::Loaded;
pub use crate::config::node::Origin;
pub use crate::config::registry::{Opened, Registry, Surroundings};
pub use crate::config::secret::Secret;

use crate::config::error::instead;
use crate::config::live::Whose;
use crate::config::loaded::{Completion, directory_of};
use crate::config::node::{Node, Value};
use crate::config::preset::Presets;
use crate::config::schema::Switch;
use hyperlog_core::Builder;
use std::error::Error;
use std::fmt;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where a configuration comes from.
#[must_use = "nothing is read before `load`"]
pub struct Config {
    preset: Option<String>,
    file: Option<PathBuf>,
    prefix: Option<String>,
    code: Node,
    presets: Presets,
    registry: Arc<Registry>,
    completions: Vec<Completion>,
}

impl Config {
    /// From the environment, and the file that it names, if it does.
    pub fn new() -> Config {
        Config {
            preset: None,
            file: None,
            prefix: Some(env::PREFIX.to_owned()),
            code: Node::table(Origin::Code),
            presets: Presets::ours(),
            registry: Arc::new(Registry::new()),
            completions: Vec::new(),
        }
    }

    /// Over the preset of this name, whatever the file and the environment say of presets.
    pub fn preset(mut self, name: &str) -> Config {
        self.preset = Some(name.to_owned());
        self
    }

    /// From this file, unless the environment names another.
    pub fn file(mut self, path: impl Into<PathBuf>) -> Config {
        self.file = Some(path.into());
        self
    }

    /// From variables that begin with this and an underscore, instead of `HYPERLOG_`.
    pub fn prefix(mut self, prefix: &str) -> Config {
        self.prefix = Some(prefix.to_owned());
        self
    }

    /// Whatever the environment says, or shows.
    pub fn without_environment(mut self) -> Config {
        self.prefix = None;
        self
    }

    /// Says something in the program, which goes before all else: the keys that lead to it, and the value as a variable
    /// would say it.
    ///
    /// ```
    /// use hyperlog::config::Config;
    ///
    /// let config = Config::new().set("level", "debug").set("outputs.console.kind", "console").load()?;
    /// # Ok::<(), hyperlog::config::ConfigError>(())
    /// ```
    pub fn set(mut self, path: &str, value: impl fmt::Display) -> Config {
        let path: Vec<&str> = path.split('.').collect();
        self.code.put(&path, Node::new(Origin::Code, Value::Word(value.to_string())));
        self
    }

    /// Gives a configuration in TOML a name, under which it is a preset.
    pub fn register_preset(mut self, name: &str, toml: &str) -> Config {
        self.presets.add(name, toml);
        self
    }

    /// With kinds of outputs and formats, and with hooks, that others bring.
    pub fn registry(mut self, registry: Registry) -> Config {
        self.registry = Arc::new(registry);
        self
    }

    /// Adds what only the program can say, to each builder that is made: at first, and whenever the file has changed.
    ///
    /// ```
    /// use hyperlog::Hook;
    /// use hyperlog::config::Config;
    ///
    /// let hook = Hook::enrich(|draft| drop(draft.add("rack", 7)));
    /// let config = Config::new().complete(move |builder| builder.hook(hook.clone()));
    /// # let _ = config;
    /// ```
    pub fn complete(mut self, complete: impl Fn(Builder) -> Builder + Send + Sync + 'static) -> Config {
        self.completions.push(Arc::new(complete));
        self
    }

    /// What may be said, as a JSON Schema, with which editors complete and check a file.
    ///
    /// ```
    /// use hyperlog::config::Config;
    ///
    /// let schema = Config::new().schema();
    /// assert!(schema["properties"]["outputs"].is_object());
    /// ```
    pub fn schema(&self) -> serde_json::Value {
        json_schema::of(&self.registry, &self.presets.names())
    }

    /// Reads all that is said, and checks it. Nothing is opened yet.
    ///
    /// # Errors
    ///
    /// When something cannot be read, is not known, or is of another type than it has to be.
    pub fn load(&self) -> Result<Loaded, ConfigError> {
        // What is no text cannot be meant for us.
        let variables = || {
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        };
        self.load_from(variables().collect(), Path::exists, std::io::stdout().is_terminal())
    }

    /// Sets the logger of the process up, and what is logged of requests, and does so anew whenever the file has changed.
    ///
    /// # Errors
    ///
    /// When what is said cannot be done, or there is a logger already.
    pub fn install(self) -> Result<Live, Box<dyn Error + Send + Sync>> {
        Live::begin(self, Whose::Process)
    }

    /// The same for a logger of its own, beside any other.
    ///
    /// # Errors
    ///
    /// When what is said cannot be done.
    pub fn build(self) -> Result<Live, Box<dyn Error + Send + Sync>> {
        Live::begin(self, Whose::Own)
    }

    fn load_from(
        &self,
        variables: Vec<(String, String)>,
        is_there: impl Fn(&Path) -> bool,
        is_looked_at: bool,
    ) -> Result<Loaded, ConfigError> {
        let mut environment = Node::table(Origin::Default);
        let mut path = self.file.clone();
        if let Some(prefix) = &self.prefix {
            environment = env::layer(prefix, variables.iter().cloned());
            let named = format!("{prefix}_{}", env::FILE);
            if let Some((_, value)) = variables.iter().find(|(name, value)| *name == named && !value.is_empty()) {
                path = Some(PathBuf::from(value));
            }
        }
        let mut file = match &path {
            Some(path) => load::file(path)?,
            None => Node::table(Origin::Default),
        };
        let mut code = self.code.clone();
        let (detected, seen) = match self.prefix.is_some() && !is_off([&code, &environment, &file], "detect")? {
            true => {
                let variable =
                    |name: &str| variables.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
                let detected = Detected::look(variable, is_there);
                let layer = detected.layer(variable);
                (detected, layer)
            }
            false => (Detected::default(), Node::table(Origin::Default)),
        };
        let named = [file.take("preset"), environment.take("preset"), code.take("preset")];
        let named = named.into_iter().flatten().next_back();
        let by_code = self.preset.clone().map(|name| Node::new(Origin::Code, Value::Word(name)));
        let named = by_code.or(named);
        let named = named.or_else(|| {
            // Whoever works in a container looks at lines for people, as anywhere.
            let (name, origin) = detected.preset().filter(|_| !is_looked_at)?;
            Some(Node::new(origin, Value::Text(name.to_owned())))
        });
        let preset = match &named {
            Some(named) => preset_of(named, &self.presets)?,
            None => Node::table(Origin::Default),
        };
        let mut node = seen;
        for layer in [preset, file, environment, code] {
            node.lay(layer);
        }
        assemble::check(&node, &self.registry, &directory_of(path.as_deref()))?;
        #[cfg(feature = "prometheus")]
        let metrics = assemble::metrics(&node)?;
        if let Some(named) = named {
            node.put(&["preset"], named);
        }
        let (registry, completions) = (Arc::clone(&self.registry), self.completions.clone());
        Ok(Loaded {
            node,
            registry,
            completions,
            detected,
            file: path,
            #[cfg(feature = "prometheus")]
            requests: metrics.requests(),
            #[cfg(feature = "prometheus")]
            metrics,
        })
    }
}

/// Whether the first of these that says anything about it switches something off.
fn is_off(layers: [&Node; 3], key: &str) -> Result<bool, ConfigError> {
    let said = layers.into_iter().find_map(|layer| layer.get(key));
    said.map_or(Ok(false), |node| {
        let switch: Switch = reader::read(node).map_err(|error: ConfigError| error.below(key))?;
        Ok(switch == Switch::Off)
    })
}

fn preset_of(named: &Node, presets: &Presets) -> Result<Node, ConfigError> {
    let error = |what: String| ConfigError::new(what).at(&named.origin).below("preset");
    let name = match &named.value {
        Value::Text(name) | Value::Word(name) => name,
        other => return Err(error(format!("this is {}, and has to be the name of a preset", other.kind()))),
    };
    presets
        .layer(name)
        .unwrap_or_else(|| Err(error(format!("there is no such preset{}", instead(name, &presets.names())))))
}

impl Default for Config {
    fn default() -> Config {
        Config::new()
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Config")
            .field("preset", &self.preset)
            .field("file", &self.file)
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_seen_names_the_preset_unless_somebody_looks_at_the_output() {
        let preset = |is_looked_at| {
            let is_there = |path: &Path| path == Path::new("/.dockerenv");
            let loaded = Config::new().load_from(Vec::new(), is_there, is_looked_at).unwrap();
            assert_eq!(loaded.detected().to_string(), "docker (by /.dockerenv)");
            loaded.explain().values().iter().find(|value| value.path == "preset").map(|value| value.value.clone())
        };
        assert_eq!(preset(false).as_deref(), Some("production"));
        assert_eq!(preset(true), None);
    }
}
