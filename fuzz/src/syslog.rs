//! Syslog: every line keeps to the grammar of RFC 5424, and what was logged is read back.

use super::input::{Given, Input, assert_inert, unescaped, unpercent};
use hyperlog_core::Syslog;

/// Logs the bytes as syslog, and takes the header from them too.
pub fn run(data: &[u8]) {
    let input = Input::read(data);
    let syslog = Syslog::new(&input.message).host(&input.target).process(&input.message).message_id(&input.target);
    let line = input.line(syslog.fields_id(&input.target));
    let inside = line.strip_suffix('\n').expect("a line ends");
    assert_inert(inside);
    let mut rest = inside.strip_prefix("<14>1 ").expect("priority and version");
    for longest in [27, 255, 48, 128, 32] {
        let (part, behind) = rest.split_once(' ').expect("a part of the header");
        assert!((1..=longest).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_graphic()), "{part:?}");
        rest = behind;
    }
    rest = rest.strip_prefix('[').expect("the fields");
    let (id, behind) = rest.split_at(rest.find([' ', ']']).expect("an id ends"));
    check_name(id);
    let (parameters, message) = parameters(behind);
    assert_eq!(unescaped(message), input.message);
    let mut parameters = parameters.into_iter();
    let mut expect = |key: &str, text: Option<&str>| {
        let (name, value) = parameters.next().expect("no parameter is missing");
        check_name(name);
        let whole = key.bytes().all(|byte| byte.is_ascii_alphanumeric()) && key.len() <= 32 && !key.is_empty();
        assert!(!whole || unpercent(name) == key, "{name:?} is not {key:?}");
        assert!(text.is_none_or(|text| unescaped(value) == text), "{key:?}: {value:?} is not {text:?}");
    };
    expect("target", Some(&input.target));
    for (key, value) in &input.fields {
        match value {
            Given::Text(text) => expect(key, Some(text)),
            Given::Bytes(_) | Given::Number(_) => expect(key, None),
            Given::List(items) => {
                items.iter().enumerate().for_each(|(place, item)| expect(&format!("{key}.{place}"), Some(item)));
            }
        }
    }
    assert!(parameters.next().is_none(), "nothing is added");
}

fn check_name(name: &str) {
    let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'=' | b']' | b'"');
    assert!((1..=32).contains(&name.len()) && name.bytes().all(plain), "{name:?}");
}

/// The parameters with their escapes, and what follows.
fn parameters(mut rest: &str) -> (Vec<(&str, &str)>, &str) {
    let mut parameters = Vec::new();
    while let Some(behind) = rest.strip_prefix(' ') {
        let (name, behind) = behind.split_once("=\"").expect("a parameter has a name");
        let mut is_escaped = false;
        let end = behind.bytes().position(|byte| {
            assert!(is_escaped || byte != b']', "a bracket needs a backslash");
            let ends = byte == b'"' && !is_escaped;
            is_escaped = byte == b'\\' && !is_escaped;
            ends
        });
        let (value, behind) = behind.split_at(end.expect("a value ends"));
        parameters.push((name, value));
        rest = &behind[1..];
    }
    (parameters, rest.strip_prefix("] ").expect("the fields end, and a message follows"))
}
