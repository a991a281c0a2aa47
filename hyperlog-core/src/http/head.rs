//! What a framework shows of a request and of its response.
//!
//! Traits over borrowed parts, so that the core knows no framework's types and copies only what a record needs.

use std::any::Any;
use std::net::IpAddr;

/// The head of a request.
pub trait RequestHead {
    /// The method, in upper case: `GET`.
    fn method(&self) -> &str;

    /// The path as it was sent, without the query.
    fn path(&self) -> &str;

    /// What stands behind the question mark, if there is one.
    fn query(&self) -> Option<&str> {
        None
    }

    /// The pattern of the route, such as `/users/{id}`, if the framework knows it by now. Never the path itself: there
    /// are endlessly many paths.
    fn route(&self) -> Option<&str> {
        None
    }

    /// The first value of a header. The name is in lower case.
    fn header(&self, name: &str) -> Option<&[u8]>;

    /// The value of a header that may stand there only once: none if there are two. The name is in lower case.
    fn only_header(&self, name: &str) -> Option<&[u8]> {
        let value = self.header(name)?;
        let mut lines = 0;
        self.for_each_header(&mut |header| lines += usize::from(header.name == name));
        (lines == 1).then_some(value)
    }

    /// The headers that are asked for of every request.
    fn usual_headers(&self) -> UsualHeaders<'_> {
        UsualHeaders {
            user_agent: self.header("user-agent"),
            content_type: self.header("content-type"),
            content_length: self.header("content-length"),
            trace_parent: self.only_header("traceparent"),
        }
    }

    /// Shows every line of the headers, those of one name in their order.
    fn for_each_header<'h>(&'h self, each: &mut dyn FnMut(Header<'h>));

    /// The address at the other end of the connection.
    fn peer(&self) -> Option<IpAddr> {
        None
    }

    /// Whether it shares its connection with others at the same time, as from HTTP/2 on: then a client can leave one alone.
    fn is_multiplexed(&self) -> bool {
        false
    }

    /// Where the framework keeps what others left with the request, for extractors that know the framework.
    fn extensions(&self) -> &dyn Any {
        &()
    }
}

/// The headers that are asked for of every request: a framework may find them all at once.
#[derive(Clone, Copy, Default)]
#[expect(missing_docs, reason = "each is what its name says")]
pub struct UsualHeaders<'h> {
    pub user_agent: Option<&'h [u8]>,
    pub content_type: Option<&'h [u8]>,
    pub content_length: Option<&'h [u8]>,
    /// None if there are two: nobody could say which is meant.
    pub trace_parent: Option<&'h [u8]>,
}

impl std::fmt::Debug for UsualHeaders<'_> {
    /// Shows nothing: the values have met no redaction.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("UsualHeaders(..)")
    }
}

/// The head of a response.
pub trait ResponseHead {
    /// The status.
    fn status(&self) -> u16;

    /// The first value of a header. The name is in lower case.
    fn header(&self, name: &str) -> Option<&[u8]>;

    /// Shows every line of the headers, those of one name in their order.
    fn for_each_header<'h>(&'h self, each: &mut dyn FnMut(Header<'h>));

    /// How many bytes the body will have, if it knows.
    fn body_size(&self) -> Option<u64>;

    /// Whether the server may not notice that a client has left before the body ends: then it is told when a body begins
    /// whose end cannot be foreseen.
    fn may_miss_the_end(&self) -> bool {
        false
    }

    /// An error that whoever made the response left with it.
    fn cause(&self) -> Option<&(dyn std::error::Error + 'static)> {
        None
    }

    /// Where the framework keeps what others left with the response, for extractors that know the framework.
    fn extensions(&self) -> &dyn Any {
        &()
    }
}

/// One line of the headers.
#[derive(Clone, Copy)]
pub struct Header<'h> {
    /// The name, in lower case.
    pub name: &'h str,
    /// The value, which may be any bytes.
    pub value: &'h [u8],
    /// Whether somebody marked it as not to be shown.
    pub is_sensitive: bool,
}

impl std::fmt::Debug for Header<'_> {
    /// Shows the name alone: the value has met no redaction.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Header").field(&self.name).finish()
    }
}
