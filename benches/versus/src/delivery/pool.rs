//! `spdlog-rs` with its pool of threads: who finds the queue full waits, which is its default.

use crate::case::Case;
use crate::delivery::ends;
use crate::peers::{Peer, Standing, spdlog};
use ::spdlog::formatter::JsonFormatter;
use ::spdlog::sink::{AsyncPoolSink, FileSink, OverflowPolicy, Sink};

pub static JSON: Peer = Peer {
    name: "spdlog-pool",
    standing: Standing::Always,
    install: |_| {
        let file = FileSink::builder().formatter(JsonFormatter::new()).path(ends::path()).build_arc()?;
        let pool = AsyncPoolSink::builder().sink(file).overflow_policy(OverflowPolicy::Block).build_arc()?;
        let sink = pool.clone();
        ends::at_the_end(move || {
            if let Err(error) = sink.flush_on_exit() {
                eprintln!("spdlog-pool: {error}");
            }
        });
        spdlog::set(pool)
    },
    call: |case| if case.is_from_a_queue() { (spdlog::JSON.call)(Case::Five) } else { None },
    sites: None,
};
