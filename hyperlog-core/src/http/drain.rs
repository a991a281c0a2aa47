//! The end of a server: what it still waits for is told, and nothing of what was logged is left behind.
//!
//! It waits for nobody itself, so that it stands beside any server and any runtime: frameworks take the signal to end as a
//! future, and return when they have served to the end.

use crate::field::FieldSet;
use crate::http::event::log_event;
use crate::http::flight::InFlight;
use crate::keys;
use crate::level::Level;
use crate::logger::Logger;
use crate::sink::SinkError;
use crate::value::Value;
use std::fmt;
use std::future::Future;
use std::time::Duration;

/// The end of a server. Dropped, it flushes the logger, for at most [`Drain::PATIENCE`].
///
/// ```
/// use hyperlog_core::http::{Drain, InFlight};
/// # async fn ctrl_c() {}
/// # async fn serve(signal: impl Future<Output = ()>) -> std::io::Result<()> { signal.await; Ok(()) }
/// # async fn main_of_a_server() -> Result<(), Box<dyn std::error::Error>> {
///
/// let in_flight = InFlight::new();
/// let drain = Drain::new(&in_flight);
/// // axum: `axum::serve(listener, app).with_graceful_shutdown(drain.after(ctrl_c()))`
/// // actix-web: `HttpServer::new(app).shutdown_signal(drain.after(ctrl_c()))`
/// serve(drain.after(ctrl_c())).await?;
/// drain.finish(Drain::PATIENCE)?;
/// # Ok(())
/// # }
/// ```
#[must_use = "what is dropped at once waits for nothing"]
pub struct Drain {
    in_flight: InFlight,
    logger: Logger,
    is_finished: bool,
}

impl Drain {
    /// How long the flush takes at most, where nothing else is said.
    pub const PATIENCE: Duration = Duration::from_secs(5);

    /// Of a server whose [policy](crate::http::Policy::in_flight) has this table. It logs to the current logger.
    pub fn new(in_flight: &InFlight) -> Drain {
        Drain { in_flight: in_flight.clone(), logger: Logger::current(), is_finished: false }
    }

    /// What it logs to, and flushes.
    pub fn logger(mut self, logger: Logger) -> Drain {
        self.logger = logger;
        self
    }

    /// Tells that the server listens, at this address.
    pub fn started(&self, address: impl fmt::Display) {
        let fields = FieldSet::new().with(keys::KIND, "drain").with(keys::ADDRESS, Value::Display(&address));
        log_event(&self.logger, Level::INFO, "server has started", &fields);
    }

    /// Waits for the signal, then tells that the server is to end, by which signal if that is known, and which requests it
    /// still waits for: for whatever a framework takes as its signal to end.
    pub fn after<F: Future<Output: EndSignal>>(&self, signal: F) -> impl Future<Output = ()> + use<F> {
        let (in_flight, logger) = (self.in_flight.clone(), self.logger.clone());
        async move {
            let signal = signal.await.name();
            tell(&logger, Level::INFO, "server is to end", in_flight.len(), signal);
            in_flight.tell_open();
        }
    }

    /// The server has returned: tells which requests it has left open, and flushes.
    ///
    /// # Errors
    ///
    /// When something that was logged has not left in this time.
    pub fn finish(mut self, deadline: Duration) -> Result<(), SinkError> {
        self.end(deadline)
    }

    fn end(&mut self, deadline: Duration) -> Result<(), SinkError> {
        self.is_finished = true;
        let left = self.in_flight.len();
        tell(&self.logger, if left == 0 { Level::INFO } else { Level::WARN }, "server has ended", left, None);
        self.in_flight.tell_open();
        self.logger.flush(deadline)
    }
}

impl Drop for Drain {
    fn drop(&mut self) {
        if !self.is_finished {
            let _ = self.end(Drain::PATIENCE);
        }
    }
}

impl fmt::Debug for Drain {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Drain").field("in_flight", &self.in_flight).finish_non_exhaustive()
    }
}

/// What a signal to end says of itself: nothing, or its name.
pub trait EndSignal {
    /// Its name, if it has one.
    fn name(self) -> Option<&'static str>;
}

impl EndSignal for () {
    fn name(self) -> Option<&'static str> {
        None
    }
}

impl EndSignal for &'static str {
    fn name(self) -> Option<&'static str> {
        Some(self)
    }
}

fn tell(logger: &Logger, level: Level, message: &'static str, open: usize, signal: Option<&'static str>) {
    let mut fields = FieldSet::new().with(keys::KIND, "drain").with(keys::OPEN, open);
    if let Some(signal) = signal {
        fields.add(keys::SIGNAL, signal);
    }
    log_event(logger, level, message, &fields);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::exchange::Exchange;
    use crate::http::head::{Header, RequestHead};
    use crate::http::policy::Policy;
    use crate::sink::{Captured, Line, Sink, Written};
    use crate::{Json, Output};
    use std::pin::pin;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Context, Poll, Waker};

    struct Request;

    impl RequestHead for Request {
        fn method(&self) -> &str {
            "GET"
        }

        fn path(&self) -> &str {
            "/report"
        }

        fn header(&self, _: &str) -> Option<&[u8]> {
            None
        }

        fn for_each_header<'h>(&'h self, _: &mut dyn FnMut(Header<'h>)) {}
    }

    fn told(captured: &Captured) -> Vec<(String, Level, String)> {
        let of = |record: &crate::CapturedRecord| {
            (record.text("kind").to_owned(), record.level(), record.message().to_owned())
        };
        captured.records().iter().map(of).collect()
    }

    #[test]
    fn what_a_server_waits_for_is_told_when_it_is_to_end_and_what_it_left_when_it_has() {
        let (logger, captured) = Logger::capture();
        let in_flight = InFlight::new();
        let policy = Arc::new(Policy::new().in_flight(&in_flight));
        let exchange = Exchange::open(&logger, &policy, &Request);
        let drain = Drain::new(&in_flight).logger(logger);
        let mut is_signalled = false;
        let signal = std::future::poll_fn(move |_| match std::mem::replace(&mut is_signalled, true) {
            false => Poll::Pending,
            true => Poll::Ready(()),
        });
        let mut begun = pin!(drain.after(signal));
        let mut context = Context::from_waker(Waker::noop());
        assert!(begun.as_mut().poll(&mut context).is_pending());
        assert_eq!(captured.records().len(), 0, "nothing is told before the signal");
        assert!(begun.as_mut().poll(&mut context).is_ready());
        let open = ("open".to_owned(), Level::WARN, "request still open".to_owned());
        let begins = ("drain".to_owned(), Level::INFO, "server is to end".to_owned());
        assert_eq!(told(&captured), [begins, open.clone()]);
        assert_eq!(captured.records()[0].number("open"), 1.0);
        drain.finish(Duration::ZERO).unwrap();
        let left = ("drain".to_owned(), Level::WARN, "server has ended".to_owned());
        assert_eq!(told(&captured)[2..], [left, open]);
        drop(exchange);
    }

    #[test]
    fn a_server_that_left_nothing_says_so_and_whoever_forgets_to_finish_has_flushed_once() {
        #[derive(Default)]
        struct Flushes(AtomicUsize);
        impl Sink for Arc<Flushes> {
            fn write(&self, _: &Line<'_>) -> Written {
                Written::Done
            }
            fn flush(&self, _: Duration) -> Result<(), SinkError> {
                self.0.fetch_add(1, Ordering::Relaxed);
                Ok(())
            }
        }
        let flushes = Arc::new(Flushes::default());
        let logger = Logger::builder().output(Output::new(Json::new(), Arc::clone(&flushes))).build().unwrap();
        drop(Drain::new(&InFlight::new()).logger(logger.clone()));
        assert_eq!(flushes.0.load(Ordering::Relaxed), 1);
        Drain::new(&InFlight::new()).logger(logger).finish(Duration::ZERO).unwrap();
        assert_eq!(flushes.0.load(Ordering::Relaxed), 2);

        let (logger, captured) = Logger::capture();
        Drain::new(&InFlight::new()).logger(logger).finish(Duration::ZERO).unwrap();
        let record = captured.only();
        assert_eq!((record.message(), record.level(), record.number("open")), ("server has ended", Level::INFO, 0.0));
    }

    #[test]
    fn where_a_server_listens_is_told_and_which_signal_ended_it() {
        let (logger, captured) = Logger::capture();
        let drain = Drain::new(&InFlight::new()).logger(logger);
        drain.started("127.0.0.1:3000");
        let mut begun = pin!(drain.after(std::future::ready("SIGTERM")));
        assert!(begun.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready());
        let [started, begins] = &captured.records()[..] else { panic!("two records") };
        assert_eq!((started.message(), started.text("address")), ("server has started", "127.0.0.1:3000"));
        assert_eq!((begins.message(), begins.text("signal")), ("server is to end", "SIGTERM"));
    }
}
