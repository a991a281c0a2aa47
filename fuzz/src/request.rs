//! A request of hostile bytes: it is told in one line of JSON, and no id, trace or address is invented from it.

use hyperlog_core::http::{
    Exchange, Extra, Header, Network, Policy, RequestHead, RequestId, RoutePattern, RouteRule, TraceParent,
};
use hyperlog_core::{Json, Logger, Memory, Output, Redaction, Verdict};
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

/// Reads the bytes as lines: method, path, query, route, and the values of headers.
pub fn run(data: &[u8]) {
    let lines: Vec<&[u8]> = data.split(|byte| *byte == b'\n').collect();
    let text = |index: usize| String::from_utf8_lossy(lines.get(index).copied().unwrap_or_default()).into_owned();
    let [method, path, query, route] = [0, 1, 2, 3].map(text);
    let head = Head { method, path, query, route, values: lines.get(4..).unwrap_or_default() };
    if let Some(parent) = head.header(TraceParent::HEADER).and_then(TraceParent::parse) {
        assert_eq!(TraceParent::parse(parent.as_str().as_bytes()), Some(parent));
    }
    let _ = head.path.parse::<Network>();
    let _ = RoutePattern::from(&*head.route).matches(&head.path);
    let memory = Memory::new();
    let logger = Logger::builder().output(Output::new(Json::new(), memory.clone())).build().expect("it can be built");
    let exchange = Exchange::open(&logger, policy(), &head);
    let id = exchange.id().clone();
    assert!(RequestId::parse(id.as_str().as_bytes()).is_some(), "{id} may travel on");
    drop(exchange);
    let written = memory.text();
    assert_eq!(written.lines().count(), 1, "{written}");
    let record: serde_json::Value = serde_json::from_str(&written).expect("a line is JSON");
    // What a client passes for an id may be what nobody is to see.
    let mut hidden = String::new();
    let shown = match Redaction::default().text(id.as_str(), &mut hidden) {
        Verdict::Clean => id.as_str(),
        _ => &hidden,
    };
    assert_eq!(record["request_id"], shown);
    assert_eq!(record["outcome"], "cancelled");
}

/// Everything that can be shown is.
fn policy() -> &'static Arc<Policy> {
    static POLICY: OnceLock<Arc<Policy>> = OnceLock::new();
    POLICY.get_or_init(|| {
        let rule = RouteRule::new().show(Extra::Params).show(Extra::Query).show(Extra::RequestHeaders);
        let proxies = ["10.0.0.0/8".parse().expect("it is a network")];
        Arc::new(Policy::new().rule(rule).request_headers(["*"]).trust(proxies))
    })
}

struct Head<'a> {
    method: String,
    path: String,
    query: String,
    route: String,
    values: &'a [&'a [u8]],
}

/// The headers that the lines are the values of, in turn.
const NAMES: [&str; 7] =
    ["x-request-id", "traceparent", "tracestate", "user-agent", "x-forwarded-for", "forwarded", "authorization"];

impl Head<'_> {
    fn headers(&self) -> impl Iterator<Item = (&'static str, &[u8])> {
        NAMES.iter().cycle().copied().zip(self.values.iter().copied())
    }
}

impl RequestHead for Head<'_> {
    fn method(&self) -> &str {
        &self.method
    }

    fn path(&self) -> &str {
        &self.path
    }

    fn query(&self) -> Option<&str> {
        Some(&self.query)
    }

    fn route(&self) -> Option<&str> {
        Some(&self.route)
    }

    fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers().find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    fn for_each_header<'h>(&'h self, each: &mut dyn FnMut(Header<'h>)) {
        self.headers().for_each(|(name, value)| each(Header { name, value, is_sensitive: false }));
    }

    fn peer(&self) -> Option<IpAddr> {
        Some(IpAddr::from([10, 0, 0, 1]))
    }
}
