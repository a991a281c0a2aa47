//! The process is asked to end, as a future: for servers that serve to the end what they have begun.
//!
//! A thread waits for the signals, so that it stands beside any runtime.

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use signal_hook::iterator::{Handle, Signals};
use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// Ready with the name of the signal when the process is asked to end, by SIGTERM or SIGINT. A second signal ends the
/// process at once, and so does the first when this is no longer there: whoever asks twice does not want to wait.
///
/// It is what a server takes as its signal to end, by way of a [`Drain`](crate::http::Drain), which tells of it:
///
/// ```no_run
/// use axum::{Router, routing::get};
/// use hyperlog::Termination;
/// use hyperlog::http::{Drain, InFlight};
///
/// #[tokio::main]
/// async fn main() -> Result<(), Box<dyn std::error::Error>> {
///     let _logging = hyperlog::init()?;
///     let in_flight = InFlight::new();
///     let layer = hyperlog::axum::HyperLogLayer::new().in_flight(&in_flight);
///     let app = Router::new().route("/", get(|| async { "hello" })).layer(layer);
///     let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
///
///     let drain = Drain::new(&in_flight);
///     drain.started(listener.local_addr()?);
///     axum::serve(listener, app).with_graceful_shutdown(drain.after(Termination::listen()?)).await?;
///     drain.finish(Drain::PATIENCE)?;
///     Ok(())
/// }
/// ```
#[must_use = "dropped at once, it leaves the signals to end the process as ever"]
pub struct Termination {
    asked: Arc<Mutex<Asked>>,
    /// Whether the next signal ends the process.
    is_last: Arc<AtomicBool>,
    listener: Handle,
}

/// What the thread and the future know of each other.
#[derive(Default)]
struct Asked {
    by: Option<&'static str>,
    waker: Option<Waker>,
}

impl Termination {
    /// From now on the signals do not end the process by themselves.
    ///
    /// # Errors
    ///
    /// When the signals cannot be listened to, or there is no thread to be had.
    pub fn listen() -> io::Result<Termination> {
        let (asked, is_last) = (Arc::<Mutex<Asked>>::default(), Arc::new(AtomicBool::new(false)));
        for signal in [SIGTERM, SIGINT] {
            // In this order: the first signal passes the one and sets the other, before anybody else hears of it.
            flag::register_conditional_default(signal, Arc::clone(&is_last))?;
            flag::register(signal, Arc::clone(&is_last))?;
        }
        let mut signals = Signals::new([SIGTERM, SIGINT])?;
        let termination = Termination { asked: Arc::clone(&asked), is_last, listener: signals.handle() };
        let wait = move || {
            let Some(signal) = signals.forever().next() else { return };
            let waker = {
                let mut asked = lock(&asked);
                asked.by = Some(if signal == SIGTERM { "SIGTERM" } else { "SIGINT" });
                asked.waker.take()
            };
            // Outside of the lock: whoever is woken may ask at once.
            if let Some(waker) = waker {
                waker.wake();
            }
        };
        std::thread::Builder::new().name("termination".to_owned()).spawn(wait)?;
        Ok(termination)
    }
}

impl Future for Termination {
    type Output = &'static str;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<&'static str> {
        let mut asked = lock(&self.asked);
        match asked.by {
            Some(signal) => Poll::Ready(signal),
            None => {
                asked.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl Drop for Termination {
    fn drop(&mut self) {
        self.is_last.store(true, Ordering::Relaxed);
        self.listener.close();
    }
}

impl fmt::Debug for Termination {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Termination").field("by", &lock(&self.asked).by).finish_non_exhaustive()
    }
}

fn lock(asked: &Mutex<Asked>) -> MutexGuard<'_, Asked> {
    asked.lock().unwrap_or_else(PoisonError::into_inner)
}
