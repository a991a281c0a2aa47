//! The field lists and the loops, written once for every peer, so that all of them log the same values the same way.

/// `each!(i => call)`: a loop that makes `call` again and again.
///
/// The input passes through `black_box` every time, so nothing is hoisted out of the loop or folded.
macro_rules! each {
    ($input:ident => $call:expr) => {{
        fn run(times: u64, input: &'static $crate::input::Input) {
            for _ in 0..times {
                let $input = ::std::hint::black_box(input);
                $call;
            }
        }
        run as $crate::peers::Loop
    }};
}

/// `each_with!(i => make, name => call)`: the same, with a value made once before the loop and dropped after it.
macro_rules! each_with {
    ($input:ident => $make:expr, $made:ident => $call:expr) => {{
        fn run(times: u64, input: &'static $crate::input::Input) {
            #[allow(unused_mut, reason = "only some peers change what they made")]
            let mut $made = {
                let $input = ::std::hint::black_box(input);
                $make
            };
            for _ in 0..times {
                let $input = ::std::hint::black_box(input);
                $call;
            }
            drop($made);
        }
        run as $crate::peers::Loop
    }};
}

/// Hands the five usual fields to a macro as `key = value` pairs.
macro_rules! with5 {
    ($macro:ident, $i:ident) => {
        $macro! {
            method = $i.method.as_str(), route = $i.route.as_str(), status = $i.status, latency_ms = $i.latency_ms,
            request_id = $i.request_id.as_str()
        }
    };
}

/// The two fields that a call adds to five bound ones.
macro_rules! with2 {
    ($macro:ident, $i:ident) => {
        $macro! { rows = $i.rows, cache = $i.cache.as_str() }
    };
}

/// Twenty fields of every plain type.
macro_rules! with20 {
    ($macro:ident, $i:ident) => {
        $macro! {
            method = $i.method.as_str(), route = $i.route.as_str(), status = $i.status, latency_ms = $i.latency_ms,
            request_id = $i.request_id.as_str(), user_id = $i.user_id, tenant = $i.tenant.as_str(),
            region = $i.region.as_str(), bytes_in = $i.bytes_in, bytes_out = $i.bytes_out, cached = $i.cached,
            retries = $i.retries, shard = $i.shard, host = $i.host.as_str(), version = $i.version.as_str(),
            cpu_ms = $i.cpu_ms, db_ms = $i.db_ms, ok = $i.ok, attempt = $i.attempt, trace_id = $i.trace_id.as_str()
        }
    };
}
