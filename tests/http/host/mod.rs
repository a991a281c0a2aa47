//! The frameworks that the scenarios are held against.
//!
//! | route | answer |
//! |---|---|
//! | `GET /hello/{name}` | 200 `hello {name}`, and a plain record |
//! | `GET /fail` | 503, with a request id that nobody gave it |
//! | `GET /text` | [`TEXT`] bytes that compress well |
//! | `GET /large` | [`LARGE`] bytes of [`content`], as a stream |
//! | `GET /slow` | three chunks with [`PAUSE`] between them |
//! | `POST /echo` | how many bytes the request has |
//! | `GET /empty` | 204 with a body that must not be sent |
//! | `GET /unchanged` | 304 with a body that must not be sent |
//! | `GET /exact` | a promise of five bytes, the five bytes, and no end |
//! | `GET /stream` | `first`, then nothing for ever; a record for the chunk, and one when it is dropped |
//! | `GET /events` | events, until someone leaves |
//! | `GET /trailers` | `first`, then a trailer (tower, axum) |
//! | `GET /upgrade` | 101, then `hi`, then nothing until the client has said something |
//! | `GET /broken` | `first`, then an error |
//! | `GET /rotten` | `first`, then a panic |
//! | `GET /panic` | none: it panics with [`SECRET`], after it has waited once |
//! | `GET /sudden` | none: it panics before there is a future (tower, actix) |
//! | `GET /number` | none: it panics with a number instead of a text |
//! | `GET /rethrown` | none: it goes on with the panic of a thread |
//! | `GET /swallowed` | 200: it panics and catches that itself |
//! | `GET /extracted`, `/responding`, `/within` | none: an argument, an answer, a middleware panics (axum, actix) |
//! | `GET /hang` | none, ever; a record when it is dropped |
//! | `GET /gate/{name}` | 200 `open`, when the scenario has opened the [`gate`] |
//! | `GET /locked` | 401 by a middleware (axum, actix) |
//! | `GET /typed/{number}` | 400 if it is no number (axum, actix) |
//! | `GET /ruled/{id}` | 200, behind a rule that changes nothing (axum) |
//! | `GET /uncovered` | 200, without our layer (axum) |
//! | `GET /chaos/{ending}/{size}` | so many bytes of [`content`] with one of the endings of [`Chaos`] |
//! | `/act/{name}` | what the scenario wants: see [`Act`] |
//! | `GET /known`, `/unknown` | 500 by an error with a cause, of a type that is known to us or is not (actix) |
//!
//! Those that only one framework has stand with it.

pub(crate) mod actix;
pub(crate) mod axum;
pub(crate) mod tower;

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::io::Error;
use std::net::{SocketAddr, TcpListener};
use std::panic::{catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;
use futures_util::stream::unfold;
use http::{HeaderMap, StatusCode};
use hyperlog::http::{Policy, RouteRule, SharedPolicy};
use hyperlog::{Logger, info};
use tokio::sync::{Semaphore, oneshot};

/// The text of panics, which no client may see.
pub(crate) const SECRET: &str = "the password is swordfish";

/// The bytes of `/text`.
pub(crate) const TEXT: usize = 20_000;

/// The bytes of `/large`: more than all buffers on the way hold together.
pub(crate) const LARGE: usize = 16 << 20;

/// What lies between two chunks of `/slow`.
pub(crate) const PAUSE: Duration = Duration::from_millis(50);

/// A folder with a file named `LICENSE-MIT`.
pub(crate) const FOLDER: &str = env!("CARGO_MANIFEST_DIR");

/// A framework.
pub(crate) trait Host {
    /// Whether it knows patterns of routes.
    const HAS_ROUTES: bool;

    /// Whether it may not notice that a client has left a body.
    const MAY_MISS_THE_END: bool;

    /// How many bytes its extractors of JSON and of bodies take, and what the latter is called.
    const MOST_OF_JSON: usize = 0;
    const MOST_OF_BODY: usize = 0;
    const BODY: &str = "";

    /// Serves the routes on a port of its own.
    fn start(setup: Setup) -> Server;

    /// Calls `/act/ann` without any server, and lets go of the response without a look at its body; gives its status.
    fn call_once(setup: Setup) -> u16;

    /// Has the runtime carry on with work that belongs to the current request. Says whether it came to its end.
    fn spawn(work: impl Future<Output = ()> + Send + 'static) -> impl Future<Output = bool> + Send;

    /// Has the pool for what blocks do work that belongs to the current request. Says whether it came to its end.
    fn block(work: impl FnOnce() + Send + 'static) -> impl Future<Output = bool> + Send;

    /// Whose request it is, as [`Other::Door`] has left it in the extensions.
    fn tenant(extensions: &dyn Any) -> Option<Tenant>;
}

/// What a scenario does in the place of a handler.
pub(crate) type Act = Arc<dyn Fn(Asked) -> Pin<Box<dyn Future<Output = Answer> + Send>> + Send + Sync>;

/// What it is asked.
pub(crate) struct Asked {
    pub(crate) name: String,
    pub(crate) body: Bytes,
}

/// What it answers.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) content: Content,
    /// An error that travels with the response (tower, axum).
    pub(crate) cause: Option<Chain>,
}

/// The body of an answer.
pub(crate) enum Content {
    Full(Bytes),
    Stream(Pin<Box<dyn Stream<Item = Result<Bytes, Error>> + Send>>),
    /// With trailers behind it (tower, axum).
    Trailed(Bytes, HeaderMap),
}

impl Answer {
    pub(crate) fn new(status: u16, body: impl Into<Bytes>) -> Answer {
        let status = StatusCode::from_u16(status).expect("a scenario answers with a status");
        Answer { status, headers: HeaderMap::new(), content: Content::Full(body.into()), cause: None }
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Answer {
        self.headers.append(name, value.parse().expect("a scenario answers with headers"));
        self
    }
}

/// Whose request it is.
#[derive(Clone, Debug)]
pub(crate) struct Tenant(pub(crate) &'static str);

/// An error with causes.
#[derive(Clone, Debug)]
pub(crate) struct Chain(pub(crate) &'static [&'static str]);

/// The disk is at the bottom of it.
pub(crate) const CHAIN: Chain = Chain(&["no order", "no database", "disk on fire"]);

impl fmt::Display for Chain {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0.first().copied().unwrap_or_default())
    }
}

impl std::error::Error for Chain {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        const CAUSES: [Chain; 2] = [Chain(&["no database", "disk on fire"]), Chain(&["disk on fire"])];
        CAUSES.iter().find(|cause| cause.0.len() + 1 == self.0.len()).map(|cause| cause as _)
    }
}

/// What a server is to be like.
pub(crate) struct Setup {
    pub(crate) logger: Logger,
    pub(crate) workers: usize,
    /// None leaves the layer as it is.
    pub(crate) policy: Option<SharedPolicy>,
    pub(crate) act: Act,
    /// What of ours stands inside of our layer.
    pub(crate) inside: Inside,
    /// A middleware that stands beside ours, and where.
    pub(crate) beside: Option<(Other, Side)>,
}

impl Setup {
    pub(crate) fn new(logger: Logger) -> Setup {
        let act: Act = Arc::new(|asked| Box::pin(async move { Answer::new(200, asked.name) }));
        Setup { logger, workers: 1, policy: None, act, inside: Inside::Nothing, beside: None }
    }

    pub(crate) fn act<F: Future<Output = Answer> + Send + 'static>(
        &mut self,
        act: impl Fn(Asked) -> F + Send + Sync + 'static,
    ) {
        self.act = Arc::new(move |asked| Box::pin(act(asked)));
    }
}

/// What of ours stands inside of our layer.
#[derive(Clone, Debug)]
pub(crate) enum Inside {
    Nothing,
    /// Two rules, one around the other, as layers.
    Rules([RouteRule; 2]),
    /// Two rules, one around the other, as data of the application (actix).
    Data([RouteRule; 2]),
    /// Our layer once more, with a policy of its own.
    Again(Box<Policy>),
    /// A service that fails (tower).
    Failing,
}

/// The middlewares that stand beside ours.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Other {
    /// Compresses responses.
    Compression,
    /// Decompresses requests.
    Decompression,
    /// Answers preflights.
    Cors,
    /// Answers 408 when [`PAUSE`] is over.
    Timeout,
    /// Answers 500 to panics.
    CatchPanic,
    /// Makes ids and sends them back.
    RequestIds,
    /// The same, and answers panics, both by what we give it.
    Ours,
    /// Traces.
    Trace,
    /// Lets one request in at a time.
    Limit,
    /// A function that passes the request on, and adds a header to what comes back.
    Function,
    /// Leaves a [`Tenant`] in the extensions, and marks the header `x-mood` as not to be shown.
    Door,
    /// Cuts the slash at the end of a path off.
    NormalizePath,
    /// A timeout that is an error, and 504 for that error.
    HandleError,
    /// The files of [`FOLDER`] instead of the routes.
    Files,
    /// The access log of the framework itself.
    AccessLog,
    /// Replaces the bodies of 503.
    ErrorHandlers,
    /// None, but ours has a switch, which is on.
    On,
    /// None, but ours has a switch, which is off.
    Off,
    /// None, but ours stands on single pieces of the application instead of on all of it.
    Pieces,
}

/// Where another middleware stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// Between ours and the routes.
    Inside,
    /// Around ours.
    Outside,
}

impl Side {
    pub(crate) const BOTH: [Side; 2] = [Side::Inside, Side::Outside];
}

/// A server, stopped when it is dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    stop: Box<dyn FnMut(Stop)>,
    thread: Option<JoinHandle<()>>,
}

/// How a server is stopped.
enum Stop {
    Now,
    /// When what has begun is done.
    Gracefully,
}

impl Server {
    /// Stops when what has begun is done, and returns then.
    pub(crate) fn finish(mut self, meanwhile: impl FnOnce()) {
        (self.stop)(Stop::Gracefully);
        meanwhile();
        self.thread.take().expect("it runs").join().expect("it ends without a panic");
    }

    /// Runs what serves on a listener until its argument resolves, on a runtime of tokio.
    fn run<F>(setup: &Setup, serve: impl FnOnce(tokio::net::TcpListener, oneshot::Receiver<()>) -> F) -> Server
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        listener.set_nonblocking(true).expect("it can be");
        let mut runtime = match setup.workers {
            1 => tokio::runtime::Builder::new_current_thread(),
            _ => tokio::runtime::Builder::new_multi_thread(),
        };
        let runtime = runtime.worker_threads(setup.workers).enable_all().build().expect("a runtime");
        let listener = {
            let _entered = runtime.enter();
            tokio::net::TcpListener::from_std(listener).expect("it listens")
        };
        let (stop, stopped) = oneshot::channel::<()>();
        let (finish, finished) = oneshot::channel();
        let served = serve(listener, finished);
        let thread = std::thread::spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = served => {}
                    _ = stopped => {}
                }
            });
        });
        let (mut stop, mut finish) = (Some(stop), Some(finish));
        let stop = move |how: Stop| match how {
            Stop::Now => drop(stop.take()),
            Stop::Gracefully => drop(finish.take()),
        };
        Server { address, stop: Box::new(stop), thread: Some(thread) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        (self.stop)(Stop::Now);
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

/// What stays shut until someone adds a permit.
pub(crate) fn gate(name: &str) -> Arc<Semaphore> {
    static GATES: Mutex<BTreeMap<String, Arc<Semaphore>>> = Mutex::new(BTreeMap::new());
    let mut gates = GATES.lock().unwrap_or_else(PoisonError::into_inner);
    gates.entry(name.to_owned()).or_insert_with(|| Arc::new(Semaphore::new(0))).clone()
}

async fn pass(name: &str) -> &'static str {
    info!("waiting");
    gate(name).acquire().await.expect("it is never closed").forget();
    "open"
}

/// Panics after it has waited once, so that it is a poll that panics.
async fn panic_later() -> &'static str {
    tokio::task::yield_now().await;
    panic!("{SECRET}")
}

fn panic_with_a_number() -> &'static str {
    std::panic::panic_any(42_u8)
}

fn rethrow() -> &'static str {
    match std::thread::spawn(|| panic!("{SECRET}")).join() {
        Ok(()) => "never",
        Err(payload) => resume_unwind(payload),
    }
}

fn swallow() -> &'static str {
    assert!(catch_unwind(|| panic!("{SECRET}")).is_err());
    "nothing happened"
}

/// Bytes that show where they stand.
pub(crate) fn content(size: usize) -> Bytes {
    (0..size).map(|at| (at % 251) as u8).collect::<Vec<u8>>().into()
}

/// How a streamed body goes on after its bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Then {
    Ends,
    Waits,
    Fails,
    Panics,
}

impl Then {
    /// A body of one chunk.
    fn stream(self) -> impl Stream<Item = Result<Bytes, Error>> + Send + 'static {
        self.after(Bytes::from_static(b"first"), 5)
    }

    /// A body of these bytes, in pieces of this size.
    fn after(self, bytes: Bytes, piece: usize) -> impl Stream<Item = Result<Bytes, Error>> + Send + 'static {
        let leaving = (self == Then::Waits).then(|| Leaving);
        unfold((Some(bytes), leaving), move |(rest, leaving)| async move {
            // Whoever flushes when there is nothing to do has flushed what was before.
            tokio::task::yield_now().await;
            let mut rest = rest?;
            if !rest.is_empty() {
                if leaving.is_some() {
                    info!("flowing");
                }
                let next = rest.split_to(piece.min(rest.len()));
                return Some((Ok(next), (Some(rest), leaving)));
            }
            match self {
                Then::Ends => None,
                Then::Waits => std::future::pending().await,
                Then::Fails => Some((Err(Error::other("unplugged")), (None, leaving))),
                Then::Panics => panic!("{SECRET}"),
            }
        })
    }
}

/// Three chunks with pauses between them.
fn slowly() -> impl Stream<Item = Result<Bytes, Error>> + Send + 'static {
    unfold(0, |count| async move {
        if count == 1 || count == 2 {
            tokio::time::sleep(PAUSE).await;
        }
        (count < 3).then(|| (Ok(Bytes::from_static(b"chunk")), count + 1))
    })
}

/// Events, the next of them always soon.
fn events() -> impl Stream<Item = Result<Bytes, Error>> + Send + 'static {
    unfold(0_u32, |count| async move {
        tokio::time::sleep(Duration::from_millis(5)).await;
        Some((Ok(Bytes::from(format!("data: {count}\n\n"))), count + 1))
    })
}

/// What a chaotic client may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Chaos {
    /// All bytes at once.
    Sized,
    /// All bytes in chunks.
    Chunked,
    /// All bytes in chunks, then an error.
    Fails,
    /// All bytes in chunks, then a panic.
    Panics,
    /// A panic instead of a response.
    Bursts,
}

impl Chaos {
    pub(crate) const ALL: [Chaos; 5] = [Chaos::Sized, Chaos::Chunked, Chaos::Fails, Chaos::Panics, Chaos::Bursts];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Chaos::Sized => "sized",
            Chaos::Chunked => "chunked",
            Chaos::Fails => "fails",
            Chaos::Panics => "panics",
            Chaos::Bursts => "bursts",
        }
    }

    fn named(name: &str) -> Chaos {
        Chaos::ALL
            .into_iter()
            .find(|ending| ending.name() == name)
            .expect("a scenario asks for an ending that there is")
    }

    /// The bytes, or how they are streamed.
    fn body(self, size: usize) -> Result<Bytes, impl Stream<Item = Result<Bytes, Error>> + Send + 'static> {
        let then = match self {
            Chaos::Sized => return Ok(content(size)),
            Chaos::Bursts => panic!("{SECRET}"),
            Chaos::Chunked => Then::Ends,
            Chaos::Fails => Then::Fails,
            Chaos::Panics => Then::Panics,
        };
        Err(then.after(content(size), 4096))
    }
}
