//! The guide as a book: it is built, and nothing on its pages, or on any other page of this repository, leads nowhere.
//!
//! What its examples do is for the tests: `pages!` in `src/lib.rs` runs them, `tests/guide.rs` loads its configurations and
//! makes its lines of output.

mod page;
mod rendered;
mod shelf;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::install::Install;
use crate::say::say;
use crate::step::{self, Ended};
use crate::{Outcome, tools};

use self::page::{Block, Page};
pub(crate) use self::rendered::{Rendered, SIZE, unescaped};
pub(crate) use self::shelf::Shelf;

/// Where the pages are written.
const SOURCE: &str = "docs/guide/src";

/// Builds the book and looks at everything that can be wrong with it.
///
/// # Errors
///
/// When it cannot be built, or something is wrong with a page; each mistake is told.
pub(crate) fn check(install: Install) -> Outcome<Ended> {
    let folder = Path::new("target/guide");
    build(folder, install)?;
    let pages = pages()?;
    let book = rendered_pages(folder)?;
    let mut shelf = Shelf::default();
    pages.iter().for_each(|(path, page)| shelf.put(path, page.anchors.iter().cloned()));
    book.iter().for_each(|(path, page)| shelf.put(path, page.ids.iter().cloned()));

    let mut complaints = Vec::new();
    for (path, page) in &pages {
        complaints.extend(wrong_links(path, page, &shelf));
        if path.starts_with(SOURCE) {
            complaints.extend(wrong_blocks(path, page));
        }
    }
    for (path, page) in &book {
        complaints.extend(wrong_in_the_book(path, page, &shelf));
    }
    let names = names_of_pages(&pages);
    complaints.extend(not_in("docs/guide/src/SUMMARY.md", &names, &in_summary(&pages)));
    complaints.extend(not_in("`pages!` in src/lib.rs", &names, &in_doc_tests(&fs::read_to_string("src/lib.rs")?)));

    say(format_args!("{} pages of Markdown, {} of the book", pages.len(), book.len()));
    complaints.iter().for_each(|complaint| say(format_args!("{complaint}")));
    match complaints.len() {
        0 => Ok(Ended::Well),
        some => Err(format!("{some} mistakes on the pages, told above").into()),
    }
}

/// Builds the book into a folder.
///
/// # Errors
///
/// When mdbook is missing and may not be fetched, or does not succeed.
pub(crate) fn build(folder: &Path, install: Install) -> Outcome {
    step::run(tools::MDBOOK.command(install)?.args(["build", "docs/guide", "--dest-dir"]).arg(folder))?;
    Ok(())
}

/// The pages of a book that was built, but for the one that tells that a page is not there: its links begin at the root of
/// whatever serves the book.
fn rendered_pages(folder: &Path) -> Outcome<Vec<(PathBuf, Rendered)>> {
    let files = files_below(folder, "html")?.into_iter().filter(|path| !path.ends_with("404.html"));
    files.map(|path| Ok((path.clone(), Rendered::parse(&fs::read_to_string(&path)?)))).collect()
}

/// The pages of the guide: what each is called, and the anchor of its first heading.
///
/// # Errors
///
/// When one cannot be read.
pub(crate) fn titles() -> Outcome<Vec<(String, Option<String>)>> {
    let guide = pages()?.into_iter().filter(|(path, _)| is_of_guide(path));
    Ok(guide.map(|(path, page)| (name_of(&path), page.anchors.into_iter().next())).collect())
}

/// What is known of all Markdown.
///
/// # Errors
///
/// When a page cannot be read.
pub(crate) fn shelf() -> Outcome<Shelf> {
    let mut shelf = Shelf::default();
    pages()?.iter().for_each(|(path, page)| shelf.put(path, page.anchors.iter().cloned()));
    Ok(shelf)
}

/// All Markdown of this repository.
fn pages() -> Outcome<Vec<(PathBuf, Page)>> {
    let files = files_below(Path::new(""), "md")?;
    files.into_iter().map(|path| Ok((path.clone(), Page::parse(&fs::read_to_string(&path)?)))).collect()
}

/// The files of a kind, in their order. What is made or hidden is left out, unless it is what was asked for.
fn files_below(folder: &Path, kind: &str) -> Outcome<Vec<PathBuf>> {
    let (mut found, mut waiting) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = waiting.pop() {
        let here = if folder.as_os_str().is_empty() { Path::new(".") } else { &folder };
        for entry in fs::read_dir(here)? {
            let entry = entry?;
            let (name, path) = (entry.file_name(), folder.join(entry.file_name()));
            if entry.file_type()?.is_dir() {
                let is_made = name == "target" || name.to_string_lossy().starts_with('.');
                waiting.extend((!is_made).then_some(path));
            } else if path.extension().is_some_and(|extension| extension == kind) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

fn wrong_links(path: &Path, page: &Page, shelf: &Shelf) -> Vec<String> {
    let wrong = |target: &str| shelf.complaint(path, target);
    let links = page.links.iter().filter_map(|link| Some((link.line, wrong(&link.target)?)));
    links.map(|(line, complaint)| format!("{}:{line}: {complaint}", path.display())).collect()
}

fn wrong_in_the_book(path: &Path, page: &Rendered, shelf: &Shelf) -> Vec<String> {
    let links = page.targets.iter().filter_map(|target| shelf.complaint(path, target));
    let silent = page.pictures.iter().filter(|picture| picture.says.is_empty());
    let silent = silent.map(|picture| format!("`{}` says nothing to those who do not see it", picture.source));
    links.chain(silent).map(|complaint| format!("{}: {complaint}", path.display())).collect()
}

fn wrong_blocks(path: &Path, page: &Page) -> Vec<String> {
    let name = name_of(path);
    let wrong = page.blocks.iter().filter_map(|block| Some((block.line, wrong_language(&name, block)?)));
    wrong.map(|(line, complaint)| format!("{}:{line}: {complaint}", path.display())).collect()
}

/// What a block may be.
const LANGUAGES: [&str; 11] = [
    // run with the examples
    "rust",
    "rust,no_run",
    "rust,compile_fail",
    // loaded as a configuration or a manifest, or made as a line of output, by `tests/guide.rs`
    "toml",
    "yaml",
    "json",
    // output as a terminal shows it
    "text",
    // what a reader types somewhere else
    "sh",
    "sql",
    // code that is not ours, on pages for those who come from it
    OF_OTHERS[0],
    OF_OTHERS[1],
];

const OF_OTHERS: [&str; 2] = ["rs", "diff"];

fn wrong_language(page: &str, block: &Block) -> Option<String> {
    let language = block.language.as_str();
    if language.is_empty() {
        return Some("a block of code does not say what language it is in".to_owned());
    }
    if !LANGUAGES.contains(&language) {
        return Some(format!("nothing runs or loads a block of `{language}`; there are {}", LANGUAGES.join(" ")));
    }
    let is_for_movers = page.starts_with("from_") || page == "tracing" || page == "migration";
    let is_astray = OF_OTHERS.contains(&language) && !is_for_movers;
    is_astray.then(|| format!("`{language}` is for pages for those who move here, since nothing runs it: write `rust`"))
}

/// What the files of the guide are called, without the summary.
fn names_of_pages(pages: &[(PathBuf, Page)]) -> BTreeSet<String> {
    let guide = pages.iter().filter(|(path, _)| is_of_guide(path));
    guide.map(|(path, _)| name_of(path)).collect()
}

fn is_of_guide(path: &Path) -> bool {
    path.starts_with(SOURCE) && !path.ends_with("SUMMARY.md")
}

fn in_summary(pages: &[(PathBuf, Page)]) -> BTreeSet<String> {
    let summary = pages.iter().filter(|(path, _)| path.ends_with("SUMMARY.md"));
    summary.flat_map(|(_, page)| &page.links).map(|link| name_of(Path::new(&link.target))).collect()
}

/// The pages whose examples are run.
fn in_doc_tests(library: &str) -> BTreeSet<String> {
    let list = library.split_once("    pages! {").map_or("", |(_, list)| list.split('}').next().unwrap_or_default());
    list.split_whitespace().map(str::to_owned).collect()
}

fn not_in(list: &str, names: &BTreeSet<String>, listed: &BTreeSet<String>) -> Vec<String> {
    names.difference(listed).map(|name| format!("{list} does not list {name}")).collect()
}

fn name_of(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(language: &str) -> Block {
        Block { line: 1, language: language.to_owned() }
    }

    #[test]
    fn a_block_is_in_a_language_that_something_holds_to_be_true() {
        for language in ["rust", "rust,no_run", "rust,compile_fail", "toml", "yaml", "json", "text", "sh", "sql"] {
            assert_eq!(wrong_language("levels", &block(language)), None, "{language}");
        }
        for language in ["", "ignore", "rust,ignore", "rust,should_panic", "rs", "diff", "console", "python", "TOML"] {
            assert!(wrong_language("levels", &block(language)).is_some(), "{language}");
        }
    }

    #[test]
    fn code_of_others_stands_where_one_comes_from_it() {
        for (page, is_right) in [("from_go", true), ("tracing", true), ("migration", true), ("http", false)] {
            assert_eq!(wrong_language(page, &block("rs")).is_none(), is_right, "{page}");
        }
    }

    #[test]
    fn a_page_that_no_list_names_is_told() {
        let page = |path: &str, text: &str| (Path::new(SOURCE).join(path), Page::parse(text));
        let pages = [
            page("SUMMARY.md", "# A\n\n- [Start](start.md)\n  - [More](more.md)\n"),
            page("start.md", ""),
            page("more.md", ""),
            page("lost.md", ""),
            (PathBuf::from("README.md"), Page::default()),
        ];
        let names = names_of_pages(&pages);
        assert_eq!(not_in("it", &names, &in_summary(&pages)), ["it does not list lost"]);
        let library = "macro_rules! pages { () => {} }\n    pages! {\n        start\n        lost\n    }\nmod more {}";
        assert_eq!(not_in("it", &names, &in_doc_tests(library)), ["it does not list more"]);
    }

    #[test]
    fn a_link_and_a_block_are_told_with_their_line() {
        let (path, page) = (Path::new("src/book/a.md"), Page::parse("# A\n\n[b](b.md) [a](#a)\n\n```\n```\n"));
        let mut shelf = Shelf::default();
        shelf.put(path, page.anchors.iter().cloned());
        assert_eq!(wrong_links(path, &page, &shelf), ["src/book/a.md:3: `b.md`: there is no src/book/b.md"]);
        let [complaint] = wrong_blocks(path, &page).try_into().expect("one block is wrong");
        assert!(complaint.starts_with("src/book/a.md:5: "), "{complaint}");
    }

    #[test]
    fn a_picture_in_the_book_says_what_it_shows() {
        let page = Rendered::parse("<img src=\"mod.rs\" alt=\"\"><img src=\"page.rs\" alt=\"a page\">");
        let complaints = wrong_in_the_book(Path::new("src/book/a.html"), &page, &Shelf::default());
        assert_eq!(complaints, ["src/book/a.html: `mod.rs` says nothing to those who do not see it"]);
    }
}
