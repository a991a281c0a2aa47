//! A request that is served by nobody, from its head to its end.

use hyperlog_core::Logger;
use hyperlog_core::http::{Exchange, Header, Policy, RequestHead, ResponseHead};
use std::sync::Arc;

/// What a client says, and what it is told.
pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) route: Option<&'a str>,
    pub(crate) trace_parent: Option<&'a str>,
    pub(crate) status: u16,
}

/// What becomes of it when nothing else is said.
pub(crate) const GET: Request<'static> =
    Request { method: "GET", path: "/orders/7", route: Some("/orders/{id}"), trace_parent: None, status: 200 };

impl Request<'_> {
    /// Serves it to the end, with a body of twelve bytes.
    pub(crate) fn serve(&self, policy: &Arc<Policy>, logger: &Logger) {
        let mut exchange = self.open(policy, logger);
        exchange.responded(&Response(self.status));
        exchange.sent(12);
        exchange.close();
    }

    pub(crate) fn open(&self, policy: &Arc<Policy>, logger: &Logger) -> Exchange {
        Exchange::open(logger, policy, self)
    }
}

impl RequestHead for Request<'_> {
    fn method(&self) -> &str {
        self.method
    }

    fn path(&self) -> &str {
        self.path
    }

    fn route(&self) -> Option<&str> {
        self.route
    }

    fn header(&self, name: &str) -> Option<&[u8]> {
        let headers = [("traceparent", self.trace_parent), ("content-length", Some("5"))];
        headers.into_iter().find(|(known, _)| *known == name)?.1.map(str::as_bytes)
    }

    fn for_each_header<'h>(&'h self, each: &mut dyn FnMut(Header<'h>)) {
        if let Some(trace) = self.trace_parent {
            each(Header { name: "traceparent", value: trace.as_bytes(), is_sensitive: false });
        }
    }
}

struct Response(u16);

impl ResponseHead for Response {
    fn status(&self) -> u16 {
        self.0
    }

    fn header(&self, _: &str) -> Option<&[u8]> {
        None
    }

    fn for_each_header<'h>(&'h self, _: &mut dyn FnMut(Header<'h>)) {}

    fn body_size(&self) -> Option<u64> {
        Some(12)
    }
}
