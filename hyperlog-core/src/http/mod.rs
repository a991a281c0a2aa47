//! One request, one record: the words of HTTP, whatever framework serves it.
//!
//! An adapter shows the heads of request and response through [`RequestHead`] and [`ResponseHead`], and moves one owned
//! [`Exchange`] from the call to the future to the body. Names, levels, ids and outcomes are decided here and nowhere
//! else, by a [`Policy`] that is the same value for every framework.

mod access;
mod baggage;
mod capture;
mod client_ip;
mod debug_token;
mod drain;
mod ended;
mod event;
mod exchange;
mod extract;
mod flight;
mod head;
mod health_check;
mod log;
mod outcome;
mod path;
mod policy;
mod polls;
mod problem;
mod request;
mod request_id;
mod route;
mod rpc;
mod shared_policy;
mod shown;
mod span;
mod texts;
mod trace_parent;
mod verdict;

pub use crate::http::capture::RequestMeter;
pub use crate::http::client_ip::{Network, NetworkError};
pub use crate::http::debug_token::{DebugTokens, SignedTokens};
pub use crate::http::drain::{Drain, EndSignal};
pub use crate::http::ended::Ended;
pub use crate::http::exchange::Exchange;
pub use crate::http::extract::Extract;
pub use crate::http::flight::{InFlight, OpenRequest};
pub use crate::http::head::{Header, RequestHead, ResponseHead, UsualHeaders};
pub use crate::http::health_check::{HealthAnswer, HealthCheck};
pub use crate::http::log::RequestLog;
pub use crate::http::outcome::Outcome;
pub use crate::http::policy::{InboundIds, Mode, Policy, Recovery, Reply, ServerTiming};
pub use crate::http::problem::{PROBLEM_JSON, internal_server_error};
pub use crate::http::request::Timing;
pub use crate::http::request_id::RequestId;
#[cfg(feature = "patterns")]
pub use crate::http::route::RoutePatternError;
pub use crate::http::route::{Access, Extra, RoutePattern, RouteRule};
pub use crate::http::shared_policy::SharedPolicy;
#[doc(hidden)]
pub use crate::http::shared_policy::{PolicySetting, SeenPolicy};
pub use crate::http::span::{Begun, OpenSpan, RequestSpan, RequestSpansAreSet, set_request_spans};
pub use crate::http::trace_parent::TraceParent;
