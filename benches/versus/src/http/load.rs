//! Load on a server: connections that are kept alive and are all asked before the first reply is read.
//!
//! It is plain blocking code, so that it takes less of the machine than the server does.

use crate::case::Case;
use crate::http::request::{Asked, HEADERS};
use crate::mode::MARK;
use crate::results::quantile;
use serde_json::json;
use std::error::Error;
use std::fmt::Write as _;
use std::io;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::{Duration, Instant};

/// The first argument of a process that puts load on a server.
pub const FLAG: &str = "--load";

const CONNECTIONS: usize = 64;
/// However fast a server is, so many replies are enough.
const MOST: usize = 500_000;

/// Arguments: the port, and for how many milliseconds.
pub fn run(arguments: &[String]) -> Result<(), Box<dyn Error>> {
    let [port, length] = arguments else { return Err("load needs two arguments".into()) };
    let (port, length) = (port.parse()?, Duration::from_millis(length.parse()?));
    let mut connections: Vec<TcpStream> = (0..CONNECTIONS).map(|_| connect(port)).collect::<Result<_, _>>()?;
    let (request, mut buffer) = (request(), Vec::new());
    let (mut waited, begun) = (Vec::new(), Instant::now());
    while begun.elapsed() < length && waited.len() < MOST {
        let mut asked = [begun; CONNECTIONS];
        for (connection, asked) in connections.iter_mut().zip(&mut asked) {
            *asked = Instant::now();
            connection.write_all(request.as_bytes())?;
        }
        for (connection, asked) in connections.iter_mut().zip(asked) {
            read(connection, &mut buffer)?;
            waited.push(asked.elapsed().as_nanos() as f64);
        }
    }
    let (replies, seconds) = (waited.len(), begun.elapsed().as_secs_f64());
    waited.sort_unstable_by(f64::total_cmp);
    let [half, hundredth] = [0.5, 0.99].map(|part| if replies > 0 { quantile(&waited, part) } else { 0.0 });
    println!("\n{MARK}{}", json!({ "replies": replies, "seconds": seconds, "p50": half, "p99": hundredth }));
    Ok(())
}

fn connect(port: u16) -> io::Result<TcpStream> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    Ok(stream)
}

fn request() -> String {
    let mut text = format!("GET {} HTTP/1.1\r\n", Asked::of(Case::AxumLoopback).path);
    for (name, value) in HEADERS {
        let _ = write!(text, "{name}: {value}\r\n");
    }
    text + "\r\n"
}

/// Reads one reply, which must be a good one.
fn read(stream: &mut TcpStream, reply: &mut Vec<u8>) -> io::Result<()> {
    reply.clear();
    while length(reply).is_none_or(|length| reply.len() < length) {
        let mut part = [0; 1024];
        match stream.read(&mut part)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            size => reply.extend_from_slice(&part[..size]),
        }
    }
    match reply.starts_with(b"HTTP/1.1 200 ") {
        true => Ok(()),
        false => Err(io::Error::other(String::from_utf8_lossy(reply))),
    }
}

/// The length of a reply, head and body, once its head is there.
fn length(reply: &[u8]) -> Option<usize> {
    const NAME: &[u8] = b"content-length:";
    let head = reply.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let mut lines = reply[..head].split(|&byte| byte == b'\n');
    let value = lines.find_map(|line| {
        let (name, value) = line.split_at_checked(NAME.len())?;
        name.eq_ignore_ascii_case(NAME).then_some(value)
    })?;
    Some(head + std::str::from_utf8(value).ok()?.trim().parse::<usize>().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_of_a_reply_is_known_with_its_head() {
        assert_eq!(length(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"), None);
        assert_eq!(length(b"HTTP/1.1 200 OK\r\na: b\r\nContent-Length: 2\r\n\r\nok"), Some(46));
    }
}
