//! The variables of the environment, which say the same as a file with the same keys.
//!
//! `HYPERLOG_OUTPUTS__FILE__PATH` is `outputs.file.path`: two underscores stand for a dot, and case does not matter. The
//! short names that everybody knows are there as well.

use crate::config::node::{Node, Origin, Value};
use std::sync::Arc;

/// Of one application: `HYPERLOG`, unless it is said otherwise.
pub(crate) const PREFIX: &str = "HYPERLOG";

/// Names after the prefix that mean something of their own: where the configuration is, and not what it says.
pub(crate) const FILE: &str = "CONFIG";

/// What these variables say.
pub(crate) fn layer(prefix: &str, variables: impl Iterator<Item = (String, String)>) -> Node {
    let mut node = Node::table(Origin::Default);
    // In one order, so that of two that contradict each other the same goes before the other each time.
    let mut variables: Vec<_> = variables.collect();
    variables.sort();
    for (name, word) in variables {
        let Some(rest) = name.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('_')) else { continue };
        if rest == FILE || rest.is_empty() {
            continue;
        }
        let path = rest.to_ascii_lowercase();
        let path: Vec<&str> = path.split("__").collect();
        let origin = Origin::Variable(Arc::from(name.as_str()));
        node.put(&path, Node::new(origin, Value::Word(word)));
    }
    node
}
