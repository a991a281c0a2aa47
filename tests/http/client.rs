//! A client that sends exactly what a scenario says, and leaves when it says so.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: String,
}

impl Reply {
    /// The value of a header that stands there once.
    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> &str {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let values: Vec<&str> =
            lines.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value).collect();
        match values[..] {
            [value] => value,
            _ => panic!("{} lines of {name} in {}", values.len(), self.head),
        }
    }

    fn parse(bytes: &[u8]) -> Reply {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no head in {text:?}"));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.unwrap_or_else(|| panic!("no status in {head:?}"));
        Reply { status, head: head.to_owned(), body: body.to_owned() }
    }
}

/// Sends a request, `GET /path` and header lines, and reads until the server closes.
pub(crate) fn send(address: SocketAddr, request: &str, headers: &[(&str, &str)]) -> Reply {
    let mut connection = begin(address, request, headers);
    let mut bytes = Vec::new();
    // A response that breaks off may end in a reset.
    let _ = connection.read_to_end(&mut bytes);
    Reply::parse(&bytes)
}

/// Sends a request and leaves when this much of the response has come.
pub(crate) fn leave_at(address: SocketAddr, request: &str, text: &str) {
    let mut connection = begin(address, request, &[]);
    let mut bytes = Vec::new();
    let mut piece = [0; 1024];
    while !String::from_utf8_lossy(&bytes).contains(text) {
        let count = connection.read(&mut piece).expect("the server answers");
        assert!(count > 0, "the server closed after {:?}", String::from_utf8_lossy(&bytes));
        bytes.extend_from_slice(&piece[..count]);
    }
}

/// Sends a request; whoever drops the connection has left.
pub(crate) fn begin(address: SocketAddr, request: &str, headers: &[(&str, &str)]) -> TcpStream {
    let mut text = format!("{request} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str("\r\n");
    let mut connection = TcpStream::connect(address).expect("the server listens");
    connection.set_read_timeout(Some(Duration::from_secs(10))).expect("a timeout can be set");
    connection.write_all(text.as_bytes()).expect("the server reads");
    connection
}
