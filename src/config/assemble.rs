//! What a configuration says, made into what does it: a builder of loggers, its outputs opened.

use crate::config::error::{ConfigError, instead};
use crate::config::node::{Node, Value};
use crate::config::open::OpenOutputs;
use crate::config::output::Parts;
use crate::config::reader;
use crate::config::registry::{Registry, Surroundings, Target};
use crate::config::schema::{
    Failures, Fatal, Identity, Limits, Mask, Mode, Personal, Redaction, Sampling, SamplingMethod, Settings, Shown,
    Switch, Then,
};
use hyperlog_core as core;
use hyperlog_core::{Builder, Logger};
use std::path::Path;

/// Reads all of a configuration, and opens nothing.
pub(crate) fn check(node: &Node, registry: &Registry, directory: &Path) -> Result<(), ConfigError> {
    let (settings, outputs) = read(node)?;
    let _ = apply(&settings).map_err(|error| error.placed_in(node))?;
    let _ = registry.hooks(&settings.hooks, node.get("hooks"))?;
    let names: Vec<String> = outputs.iter().map(|(name, _)| name.clone()).collect();
    if names.len() > Builder::MOST_OUTPUTS {
        let error = ConfigError::new(format!("there are more than {} of these", Builder::MOST_OUTPUTS));
        return Err(error.below("outputs").placed_in(node));
    }
    let mut files: Vec<(Target, String)> = Vec::new();
    for (name, output) in outputs {
        let below = |error: ConfigError| error.below(&name).below("outputs");
        let place = Surroundings::new(&name, directory);
        let origin = output.get("path").unwrap_or(&output).origin.clone();
        let checked = Parts::read(output, registry, &place).and_then(|parts| parts.check(registry, &place));
        let checked = checked.map_err(below)?;
        if let Some(other) = checked.instead_of.filter(|other| *other == name || !names.contains(other)) {
            let names: Vec<&str> = names.iter().map(String::as_str).filter(|known| *known != name).collect();
            let what = format!("no other output has this name{}", instead(&other, &names));
            return Err(below(ConfigError::new(what).below("instead_of").below("lane")).placed_in(node));
        }
        let Some(file) = checked.file.map(|file| Target { path: directory.join(&file.path), ..file }) else { continue };
        // One of them would wait for the other, which may never close it.
        let is_wanted = |other: &Target| other.path == file.path && !(other.is_shared && file.is_shared);
        if let Some((_, other)) = files.iter().find(|(other, _)| is_wanted(other)) {
            let what = format!("the output `{other}` writes to this file: let both be `shared`, or name another file");
            return Err(below(ConfigError::new(what).at(&origin).below("path")));
        }
        files.push((file, name));
    }
    Ok(())
}

/// Sets a builder up, and opens the outputs that are not open already.
pub(crate) fn build(
    node: &Node,
    registry: &Registry,
    directory: &Path,
    open: &mut OpenOutputs,
) -> Result<Builder, ConfigError> {
    let (settings, outputs) = read(node)?;
    let mut builder = apply(&settings).map_err(|error| error.placed_in(node))?;
    for hook in registry.hooks(&settings.hooks, node.get("hooks"))? {
        builder = builder.hook(hook);
    }
    open.expect(&outputs, settings.performance());
    for (name, node) in outputs {
        let mut place = Surroundings::new(&name, directory);
        let made = match open.has(&name) {
            true => Parts::read(node, registry, &place).map(|parts| parts.keep(&place)),
            false => {
                place.is_in_place = open.is_any_replaced();
                let performance = settings.performance();
                open.note(&name, &node, || {
                    Parts::read(node.clone(), registry, &place)?.open(registry, &place, performance)
                })
            }
        };
        builder = builder.output(made.map_err(|error| error.below(&name).below("outputs"))?);
    }
    Ok(builder)
}

/// What is said of requests.
#[cfg(feature = "http")]
pub(crate) fn policy(node: &Node) -> Result<core::http::Policy, ConfigError> {
    Ok(read(node)?.0.http.policy())
}

/// What is said of metrics.
#[cfg(feature = "prometheus")]
pub(crate) fn metrics(node: &Node) -> Result<crate::config::metrics::Metrics, ConfigError> {
    Ok(read(node)?.0.metrics)
}

/// Whether the file is to be read anew when it has changed.
pub(crate) fn is_reloaded(node: &Node) -> bool {
    let switch = node.get("reload").map(reader::read::<Switch>);
    !matches!(switch, Some(Ok(Switch::Off)))
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
    #[cfg(not(feature = "http"))]
    if let Some(http) = node.take("http") {
        let what =
            "this needs the feature `http` of hyperlog, which `axum`, `actix` and `tower` bring: add one in Cargo.toml";
        return Err(ConfigError::new(what).at(&http.origin).below("http"));
    }
    #[cfg(not(feature = "prometheus"))]
    if let Some(metrics) = node.take("metrics") {
        let what = "this needs the feature `prometheus` of hyperlog: add it in Cargo.toml";
        return Err(ConfigError::new(what).at(&metrics.origin).below("metrics"));
    }
    let settings = reader::read(&node).map_err(|error: ConfigError| error.knowing(&["outputs", "preset"]))?;
    Ok((settings, outputs))
}

/// Everything but the outputs.
fn apply(settings: &Settings) -> Result<Builder, ConfigError> {
    #[cfg(not(feature = "delivery"))]
    if settings.performance() != core::Performance::Balanced {
        let what = "this is about queues, which need the feature `delivery` of hyperlog: add it in Cargo.toml";
        return Err(ConfigError::new(what).below("performance"));
    }
    let mut builder = Logger::builder()
        .identity(settings.identity.identity())
        .limits(settings.limits.limits())
        .performance(settings.performance())
        .redaction(settings.redaction.redaction(settings.performance()).map_err(|error| error.below("redaction"))?)
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

impl Settings {
    fn performance(&self) -> core::Performance {
        match self.performance {
            None | Some(Mode::Balanced) => core::Performance::Balanced,
            Some(Mode::HighPerformance) => core::Performance::HighPerformance,
            Some(Mode::Bare) => core::Performance::Bare,
        }
    }
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
    fn redaction(&self, performance: core::Performance) -> Result<core::Redaction, ConfigError> {
        if self.mode == Some(Switch::Off) {
            return Ok(core::Redaction::off());
        }
        let mut builder = core::Redaction::builder();
        let is_unread = match self.texts {
            Some(texts) => texts == Switch::Off,
            None => performance == core::Performance::Bare,
        };
        if is_unread {
            builder = builder.texts(core::Texts::Unread);
        }
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
        builder.build().map_err(|error| self.refused(error.reason()))
    }

    /// Which rule or pattern it is that cannot be, if it is one alone.
    fn refused(&self, reason: &str) -> ConfigError {
        let is_refused = |builder: core::RedactionBuilder| builder.build().is_err();
        let hide = self.hide.iter().position(|path| is_refused(core::Redaction::builder().hide(path)));
        let show = self.show.iter().position(|path| is_refused(core::Redaction::builder().show(path)));
        #[cfg(feature = "patterns")]
        let pattern = self.patterns.iter().position(|pattern| is_refused(core::Redaction::builder().pattern(pattern)));
        #[cfg(not(feature = "patterns"))]
        let pattern = None;
        let error = ConfigError::new(reason);
        match [("hide", hide), ("show", show), ("patterns", pattern)].into_iter().find_map(|(key, at)| Some((key, at?)))
        {
            Some((key, at)) => error.below(&format!("[{at}]")).below(key),
            None => error,
        }
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
        sampling.compile().map_err(|error| ConfigError::of(&error))?;
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
