//! What is logged of requests, under one target.

use crate::field::FieldSet;
use crate::level::Level;
use crate::logger::Logger;
use crate::record::Site;

/// The target of access records, and of all that is told beside them, by which they are filtered.
pub(crate) const TARGET: &str = "hyperlog::http";

/// Logs something of a request beside its access record.
pub(crate) fn log_event(logger: &Logger, level: Level, message: &'static str, fields: &FieldSet) {
    let site = Site { level, target: TARGET, module: None, file: None, line: None, template: message, keys: &[] };
    logger.log_from(&site, format_args!("{message}"), fields);
}
