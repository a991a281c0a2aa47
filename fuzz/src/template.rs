//! Templates: a pattern is read or refused, and a record is one inert line whatever the pattern and the record hold.

use super::input::{Input, assert_inert};
use hyperlog_core::Template;

/// Takes what precedes the first `0xFF` for a pattern, and logs the rest with it and with one of ours.
pub fn run(data: &[u8]) {
    let (pattern, rest) = data.split_at(data.iter().position(|byte| *byte == 0xFF).unwrap_or(data.len()));
    let input = Input::read(rest.get(1..).unwrap_or_default());
    let pattern = String::from_utf8_lossy(pattern);
    match Template::parse(&pattern) {
        Ok(template) => assert_line(&input.line(template)),
        Err(error) => assert!(error.position() < pattern.len() && pattern.is_char_boundary(error.position())),
    }
    let ours = Template::parse("{message:?}\t{target:?}|{message}|{fields}").expect("ours is well-formed");
    let line = input.line(ours);
    let mut texts = serde_json::Deserializer::from_str(&line).into_iter::<String>();
    assert_eq!(texts.next().expect("the message").expect("JSON"), input.message);
    assert_eq!(texts.next().expect("the target").expect("JSON"), input.target);
    assert_line(&line);
    assert_eq!(line.matches('\t').count(), 1, "the tab of the pattern");
}

/// The only tabs are those of the pattern.
fn assert_line(line: &str) {
    assert_inert(&line.strip_suffix('\n').expect("a line ends").replace('\t', ""));
}
