//! `unsafe` stands only in the modules listed here, and each of them says why it cannot do without.
//!
//! The compiler denies it everywhere already; this list makes lifting the ban a decision that a reviewer sees.

use std::fs;
use std::path::{Path, PathBuf};

/// The modules that may. Each says at its head why it must.
const ALLOWED: &[&str] = &[
    "benches/versus/src/allocator.rs",
    "benches/versus/src/delivery/ticks.rs",
    "benches/versus/src/http/floor.rs",
    "benches/versus/src/peers/floor.rs",
    "benches/versus/src/processor.rs",
    "hyperlog-core/src/append.rs",
    "hyperlog-core/src/time/system.rs",
    "hyperlog-core/tests/no_allocation.rs",
    "hyperlog-core/tests/scope_allocation.rs",
    "integrations/delivery/src/fork.rs",
    "integrations/delivery/tests/process.rs",
    "integrations/file/tests/no_allocation.rs",
    "integrations/prometheus/tests/no_allocation.rs",
    "integrations/tracing/tests/no_allocation.rs",
    "tests/off.rs",
];

/// Spelled apart, or this file would have to be on its own list.
const WORD: &str = concat!("un", "safe");

#[test]
fn only_listed_modules_are_unsafe() {
    for path in sources().into_iter().filter(|path| is_unsafe(&read(path))) {
        let path = path.to_str().expect("our paths are plain");
        assert!(
            ALLOWED.contains(&path),
            "{path} is {WORD}: find a safe way, or add it to ALLOWED in tests/unsafe_code.rs with the reason at its head"
        );
    }
}

#[test]
fn a_listed_module_says_why_and_still_needs_it() {
    let sources = sources();
    for allowed in ALLOWED {
        assert!(sources.contains(&PathBuf::from(allowed)), "{allowed} is gone: take it off ALLOWED");
        let text = read(Path::new(allowed));
        assert!(is_unsafe(&text), "{allowed} is safe by now: take it off ALLOWED");
        assert!(says_why(&text), "{allowed} must say at its head why it is {WORD}");
    }
}

#[test]
fn the_word_is_found_in_code_and_not_in_comments_or_other_words() {
    let check = |text: &str, expected| assert_eq!(is_unsafe(&text.replace("UN", WORD)), expected, "{text}");
    check("let x = UN { *pointer };", true);
    check("UN impl Send for X {}", true);
    check("#[UN(no_mangle)]", true);
    check("    // UN would be faster here", false);
    check("#![deny(UN_code)]", false);
}

#[test]
fn a_reason_stands_in_the_first_text_or_beside_the_lifted_ban() {
    let check = |text: &str, expected| assert_eq!(says_why(&text.replace("UN", WORD)), expected, "{text}");
    check("//! A cursor.\n//!\n//! UN, since a checked read takes twice as long.\n", true);
    check("//! An allocator.\n#![allow(UN_code, reason = \"it is a trait of that kind\")]\n", true);
    check("//! A cursor.\n#![allow(UN_code)]\n", false);
    check("//! A cursor.\n\n// UN\nuse std::ptr;\n", false);
}

fn is_unsafe(text: &str) -> bool {
    let part = |character: char| character.is_alphanumeric() || character == '_';
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    code.flat_map(|line| line.split(|character| !part(character))).any(|word| word == WORD)
}

/// Whether the `//!` text names the word, or the attribute that lifts the ban has a reason.
fn says_why(text: &str) -> bool {
    let attribute = format!("#![allow({WORD}_code, reason =");
    let mut head = text.lines().take_while(|line| line.starts_with("//!") || line.starts_with("#!["));
    head.any(|line| line.starts_with(&attribute) || line.contains(WORD) && line.starts_with("//!"))
}

/// Every Rust file of the project, by its path from the root.
fn sources() -> Vec<PathBuf> {
    let mut waiting = vec![PathBuf::new()];
    let mut sources = Vec::new();
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(root().join(&folder)).expect("the project's folders can be listed") {
            let entry = entry.expect("the project's folders can be listed");
            let (path, name) = (folder.join(entry.file_name()), entry.file_name());
            if entry.path().is_dir() && name != "target" && !name.as_encoded_bytes().starts_with(b".") {
                waiting.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                sources.push(path);
            }
        }
    }
    sources
}

fn read(path: &Path) -> String {
    fs::read_to_string(root().join(path)).expect("a source file is UTF-8")
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
