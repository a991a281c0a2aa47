//! CSV: a line is a record, no text is a formula, and what was logged is read back.

use super::input::{Given, Input, assert_inert, unescaped};
use hyperlog_core::{Csv, Encode};

/// Logs the bytes as CSV, with a column for each field but the last.
pub fn run(data: &[u8]) {
    let input = Input::read(data);
    let names: Vec<&str> = input.fields.iter().map(|(key, _)| &**key).filter(|key| !OURS.contains(key)).collect();
    let (rest, own) = names.split_last().map_or((None, &[][..]), |(last, own)| (Some(*last), own));
    let csv = Csv::new(["target", "message"].iter().chain(own)).rest("rest");
    let mut header = Vec::new();
    csv.preamble(&mut header);
    let header = cells(std::str::from_utf8(&header).expect("a header is UTF-8"));
    let line = input.line(csv);
    let cells = cells(&line);
    assert_eq!(header.len(), cells.len(), "as many cells as columns");
    assert_eq!(restored(&cells[0]), input.target);
    assert_eq!(restored(&cells[1]), input.message);
    for (name, (column, cell)) in own.iter().zip(header[2..].iter().zip(&cells[2..])) {
        assert_eq!(restored(column), *name);
        match input.fields.iter().find(|(key, _)| key == name).map(|(_, value)| value) {
            Some(Given::Text(text)) => assert_eq!(restored(cell), *text),
            Some(Given::Number(number)) if number.is_finite() => assert_eq!(cell.parse(), Ok(*number)),
            Some(Given::List(items)) => assert_eq!(serde_json::from_str::<Vec<String>>(cell).expect("JSON"), *items),
            _ => {}
        }
    }
    if let Some(name) = rest {
        let parsed: serde_json::Value = serde_json::from_str(&cells[cells.len() - 1]).expect("the rest is JSON");
        assert!(parsed.get(name).is_some(), "{name:?} is among the rest");
    }
}

/// The columns that are no fields.
const OURS: [&str; 8] =
    ["timestamp", "level", "target", "message", "code.file", "code.line", "sample_rate", "cut_from_bytes"];

fn restored(cell: &str) -> String {
    assert!(!cell.starts_with(['=', '+', '-', '@']), "{cell:?} is a formula");
    unescaped(cell.strip_prefix('\'').unwrap_or(cell))
}

/// The cells of one line of RFC 4180.
fn cells(line: &str) -> Vec<String> {
    let inside = line.strip_suffix("\r\n").expect("a line ends");
    assert_inert(inside);
    let mut cells = Vec::new();
    let mut rest = Some(inside);
    while let Some(line) = rest {
        let (cell, behind) = match line.strip_prefix('"') {
            Some(quoted) => take_quoted(quoted),
            None => {
                let (cell, behind) = line.split_at(line.find(',').unwrap_or(line.len()));
                assert!(!cell.contains('"'), "a quote stands in quotes");
                (cell.to_owned(), behind)
            }
        };
        cells.push(cell);
        rest = behind.strip_prefix(',');
        assert!(rest.is_some() || behind.is_empty(), "a comma stands between cells");
    }
    cells
}

fn take_quoted(quoted: &str) -> (String, &str) {
    let mut cell = String::new();
    let mut rest = quoted;
    loop {
        let (piece, behind) = rest.split_once('"').expect("a quote is closed");
        cell.push_str(piece);
        match behind.strip_prefix('"') {
            Some(behind) => {
                cell.push('"');
                rest = behind;
            }
            None => return (cell, behind),
        }
    }
}
