//! Colours over JSON: the finished line is taken apart into its tokens and put together again, painted.
//!
//! Apart from the encoder, whose speed counts where nobody looks; every other format paints while it writes.

use crate::encode::theme::{Palette, Token};
use crate::encode::{Encode, Json};
use crate::level::Level;
use crate::partition::Partition;
use crate::reading::FieldCursor;
use crate::record::Record;
use std::any::Any;

/// The same encoder with colours, if it has a coloured form.
pub(crate) fn paint(encoder: Box<dyn Encode>, palette: &Palette) -> Box<dyn Encode> {
    if let Some(json) = (&*encoder as &dyn Any).downcast_ref::<Json>() {
        return Box::new(Colored { json: json.clone(), palette: palette.clone() });
    }
    encoder.painted(palette).unwrap_or(encoder)
}

/// JSON with colours.
struct Colored {
    json: Json,
    palette: Palette,
}

impl Encode for Colored {
    fn encode(&self, record: &Record<'_>, out: &mut Vec<u8>) -> Partition {
        let start = out.len();
        let partition = self.json.encode(record, out);
        let plain = out.len();
        self.push_painted(start..plain, record.level(), out);
        out.drain(start..plain);
        partition
    }

    fn encode_bound(&self, fields: &mut FieldCursor<'_>, out: &mut Vec<u8>) -> bool {
        self.json.encode_bound(fields, out)
    }

    fn is_same(&self, other: &dyn Any) -> bool {
        other
            .downcast_ref::<Colored>()
            .is_some_and(|other| self.palette == other.palette && self.json.is_same(&other.json))
    }
}

impl Colored {
    /// Appends a line that stands in the same bytes once more, painted.
    fn push_painted(&self, line: std::ops::Range<usize>, level: Level, out: &mut Vec<u8>) {
        let mut at = line.start;
        let mut next = Next::Key { part: Some(Token::Punctuation) };
        while at < line.end {
            let (piece, end) = Piece::at(&out[..line.end], at);
            let is_key = piece == Piece::Text && out.get(end) == Some(&b':');
            let token = match (piece, next) {
                (Piece::Text, _) if is_key => {
                    next = next.after_key(&out[at..end], level);
                    Token::Key
                }
                (Piece::Text | Piece::Number | Piece::Constant, Next::Value(Some(part))) => {
                    next = next.after_part(part);
                    part
                }
                (Piece::Text, Next::Failure) => Token::Failure,
                (Piece::Text, _) => Token::Text,
                (Piece::Number, _) => Token::Number,
                (Piece::Constant, _) => Token::Constant,
                (Piece::Punctuation, _) => Token::Punctuation,
            };
            if out[at] == b'\n' {
                out.push(b'\n');
            } else {
                self.palette.paint(token, out, |out| out.extend_from_within(at..end));
            }
            at = end;
        }
    }
}

/// What a piece of JSON is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Piece {
    Text,
    Number,
    Constant,
    Punctuation,
}

impl Piece {
    /// The piece that begins at a place, and where it ends.
    fn at(line: &[u8], at: usize) -> (Piece, usize) {
        let run = |is_part: fn(&u8) -> bool| {
            let count = line[at..].iter().take_while(|byte| is_part(byte)).count();
            at + count.max(1)
        };
        match line[at] {
            b'"' => (Piece::Text, end_of_text(line, at + 1)),
            b'-' | b'0'..=b'9' => {
                (Piece::Number, run(|byte| matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9')))
            }
            b'a'..=b'z' => (Piece::Constant, run(u8::is_ascii_lowercase)),
            _ => (Piece::Punctuation, run(|byte| matches!(byte, b'{' | b'}' | b'[' | b']' | b',' | b':'))),
        }
    }
}

/// Behind the quote that closes a text.
fn end_of_text(line: &[u8], mut at: usize) -> usize {
    while let Some(byte) = line.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    line.len()
}

/// What the next text, number or constant is.
#[derive(Clone, Copy)]
enum Next {
    /// A key; the part of the record that was met last, as long as there are parts to come.
    Key { part: Option<Token> },
    /// A part of the record, or the value of a field.
    Value(Option<Token>),
    /// The value of a field that tells of an error.
    Failure,
}

impl Next {
    /// The parts come in one order, whatever their names are in a schema, and before all fields.
    fn after_key(self, key: &[u8], level: Level) -> Next {
        let Next::Key { part: Some(part) } = self else {
            let name = key.get(1..key.len() - 1).and_then(|name| std::str::from_utf8(name).ok());
            return if name.is_some_and(Token::is_failure) { Next::Failure } else { Next::Value(None) };
        };
        let is = |names: &[&str]| names.iter().any(|name| key.get(1..key.len() - 1) == Some(name.as_bytes()));
        Next::Value(Some(match part {
            Token::Punctuation if is(TIMES) => Token::Timestamp,
            Token::Target => Token::Message,
            _ if is(LEVELS) => Token::of_level(level),
            _ => Token::Target,
        }))
    }

    fn after_part(self, part: Token) -> Next {
        Next::Key { part: (part != Token::Message).then_some(part) }
    }
}

/// What the schemas call the time.
const TIMES: &[&str] = &["timestamp", "@timestamp", "time"];
/// What the schemas call the level, and its number.
const LEVELS: &[&str] = &["level", "severity_text", "severity_number", "log.level", "severity", "status"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::theme::{ColorDepth, Style, Theme};
    use crate::encode::written;
    use crate::field::FieldSet;
    use crate::keys::Schema;
    use crate::logger::Logger;
    use crate::time::TimeFormat;
    use crate::value::list;
    use proptest::prelude::*;

    const TOKENS: [Token; 15] = [
        Token::Timestamp,
        Token::Trace,
        Token::Debug,
        Token::Info,
        Token::Warn,
        Token::Error,
        Token::Fatal,
        Token::Target,
        Token::Message,
        Token::Key,
        Token::Text,
        Token::Number,
        Token::Constant,
        Token::Failure,
        Token::Punctuation,
    ];

    /// The line without colours, and what was painted as a token.
    fn painted_as(token: Token, schema: Schema, log: impl Fn(&Logger)) -> (String, Vec<String>) {
        let unstyled = TOKENS.into_iter().fold(Theme::MONO, |theme, other| theme.with(other, Style::new()));
        let theme = unstyled.with(token, Style::new().bold());
        let palette = Palette::new(&theme, ColorDepth::Base);
        let text = written(Colored { json: Json::with_schema(schema), palette }, log);
        let painted = text.split("\x1b[1m").skip(1).filter_map(|rest| rest.split("\x1b[0m").next());
        let painted = painted.map(str::to_owned).collect();
        (text.replace("\x1b[1m", "").replace("\x1b[0m", ""), painted)
    }

    #[test]
    fn each_token_is_painted_and_the_line_is_the_same_below() {
        let tags = ["x", "y"];
        let fields = FieldSet::new()
            .with("n", -1.5)
            .with("ok", true)
            .with("none", ())
            .with("message", "\"level\":1")
            .with("error", "bad")
            .with("tags", list(&tags));
        let log = |logger: &Logger| logger.named("a:b").log(Level::INFO, "say \"hi\":{1}", &fields);
        let plain = written(Json::new(), log);
        let check = |token, expected: &[&str]| {
            let (below, painted) = painted_as(token, Schema::DEFAULT, log);
            assert_eq!(below, plain);
            assert_eq!(painted, expected, "{token:?}");
        };
        check(Token::Timestamp, &["\"2023-11-14T22:13:20.042000Z\""]);
        check(Token::Info, &["\"INFO\""]);
        check(Token::Target, &["\"a:b\""]);
        check(Token::Message, &[r#""say \"hi\":{1}""#]);
        check(Token::Number, &["-1.5"]);
        check(Token::Constant, &["true", "null"]);
        check(Token::Failure, &["\"bad\""]);
        check(Token::Text, &[r#""\"level\":1""#, "\"x\"", "\"y\""]);
    }

    #[test]
    fn the_parts_are_known_in_every_schema() {
        let schemas = [
            Schema::DEFAULT,
            Schema::OPEN_TELEMETRY,
            Schema::ECS,
            Schema::GOOGLE_CLOUD,
            Schema::DATADOG,
            Schema::BUNYAN,
            Schema::LOGSTASH,
            Schema::DEFAULT.time(TimeFormat::Off),
        ];
        let fields = FieldSet::new().with("status", "no level").with("time", 1);
        for schema in schemas {
            let log = |logger: &Logger| logger.named("T").log(Level::INFO, "M", &fields);
            let painted = |token| painted_as(token, schema.clone(), log).1;
            assert_eq!(painted(Token::Message), ["\"M\""], "{schema:?}");
            assert_eq!(painted(Token::Target), ["\"T\""], "{schema:?}");
            assert!(matches!(painted(Token::Info).len(), 1 | 2), "{schema:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn whatever_is_logged_is_the_same_below_the_colors(
            message: String, target: String, key: String, value: String, token in 0..TOKENS.len()
        ) {
            let fields = FieldSet::new().with(&key, &*value);
            let log = |logger: &Logger| logger.named(&target).log(Level::ERROR, &message, &fields);
            let (below, _) = painted_as(TOKENS[token], Schema::DEFAULT, log);
            prop_assert_eq!(below, written(Json::new(), log));
        }
    }
}
