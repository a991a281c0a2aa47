//! Comma-separated values, for spreadsheets and databases.

use crate::encode::line::{push_reversible, unit_of, with_text};
use crate::encode::theme::{Palette, Token};
use crate::encode::{Encode, json};
use crate::key::Key;
use crate::keys::{DurationForm, Schema};
use crate::partition::Partition;
use crate::record::Record;
use crate::time::TimeFormat;
use crate::value::Value;
use std::any::Any;

/// Writes each record as one line of RFC 4180, with the columns you choose.
///
/// ```
/// use hyperlog_core::{Clock, Csv, Logger, Memory, Output, Timestamp, info};
///
/// let csv = Csv::new(["timestamp", "level", "message", "item"]).rest("more");
/// let memory = Memory::new();
/// let (clock, _) = Clock::manual(Timestamp::new(1_700_000_000, 42_000_000));
/// let logger = Logger::builder().clock(clock).output(Output::new(csv, memory.clone())).build()?;
/// info!(logger: logger, item = 42, note = "a gift", "added, at last");
/// assert_eq!(memory.preamble(), b"timestamp,level,message,item,more\r\n");
/// assert_eq!(
///     memory.text(),
///     "2023-11-14T22:13:20.042000Z,INFO,\"added, at last\",42,\"{\"\"note\"\":\"\"a gift\"\"}\"\r\n"
/// );
/// # Ok::<(), hyperlog_core::BuildError>(())
/// ```
///
/// | column | holds |
/// |---|---|
/// | `timestamp`, `level`, `target`, `message` | the parts of the record |
/// | `file`, `line` | where it comes from, if the logger shows it |
/// | `sample_rate`, `cut_from_bytes` | how many records it stands for; how long it was, if it was cut |
/// | any other name | the field of that name |
/// | [`rest`](Csv::rest) | the fields that have no column, as one JSON object |
///
/// | option | default | what it does |
/// |---|---|---|
/// | [`rest`](Csv::rest) | none | adds the column for all other fields |
/// | [`time`](Csv::time) | RFC 3339 with microseconds | how the time is written |
///
/// | what | becomes |
/// |---|---|
/// | a text that begins with `=`, `+`, `-`, `@` or `'` | the same behind a `'`, so that no spreadsheet takes it for a formula. Numbers stay numbers |
/// | a line end, a tab or another control in a text | `\n`, `\r`, `\t` or `\uXXXX`, and a backslash `\\`: a line is a record, and can be read back |
/// | numbers, `true`, `false` | as they are; `NaN` and the infinities as the words |
/// | a field that is missing, or nothing | an empty cell; an empty text is `""` |
/// | a span of time | milliseconds; the column may be called with or without `_ms` |
/// | maps and lists | JSON, as it stands |
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Csv {
    columns: Box<[Column]>,
    rest: Option<Box<str>>,
    time: TimeFormat,
    palette: Palette,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Column {
    Timestamp,
    Level,
    Target,
    Message,
    File,
    Line,
    SampleRate,
    CutFrom,
    Field(Box<str>),
}

impl Csv {
    /// With these columns.
    pub fn new<C: AsRef<str>>(columns: impl IntoIterator<Item = C>) -> Csv {
        let columns = columns.into_iter().map(|name| Column::named(name.as_ref())).collect();
        Csv { columns, rest: None, time: TimeFormat::default(), palette: Palette::PLAIN }
    }

    /// And a last one of this name, with all other fields.
    #[must_use]
    pub fn rest(mut self, name: &str) -> Csv {
        self.rest = Some(name.into());
        self
    }

    /// How the time is written.
    #[must_use]
    pub fn time(mut self, time: TimeFormat) -> Csv {
        self.time = time;
        self
    }

    fn push_cell(&self, column: &Column, record: &Record<'_>, out: &mut Vec<u8>) {
        let start = out.len();
        let paint = |token, out: &mut Vec<u8>, push: &dyn Fn(&mut Vec<u8>)| {
            self.palette.paint(token, out, |out| cell(out, push));
        };
        match column {
            Column::Timestamp => paint(Token::Timestamp, out, &|out| self.time.write(record.timestamp(), out)),
            Column::Level => {
                let name = record.level().name();
                paint(Token::of_level(record.level()), out, &|out| out.extend_from_slice(name.as_bytes()));
            }
            Column::Target => paint(Token::Target, out, &|out| push_text(record.target(), out)),
            Column::Message => paint(Token::Message, out, &|out| push_text(record.message(), out)),
            Column::File => {
                if let Some((file, _)) = record.location() {
                    paint(Token::Text, out, &|out| push_text(file, out));
                }
            }
            Column::Line => {
                if let Some((_, line)) = record.location() {
                    self.push_value("", Value::U64(line.into()), out);
                }
            }
            Column::SampleRate => self.push_value("", Value::F32(record.rate().get()), out),
            Column::CutFrom => {
                if let Some(length) = record.cut_from() {
                    self.push_value("", Value::U64(length as u64), out);
                }
            }
            Column::Field(name) => record.for_each_field(|key, value| {
                if is_in_column(&key, &value, name) {
                    out.truncate(start);
                    self.push_value(name, value, out);
                }
            }),
        }
    }

    fn push_value(&self, name: &str, value: Value<'_>, out: &mut Vec<u8>) {
        if !matches!(value, Value::Null) {
            self.palette.paint(Token::of_value(name, &value), out, |out| {
                cell(out, |out| match value {
                    Value::Tree(tree) => json::push_tree(tree, DurationForm::Millis, out),
                    scalar => with_text(scalar, out, push_text),
                });
            });
        }
    }

    fn push_rest(&self, record: &Record<'_>, out: &mut Vec<u8>) {
        let write = |out: &mut Vec<u8>| {
            let start = out.len();
            record.for_each_field(|key, value| {
                if !self.columns.iter().any(|column| column.holds(&key, &value)) {
                    out.push(if out.len() == start { b'{' } else { b',' });
                    push_json_key(key.name(), unit_of(key.name(), &value), out);
                    json::push_value(value, DurationForm::Millis, out);
                }
            });
            if out.len() > start {
                out.push(b'}');
            }
        };
        self.palette.paint(Token::Text, out, |out| {
            let start = out.len();
            write(out);
            quote(out, start);
        });
    }
}

impl Column {
    fn named(name: &str) -> Column {
        let names = &Schema::DEFAULT;
        match name {
            _ if name == names.timestamp => Column::Timestamp,
            _ if name == names.level => Column::Level,
            _ if name == names.target => Column::Target,
            _ if name == names.message => Column::Message,
            _ if name == names.file => Column::File,
            _ if name == names.line => Column::Line,
            _ if name == names.sample_rate => Column::SampleRate,
            _ if name == names.cut_from => Column::CutFrom,
            field => Column::Field(field.into()),
        }
    }

    fn name(&self) -> &str {
        let names = &Schema::DEFAULT;
        match self {
            Column::Timestamp => names.timestamp,
            Column::Level => names.level,
            Column::Target => names.target,
            Column::Message => names.message,
            Column::File => names.file,
            Column::Line => names.line,
            Column::SampleRate => names.sample_rate,
            Column::CutFrom => names.cut_from,
            Column::Field(name) => name,
        }
    }

    fn holds(&self, key: &Key<'_>, value: &Value<'_>) -> bool {
        matches!(self, Column::Field(name) if is_in_column(key, value, name))
    }
}

fn is_in_column(key: &Key<'_>, value: &Value<'_>, column: &str) -> bool {
    column.strip_prefix(key.name()).is_some_and(|rest| rest.is_empty() || rest == unit_of(key.name(), value))
}

fn push_json_key(name: &str, suffix: &str, out: &mut Vec<u8>) {
    json::push_text(name, out);
    if !suffix.is_empty() {
        out.pop();
        out.extend_from_slice(suffix.as_bytes());
        out.push(b'"');
    }
    out.push(b':');
}

/// Text that no spreadsheet takes for a formula.
fn push_text(text: &str, out: &mut Vec<u8>) {
    if text.starts_with(['=', '+', '-', '@', '\'']) {
        out.push(b'\'');
    }
    push_reversible(text, out);
}

/// Writes a cell, in quotes if it needs them, and an empty text as such.
fn cell(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    write(out);
    match &out[start..] {
        [] => out.extend_from_slice(b"\"\""),
        [b' ', ..] | [.., b' '] => quote(out, start),
        _ => quote_if_needed(out, start),
    }
}

fn quote_if_needed(out: &mut Vec<u8>, start: usize) {
    if out[start..].iter().any(|byte| matches!(byte, b'"' | b',')) {
        quote(out, start);
    }
}

/// Puts what stands from a place on into quotes, and doubles those inside, moving each byte once.
fn quote(out: &mut Vec<u8>, start: usize) {
    if out.len() == start {
        return;
    }
    let mut from = out.len();
    let doubled = out[start..].iter().filter(|byte| **byte == b'"').count();
    out.resize(from + doubled + 2, b'"');
    let mut to = out.len() - 1;
    while from > start {
        from -= 1;
        to -= 1;
        out[to] = out[from];
        if out[to] == b'"' {
            to -= 1;
            out[to] = b'"';
        }
    }
    out[start] = b'"';
}

impl Encode for Csv {
    fn encode(&self, record: &Record<'_>, out: &mut Vec<u8>) -> Partition {
        let start = out.len();
        for (index, column) in self.columns.iter().enumerate() {
            if index > 0 {
                self.palette.paint(Token::Punctuation, out, |out| out.push(b','));
            }
            self.push_cell(column, record, out);
        }
        if self.rest.is_some() {
            if !self.columns.is_empty() {
                self.palette.paint(Token::Punctuation, out, |out| out.push(b','));
            }
            self.push_rest(record, out);
        }
        if out.len() == start {
            // An empty line would be no record.
            out.extend_from_slice(b"\"\"");
        }
        out.extend_from_slice(b"\r\n");
        Partition::NONE
    }

    fn preamble(&self, out: &mut Vec<u8>) {
        let names = self.columns.iter().map(Column::name).chain(self.rest.as_deref());
        for (index, name) in names.enumerate() {
            if index > 0 {
                out.push(b',');
            }
            cell(out, |out| push_text(name, out));
        }
        out.extend_from_slice(b"\r\n");
    }

    fn painted(&self, palette: &Palette) -> Option<Box<dyn Encode>> {
        Some(Box::new(Csv { palette: palette.clone(), ..self.clone() }))
    }

    fn is_same(&self, other: &dyn Any) -> bool {
        other.downcast_ref() == Some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::line::is_active;
    use crate::encode::theme::{ColorDepth, Theme};
    use crate::encode::written;
    use crate::field::FieldSet;
    use crate::level::Level;
    use crate::logger::Logger;
    use crate::value::{ToValue, list, map};
    use proptest::prelude::*;
    use std::time::Duration;

    /// The cells of each line, read by the crate that most programs read CSV with.
    fn read(text: &str) -> Vec<Vec<String>> {
        let mut reader = ::csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
        reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
    }

    /// What a cell with a text held, without any help of the encoder.
    fn restored(cell: &str) -> String {
        let cell = cell.strip_prefix('\'').unwrap_or(cell);
        let mut text = String::new();
        let mut characters = cell.chars();
        while let Some(character) = characters.next() {
            text.push(match character {
                '\\' => match characters.next().unwrap() {
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    'u' => {
                        let code: String = characters.by_ref().take(4).collect();
                        char::from_u32(u32::from_str_radix(&code, 16).unwrap()).unwrap()
                    }
                    other => other,
                },
                plain => plain,
            });
        }
        text
    }

    fn check(value: impl ToValue, expected: &str) {
        let fields = FieldSet::new().with("k", value);
        let text = written(Csv::new(["level", "k"]), |logger| logger.log(Level::INFO, "m", &fields));
        assert_eq!(text, format!("INFO,{expected}\r\n"));
    }

    #[test]
    fn every_kind_of_value_has_its_form() {
        check("plain", "plain");
        check("", "\"\"");
        check((), "");
        check("a,b", "\"a,b\"");
        check("say \"hi\"", "\"say \"\"hi\"\"\"");
        check(" edge", "\" edge\"");
        check("a\r\nb\tc\0", "a\\r\\nb\\tc\\u0000");
        check("C:\\", "C:\\\\");
        check(-5, "-5");
        check(u128::MAX, "340282366920938463463374607431768211455");
        check(f64::NEG_INFINITY, "-Infinity");
        check(f64::NAN, "NaN");
        check(true, "true");
        check(Duration::from_millis(1500), "1500");
        check(list(&["a", "b"]), "\"[\"\"a\"\",\"\"b\"\"]\"");
        check(map(&[("n", 1)]), "\"{\"\"n\"\":1}\"");
    }

    #[test]
    fn no_text_is_a_formula_and_numbers_stay_numbers() {
        check("=1+1", "'=1+1");
        check("+1", "'+1");
        check("-1", "'-1");
        check("@SUM(A1)", "'@SUM(A1)");
        check("'quoted", "''quoted");
        check("=A1,B1", "\"'=A1,B1\"");
        check("\t=1", "\\t=1");
        check("\r=1", "\\r=1");
        check('=', "'=");
        check(-1, "-1");
    }

    #[test]
    fn columns_come_in_the_order_chosen_and_the_rest_last() {
        let csv = Csv::new(["message", "took", "waited_ms", "missing", "target"]).rest("=more");
        let mut header = Vec::new();
        csv.preamble(&mut header);
        assert_eq!(header, b"message,took,waited_ms,missing,target,'=more\r\n");
        let fields = FieldSet::new()
            .with("took", Duration::from_millis(1))
            .with("waited", Duration::from_millis(2))
            .with("left", Duration::from_millis(3))
            .with("a\"b", "x\ny");
        let text = written(csv, |logger| {
            logger.with(&FieldSet::new().with("bound", 1)).named("t").log(Level::INFO, "m", &fields);
            logger.log(Level::INFO, "m", &FieldSet::new());
        });
        let rows = read(&text);
        assert_eq!(rows[0][..5], ["m", "1", "2", "", "t"]);
        let rest: serde_json::Value = serde_json::from_str(&rows[0][5]).unwrap();
        assert_eq!(rest, serde_json::json!({"bound": 1, "left_ms": 3, "a\"b": "x\ny"}));
        assert_eq!(rows[1], ["m", "", "", "", "", ""]);
    }

    #[test]
    fn a_record_without_anything_to_show_is_a_line_all_the_same() {
        let log = |logger: &Logger| logger.log(Level::INFO, "m", &FieldSet::new());
        assert_eq!(written(Csv::new(["missing"]), log), "\"\"\r\n");
        assert_eq!(written(Csv::new([""; 0]), log), "\"\"\r\n");
        assert_eq!(written(Csv::new(["cut_from_bytes", "code.file", "code.line", "sample_rate"]), log), ",,,1.0\r\n");
    }

    #[test]
    fn a_colored_line_is_the_same_below() {
        let log = |logger: &Logger| {
            logger.log(Level::ERROR, "a, b", &FieldSet::new().with("k", 1).with("more", "\""));
        };
        let plain = Csv::new(["timestamp", "level", "target", "message", "k"]).rest("rest");
        let colored = Csv { palette: Palette::new(&Theme::DEFAULT, ColorDepth::Base), ..plain.clone() };
        let colored = written(colored, log);
        assert!(colored.contains("\x1b[31mERROR") || colored.contains("\x1b[1;31mERROR\x1b[0m"), "{colored:?}");
        let uncolored = colored.split("\x1b[").enumerate().map(|(index, piece)| match index {
            0 => piece,
            _ => piece.split_once('m').unwrap().1,
        });
        assert_eq!(uncolored.collect::<String>(), written(plain, log));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn whatever_is_logged_is_read_back(
            message: String,
            target: String,
            value in prop_oneof![any::<String>(), "[=+@'\",\\\\\r\n\t -]{0,5}"],
            name in "[^p]{0,20}",
        ) {
            let fields = FieldSet::new().with("k", &*value).with(&name, &*value);
            let csv = Csv::new(["message", "target", "k"]).rest("rest");
            let text = written(csv, |logger| {
                let logger = logger.named(&target);
                logger.log(Level::INFO, &message, &fields);
                logger.log(Level::INFO, &message, &fields);
            });
            prop_assert_eq!(text.matches(['\n', '\r']).count(), 4, "a line is a record");
            let inside = text.replace("\r\n", "");
            prop_assert!(!inside.contains(|letter| letter != '\u{61c}' && is_active(letter)), "{:?}", inside);
            let rows = read(&text);
            prop_assert_eq!(rows.len(), 2);
            let restored: Vec<String> = rows[1][..3].iter().map(|cell| restored(cell)).collect();
            prop_assert_eq!(restored, [message, target, value.clone()]);
            for cell in &rows[1][..3] {
                prop_assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']));
            }
            if name != "k" {
                let rest: serde_json::Value = serde_json::from_str(&rows[1][3]).unwrap();
                prop_assert_eq!(&rest[&name], &value);
            }
        }
    }
}
