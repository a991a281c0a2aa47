//! The kinds of outputs and formats, and the hooks, by name: ours, and those that others bring.
//!
//! A kind is a type that says what may be written about it, and a function that makes of it what does the work. A crate
//! that brings one need not know this one: its settings are plain data.

use crate::config::error::{ConfigError, instead};
use crate::config::node::{Node, Value};
use crate::config::reader;
use hyperlog_core::{Console, Encode, Hook, Sink};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};

/// The kinds of outputs and formats, and the hooks, that a configuration may name.
///
/// ```
/// use hyperlog::config::{Opened, Registry};
/// use hyperlog::Null;
///
/// /// What may be said about an output of this kind.
/// #[derive(serde::Deserialize, schemars::JsonSchema)]
/// #[serde(deny_unknown_fields)]
/// struct Nowhere {}
///
/// let registry = Registry::new().output("nowhere", |_: Nowhere, _| Ok(Opened::sink(Null)));
/// # let _ = registry;
/// ```
pub struct Registry {
    outputs: BTreeMap<String, Kind<Opened>>,
    formats: BTreeMap<String, Kind<Box<dyn Encode>>>,
    hooks: BTreeMap<String, Hook>,
}

/// How something of a kind is made, and what may be said about it.
struct Kind<T> {
    make: Box<Make<T>>,
    /// Whether it can be made of what is written, as far as that is known before anything is opened.
    check: Box<Make<()>>,
    schema: fn(&mut SchemaGenerator) -> Schema,
    /// The file that it writes to, if there is one.
    file: Box<FileOf>,
}

/// A file that an output writes to.
pub(crate) struct Target {
    pub(crate) path: PathBuf,
    /// Whether others may as well.
    pub(crate) is_shared: bool,
}

type FileOf = dyn Fn(&Node) -> Option<Target> + Send + Sync;
type Make<T> = dyn Fn(&Node, &Surroundings) -> Result<T, ConfigError> + Send + Sync;

/// What an output of some kind came to.
pub struct Opened(pub(crate) Way);

pub(crate) enum Way {
    Sink(Box<dyn Sink>),
    /// A stream, which is written to as it is or from a queue.
    Console(Console),
    #[cfg(feature = "delivery")]
    Exporter(Box<hyperlog_delivery::Exporter>),
}

impl Opened {
    /// A sink that is written to as it is.
    pub fn sink(sink: impl Sink) -> Opened {
        Opened(Way::Sink(Box::new(sink)))
    }

    /// A queue that is yet to be started: the table `queue` of the output is about it.
    #[cfg(feature = "delivery")]
    pub fn exporter(exporter: hyperlog_delivery::Exporter) -> Opened {
        Opened(Way::Exporter(Box::new(exporter)))
    }
}

impl fmt::Debug for Opened {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Opened")
    }
}

/// What whoever makes an output or a format may want to know.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Surroundings {
    /// The name of the output.
    pub name: String,
    /// The directory of the configuration, to which relative paths lead.
    pub directory: PathBuf,
    /// Whether it takes the place of an output that is closed once this one is there: what only one can have, such as a
    /// file, it has to wait for.
    pub is_in_place: bool,
}

impl Surroundings {
    pub(crate) fn new(name: &str, directory: &Path) -> Surroundings {
        Surroundings { name: name.to_owned(), directory: directory.to_owned(), is_in_place: false }
    }

    /// A path of the configuration: as it is if it is absolute, otherwise within its directory.
    ///
    /// # Errors
    ///
    /// When it goes up with `..`, or is no path at all.
    pub fn path(&self, path: &Path) -> Result<PathBuf, ConfigError> {
        use std::path::Component;
        if path.as_os_str().is_empty() || path.as_os_str().as_encoded_bytes().contains(&0) {
            return Err(ConfigError::new("this is no path"));
        }
        if path.components().any(|component| component == Component::ParentDir) {
            return Err(ConfigError::new("this path goes up with `..`: write where it leads"));
        }
        Ok(self.directory.join(path))
    }
}

impl Registry {
    /// No kinds at all.
    pub(crate) fn empty() -> Registry {
        Registry { outputs: BTreeMap::new(), formats: BTreeMap::new(), hooks: BTreeMap::new() }
    }

    /// Adds a kind of outputs, or replaces the one of this name.
    #[must_use]
    pub fn output<S: DeserializeOwned + JsonSchema>(
        mut self,
        name: &str,
        open: impl Fn(S, &Surroundings) -> Result<Opened, Box<dyn Error + Send + Sync>> + Send + Sync + 'static,
    ) -> Registry {
        self.outputs.insert(name.to_owned(), Kind::new(open));
        self
    }

    /// The same of one of which more is known before it is opened than that its settings can be read.
    #[cfg(any(feature = "file", feature = "webhook"))]
    pub(crate) fn output_checked<S: DeserializeOwned + JsonSchema>(
        mut self,
        name: &str,
        open: impl Fn(S, &Surroundings) -> Result<Opened, Box<dyn Error + Send + Sync>> + Send + Sync + 'static,
        check: impl Fn(S, &Surroundings) -> Result<(), Box<dyn Error + Send + Sync>> + Send + Sync + 'static,
    ) -> Registry {
        self.outputs.insert(name.to_owned(), Kind { check: reading(check), ..Kind::new(open) });
        self
    }

    /// Says to which file an output of this kind writes.
    #[cfg(feature = "file")]
    pub(crate) fn writes_to<S: DeserializeOwned>(
        mut self,
        name: &str,
        file: impl Fn(S) -> Target + Send + Sync + 'static,
    ) -> Registry {
        if let Some(kind) = self.outputs.get_mut(name) {
            kind.file = Box::new(move |node| reader::read::<S>(node).ok().map(&file));
        }
        self
    }

    /// Adds a kind of formats, or replaces the one of this name.
    #[must_use]
    pub fn format<S: DeserializeOwned + JsonSchema>(
        mut self,
        name: &str,
        make: impl Fn(S) -> Result<Box<dyn Encode>, Box<dyn Error + Send + Sync>> + Send + Sync + 'static,
    ) -> Registry {
        self.formats.insert(name.to_owned(), Kind::new(move |settings, _| make(settings)));
        self
    }

    /// Gives a hook a name, by which a configuration switches it on.
    ///
    /// ```
    /// use hyperlog::Hook;
    /// use hyperlog::config::{Config, Registry};
    ///
    /// let region = Hook::enrich(|draft| drop(draft.add("region", "eu-west-1")));
    /// let registry = Registry::new().hook("add_region", region);
    /// let loaded = Config::new().registry(registry).set("hooks", "add_region").load()?;
    /// # Ok::<(), hyperlog::config::ConfigError>(())
    /// ```
    #[must_use]
    pub fn hook(mut self, name: &str, hook: Hook) -> Registry {
        self.hooks.insert(name.to_owned(), hook);
        self
    }

    /// The hooks of these names, in their order, as they stand in this node.
    pub(crate) fn hooks(&self, names: &[String], said: Option<&Node>) -> Result<Vec<Hook>, ConfigError> {
        let known: Vec<&str> = self.hooks.keys().map(String::as_str).collect();
        let find = |(index, name): (usize, &String)| {
            self.hooks.get(name).cloned().ok_or_else(|| {
                let what = format!("no hook of this name is registered{}", instead(name, &known));
                let error = ConfigError::new(what).below(&format!("[{index}]")).below("hooks");
                match said {
                    Some(Node { value: Value::List(items), .. }) => error.at(&items[index].origin),
                    Some(whole) => error.at(&whole.origin),
                    None => error,
                }
            })
        };
        names.iter().enumerate().map(find).collect()
    }

    /// Reads an output of the kind that its table names, and opens nothing. Gives the file that it would write to.
    pub(crate) fn check(
        &self,
        mut node: Node,
        also: &[&'static str],
        place: &Surroundings,
    ) -> Result<Option<Target>, ConfigError> {
        let kind = named(&mut node, "kind", &self.outputs)?;
        (kind.check)(&node, place).map_err(|error| error.knowing(also))?;
        Ok((kind.file)(&node))
    }

    /// Opens an output of the kind that its table names.
    pub(crate) fn open(
        &self,
        mut node: Node,
        also: &[&'static str],
        place: &Surroundings,
    ) -> Result<Opened, ConfigError> {
        let kind = named(&mut node, "kind", &self.outputs)?;
        (kind.make)(&node, place).map_err(|error| error.knowing(also))
    }

    /// Makes a format: a name alone, or a table with its kind.
    pub(crate) fn encoder(&self, node: &Node, place: &Surroundings) -> Result<Box<dyn Encode>, ConfigError> {
        let mut node = match &node.value {
            Value::Text(_) | Value::Word(_) => {
                let mut table = Node::table(node.origin.clone());
                table.put(&["kind"], node.clone());
                table
            }
            _ => node.clone(),
        };
        let kind = named(&mut node, "kind", &self.formats)?;
        (kind.make)(&node, place).map_err(|error| error.knowing(&["kind"]))
    }

    /// The names of the kinds of outputs, and what may be said about each.
    pub(crate) fn output_schemas(&self, generator: &mut SchemaGenerator) -> Vec<(String, Schema)> {
        self.outputs.iter().map(|(name, kind)| (name.clone(), (kind.schema)(generator))).collect()
    }

    /// The names of the kinds of formats, and what may be said about each.
    pub(crate) fn format_schemas(&self, generator: &mut SchemaGenerator) -> Vec<(String, Schema)> {
        self.formats.iter().map(|(name, kind)| (name.clone(), (kind.schema)(generator))).collect()
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (outputs, formats, hooks) = (self.outputs.keys(), self.formats.keys(), self.hooks.keys());
        formatter
            .debug_struct("Registry")
            .field("outputs", &outputs.collect::<Vec<_>>())
            .field("formats", &formats.collect::<Vec<_>>())
            .field("hooks", &hooks.collect::<Vec<_>>())
            .finish()
    }
}

impl<T> Kind<T> {
    fn new<S: DeserializeOwned + JsonSchema>(
        make: impl Fn(S, &Surroundings) -> Result<T, Box<dyn Error + Send + Sync>> + Send + Sync + 'static,
    ) -> Kind<T> {
        Kind {
            make: reading(make),
            check: reading(|_: S, _| Ok(())),
            schema: |generator| generator.subschema_for::<S>(),
            file: Box::new(|_| None),
        }
    }
}

/// Reads the settings first.
fn reading<S: DeserializeOwned, T>(
    make: impl Fn(S, &Surroundings) -> Result<T, Box<dyn Error + Send + Sync>> + Send + Sync + 'static,
) -> Box<Make<T>> {
    Box::new(move |node, place| {
        make(reader::read(node)?, place).map_err(|error| match error.downcast::<ConfigError>() {
            Ok(error) => error.at(&node.origin),
            Err(error) => ConfigError::of(&*error).at(&node.origin),
        })
    })
}

/// Takes the name of a kind out of a table, and finds the kind.
fn named<'k, T>(node: &mut Node, key: &str, kinds: &'k BTreeMap<String, Kind<T>>) -> Result<&'k Kind<T>, ConfigError> {
    let known = || kinds.keys().map(String::as_str).collect::<Vec<_>>();
    let Some(name) = node.take(key) else {
        let what = format!("the key `{key}` is missing{}", instead("", &known()));
        return Err(ConfigError::new(what).at(&node.origin));
    };
    let text = match &name.value {
        Value::Text(text) | Value::Word(text) => text,
        other => {
            let what = format!("this is {}, and has to be a text", other.kind());
            return Err(ConfigError::new(what).at(&name.origin).below(key));
        }
    };
    kinds.get(text).ok_or_else(|| {
        let what = format!("there is no such kind{}", instead(text, &known()));
        ConfigError::new(what).at(&name.origin).below(key)
    })
}
