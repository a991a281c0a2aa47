//! Where figures are written, and where the main workspace is.

use std::env;
use std::path::{Path, PathBuf};

/// Where results and generated programs go: `$VERSUS_OUT`, else `target/bench` of the main workspace.
pub fn folder() -> PathBuf {
    env::var_os("VERSUS_OUT").map_or_else(|| root().join("target/bench"), PathBuf::from)
}

/// The folder of the main workspace.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}
