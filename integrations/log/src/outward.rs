//! The other direction: records become calls of the `log` crate.

use crate::crossing::CROSSING;
use crate::level;
use hyperlog_core::bridge::{Way, line_of};
use hyperlog_core::{Hook, Record};

/// Gives each record to the logger of the `log` crate, with its level and its target, and its fields behind the message as
/// `name=value`. A record that was a call of that crate before is left out.
pub fn to_log() -> Hook {
    Hook::observe(|record| {
        if !Way::Inward.is_taken(&CROSSING) && !Way::Outward.is_taken(&CROSSING) {
            Way::Outward.take(&CROSSING, || send(record));
        }
    })
}

fn send(record: &Record<'_>) {
    let metadata = log::Metadata::builder().level(level::outward(record.level())).target(record.target()).build();
    let logger = log::logger();
    if metadata.level() > log::max_level() || !logger.enabled(&metadata) {
        return;
    }
    let (file, line) = record.location().unzip();
    let mut call = log::Record::builder();
    call.metadata(metadata).file(file).line(line);
    logger.log(&call.args(format_args!("{}", line_of(record))).build());
}
