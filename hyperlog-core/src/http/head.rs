//! What a framework shows of a request and of its response.
//!
//! Traits over borrowed parts, so that the core knows no framework's types and copies only what a record needs.

use std::net::IpAddr;

/// The head of a request.
pub trait RequestHead {
    /// The method, in upper case: `GET`.
    fn method(&self) -> &str;

    /// The path as it was sent, without the query.
    fn path(&self) -> &str;

    /// The pattern of the route, such as `/users/{id}`, if the framework knows it by now. Never the path itself: there
    /// are endlessly many paths.
    fn route(&self) -> Option<&str>;

    /// The first value of a header. The name is in lower case.
    fn header(&self, name: &str) -> Option<&[u8]>;

    /// The address at the other end of the connection.
    fn peer(&self) -> Option<IpAddr>;
}

/// The head of a response.
pub trait ResponseHead {
    /// The status.
    fn status(&self) -> u16;

    /// The first value of a header. The name is in lower case.
    fn header(&self, name: &str) -> Option<&[u8]>;

    /// How many bytes the body will have, if it knows.
    fn body_size(&self) -> Option<u64>;
}
