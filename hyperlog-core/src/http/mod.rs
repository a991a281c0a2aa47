//! One request, one record: the words of HTTP, whatever framework serves it.
//!
//! An adapter shows the heads of request and response through [`RequestHead`] and [`ResponseHead`], and moves one owned
//! [`Exchange`] from the call to the future to the body. Names, levels, ids and outcomes are decided here and nowhere
//! else.

mod exchange;
mod head;
mod outcome;
mod problem;
mod request_id;

pub use crate::http::exchange::Exchange;
pub use crate::http::head::{RequestHead, ResponseHead};
pub use crate::http::outcome::Outcome;
pub use crate::http::problem::{PROBLEM_JSON, internal_server_error};
pub use crate::http::request_id::RequestId;
