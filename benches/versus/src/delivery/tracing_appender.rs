//! `tracing-appender` under the JSON of `tracing-subscriber`: non-blocking, and not lossy.
//!
//! At the end its guard waits a second at most, and what is still on its way then is lost.

use crate::case::Case;
use crate::delivery::ends;
use crate::peers::{Loop, Peer, Standing, tracing};
use tracing_appender::non_blocking::NonBlockingBuilder;

pub static JSON: Peer = Peer {
    name: "tracing-appender",
    standing: Standing::Always,
    install: |_| {
        let (writer, guard) = NonBlockingBuilder::default().lossy(false).finish(ends::file()?);
        ends::at_the_end(move || drop(guard));
        let json = tracing_subscriber::fmt().json().with_max_level(::tracing::Level::INFO).with_writer(writer);
        Ok(::tracing::subscriber::set_global_default(json.finish())?)
    },
    call: |case| if case.is_from_a_queue() { tracing_call() } else { None },
    sites: None,
};

fn tracing_call() -> Option<Loop> {
    (tracing::JSON.call)(Case::Five)
}
