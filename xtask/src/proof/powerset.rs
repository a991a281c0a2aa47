//! Every crate compiles with every pair of its features, with none and with all.
//!
//! Hundreds of checks: `cargo xtask proof powerset --package hyperlog-core` makes those of one crate.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::install::Install;
use crate::step::{self, Ended};
use crate::{Outcome, tools, workspace};

pub(super) fn prove(arguments: &[String], install: Install) -> Outcome<Ended> {
    let mut hack = tools::HACK.command(install)?;
    hack.args(["check", "--feature-powerset", "--depth=2"]);
    let levels = levels(&workspace::metadata(&[])?);
    if !levels.is_empty() {
        hack.arg(format!("--exclude-features={}", levels.into_iter().collect::<Vec<_>>().join(",")));
    }
    if !arguments.iter().any(|argument| argument.starts_with("--package")) {
        hack.arg("--workspace");
    }
    step::run(hack.args(arguments))
}

/// The features that leave levels out: each is a value that is asked for, and no code comes or goes with it. With them,
/// there would be twice as many pairs.
fn levels(metadata: &Value) -> BTreeSet<String> {
    let features = workspace::items(&metadata["packages"]).filter_map(|package| package["features"].as_object());
    features.flat_map(|features| features.keys()).filter(|name| name.contains("max_level_")).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_of_levels_are_told_from_others() {
        let metadata = serde_json::json!({ "packages": [
            { "features": { "formats": [], "max_level_info": [], "release_max_level_info": [] } },
            { "features": { "axum": [], "max_level_info": ["core/max_level_info"] } },
        ] });
        assert_eq!(levels(&metadata).into_iter().collect::<Vec<_>>(), ["max_level_info", "release_max_level_info"]);
    }
}
