//! `slog-async` over `slog-json`: who finds its channel full waits.
//!
//! slog-json writes token by token, so that a buffer stands between it and the file.

use crate::case::Case;
use crate::delivery::ends;
use crate::peers::{Peer, Standing, slog};
use slog_async::{Async, OverflowStrategy};
use slog_json::Json;
use std::io::BufWriter;

pub static JSON: Peer = Peer {
    name: "slog-async",
    standing: Standing::Always,
    install: |_| {
        use ::slog::Drain;
        let json = Json::default(BufWriter::with_capacity(64 << 10, ends::file()?)).fuse();
        // As many as spdlog-rs holds; its own 128 would have the caller wait all the time.
        let queue = Async::new(json).chan_size(8192).overflow_strategy(OverflowStrategy::Block);
        let (queue, guard) = queue.build_with_guard();
        ends::at_the_end(move || drop(guard));
        slog::set(queue.fuse());
        Ok(())
    },
    call: |case| if case.is_from_a_queue() { (slog::JSON.call)(Case::Five) } else { None },
    sites: None,
};
