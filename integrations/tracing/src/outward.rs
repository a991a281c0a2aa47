//! The other direction: records become events of `tracing`.

use crate::crossing::CROSSING;
use crate::level;
use hyperlog_core::bridge::{Way, line_of};
use hyperlog_core::{Hook, Record};
use log::Record as LogRecord;

/// Gives each record to the subscriber of `tracing`, with its level and its target. An event's fields have to be known when
/// a program is built, so that those of the record stand behind its message as `name=value`.
///
/// Events have no other way to tell a target that is known at run time alone than the one of `tracing-log`, which
/// subscribers know how to read. A record that was an event before is left out.
pub fn to_tracing() -> Hook {
    Hook::observe(|record| {
        if !Way::Inward.is_taken(&CROSSING) && !Way::Outward.is_taken(&CROSSING) {
            Way::Outward.take(&CROSSING, || send(record));
        }
    })
}

fn send(record: &Record<'_>) {
    let (file, line) = record.location().unzip();
    let mut event = LogRecord::builder();
    event.level(level::outward(record.level())).target(record.target()).file(file).line(line);
    // It cannot fail: the result is what is left of an earlier interface.
    let _ = tracing_log::format_trace(&event.args(format_args!("{}", line_of(record))).build());
}
