//! Receivers that behave and receivers that do not, each on a port of its own.
#![allow(dead_code, reason = "each test binary uses a part of them")]

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Longer than anything here takes, and shorter than patience.
pub(crate) const LONG: Duration = Duration::from_secs(30);

/// A receiver.
pub(crate) struct Fake {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    seen: Mutex<Vec<Seen>>,
    came: Condvar,
    is_over: AtomicBool,
}

/// A request that came.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// Which connection it came on, counted from nought.
    pub(crate) connection: usize,
    /// Which request of all it is.
    pub(crate) number: usize,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// What a receiver does with a request.
pub(crate) enum Act {
    /// Answers so, and keeps the connection.
    Answer(Vec<u8>),
    /// Answers so, and closes the connection.
    Last(Vec<u8>),
    /// Answers a byte at a time, with as long a pause after each, for as long as anybody reads.
    Trickle(Vec<u8>, Duration),
    /// Answers nothing, and keeps the connection.
    Silence,
    /// Closes the connection without a word.
    HangUp,
}

/// An answer with this status, these further headers and this body.
pub(crate) fn answer(status: u16, headers: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status} Whatever\r\n{headers}content-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

/// It has arrived.
pub(crate) fn ok() -> Act {
    Act::Answer(answer(200, "", "thanks"))
}

/// A status and nothing more.
pub(crate) fn status(status: u16) -> Act {
    Act::Answer(answer(status, "", ""))
}

type Wrap<S> = dyn Fn(TcpStream) -> io::Result<S> + Send + Sync;

impl Fake {
    /// Takes whole requests, and acts on each.
    pub(crate) fn start(act: impl Fn(&Seen) -> Act + Send + Sync + 'static) -> Fake {
        Fake::wrapped(Box::new(Ok::<TcpStream, io::Error>), act)
    }

    /// The same over TLS, say.
    pub(crate) fn wrapped<S: Read + Write + 'static>(
        wrap: Box<Wrap<S>>,
        act: impl Fn(&Seen) -> Act + Send + Sync + 'static,
    ) -> Fake {
        let act = Arc::new(act);
        let wrap = Arc::new(wrap);
        Fake::raw(move |connection, stream, shared| {
            let (act, wrap, shared) = (Arc::clone(&act), Arc::clone(&wrap), Arc::clone(shared));
            std::thread::spawn(move || {
                let Ok(mut stream) = wrap(stream) else { return };
                drop(serve(connection, &mut stream, &shared, &*act));
            });
        })
    }

    /// Whatever is done with a connection as it comes.
    fn raw(mut handle: impl FnMut(usize, TcpStream, &Arc<Shared>) + Send + 'static) -> Fake {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared { seen: Mutex::default(), came: Condvar::new(), is_over: AtomicBool::new(false) });
        let of_thread = Arc::clone(&shared);
        std::thread::spawn(move || {
            for (connection, stream) in listener.incoming().enumerate() {
                if of_thread.is_over.load(Ordering::Relaxed) {
                    return;
                }
                if let Ok(stream) = stream {
                    handle(connection, stream, &of_thread);
                }
            }
        });
        Fake { address, shared }
    }

    /// Reads no more than the beginning of a request and then this happens.
    pub(crate) fn rude(answer: &'static [u8]) -> Fake {
        Fake::raw(move |connection, mut stream, shared| {
            drop(stream.read(&mut [0; 16]));
            drop(stream.write_all(answer));
            shared.note(Seen { connection, number: 0, path: String::new(), headers: Vec::new(), body: Vec::new() });
            // What is left unread makes the system reset the connection.
        })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// All requests that have come.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.shared.lock().clone()
    }

    /// The same, once there are so many.
    #[track_caller]
    pub(crate) fn await_seen(&self, requests: usize) -> Vec<Seen> {
        let mut seen = self.shared.lock();
        let begun = Instant::now();
        while seen.len() < requests {
            assert!(begun.elapsed() < LONG, "{} of {requests} requests have come", seen.len());
            seen = self.shared.came.wait_timeout(seen, LONG).unwrap_or_else(PoisonError::into_inner).0;
        }
        seen.clone()
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::Relaxed);
        self.shared.came.notify_all();
        // So that whoever accepts looks again.
        drop(TcpStream::connect(self.address));
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Vec<Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, mut seen: Seen) -> Seen {
        let mut all = self.lock();
        seen.number = all.len();
        all.push(seen.clone());
        self.came.notify_all();
        seen
    }

    fn await_end(&self) {
        let mut seen = self.lock();
        while !self.is_over.load(Ordering::Relaxed) {
            seen = self.came.wait_timeout(seen, LONG).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

fn serve<S: Read + Write>(
    connection: usize,
    stream: &mut S,
    shared: &Shared,
    act: &dyn Fn(&Seen) -> Act,
) -> io::Result<()> {
    while let Some(seen) = read_request(connection, stream)? {
        let seen = shared.note(seen);
        match act(&seen) {
            Act::Answer(bytes) => stream.write_all(&bytes).and_then(|()| stream.flush())?,
            Act::Last(bytes) => return stream.write_all(&bytes).and_then(|()| stream.flush()),
            Act::Trickle(bytes, pause) => {
                for byte in bytes {
                    stream.write_all(&[byte])?;
                    stream.flush()?;
                    std::thread::sleep(pause);
                }
            }
            Act::Silence => {
                shared.await_end();
                return Ok(());
            }
            Act::HangUp => return Ok(()),
        }
    }
    Ok(())
}

fn read_request<S: Read>(connection: usize, stream: &mut S) -> io::Result<Option<Seen>> {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    let head = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        match stream.read(&mut piece)? {
            0 => return Ok(None),
            read => bytes.extend_from_slice(&piece[..read]),
        }
    };
    let text = String::from_utf8_lossy(&bytes[..head]).into_owned();
    let mut lines = text.lines();
    let path = lines.next().and_then(|line| line.split(' ').nth(1)).unwrap_or_default().to_owned();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length").and_then(|(_, value)| value.parse().ok());
    let length: usize = length.unwrap_or_default();
    let mut body = bytes.split_off(head);
    while body.len() < length {
        match stream.read(&mut piece)? {
            0 => return Ok(None),
            read => body.extend_from_slice(&piece[..read]),
        }
    }
    Ok(Some(Seen { connection, number: 0, path, headers, body }))
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The messages of the records in it, in their order.
    pub(crate) fn messages(&self) -> Vec<String> {
        let records: Vec<serde_json::Value> = serde_json::from_slice(&self.body).expect("it is an array of JSON");
        records.iter().map(|record| record["message"].as_str().unwrap_or_default().to_owned()).collect()
    }
}
