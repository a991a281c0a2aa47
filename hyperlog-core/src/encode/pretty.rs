//! For people: compact lines, or errors with all they bring.

use crate::encode::line::{
    DISTINCTION, is_active, is_reserved, push_escaping, push_inert, push_name, push_scalar, unit_of,
};
use crate::encode::theme::{Palette, Token};
use crate::encode::{Encode, json};
use crate::filter::sample::SampleRate;
use crate::keys::{DurationForm, Schema};
use crate::partition::Partition;
use crate::reading::FieldCursor;
use crate::record::{Bound, Record};
use crate::time::TimeFormat;
use crate::value::{Tree, TreeVisitor, Value};
use std::any::Any;

/// Writes each record for people to read.
///
/// ```
/// use hyperlog_core::{Clock, Logger, Memory, Output, Pretty, Timestamp, info};
///
/// let memory = Memory::new();
/// let (clock, _) = Clock::manual(Timestamp::new(1_700_000_000, 42_000_000));
/// let logger = Logger::builder().clock(clock).output(Output::new(Pretty::new(), memory.clone())).build()?;
///
/// info!(logger: logger, target: "shop::cart", item = 42, note = "a gift", "added");
/// assert_eq!(memory.text(), "22:13:20.042  INFO shop::cart  added  item=42 note=\"a gift\"\n");
/// # Ok::<(), hyperlog_core::BuildError>(())
/// ```
///
/// | option | default | what it does |
/// |---|---|---|
/// | [`layout`](Pretty::layout) | [`PrettyLayout::Compact`] | one line, or what is long below it |
/// | [`time`](Pretty::time) | `%H:%M:%S.%3f`, in UTC | how the time is written |
///
/// Colours belong to the output: see [`Output::color`](crate::Output::color).
///
/// Nothing in a message or a value can drive the terminal or pass for another record: line ends, controls and what turns
/// the direction of text are written as `\n`, `\u001b` and the like, and text in a field that is more than a word stands
/// in quotes. Maps and lists are written as JSON, numbers and what else there is as [`Logfmt`](crate::Logfmt) has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pretty {
    time: TimeFormat,
    layout: PrettyLayout,
    palette: Palette,
}

/// How a record for people is laid out.
///
/// ```
/// use hyperlog_core::{Clock, Logger, Memory, Output, Pretty, PrettyLayout, Timestamp, error, list};
///
/// let memory = Memory::new();
/// let (clock, _) = Clock::manual(Timestamp::new(1_700_000_000, 42_000_000));
/// let pretty = Pretty::new().layout(PrettyLayout::Expanded);
/// let logger = Logger::builder().clock(clock).output(Output::new(pretty, memory.clone())).build()?;
///
/// let stack = "0: shop::pay\n1: main";
/// error!(logger: logger, target: "shop", order = 7, causes = list(&["timed out", "no route"]), stack, "not paid");
/// assert_eq!(memory.text(), "\
/// 22:13:20.042 ERROR shop  not paid  order=7
///     | causes:
///     |   0: timed out
///     |   1: no route
///     | stack:
///     |   0: shop::pay
///     |   1: main
/// ");
/// # Ok::<(), hyperlog_core::BuildError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum PrettyLayout {
    /// One line a record, whatever it holds.
    #[default]
    Compact,
    /// Maps, lists (the causes of an error, say) and text of several lines stand below the record's own line, each line
    /// behind a bar, so that none can pass for a record.
    Expanded,
}

impl Default for Pretty {
    fn default() -> Pretty {
        Pretty::new()
    }
}

impl Pretty {
    /// One line a record.
    pub fn new() -> Pretty {
        let time = TimeFormat::pattern("%H:%M:%S.%3f").unwrap_or_default();
        Pretty { time, layout: PrettyLayout::Compact, palette: Palette::PLAIN }
    }

    /// One line, or what is long below it.
    #[must_use]
    pub fn layout(mut self, layout: PrettyLayout) -> Pretty {
        self.layout = layout;
        self
    }

    /// How the time is written.
    #[must_use]
    pub fn time(mut self, time: TimeFormat) -> Pretty {
        self.time = time;
        self
    }

    fn push_head(&self, record: &Record<'_>, out: &mut Vec<u8>) {
        if self.time != TimeFormat::Off {
            self.palette.paint(Token::Timestamp, out, |out| self.time.write(record.timestamp(), out));
            out.push(b' ');
        }
        let level = record.level().name();
        out.extend(std::iter::repeat_n(b' ', LEVEL_WIDTH.saturating_sub(level.len())));
        self.palette.paint(Token::of_level(record.level()), out, |out| out.extend_from_slice(level.as_bytes()));
        if !record.target().is_empty() {
            out.push(b' ');
            self.palette.paint(Token::Target, out, |out| push_inert(record.target(), out));
        }
        out.extend_from_slice(b"  ");
        let mut lines = record.message().split('\n');
        let shown = match self.layout {
            PrettyLayout::Compact => record.message(),
            PrettyLayout::Expanded => lines.next().unwrap_or_default(),
        };
        self.palette.paint(Token::Message, out, |out| push_inert(shown, out));
    }

    fn push_fields(&self, fields: &mut FieldCursor<'_>, out: &mut Vec<u8>) {
        while let Some((key, value)) = fields.next() {
            if !self.is_below(&value) {
                self.push_field(key.name(), value, out);
            }
        }
    }

    fn push_field(&self, name: &str, value: Value<'_>, out: &mut Vec<u8>) {
        out.push(b' ');
        self.palette.paint(Token::Key, out, |out| {
            if is_reserved(name) {
                out.extend_from_slice(DISTINCTION.as_bytes());
            }
            push_name(name, out);
            out.extend_from_slice(unit_of(name, &value).as_bytes());
        });
        self.palette.paint(Token::Punctuation, out, |out| out.push(b'='));
        self.palette.paint(Token::of_value(name, &value), out, |out| match value {
            Value::Tree(tree) => push_json(tree, out),
            scalar => push_scalar(scalar, out),
        });
    }

    fn push_bound(&self, bound: Bound<'_>, out: &mut Vec<u8>) {
        match bound {
            Bound::Encoded(encoded) => out.extend_from_slice(encoded),
            Bound::Fields(mut fields) => self.push_fields(&mut fields, out),
        }
    }

    fn push_extras(&self, record: &Record<'_>, out: &mut Vec<u8>) {
        if record.rate() != SampleRate::ONE {
            self.push_field_of_ours(Schema::DEFAULT.sample_rate, Value::F32(record.rate().get()), out);
        }
        if let Some(length) = record.cut_from() {
            self.push_field_of_ours(Schema::DEFAULT.cut_from, Value::U64(length as u64), out);
        }
        if let Some((file, line)) = record.location() {
            self.palette.paint(Token::Target, out, |out| {
                out.extend_from_slice(b"  at ");
                push_inert(file, out);
                out.push(b':');
                out.extend_from_slice(itoa::Buffer::new().format(line).as_bytes());
            });
        }
    }

    fn push_field_of_ours(&self, name: &str, value: Value<'_>, out: &mut Vec<u8>) {
        out.push(b' ');
        self.palette.paint(Token::Key, out, |out| out.extend_from_slice(name.as_bytes()));
        self.palette.paint(Token::Punctuation, out, |out| out.push(b'='));
        self.palette.paint(Token::Number, out, |out| push_scalar(value, out));
    }

    /// Whether a value has no place in the record's own line.
    fn is_below(&self, value: &Value<'_>) -> bool {
        self.layout == PrettyLayout::Expanded
            && match value {
                Value::Tree(_) => true,
                Value::Str(text) => text.contains('\n'),
                _ => false,
            }
    }

    fn push_below(&self, record: &Record<'_>, out: &mut Vec<u8>) {
        for line in record.message().split('\n').skip(1) {
            self.push_line(0, out, |out| self.palette.paint(Token::Message, out, |out| push_inert(line, out)));
        }
        record.for_each_field(|key, value| {
            if self.is_below(&value) {
                self.push_field_below(key.name(), value, out);
            }
        });
    }

    fn push_field_below(&self, name: &str, value: Value<'_>, out: &mut Vec<u8>) {
        let token = if Token::is_failure(name) { Token::Failure } else { Token::Text };
        self.push_line(0, out, |out| {
            self.palette.paint(Token::Key, out, |out| push_inert(name, out));
            self.palette.paint(Token::Punctuation, out, |out| out.push(b':'));
        });
        match value {
            Value::Tree(tree) => {
                let room = out.len() + LONGEST_OUTLINE;
                let mut outline = Outline { pretty: self, token, open: Vec::new(), key: String::new(), room, out };
                tree.walk(&mut outline);
                if outline.is_out_of_room() {
                    self.push_line(1, out, |out| out.extend_from_slice("…".as_bytes()));
                }
            }
            Value::Str(text) => self.push_lines(text, 1, token, out),
            _ => {}
        }
    }

    fn push_lines(&self, text: &str, depth: usize, token: Token, out: &mut Vec<u8>) {
        for line in text.split('\n') {
            self.push_line(depth, out, |out| self.palette.paint(token, out, |out| push_unlined(line, out)));
        }
    }

    /// A line that visibly belongs to the record above.
    fn push_line(&self, depth: usize, out: &mut Vec<u8>, push: impl FnOnce(&mut Vec<u8>)) {
        out.extend_from_slice(b"\n    ");
        self.palette.paint(Token::Punctuation, out, |out| out.push(b'|'));
        out.push(b' ');
        out.extend(std::iter::repeat_n(b' ', 2 * depth));
        push(out);
    }
}

/// What `WARN` and its like are brought to.
const LEVEL_WIDTH: usize = 5;

/// A line of a text that was split into lines: a tab may indent it, and an end of DOS is no news.
fn push_unlined(line: &str, out: &mut Vec<u8>) {
    let line = line.strip_suffix('\r').unwrap_or(line);
    push_escaping(line, |character| character != '\t' && is_active(character), out);
}

fn push_json(tree: &dyn Tree, out: &mut Vec<u8>) {
    json::push_tree(tree, DurationForm::Millis, out);
}

/// Indented, a small tree could become a huge outline: this many bytes of it are shown.
const LONGEST_OUTLINE: usize = 64 << 10;

/// Writes a tree as an indented outline.
struct Outline<'a> {
    pretty: &'a Pretty,
    token: Token,
    /// What is open: in a list, the place of the value that comes next.
    open: Vec<Option<usize>>,
    key: String,
    /// How long all bytes may become.
    room: usize,
    out: &'a mut Vec<u8>,
}

impl Outline<'_> {
    fn is_out_of_room(&self) -> bool {
        self.out.len() > self.room
    }

    /// Begins a line with the key or the place of what comes now.
    fn push_label(&mut self, push: impl FnOnce(&mut Vec<u8>)) {
        let depth = self.open.len();
        let palette = &self.pretty.palette;
        let place = self.open.last_mut().and_then(Option::as_mut);
        let key = &self.key;
        self.pretty.push_line(depth.max(1), self.out, |out| {
            palette.paint(Token::Key, out, |out| match place {
                Some(place) => {
                    out.extend_from_slice(itoa::Buffer::new().format(*place).as_bytes());
                    *place += 1;
                }
                None => push_inert(key, out),
            });
            palette.paint(Token::Punctuation, out, |out| out.push(b':'));
            push(out);
        });
    }

    fn begin(&mut self, list: Option<usize>) {
        if !self.open.is_empty() && !self.is_out_of_room() {
            self.push_label(|_| {});
        }
        self.open.push(list);
    }
}

impl TreeVisitor for Outline<'_> {
    fn begin_map(&mut self) {
        self.begin(None);
    }

    fn begin_list(&mut self) {
        self.begin(Some(0));
    }

    fn key(&mut self, key: &str) {
        key.clone_into(&mut self.key);
    }

    fn value(&mut self, value: Value<'_>) {
        if self.is_out_of_room() {
            return;
        }
        let (pretty, token, depth) = (self.pretty, self.token, self.open.len());
        match value {
            Value::Str(text) if text.contains('\n') => {
                self.push_label(|_| {});
                pretty.push_lines(text, depth + 1, token, self.out);
            }
            Value::Str(text) => self.push_label(|out| {
                out.push(b' ');
                pretty.palette.paint(token, out, |out| push_inert(text, out));
            }),
            other => self.push_label(|out| {
                out.push(b' ');
                pretty.palette.paint(Token::of_value("", &other), out, |out| push_scalar(other, out));
            }),
        }
    }

    fn end(&mut self) {
        self.open.pop();
    }
}

impl Encode for Pretty {
    fn encode(&self, record: &Record<'_>, out: &mut Vec<u8>) -> Partition {
        self.push_head(record, out);
        let head = out.len();
        // Two spaces set the fields apart; each brings one.
        out.push(b' ');
        self.push_bound(record.identity(), out);
        self.push_bound(record.context(), out);
        self.push_fields(&mut record.fields(), out);
        if out.len() == head + 1 {
            out.truncate(head);
        }
        if record.has_extras() {
            self.push_extras(record, out);
        }
        if self.layout == PrettyLayout::Expanded {
            self.push_below(record, out);
        }
        out.push(b'\n');
        Partition::NONE
    }

    fn encode_bound(&self, fields: &mut FieldCursor<'_>, out: &mut Vec<u8>) -> bool {
        self.push_fields(fields, out);
        // What stands below the line has to be asked for a second time, one by one, and is: only the line is prepared.
        true
    }

    fn painted(&self, palette: &Palette) -> Option<Box<dyn Encode>> {
        Some(Box::new(Pretty { palette: palette.clone(), ..self.clone() }))
    }

    fn is_same(&self, other: &dyn Any) -> bool {
        other.downcast_ref() == Some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builder::Location;
    use crate::encode::theme::{ColorDepth, Style, Theme};
    use crate::encode::written;
    use crate::field::FieldSet;
    use crate::level::Level;
    use crate::logger::Logger;
    use crate::record::Site;
    use crate::value::{ToValue, list, map};
    use proptest::prelude::*;
    use std::io;
    use std::time::Duration;

    /// JSON's escapes leave it alone.
    const ARABIC_MARK: char = '\u{61c}';

    fn compact(message: &str, fields: &FieldSet) -> String {
        written(Pretty::new(), |logger| logger.named("t").log(Level::WARN, message, fields))
    }

    #[test]
    fn a_line_shows_when_how_severe_where_what_and_with_what() {
        let check = |fields: &FieldSet, expected: &str| {
            assert_eq!(compact("low", fields), format!("22:13:20.042  WARN t  low{expected}\n"));
        };
        check(&FieldSet::new(), "");
        check(&FieldSet::new().with("left", 3), "  left=3");
        check(&FieldSet::new().with("took", Duration::from_millis(7)), "  took_ms=7");
        check(&FieldSet::new().with("a", "x y").with("b", ()), "  a=\"x y\" b=null");
        check(&FieldSet::new().with("m", map(&[("k", list(&[1, 2]))])), "  m={\"k\":[1,2]}");
        check(&FieldSet::new().with("level", 1), "  field.level=1");
    }

    #[test]
    fn levels_of_any_width_and_no_target_have_their_place() {
        let check = |level: Level, expected: &str| {
            assert_eq!(written(Pretty::new(), |logger| logger.log(level, "m", &FieldSet::new())), expected);
        };
        check(Level::INFO, "22:13:20.042  INFO  m\n");
        check(Level::ERROR, "22:13:20.042 ERROR  m\n");
        check(Level::CRITICAL, "22:13:20.042 CRITICAL  m\n");
        let off = Pretty::new().time(TimeFormat::Off);
        assert_eq!(written(off, |logger| logger.log(Level::INFO, "m", &FieldSet::new())), " INFO  m\n");
    }

    #[test]
    fn a_place_in_the_source_is_shown_on_request() {
        let memory = crate::sink::Memory::new();
        let output = crate::output::Output::new(Pretty::new().time(TimeFormat::Off), memory.clone());
        let logger = Logger::builder().location(Location::Shown).output(output).build().unwrap();
        let site = Site {
            level: Level::INFO,
            target: "t",
            module: None,
            file: Some("src/a.rs"),
            line: Some(7),
            template: "m",
            keys: &[],
        };
        logger.log_from(&site, format_args!("m"), &FieldSet::new());
        assert_eq!(memory.text(), " INFO t  m  at src/a.rs:7\n");
    }

    #[test]
    fn data_can_neither_forge_a_line_nor_drive_the_terminal() {
        let hostile = "a\n22:13:20.042 ERROR forged\r\x1b[31m\x07\x08\u{9b}2J\u{85}\u{2028}\u{202e}";
        let line = compact(hostile, &FieldSet::new().with(hostile, hostile));
        assert_eq!(line.lines().count(), 1);
        assert!(!line.trim_end_matches('\n').chars().any(is_active), "{line:?}");
    }

    fn expanded(message: &str, fields: &FieldSet) -> String {
        let pretty = Pretty::new().time(TimeFormat::Off).layout(PrettyLayout::Expanded);
        written(pretty, |logger| logger.named("t").log(Level::ERROR, message, fields))
    }

    #[derive(Debug)]
    struct Failed(io::Error);
    impl std::fmt::Display for Failed {
        fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            formatter.write_str("could not pay")
        }
    }
    impl std::error::Error for Failed {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&self.0)
        }
    }

    #[test]
    fn an_error_is_followed_by_its_causes_and_its_stack() {
        let error = Failed(io::Error::other("timed out\nat the gate"));
        let fields = FieldSet::new()
            .with("error", Value::Error(&error))
            .with("stack", "0: shop::pay\n\tat src/pay.rs:7\r\n1: main")
            .with("order", 7);
        assert_eq!(
            expanded("not paid\nat all", &fields),
            "ERROR t  not paid  error=\"could not pay\" order=7
    | at all
    | error.causes:
    |   0:
    |     timed out
    |     at the gate
    | stack:
    |   0: shop::pay
    |   \tat src/pay.rs:7
    |   1: main
"
        );
    }

    #[test]
    fn maps_and_lists_become_an_outline() {
        let tags = list(&["x", "y"]);
        let pairs = [("tags", tags.to_value()), ("n", Value::U64(1)), ("none", Value::Null)];
        let fields = FieldSet::new().with("cart", map(&pairs)).with("empty", list::<i32>(&[]));
        assert_eq!(
            expanded("m", &fields),
            "ERROR t  m
    | cart:
    |   tags:
    |     0: x
    |     1: y
    |   n: 1
    |   none: null
    | empty:
"
        );
    }

    #[test]
    fn a_large_list_is_shown_as_far_as_is_bearable() {
        let shown = expanded("m", &FieldSet::new().with("list", list(&[7; 100_000])));
        assert!(shown.len() < LONGEST_OUTLINE + 100 && shown.ends_with("\n    |   …\n"), "{} bytes", shown.len());
    }

    #[test]
    fn bound_fields_are_written_in_either_layout() {
        let log = |logger: &Logger| {
            let bound = logger.with(&FieldSet::new().with("user", "ann").with("note", "a\nb"));
            bound.log(Level::INFO, "m", &FieldSet::new().with("k", 1));
        };
        assert_eq!(written(Pretty::new().time(TimeFormat::Off), log), " INFO  m  user=ann note=\"a\\nb\" k=1\n");
        let expanded = Pretty::new().time(TimeFormat::Off).layout(PrettyLayout::Expanded);
        assert_eq!(written(expanded, log), " INFO  m  user=ann k=1\n    | note:\n    |   a\n    |   b\n");
    }

    #[test]
    fn each_part_is_painted_as_what_it_is() {
        let theme = Theme::MONO
            .with(Token::Error, Style::new().bold())
            .with(Token::Failure, Style::new().italic())
            .with(Token::Number, Style::new().underlined());
        let unstyled = [Token::Timestamp, Token::Target, Token::Key, Token::Punctuation];
        let theme = unstyled.into_iter().fold(theme, |theme, token| theme.with(token, Style::new()));
        let pretty = Pretty::new().painted(&Palette::new(&theme, ColorDepth::Base)).unwrap();
        let memory = crate::sink::Memory::new();
        let pretty = *(pretty as Box<dyn Any>).downcast::<Pretty>().unwrap();
        let output = crate::output::Output::new(pretty.time(TimeFormat::Off), memory.clone());
        let logger = Logger::builder().output(output).build().unwrap();
        logger.log(Level::ERROR, "m", &FieldSet::new().with("error", "bad").with("n", 1).with("s", "x"));
        assert_eq!(memory.text(), "\x1b[1mERROR\x1b[0m  m  error=\x1b[3mbad\x1b[0m n=\x1b[4m1\x1b[0m s=x\n");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn every_line_belongs_to_the_record_visibly(message: String, key: String, value in "[a\n\r\u{85}\u{2028}\x1b]*") {
            let fields = FieldSet::new().with(&key, &*value).with("list", list(&[&*value]));
            let mut lines = expanded(&message, &fields);
            prop_assert_eq!(lines.pop(), Some('\n'));
            for line in lines.split('\n').skip(1) {
                prop_assert!(line.starts_with("    | "));
            }
            prop_assert!(!lines.contains(|character| !matches!(character, '\n' | '\t') && is_active(character)));
        }

        #[test]
        fn a_compact_record_is_one_line(message: String, key: String, value: String, target: String) {
            let fields = FieldSet::new().with(&key, &*value).with("list", list(&[&*value]));
            let line = written(Pretty::new(), |logger| logger.named(&target).log(Level::INFO, &message, &fields));
            prop_assert_eq!(line.matches('\n').count(), 1);
            let inside = line.trim_end_matches('\n');
            prop_assert!(!inside.contains(|letter| letter != ARABIC_MARK && is_active(letter)), "{:?}", inside);
        }
    }
}
