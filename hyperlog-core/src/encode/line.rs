//! What the formats of one line share: escapes, words, and maps and lists taken apart.
//!
//! Apart from the formats, so that data is made harmless in one place and in one way.

use crate::encode::json;
use crate::encode::theme::{Palette, Token};
use crate::keys::{DurationForm, Schema};
use crate::reading::FieldCursor;
use crate::time::TimeFormat;
use crate::value::{Tree, TreeVisitor, Value};

/// Whether a terminal or a line splitter could act on a character: controls, marks that end a line or turn the direction
/// of text.
pub(crate) fn is_active(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Appends text for eyes, to a line that it cannot forge: controls, marks that end a line and marks that turn the direction
/// of text become escapes, everything else stays.
///
/// ```
/// let mut line = Vec::new();
/// hyperlog_core::push_inert("ann\n2026 ok: \u{202e}", &mut line);
/// assert_eq!(line, br"ann\n2026 ok: \u202e");
/// ```
pub fn push_inert(text: &str, out: &mut Vec<u8>) {
    push_escaping(text, is_active, out);
}

/// Appends text so that it can be read back: a backslash is doubled too.
#[cfg(feature = "formats")]
pub(crate) fn push_reversible(text: &str, out: &mut Vec<u8>) {
    push_escaping(text, |character| character == '\\' || is_active(character), out);
}

/// The escapes are `\\`, `\n`, `\r`, `\t` and `\uXXXX`.
#[inline]
pub(crate) fn push_escaping(text: &str, is_escaped: impl Fn(char) -> bool, out: &mut Vec<u8>) {
    let mut plain = 0;
    for (at, character) in text.char_indices() {
        if is_escaped(character) {
            out.extend_from_slice(&text.as_bytes()[plain..at]);
            push_escape(character, out);
            plain = at + character.len_utf8();
        }
    }
    out.extend_from_slice(&text.as_bytes()[plain..]);
}

#[cold]
fn push_escape(character: char, out: &mut Vec<u8>) {
    let letter = match character {
        '\n' => b'n',
        '\r' => b'r',
        '\t' => b't',
        '\u{1}'..='\u{7f}' if !character.is_control() => character as u8,
        other => {
            let digit = |shift: u32| b"0123456789abcdef"[(u32::from(other) >> shift & 15) as usize];
            return out.extend_from_slice(&[b'\\', b'u', digit(12), digit(8), digit(4), digit(0)]);
        }
    };
    out.extend_from_slice(&[b'\\', letter]);
}

/// Appends a name as one word: whatever could end it becomes `%XX`, byte by byte, and an empty name a lone `%`.
pub(crate) fn push_name(name: &str, out: &mut Vec<u8>) {
    if name.is_empty() {
        return out.push(b'%');
    }
    let mut bytes = [0; 4];
    for character in name.chars() {
        match character {
            '!'..='~' if !matches!(character, '=' | '"' | '%' | '\\') => out.push(character as u8),
            '\u{80}'.. if !is_active(character) && !character.is_whitespace() => {
                out.extend_from_slice(character.encode_utf8(&mut bytes).as_bytes());
            }
            odd => odd.encode_utf8(&mut bytes).bytes().for_each(|byte| push_percent(byte, out)),
        }
    }
}

pub(crate) fn push_percent(byte: u8, out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    out.extend_from_slice(&[b'%', DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
}

/// Appends a text as a word if it is one, else in quotes with the escapes of JSON. What would be read as a number, `true`,
/// `false`, `null` or something empty is quoted too.
pub(crate) fn push_word(text: &str, out: &mut Vec<u8>) {
    if is_word(text) { out.extend_from_slice(text.as_bytes()) } else { json::push_text(text, out) }
}

fn is_word(text: &str) -> bool {
    let plain = |byte: &u8| matches!(byte, b'!'..=b'~') && !matches!(byte, b'=' | b'"' | b'\\');
    let is_plain = text.as_bytes().iter().all(plain)
        || text.chars().all(|character| match character {
            '\0'..='\u{7f}' => plain(&(character as u8)),
            other => !is_active(other) && !other.is_whitespace(),
        });
    is_plain && !matches!(text, "" | "true" | "false" | "null" | "{}" | "[]") && !is_number(text.as_bytes())
}

/// Whether this is a number as JSON has it.
fn is_number(text: &[u8]) -> bool {
    let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut rest = text.strip_prefix(b"-").unwrap_or(text);
    let whole = digits(rest);
    if whole == 0 || whole > 1 && rest[0] == b'0' {
        return false;
    }
    rest = &rest[whole..];
    if let [b'.', fraction @ ..] = rest {
        let count = digits(fraction);
        if count == 0 {
            return false;
        }
        rest = &fraction[count..];
    }
    if let [b'e' | b'E', exponent @ ..] = rest {
        let exponent = match exponent {
            [b'+' | b'-', rest @ ..] => rest,
            other => other,
        };
        let count = digits(exponent);
        return count > 0 && count == exponent.len();
    }
    rest.is_empty()
}

/// Appends a value that is neither map nor list as one word.
pub(crate) fn push_scalar(value: Value<'_>, out: &mut Vec<u8>) {
    with_text(value, out, push_word);
}

/// Appends a value; what is text is appended by a function.
pub(crate) fn with_text(value: Value<'_>, out: &mut Vec<u8>, push: impl Fn(&str, &mut Vec<u8>)) {
    match value {
        Value::Str(text) => push(text, out),
        Value::Char(character) => push(character.encode_utf8(&mut [0; 4]), out),
        Value::Time(time) => TimeFormat::Rfc3339Micros.write(time, out),
        Value::F64(number) if !number.is_finite() => out.extend_from_slice(name_of_not_finite(number)),
        Value::F32(number) if !number.is_finite() => out.extend_from_slice(name_of_not_finite(number.into())),
        other => json::push_value(other, DurationForm::Millis, out),
    }
}

fn name_of_not_finite(number: f64) -> &'static [u8] {
    match number {
        f64::INFINITY => b"Infinity",
        f64::NEG_INFINITY => b"-Infinity",
        _ => b"NaN",
    }
}

/// What a span of time adds to its name, since it becomes a number.
pub(crate) fn unit_of(name: &str, value: &Value<'_>) -> &'static str {
    if matches!(value, Value::Duration(_)) && !name.ends_with("_ms") { "_ms" } else { "" }
}

/// Whether only the logger itself may write this name, so that no field can pass for the level or the time.
pub(crate) fn is_reserved(name: &str) -> bool {
    Schema::DEFAULT.is_reserved(name)
}

/// What stands before a field that bears the name of a part of the record.
pub(crate) const DISTINCTION: &str = "field.";

/// A value without anything inside.
#[derive(Clone, Copy)]
pub(crate) enum Leaf<'a> {
    Value(Value<'a>),
    EmptyMap,
    EmptyList,
}

/// Shows a value, or everything inside it, with names joined by dots: `limits.soft`, `tags.0`.
#[inline]
pub(crate) fn flatten(name: &str, value: Value<'_>, show: &mut dyn FnMut(&str, Leaf<'_>)) {
    match value {
        Value::Tree(tree) => flatten_tree(name, tree, show),
        scalar => show(name, Leaf::Value(scalar)),
    }
}

/// A name is repeated for everything inside, so that a small tree could become a huge line: what goes beyond this many
/// bytes is counted in a last field, `leaves_cut`.
const LONGEST_TREE: usize = 64 << 10;

fn flatten_tree(name: &str, tree: &dyn Tree, show: &mut dyn FnMut(&str, Leaf<'_>)) {
    let path = name.to_owned();
    let mut flattener = Flattener { path, open: Vec::new(), left: LONGEST_TREE, lost: 0, show };
    tree.walk(&mut flattener);
    if flattener.lost > 0 {
        let lost = flattener.lost;
        show(&format!("{name}.leaves_cut"), Leaf::Value(Value::U64(lost)));
    }
}

struct Flattener<'a> {
    path: String,
    open: Vec<Open>,
    left: usize,
    lost: u64,
    show: &'a mut dyn FnMut(&str, Leaf<'_>),
}

/// A map or list whose insides are being shown.
struct Open {
    /// How long its own path is.
    path: usize,
    /// Where it is a list, how many values were shown.
    list: Option<usize>,
    is_empty: bool,
}

impl Flattener<'_> {
    /// In a list the path gets the place of the value that comes now.
    fn step(&mut self) {
        let Some(open) = self.open.last_mut() else { return };
        open.is_empty = false;
        if let Some(index) = &mut open.list {
            self.path.truncate(open.path);
            self.path.push('.');
            self.path.push_str(itoa::Buffer::new().format(*index));
            *index += 1;
        }
    }

    fn begin(&mut self, list: Option<usize>) {
        self.step();
        self.open.push(Open { path: self.path.len(), list, is_empty: true });
    }

    fn leaf(&mut self, leaf: Leaf<'_>) {
        let size = self.path.len()
            + match leaf {
                Leaf::Value(Value::Str(text)) => text.len(),
                _ => 8,
            };
        if self.left == 0 {
            self.lost += 1;
        } else {
            self.left = self.left.saturating_sub(size);
            (self.show)(&self.path, leaf);
        }
    }
}

impl TreeVisitor for Flattener<'_> {
    fn begin_map(&mut self) {
        self.begin(None);
    }

    fn begin_list(&mut self) {
        self.begin(Some(0));
    }

    fn key(&mut self, key: &str) {
        let Some(open) = self.open.last() else { return };
        self.path.truncate(open.path);
        self.path.push('.');
        self.path.push_str(key);
    }

    fn value(&mut self, value: Value<'_>) {
        self.step();
        self.leaf(Leaf::Value(value));
    }

    fn end(&mut self) {
        let Some(open) = self.open.pop() else { return };
        self.path.truncate(open.path);
        if open.is_empty {
            self.leaf(if open.list.is_some() { Leaf::EmptyList } else { Leaf::EmptyMap });
        }
    }
}

/// Appends fields as ` name=value`, each with its space.
pub(crate) fn push_pairs(fields: &mut FieldCursor<'_>, palette: &Palette, out: &mut Vec<u8>) {
    while let Some((key, value)) = fields.next() {
        push_pair(key.name(), value, palette, out);
    }
}

/// Appends one field, or all that is inside it, as ` name=value`.
pub(crate) fn push_pair(name: &str, value: Value<'_>, palette: &Palette, out: &mut Vec<u8>) {
    let distinction = if is_reserved(name) { DISTINCTION } else { "" };
    flatten(name, value, &mut |name, leaf| {
        out.push(b' ');
        palette.paint(Token::Key, out, |out| {
            out.extend_from_slice(distinction.as_bytes());
            push_name(name, out);
            if let Leaf::Value(value) = leaf {
                out.extend_from_slice(unit_of(name, &value).as_bytes());
            }
        });
        palette.paint(Token::Punctuation, out, |out| out.push(b'='));
        match leaf {
            Leaf::Value(value) => palette.paint(Token::of_value(name, &value), out, |out| push_scalar(value, out)),
            Leaf::EmptyMap => palette.paint(Token::Punctuation, out, |out| out.extend_from_slice(b"{}")),
            Leaf::EmptyList => palette.paint(Token::Punctuation, out, |out| out.extend_from_slice(b"[]")),
        }
    });
}

/// Appends the name of a level in lower case.
pub(crate) fn push_lower(name: &str, out: &mut Vec<u8>) {
    out.extend(name.bytes().map(|byte| byte.to_ascii_lowercase()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_number_is_what_json_calls_one() {
        let check = |text: &str, expected| assert_eq!(is_number(text.as_bytes()), expected, "{text}");
        for number in ["0", "-0", "10", "1.5", "-1.5e10", "1E+5", "340282366920938463463374607431768211455"] {
            check(number, true);
        }
        for other in ["", "-", "01", "1.", ".5", "1e", "1e+", "+1", "1x", "1.2.3", "0x1", "NaN", "e5"] {
            check(other, false);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_number_is_what_an_independent_parser_calls_one(text in "[-+0-9.]{0,5}([eE][-+0-9]{0,2})?") {
            let is_json = serde_json::from_str::<serde_json::Number>(&text).is_ok();
            prop_assert_eq!(is_number(text.as_bytes()), is_json);
        }

        #[test]
        fn inert_text_has_nothing_that_acts(text in any::<String>()) {
            let mut out = Vec::new();
            push_inert(&text, &mut out);
            prop_assert!(!String::from_utf8(out).unwrap().chars().any(is_active));
        }
    }

    #[test]
    fn what_acts_becomes_an_escape_and_nothing_else_does() {
        let check = |text: &str, expected: &str| {
            let mut out = Vec::new();
            push_inert(text, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        };
        check("café \"C:\\dir\" 日本", "café \"C:\\dir\" 日本");
        check("a\n\r\t\0\x1b[31m\x7f", "a\\n\\r\\t\\u0000\\u001b[31m\\u007f");
        check("\u{85}\u{9b}\u{2028}\u{202e}\u{2066}\u{61c}", "\\u0085\\u009b\\u2028\\u202e\\u2066\\u061c");
    }
}
