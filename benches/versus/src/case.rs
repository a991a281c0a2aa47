//! What is measured: each case and what it has to show in its output.

/// The peers that bounds are stated against.
pub const FLOOR: &str = "floor";
pub const TRACING: &str = "tracing-json";
pub const HYPERLOG: &str = "hyperlog";
pub const TOWER_HTTP: &str = "tower-http";
pub const ACTIX_LOGGER: &str = "actix-logger";
/// An app without any middleware, which what a request adds is added to.
pub const BARE: &str = "bare";

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Case {
    Five,
    Redacted,
    Bound,
    Bind,
    None,
    Twenty,
    Message,
    Escape,
    Below,
    BelowDirectives,
    SampledCounter,
    SampledBucket,
    Event,
    EventInSpans,
    Threads,
    Logfmt,
    Pretty,
    Template,
    Csv,
    Syslog,
    Start,
    Axum,
    AxumUnmatched,
    AxumInfo,
    AxumRecorder,
    AxumRouteOff,
    AxumOff,
    AxumPanic,
    AxumLoopback,
    Actix,
    ActixUnmatched,
    ActixInfo,
    ActixLoopback,
    Delivery1,
    Delivery2,
    Delivery4,
    DeliveryPaced,
    DeliverySaturated,
    DeliveryBesideDead,
    DeliveryBesideWell,
    DeliveryDurable,
    File,
    FileBuffered,
    ModeNull,
    ModeQueue,
    ModeFull,
    Sites,
}

/// How a case is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Time, allocations and instructions of one call.
    Call,
    /// The throughput of two threads against one.
    Threads,
    /// A whole process from the set-up to the first record.
    Start,
    /// What is added to one request in process.
    Request,
    /// A request that panics: the time of the thread that it is on, since others may resolve its frames.
    Panic,
    /// What is added to the requests of a server.
    Loopback,
    /// A generated program, compiled.
    Sites,
    /// How many records a second reach a file.
    Delivery,
    /// How long single calls take whose records another thread writes.
    Latency,
}

/// What a single call has to leave in the sink.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// One line of JSON that holds these fields somewhere.
    Json(&'static [&'static str]),
    /// Something, in another format.
    Text,
    /// At least and at most so many lines, of JSON or text, one of which says how the request went.
    Request(usize, usize),
    /// Not a byte.
    Nothing,
}

impl Case {
    pub const ALL: [Self; 47] = [
        Self::Five,
        Self::Redacted,
        Self::Bound,
        Self::Bind,
        Self::None,
        Self::Twenty,
        Self::Message,
        Self::Escape,
        Self::Below,
        Self::BelowDirectives,
        Self::SampledCounter,
        Self::SampledBucket,
        Self::Event,
        Self::EventInSpans,
        Self::Threads,
        Self::Logfmt,
        Self::Pretty,
        Self::Template,
        Self::Csv,
        Self::Syslog,
        Self::Start,
        Self::Axum,
        Self::AxumUnmatched,
        Self::AxumInfo,
        Self::AxumRecorder,
        Self::AxumRouteOff,
        Self::AxumOff,
        Self::AxumPanic,
        Self::AxumLoopback,
        Self::Actix,
        Self::ActixUnmatched,
        Self::ActixInfo,
        Self::ActixLoopback,
        Self::Delivery1,
        Self::Delivery2,
        Self::Delivery4,
        Self::DeliveryPaced,
        Self::DeliverySaturated,
        Self::DeliveryBesideDead,
        Self::DeliveryBesideWell,
        Self::DeliveryDurable,
        Self::File,
        Self::FileBuffered,
        Self::ModeNull,
        Self::ModeQueue,
        Self::ModeFull,
        Self::Sites,
    ];

    /// The name for `--case` and for the summary, and what it means.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Five => ("five", "five typed fields"),
            Self::Redacted => ("redacted", "five typed fields, default redaction on"),
            Self::Bound => ("bound", "five bound fields and two at the call"),
            Self::Bind => ("bind", "bind five fields, log once, drop"),
            Self::None => ("none", "no fields"),
            Self::Twenty => ("twenty", "twenty fields"),
            Self::Message => ("message", "a message of 4 KiB"),
            Self::Escape => ("escape", "a field to escape"),
            Self::Below => ("below", "below the level"),
            Self::BelowDirectives => ("below-directives", "below the level, directives per target set"),
            Self::SampledCounter => ("sampled-counter", "sampled out by a counter"),
            Self::SampledBucket => ("sampled-bucket", "sampled out by a token bucket"),
            Self::Event => ("event", "five typed fields as an event of tracing"),
            Self::EventInSpans => ("event-in-spans", "the same inside two spans of five fields"),
            Self::Threads => ("threads", "two threads into one sink"),
            Self::Logfmt => ("logfmt", "five fields as logfmt"),
            Self::Pretty => ("pretty", "five fields for people"),
            Self::Template => ("template", "five fields by a template"),
            Self::Csv => ("csv", "five fields as csv"),
            Self::Syslog => ("syslog", "five fields as syslog RFC 5424"),
            Self::Start => ("start", "from the set-up to the first record"),
            Self::Axum => ("axum", "a request to axum"),
            Self::AxumUnmatched => ("axum-unmatched", "a request to axum that no route matches"),
            Self::AxumInfo => ("axum-info", "a request to axum whose handler logs three fields"),
            Self::AxumRecorder => ("axum-recorder", "ten debug records of a request held, beside none"),
            Self::AxumRouteOff => ("axum-route-off", "a request to axum on a route that is off"),
            Self::AxumOff => ("axum-off", "a request to axum with all off, beside a layer that does nothing"),
            Self::AxumPanic => ("axum-panic", "a request to axum whose handler panics, frames captured"),
            Self::AxumLoopback => ("axum-loopback", "requests to axum on 64 connections over loopback"),
            Self::Actix => ("actix", "a request to actix-web"),
            Self::ActixUnmatched => ("actix-unmatched", "a request to actix-web that no route matches"),
            Self::ActixInfo => ("actix-info", "a request to actix-web whose handler logs three fields"),
            Self::ActixLoopback => ("actix-loopback", "requests to actix-web on 64 connections over loopback"),
            Self::Delivery1 => ("delivery-1", "from a queue into a file, one thread logs"),
            Self::Delivery2 => ("delivery-2", "from a queue into a file, two threads log"),
            Self::Delivery4 => ("delivery-4", "from a queue into a file, four threads log"),
            Self::DeliveryPaced => ("delivery-paced", "a call every ten microseconds, into a queue"),
            Self::DeliverySaturated => ("delivery-saturated", "one call after the other, into a queue that takes all"),
            Self::DeliveryBesideDead => ("delivery-beside-dead", "as delivery-1, beside an output that reaches nobody"),
            Self::DeliveryBesideWell => ("delivery-beside-well", "as delivery-1, beside an output that takes all"),
            Self::DeliveryDurable => {
                ("delivery-durable", "64 threads that wait for the disk, beside one that syncs each")
            }
            Self::File => ("file", "into a file, a write for each record"),
            Self::FileBuffered => ("file-buffered", "into a file, from a buffer of 64 KiB"),
            Self::ModeNull => ("mode-null", "five typed fields, as a mode of performance has it"),
            Self::ModeQueue => ("mode-queue", "the same into a queue, with what its thread does"),
            Self::ModeFull => ("mode-full", "the same into a queue that is full"),
            Self::Sites => ("sites", "a program with 1,000 call sites of five fields"),
        }
    }

    pub fn name(self) -> &'static str {
        self.words().0
    }

    pub fn meaning(self) -> &'static str {
        self.words().1
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|case| case.name() == name)
    }

    pub fn method(self) -> Method {
        match self {
            Self::Threads => Method::Threads,
            Self::Start => Method::Start,
            Self::Axum | Self::AxumUnmatched | Self::AxumInfo => Method::Request,
            Self::AxumRecorder | Self::AxumRouteOff | Self::AxumOff => Method::Request,
            Self::Actix | Self::ActixUnmatched | Self::ActixInfo => Method::Request,
            Self::AxumPanic => Method::Panic,
            Self::AxumLoopback | Self::ActixLoopback => Method::Loopback,
            Self::Sites => Method::Sites,
            Self::Delivery1 | Self::Delivery2 | Self::Delivery4 => Method::Delivery,
            Self::DeliveryBesideDead | Self::DeliveryBesideWell | Self::DeliveryDurable => Method::Delivery,
            Self::DeliveryPaced | Self::DeliverySaturated => Method::Latency,
            _ => Method::Call,
        }
    }

    /// Whether what is logged has to be in a file at the end, instead of in the sink that counts.
    pub fn is_into_a_file(self) -> bool {
        matches!(self.method(), Method::Delivery | Method::Latency) || matches!(self, Self::File | Self::FileBuffered)
    }

    /// Whether everybody who has a queue and a thread behind it can do it.
    pub fn is_from_a_queue(self) -> bool {
        let is_from_a_queue = matches!(self.method(), Method::Delivery | Method::Latency);
        is_from_a_queue && !matches!(self, Self::DeliveryBesideDead | Self::DeliveryBesideWell | Self::DeliveryDurable)
    }

    /// How many threads log.
    pub fn producers(self) -> u64 {
        match self {
            Self::Delivery2 | Self::Threads => 2,
            Self::Delivery4 => 4,
            _ => 1,
        }
    }

    pub fn output(self) -> Output {
        const FIVE: &[&str] = &["method", "route", "status", "latency_ms", "request_id"];
        const SEVEN: &[&str] = &["method", "route", "status", "latency_ms", "request_id", "rows", "cache"];
        #[rustfmt::skip]
        const TWENTY: &[&str] = &[
            "method", "route", "status", "latency_ms", "request_id", "user_id", "tenant", "region", "bytes_in",
            "bytes_out", "cached", "retries", "shard", "host", "version", "cpu_ms", "db_ms", "ok", "attempt", "trace_id",
        ];
        match self {
            Self::Event | Self::EventInSpans => Output::Json(FIVE),
            Self::Five | Self::Redacted | Self::Threads | Self::Start | Self::Sites => Output::Json(FIVE),
            Self::Delivery1 | Self::Delivery2 | Self::Delivery4 => Output::Json(FIVE),
            Self::DeliveryPaced | Self::DeliverySaturated => Output::Json(FIVE),
            Self::DeliveryBesideDead | Self::DeliveryBesideWell | Self::DeliveryDurable => Output::Json(FIVE),
            Self::File | Self::FileBuffered => Output::Json(FIVE),
            Self::ModeNull | Self::ModeQueue => Output::Json(FIVE),
            Self::Bound | Self::Bind => Output::Json(SEVEN),
            Self::None | Self::Message => Output::Json(&[]),
            Self::Twenty => Output::Json(TWENTY),

            Self::Escape => Output::Json(&["text"]),
            Self::Below | Self::BelowDirectives | Self::SampledCounter | Self::SampledBucket => Output::Nothing,
            Self::ModeFull => Output::Nothing,
            Self::Logfmt | Self::Pretty | Self::Template | Self::Csv | Self::Syslog => Output::Text,
            Self::Axum | Self::AxumUnmatched | Self::AxumLoopback => Output::Request(1, 1),
            Self::AxumRecorder => Output::Request(1, 1),
            Self::AxumRouteOff | Self::AxumOff => Output::Nothing,
            Self::Actix | Self::ActixUnmatched | Self::ActixLoopback => Output::Request(1, 1),
            Self::AxumInfo | Self::ActixInfo => Output::Request(2, 2),
            Self::AxumPanic => Output::Request(2, 4),
        }
    }
}
