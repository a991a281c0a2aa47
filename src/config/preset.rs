//! Configurations that have a name: ours, and those that a team registers.
//!
//! A preset is written as any configuration is, in TOML. What the file, the environment and the program say goes over it.

use crate::config::error::ConfigError;
use crate::config::load::{self, Format};
use crate::config::node::{Node, Origin};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// What comes with hyperlog.
pub(crate) const OURS: [(&str, &str); 10] = [
    ("api", include_str!("presets/api.toml")),
    ("dev", include_str!("presets/dev.toml")),
    ("hardened", include_str!("presets/hardened.toml")),
    ("microservice", include_str!("presets/microservice.toml")),
    ("minimal", include_str!("presets/minimal.toml")),
    ("production", include_str!("presets/production.toml")),
    ("serverless", include_str!("presets/serverless.toml")),
    ("test", include_str!("presets/test.toml")),
    ("web", include_str!("presets/web.toml")),
    ("worker", include_str!("presets/worker.toml")),
];

/// The presets by name.
#[derive(Clone, Debug)]
pub(crate) struct Presets(BTreeMap<String, String>);

impl Presets {
    pub(crate) fn ours() -> Presets {
        Presets(OURS.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect())
    }

    pub(crate) fn add(&mut self, name: &str, text: &str) {
        self.0.insert(name.to_owned(), text.to_owned());
    }

    pub(crate) fn names(&self) -> Vec<&str> {
        self.0.keys().map(String::as_str).collect()
    }

    /// What a preset says. None if there is none of this name.
    pub(crate) fn layer(&self, name: &str) -> Option<Result<Node, ConfigError>> {
        let text = self.0.get(name)?;
        let file = format!("preset {name}");
        Some(load::text(text, Format::Toml, Path::new(&file)).map(|mut node| {
            mark(&mut node, &Origin::Preset(Arc::from(name)));
            node
        }))
    }
}

/// Nobody is helped by the lines of a preset.
fn mark(node: &mut Node, origin: &Origin) {
    use crate::config::node::Value;
    node.origin = origin.clone();
    match &mut node.value {
        Value::Table(table) => table.values_mut().for_each(|node| mark(node, origin)),
        Value::List(nodes) => nodes.iter_mut().for_each(|node| mark(node, origin)),
        _ => {}
    }
}
