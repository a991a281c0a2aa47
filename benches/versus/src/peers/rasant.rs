//! `rasant`: the rival that can sample; one clone of the logger for each thread.

use crate::case::Case;
use crate::input::Input;
use crate::peers::{Loop, Peer, Standing};
use crate::sink::Null;
use rasant::filter::sample::{Step, StepConfig};
use rasant::sink::io::{IO, IOConfig};
use rasant::{FormatterConfig, Level, Logger, TimeFormat, debug, info, set};
use std::sync::{Mutex, OnceLock};

pub static JSON: Peer = Peer {
    name: "rasant-json",
    standing: Standing::Always,
    install: |case| {
        let format = FormatterConfig { time_format: TimeFormat::UtcNanosRFC3339, ..FormatterConfig::default_json() };
        let mut logger = Logger::new();
        logger.add_sink(IO::new(IOConfig {
            formatter_cfg: format,
            buffered: true,
            out: Some(Null),
            ..IOConfig::default()
        }));
        if case == Case::SampledCounter {
            logger.add_filter(Step::new(StepConfig { step: 1 << 40 }));
        }
        logger.set_level(Level::Info);
        let _first = LOGGER.set(Mutex::new(logger));
        Ok(())
    },
    call,
    sites: None,
};

static LOGGER: OnceLock<Mutex<Logger>> = OnceLock::new();

fn logger() -> Logger {
    LOGGER.get().expect("the peer is installed first").lock().unwrap().clone()
}

fn bound(i: &'static Input) -> Logger {
    let mut logger = logger();
    macro_rules! bind {
        ($($key:ident = $value:expr),*) => { set!(logger, $($key = $value),*) };
    }
    with5!(bind, i);
    logger
}

macro_rules! five {
    ($level:ident, $logger:ident, $i:ident) => {
        $level!(
            $logger,
            "request completed",
            method = $i.method.as_str(),
            route = $i.route.as_str(),
            status = $i.status,
            latency_ms = $i.latency_ms,
            request_id = $i.request_id.as_str()
        )
    };
}

macro_rules! two {
    ($logger:ident, $i:ident) => {
        info!($logger, "request completed", rows = $i.rows, cache = $i.cache.as_str())
    };
}

macro_rules! twenty {
    ($logger:ident, $i:ident) => {
        info!(
            $logger,
            "request completed",
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
        Case::Five | Case::SampledCounter => each_with!(_i => logger(), log => five!(info, log, _i)),
        Case::Bound => each_with!(i => bound(i), log => two!(log, i)),
        Case::Bind => each!(i => {
            let mut log = bound(i);
            two!(log, i)
        }),
        Case::None => each_with!(_i => logger(), log => info!(log, "request completed")),
        Case::Twenty => each_with!(_i => logger(), log => twenty!(log, _i)),
        Case::Message => each_with!(_i => logger(), log => info!(log, _i.big.as_str())),
        Case::Escape => each_with!(_i => logger(), log => info!(log, "request completed", text = _i.esc.as_str())),
        Case::Below => each_with!(_i => logger(), log => five!(debug, log, _i)),
        _ => return None,
    })
}
