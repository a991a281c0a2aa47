//! Files in TOML, YAML and JSON, read into nodes that know their lines.
//!
//! A file is somebody's input: its size, its depth and what its aliases unfold to are bounded before anything is built.

mod json;
mod toml;
mod yaml;

use crate::config::error::ConfigError;
use crate::config::node::{Node, Origin, Value};
use std::fs;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

/// The most that a file may have, in bytes.
pub(crate) const MOST_BYTES: u64 = 1024 * 1024;

/// The most that tables and lists may stand within one another.
const MOST_DEPTH: usize = 32;

/// The most values that a file may have, with what its aliases unfold to.
const MOST_NODES: usize = 20_000;

/// A format of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Toml,
    Yaml,
    Json,
}

impl Format {
    /// By the end of the name.
    fn of(path: &Path) -> Result<Format, ConfigError> {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("toml") => Ok(Format::Toml),
            Some("yaml" | "yml") => Ok(Format::Yaml),
            Some("json") => Ok(Format::Json),
            _ => {
                let what =
                    format!("{}: the name of a configuration ends in .toml, .yaml, .yml or .json", path.display());
                Err(ConfigError::new(what))
            }
        }
    }
}

/// Reads a file.
pub(crate) fn file(path: &Path) -> Result<Node, ConfigError> {
    let format = Format::of(path)?;
    let cannot = |error| ConfigError::new(format!("{} cannot be read: {error}", path.display()));
    let mut bytes = Vec::new();
    open(path).map_err(cannot)?.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(cannot)?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(ConfigError::new(format!("{} is longer than {MOST_BYTES} bytes", path.display())));
    }
    let text = String::from_utf8(bytes).map_err(|_| ConfigError::new(format!("{} is not UTF-8", path.display())))?;
    self::text(&text, format, path)
}

/// Opens a file, and nothing else: who opens a pipe may wait for ever for somebody who writes to it.
pub(crate) fn open(path: &Path) -> io::Result<fs::File> {
    match fs::metadata(path)?.is_file() {
        true => fs::File::open(path),
        false => Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no file")),
    }
}

/// Reads what stands in a file.
pub(crate) fn text(text: &str, format: Format, path: &Path) -> Result<Node, ConfigError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
    let mut source = Source { text, lines, path: path.into(), nodes: 0 };
    let node = match format {
        Format::Toml => toml::parse(&mut source),
        Format::Yaml => yaml::parse(&mut source),
        Format::Json => json::parse(&mut source),
    }?;
    match node.value {
        Value::Table(_) => Ok(node),
        _ => Err(ConfigError::new("a configuration is a table of keys and values").at(&node.origin)),
    }
}

/// In bytes.
const LONG_LINE: usize = 1_000;

struct Source<'t> {
    text: &'t str,
    /// Where each line begins.
    lines: Vec<usize>,
    path: Arc<Path>,
    nodes: usize,
}

impl Source<'_> {
    /// The place of a byte of the text.
    fn place(&self, offset: usize) -> Origin {
        let line = self.lines.partition_point(|begin| *begin <= offset);
        let begin = self.lines[line - 1];
        let before = self.text.get(begin..offset).unwrap_or_default();
        // Nobody counts along in a line that long, and counting it for each of its values would take for ever.
        let column = if before.len() <= LONG_LINE { before.chars().count() } else { before.len() };
        self.line(line, column + 1)
    }

    fn line(&self, line: usize, column: usize) -> Origin {
        let small = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Origin::File { path: Arc::clone(&self.path), line: small(line), column: small(column) }
    }

    /// One more, that deep.
    fn count(&mut self, depth: usize, origin: &Origin) -> Result<(), ConfigError> {
        self.nodes += 1;
        if depth > MOST_DEPTH {
            return Err(ConfigError::new(format!("this is more than {MOST_DEPTH} tables deep")).at(origin));
        }
        if self.nodes > MOST_NODES {
            return Err(ConfigError::new(format!("there are more than {MOST_NODES} values")).at(origin));
        }
        Ok(())
    }
}
