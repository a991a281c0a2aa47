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
    listener: Handle,
    _listening: Listening,
}

/// That signals do not end the process by themselves, until the last of these is dropped.
struct Listening;

/// What stands before the signals, for all of the process. It is there once: what one of several had left behind would end
/// the process before the others are asked.
struct Door {
    /// Whether the next signal ends the process.
    is_last: Arc<AtomicBool>,
    listening: usize,
}

static DOOR: Mutex<Option<Door>> = Mutex::new(None);

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
        let asked = Arc::<Mutex<Asked>>::default();
        // In this order, in which a signal passes them: whoever heard of it before it is through the door might drop this
        // meanwhile, and the door would end the process.
        let listening = Listening::begin()?;
        let mut signals = Signals::new([SIGTERM, SIGINT])?;
        let termination = Termination { asked: Arc::clone(&asked), listener: signals.handle(), _listening: listening };
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
        self.listener.close();
    }
}

impl Listening {
    fn begin() -> io::Result<Listening> {
        let mut door = lock(&DOOR);
        if door.is_none() {
            // As long as nobody listens, signals end the process as ever.
            let is_last = Arc::new(AtomicBool::new(true));
            for signal in [SIGTERM, SIGINT] {
                // In this order: the first signal passes the one and sets the other, before anybody else hears of it.
                flag::register_conditional_default(signal, Arc::clone(&is_last))?;
                flag::register(signal, Arc::clone(&is_last))?;
            }
            *door = Some(Door { is_last, listening: 0 });
        }
        if let Some(door) = &mut *door {
            door.listening += 1;
            door.is_last.store(false, Ordering::Relaxed);
        }
        Ok(Listening)
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        if let Some(door) = &mut *lock(&DOOR) {
            door.listening -= 1;
            if door.listening == 0 {
                door.is_last.store(true, Ordering::Relaxed);
            }
        }
    }
}

impl fmt::Debug for Termination {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Termination").field("by", &lock(&self.asked).by).finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_os = "linux")]
    use std::process::Command;
    use std::task::Wake;
    use std::thread::Thread;

    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Unpark>) {
            self.0.unpark();
        }
    }

    fn wait(mut termination: Termination) -> &'static str {
        let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
        loop {
            match Pin::new(&mut termination).poll(&mut Context::from_waker(&waker)) {
                Poll::Ready(signal) => return signal,
                Poll::Pending => std::thread::park(),
            }
        }
    }

    /// Sends signals to this process: there can be no other such test in this binary.
    #[test]
    fn one_that_has_gone_leaves_signals_to_those_that_are_there() {
        let (first, second) = (Termination::listen().unwrap(), Termination::listen().unwrap());
        drop(first);
        signal_hook::low_level::raise(SIGTERM).unwrap();
        assert_eq!(wait(second), "SIGTERM");
        let third = Termination::listen().unwrap();
        signal_hook::low_level::raise(SIGINT).unwrap();
        assert_eq!(wait(third), "SIGINT");
    }

    /// The role of the child below: it is gone before the thread that has the signal is done with it.
    #[cfg(target_os = "linux")]
    fn end_as_soon_as_asked() {
        // Of each thread the first is held up: this one must not be, when it leaves.
        let nobody = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        nobody.send_to(b"-", nobody.local_addr().unwrap()).unwrap();
        let termination = Termination::listen().unwrap();
        let raising = std::thread::spawn(|| signal_hook::low_level::raise(SIGTERM).unwrap());
        assert_eq!(wait(termination), "SIGTERM");
        raising.join().unwrap();
    }

    /// Whoever has the signal is held up after the word of it is out, so that the server ends first.
    #[cfg(target_os = "linux")]
    #[test]
    #[expect(clippy::print_stderr, reason = "whoever runs the tests is to know what was not run")]
    fn a_server_that_ends_faster_than_its_signal_is_not_ended_by_it() {
        const ROLE: &str = "HYPERLOG_TEST_TERMINATION";
        if std::env::var_os(ROLE).is_some() {
            return end_as_soon_as_asked();
        }
        if !Command::new("strace").args(["-o", "/dev/null", "true"]).status().is_ok_and(|status| status.success()) {
            return eprintln!("skipped: there is no strace that may trace");
        }
        let words =
            ["-f", "-qq", "-o", "/dev/null", "-e", "trace=sendto", "-e", "inject=sendto:delay_exit=300000:when=1"];
        let name = "termination::tests::a_server_that_ends_faster_than_its_signal_is_not_ended_by_it";
        let this = std::env::current_exe().unwrap();
        let output =
            Command::new("strace").args(words).arg(this).args(["--exact", name]).env(ROLE, "1").output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
}
