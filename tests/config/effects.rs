//! Each key does what it says: for each there is a case that shows a difference, and a key without one fails here.

use crate::requests::send_all;
use crate::stage::{Folder, SOON, Stage};
use hyperlog::axum::HyperLogLayer;
use hyperlog::config::{Config, Loaded};
use hyperlog::http::SharedPolicy;
use hyperlog::{Logger, debug, error, fatal, info, warn};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

/// What a key is tried on.
#[derive(Clone, Copy)]
enum Ground {
    /// Records into memory.
    Memory,
    /// Records past a queue before a gate that is shut until the end.
    Gate,
    /// Records into a file, and what stands in its folder at the end.
    File,
    /// A record to a server, and the request that it got.
    Server,
    /// The same where the environment names a proxy that nobody runs.
    Proxied,
    /// Requests of each kind, and what is seen of them.
    Requests,
    /// Requests to several routes, and what a scraper is shown of them.
    Metrics,
    /// Whether the process writes to standard error.
    Streams,
    /// What a process says that seems to run in Kubernetes.
    Detection,
    /// Whether somebody looks at the file.
    Watched,
}

use Ground::{Detection, File, Gate, Memory, Metrics, Proxied, Requests, Server, Streams, Watched};

/// A key, the ground, what is said (the key among it), what is seen then and was not before. What begins with `!` was seen
/// before and is not then. Before, what stands before a `~` was said, or nothing.
type Effect = (&'static str, Ground, &'static str, &'static str);

const EFFECTS: &[Effect] = &[
    ("preset", Memory, "preset = \"production\"", "\"pid\":"),
    ("detect", Detection, "detect = \"off\"", "preset none"),
    ("reload", Watched, "reload = \"off\"", "!watched"),
    ("metrics.mode", Metrics, "metrics.mode = \"off\"", "!hyperlog_http_requests_total"),
    ("metrics.routes", Metrics, "metrics.routes = 1", "route=\"other\""),
    ("metrics.buckets", Metrics, "metrics.buckets = [\"3 ms\", \"1 s\"]", "le=\"0.003\""),
    ("level", Memory, "level = \"warn\"", "!\"level\":\"INFO\""),
    ("location", Memory, "location = \"shown\"", "effects.rs"),
    ("performance", Memory, "performance = \"bare\"", "app:hunter2@db"),
    ("identity.service", Memory, "identity.service = \"shop\"", "\"service\":\"shop\""),
    ("identity.version", Memory, "identity.version = \"1.2\"", "\"version\":\"1.2\""),
    ("identity.environment", Memory, "identity.environment = \"staging\"", "\"environment\":\"staging\""),
    ("identity.host", Memory, "identity.host = \"shown\"", "\"host\":\""),
    ("identity.pid", Memory, "identity.pid = \"shown\"", "\"pid\":"),
    ("identity.fields", Memory, "identity.fields.region = \"eu\"", "\"region\":\"eu\""),
    ("limits.message", Memory, "limits.message = 8", "\"message\":\"long lon…[cut"),
    ("limits.text", Memory, "limits.text = \"8 B\"", "\"text\":\"wwwwwwww…[cut"),
    ("limits.key", Memory, "limits.key = 4", "!\"orders\":"),
    ("limits.fields", Memory, "limits.fields = 1", "!\"orders\":"),
    ("limits.depth", Memory, "limits.depth = 1", "[too deep]"),
    ("limits.record", Memory, "limits.record = \"1 KiB\"", "!wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww\",\"orders\""),
    ("redaction.mode", Memory, "redaction.mode = \"off\"", "hunter2hunter2hunter2"),
    ("redaction.mask", Memory, "redaction.mask = \"last4\"", "****ter2"),
    ("redaction.hide", Memory, "redaction.hide = [\"user\"]", "!\"user\":\"ann\""),
    ("redaction.show", Memory, "redaction.show = [\"password\"]", "\"password\":\"hunter2hunter2hunter2\""),
    ("redaction.texts", Memory, "redaction.texts = \"off\"", "app:hunter2@db"),
    ("redaction.presets", Memory, "redaction.presets = [\"email\"]", "!ann@example.com"),
    ("redaction.patterns", Memory, "redaction.patterns = [\"order-[0-9]+\"]", "!order-17"),
    ("redaction.scan_limit", Memory, "redaction.scan_limit = 16", "!wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww"),
    ("sampling.failures", Memory, "sampling.failures = { collapse = { window = \"1h\" } }", "\"suppressed\":"),
    ("sampling.rules.method", Memory, "sampling.rules = [{ method = { first = 2 } }]", "\"suppressed\":"),
    (
        "sampling.rules.from",
        Memory,
        "sampling.rules = [{ method = { first = 2 } }] ~ sampling.rules = [{ method = { first = 2 }, from = \"warn\" }]",
        "\"again\",\"turn\":5",
    ),
    (
        "sampling.rules.to",
        Memory,
        "sampling.rules = [{ method = { first = 2 } }] ~ sampling.rules = [{ method = { first = 2 }, to = \"debug\" }]",
        "\"again\",\"turn\":5",
    ),
    (
        "sampling.rules.target",
        Memory,
        "sampling.rules = [{ method = { first = 2 } }] ~ sampling.rules = [{ method = { first = 2 }, target = \"other\" }]",
        "\"again\",\"turn\":5",
    ),
    (
        "sampling.rules.field",
        Memory,
        "sampling.rules = [{ method = { first = 2 } }] ~ sampling.rules = [{ method = { first = 2 }, field = \"turn\" }]",
        "\"again\",\"turn\":5",
    ),
    (
        "sampling.rules.window",
        Memory,
        "sampling.rules = [{ method = { first = 2 } }] ~ sampling.rules = [{ method = { first = 2 }, window = \"77s\" }]",
        "\"window_ms\":77000",
    ),
    ("sampling.rules.keys", Memory, "sampling.rules = [{ method = { first = 2 }, keys = 0 }]", "refused: "),
    ("hooks", Memory, "hooks = [\"add_region\"]", "\"region\":\"eu\""),
    ("http.mode", Requests, "http.mode = \"off\"", "!\"kind\":\"access\""),
    ("http.id_header", Requests, "http.id_header = \"x-trace\"", "\"x-trace\": \"t-17\""),
    ("http.inbound_ids", Requests, "http.inbound_ids = \"from_trusted\"", "!\"request_id\":\"r-17\""),
    (
        "http.correlation_id",
        Requests,
        "http.trust = [\"10.0.0.0/8\"] ~ http = { trust = [\"10.0.0.0/8\"], correlation_id = \"x-common\" }",
        "\"correlation_id\":\"c-17\"",
    ),
    (
        "http.user_id",
        Requests,
        "http.trust = [\"10.0.0.0/8\"] ~ http = { trust = [\"10.0.0.0/8\"], user_id = \"x-user\" }",
        "\"user_id\":\"ann-17\"",
    ),
    (
        "http.tenant_id",
        Requests,
        "http.trust = [\"10.0.0.0/8\"] ~ http = { trust = [\"10.0.0.0/8\"], tenant_id = \"x-tenant\" }",
        "\"tenant_id\":\"acme-17\"",
    ),
    ("http.trust", Requests, "http.trust = [\"10.0.0.0/8\"]", "\"client_ip\":\"203.0.113.9\""),
    ("http.baggage", Requests, "http.baggage = [\"plan\"]", "\"baggage.plan\":\"gold\""),
    ("http.request_headers", Requests, "http.request_headers = [\"Accept-Language\"]", "\"accept-language\":\"fr\""),
    ("http.response_headers", Requests, "http.response_headers = [\"etag\"]", "\"etag\":\"e-17\""),
    (
        "http.body_limit",
        Requests,
        "http.rule.show = [\"response_body\"] ~ http = { rule = { show = [\"response_body\"] }, body_limit = 12 }",
        "!greetings to all",
    ),
    (
        "http.status_levels",
        Requests,
        "http.status_levels = { 404 = \"notice\", 4xx = \"debug\" }",
        "\"level\":\"NOTICE\"",
    ),
    ("http.outcome_levels.ok", Requests, "http.outcome_levels.ok = \"notice\"", "\"level\":\"NOTICE\""),
    ("http.outcome_levels.error", Requests, "http.outcome_levels.error = \"critical\"", "\"level\":\"CRITICAL\""),
    ("http.outcome_levels.panic", Requests, "http.outcome_levels.panic = \"critical\"", "\"level\":\"CRITICAL\""),
    ("http.outcome_levels.cancelled", Requests, "http.outcome_levels.cancelled = \"notice\"", "\"level\":\"NOTICE\""),
    (
        "http.outcome_levels.body_error",
        Requests,
        "http.outcome_levels.body_error = \"critical\"",
        "\"level\":\"CRITICAL\"",
    ),
    ("http.outcome_levels.closed", Requests, "http.outcome_levels.closed = \"notice\"", "\"level\":\"NOTICE\""),
    ("http.recovery", Requests, "http.recovery = \"resume\"", "/panics panicked on"),
    ("http.slow_poll", Requests, "http.slow_poll = \"0ms\"", "\"kind\":\"slow_poll\""),
    ("http.server_timing", Requests, "http.server_timing = \"shown\"", "parse;dur="),
    ("http.tell_open_after", Requests, "http.tell_open_after = \"1ms\"", "\"kind\":\"open\",\"method\":\"GET\""),
    ("http.rule.access", Requests, "http.rule.access = \"off\"", "!\"path\":\"/hello/ann\""),
    ("http.rule.level", Requests, "http.rule.level = \"notice\"", "\"level\":\"NOTICE\""),
    ("http.rule.failures", Requests, "http.rule.failures = \"critical\"", "\"level\":\"CRITICAL\""),
    ("http.rule.sample", Requests, "http.rule.sample = 0", "!\"path\":\"/hello/ann\""),
    ("http.rule.slow", Requests, "http.rule.slow = \"0ms\"", "\"slow\":true"),
    ("http.rule.recorder", Requests, "http.rule.recorder = \"debug\"", "\"message\":\"asking\""),
    (
        "http.rule.recorder_room",
        Requests,
        "http.rule.recorder = \"debug\" ~ http.rule = { recorder = \"debug\", recorder_room = \"1 B\" }",
        "\"held_lost\":2",
    ),
    ("http.rule.show", Requests, "http.rule.show = [\"query\"]", "\"color\":\"red\""),
    (
        "http.rule.hide",
        Requests,
        "http.rule.show = [\"query\"] ~ http.rule = { show = [\"query\"], hide = [\"query\"] }",
        "!\"color\":\"red\"",
    ),
    ("http.routes", Requests, "http.routes.\"/hello/*\".access = \"quiet\"", "!\"message\":\"working\""),
    ("fatal.deadline", Memory, "fatal.deadline = \"123ms\"", "flushed within 12"),
    ("fatal.then", Memory, "fatal.then = \"panic\"", "panicked"),
    ("outputs.memory.level", Memory, "outputs.memory.level = \"warn\"", "!\"level\":\"INFO\""),
    ("outputs.memory.lane.target", Memory, "outputs.memory.lane.target = \"other\"", "!\"level\":\"INFO\""),
    ("outputs.memory.lane.from", Memory, "outputs.memory.lane.from = \"warn\"", "!\"level\":\"INFO\""),
    ("outputs.memory.lane.below", Memory, "outputs.memory.lane.below = \"error\"", "!\"level\":\"ERROR\""),
    ("outputs.memory.lane.field", Memory, "outputs.memory.lane = { field = \"user\", is = \"ann\" }", "!\"turn\":5"),
    ("outputs.memory.lane.is", Memory, "outputs.memory.lane = { field = \"user\", is = \"bob\" }", "!\"user\":\"ann\""),
    (
        "outputs.memory.lane.rest",
        Memory,
        "outputs.memory.lane.rest = true\noutputs.x = { kind = \"null\", lane = { from = \"warn\" } }",
        "!\"level\":\"ERROR\"",
    ),
    (
        "outputs.memory.lane.instead_of",
        Memory,
        "outputs.memory.lane.instead_of = \"x\"\noutputs.x = { kind = \"null\" }",
        "!\"level\":\"INFO\"",
    ),
    ("outputs.memory.color", Memory, "outputs.memory.color = \"always\"", "\u{1b}["),
    (
        "outputs.memory.theme",
        Memory,
        "outputs.memory.color = \"always\" ~ outputs.memory = { color = \"always\", theme = \"mono\" }",
        "\u{1b}[1m",
    ),
    ("outputs.memory.kind", Memory, "outputs.memory.kind = \"null\"", "!\"level\":\"INFO\""),
    ("outputs.memory.format", Memory, "outputs.memory.format = \"logfmt\"", "level=info"),
    ("format.json.schema", Memory, "outputs.memory.format = { kind = \"json\", schema = \"ecs\" }", "\"@timestamp\""),
    (
        "format.json.project",
        Memory,
        "outputs.memory.format = { kind = \"json\", schema = \"google_cloud\", project = \"shop-prod\" }",
        "projects/shop-prod/traces/",
    ),
    ("format.json.time", Memory, "outputs.memory.format = { kind = \"json\", time = \"off\" }", "!\"timestamp\""),
    (
        "format.json.template",
        Memory,
        "outputs.memory.format = { kind = \"json\", template = true }",
        "\"template\":\"long long {user}\"",
    ),
    (
        "format.pretty.layout",
        Memory,
        "outputs.memory.format = \"pretty\" ~ outputs.memory.format = { kind = \"pretty\", layout = \"expanded\" }",
        "| orders:",
    ),
    (
        "format.pretty.time",
        Memory,
        "outputs.memory.format = \"pretty\" ~ outputs.memory.format = { kind = \"pretty\", time = \"%Y@\" }",
        "@  INFO ",
    ),
    (
        "format.logfmt.time",
        Memory,
        "outputs.memory.format = \"logfmt\" ~ outputs.memory.format = { kind = \"logfmt\", time = \"%j@\" }",
        "@ level=info",
    ),
    ("format.csv.columns", Memory, "outputs.memory.format = { kind = \"csv\", columns = [\"user\"] }", "\nann"),
    (
        "format.csv.rest",
        Memory,
        "outputs.memory.format = { kind = \"csv\", columns = [\"user\"] } ~ outputs.memory.format = { kind = \"csv\", columns = [\"user\"], rest = \"more\" }",
        "\"\"turn\"\":5",
    ),
    (
        "format.csv.time",
        Memory,
        "outputs.memory.format = { kind = \"csv\", columns = [\"timestamp\"] } ~ outputs.memory.format = { kind = \"csv\", columns = [\"timestamp\"], time = \"%Y@\" }",
        "@\r",
    ),
    ("format.gelf.host", Memory, "outputs.memory.format = { kind = \"gelf\", host = \"web-1\" }", "\"host\":\"web-1\""),
    (
        "format.gelf.zero",
        Memory,
        "outputs.memory.format = { kind = \"gelf\", host = \"web-1\" } ~ outputs.memory.format = { kind = \"gelf\", host = \"web-1\", zero = true }",
        "}\0",
    ),
    ("format.syslog.app", Memory, "outputs.memory.format = { kind = \"syslog\", app = \"shop\" }", " shop "),
    (
        "format.syslog.host",
        Memory,
        "outputs.memory.format = { kind = \"syslog\", app = \"shop\" } ~ outputs.memory.format = { kind = \"syslog\", app = \"shop\", host = \"web-1\" }",
        " web-1 ",
    ),
    (
        "format.syslog.facility",
        Memory,
        "outputs.memory.format = { kind = \"syslog\", app = \"shop\" } ~ outputs.memory.format = { kind = \"syslog\", app = \"shop\", facility = \"local7\" }",
        "<190>1 ",
    ),
    (
        "format.template.pattern",
        Memory,
        "outputs.memory.format = { kind = \"template\", pattern = \"<{message}>\" }",
        "<again>",
    ),
    (
        "format.template.time",
        Memory,
        "outputs.memory.format = { kind = \"template\", pattern = \"{timestamp} {message}\" } ~ outputs.memory.format = { kind = \"template\", pattern = \"{timestamp} {message}\", time = \"%Y@\" }",
        "@ again",
    ),
    ("outputs.gate.queue.capacity", Gate, "outputs.gate.queue.capacity = \"64 KiB\"", "lost full"),
    (
        "outputs.gate.queue.reserve",
        Gate,
        "outputs.gate.queue = { capacity = \"64 KiB\", reserve = \"64 KiB\" }",
        "refused: ",
    ),
    (
        "outputs.gate.queue.ladder.percent",
        Gate,
        "outputs.gate.queue.ladder = [{ percent = 1, least = \"error\" }]",
        "floor ERROR",
    ),
    (
        "outputs.gate.queue.ladder.least",
        Gate,
        "outputs.gate.queue.ladder = [{ percent = 1, least = \"warn\" }]",
        "floor WARN",
    ),
    (
        "outputs.gate.queue.when_full",
        Gate,
        "outputs.gate.queue.capacity = \"64 KiB\" ~ outputs.gate.queue = { capacity = \"64 KiB\", when_full = \"drop_newest\" }",
        "debug is there",
    ),
    (
        "outputs.gate.queue.promise",
        Gate,
        "outputs.gate.queue.patience = \"30s\" ~ outputs.gate.queue = { promise = \"flushed\", patience = \"30s\" }",
        "a call waits",
    ),
    (
        "outputs.gate.queue.patience",
        Gate,
        "outputs.gate.queue.promise = \"flushed\" ~ outputs.gate.queue = { promise = \"flushed\", patience = \"1ms\" }",
        "a call returns",
    ),
    (
        "outputs.gate.queue.errors",
        Gate,
        "outputs.gate.queue.errors = { written_through = { bound = \"30s\", per_second = 100 } } ~ outputs.gate.queue.errors = \"queued\"",
        "an error returns",
    ),
    (
        "outputs.gate.queue.retry.first",
        Gate,
        "outputs.gate.queue.retry = { first = \"1ms\", longest = \"9999d\" } ~ outputs.gate.queue.retry = { first = \"9999d\", longest = \"9999d\" }",
        "is not flushed",
    ),
    (
        "outputs.gate.queue.retry.longest",
        Gate,
        "outputs.gate.queue.retry = { first = \"9999d\", longest = \"9999d\" } ~ outputs.gate.queue.retry = { first = \"9999d\", longest = \"1ms\" }",
        "is flushed",
    ),
    ("outputs.gate.queue.retry.give_up_after", Gate, "outputs.gate.queue.retry.give_up_after = \"0ms\"", "lost failed"),
    (
        "outputs.gate.queue.close_within",
        Gate,
        "outputs.gate.queue.close_within = \"30s\" ~ outputs.gate.queue.close_within = \"1ms\"",
        "is closed by its drop",
    ),
    ("outputs.file.path", File, "outputs.file.path = \"other.log\"", "other.log"),
    ("outputs.file.rotate.size", File, "outputs.file.rotate.size = 1000", "app.20"),
    ("outputs.file.rotate.every", File, "outputs.file.rotate.every = \"never\"", "refused: "),
    (
        "outputs.file.keep.count",
        File,
        "outputs.file.rotate.size = 300 ~ outputs.file = { rotate = { size = 300 }, keep = { count = 1 } }",
        "\n2 files",
    ),
    (
        "outputs.file.keep.age",
        File,
        "outputs.file = { kind = \"file\", path = \"app.log\", rotate = { size = 300 }, keep = { age = \"0s\" } }",
        "refused: ",
    ),
    (
        "outputs.file.keep.total",
        File,
        "outputs.file.rotate.size = 300 ~ outputs.file = { rotate = { size = 300 }, keep = { total = 700 } }",
        "\n3 files",
    ),
    (
        "outputs.file.compress",
        File,
        "outputs.file = { kind = \"file\", path = \"app.log\", rotate = { size = 1000 }, compress = \"gzip\" }",
        ".gz",
    ),
    (
        "outputs.file.shared",
        File,
        "outputs.file.shared = true\noutputs.again = { kind = \"file\", path = \"app.log\", shared = true }",
        "shared by two",
    ),
    (
        "outputs.file.follow_links",
        File,
        "outputs.file.path = \"link.log\"\noutputs.file.follow_links = true",
        "target.log",
    ),
    ("outputs.file.mode", File, "outputs.file.mode = \"600\"", "app.log 600"),
    (
        "outputs.file.directory_mode",
        File,
        "outputs.file = { kind = \"file\", path = \"deep/app.log\", directory_mode = \"700\" }",
        "deep 700",
    ),
    ("outputs.webhook.url", Server, "outputs.webhook.url = \"URL/other\"", "POST /other"),
    (
        "outputs.webhook.secret",
        Server,
        "outputs.webhook.secret = \"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"",
        "webhook-signature",
    ),
    ("outputs.webhook.headers", Server, "outputs.webhook.headers = { x-shop = \"7\" }", "x-shop: 7"),
    ("outputs.webhook.secret_headers", Server, "outputs.webhook.secret_headers = { x-key = \"7\" }", "x-key: 7"),
    ("outputs.webhook.shape", Server, "outputs.webhook.shape = \"lines\"", "application/x-ndjson"),
    ("outputs.webhook.accepts", Server, "outputs.webhook.accepts = [299]", "not accepted"),
    ("outputs.webhook.plain", Server, "outputs.webhook.plain = false", "refused: "),
    ("outputs.webhook.private", Server, "outputs.webhook.private = false", "refused: "),
    ("outputs.webhook.no_proxy", Proxied, "outputs.webhook.no_proxy = true", "POST /"),
    ("outputs.webhook.root_certificate", Server, "outputs.webhook.root_certificate = \"none.pem\"", "refused: "),
    ("outputs.webhook.connect_within", Server, "outputs.webhook.connect_within = \"0s\"", "no request"),
    ("outputs.webhook.answer_within", Server, "outputs.webhook.answer_within = \"0s\"", "not accepted"),
    ("outputs.console.stream", Streams, "outputs.console.stream = \"stderr\"", "said on standard error"),
];

#[test]
fn each_key_of_the_schema_has_a_case_here() {
    let schema = Config::new().registry(Stage::new().registry()).schema();
    let mut keys = BTreeSet::new();
    collect(&schema, "", &mut keys);
    let common = ["level", "lane", "color", "theme", "kind", "format", "queue"];
    for output in schema["properties"]["outputs"]["additionalProperties"]["oneOf"].as_array().unwrap() {
        let kind = output["properties"]["kind"]["const"].as_str().unwrap();
        let mut own = BTreeSet::new();
        collect(output, &format!("outputs.{kind}."), &mut own);
        own.retain(|key| {
            let first = key.split('.').nth(2).unwrap();
            match (kind, first) {
                ("memory", "queue") => false,
                ("memory", _) | ("gate", "queue") => true,
                _ => !common.contains(&first),
            }
        });
        keys.extend(own);
    }
    let formats = &schema["properties"]["outputs"]["additionalProperties"]["oneOf"][0]["properties"]["format"];
    for format in formats["oneOf"].as_array().unwrap().iter().filter(|format| format["properties"].is_object()) {
        let kind = format["properties"]["kind"]["const"].as_str().unwrap();
        collect(format, &format!("format.{kind}."), &mut keys);
        keys.remove(&format!("format.{kind}.kind"));
    }
    keys.remove("outputs");
    let tried: BTreeSet<String> = EFFECTS.iter().map(|(key, ..)| (*key).to_owned()).collect();
    let untried: Vec<_> = keys.difference(&tried).collect();
    let unknown: Vec<_> = tried.difference(&keys).collect();
    assert!(untried.is_empty() && unknown.is_empty(), "without a case: {untried:?}; without a key: {unknown:?}");
}

/// The keys of an object that hold no objects themselves.
fn collect(schema: &Value, path: &str, keys: &mut BTreeSet<String>) {
    for (key, property) in schema["properties"].as_object().into_iter().flatten() {
        let path = format!("{path}{key}");
        let ways = property["anyOf"].as_array();
        let inner = ways.and_then(|ways| ways.iter().find(|way| way["properties"].is_object())).unwrap_or(property);
        let inner = if inner["items"]["properties"].is_object() { &inner["items"] } else { inner };
        // A secret is one key, wherever it stands.
        match inner["properties"].is_object() && inner["properties"]["env"].is_null() {
            true => collect(inner, &format!("{path}."), keys),
            false => _ = keys.insert(path),
        }
    }
}

/// Tries the cases of one ground.
fn check(ground: Ground) {
    let is_of = |other: Ground| std::mem::discriminant(&ground) == std::mem::discriminant(&other);
    let mut wrong = Vec::new();
    for (key, _, said, expected) in EFFECTS.iter().filter(|(_, other, ..)| is_of(*other)) {
        let (said_before, said) = said.split_once(" ~ ").unwrap_or(("", said));
        let (before, after) = (seen(ground, said_before), seen(ground, said));
        let (then, now, expected) = match expected.strip_prefix('!') {
            Some(expected) => (&after, &before, expected),
            None => (&before, &after, *expected),
        };
        if then.contains(expected) || !now.contains(expected) {
            wrong.push(format!("{key}: {said}\nbefore:\n{before}\nafter:\n{after}\n"));
        }
    }
    assert!(wrong.is_empty(), "{} do not do what they say:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn what_is_said_of_records_is_seen_in_them() {
    check(Memory);
}

#[test]
fn what_is_said_of_a_queue_is_seen_at_its_gate() {
    check(Gate);
}

#[cfg(unix)]
#[test]
fn what_is_said_of_a_file_is_seen_in_its_folder() {
    check(File);
}

#[test]
fn what_is_said_of_a_web_hook_is_seen_by_its_receiver() {
    check(Server);
    check(Proxied);
}

#[test]
fn what_is_said_of_requests_is_seen_when_they_are_served() {
    check(Requests);
    check(Metrics);
}

#[test]
fn what_is_said_of_the_console_is_seen_on_its_stream() {
    check(Streams);
    check(Detection);
    check(Watched);
}

fn seen(ground: Ground, said: &str) -> String {
    match ground {
        Memory => into_memory(said),
        Gate => past_a_gate(said),
        File => into_a_file(said),
        Server => to_a_server(said),
        Requests => of_requests(said),
        Metrics => in_metrics(said),
        Proxied => to_a_server_behind_a_proxy(said),
        Streams => to_a_stream(said),
        Detection => seen_around(said),
        Watched => watched(said),
    }
}

fn watched(said: &str) -> String {
    let folder = Folder::new();
    let path = folder.write("said.toml", &format!("{said}\noutputs.memory.kind = \"memory\"\n"));
    let live = Config::new().without_environment().registry(Stage::new().registry()).file(path).build().unwrap();
    if live.is_watching() { "watched".to_owned() } else { String::new() }
}

/// Builds a logger of what is said, over what is said of the ground.
fn logger_of(folder: &Folder, stage: &Stage, ground: &str, said: &str) -> Result<Logger, String> {
    let builder = loaded_of(folder, stage, ground, said)?.builder().map_err(|error| format!("refused: {error}"))?;
    builder.build().map_err(|error| format!("refused: {error}"))
}

fn loaded_of(folder: &Folder, stage: &Stage, ground: &str, said: &str) -> Result<Loaded, String> {
    // What is said of an output goes over what the ground says of it, as a file goes over a preset.
    let config = Config::new().without_environment().registry(stage.registry());
    let is_preset = said.starts_with("preset");
    let preset = if is_preset { config } else { config.register_preset("ground", ground).preset("ground") };
    let text = if is_preset { format!("{said}\n{ground}") } else { said.to_owned() };
    preset.file(folder.write("shop.toml", &text)).load().map_err(|error| format!("refused: {error}"))
}

pub(crate) fn into_memory(said: &str) -> String {
    let (folder, stage) = (Folder::new(), Stage::new());
    let logger = match logger_of(&folder, &stage, "[outputs.memory]\nkind = \"memory\"\n", said) {
        Ok(logger) => logger,
        Err(refused) => return refused,
    };
    let (text, trace_id) = ("w".repeat(2_000), "4bf92f3577b34da6a3ce929d0e0e4736");
    info!(logger: logger, text, orders = hyperlog::map(&[("inner", hyperlog::list(&[1, 2]))]), "long text");
    info!(logger: logger, trace_id, "long long {user}", user = "ann");
    info!(logger: logger, password = "hunter2hunter2hunter2", mail = "ann@example.com", of = "order-17", "sent");
    info!(logger: logger, "from postgres://app:hunter2@db/main");
    for turn in 0..6 {
        info!(logger: logger, turn, "again");
    }
    for turn in 0..3 {
        error!(logger: logger, turn, "broken");
    }
    debug!(logger: logger, "detail");
    warn!(logger: logger, "careful");
    let end = catch_unwind(AssertUnwindSafe(|| fatal!(logger: logger, "the end")));
    let _ = logger.flush(SOON);
    let end = if end.is_err() { "panicked" } else { "" };
    format!("{}{end}", stage.text())
}

fn of_requests(said: &str) -> String {
    let (folder, stage) = (Folder::new(), Stage::new());
    let ground = "[outputs.memory]\nkind = \"memory\"\n";
    let loaded = match loaded_of(&folder, &stage, ground, said) {
        Ok(loaded) => loaded,
        Err(refused) => return refused,
    };
    let logger = loaded.builder().unwrap().build().unwrap();
    let layer = HyperLogLayer::new().logger(logger).policy(&SharedPolicy::new(loaded.policy().unwrap()));
    let told = send_all(layer, || !said.contains("tell_open_after") || stage.text().contains("\"kind\":\"open\""));
    format!("{told}{}", stage.text())
}

fn in_metrics(said: &str) -> String {
    let (folder, stage) = (Folder::new(), Stage::new());
    let loaded = match loaded_of(&folder, &stage, "[outputs.memory]\nkind = \"memory\"\n", said) {
        Ok(loaded) => loaded,
        Err(refused) => return refused,
    };
    let logger = loaded.builder().unwrap().build().unwrap();
    let metrics = loaded.metrics(&logger);
    let layer = HyperLogLayer::new().logger(logger).policy(&SharedPolicy::new(loaded.policy().unwrap()));
    send_all(layer, || true);
    metrics.render(hyperlog::prometheus::Format::Text).map_or_else(String::new, |shown| shown.body)
}

/// More than a call takes that does not wait.
const LONG: Duration = Duration::from_secs(2);

/// What calls do at a gate that is shut, and what has passed it once it was opened.
pub(crate) fn past_a_gate(said: &str) -> String {
    let (folder, stage) = (Folder::new(), Stage::new());
    let ground = "level = \"trace\"\n[outputs.gate]\nkind = \"gate\"\nformat = { kind = \"json\", time = \"off\" }\n";
    if said.contains("close_within") {
        return closed_by_its_drop(&folder, &stage, ground, said);
    }
    let logger = match logger_of(&folder, &stage, ground, said) {
        Ok(logger) => logger,
        Err(refused) => return refused,
    };
    let mut notes = Vec::new();
    stage.refuse(if said.contains("retry") { 3 } else { 0 });
    stage.shut(true);
    std::thread::scope(|scope| {
        let logger = &logger;
        let does_return = |call: fn(&Logger)| {
            let (sender, receiver) = mpsc::channel();
            scope.spawn(move || {
                call(logger);
                let _ = sender.send(());
            });
            receiver.recv_timeout(LONG).is_ok()
        };
        let returns = does_return(|logger| info!(logger: logger, "first"));
        notes.push(if returns { "a call returns" } else { "a call waits" }.to_owned());
        stage.wait_for_delivery();
        if returns && !said.contains("promise") {
            for _ in 0..30 {
                debug!(logger: logger, detail = 1, text = "x".repeat(1_000), "m");
            }
            for _ in 0..200 {
                info!(logger: logger, text = "x".repeat(1_000), "m");
            }
            let returns = does_return(|logger| error!(logger: logger, "e"));
            notes.push(if returns { "an error returns" } else { "an error waits" }.to_owned());
        }
        notes.extend(logger.health()[0].floor.map(|floor| format!("floor {floor}")));
        stage.shut(false);
        let is_flushed = logger.flush(LONG).is_ok();
        notes.push(if is_flushed { "is flushed" } else { "is not flushed" }.to_owned());
    });
    let lost = logger.health()[0].dropped.clone();
    notes.extend(lost.iter().filter(|(_, lost)| lost.total() > 0).map(|(reason, _)| format!("lost {}", reason.name())));
    if stage.text().matches("\"detail\":1").count() == 30 {
        notes.push("debug is there".to_owned());
    }
    notes.join("\n")
}

/// Whether a logger that nobody has any more waits for its gate.
fn closed_by_its_drop(folder: &Folder, stage: &Stage, ground: &str, said: &str) -> String {
    let logger = logger_of(folder, stage, ground, said).unwrap();
    stage.shut(true);
    let (sender, receiver) = mpsc::channel();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            // What a thread remembers of its loggers goes with the thread.
            std::thread::spawn(move || info!(logger: logger, "m")).join().unwrap();
            let _ = sender.send(());
        });
        let is_closed = receiver.recv_timeout(LONG).is_ok();
        stage.shut(false);
        if is_closed { "is closed by its drop".to_owned() } else { "waits for its gate".to_owned() }
    })
}

#[cfg(unix)]
fn into_a_file(said: &str) -> String {
    use std::os::unix::fs::PermissionsExt;
    let (folder, stage) = (Folder::new(), Stage::new());
    fs::write(folder.0.join("target.log"), "").unwrap();
    std::os::unix::fs::symlink(folder.0.join("target.log"), folder.0.join("link.log")).unwrap();
    let ground = "[outputs.file]\nkind = \"file\"\npath = \"app.log\"\n";
    let logger = match logger_of(&folder, &stage, ground, said) {
        Ok(logger) => logger,
        Err(refused) => return refused,
    };
    for turn in 0..20 {
        info!(logger: logger, turn, text = "x".repeat(200), "m");
        logger.flush(SOON).unwrap();
    }
    logger.close(SOON).unwrap();
    let mut notes = String::new();
    let mut files = 0;
    list(&folder.0, &folder.0, &mut |name, path| {
        let metadata = fs::metadata(path).unwrap();
        if metadata.len() > 0 {
            files += u32::from(metadata.is_file() && name.contains("app"));
            notes += &format!("{name} {:o}\n", metadata.permissions().mode() & 0o777);
        }
    });
    if logger.health().len() == 2 {
        notes += "shared by two\n";
    }
    format!("{notes}{files} files\n")
}

#[cfg(not(unix))]
fn into_a_file(_: &str) -> String {
    String::new()
}

fn list(root: &Path, directory: &Path, show: &mut impl FnMut(&str, &Path)) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        show(&path.strip_prefix(root).unwrap().to_string_lossy(), &path);
        if path.is_dir() {
            list(root, &path, show);
        }
    }
}

/// The request that a server got for a record, and what became of the record.
fn to_a_server(said: &str) -> String {
    let (folder, stage) = (Folder::new(), Stage::new());
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", server.local_addr().unwrap());
    let (sender, requests) = mpsc::channel();
    std::thread::spawn(move || {
        while let Ok((connection, _)) = server.accept() {
            answered(connection, &sender);
        }
    });
    let ground = format!(
        "[outputs.webhook]\nkind = \"webhook\"\nurl = \"{url}\"\nplain = true\nprivate = true\nqueue.retry.give_up_after = \"0ms\"\n"
    );
    let logger = match logger_of(&folder, &stage, &ground, &said.replace("URL", &url)) {
        Ok(logger) => logger,
        Err(refused) => return refused,
    };
    info!(logger: logger, "m");
    let is_accepted = logger.flush(SOON).is_ok() && logger.health()[0].dropped_total() == 0;
    let request = requests.try_recv().unwrap_or_else(|_| "no request\n".to_owned());
    format!("{request}{}", if is_accepted { "accepted" } else { "not accepted" })
}

/// Tells of a request, and answers it.
fn answered(mut connection: std::net::TcpStream, sender: &mpsc::Sender<String>) -> Option<()> {
    let mut reader = BufReader::new(connection.try_clone().ok()?);
    let (mut request, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        request += &line;
        if line == "\r\n" {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    sender.send(request + &String::from_utf8_lossy(&body) + "\n").ok()?;
    connection.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").ok()
}

/// This test as a process of its own, whose environment names a proxy.
fn to_a_server_behind_a_proxy(said: &str) -> String {
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    command.args(["effects::sends_something", "--exact", "--nocapture"]).env(ROLE, said);
    for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        command.env(name, "http://127.0.0.1:1");
    }
    let output = command.env_remove("NO_PROXY").env_remove("no_proxy").output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[expect(clippy::print_stdout, reason = "whoever started this process reads it")]
#[test]
fn sends_something() {
    if let Ok(said) = std::env::var(ROLE) {
        println!("{}", to_a_server(&said));
    }
}

/// This test as a process of its own, whose streams can be read.
fn to_a_stream(said: &str) -> String {
    let folder = Folder::new();
    let ground = "[outputs.console]\nkind = \"console\"\nformat = \"json\"\n";
    let path = folder.write("shop.toml", &format!("{ground}{}", said.replace("outputs.console.", "")));
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    command.args(["effects::says_something", "--exact", "--nocapture"]).env("HYPERLOG_CONFIG", path).env(ROLE, "speak");
    let output = command.output().unwrap();
    let is_on_error = String::from_utf8_lossy(&output.stderr).contains("\"message\":\"said\"");
    if is_on_error { "said on standard error".to_owned() } else { String::from_utf8(output.stdout).unwrap() }
}

/// This test as a process of its own, which seems to run in Kubernetes.
fn seen_around(said: &str) -> String {
    let folder = Folder::new();
    let path =
        folder.write("shop.toml", &format!("{said}\n[outputs.console]\nkind = \"console\"\nformat = \"json\"\n"));
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    command.args(["effects::says_something", "--exact", "--nocapture"]).env("HYPERLOG_CONFIG", path).env(ROLE, "speak");
    let output = command.env("KUBERNETES_SERVICE_HOST", "10.0.0.1").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let preset = if text.contains("production (detected: kubernetes)") { "production" } else { "none" };
    format!("preset {preset}")
}

const ROLE: &str = "EFFECTS_TEST_ROLE";

#[test]
fn says_something() {
    if std::env::var_os(ROLE).is_some() {
        let logger = Config::new().load().unwrap().install().unwrap();
        info!("said");
        logger.close(SOON).unwrap();
    }
}
