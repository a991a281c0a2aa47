//! `slog` with `slog-json`: the default keys, behind the mutex that its users put there.

use crate::case::Case;
use crate::input::Input;
use crate::peers::{Loop, Peer, Standing};
use crate::sink::Null;
use slog::{
    Drain, Level, LevelFilter, Logger, Never, SendSyncRefUnwindSafeDrain, SendSyncUnwindSafeDrain, debug, info, o,
};
use slog_json::Json;
use std::sync::{Mutex, OnceLock};

pub static JSON: Peer = Peer {
    name: "slog-json",
    standing: Standing::Always,
    install: |_| {
        set(Mutex::new(Json::default(Null)).map(slog::Fuse));
        Ok(())
    },
    call,
    sites: None,
};

static LOGGER: OnceLock<Logger> = OnceLock::new();

pub fn set<D>(drain: D)
where
    D: Drain<Ok = (), Err = Never> + SendSyncUnwindSafeDrain + SendSyncRefUnwindSafeDrain + 'static,
{
    let drain = LevelFilter::new(drain, Level::Info).fuse();
    let _first = LOGGER.set(Logger::root(drain, o!("target" => module_path!())));
}

fn logger() -> Logger {
    LOGGER.get().expect("the peer is installed first").clone()
}

/// A bound value has to be owned, so the texts are cloned.
fn bound(i: &Input) -> Logger {
    logger().new(o!(
        "method" => i.method.clone(), "route" => i.route.clone(), "status" => i.status, "latency_ms" => i.latency_ms,
        "request_id" => i.request_id.clone()
    ))
}

macro_rules! five {
    ($level:ident, $logger:ident, $i:ident) => {
        $level!($logger, "request completed";
            "method" => $i.method.as_str(), "route" => $i.route.as_str(), "status" => $i.status,
            "latency_ms" => $i.latency_ms, "request_id" => $i.request_id.as_str())
    };
}

macro_rules! two {
    ($logger:ident, $i:ident) => {
        info!($logger, "request completed"; "rows" => $i.rows, "cache" => $i.cache.as_str())
    };
}

macro_rules! twenty {
    ($logger:ident, $i:ident) => {
        info!($logger, "request completed";
            "method" => $i.method.as_str(), "route" => $i.route.as_str(), "status" => $i.status,
            "latency_ms" => $i.latency_ms, "request_id" => $i.request_id.as_str(), "user_id" => $i.user_id,
            "tenant" => $i.tenant.as_str(), "region" => $i.region.as_str(), "bytes_in" => $i.bytes_in,
            "bytes_out" => $i.bytes_out, "cached" => $i.cached, "retries" => $i.retries, "shard" => $i.shard,
            "host" => $i.host.as_str(), "version" => $i.version.as_str(), "cpu_ms" => $i.cpu_ms, "db_ms" => $i.db_ms,
            "ok" => $i.ok, "attempt" => $i.attempt, "trace_id" => $i.trace_id.as_str())
    };
}

fn call(case: Case) -> Option<Loop> {
    Some(match case {
        Case::Five | Case::Threads | Case::Start => each_with!(_i => logger(), log => five!(info, log, _i)),
        Case::Bound => each_with!(i => bound(i), log => two!(log, i)),
        Case::Bind => each!(i => {
            let log = bound(i);
            two!(log, i)
        }),
        Case::None => each_with!(_i => logger(), log => info!(log, "request completed")),
        Case::Twenty => each_with!(_i => logger(), log => twenty!(log, _i)),
        Case::Message => each_with!(_i => logger(), log => info!(log, "{}", _i.big)),
        Case::Escape => {
            each_with!(_i => logger(), log => info!(log, "request completed"; "text" => _i.esc.as_str()))
        }
        Case::Below => each_with!(_i => logger(), log => five!(debug, log, _i)),
        _ => return None,
    })
}
