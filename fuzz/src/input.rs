//! A record out of hostile bytes, and what every line of it must keep to.
//!
//! Pieces end at `0xFF`, which no text holds: the target, the message, then keys and values in turn. A value is a number
//! behind `#`, a list of what stands between commas behind `*`, text otherwise, and bytes if it is none.

use hyperlog_core::{Encode, FieldSet, Level, Limits, Logger, Memory, Output, Redaction, list};
use std::borrow::Cow;

/// What is logged.
pub(crate) struct Input<'a> {
    pub(crate) target: Cow<'a, str>,
    pub(crate) message: Cow<'a, str>,
    pub(crate) fields: Vec<(Cow<'a, str>, Given<'a>)>,
}

/// The value of a field.
pub(crate) enum Given<'a> {
    Text(&'a str),
    Bytes(&'a [u8]),
    Number(f64),
    List(Vec<Cow<'a, str>>),
}

impl<'a> Input<'a> {
    pub(crate) fn read(data: &'a [u8]) -> Input<'a> {
        let mut pieces = data.split(|byte| *byte == 0xFF);
        let mut text = || String::from_utf8_lossy(pieces.next().unwrap_or_default());
        let (mut target, message) = (text(), text());
        // A longer one is cut, by rules that are not the encoder's.
        if target.len() > LONGEST_TARGET {
            let kept = (0..=LONGEST_TARGET).rev().find(|end| target.is_char_boundary(*end));
            target.to_mut().truncate(kept.unwrap_or_default());
        }
        let mut fields: Vec<(Cow<'a, str>, Given<'a>)> = Vec::new();
        while let (Some(key), Some(value)) = (pieces.next(), pieces.next()) {
            let key = String::from_utf8_lossy(key);
            // Of two with one name the later counts, which is proven elsewhere.
            if fields.iter().all(|(other, _)| *other != key) {
                fields.push((key, Given::read(value)));
            }
        }
        Input { target, message, fields }
    }

    /// The line an encoder makes of it, read back as text.
    pub(crate) fn line(&self, encoder: impl Encode) -> String {
        let memory = Memory::new();
        let limits = Limits::default().key(1 << 20).text(1 << 20).message(1 << 20).record(1 << 30).fields(1 << 20);
        let logger = Logger::builder().redaction(Redaction::off()).limits(limits);
        let logger = logger.output(Output::new(encoder, memory.clone())).build().expect("one output is not too many");
        let mut fields = FieldSet::new();
        for (key, value) in &self.fields {
            match value {
                Given::Text(text) => fields.add(key, *text),
                Given::Bytes(bytes) => fields.add(key, *bytes),
                Given::Number(number) => fields.add(key, *number),
                Given::List(items) => fields.add(key, list(items)),
            };
        }
        let named = logger.named(&self.target);
        named.log(Level::INFO, &self.message, &fields);
        let direct = memory.text();
        memory.take();
        named.with(&fields).log(Level::INFO, &self.message, &FieldSet::new());
        assert_eq!(without_time(&direct), without_time(&memory.text()), "bound fields are written as others are");
        String::from_utf8(direct.into_bytes()).expect("what is written is UTF-8")
    }
}

const LONGEST_TARGET: usize = 128;

/// Of a list whose keys become too long in all, only the beginning is written: that is proven elsewhere.
const MOST_ITEMS: usize = 8;

/// Digits may differ between two records of one run: the time is made of them.
fn without_time(line: &str) -> String {
    line.replace(|character: char| character.is_ascii_digit(), "0")
}

impl<'a> Given<'a> {
    fn read(piece: &'a [u8]) -> Given<'a> {
        let Ok(text) = std::str::from_utf8(piece) else { return Given::Bytes(piece) };
        match text.split_at_checked(1) {
            Some(("#", number)) => Given::Number(number.parse().unwrap_or(f64::NAN)),
            Some(("*", items)) => Given::List(items.split(',').map(Cow::Borrowed).take(MOST_ITEMS).collect()),
            _ => Given::Text(text),
        }
    }
}

/// No part of a line ends it or drives a terminal.
pub(crate) fn assert_inert(inside: &str) {
    let acts = |character: char| {
        character.is_control()
            || matches!(character, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    assert!(!inside.contains(acts), "{inside:?}");
}

/// The text with the escapes `\\`, `\n`, `\r`, `\t` and `\uXXXX` undone.
pub(crate) fn unescaped(text: &str) -> String {
    let mut plain = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        plain.push(match character {
            '\\' => match characters.next().expect("something follows a backslash") {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'u' => {
                    let code: String = characters.by_ref().take(4).collect();
                    let code = u32::from_str_radix(&code, 16).expect("four digits");
                    char::from_u32(code).expect("a character's number")
                }
                other => other,
            },
            other => other,
        });
    }
    plain
}

/// The bytes behind a text in which `%XX` stands for one, and a lone `%` for nothing.
pub(crate) fn unpercent(name: &str) -> String {
    if name == "%" {
        return String::new();
    }
    let mut pieces = name.split('%');
    let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        let (code, plain) = piece.split_at(2);
        bytes.push(u8::from_str_radix(code, 16).expect("two digits"));
        bytes.extend_from_slice(plain.as_bytes());
    }
    String::from_utf8(bytes).expect("names are UTF-8")
}
