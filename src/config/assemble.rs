//! What a configuration says, made into what does it: a builder of loggers, its outputs opened.

use crate::config::error::ConfigError;
use crate::config::node::{Node, Origin, Value};
use crate::config::reader;
use crate::config::registry::{Registry, Surroundings, Way};
use crate::config::schema::{
    Failures, Fatal, Identity, LevelName, Limits, Mask, Personal, Redaction, Sampling, SamplingMethod, Settings, Shown,
    Switch, Then, Threshold,
};
use hyperlog_core as core;
use hyperlog_core::{Builder, Encode, Json, Lane, Logger, Output, Pretty, Sink, Surface};
use schemars::JsonSchema;
use std::path::Path;

/// What may be said about any output, whatever its kind.
#[derive(serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OutputSettings {
    /// The least severe level that goes there.
    #[serde(default)]
    level: Option<Threshold>,
    /// Which records go there. All that are logged, if nothing is said.
    #[serde(default)]
    lane: Option<LaneSettings>,
    /// Whether it is coloured.
    #[serde(default)]
    color: Option<ColorName>,
    /// The colours.
    #[serde(default)]
    theme: Option<ThemeName>,
}

/// The keys of [`OutputSettings`].
const OF_SETTINGS: [&str; 4] = ["level", "lane", "color", "theme"];

/// The keys that are not for a kind of outputs.
const OF_EVERY_OUTPUT: [&str; 7] = ["level", "lane", "color", "theme", "kind", "format", "queue"];

/// Which records go to an output: those that meet all that is said.
#[derive(serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct LaneSettings {
    /// Those of this target, and of those inside it.
    #[serde(default)]
    target: Option<String>,
    /// Those from this level on.
    #[serde(default)]
    from: Option<LevelName>,
    /// Those less severe than this level.
    #[serde(default)]
    below: Option<LevelName>,
    /// Those that have this field, with the text that `is` says.
    #[serde(default)]
    field: Option<String>,
    /// The text of the field.
    #[serde(default)]
    is: Option<String>,
    /// Those that no other lane takes.
    #[serde(default)]
    rest: bool,
    /// Those that the output of this name loses.
    #[serde(default)]
    instead_of: Option<String>,
}

#[derive(Clone, Copy, serde::Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum ColorName {
    /// On a terminal that takes it.
    Auto,
    /// Wherever somebody may be looking.
    Always,
    /// Nowhere.
    Never,
}

#[derive(Clone, Copy, serde::Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum ThemeName {
    /// For any terminal.
    Default,
    /// For a dark one.
    Dark,
    /// For a light one.
    Light,
    /// Without colours: bold and dim.
    Mono,
}

/// Reads all of a configuration, and opens nothing.
pub(crate) fn check(node: &Node, registry: &Registry, directory: &Path) -> Result<(), ConfigError> {
    let (settings, outputs) = read(node)?;
    let _ = apply(&settings)?;
    for (name, output) in outputs {
        let read = || {
            let parts = Parts::read(output, registry, &Surroundings::new(&name, directory))?;
            registry.check(parts.own, &OF_EVERY_OUTPUT)
        };
        read().map_err(|error| error.below(&name).below("outputs"))?;
    }
    Ok(())
}

/// Sets a builder up, and opens the outputs.
pub(crate) fn build(node: &Node, registry: &Registry, directory: &Path) -> Result<Builder, ConfigError> {
    let (settings, outputs) = read(node)?;
    let mut builder = apply(&settings)?;
    for (name, output) in outputs {
        let place = Surroundings::new(&name, directory);
        let open = || Parts::read(output, registry, &place)?.open(registry, &place);
        builder = builder.output(open().map_err(|error| error.below(&name).below("outputs"))?);
    }
    Ok(builder)
}

/// The settings of the whole, and the outputs by their names.
fn read(node: &Node) -> Result<(Settings, Vec<(String, Node)>), ConfigError> {
    let mut node = node.clone();
    let outputs = match node.take("outputs") {
        None => Vec::new(),
        Some(Node { value: Value::Table(outputs), .. }) => {
            outputs.into_iter().filter(|(_, output)| !matches!(output.value, Value::Nothing)).collect()
        }
        Some(other) => {
            let what = format!("this is {}, and has to be a table of outputs by name", other.value.kind());
            return Err(ConfigError::new(what).at(&other.origin).below("outputs"));
        }
    };
    let settings = reader::read(&node).map_err(|error: ConfigError| error.knowing(&["outputs", "preset"]))?;
    Ok((settings, outputs))
}

/// What is said about an output, taken apart by who reads it.
struct Parts {
    #[cfg(feature = "delivery")]
    origin: Origin,
    settings: OutputSettings,
    encoder: Option<Box<dyn Encode>>,
    #[cfg(feature = "delivery")]
    queue: Option<crate::config::kinds::queue::Queue>,
    /// What is for the kind alone.
    own: Node,
}

impl Parts {
    fn read(mut node: Node, registry: &Registry, place: &Surroundings) -> Result<Parts, ConfigError> {
        let mut settings = Node::table(node.origin.clone());
        for key in OF_SETTINGS {
            if let Some(value) = node.take(key) {
                settings.put(&[key], value);
            }
        }
        let encoder = match node.take("format") {
            Some(format) => Some(registry.encoder(&format, place).map_err(|error| error.below("format"))?),
            None => None,
        };
        #[cfg(feature = "delivery")]
        let queue = match node.take("queue") {
            Some(queue) => Some(reader::read(&queue).map_err(|error: ConfigError| error.below("queue"))?),
            None => None,
        };
        Ok(Parts {
            #[cfg(feature = "delivery")]
            origin: node.origin.clone(),
            settings: reader::read(&settings)?,
            encoder,
            #[cfg(feature = "delivery")]
            queue,
            own: node,
        })
    }

    fn open(mut self, registry: &Registry, place: &Surroundings) -> Result<Output, ConfigError> {
        let own = std::mem::replace(&mut self.own, Node::table(Origin::Default));
        let opened = registry.open(own, &OF_EVERY_OUTPUT, place)?;
        let sink = self.start(opened.0, &place.name)?;
        let encoder = self.encoder.unwrap_or_else(|| match surface_of(&*sink) {
            Surface::Terminal => Box::new(Pretty::new()),
            _ => Box::new(Json::new()),
        });
        Ok(self.settings.over(Output::boxed(encoder, sink).name(&place.name)))
    }

    #[cfg(feature = "delivery")]
    fn start(&mut self, way: Way, name: &str) -> Result<Box<dyn Sink>, ConfigError> {
        match (way, self.queue.take()) {
            (Way::Exporter(exporter), queue) => {
                let exporter = exporter.name(name);
                let exporter = match queue {
                    Some(queue) => queue.over(exporter),
                    None => exporter,
                };
                let failed = |error: hyperlog_delivery::StartError| ConfigError::new(error.to_string()).because(error);
                Ok(Box::new(exporter.start().map_err(|error| failed(error).at(&self.origin))?))
            }
            (Way::Sink(sink), None) => Ok(sink),
            (Way::Sink(_), Some(_)) => {
                let what = "this output is written to as it is, and has no queue: leave `queue` out";
                Err(ConfigError::new(what).at(&self.origin))
            }
        }
    }

    #[cfg(not(feature = "delivery"))]
    fn start(&mut self, way: Way, _: &str) -> Result<Box<dyn Sink>, ConfigError> {
        let Way::Sink(sink) = way;
        Ok(sink)
    }
}

/// A sink of somebody else that panics when it is asked is none for people.
fn surface_of(sink: &dyn Sink) -> Surface {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| sink.surface())).unwrap_or(Surface::Storage)
}

impl OutputSettings {
    fn over(self, mut output: Output) -> Output {
        if let Some(level) = self.level {
            output = output.level(level.0);
        }
        if let Some(lane) = self.lane.and_then(LaneSettings::lane) {
            output = output.lane(lane);
        }
        if let Some(color) = self.color {
            output = output.color(match color {
                ColorName::Auto => core::ColorMode::Auto,
                ColorName::Always => core::ColorMode::Always,
                ColorName::Never => core::ColorMode::Never,
            });
        }
        if let Some(theme) = self.theme {
            output = output.theme(match theme {
                ThemeName::Default => core::Theme::DEFAULT,
                ThemeName::Dark => core::Theme::DARK,
                ThemeName::Light => core::Theme::LIGHT,
                ThemeName::Mono => core::Theme::MONO,
            });
        }
        output
    }
}

impl LaneSettings {
    fn lane(self) -> Option<Lane> {
        if self.rest {
            return Some(Lane::rest());
        }
        if let Some(name) = self.instead_of {
            return Some(Lane::instead_of(name));
        }
        let levels = (self.from.is_some() || self.below.is_some()).then(|| {
            let (from, below) = (self.from.map(|level| level.0), self.below.map(|level| level.0));
            Lane::when(move |record| {
                from.is_none_or(|from| record.level() >= from) && below.is_none_or(|below| record.level() < below)
            })
        });
        let field = self.field.map(|field| Lane::field(field, self.is.unwrap_or_default()));
        [self.target.map(Lane::target), levels, field].into_iter().flatten().reduce(Lane::and)
    }
}

/// Everything but the outputs.
fn apply(settings: &Settings) -> Result<Builder, ConfigError> {
    let mut builder = Logger::builder()
        .identity(settings.identity.identity())
        .limits(settings.limits.limits())
        .redaction(settings.redaction.redaction().map_err(|error| error.below("redaction"))?)
        .sampling(settings.sampling.sampling().map_err(|error| error.below("sampling"))?)
        .fatal(settings.fatal.fatal());
    if let Some(levels) = &settings.level {
        builder = builder.directives(levels.0.clone());
    }
    if let Some(shown) = settings.location {
        builder = builder.location(match shown {
            Shown::Shown => core::Location::Shown,
            Shown::Hidden => core::Location::Hidden,
        });
    }
    Ok(builder)
}

impl Identity {
    fn identity(&self) -> core::Identity {
        let mut identity = core::Identity::new();
        if let Some(service) = &self.service {
            identity = identity.service(service);
        }
        if let Some(version) = &self.version {
            identity = identity.version(version);
        }
        if let Some(environment) = &self.environment {
            identity = identity.environment(environment);
        }
        if self.host == Some(Shown::Shown) {
            identity = identity.host();
        }
        if self.pid == Some(Shown::Shown) {
            identity = identity.pid();
        }
        self.fields.iter().fold(identity, |identity, (name, value)| identity.field(name, value.as_str()))
    }
}

impl Limits {
    fn limits(&self) -> core::Limits {
        let mut limits = core::Limits::default();
        if let Some(bytes) = self.message {
            limits = limits.message(bytes.in_memory());
        }
        if let Some(bytes) = self.text {
            limits = limits.text(bytes.in_memory());
        }
        if let Some(bytes) = self.key {
            limits = limits.key(bytes.in_memory());
        }
        if let Some(count) = self.fields {
            limits = limits.fields(count as usize);
        }
        if let Some(depth) = self.depth {
            limits = limits.depth(depth as usize);
        }
        if let Some(bytes) = self.record {
            limits = limits.record(bytes.in_memory());
        }
        limits
    }
}

impl Redaction {
    fn redaction(&self) -> Result<core::Redaction, ConfigError> {
        if self.mode == Some(Switch::Off) {
            return Ok(core::Redaction::off());
        }
        let mut builder = core::Redaction::builder();
        if let Some(mask) = self.mask {
            builder = builder.mask(match mask {
                Mask::Full => core::Mask::Full,
                Mask::Last4 => core::Mask::Last4,
                Mask::Drop => core::Mask::Drop,
            });
        }
        builder = self.hide.iter().fold(builder, |builder, path| builder.hide(path));
        builder = self.show.iter().fold(builder, |builder, path| builder.show(path));
        builder = self.presets.iter().fold(builder, |builder, preset| builder.preset(preset.preset()));
        if let Some(limit) = self.scan_limit {
            builder = builder.scan_limit(limit.in_memory());
        }
        #[cfg(feature = "patterns")]
        {
            builder = self.patterns.iter().fold(builder, |builder, pattern| builder.pattern(pattern));
        }
        #[cfg(not(feature = "patterns"))]
        if !self.patterns.is_empty() {
            let what = "patterns need the feature `patterns` of hyperlog: add it in Cargo.toml";
            return Err(ConfigError::new(what).below("patterns"));
        }
        builder.build().map_err(|error| ConfigError::new(error.to_string()).because(error))
    }
}

impl Personal {
    fn preset(self) -> core::Preset {
        match self {
            Personal::Card => core::Preset::Card,
            Personal::Email => core::Preset::Email,
            Personal::Phone => core::Preset::Phone,
            Personal::Ssn => core::Preset::Ssn,
            Personal::Iban => core::Preset::Iban,
            Personal::Gdpr => core::Preset::Gdpr,
            Personal::Hipaa => core::Preset::Hipaa,
            Personal::Pci => core::Preset::Pci,
            Personal::Sox => core::Preset::Sox,
            Personal::Ccpa => core::Preset::Ccpa,
        }
    }
}

impl Sampling {
    fn sampling(&self) -> Result<core::Sampling, ConfigError> {
        let mut sampling = core::Sampling::new();
        if let Some(Failures::Collapse { window, field }) = &self.failures {
            let key = key_of(field.as_deref());
            sampling = sampling.failures(core::Failures::Collapse { window: window.0, key });
        }
        for rule in &self.rules {
            let method = match rule.method {
                SamplingMethod::OneIn(count) => core::SamplingMethod::OneIn(count),
                SamplingMethod::First(count) => core::SamplingMethod::First(count),
                SamplingMethod::FirstThen { first, one_in } => core::SamplingMethod::FirstThen { first, one_in },
                SamplingMethod::Probability(probability) => {
                    core::SamplingMethod::Probability { probability, inbound: core::Inbound::Ignore }
                }
                SamplingMethod::Adaptive(per_second) => core::SamplingMethod::Adaptive { per_second },
                SamplingMethod::Bucket { per_second, burst } => core::SamplingMethod::Bucket { per_second, burst },
            };
            let mut made = core::SamplingRule::new(method).key(key_of(rule.field.as_deref()));
            made = match (rule.from, rule.to) {
                (Some(from), Some(to)) => made.levels(from.0..=to.0),
                (Some(from), None) => made.levels(from.0..),
                (None, Some(to)) => made.levels(..=to.0),
                (None, None) => made,
            };
            if let Some(target) = &rule.target {
                made = made.target(target);
            }
            if let Some(window) = rule.window {
                made = made.window(window.0);
            }
            if let Some(keys) = rule.keys {
                made = made.keys(keys as usize);
            }
            sampling = sampling.rule(made);
        }
        // Whether it holds together is known only when it is compiled.
        sampling.compile().map_err(|error| ConfigError::new(error.to_string()).because(error))?;
        Ok(sampling)
    }
}

fn key_of(field: Option<&str>) -> core::SamplingKey {
    field.map_or(core::SamplingKey::CallSite, |field| core::SamplingKey::Field(field.into()))
}

impl Fatal {
    fn fatal(&self) -> core::Fatal {
        let mut fatal = core::Fatal::new();
        if let Some(deadline) = self.deadline {
            fatal = fatal.deadline(deadline.0);
        }
        match self.then {
            None | Some(Then::Return) => fatal,
            Some(Then::Exit(code)) => fatal.exit(code),
            Some(Then::Abort) => fatal.abort(),
            Some(Then::Panic) => fatal.panic(),
        }
    }
}
