//! Which outputs are open, and as what they were said: what is still said stays open when a configuration is read anew.

use crate::config::error::ConfigError;
use crate::config::node::Node;
use crate::config::secret::{self, Witness};
use hyperlog_core::{Output, Performance};
use std::collections::BTreeMap;

/// The outputs that are open.
#[derive(Clone, Default)]
pub(crate) struct OpenOutputs {
    by_name: BTreeMap<String, Said>,
    performance: Option<Performance>,
    is_any_replaced: bool,
}

/// What was said of an output, and the secrets that were read for it.
#[derive(Clone)]
struct Said {
    node: Node,
    secrets: Vec<Witness>,
}

impl OpenOutputs {
    /// Forgets those that are not said any more, or not as they were opened.
    pub(crate) fn expect(&mut self, outputs: &[(String, Node)], performance: Performance) {
        let before = self.by_name.len();
        if self.performance.replace(performance) != Some(performance) {
            self.by_name.clear();
        }
        self.by_name.retain(|name, said| {
            let now = outputs.iter().find(|(known, _)| known == name);
            now.is_some_and(|(_, node)| said.node.says_what(&of_sink(node)))
                && said.secrets.iter().all(Witness::is_still_so)
        });
        self.is_any_replaced = self.by_name.len() < before;
    }

    /// Whether the one of this name is open, as it is said.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }

    /// Whether one that was open is to be closed.
    pub(crate) fn is_any_replaced(&self) -> bool {
        self.is_any_replaced
    }

    /// Opens one.
    pub(crate) fn note(
        &mut self,
        name: &str,
        node: &Node,
        open: impl FnOnce() -> Result<Output, ConfigError>,
    ) -> Result<Output, ConfigError> {
        let (output, secrets) = secret::witnessed(open);
        let output = output?;
        self.by_name.insert(name.to_owned(), Said { node: of_sink(node), secrets });
        Ok(output)
    }

    /// Whether a secret is another than the one that was read.
    pub(crate) fn has_stale_secret(&self) -> bool {
        self.secrets().any(|secret| !secret.is_still_so())
    }

    /// The secrets that were read from files.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &Witness> {
        self.by_name.values().flat_map(|said| &said.secrets)
    }
}

/// All but what changes while an output stays as it is.
fn of_sink(node: &Node) -> Node {
    let mut node = node.clone();
    for key in ["level", "lane"] {
        node.take(key);
    }
    node
}
