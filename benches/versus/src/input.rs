//! The values that every peer logs, made at run time so that no compiler can fold them into the line.

/// One request as a service would log it, and two texts that are hard to log: one to escape, one that is long.
pub struct Input {
    pub method: String,
    pub route: String,
    pub status: u64,
    pub latency_ms: f64,
    pub request_id: String,
    pub user_id: u64,
    pub tenant: String,
    pub region: String,
    pub bytes_in: u64,
    pub bytes_out: u64,
    pub cached: bool,
    pub retries: u64,
    pub shard: i64,
    pub host: String,
    pub version: String,
    pub cpu_ms: f64,
    pub db_ms: f64,
    pub ok: bool,
    pub attempt: i64,
    pub trace_id: String,
    pub rows: u64,
    pub cache: String,
    pub esc: String,
    pub big: String,
}

impl Input {
    /// The same values on every run, alive until the process ends.
    pub fn leaked() -> &'static Self {
        Box::leak(Box::new(Self {
            method: "GET".into(),
            route: "/users/:id".into(),
            status: 200,
            latency_ms: 1.234,
            request_id: "3f2b8a52-7d0c-4b6e-9a41-5c8e1f0d2b37".into(),
            user_id: 918273645,
            tenant: "acme-corp".into(),
            region: "eu-west-1".into(),
            bytes_in: 512,
            bytes_out: 18734,
            cached: false,
            retries: 0,
            shard: -3,
            host: "web-7f9c4d".into(),
            version: "1.42.0".into(),
            cpu_ms: 0.873,
            db_ms: 12.5,
            ok: true,
            attempt: 1,
            trace_id: "4bf92f3577b34da6a3ce929d0e0e4736".into(),
            rows: 17,
            cache: "miss".into(),
            esc: "path \"C:\\temp\\new\"\nline two\tcol\u{1} caf\u{e9} \u{1f600} end of a sixty-odd byte text".into(),
            big: "the quick brown fox jumps over the lazy dog 0123456789 ".chars().cycle().take(4096).collect(),
        }))
    }
}
