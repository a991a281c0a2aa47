//! Where a request stands in a distributed trace, as W3C Trace Context says it in `traceparent`.
//!
//! The header is read strictly: what is not exactly as the standard wants it is as good as none, so that nothing invented
//! joins a trace.

use std::fmt;

/// Whose child a request is.
///
/// ```
/// use hyperlog_core::http::TraceParent;
///
/// let header = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
/// let parent = TraceParent::parse(header.as_bytes()).unwrap();
/// assert_eq!(parent.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
/// assert_eq!(parent.parent_id(), "00f067aa0ba902b7");
/// assert!(parent.is_sampled());
/// assert_eq!(parent.to_string(), header);
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TraceParent {
    /// The header in its first version: checked, so that all of it is lower-case hexadecimal and hyphens.
    text: [u8; LENGTH],
}

/// Of the first version, and the beginning of any later one.
const LENGTH: usize = 55;

impl TraceParent {
    /// The header that carries it.
    pub const HEADER: &'static str = "traceparent";

    /// The header that carries what each vendor adds.
    pub const STATE_HEADER: &'static str = "tracestate";

    /// The state, if it may be passed on: it is no longer than everybody has to take, and plain.
    pub(crate) fn state(header: &[u8]) -> Option<&str> {
        const LONGEST: usize = 512;
        let is_plain = header.iter().all(|byte| matches!(byte, b' '..=b'~'));
        Some(header)
            .filter(|header| is_plain && header.len() <= LONGEST)
            .and_then(|header| std::str::from_utf8(header).ok())
    }

    /// Reads the header. A later version than the first counts as far as the first knows it.
    pub fn parse(header: &[u8]) -> Option<TraceParent> {
        let text: &[u8; LENGTH] = header.first_chunk()?;
        let has_hyphens = [2, 35, 52].iter().all(|&place| text[place] == b'-');
        let is_hexadecimal = |part: &[u8]| part.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let parts = [&text[..2], &text[3..35], &text[36..52], &text[53..]];
        if !has_hyphens || !parts.iter().all(|part| is_hexadecimal(part)) {
            return None;
        }
        let [version, trace, parent, _] = parts;
        let is_zero = |part: &[u8]| part.iter().all(|byte| *byte == b'0');
        let is_known_length = match version {
            b"ff" => false,
            b"00" => header.len() == LENGTH,
            _ => header.get(LENGTH).is_none_or(|byte| *byte == b'-'),
        };
        if !is_known_length || is_zero(trace) || is_zero(parent) {
            return None;
        }
        let mut text = *text;
        text[..2].copy_from_slice(b"00");
        Some(TraceParent { text })
    }

    /// The id of the trace: 32 hexadecimal digits.
    pub fn trace_id(&self) -> &str {
        self.part(3, 35)
    }

    /// The id of the span that sent the request: 16 hexadecimal digits.
    pub fn parent_id(&self) -> &str {
        self.part(36, 52)
    }

    /// Whether whoever sent the request keeps the trace.
    pub fn is_sampled(&self) -> bool {
        matches!(self.text[LENGTH - 1], b'1' | b'3' | b'5' | b'7' | b'9' | b'b' | b'd' | b'f')
    }

    /// The header's value, of the first version.
    pub fn as_str(&self) -> &str {
        self.part(0, LENGTH)
    }

    fn part(&self, start: usize, end: usize) -> &str {
        std::str::from_utf8(&self.text[start..end]).unwrap_or_default()
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl fmt::Debug for TraceParent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "TraceParent({})", self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALID: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn what_the_standard_does_not_allow_is_no_parent() {
        let check = |header: &str, expected: bool| {
            assert_eq!(TraceParent::parse(header.as_bytes()).is_some(), expected, "{header:?}");
        };
        check(VALID, true);
        check("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00", true);
        // A version that is not known yet, with and without something behind.
        check("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", true);
        check("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-comes", true);
        check("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.what-comes", false);
        check("ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false);
        check("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-tail", false);
        check("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0", false);
        check("00-00000000000000000000000000000000-00f067aa0ba902b7-01", false);
        check("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", false);
        check(&VALID.to_uppercase(), false);
        check("00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01", false);
        check("00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false);
        check(" 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0", false);
        check("", false);
        check(&"0".repeat(64 * 1024), false);
    }

    #[test]
    fn a_later_version_is_passed_on_as_the_first() {
        let parent = TraceParent::parse(b"cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what").unwrap();
        assert_eq!(parent.to_string(), VALID);
    }

    #[test]
    fn the_last_bit_of_the_flags_says_whether_the_trace_is_kept() {
        for (flags, expected) in [("00", false), ("01", true), ("02", false), ("03", true), ("ff", true), ("fe", false)]
        {
            let header = format!("{}{flags}", &VALID[..53]);
            assert_eq!(TraceParent::parse(header.as_bytes()).unwrap().is_sampled(), expected, "{flags}");
        }
    }
}
