//! Queries, parameters and headers as values: maps, so that each entry meets redaction under its own name.

use crate::http::head::Header;
use crate::http::route::for_each_param;
use crate::limits;
use crate::value::{ToValue, Tree, TreeVisitor, Value};
use std::borrow::Cow;

/// Names and what stands under them.
pub(crate) struct Shown<'t>(Vec<(Cow<'t, str>, Vec<Cow<'t, str>>)>);

/// More are not shown of a query, of parameters or of headers.
const MOST: usize = 64;

/// What stands in the place of a value that only this place knows to be secret.
pub(crate) const HIDDEN: &str = "[REDACTED]";

/// A query: `a=1&b=2`.
pub(crate) fn query(query: &str) -> Shown<'_> {
    let mut shown = Shown(Vec::new());
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = decoded_name(name);
        let value = if is_signature(&name) { HIDDEN.into() } else { decoded(value) };
        shown.add(name, value);
    }
    shown
}

/// Whether this signs a query, so that whoever knows it may do the same. Anywhere else such a name is harmless, so that no
/// rule of redaction knows it.
fn is_signature(name: &str) -> bool {
    ["sig", "signature"].iter().any(|word| name.eq_ignore_ascii_case(word))
}

/// The parameters of a route.
pub(crate) fn params<'t>(route: &'t str, path: &'t str) -> Shown<'t> {
    let mut shown = Shown(Vec::new());
    for_each_param(route, path, |name, value| shown.add(name.into(), decoded(value)));
    shown
}

/// The headers of these names; `*` stands for all. Of the one that is secret nothing but its name is shown.
pub(crate) fn headers<'h>(
    names: &[Box<str>],
    secret: Option<&str>,
    each: impl FnOnce(&mut dyn FnMut(Header<'h>)),
) -> Shown<'h> {
    let mut shown = Shown(Vec::new());
    each(&mut |header| {
        if names.iter().any(|name| **name == *header.name || **name == *"*") {
            let value = match header.is_sensitive || secret == Some(header.name) {
                true => Cow::from(HIDDEN),
                false => String::from_utf8_lossy(header.value),
            };
            shown.add(header.name.into(), value);
        }
    });
    shown
}

impl<'t> Shown<'t> {
    fn add(&mut self, name: Cow<'t, str>, value: Cow<'t, str>) {
        let has_room = self.0.len() < MOST;
        match self.0.iter_mut().find(|(other, _)| *other == name) {
            Some((_, values)) if values.len() < MOST => values.push(value),
            None if has_room => self.0.push((name, vec![value])),
            _ => {}
        }
    }
}

impl Tree for Shown<'_> {
    fn walk(&self, visitor: &mut dyn TreeVisitor) {
        visitor.begin_map();
        for (name, values) in &self.0 {
            visitor.key(name);
            match &values[..] {
                [value] => visitor.value(Value::Str(value)),
                many => {
                    visitor.begin_list();
                    many.iter().for_each(|value| visitor.value(Value::Str(value)));
                    visitor.end();
                }
            }
        }
        visitor.end();
    }
}

impl ToValue for Shown<'_> {
    fn to_value(&self) -> Value<'_> {
        Value::Tree(self)
    }
}

/// Whether a body of this media type is text.
pub(crate) fn is_text(content_type: &[u8]) -> bool {
    let Ok(content_type) = std::str::from_utf8(content_type) else { return false };
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_named = matches!(&*kind, "application/json" | "application/x-www-form-urlencoded");
    is_named || kind.ends_with("+json") || kind.starts_with("text/") && !is_markup(&kind)
}

/// In markup names stand where redaction does not look for them: `<password>`.
fn is_markup(kind: &str) -> bool {
    kind.ends_with("xml") || kind.ends_with("html")
}

/// The beginning of a body as text, with a mark if it was longer.
pub(crate) fn body(beginning: &[u8], length: u64) -> String {
    let is_cut = (beginning.len() as u64) < length || beginning.contains(&0);
    // Of letters that take several bytes each, redaction would see none.
    let beginning = beginning.split(|byte| *byte == 0).next().unwrap_or_default();
    let beginning = if is_cut { without_last_word(beginning) } else { beginning };
    let mut text = match is_form(beginning) {
        true => with_names_decoded(&String::from_utf8_lossy(beginning)),
        false => String::from_utf8_lossy(beginning).into_owned(),
    };
    if is_cut {
        limits::push_cut_mark(usize::try_from(length).unwrap_or(usize::MAX), &mut text);
    }
    text
}

/// Of a secret that was cut in two, nobody could see any more that it was one.
fn without_last_word(text: &[u8]) -> &[u8] {
    let is_of_word = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.+/=%~".contains(byte) || !byte.is_ascii();
    let end = text.iter().rposition(|byte| !is_of_word(byte)).map_or(0, |place| place + 1);
    &text[..end]
}

/// Whether this is a form with escapes: in no other text all that is not plain is escaped.
fn is_form(body: &[u8]) -> bool {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.~*+%&=[]".contains(byte);
    body.contains(&b'%') && body.contains(&b'=') && body.iter().all(is_plain)
}

/// A form by whose names redaction sees what they name, as `user%5Bpassword%5D`. Values stay as they are: where one ends
/// would be lost.
fn with_names_decoded(form: &str) -> String {
    let decoded = form.split('&').map(|pair| match pair.split_once('=') {
        Some((name, value)) => [&*decoded_name(name), "=", value].concat(),
        None => pair.to_owned(),
    });
    decoded.collect::<Vec<_>>().join("&")
}

/// `%40` as `@` and `+` as a space: what is written in escapes would pass redaction unseen.
fn decoded(text: &str) -> Cow<'_, str> {
    unescaped(text, b' ')
}

/// The same of a name, in as many layers as there are: escaped twice, it would pass redaction too, and its value with it.
fn decoded_name(name: &str) -> Cow<'_, str> {
    if !name.contains(['%', '+']) {
        return name.into();
    }
    let mut bytes = Vec::with_capacity(name.len());
    for byte in name.bytes() {
        bytes.push(if byte == b'+' { b' ' } else { byte });
        // What one escape leaves behind may be part of the next.
        while let [.., b'%', high, low] = bytes[..]
            && let (Some(high), Some(low)) = (digit(high), digit(low))
        {
            bytes.truncate(bytes.len() - 3);
            bytes.push(high << 4 | low);
        }
    }
    String::from_utf8_lossy(&bytes).into_owned().into()
}

/// The same where a plus is a plus.
pub(crate) fn percent_decoded(text: &str) -> Cow<'_, str> {
    unescaped(text, b'+')
}

fn unescaped(text: &str, plus: u8) -> Cow<'_, str> {
    if !text.contains(['%', '+']) {
        return text.into();
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, behind)) = rest.split_first() {
        rest = behind;
        let escaped = (*byte == b'%').then(|| Some((digit(*behind.first()?)?, digit(*behind.get(1)?)?))).flatten();
        match escaped {
            Some((high, low)) => {
                bytes.push(high << 4 | low);
                rest = &behind[2..];
            }
            None => bytes.push(if *byte == b'+' { plus } else { *byte }),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned().into()
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).map(|digit| digit as u8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::FieldSet;
    use crate::level::Level;
    use crate::logger::Logger;

    #[test]
    fn a_body_that_is_cut_ends_before_its_last_word() {
        assert_eq!(body(b"all of it", 9), "all of it");
        let cut = body(b"{\"user\":\"ann\",\"note\":\"ghp_0123456", 400);
        assert!(cut.starts_with("{\"user\":\"ann\",\"note\":\"") && !cut.contains("ghp_"), "{cut}");
        assert!(!body(b"onelongword", 400).contains("one"));
    }

    #[test]
    fn the_names_of_a_form_are_shown_without_escapes() {
        let check = |form: &str, expected| assert_eq!(body(form.as_bytes(), form.len() as u64), expected);
        check("user%5Bpassword%5D=a%26b&pass%77ord=c&d", "user[password]=a%26b&password=c&d");
        check("a=1&b=2", "a=1&b=2");
        check("50% of a=b%20c", "50% of a=b%20c");
    }

    #[test]
    fn a_name_that_is_escaped_twice_names_a_secret_all_the_same() {
        for name in
            ["password", "pass%77ord", "pass%2577ord", "pass%25252577ord", "%25%37%30assword", "pass%2%35%37%37ord"]
        {
            let (logger, captured) = Logger::capture();
            let asked = format!("a%20b=1&{name}=hunter2&q=100%2525");
            let form = body(asked.as_bytes(), asked.len() as u64);
            let mut fields = FieldSet::new();
            fields.add("query", query(&asked).to_value()).add("form", &*form);
            logger.log(Level::INFO, "asked", &fields);
            let record = captured.only().to_string();
            assert!(!record.contains("hunter2") && record.contains("100%25"), "{record}");
        }
        let names: Vec<_> = query("a+b=1&%e2%82%ac=2&100%=3&%zz=4&%ff=5").0.into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["a b", "\u{20ac}", "100%", "%zz", "\u{fffd}"]);
    }

    #[test]
    fn a_body_in_letters_of_several_bytes_is_not_shown() {
        let text = "password=hunter2";
        for wide in [u16::to_le_bytes, u16::to_be_bytes] {
            let bytes: Vec<u8> = text.encode_utf16().flat_map(wide).collect();
            assert_eq!(body(&bytes, 32), "\u{2026}[cut, 32 bytes]");
        }
    }

    #[test]
    fn escapes_are_undone_and_what_is_none_stays() {
        for (text, expected) in [
            ("a%40b", "a@b"),
            ("a+b", "a b"),
            ("%e2%82%ac", "\u{20ac}"),
            ("%", "%"),
            ("%4", "%4"),
            ("%zz", "%zz"),
            ("100%", "100%"),
            ("%ff", "\u{fffd}"),
            ("%%34", "%4"),
        ] {
            assert_eq!(decoded(text), expected, "{text}");
        }
    }
}
