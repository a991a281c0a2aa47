//! A client that sends exactly what a scenario says, and leaves when it says so.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use socket2::SockRef;

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: Vec<u8>,
    /// Whether the body came to the end that its head promised.
    pub(crate) is_complete: bool,
}

impl Reply {
    /// The value of a header that stands there once.
    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> &str {
        match self.headers(name)[..] {
            [value] => value,
            ref values => panic!("{} lines of {name} in {}", values.len(), self.head),
        }
    }

    /// All values of a header.
    pub(crate) fn headers(&self, name: &str) -> Vec<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value).collect()
    }

    /// The body, which is text.
    #[track_caller]
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("the body is text")
    }

    /// Whether this text stands anywhere in it.
    pub(crate) fn tells(&self, text: &str) -> bool {
        self.head.contains(text) || String::from_utf8_lossy(&self.body).contains(text)
    }
}

/// Sends a request, `GET /path` and header lines, on a connection of its own, and takes the whole reply.
#[track_caller]
pub(crate) fn send(address: SocketAddr, request: &str, headers: &[(&str, &str)]) -> Reply {
    let mut connection = Connection::open(address);
    connection.ask(request, &[headers, &[("connection", "close")]].concat());
    connection.reply()
}

/// Sends a request and leaves when this much of the response has come.
#[track_caller]
pub(crate) fn leave_at(address: SocketAddr, request: &str, text: &str) {
    let mut connection = Connection::open(address);
    connection.ask(request, &[]);
    connection.wait_for(text);
}

/// One connection. Whoever drops it has left.
pub(crate) struct Connection {
    stream: TcpStream,
    /// What has come and was not taken.
    came: Vec<u8>,
    has_ended: bool,
    /// The methods of the requests whose replies are still to come.
    asked: Vec<String>,
}

impl Connection {
    pub(crate) fn open(address: SocketAddr) -> Connection {
        let stream = TcpStream::connect(address).expect("the server listens");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout can be set");
        stream.set_nodelay(true).expect("it can be set");
        Connection { stream, came: Vec::new(), has_ended: false, asked: Vec::new() }
    }

    /// Takes little at once, so that a server cannot get rid of much before it is read.
    pub(crate) fn open_narrow(address: SocketAddr) -> Connection {
        let connection = Connection::open(address);
        SockRef::from(&connection.stream).set_recv_buffer_size(64 * 1024).expect("it can be set");
        connection
    }

    /// Sends the head of a request.
    #[track_caller]
    pub(crate) fn ask(&mut self, request: &str, headers: &[(&str, &str)]) {
        let text = self.head(request, headers);
        self.write(text.as_bytes());
    }

    /// The head of a request that is going to be sent.
    pub(crate) fn head(&mut self, request: &str, headers: &[(&str, &str)]) -> String {
        self.asked.push(request.split(' ').next().unwrap_or_default().to_owned());
        let mut text = format!("{request} HTTP/1.1\r\nhost: localhost\r\n");
        for (name, value) in headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str("\r\n");
        text
    }

    #[track_caller]
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).expect("the server reads");
    }

    /// Nothing more comes from here, but what comes from there is still taken.
    pub(crate) fn say_no_more(&self) {
        self.stream.shutdown(Shutdown::Write).expect("it is open");
    }

    /// Leaves without a farewell.
    pub(crate) fn reset(self) {
        SockRef::from(&self.stream).set_linger(Some(Duration::ZERO)).expect("it can be set");
    }

    /// The next reply.
    #[track_caller]
    pub(crate) fn reply(&mut self) -> Reply {
        self.try_reply().unwrap_or_else(|| panic!("there is no head in {:?}", String::from_utf8_lossy(&self.came)))
    }

    /// The next reply, unless the server leaves before its head is complete.
    #[track_caller]
    pub(crate) fn try_reply(&mut self) -> Option<Reply> {
        let head = self.reply_head()?;
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.unwrap_or_else(|| panic!("no status in {head:?}"));
        let mut reply = Reply { status, head, body: Vec::new(), is_complete: true };
        if status == 100 {
            return Some(reply);
        }
        let method = if self.asked.is_empty() { String::new() } else { self.asked.remove(0) };
        if method == "HEAD" || matches!(status, 101 | 204 | 304) {
            return Some(reply);
        }
        (reply.body, reply.is_complete) = if let [length] = reply.headers("content-length")[..] {
            self.take(length.parse().expect("it is a number"))
        } else if reply.headers("transfer-encoding") == ["chunked"] {
            self.take_chunks()
        } else {
            while self.read_more() {}
            (std::mem::take(&mut self.came), true)
        };
        Some(reply)
    }

    fn reply_head(&mut self) -> Option<String> {
        let end = self.find(b"\r\n\r\n")?;
        let head: Vec<u8> = self.came.drain(..end + 4).collect();
        Some(String::from_utf8_lossy(&head[..end]).into_owned())
    }

    /// As many bytes, or what there is of them, and whether that was all.
    pub(crate) fn take(&mut self, length: usize) -> (Vec<u8>, bool) {
        while self.came.len() < length && self.read_more() {}
        let bytes: Vec<u8> = self.came.drain(..length.min(self.came.len())).collect();
        let is_complete = bytes.len() == length;
        (bytes, is_complete)
    }

    fn take_chunks(&mut self) -> (Vec<u8>, bool) {
        let mut body = Vec::new();
        loop {
            let Some(end) = self.find(b"\r\n") else { return (body, false) };
            let line: Vec<u8> = self.came.drain(..end + 2).collect();
            let size = std::str::from_utf8(&line[..end]).ok().and_then(|size| usize::from_str_radix(size, 16).ok());
            let size = size.unwrap_or_else(|| panic!("{:?} is no size", String::from_utf8_lossy(&line)));
            let (mut chunk, is_complete) = self.take(size + 2);
            chunk.truncate(size);
            body.extend(chunk);
            if size == 0 || !is_complete {
                return (body, is_complete);
            }
        }
    }

    /// Reads until this has come, and takes nothing.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, text: &str) {
        if self.find(text.as_bytes()).is_none() {
            panic!("the server closed after {:?}", String::from_utf8_lossy(&self.came));
        }
    }

    /// Reads until as much of a reply has come as this, beginning with its head, and says how much of the body that is.
    /// None if there is no head.
    pub(crate) fn peek_body(&mut self, at_least: usize) -> Option<usize> {
        let begin = self.find(b"\r\n\r\n")? + 4;
        while self.came.len() < begin + at_least && self.read_more() {}
        Some(self.came.len() - begin)
    }

    /// As much of a reply as there is when so much has come behind its head, for whoever leaves then.
    pub(crate) fn glimpse(&mut self, at_least: usize) -> Option<Reply> {
        self.peek_body(at_least)?;
        self.has_ended = true;
        self.try_reply()
    }

    /// Whether the server has left, when everything that came was taken.
    pub(crate) fn is_over(&mut self) -> bool {
        self.came.is_empty() && !self.read_more()
    }

    fn find(&mut self, text: &[u8]) -> Option<usize> {
        let mut from = 0;
        loop {
            if let Some(at) = self.came[from..].windows(text.len()).position(|window| window == text) {
                return Some(from + at);
            }
            from = self.came.len().saturating_sub(text.len());
            if !self.read_more() {
                return None;
            }
        }
    }

    /// A response that breaks off may end in a reset.
    #[track_caller]
    fn read_more(&mut self) -> bool {
        if self.has_ended {
            return false;
        }
        let mut piece = [0; 16 * 1024];
        match self.stream.read(&mut piece) {
            Ok(count) if count > 0 => self.came.extend_from_slice(&piece[..count]),
            Err(error) if matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {
                panic!("nothing came after {:?}", String::from_utf8_lossy(&self.came))
            }
            Ok(_) | Err(_) => self.has_ended = true,
        }
        !self.has_ended
    }
}
