//! The record of a request: its fields in their order, and the places in the program that such records come from.
//!
//! An access record takes the walk that a macro's record takes. Which fields it has depends on the request, so that there
//! is a call site for each set of them, made when it is first needed.

use crate::callsite::Callsite;
use crate::global::gate_of;
use crate::http::event::TARGET;
use crate::http::outcome::Outcome;
use crate::http::request::Request;
use crate::key::Key;
use crate::level::Level;
use crate::logger::{Logger, Pass};
use crate::record::Site;
use crate::value::Value;
use std::fmt;
use std::sync::OnceLock;
use std::time::Duration;

/// What the record of a request says.
pub(crate) struct Access<'a> {
    pub(crate) request: &'a Request,
    pub(crate) route: Option<&'a str>,
    pub(crate) path: &'a str,
    pub(crate) response: Option<AccessResponse>,
    pub(crate) outcome: Outcome,
    pub(crate) duration: Duration,
    /// Whether the logger bears the id and the trace already.
    pub(crate) is_bound: bool,
}

/// What it says of the response.
#[derive(Clone, Copy)]
pub(crate) struct AccessResponse {
    pub(crate) status: u16,
    pub(crate) after: Duration,
    pub(crate) bytes: u64,
}

/// The most fields that such a record has.
const MOST: usize = 18;

/// The ones that not every record has.
const BOUND: usize = 1;
const ROUTE: usize = 1 << 1;
const RESPONSE: usize = 1 << 2;
const CLIENT: usize = 1 << 3;
const AGENT: usize = 1 << 4;
const TRACE: usize = 1 << 5;
/// Not a field: the same one is to be looked at where somebody sent it.
const MADE_HERE: usize = 1 << 6;
const SETS: usize = 1 << 7;

impl Access<'_> {
    /// Writes it. What may not be sampled away passes by any sampler.
    pub(crate) fn write(&self, logger: &Logger, level: Level, may_be_sampled: bool, rate: Pass) {
        let callsite = self.callsite(level);
        if !callsite.may_be_wanted() {
            return;
        }
        let pass = match may_be_sampled {
            true => gate_of(logger, callsite).map(|pass| pass.times(rate)),
            false => logger.passes_levels(callsite).then_some(rate),
        };
        let Some(pass) = pass else { return };
        let mut values = [Value::Null; MOST];
        let mut count = 0;
        self.for_each(|_, value| {
            values[count] = value;
            count += 1;
        });
        let values = &values[..count];
        let log = |message: fmt::Arguments<'_>| logger.log_site(callsite, pass, may_be_sampled, message, values);
        match self.outcome {
            Outcome::Ok => log(format_args!("request served")),
            Outcome::Error => log(format_args!("request failed")),
            Outcome::Panic => log(format_args!("request panicked")),
            Outcome::Cancelled => log(format_args!("request cancelled")),
            Outcome::BodyError => log(format_args!("response broke off")),
            Outcome::Closed => log(format_args!("stream closed")),
        }
    }

    #[inline(always)]
    fn for_each<'s>(&'s self, mut field: impl FnMut(Key<'static>, Value<'s>)) {
        let request = self.request;
        field(crate::__key!(kind).harmless(), Value::Str("access"));
        if !self.is_bound {
            let key = crate::__key!(request_id);
            field(if request.is_id_made_here() { key.harmless() } else { key }, Value::Str(request.id.as_str()));
        }
        field(crate::__key!(request_id_source).harmless(), Value::Str(request.id_source.name()));
        field(crate::__key!(method), Value::Str(request.method()));
        if let Some(route) = self.route {
            field(crate::__key!(route), Value::Str(route));
        }
        field(crate::__key!(path), Value::Str(self.path));
        if let Some(response) = &self.response {
            field(crate::__key!(status), Value::U64(u64::from(response.status)));
        }
        field(crate::__key!(outcome).harmless(), Value::Str(self.outcome.name()));
        field(crate::__key!(duration), Value::Duration(self.duration));
        if let Some(response) = &self.response {
            field(crate::__key!(ttfb), Value::Duration(response.after));
        }
        field(crate::__key!(request_bytes), Value::U64(request.received()));
        if let Some(response) = &self.response {
            field(crate::__key!(response_bytes), Value::U64(response.bytes));
        }
        if let Some(client) = request.client() {
            field(crate::__key!(client_ip).harmless(), Value::Str(client));
        }
        if let Some(agent) = request.agent() {
            field(crate::__key!(user_agent), Value::Str(agent));
        }
        if let Some(trace) = &request.trace {
            if !self.is_bound {
                field(crate::__key!(trace_id).harmless(), Value::Str(trace.trace_id()));
            }
            field(crate::__key!(parent_span_id).harmless(), Value::Str(trace.parent_id()));
        }
    }

    /// Which of the fields there are that not every record has.
    fn set(&self) -> usize {
        let flag = |is_there: bool, bit: usize| if is_there { bit } else { 0 };
        flag(self.is_bound, BOUND)
            | flag(self.route.is_some(), ROUTE)
            | flag(self.response.is_some(), RESPONSE)
            | flag(self.request.has_client, CLIENT)
            | flag(self.request.has_agent, AGENT)
            | flag(self.request.trace.is_some(), TRACE)
            | flag(self.request.is_id_made_here(), MADE_HERE)
    }

    fn callsite(&self, level: Level) -> &'static Callsite {
        const LEVELS: usize = Level::MAX_SEVERITY as usize;
        const PLACES: usize = SETS * Outcome::ALL.len() * LEVELS;
        static CALLSITES: [OnceLock<&'static Callsite>; PLACES] = [const { OnceLock::new() }; PLACES];
        let place = (self.set() * Outcome::ALL.len() + self.outcome as usize) * LEVELS;
        CALLSITES[place + usize::from(level.severity() - 1)].get_or_init(|| self.make_callsite(level))
    }

    /// Never given back: there are only so many.
    #[cold]
    fn make_callsite(&self, level: Level) -> &'static Callsite {
        let mut keys = Vec::new();
        self.for_each(|key, _| keys.push(key));
        let (target, keys) = (TARGET, Vec::leak(keys));
        let template = match self.outcome {
            Outcome::Ok => "request served",
            Outcome::Error => "request failed",
            Outcome::Panic => "request panicked",
            Outcome::Cancelled => "request cancelled",
            Outcome::BodyError => "response broke off",
            Outcome::Closed => "stream closed",
        };
        let site = Site { level, target, module: None, file: None, line: None, template, keys };
        Box::leak(Box::new(Callsite::new(site)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::request_id::RequestId;
    use crate::http::trace_parent::TraceParent;
    use crate::redact::Redaction;
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

    /// Of what stands under a key that is said to be harmless, the default redaction would hide nothing.
    #[test]
    fn no_secret_is_found_in_what_is_not_looked_at() {
        let redaction = Redaction::default();
        let check = |text: &str| assert!(redaction.is_clean(text), "{text}");
        Outcome::ALL.iter().for_each(|outcome| check(outcome.name()));
        ["access", "inbound", "generated"].into_iter().for_each(check);
        let mut state = 7_u128;
        for _ in 0..100_000 {
            state = state.wrapping_mul(0x2360_ED05_1FC6_5DA4_4385_DF64_9FCC_F645).wrapping_add(1);
            check(RequestId::generate().as_str());
            check(&IpAddr::V4(Ipv4Addr::from_bits((state >> 64) as u32)).to_string());
            check(&IpAddr::V6(Ipv6Addr::from_bits(state)).to_string());
            let header = format!("00-{:032x}-{:016x}-01", state | 1, (state >> 32) as u64 | 1);
            let parent = TraceParent::parse(header.as_bytes()).expect("it is as the standard wants it");
            check(parent.trace_id());
            check(parent.parent_id());
        }
    }

    #[test]
    #[cfg(feature = "patterns")]
    fn what_somebody_names_is_looked_for_everywhere() {
        use crate::http::{Exchange, Header, Policy, RequestHead};
        use crate::{Json, Memory, Output, Redaction};
        use std::sync::Arc;

        struct Request;
        impl RequestHead for Request {
            fn method(&self) -> &str {
                "GET"
            }
            fn path(&self) -> &str {
                "/"
            }
            fn header(&self, _: &str) -> Option<&[u8]> {
                None
            }
            fn for_each_header<'h>(&'h self, _: &mut dyn FnMut(Header<'h>)) {}
            fn peer(&self) -> Option<IpAddr> {
                Some(IpAddr::from([192, 0, 2, 7]))
            }
        }
        let redaction = Redaction::builder().pattern(r"192\.0\.2\.\d+").build().expect("it is a pattern");
        let memory = Memory::new();
        let output = Output::new(Json::new(), memory.clone());
        let logger = Logger::builder().redaction(redaction).output(output).build().expect("it has an output");
        for _ in 0..2 {
            drop(Exchange::open(&logger, &Arc::new(Policy::new()), &Request));
        }
        assert_eq!(memory.text().matches("\"client_ip\":\"[REDACTED]\"").count(), 2, "{}", memory.text());
    }
}
