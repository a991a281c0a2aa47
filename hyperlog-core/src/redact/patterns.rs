//! Patterns of the user's own, by a regular expression engine that takes linear time.
//!
//! Behind a feature, because the engine is most of what it costs to build this crate, and few need it.

use std::fmt;

use regex::bytes::{Regex, RegexBuilder};

use super::{BuildRedactionError, Mask, Span};

/// A compiled pattern may take this much memory.
const SIZE: usize = 256 * 1024;

/// After this many hits of one pattern the rest of the text is hidden. Each search is linear, so a bound on how many
/// there are keeps the whole linear.
const HITS: usize = 64;

/// One pattern and how its hits are hidden.
#[derive(Clone)]
pub(super) struct Pattern {
    regex: Regex,
    mask: Mask,
}

impl Pattern {
    pub(super) fn compile(pattern: &str, mask: Mask) -> Result<Pattern, BuildRedactionError> {
        let built =
            RegexBuilder::new(pattern).unicode(false).size_limit(SIZE).dfa_size_limit(SIZE).nest_limit(64).build();
        let regex = built.map_err(|source| BuildRedactionError::pattern(pattern, source))?;
        match regex.is_match(b"") {
            true => Err(BuildRedactionError::empty_pattern(pattern)),
            false => Ok(Pattern { regex, mask }),
        }
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Pattern").field("regex", &self.regex.as_str()).field("mask", &self.mask).finish()
    }
}

/// Finds what the user's patterns match in one text, from left to right.
pub(super) struct Matches<'a> {
    text: &'a str,
    patterns: &'a [Pattern],
    /// The next hit of each pattern, and how many it had.
    next: Vec<(Option<Span>, usize)>,
}

impl<'a> Matches<'a> {
    pub(super) fn of(text: &'a str, patterns: &'a [Pattern]) -> Matches<'a> {
        let mut matches = Matches { text, patterns, next: Vec::new() };
        // nothing is allocated until something is found
        if patterns.iter().any(|pattern| pattern.regex.is_match(text.as_bytes())) {
            matches.next = patterns.iter().map(|pattern| (matches.search(pattern, 0), 1)).collect();
        }
        matches
    }

    pub(super) fn next(&mut self) -> Option<Span> {
        let starts = self.next.iter().enumerate().filter_map(|(index, (span, _))| Some((span.as_ref()?.start, index)));
        let (_, index) = starts.min()?;
        let (span, hits) = (self.next[index].0?, self.next[index].1 + 1);
        let following = if span.end < self.text.len() { self.search(&self.patterns[index], span.end) } else { None };
        let following =
            following.map(|span| Span { end: if hits > HITS { self.text.len() } else { span.end }, ..span });
        self.next[index] = (following, hits);
        Some(span)
    }

    /// The next hit that is not empty, widened to whole characters.
    fn search(&self, pattern: &Pattern, from: usize) -> Option<Span> {
        let mut at = from;
        // empty hits come from patterns such as `\b`: a few are stepped over, then the rest is hidden
        for _ in 0..HITS {
            let found = pattern.regex.find_at(self.text.as_bytes(), at)?;
            if !found.is_empty() {
                let start = floor_char_boundary(self.text, found.start()).max(from);
                return Some(Span { start, end: ceil_char_boundary(self.text, found.end()), mask: pattern.mask });
            }
            at = found.end() + 1;
            if at > self.text.len() {
                return None;
            }
        }
        Some(Span { start: floor_char_boundary(self.text, at).max(from), end: self.text.len(), mask: pattern.mask })
    }
}

fn floor_char_boundary(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn ceil_char_boundary(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use crate::redact::{Mask, Redaction, Verdict};

    #[track_caller]
    fn check(patterns: &[&str], text: &str, expected: &str) {
        let builder = patterns.iter().fold(Redaction::builder(), |builder, pattern| builder.pattern(*pattern));
        let mut out = String::new();
        match builder.build().unwrap().text(text, &mut out) {
            Verdict::Clean => assert_eq!(text, expected),
            Verdict::Masked => assert_eq!(out, expected),
        }
    }

    #[test]
    fn patterns_hide_what_they_match() {
        check(&[r"ACME-\d{4}"], "ACME-1234, ACME-123, ACME-9999", "[REDACTED], ACME-123, [REDACTED]");
        check(&[r"(?i)acme", r"\d+"], "Acme 12 b", "[REDACTED] [REDACTED] b");
        check(&["abc", "bcd"], "xabcdx", "x[REDACTED]x");
        check(&["a+"], "bbb", "bbb");
        check(&["a"], "aé", "[REDACTED]é");
        check(&["x"], "password=axb x", "password=[REDACTED] [REDACTED]");
    }

    #[test]
    fn hits_within_characters_and_empty_ones_at_the_end_are_taken_whole_or_not_at_all() {
        check(&[r"(?-u:\xa4)"], "\u{e4}b", "[REDACTED]b");
        check(&[r"\b(xyz)?"], "ab", "ab");
        check(&[r"\b(ab)?"], "c ab", "c [REDACTED]");
    }

    #[test]
    fn a_match_is_widened_to_whole_characters() {
        check(&[r"a."], "aé!", "[REDACTED]!");
        check(&[r"[^a]"], "aé!", "a[REDACTED][REDACTED]");
    }

    #[test]
    fn each_pattern_has_its_mask() {
        let redaction = Redaction::builder().pattern_as(r"#\d+", Mask::Drop).build().unwrap();
        let mut out = String::new();
        assert_eq!(redaction.text("a #12 b", &mut out), Verdict::Masked);
        assert_eq!(out, "a  b");
    }

    #[test]
    fn too_many_matches_hide_the_rest() {
        check(&["a"], &"a-".repeat(100), &("[REDACTED]-".repeat(64) + "[REDACTED]"));
    }

    #[test]
    fn hostile_texts_take_linear_time() {
        check(&[r"x*[^A-Z]|[A-Z]"], &"A".repeat(100_000), &"[REDACTED]".repeat(65));
        check(&[r"\b\B|zz"], &"a ".repeat(100_000), &"a ".repeat(100_000));
    }

    #[test]
    fn hits_of_nothing_hide_nothing_unless_there_are_too_many() {
        check(&[r"\b"], "ab cd", "ab cd");
        check(&[r"\b"], &"a ".repeat(100), &("a ".repeat(32) + "[REDACTED]"));
    }

    #[test]
    fn a_bad_pattern_is_told_when_building() {
        let check = |pattern: &str, expected: &str, source: bool| {
            let error = Redaction::builder().pattern(pattern).build().unwrap_err();
            assert!(error.to_string().contains(expected), "{error}");
            assert_eq!(error.source().is_some(), source, "{error}");
        };
        check("(", "cannot read", true);
        check(r"\p{Greek}", "cannot read", true);
        check(r"(\w{200}){200}", "too large", true);
        check("a*", "nothing at all", false);
        check(&"(".repeat(100), "cannot read", true);
        assert!(Redaction::builder().pattern_as("a", Mask::Hash).build().is_err());
    }
}
