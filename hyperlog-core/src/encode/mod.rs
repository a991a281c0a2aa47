//! Turns a record into bytes.
//!
//! An encoder appends to bytes that are used again, sees values only as redaction and limits leave them, and ends each
//! record itself, so that what reaches a sink is complete.

mod colored;
#[cfg(feature = "formats")]
mod csv;
#[cfg(feature = "formats")]
mod gelf;
mod json;
mod line;
mod logfmt;
mod pretty;
#[cfg(feature = "formats")]
mod syslog;
#[cfg(feature = "formats")]
mod template;
pub(crate) mod theme;

pub(crate) use self::colored::paint;
#[cfg(feature = "formats")]
pub use self::csv::Csv;
#[cfg(feature = "formats")]
pub use self::gelf::{Gelf, Terminator};
#[cfg(feature = "http")]
pub(crate) use self::json::push_tree;
pub use self::json::{Json, MessageTemplate};
pub use self::line::push_inert;
pub(crate) use self::line::push_pairs;
pub use self::logfmt::Logfmt;
pub use self::pretty::{Pretty, PrettyLayout};
#[cfg(feature = "formats")]
pub use self::syslog::{Facility, Mark, Syslog};
#[cfg(feature = "formats")]
pub use self::template::{Template, TemplateError};
pub use self::theme::{Color, ColorDepth, ColorMode, Palette, Style, Theme, Token};

use crate::partition::Partition;
use crate::reading::FieldCursor;
use crate::record::Record;
use std::any::Any;

/// Turns a record into bytes.
///
/// ```
/// use hyperlog_core::{Encode, Level, Logger, Memory, Output, Partition, Record, info};
///
/// /// `INFO: ready`
/// struct Plain;
///
/// impl Encode for Plain {
///     fn encode(&self, record: &Record<'_>, out: &mut Vec<u8>) -> Partition {
///         out.extend_from_slice(record.level().name().as_bytes());
///         out.extend_from_slice(b": ");
///         out.extend_from_slice(record.message().as_bytes());
///         out.push(b'\n');
///         Partition::NONE
///     }
/// }
///
/// let memory = Memory::new();
/// let logger = Logger::builder().output(Output::new(Plain, memory.clone())).build()?;
/// info!(logger: logger, "ready");
/// assert_eq!(memory.text(), "INFO: ready\n");
/// # Ok::<(), hyperlog_core::BuildError>(())
/// ```
pub trait Encode: Any + Send + Sync {
    /// Appends one complete record, its end (a newline, say) included.
    fn encode(&self, record: &Record<'_>, out: &mut Vec<u8>) -> Partition;

    /// Appends fields that are bound to a logger or tell of the process, in a form that [`Encode::encode`] only has to
    /// copy. `false` says that nothing can be prepared.
    fn encode_bound(&self, fields: &mut FieldCursor<'_>, out: &mut Vec<u8>) -> bool {
        let _ = (fields, out);
        false
    }

    /// What is written before the first record of a file or a stream: the header of a CSV, say.
    fn preamble(&self, out: &mut Vec<u8>) {
        let _ = out;
    }

    /// The same with colours, for an output that is looked at; none if it has no coloured form.
    fn painted(&self, palette: &Palette) -> Option<Box<dyn Encode>> {
        let _ = palette;
        None
    }

    /// Whether another encoder writes the very same bytes, so that one encoding serves the outputs of both.
    fn is_same(&self, other: &dyn Any) -> bool {
        let _ = other;
        false
    }
}

/// What an encoder makes of what is logged, at 2023-11-14T22:13:20.042Z.
#[cfg(test)]
pub(crate) fn written(encoder: impl Encode, log: impl FnOnce(&crate::logger::Logger)) -> String {
    use crate::level::Level;
    use crate::output::Output;
    use crate::time::{Clock, Timestamp};

    let memory = crate::sink::Memory::new();
    let (clock, _) = Clock::manual(Timestamp::new(1_700_000_000, 42_000_000));
    let builder =
        crate::logger::Logger::builder().clock(clock).level(Level::TRACE).redaction(crate::redact::Redaction::off());
    log(&builder.output(Output::new(encoder, memory.clone())).build().expect("one output is not too many"));
    String::from_utf8(memory.bytes()).expect("every format is UTF-8")
}

#[cfg(all(test, feature = "formats"))]
mod tests {
    use super::*;
    use crate::builder::Location;
    use crate::field::FieldSet;
    use crate::level::Level;
    use crate::limits::Limits;
    use crate::logger::Logger;
    use crate::output::Output;
    use crate::record::Site;
    use crate::sink::Memory;

    /// What an encoder makes of a record that shows where it comes from and is too long.
    fn placed_and_cut(encoder: impl Encode) -> String {
        let memory = Memory::new();
        let builder = Logger::builder().location(Location::Shown).limits(Limits::default().record(1024));
        let logger = builder.output(Output::new(encoder, memory.clone())).build().unwrap();
        let (file, line) = (Some("src/a b.rs"), Some(7));
        let site = Site { level: Level::INFO, target: "t", module: None, file, line, template: "m", keys: &[] };
        logger.log_from(&site, format_args!("m"), &FieldSet::new().with("k", "x".repeat(5_000)));
        memory.text()
    }

    #[test]
    fn where_a_record_comes_from_and_how_long_it_was_is_in_every_format() {
        let check = |line: String, place: &str, length: &str| {
            assert!(line.contains(place), "{line}");
            let (_, behind) = line.split_once(length).unwrap_or_else(|| panic!("{length} in {line}"));
            let digits: String = behind.chars().take_while(char::is_ascii_digit).collect();
            assert!(digits.parse::<usize>().unwrap() > 5_000, "{line}");
            assert!(line.len() <= 1024);
        };
        check(placed_and_cut(Json::new()), r#""code.file":"src/a b.rs","code.line":7"#, r#""cut_from_bytes":"#);
        check(placed_and_cut(Logfmt::new()), r#" code.file="src/a b.rs" code.line=7 "#, " cut_from_bytes=");
        check(placed_and_cut(Pretty::new()), "  at src/a b.rs:7\n", " cut_from_bytes=");
        let csv = Csv::new(["code.file", "code.line", "k", "cut_from_bytes"]);
        check(placed_and_cut(csv), "src/a b.rs,7,", " bytes]\",");
        check(placed_and_cut(Syslog::new("a")), r#" code.file="src/a b.rs" code.line="7""#, r#" cut_from_bytes=""#);
        check(placed_and_cut(Gelf::new("h")), r#","_code.file":"src/a b.rs","_code.line":7"#, r#""_cut_from_bytes":"#);
        let template = Template::parse("{code.file}:{code.line} {k} {cut_from_bytes:>9}").unwrap();
        check(placed_and_cut(template), "src/a b.rs:7 x", " bytes]      ");
    }
}
