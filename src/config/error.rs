//! What is wrong with a configuration, where, and what would be right.

use crate::config::node::{Node, Origin};
use hyperlog_core::push_inert;
use std::error::Error;
use std::fmt;

/// Why a configuration is not taken: what is wrong, under which key, and where that was written. Never a value.
///
/// It says all of it, with what brought it about, since whoever has a wrong configuration may see nothing else: so it has no
/// source.
///
/// ```text
/// shop.toml:7:1: outputs.file.rotate.sise: there is no such key: did you mean `size`? (there are `every` and `size`)
/// ```
pub struct ConfigError(Box<Inner>);

/// In characters: of a longer key an error shows no more.
const LONGEST_KEY: usize = 100;

/// The same of where it was written, of all keys that lead to it, and of what is wrong.
const LONGEST: usize = 400;

struct Inner {
    origin: Option<Origin>,
    path: String,
    what: String,
    /// The name that is not known, and those that are.
    unknown: Option<(String, Vec<&'static str>)>,
}

impl ConfigError {
    pub(crate) fn new(what: impl Into<String>) -> ConfigError {
        ConfigError(Box::new(Inner { origin: None, path: String::new(), what: what.into(), unknown: None }))
    }

    /// What somebody else says went wrong, and all that brought it about.
    pub(crate) fn of(error: &(dyn Error + 'static)) -> ConfigError {
        let (mut text, mut cause) = (error.to_string(), error.source());
        while let Some(error) = cause {
            text = format!("{text}: {error}");
            cause = error.source();
        }
        ConfigError::new(text)
    }

    fn unknown(what: &str, name: &str, known: &[&'static str]) -> ConfigError {
        let mut error = ConfigError::new(what);
        error.0.unknown = Some((name.to_owned(), known.to_vec()));
        error
    }

    /// Where a key is not known, that there are these as well, which somebody else reads.
    pub(crate) fn knowing(mut self, more: &[&'static str]) -> ConfigError {
        if self.0.path == self.0.unknown.as_ref().map_or("", |(name, _)| name)
            && let Some((_, known)) = &mut self.0.unknown
        {
            known.extend(more);
        }
        self
    }

    /// Where it was written, unless that is known already.
    pub(crate) fn at(mut self, origin: &Origin) -> ConfigError {
        self.0.origin.get_or_insert_with(|| origin.clone());
        self
    }

    /// Where the last of its keys that this knows was written, unless that is known already.
    pub(crate) fn placed_in(self, node: &Node) -> ConfigError {
        let keys = self.0.path.split('.');
        let known = keys.scan(node, |node, key| {
            *node = node.get(key)?;
            Some(*node)
        });
        match known.last().map(|node| node.origin.clone()) {
            Some(origin) => self.at(&origin),
            None => self,
        }
    }

    /// Below this key.
    pub(crate) fn below(mut self, key: &str) -> ConfigError {
        let path = &mut self.0.path;
        let end = key.char_indices().nth(LONGEST_KEY).map(|(end, _)| end);
        let cut = end.map(|end| format!("{}…", &key[..end]));
        let key = cut.as_deref().unwrap_or(key);
        *path = match path.is_empty() {
            true => key.to_owned(),
            false if path.starts_with('[') => format!("{key}{path}"),
            false => format!("{key}.{path}"),
        };
        self
    }

    /// The keys that lead to it, with dots between them. Empty if it is not about one.
    pub fn path(&self) -> &str {
        &self.0.path
    }

    /// Where it was written, if that is known.
    pub fn origin(&self) -> Option<&Origin> {
        self.0.origin.as_ref()
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(origin) = &self.0.origin {
            write!(formatter, "{}: ", in_short(&origin.to_string()))?;
        }
        if !self.0.path.is_empty() {
            write!(formatter, "{}: ", in_short(&self.0.path))?;
        }
        formatter.write_str(&in_short(&self.0.what))?;
        match &self.0.unknown {
            Some((name, known)) => formatter.write_str(&instead(name, known)),
            None => Ok(()),
        }
    }
}

/// What somebody wrote, as nothing that could pass for another line.
pub(crate) fn on_one_line(text: &str) -> String {
    let mut line = Vec::with_capacity(text.len());
    push_inert(text, &mut line);
    String::from_utf8_lossy(&line).into_owned()
}

/// As much of it as an error has to show.
fn in_short(text: &str) -> String {
    let end = text.char_indices().nth(LONGEST).map(|(end, _)| end);
    let cut = end.map(|end| format!("{}\u{2026}", on_one_line(&text[..end])));
    cut.unwrap_or_else(|| on_one_line(text))
}

impl fmt::Debug for ConfigError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl Error for ConfigError {}

/// What a deserialisation says becomes an error without the value that it found.
impl serde::de::Error for ConfigError {
    fn custom<T: fmt::Display>(what: T) -> ConfigError {
        ConfigError::new(what.to_string())
    }

    fn invalid_type(found: serde::de::Unexpected<'_>, expected: &dyn serde::de::Expected) -> ConfigError {
        ConfigError::new(format!("this is {}, and has to be {}", kind_of(found), in_words(expected)))
    }

    fn invalid_value(_: serde::de::Unexpected<'_>, expected: &dyn serde::de::Expected) -> ConfigError {
        ConfigError::new(format!("this has to be {}", in_words(expected)))
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> ConfigError {
        ConfigError::unknown("there is no such value", variant, expected)
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> ConfigError {
        ConfigError::unknown("there is no such key", field, expected)
    }

    fn missing_field(field: &'static str) -> ConfigError {
        ConfigError::new(format!("the key `{field}` is missing"))
    }
}

fn kind_of(found: serde::de::Unexpected<'_>) -> &'static str {
    use serde::de::Unexpected::*;
    match found {
        Bool(_) => "a truth value",
        Unsigned(_) | Signed(_) => "an integer",
        Float(_) => "a number",
        Char(_) | Str(_) => "a text",
        Unit | Option => "nothing",
        Seq => "a list",
        Map | Enum | StructVariant => "a table",
        _ => "something else",
    }
}

/// What was expected, where a derived type says only its own name.
fn in_words(expected: &dyn serde::de::Expected) -> String {
    let expected = expected.to_string();
    let number = |most: u64| format!("a whole number from 0 to {most}");
    match &*expected {
        "u8" => number(u8::MAX.into()),
        "u16" => number(u16::MAX.into()),
        "u32" => number(u32::MAX.into()),
        "u64" | "usize" => "a whole number, and not a negative one".to_owned(),
        "i8" | "i16" | "i32" | "i64" => "a whole number".to_owned(),
        "f32" | "f64" => "a number".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "a string" => "a text".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a map" => "a table".to_owned(),
        _ if expected.starts_with("struct ") => "a table".to_owned(),
        _ => expected,
    }
}

/// What there is instead of a name that is not known, the nearest first.
pub(crate) fn instead(name: &str, known: &[&str]) -> String {
    let mut known: Vec<&str> = known.to_vec();
    known.sort_unstable();
    let Some((last, others)) = known.split_last() else { return ": there is none".to_owned() };
    let all = match others {
        [] => format!("there is `{last}`"),
        others => format!("there are `{}` and `{last}`", others.join("`, `")),
    };
    let nearest = known.iter().map(|known| (strsim::osa_distance(name, known), known)).min();
    match nearest.filter(|(distance, nearest)| *distance <= nearest.chars().count().div_ceil(3)) {
        Some((_, nearest)) => format!(": did you mean `{nearest}`? ({all})"),
        None => format!(": {all}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_offered_and_all_are_told() {
        assert_eq!(instead("sise", &["size", "every"]), ": did you mean `size`? (there are `every` and `size`)");
        assert_eq!(instead("completely", &["size"]), ": there is `size`");
        assert_eq!(instead("any", &[]), ": there is none");
    }

    #[test]
    fn a_key_forges_no_line() {
        let error = ConfigError::new("what\tever").below("a\n\u{1b}[2Jok: b");
        assert_eq!(error.to_string(), "a\\n\\u001b[2Jok: b: what\\tever");
        let error = ConfigError::new("\u{202e}".repeat(1 << 20));
        assert_eq!(error.to_string(), format!("{}\u{2026}", "\\u202e".repeat(LONGEST)));
    }

    #[test]
    fn paths_are_put_together_from_within() {
        let error = ConfigError::new("what").below("[2]").below("list").below("outer");
        assert_eq!(error.to_string(), "outer.list[2]: what");
        let error = ConfigError::new("what").below(&"\u{e4}".repeat(1 << 20));
        assert_eq!(error.path(), format!("{}\u{2026}", "\u{e4}".repeat(LONGEST_KEY)));
    }
}
