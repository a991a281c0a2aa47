//! How much a record may hold, so that no value, however long, deep or endless, takes the process with it.

use crate::contain::contain;
use crate::value::Value;
use std::fmt::{self, Write};

/// How much a record may hold. What is beyond is cut after redaction, at the border of a character, and marked with the
/// length it had: `…[cut, 70000 bytes]`.
///
/// | limit | default |
/// |---|---|
/// | [`message`](Limits::message) | 16 KiB |
/// | [`text`](Limits::text): one value | 16 KiB |
/// | [`key`](Limits::key): one name | 128 bytes |
/// | [`fields`](Limits::fields): at the call, and as many bound | 128 |
/// | [`depth`](Limits::depth): of maps and lists | 16 |
/// | [`record`](Limits::record): as it leaves | 256 KiB |
///
/// ```
/// use hyperlog_core::{Level, Limits, Logger, info};
///
/// let (logger, captured) = Logger::capture_with(|builder| builder.limits(Limits::default().text(8)));
/// info!(logger: logger, name = "a long, long name", "met");
/// assert_eq!(captured.only().text("name"), "a long, …[cut, 17 bytes]");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub(crate) message: usize,
    pub(crate) text: usize,
    pub(crate) key: usize,
    pub(crate) fields: usize,
    pub(crate) depth: usize,
    pub(crate) record: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { message: 16 << 10, text: 16 << 10, key: 128, fields: 128, depth: 16, record: 256 << 10 }
    }
}

impl Limits {
    pub(crate) const NONE: Limits = Limits {
        message: usize::MAX,
        text: usize::MAX,
        key: usize::MAX,
        fields: usize::MAX,
        depth: usize::MAX,
        record: usize::MAX,
    };

    /// The least a record may be limited to: below, not even its head would fit.
    pub const SMALLEST_RECORD: usize = 1 << 10;

    /// Bytes of the message.
    #[must_use]
    pub const fn message(mut self, bytes: usize) -> Limits {
        self.message = bytes;
        self
    }

    /// Bytes of one text.
    #[must_use]
    pub const fn text(mut self, bytes: usize) -> Limits {
        self.text = bytes;
        self
    }

    /// Bytes of the name of a field.
    #[must_use]
    pub const fn key(mut self, bytes: usize) -> Limits {
        self.key = bytes;
        self
    }

    /// Fields of one record, and as many bound ones.
    #[must_use]
    pub const fn fields(mut self, count: usize) -> Limits {
        self.fields = count;
        self
    }

    /// How deep maps and lists may be nested.
    #[must_use]
    pub const fn depth(mut self, levels: usize) -> Limits {
        self.depth = levels;
        self
    }

    /// Bytes of a record as it leaves. A longer one has its longest texts cut until it fits, and says so in a field. Values below
    /// [`Limits::SMALLEST_RECORD`] count as that.
    #[must_use]
    pub const fn record(mut self, bytes: usize) -> Limits {
        self.record = if bytes < Limits::SMALLEST_RECORD { Limits::SMALLEST_RECORD } else { bytes };
        self
    }
}

/// The beginning of a text that is too long, without its mark.
pub(crate) fn cut(text: &str, limit: usize) -> &str {
    if text.len() <= limit {
        return text;
    }
    let end = (0..=limit).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    &text[..end]
}

/// What follows a text that was cut.
pub(crate) fn push_cut_mark(original: usize, out: &mut String) {
    // Writing to a string cannot fail.
    let _ = write!(out, "…[cut, {original} bytes]");
}

/// No text is formatted further than this: its `Display` may never end.
pub(crate) const LONGEST_TEXT: usize = 1 << 20;

/// Where text can be put together.
pub(crate) trait TextBuffer {
    fn push_str(&mut self, text: &str);
    fn length(&self) -> usize;
    fn truncate(&mut self, length: usize);
}

impl TextBuffer for String {
    fn push_str(&mut self, text: &str) {
        self.push_str(text);
    }

    fn length(&self) -> usize {
        self.len()
    }

    fn truncate(&mut self, length: usize) {
        self.truncate(length);
    }
}

impl TextBuffer for Vec<u8> {
    fn push_str(&mut self, text: &str) {
        self.extend_from_slice(text.as_bytes());
    }

    fn length(&self) -> usize {
        self.len()
    }

    fn truncate(&mut self, length: usize) {
        self.truncate(length);
    }
}

/// Appends what a value shows of itself, up to [`LONGEST_TEXT`], and survives whatever its `Display` does.
pub(crate) fn format_into(value: Value<'_>, out: &mut impl TextBuffer) {
    let start = out.length();
    let mut writer = Bounded { left: LONGEST_TEXT, out };
    let formatted = contain(|| match value {
        Value::Display(value) => write!(writer, "{value}"),
        Value::Debug(value) => write!(writer, "{value:?}"),
        Value::Error(value) => write!(writer, "{value}"),
        Value::TypedError(value) => write!(writer, "{}", value.error),
        Value::Bytes(bytes) => writer.write_bytes(bytes),
        Value::Str(text) => writer.write_str(text),
        other => write!(writer, "{other:?}"),
    });
    let is_full = writer.left == 0;
    match formatted {
        Some(Ok(())) => {}
        Some(Err(fmt::Error)) if is_full => {}
        Some(Err(fmt::Error)) => out.push_str("[its formatting failed]"),
        None => {
            // Half a text may be half of anything: it goes.
            out.truncate(start);
            out.push_str("[its formatting panicked]");
        }
    }
}

struct Bounded<'a, T> {
    left: usize,
    out: &'a mut T,
}

impl<T: TextBuffer> Bounded<'_, T> {
    fn write_bytes(&mut self, bytes: &[u8]) -> fmt::Result {
        for chunk in bytes.utf8_chunks() {
            self.write_str(chunk.valid())?;
            for byte in chunk.invalid() {
                write!(self, "\\x{byte:02x}")?;
            }
        }
        Ok(())
    }
}

impl<T: TextBuffer> Write for Bounded<'_, T> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if text.len() <= self.left {
            self.left -= text.len();
            self.out.push_str(text);
            return Ok(());
        }
        self.out.push_str(cut(text, self.left));
        self.left = 0;
        Err(fmt::Error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Display;

    struct Endless;
    impl Display for Endless {
        fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            loop {
                formatter.write_str("on and on ")?;
            }
        }
    }

    struct Panics;
    impl Display for Panics {
        fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("secret half")?;
            panic!("in Display")
        }
    }

    struct Fails;
    impl Display for Fails {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            Err(fmt::Error)
        }
    }

    fn formatted(value: Value<'_>) -> String {
        let mut out = String::new();
        format_into(value, &mut out);
        out
    }

    #[test]
    fn whatever_a_display_does_the_text_ends() {
        assert_eq!(formatted(Value::Display(&Endless)).len(), LONGEST_TEXT);
        assert_eq!(formatted(Value::Display(&Panics)), "[its formatting panicked]");
        assert_eq!(formatted(Value::Display(&Fails)), "[its formatting failed]");
    }

    #[test]
    fn bytes_that_are_not_text_are_shown_as_escapes() {
        assert_eq!(formatted(Value::Bytes(b"caf\xc3\xa9 \xff\xfe!")), "café \\xff\\xfe!");
    }

    #[test]
    fn a_cut_falls_between_characters() {
        assert_eq!(cut("aé", 2), "a");
        assert_eq!(cut("aé", 3), "aé");
    }
}
