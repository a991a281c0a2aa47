//! Every crate can be published: its manifest says what a registry asks for, its archive holds what a user needs, and what
//! is in the archives compiles without the rest of the repository.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

use crate::install::Install;
use crate::say::say;
use crate::step::{self, Ended};
use crate::{Outcome, order, workspace};

pub(super) fn prove(arguments: &[String], _: Install) -> Outcome<Ended> {
    let packages = workspace::packages()?;
    let order = order::of_publishing(&packages)?;
    let metadata = workspace::metadata(&[])?;
    let mut lacking = Vec::new();
    for package in &order {
        let mut manifests = workspace::items(&metadata["packages"]);
        let manifest = manifests.find(|manifest| manifest["name"] == *package.name).unwrap_or(&Value::Null);
        let list = ["package", "--list", "--allow-dirty", "--package", &package.name];
        let files = step::output(Command::new("cargo").args(list))?;
        let lacks = lacks(manifest).into_iter().chain(misses(&files));
        lacking.extend(lacks.map(|what| format!("{} has no {what}", package.name)));
    }
    if !lacking.is_empty() {
        return Err(lacking.join("; ").into());
    }
    say("publish order:");
    order.iter().for_each(|package| say(format_args!("  {} {}", package.name, package.version)));
    // All at once: the archives are compiled against each other, as if they had been published.
    let mut cargo = Command::new("cargo");
    cargo.args(["package", "--locked", "--workspace", "--all-features", "--target-dir"]).arg(unused_folder()?);
    cargo.args(
        packages.iter().filter(|package| !package.published).map(|package| format!("--exclude={}", package.name)),
    );
    step::run(cargo.args(arguments))
}

/// Cargo unpacks an archive once for each place it comes from: in the place of last time, the crates would be compiled against
/// each other as they were then.
fn unused_folder() -> Outcome<String> {
    const PLACE: &str = "target/publish";
    match fs::remove_dir_all(Path::new(PLACE)) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(format!("{PLACE}: {error}").into()),
        _ => {}
    }
    Ok(format!("{PLACE}/{}", SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos()))
}

/// What a reader of the registry's page looks for, or a search.
const TEXTS: [&str; 5] = ["description", "license", "repository", "readme", "rust_version"];

/// What the registry takes of each of these at most.
const LISTS: [(&str, usize); 2] = [("keywords", 5), ("categories", 5)];

/// The registry's limit of a keyword, in characters.
const KEYWORD: usize = 20;

/// What a manifest does not say, or says in a way that the registry refuses.
fn lacks(manifest: &Value) -> Vec<String> {
    let mut lacks: Vec<String> = Vec::new();
    let absent = TEXTS.iter().filter(|text| workspace::text(&manifest[**text]).is_empty());
    lacks.extend(absent.map(|text| format!("`{}` in its manifest", text.replace('_', "-"))));
    for (list, most) in LISTS {
        let count = workspace::items(&manifest[list]).count();
        if count == 0 || count > most {
            lacks.push(format!("`{list}` in its manifest, one to {most} of them"));
        }
    }
    let long = workspace::items(&manifest["keywords"]).map(workspace::text).find(|word| word.chars().count() > KEYWORD);
    lacks.extend(long.map(|word| format!("keyword as long as `{word}`, but of {KEYWORD} characters at most")));
    lacks
}

/// What a user needs of an archive besides the code.
const FILES: [&str; 3] = ["README.md", "LICENSE-APACHE", "LICENSE-MIT"];

fn misses(files: &str) -> Vec<String> {
    let missing = FILES.iter().filter(|wanted| !files.lines().any(|file| file == **wanted));
    missing.map(|file| format!("{file} in its archive")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Value {
        serde_json::json!({
            "description": "Logs", "license": "MIT", "repository": "https://example.com", "readme": "README.md",
            "rust_version": "1.89", "keywords": ["logging"], "categories": ["development-tools::debugging"],
        })
    }

    #[test]
    fn a_manifest_that_says_all_lacks_nothing() {
        assert_eq!(lacks(&manifest()), [""; 0]);
    }

    #[test]
    fn what_a_manifest_lacks_is_named() {
        for (key, value, expected) in [
            ("description", Value::Null, "`description` in its manifest"),
            ("rust_version", Value::Null, "`rust-version` in its manifest"),
            ("keywords", serde_json::json!([]), "`keywords` in its manifest, one to 5 of them"),
            ("categories", vec!["c"; 6].into(), "`categories` in its manifest, one to 5 of them"),
            (
                "keywords",
                serde_json::json!(["log", "a-keyword-of-21-chars"]),
                "keyword as long as `a-keyword-of-21-chars`, but of 20 characters at most",
            ),
        ] {
            let mut manifest = manifest();
            manifest[key] = value;
            assert_eq!(lacks(&manifest), [expected]);
        }
    }

    #[test]
    fn an_archive_holds_the_readme_and_both_licences() {
        assert_eq!(misses("Cargo.toml\nLICENSE-APACHE\nLICENSE-MIT\nREADME.md\nsrc/lib.rs\n"), [""; 0]);
        let expected = ["README.md in its archive", "LICENSE-MIT in its archive"];
        assert_eq!(misses("LICENSE-APACHE\ndocs/README.md\nsrc/lib.rs\n"), expected);
    }
}
