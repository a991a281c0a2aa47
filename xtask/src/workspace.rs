//! The workspace as cargo describes it.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::Outcome;

/// One crate of the workspace.
#[derive(Debug)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) folder: PathBuf,
    pub(crate) rust_version: Option<String>,
    /// Whether it goes to a registry.
    pub(crate) published: bool,
    pub(crate) dependencies: Vec<Dependency>,
}

/// One line below `[dependencies]` or its sisters.
#[derive(Debug)]
pub(crate) struct Dependency {
    /// As code names it.
    pub(crate) name: String,
    /// The crate's own name.
    pub(crate) package: String,
    pub(crate) kind: Kind,
    /// Whether a registry is told of it. One for tests that has a path and no version stays at home.
    pub(crate) told: bool,
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
        version: text(&package["version"]).to_owned(),
        folder: manifest.parent().unwrap_or(manifest).to_owned(),
        rust_version: package["rust_version"].as_str().map(str::to_owned),
        // `false` in the manifest is an empty list of registries
        published: package["publish"].as_array().is_none_or(|registries| !registries.is_empty()),
        dependencies: items(&package["dependencies"]).map(dependency).collect(),
    }
}

fn dependency(dependency: &Value) -> Dependency {
    let package = text(&dependency["name"]);
    let name = dependency["rename"].as_str().unwrap_or(package);
    let kind = match text(&dependency["kind"]) {
        "dev" => Kind::Dev,
        "build" => Kind::Build,
        _ => Kind::Normal,
    };
    let told = kind != Kind::Dev || dependency["path"].is_null() || text(&dependency["req"]) != "*";
    Dependency { name: name.replace('-', "_"), package: package.to_owned(), kind, told }
}

#[cfg(test)]
impl Package {
    /// A crate that is published and needs nothing.
    pub(crate) fn named(name: &str, folder: &str) -> Package {
        Package {
            name: name.to_owned(),
            version: "1.2.3".to_owned(),
            folder: folder.into(),
            rust_version: None,
            published: true,
            dependencies: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_is_read_as_cargo_tells_it() {
        let read = package(&serde_json::json!({
            "name": "one", "version": "0.3.0", "manifest_path": "/house/one/Cargo.toml", "publish": null,
            "dependencies": [
                { "name": "tz-rs", "rename": "tz", "kind": null, "req": "^0.7", },
                { "name": "one", "kind": "dev", "req": "*", "path": "/house/one" },
                { "name": "two", "kind": "dev", "req": "^0.3.0", "path": "/house/two" },
            ],
        }));
        assert!(read.published);
        let told = read.dependencies.iter().map(|line| (&*line.name, &*line.package, line.kind, line.told));
        let (normal, dev) = (Kind::Normal, Kind::Dev);
        let expected = [("tz", "tz-rs", normal, true), ("one", "one", dev, false), ("two", "two", dev, true)];
        assert_eq!(told.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_crate_that_may_go_to_no_registry_is_not_published() {
        let published = |publish: Value| package(&serde_json::json!({ "name": "one", "publish": publish })).published;
        assert!(!published(serde_json::json!([])));
        assert!(published(serde_json::json!(["crates-io"])));
    }
}
