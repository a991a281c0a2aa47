//! What becomes of records that go to a web hook, whatever the receiver does.

mod conformance;
mod deadlines;
#[path = "../fake/mod.rs"]
mod fake;
mod outage;
mod output;
mod receiver;
mod refusals;
mod runtime;
mod secrets;
mod signatures;
mod tls;
