//! The workspace as cargo describes it.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::Outcome;

/// One crate of the workspace.
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) folder: PathBuf,
    pub(crate) rust_version: Option<String>,
    pub(crate) dependencies: Vec<Dependency>,
}

/// One line below `[dependencies]` or its sisters.
pub(crate) struct Dependency {
    /// As code names it.
    pub(crate) name: String,
    pub(crate) kind: Kind,
}

/// Which of the sisters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Normal,
    Dev,
    Build,
}

/// Makes the workspace's root the current directory, so that every command and path can be written from there.
pub(crate) fn enter() -> Outcome {
    let own = std::env::var_os("CARGO_MANIFEST_DIR").ok_or("start this with `cargo xtask`")?;
    let root = Path::new(&own).parent().ok_or("xtask has no folder above it")?;
    Ok(std::env::set_current_dir(root)?)
}

/// The workspace's crates.
pub(crate) fn packages() -> Outcome<Vec<Package>> {
    let metadata = metadata(&[])?;
    Ok(items(&metadata["packages"]).map(package).collect())
}

/// What `cargo metadata` says, dependencies of dependencies left out.
pub(crate) fn metadata(arguments: &[&str]) -> Outcome<Value> {
    let output =
        Command::new("cargo").args(["metadata", "--format-version=1", "--no-deps"]).args(arguments).output()?;
    if !output.status.success() {
        return Err(format!("cargo metadata: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// The entries of an array; none if it is no array.
pub(crate) fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// A text; empty if it is none.
pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn package(package: &Value) -> Package {
    let manifest = Path::new(text(&package["manifest_path"]));
    Package {
        name: text(&package["name"]).to_owned(),
        folder: manifest.parent().unwrap_or(manifest).to_owned(),
        rust_version: package["rust_version"].as_str().map(str::to_owned),
        dependencies: items(&package["dependencies"]).map(dependency).collect(),
    }
}

fn dependency(dependency: &Value) -> Dependency {
    let name = dependency["rename"].as_str().unwrap_or_else(|| text(&dependency["name"]));
    let kind = match text(&dependency["kind"]) {
        "dev" => Kind::Dev,
        "build" => Kind::Build,
        _ => Kind::Normal,
    };
    Dependency { name: name.replace('-', "_"), kind }
}
