//! Dependencies that no code names.
//!
//! A search for the word, not a build: rustc's own lint judges each target alone, and a test that leaves a
//! development dependency to its neighbours is no mistake.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Outcome;
use crate::step::Ended;
use crate::workspace::{self, Kind, Package};

pub(crate) fn check() -> Outcome<Ended> {
    let mut unused = Vec::new();
    for package in workspace::packages()? {
        unused.extend(unused_in(&package)?);
    }
    if unused.is_empty() { Ok(Ended::Well) } else { Err(unused.join("; ").into()) }
}

fn unused_in(package: &Package) -> Outcome<Vec<String>> {
    let (shipped, build) = (code(&package.folder, &["src"])?, code(&package.folder, &["build.rs"])?);
    let around = code(&package.folder, &["src", "tests", "benches", "examples", "docs", "README.md"])?;
    let used = |name: &str, kind| match kind {
        Kind::Normal => shipped.iter().any(|text| text.lines().filter(is_code).any(|line| names(line, name))),
        Kind::Build => build.iter().any(|text| names(text, name)),
        // examples in the documentation count
        Kind::Dev => around.iter().any(|text| names(text, name)),
    };
    let unused = package.dependencies.iter().filter(|dependency| !used(&dependency.name, dependency.kind));
    Ok(unused.map(|dependency| format!("{} does not use `{}`", package.name, dependency.name)).collect())
}

fn is_code(line: &&str) -> bool {
    !line.trim_start().starts_with("//")
}

fn names(text: &str, word: &str) -> bool {
    let part = |character: char| character.is_alphanumeric() || character == '_';
    text.match_indices(word).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + word.len()..]);
        !before.ends_with(part) && !after.starts_with(part)
    })
}

/// The Rust files of some of a package's folders, and the pages whose examples run; a package of its own in there is left
/// out.
fn code(package: &Path, below: &[&str]) -> Outcome<Vec<String>> {
    let mut waiting: Vec<PathBuf> = below.iter().map(|folder| package.join(folder)).collect();
    let mut texts = Vec::new();
    while let Some(path) = waiting.pop() {
        if path.is_dir() && !path.join("Cargo.toml").exists() {
            for entry in fs::read_dir(&path)? {
                waiting.push(entry?.path());
            }
        } else if path.is_file() && path.extension().is_some_and(|extension| extension == "rs" || extension == "md") {
            texts.push(fs::read_to_string(path)?);
        }
    }
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_counts_only_as_a_whole_word() {
        for (line, expected) in [
            ("use http::Method;", true),
            ("let method: http::Method;", true),
            ("use http_body::Body;", false),
            ("use hyper_http::Method;", false),
            ("", false),
        ] {
            assert_eq!(names(line, "http"), expected, "{line}");
        }
    }

    #[test]
    fn a_comment_is_not_code() {
        assert!(!is_code(&"    /// see `http`"));
        assert!(is_code(&"    use http::Method; // why"));
    }
}
