//! The table of capabilities tells the truth: what it calls done is tested where it says.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// One capability, as `docs/features.md` has it.
struct Row<'a> {
    line: usize,
    state: &'a str,
    /// Paths, with commas between them.
    tests: &'a str,
    guide: &'a str,
    id: &'a str,
}

#[test]
fn every_capability_has_an_id_of_its_own() {
    let page = page();
    let mut known = BTreeSet::new();
    for Row { line, id, .. } in rows(&page) {
        let letters = id.trim_end_matches(|character: char| character.is_ascii_digit());
        let well_formed = letters.len() < id.len() && letters.len() == 1 && letters.as_bytes()[0].is_ascii_uppercase();
        assert!(well_formed, "docs/features.md:{line}: end the row with its id, like <!-- A1 -->");
        assert!(known.insert(id), "docs/features.md:{line}: another row has the id {id}");
    }
    assert!(!known.is_empty(), "docs/features.md lists no capability");
}

#[test]
fn what_is_done_even_in_part_names_a_test_that_exists() {
    let page = page();
    for Row { line, state, tests, id, .. } in rows(&page) {
        match state {
            "planned" => assert!(tests.is_empty(), "docs/features.md:{line}: {id} has a test, so it is in part there"),
            "part" | "done" => assert!(
                tests.split(", ").all(|test| root().join(test.trim_matches('`')).is_file()),
                "docs/features.md:{line}: {id} is {state}, but its test is not there: {tests}"
            ),
            _ => panic!("docs/features.md:{line}: {id} is `{state}`; it may be planned, part or done"),
        }
    }
}

#[test]
fn what_is_done_has_a_page_that_explains_it() {
    let page = page();
    for Row { line, guide, id, .. } in rows(&page).filter(|row| row.state == "done") {
        assert!(!guide.is_empty(), "docs/features.md:{line}: {id} is done, but no page explains it");
    }
}

fn rows(page: &str) -> impl Iterator<Item = Row<'_>> {
    let lines = page.lines().enumerate().filter(|(_, line)| line.starts_with('|'));
    let rows = lines.filter(|(_, line)| !line.starts_with("| Capability |") && !line.starts_with("|---"));
    rows.map(|(number, line)| {
        let cell = |at: usize| line.split('|').nth(at).unwrap_or_default().trim();
        let id = cell(5).strip_prefix("<!-- ").and_then(|rest| rest.strip_suffix(" -->")).unwrap_or_default();
        Row { line: number + 1, state: cell(2), tests: cell(3), guide: cell(4), id }
    })
}

fn page() -> String {
    fs::read_to_string(root().join("docs/features.md")).expect("docs/features.md is here")
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
