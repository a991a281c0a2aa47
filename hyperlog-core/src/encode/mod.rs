//! Turns a record into bytes.
//!
//! An encoder appends to bytes that are used again, sees values only as redaction and limits leave them, and ends each
//! record itself, so that what reaches a sink is complete.

pub(crate) mod append;
mod json;

pub use self::json::Json;

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

    /// Whether another encoder writes the very same bytes, so that one encoding serves the outputs of both.
    fn is_same(&self, other: &dyn Any) -> bool {
        let _ = other;
        false
    }
}

/// A small number by which a backend can tell records apart that must not share a batch. Most encoders have none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Partition(pub u64);

impl Partition {
    /// All records belong together.
    pub const NONE: Partition = Partition(0);
}
