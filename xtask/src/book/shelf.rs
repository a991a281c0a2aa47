//! The pages that are known, and whether a link from one of them leads anywhere.

use std::collections::{HashMap, HashSet};
use std::path::{Component, Path, PathBuf};

/// The anchors of each page, by its path from the workspace's root.
#[derive(Default)]
pub(crate) struct Shelf {
    pages: HashMap<PathBuf, HashSet<String>>,
}

/// Where this repository can be seen, as links from the book have to say it.
const HOME: &str = "https://github.com/hyperlog-rs/hyperlog/";

impl Shelf {
    pub(crate) fn put(&mut self, page: &Path, anchors: impl IntoIterator<Item = String>) {
        self.pages.insert(page.to_owned(), anchors.into_iter().collect());
    }

    /// What is wrong with a link that stands on a page. Nothing is fetched: a link to elsewhere has only to be one.
    pub(crate) fn complaint(&self, page: &Path, target: &str) -> Option<String> {
        if let Some(here) = at_home(target) {
            return self.complaint_of_file(Path::new(here), target);
        }
        if has_scheme(target) {
            return (!is_address(target)).then(|| format!("`{target}` is no address that begins with https"));
        }
        let file = target.split(['#', '?']).next().unwrap_or_default();
        if file.is_empty() {
            return self.complaint_of_file(page, target);
        }
        match within(page.parent().unwrap_or(Path::new("")), Path::new(file)) {
            Some(file) => self.complaint_of_file(&file, target),
            None => Some(format!("`{target}` leads out of the repository")),
        }
    }

    fn complaint_of_file(&self, file: &Path, target: &str) -> Option<String> {
        let anchors = self.pages.get(file);
        if anchors.is_none() && !file.exists() {
            return Some(format!("`{target}`: there is no {}", file.display()));
        }
        let (_, anchor) = target.split_once('#')?;
        let is_there = anchors.is_some_and(|anchors| anchors.contains(anchor));
        (!is_there).then(|| format!("`{target}`: no heading of {} is called so", file.display()))
    }
}

/// The path of a file of ours, if that is what an address shows.
fn at_home(target: &str) -> Option<&str> {
    let (way, path) = target.strip_prefix(HOME)?.split_once("/main/")?;
    let file = path.split('#').next()?;
    matches!(way, "blob" | "tree" | "edit").then_some(file)
}

fn has_scheme(target: &str) -> bool {
    let first = target.split(['/', '#', '?']).next().unwrap_or_default();
    let is_plain = |scheme: &str| !scheme.is_empty() && scheme.chars().all(|letter| letter.is_ascii_alphanumeric());
    first.split_once(':').is_some_and(|(scheme, _)| is_plain(scheme))
}

fn is_address(target: &str) -> bool {
    let Some(rest) = target.strip_prefix("https://") else { return false };
    let host = rest.split(['/', '#', '?']).next().unwrap_or_default();
    let is_label =
        |label: &str| !label.is_empty() && label.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-');
    host.contains('.') && host.split('.').all(is_label) && !target.contains(|letter: char| letter.is_whitespace())
}

/// A path from a folder, without its dots; none if it is not below the root.
fn within(folder: &Path, path: &Path) -> Option<PathBuf> {
    let mut whole = PathBuf::new();
    for part in folder.components().chain(path.components()) {
        match part {
            Component::Normal(name) => whole.push(name),
            Component::CurDir => {}
            Component::ParentDir if whole.pop() => {}
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tests run in the folder of xtask: paths are from there.
    fn check(target: &str, complaint: Option<&str>) {
        let mut shelf = Shelf::default();
        shelf.put(Path::new("src/main.rs"), ["commands".to_owned()]);
        shelf.put(Path::new("src/book/page.md"), ["own".to_owned()]);
        let found = shelf.complaint(Path::new("src/book/page.md"), target);
        match complaint {
            None => assert_eq!(found, None, "{target}"),
            Some(part) => assert!(found.as_deref().is_some_and(|found| found.contains(part)), "{target}: {found:?}"),
        }
    }

    #[test]
    fn a_link_leads_to_a_file_that_is_there() {
        check("mod.rs", None);
        check("./../main.rs", None);
        check("../book", None);
        check("nobody.rs", Some("there is no src/book/nobody.rs"));
        check("../../../README.md", Some("out of the repository"));
        check("/etc/passwd", Some("out of the repository"));
        check("hyperlog_core::on_fault", Some("there is no"));
    }

    #[test]
    fn an_anchor_leads_to_a_heading_that_is_there() {
        check("../main.rs#commands", None);
        check("#own", None);
        check("#commands", Some("no heading"));
        check("../main.rs#Commands", Some("no heading"));
        check("../main.rs#", Some("no heading"));
        check("mod.rs#unknown", Some("no heading"));
    }

    #[test]
    fn an_address_elsewhere_is_one_and_begins_with_https() {
        check("https://docs.rs/hyperlog/latest/hyperlog/keys/index.html", None);
        check("https://semver.org", None);
        for target in [
            "http://semver.org",
            "https://",
            "https:/semver.org",
            "https://sem ver.org",
            "https://semver",
            "https://semver..org",
            "https://semver.org/a b",
            "mailto:ann@example.com",
            "javascript:alert(1)",
        ] {
            check(target, Some("begins with https"));
        }
    }

    #[test]
    fn an_address_of_ours_is_held_to_the_files_that_are_here() {
        check("https://github.com/hyperlog-rs/hyperlog/blob/main/src/main.rs", None);
        check("https://github.com/hyperlog-rs/hyperlog/blob/main/src/main.rs#commands", None);
        check("https://github.com/hyperlog-rs/hyperlog/tree/main/src/book", None);
        check("https://github.com/hyperlog-rs/hyperlog/blob/main/src/nobody.rs", Some("there is no src/nobody.rs"));
        check("https://github.com/hyperlog-rs/hyperlog/blob/main/src/main.rs#none", Some("no heading"));
        check("https://github.com/hyperlog-rs/hyperlog", None);
    }
}
