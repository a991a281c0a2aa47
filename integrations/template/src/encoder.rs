//! A record as a line with tabs: time, level, target, message, and the fields.

use hyperlog_core::{Encode, Partition, Record, TimeFormat, TreeVisitor, Value};
use std::any::Any;
use std::fmt::{self, Write};

/// Writes records as lines with tabs.
///
/// ```
/// use hyperlog_core::{Clock, Logger, Memory, Output, Timestamp, info};
/// use hyperlog_template::Tabs;
///
/// let (clock, _) = Clock::manual(Timestamp::new(1_795_162_542, 120_934_000));
/// let memory = Memory::new();
/// let logger = Logger::builder().clock(clock).output(Output::new(Tabs, memory.clone())).build()?;
/// info!(logger: logger, target: "shop", order = 17, city = "Ghent\tor not", "sent");
/// let line = "2026-11-20T08:15:42.120934Z\tINFO\tshop\tsent\torder=17\tcity=Ghent\\tor not\n";
/// assert_eq!(memory.text(), line);
/// # Ok::<(), hyperlog_core::BuildError>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Tabs;

impl Encode for Tabs {
    fn encode(&self, record: &Record<'_>, out: &mut Vec<u8>) -> Partition {
        TimeFormat::Rfc3339Micros.write(record.timestamp(), out);
        let mut line = Line(out);
        line.column(record.level());
        line.column(record.target());
        line.column(record.message());
        record.for_each_field(|key, value| {
            line.0.push(b'\t');
            line.text(key.name());
            line.0.push(b'=');
            line.show(value);
        });
        out.push(b'\n');
        Partition::NONE
    }

    fn is_same(&self, other: &dyn Any) -> bool {
        other.is::<Tabs>()
    }
}

/// The line that is being written. What could end a column or the line is escaped.
struct Line<'a>(&'a mut Vec<u8>);

impl Line<'_> {
    fn column(&mut self, text: impl fmt::Display) {
        self.0.push(b'\t');
        self.text(text);
    }

    fn text(&mut self, text: impl fmt::Display) {
        write!(self, "{text}").expect("memory can be written to");
    }

    fn show(&mut self, value: Value<'_>) {
        match value {
            Value::Str(text) => self.text(text),
            Value::Char(character) => self.text(character),
            Value::Bool(truth) => self.text(truth),
            Value::I64(number) => self.text(number),
            Value::U64(number) => self.text(number),
            Value::I128(number) => self.text(number),
            Value::U128(number) => self.text(number),
            Value::F32(number) => self.text(number),
            Value::F64(number) => self.text(number),
            Value::Duration(time) => self.text(format_args!("{}ms", time.as_secs_f64() * 1_000.0)),
            Value::Time(time) => TimeFormat::Rfc3339Micros.write(time, self.0),
            Value::Tree(tree) => tree.walk(self),
            // Nothing, and kinds of values that are not there yet. What has to be asked for its text has become one before.
            _ => self.text("-"),
        }
    }
}

impl fmt::Write for Line<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            match character {
                '\t' => self.0.extend_from_slice(b"\\t"),
                '\n' => self.0.extend_from_slice(b"\\n"),
                '\\' => self.0.extend_from_slice(b"\\\\"),
                // A terminal would do as it says, and text would run the other way.
                other if other.is_control() || matches!(other, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') => {
                    self.0.extend(other.escape_unicode().map(|ascii| ascii as u8));
                }
                other => self.0.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        Ok(())
    }
}

/// Maps and lists, in as many brackets as they are deep.
impl TreeVisitor for Line<'_> {
    fn begin_map(&mut self) {
        self.text("{ ");
    }

    fn begin_list(&mut self) {
        self.text("{ ");
    }

    fn key(&mut self, key: &str) {
        self.text(key);
        self.text("=");
    }

    fn value(&mut self, value: Value<'_>) {
        self.show(value);
        self.text(" ");
    }

    fn end(&mut self) {
        self.text("} ");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyperlog_core::testing::check_encoder;

    #[test]
    fn it_keeps_what_every_encoder_promises() {
        let is_text = |record: &[u8]| std::str::from_utf8(record).map(drop).map_err(|error| error.to_string());
        check_encoder(|| Tabs).one_line_per_record().each_record_is(is_text).run();
    }

    #[test]
    fn no_value_can_forge_a_column_or_a_line() {
        use hyperlog_core::{Logger, Memory, Output, info, list};
        let memory = Memory::new();
        let logger = Logger::builder().output(Output::new(Tabs, memory.clone())).build().unwrap();
        info!(logger: logger, target: "shop", name = "a\tb\nc\u{1b}[31m\u{202e}\\", tags = list(&["x", "y"]), "sent");
        let line = memory.text();
        assert!(line.ends_with("\tshop\tsent\tname=a\\tb\\nc\\u{1b}[31m\\u{202e}\\\\\ttags={ x y } \n"), "{line:?}");
    }
}
