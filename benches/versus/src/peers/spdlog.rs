//! `spdlog-rs` with its JSON formatter; it has no bound context.

use crate::case::Case;
use crate::peers::{Loop, Peer, Standing};
use crate::sink::Null;
use spdlog::formatter::JsonFormatter;
use spdlog::sink::{Sink, WriteSink};
use spdlog::{Level, LevelFilter, Logger, debug, info};
use std::error::Error;
use std::sync::{Arc, OnceLock};

pub static JSON: Peer = Peer {
    name: "spdlog-json",
    standing: Standing::Always,
    install: |_| {
        let sink = WriteSink::builder().formatter(JsonFormatter::new()).target(Null).build_arc()?;
        set(sink)
    },
    call,
    sites: None,
};

static LOGGER: OnceLock<Arc<Logger>> = OnceLock::new();

pub fn set(sink: Arc<dyn Sink>) -> Result<(), Box<dyn Error>> {
    let level = LevelFilter::MoreSevereEqual(Level::Info);
    let _first = LOGGER.set(Logger::builder().sink(sink).level_filter(level).name("versus").build_arc()?);
    Ok(())
}

fn logger() -> Arc<Logger> {
    LOGGER.get().expect("the peer is installed first").clone()
}

macro_rules! completed {
    ($level:ident, $logger:ident, $($key:ident = $value:expr),*) => {
        $level!(logger: $logger, "request completed", kv: { $($key = $value),* })
    };
}

macro_rules! five {
    ($level:ident, $logger:ident, $i:ident) => {
        completed!(
            $level,
            $logger,
            method = $i.method.as_str(),
            route = $i.route.as_str(),
            status = $i.status,
            latency_ms = $i.latency_ms,
            request_id = $i.request_id.as_str()
        )
    };
}

macro_rules! twenty {
    ($logger:ident, $i:ident) => {
        completed!(
            info,
            $logger,
            method = $i.method.as_str(),
            route = $i.route.as_str(),
            status = $i.status,
            latency_ms = $i.latency_ms,
            request_id = $i.request_id.as_str(),
            user_id = $i.user_id,
            tenant = $i.tenant.as_str(),
            region = $i.region.as_str(),
            bytes_in = $i.bytes_in,
            bytes_out = $i.bytes_out,
            cached = $i.cached,
            retries = $i.retries,
            shard = $i.shard,
            host = $i.host.as_str(),
            version = $i.version.as_str(),
            cpu_ms = $i.cpu_ms,
            db_ms = $i.db_ms,
            ok = $i.ok,
            attempt = $i.attempt,
            trace_id = $i.trace_id.as_str()
        )
    };
}

fn call(case: Case) -> Option<Loop> {
    Some(match case {
        Case::Five | Case::Threads | Case::Start => each_with!(_i => logger(), log => five!(info, log, _i)),
        Case::None => each_with!(_i => logger(), log => info!(logger: log, "request completed")),
        Case::Twenty => each_with!(_i => logger(), log => twenty!(log, _i)),
        Case::Message => each_with!(_i => logger(), log => info!(logger: log, "{}", _i.big)),
        Case::Escape => each_with!(_i => logger(), log => completed!(info, log, text = _i.esc.as_str())),
        Case::Below => each_with!(_i => logger(), log => five!(debug, log, _i)),
        _ => return None,
    })
}
