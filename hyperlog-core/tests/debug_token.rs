//! Debug tokens that are forged or stale are counted: in a process of its own, since a process has one count.

#![cfg(feature = "http")]

use std::sync::Arc;

use hyperlog_core::http::{DebugTokens, Exchange, Header, Policy, RequestHead};
use hyperlog_core::{Level, Logger, fault_count, on_fault};

struct Open(&'static str);

impl DebugTokens for Open {
    fn is_valid(&self, token: &[u8]) -> bool {
        token == self.0.as_bytes()
    }
}

struct Request(Option<&'static str>);

impl RequestHead for Request {
    fn method(&self) -> &str {
        "GET"
    }

    fn path(&self) -> &str {
        "/"
    }

    fn header(&self, name: &str) -> Option<&[u8]> {
        self.0.filter(|_| name == "x-debug").map(str::as_bytes)
    }

    fn for_each_header<'h>(&'h self, _each: &mut dyn FnMut(Header<'h>)) {}
}

#[test]
fn a_token_that_is_not_genuine_is_counted_and_never_shown() {
    on_fault(|fault| assert!(!fault.to_string().contains("hunter2"), "{fault}"));
    let (logger, _captured) = Logger::capture();
    let policy = Arc::new(Policy::new().debug_by_token("x-debug", Level::DEBUG, Open("sesame")));
    for (token, expected) in [(None, 0), (Some("sesame"), 0), (Some("hunter2"), 1), (Some(""), 2)] {
        drop(Exchange::open(&logger, &policy, &Request(token)));
        assert_eq!(fault_count(), expected, "{token:?}");
    }
}
