//! The frameworks that the scenarios are held against.
//!
//! | route | answer |
//! |---|---|
//! | `GET /hello/{name}` | 200 `hello {name}`, and a plain record |
//! | `GET /fail` | 503, with a request id that nobody gave it |
//! | `GET /panic` | none: it panics with [`SECRET`] |
//! | `GET /sudden` | none: it panics before there is a future (tower, actix) |
//! | `GET /empty` | 204 with a body that must not be sent |
//! | `GET /exact` | a promise of five bytes, the five bytes, and no end |
//! | `GET /stream` | `first`, then nothing for ever; a record when it is dropped |
//! | `GET /broken` | `first`, then an error |
//! | `GET /rotten` | `first`, then a panic |
//! | `GET /hang` | none, ever; a record when it is dropped |

pub(crate) mod actix;
pub(crate) mod axum;
pub(crate) mod tower;

use std::net::SocketAddr;
use std::thread::JoinHandle;

use hyperlog::{Logger, info};

/// The text of panics, which no client may see.
pub(crate) const SECRET: &str = "the password is swordfish";

/// A framework.
pub(crate) trait Host {
    /// Whether it knows patterns of routes.
    const HAS_ROUTES: bool;

    /// Serves the routes on a port of its own.
    fn start(logger: Logger) -> Server;
}

/// A server, stopped when it is dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    stop: Option<Box<dyn FnOnce()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    fn new(address: SocketAddr, stop: impl FnOnce() + 'static, thread: JoinHandle<()>) -> Server {
        Server { address, stop: Some(Box::new(stop)), thread: Some(thread) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            stop();
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Logs when it is dropped.
struct Leaving;

impl Drop for Leaving {
    fn drop(&mut self) {
        info!("leaving");
    }
}

/// How a streamed body goes on after `first`.
#[derive(Clone, Copy)]
enum Then {
    Waits,
    Fails,
    Panics,
}

impl Then {
    /// The chunks of the body.
    fn stream(self) -> impl futures_util::Stream<Item = Result<bytes::Bytes, std::io::Error>> + Send + 'static {
        let leaving = matches!(self, Then::Waits).then_some(Leaving);
        futures_util::stream::unfold((0_u32, leaving), move |(count, leaving)| async move {
            // Whoever flushes when there is nothing to do has flushed what was before.
            tokio::task::yield_now().await;
            match (count, self) {
                (0, _) => Some((Ok(bytes::Bytes::from_static(b"first")), (1, leaving))),
                (1, Then::Fails) => Some((Err(std::io::Error::other("unplugged")), (2, leaving))),
                (_, Then::Fails) => None,
                (_, Then::Waits) => std::future::pending().await,
                (_, Then::Panics) => panic!("{SECRET}"),
            }
        })
    }
}
