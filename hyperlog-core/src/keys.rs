//! Every canonical field name, once, and the shapes that other systems give to a record.
//!
//! A schema is plain data: names, the forms of time, level and durations, and what is grouped under what.

use crate::level::Level;
use crate::time::TimeFormat;

/// The name of what the process calls itself.
pub const SERVICE: &str = "service";
/// The version of the process.
pub const VERSION: &str = "version";
/// Where the process runs: production, staging.
pub const ENVIRONMENT: &str = "environment";
/// The machine.
pub const HOST: &str = "host";
/// The number of the process.
pub const PID: &str = "pid";
/// The id of a request.
pub const REQUEST_ID: &str = "request_id";
/// What requests of several services that belong together have in common.
pub const CORRELATION_ID: &str = "correlation_id";
/// Who uses the service.
pub const USER_ID: &str = "user_id";
/// Whose the data is.
pub const TENANT_ID: &str = "tenant_id";
/// The W3C trace id.
pub const TRACE_ID: &str = "trace_id";
/// The W3C id of our own span.
pub const SPAN_ID: &str = "span_id";
/// The W3C id of the caller's span.
pub const PARENT_SPAN_ID: &str = "parent_span_id";
/// An error's message; its causes follow as `error.causes`.
pub const ERROR: &str = "error";
/// The extractor that rejected a request, as its code names it.
pub const REJECTION: &str = "rejection";
/// The name of an error's type.
pub const ERROR_TYPE: &str = "error.type";
/// What kind of record this is: `access`, `panic`.
pub const KIND: &str = "kind";
/// The method of a request.
pub const METHOD: &str = "method";
/// The pattern of the route that served a request.
pub const ROUTE: &str = "route";
/// The path of a request.
pub const PATH: &str = "path";
/// The status of a response.
pub const STATUS: &str = "status";
/// How a request ended.
pub const OUTCOME: &str = "outcome";
/// How many requests are open.
pub const OPEN: &str = "open";
/// Where a server listens.
pub const ADDRESS: &str = "address";
/// The signal that a server is ended by.
pub const SIGNAL: &str = "signal";
/// How long something took; the form of the span gives the name its unit: `duration_ms`.
pub const DURATION: &str = "duration";
/// How long it took until the head of the response was ready; with its unit: `ttfb_ms`.
pub const TTFB: &str = "ttfb";
/// Where the id of a request is from: `inbound` or `generated`.
pub const REQUEST_ID_SOURCE: &str = "request_id_source";
/// How many bytes of the request's body were read, or announced where nobody counted.
pub const REQUEST_BYTES: &str = "request_bytes";
/// What sent the request, as it calls itself.
pub const USER_AGENT: &str = "user_agent";
/// The query of a request.
pub const QUERY: &str = "query";
/// The parameters of a route.
pub const PARAMS: &str = "params";
/// The headers of a request.
pub const REQUEST_HEADERS: &str = "request_headers";
/// The headers of a response.
pub const RESPONSE_HEADERS: &str = "response_headers";
/// The beginning of the body of a request.
pub const REQUEST_BODY: &str = "request_body";
/// The beginning of the body of a response.
pub const RESPONSE_BODY: &str = "response_body";
/// Whether a request took longer than its rule allows.
pub const SLOW: &str = "slow";
/// Why a request is seen that its rule would have passed over: `failure`, `slow`, `cancelled`, `asked_for`.
pub const KEEP_REASON: &str = "keep_reason";
/// How many records a flight recorder held, and has given out.
pub const HELD: &str = "held";
/// How many records a flight recorder had to let go of, to have room for later ones.
pub const HELD_LOST: &str = "held_lost";
/// The number of a panic, on its own record and on that of the request.
pub const PANIC_ID: &str = "panic_id";
/// Whether a panic was in work that the request had spawned.
pub const SPAWNED: &str = "spawned";
/// Whether a panic was passed on from where it had been caught before.
pub const RETHROWN: &str = "rethrown";
/// The protocol that a connection goes on in.
pub const UPGRADE: &str = "upgrade";
/// How often a request was polled.
pub const POLLS: &str = "polls";
/// How long all polls of a request took together.
pub const BUSY: &str = "busy";
/// How long the longest poll of a request took.
pub const LONGEST_POLL: &str = "longest_poll";
/// How long a request has been open.
pub const AGE: &str = "age";
/// What a request logged last.
pub const LAST_RECORD: &str = "last_record";
/// The full name of a gRPC method.
pub const RPC_METHOD: &str = "rpc.method";
/// The name of a gRPC status: `OK`, `NOT_FOUND`.
pub const RPC_STATUS: &str = "rpc.status_code";
/// How many bytes of the response's body were handed to the transport.
pub const RESPONSE_BYTES: &str = "response_bytes";
/// The address of whoever sent the request.
pub const CLIENT_IP: &str = "client_ip";
/// The file, line and column where something happened.
pub const LOCATION: &str = "location";
/// The frames of a stack, innermost first.
pub const FRAMES: &str = "frames";
/// The function of a frame.
pub const FUNCTION: &str = "function";
/// The source file of a frame.
pub const FILE: &str = "file";
/// The line of a frame.
pub const LINE: &str = "line";
/// How many frames of the runtime and the libraries were left out in this place.
pub const FOLDED: &str = "folded";
/// A message before its arguments are put in.
pub const TEMPLATE: &str = "template";

/// The name of the output that a record is about.
pub const OUTPUT: &str = "output";
/// How many records an output lost.
pub const LOST: &str = "lost";
/// How many of them for which reason.
pub const LOST_REASONS: &str = "reasons";
/// How many of them of which level.
pub const LOST_LEVELS: &str = "levels";
/// The least severe level that an output takes.
pub const LEAST_LEVEL: &str = "least_level";

/// How many records a sampler kept back.
pub const SUPPRESSED: &str = "suppressed";
/// How many records those that were kept in the same window stand for, with the suppressed.
pub const STANDS_FOR: &str = "stands_for";
/// How long the window was in which a sampler kept records back.
pub const WINDOW: &str = "window";
/// How severe a level is for syslog: 7 (debug) to 0 (emergency).
#[cfg(feature = "formats")]
pub(crate) fn syslog_severity(level: Level) -> u8 {
    match level.severity() {
        1..=8 => 7,
        9 => 6,
        10..=12 => 5,
        13..=16 => 4,
        17 => 3,
        18 => 2,
        19..=20 => 1,
        _ => 0,
    }
}

/// How the level is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LevelForm {
    /// `INFO`
    Upper,
    /// `info`
    Lower,
    /// The number on OpenTelemetry's scale.
    Severity,
    /// Google Cloud's words: `DEBUG INFO NOTICE WARNING ERROR CRITICAL ALERT EMERGENCY`.
    GoogleCloud,
    /// bunyan's and pino's numbers: 10 to 60.
    Bunyan,
}

/// How a span of time is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DurationForm {
    /// A number of seconds; the key ends in `_s`.
    Seconds,
    /// A number of milliseconds; the key ends in `_ms`.
    Millis,
    /// A number of nanoseconds; the key ends in `_ns`.
    Nanos,
    /// Text of seconds with its unit: `"0.012s"`.
    Text,
}

/// The shape of a JSON record: names, forms and groups.
///
/// | | [`DEFAULT`](Schema::DEFAULT) | [`OPEN_TELEMETRY`](Schema::OPEN_TELEMETRY) | [`ECS`](Schema::ECS) | [`GOOGLE_CLOUD`](Schema::GOOGLE_CLOUD) | [`DATADOG`](Schema::DATADOG) | [`BUNYAN`](Schema::BUNYAN) |
/// |---|---|---|---|---|---|---|
/// | time | `timestamp` | `timestamp` (ns) | `@timestamp` | `time` | `timestamp` (ms) | `time` |
/// | level | `level` | `severity_text`, `severity_number` | `log.level` | `severity` | `status` | `level` (30) |
/// | message | `message` | `body` | `message` | `message` | `message` | `msg` |
/// | target | `target` | `scope` | `log.logger` | `target` | `logger.name` | `target` |
/// | fields | flat | under `attributes` | flat | flat | flat | flat |
/// | process | flat | under `resource` | `service.name`… | flat | `service`, `env`, and `ddsource` | `name`, `hostname`, `pid` |
/// | trace | `trace_id` | `trace_id` | `trace.id` | `logging.googleapis.com/trace` | `dd.trace_id` | `trace_id` |
/// | durations | `_ms` | `_s` | `_ns` | `"0.012s"` | `_ns` | `_ms` |
#[derive(Clone, Debug, PartialEq)]
pub struct Schema {
    pub(crate) timestamp: &'static str,
    pub(crate) time: TimeFormat,
    pub(crate) level: &'static str,
    pub(crate) level_form: LevelForm,
    /// A second form of the level.
    pub(crate) severity: Option<&'static str>,
    pub(crate) target: &'static str,
    pub(crate) message: &'static str,
    pub(crate) file: &'static str,
    pub(crate) line: &'static str,
    pub(crate) sample_rate: &'static str,
    pub(crate) cut_from: &'static str,
    pub(crate) duration: DurationForm,
    /// What the fields stand under.
    pub(crate) attributes: Option<&'static str>,
    /// What the process's own fields stand under.
    pub(crate) resource: Option<&'static str>,
    /// What stands in each record: names, and values as JSON.
    pub(crate) constants: &'static [(&'static str, &'static str)],
    /// Our name, and theirs.
    pub(crate) renamed: &'static [(&'static str, &'static str)],
    /// Their names of fields that stand beside the groups.
    pub(crate) ungrouped: &'static [&'static str],
    /// What a trace id stands behind.
    pub(crate) trace_prefix: Option<Box<str>>,
}

impl Schema {
    /// The names people know from flattened JSON.
    pub const DEFAULT: Schema = Schema {
        timestamp: "timestamp",
        time: TimeFormat::Rfc3339Micros,
        level: "level",
        level_form: LevelForm::Upper,
        severity: None,
        target: "target",
        message: "message",
        file: "code.file",
        line: "code.line",
        sample_rate: "sample_rate",
        cut_from: "cut_from_bytes",
        duration: DurationForm::Millis,
        attributes: None,
        resource: None,
        constants: &[],
        renamed: &[],
        ungrouped: &[],
        trace_prefix: None,
    };

    /// OpenTelemetry's log data model, one JSON object a record.
    pub const OPEN_TELEMETRY: Schema = Schema {
        time: TimeFormat::Rfc3339Nanos,
        level: "severity_text",
        severity: Some("severity_number"),
        target: "scope",
        message: "body",
        file: "code.file.path",
        line: "code.line.number",
        duration: DurationForm::Seconds,
        attributes: Some("attributes"),
        resource: Some("resource"),
        renamed: &[
            (SERVICE, "service.name"),
            (VERSION, "service.version"),
            (ENVIRONMENT, "deployment.environment.name"),
            (HOST, "host.name"),
            (PID, "process.pid"),
            (ERROR, "exception.message"),
            ("error.causes", "exception.causes"),
            (ERROR_TYPE, "exception.type"),
            (METHOD, "http.request.method"),
            (ROUTE, "http.route"),
            (PATH, "url.path"),
            (STATUS, "http.response.status_code"),
        ],
        ungrouped: &[TRACE_ID, SPAN_ID],
        ..Schema::DEFAULT
    };

    /// Elastic Common Schema.
    pub const ECS: Schema = Schema {
        timestamp: "@timestamp",
        level: "log.level",
        level_form: LevelForm::Lower,
        target: "log.logger",
        file: "log.origin.file.name",
        line: "log.origin.file.line",
        duration: DurationForm::Nanos,
        constants: &[("ecs.version", "\"8.11.0\"")],
        renamed: &[
            (SERVICE, "service.name"),
            (VERSION, "service.version"),
            (ENVIRONMENT, "service.environment"),
            (HOST, "host.name"),
            (PID, "process.pid"),
            (TRACE_ID, "trace.id"),
            (SPAN_ID, "span.id"),
            (PARENT_SPAN_ID, "parent.id"),
            (REQUEST_ID, "http.request.id"),
            (ERROR, "error.message"),
            (METHOD, "http.request.method"),
            (PATH, "url.path"),
            (STATUS, "http.response.status_code"),
            (OUTCOME, "event.outcome"),
        ],
        ..Schema::DEFAULT
    };

    /// What Google Cloud Logging reads from standard output. Its traces are found only under a project's name, which
    /// [`Schema::google_cloud`] gives them.
    pub const GOOGLE_CLOUD: Schema = Schema {
        timestamp: "time",
        time: TimeFormat::Rfc3339Nanos,
        level: "severity",
        level_form: LevelForm::GoogleCloud,
        duration: DurationForm::Text,
        renamed: &[(TRACE_ID, "logging.googleapis.com/trace"), (SPAN_ID, "logging.googleapis.com/spanId")],
        ..Schema::DEFAULT
    };

    /// Datadog's reserved attributes.
    pub const DATADOG: Schema = Schema {
        time: TimeFormat::UnixMillis,
        level: "status",
        level_form: LevelForm::Lower,
        target: "logger.name",
        duration: DurationForm::Nanos,
        constants: &[("ddsource", "\"rust\"")],
        renamed: &[
            (ENVIRONMENT, "env"),
            (TRACE_ID, "dd.trace_id"),
            (SPAN_ID, "dd.span_id"),
            (ERROR, "error.message"),
            (ERROR_TYPE, "error.kind"),
            (METHOD, "http.method"),
            (ROUTE, "http.route"),
            (STATUS, "http.status_code"),
        ],
        ..Schema::DEFAULT
    };

    /// bunyan's records, which its command-line tool reads.
    pub const BUNYAN: Schema = Schema {
        timestamp: "time",
        time: TimeFormat::Rfc3339Millis,
        level: "level",
        level_form: LevelForm::Bunyan,
        message: "msg",
        constants: &[("v", "0")],
        renamed: &[(SERVICE, "name"), (HOST, "hostname"), (REQUEST_ID, "req_id"), (ERROR, "err")],
        ..Schema::DEFAULT
    };

    /// What Logstash and its JSON codec expect.
    pub const LOGSTASH: Schema = Schema {
        timestamp: "@timestamp",
        target: "logger_name",
        constants: &[("@version", "\"1\"")],
        ..Schema::DEFAULT
    };

    /// [`Schema::GOOGLE_CLOUD`] with trace ids as the traces of a project are called: `projects/shop-prod/traces/4bf9…`.
    ///
    /// ```
    /// use hyperlog_core::{Json, Logger, Memory, Output, Schema, info};
    ///
    /// let memory = Memory::new();
    /// let json = Json::with_schema(Schema::google_cloud("shop-prod"));
    /// let logger = Logger::builder().output(Output::new(json, memory.clone())).build()?;
    /// info!(logger: logger, trace_id = "4bf92f3577b34da6a3ce929d0e0e4736", "ready");
    /// let expected = r#""logging.googleapis.com/trace":"projects/shop-prod/traces/4bf92f3577b34da6a3ce929d0e0e4736""#;
    /// assert!(memory.text().contains(expected));
    /// # Ok::<(), hyperlog_core::BuildError>(())
    /// ```
    #[must_use]
    pub fn google_cloud(project: &str) -> Schema {
        Schema { trace_prefix: Some(format!("projects/{project}/traces/").into()), ..Schema::GOOGLE_CLOUD }
    }

    /// The same with another form of the time.
    #[must_use]
    pub fn time(mut self, time: TimeFormat) -> Schema {
        self.time = time;
        self
    }

    /// The same with another form of the level.
    #[must_use]
    pub fn level_form(mut self, form: LevelForm) -> Schema {
        self.level_form = form;
        self
    }

    /// The same with another form of durations.
    #[must_use]
    pub fn duration(mut self, form: DurationForm) -> Schema {
        self.duration = form;
        self
    }

    /// The names that only the logger itself may write, so that no field can pass for the level or the time.
    pub(crate) fn reserved(&self) -> Vec<&'static str> {
        let mut names = Vec::with_capacity(16);
        for name in self.parts().into_iter().flatten() {
            names.push(name);
        }
        for (name, _) in self.constants {
            names.push(name);
        }
        names
    }

    /// Whether only the logger itself may write this name.
    pub(crate) fn is_reserved(&self, name: &str) -> bool {
        self.parts().contains(&Some(name)) || self.constants.iter().any(|(constant, _)| *constant == name)
    }

    #[inline]
    fn parts(&self) -> [Option<&'static str>; 11] {
        let [timestamp, level, target, message] = [self.timestamp, self.level, self.target, self.message].map(Some);
        let [file, line, sample_rate, cut_from] = [self.file, self.line, self.sample_rate, self.cut_from].map(Some);
        let [severity, attributes, resource] = [self.severity, self.attributes, self.resource];
        [timestamp, level, target, message, file, line, sample_rate, cut_from, severity, attributes, resource]
    }

    /// The names under which the process speaks of itself, where these are not ours: no field may pass for the service.
    pub(crate) fn names_of_process(&self) -> impl Iterator<Item = &'static str> {
        const PROCESS: [&str; 5] = [SERVICE, VERSION, ENVIRONMENT, HOST, PID];
        self.renamed.iter().filter(|(ours, _)| PROCESS.contains(ours)).map(|(_, theirs)| *theirs)
    }

    /// What a field of ours is called.
    #[inline]
    pub(crate) fn name_of<'a>(&self, name: &'a str) -> &'a str {
        self.renamed.iter().find(|(ours, _)| *ours == name).map_or(name, |(_, theirs)| theirs)
    }
}

impl Default for Schema {
    fn default() -> Schema {
        Schema::DEFAULT
    }
}

impl LevelForm {
    /// The level as JSON.
    pub(crate) fn json(self, level: Level) -> String {
        let quoted = |name: &str| format!("\"{name}\"");
        match self {
            LevelForm::Upper => quoted(level.name()),
            LevelForm::Lower => quoted(&level.name().to_ascii_lowercase()),
            LevelForm::Severity => level.severity().to_string(),
            LevelForm::GoogleCloud => quoted(google_cloud(level)),
            LevelForm::Bunyan => match level.class() {
                Level::TRACE => "10",
                Level::DEBUG => "20",
                Level::INFO => "30",
                Level::WARN => "40",
                Level::ERROR => "50",
                _ => "60",
            }
            .to_owned(),
        }
    }
}

fn google_cloud(level: Level) -> &'static str {
    match level.severity() {
        1..=8 => "DEBUG",
        9 => "INFO",
        10..=12 => "NOTICE",
        13..=16 => "WARNING",
        17 => "ERROR",
        18 => "CRITICAL",
        19..=20 => "ALERT",
        _ => "EMERGENCY",
    }
}
