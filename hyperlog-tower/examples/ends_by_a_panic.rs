//! What is left of a request whose panic ends the process: `tests/abort.rs` builds this with `panic = "abort"`, runs it, and
//! reads what has come out.
//!
//! Here and not beside the other examples, since what it needs is compiled anew for that.

use http::{Request, Response};
use hyperlog_core::{Json, Line, Logger, Output, Sink, SinkError, Written, info};
use hyperlog_tower::{BoxError, HyperLogLayer};
use std::convert::Infallible;
use std::future::Future;
use std::io::Write;
use std::pin::{Pin, pin};
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tower_layer::Layer;
use tower_service::Service;

fn main() -> Result<(), BoxError> {
    Logger::builder().output(Output::new(Json::new(), Held::default())).install()?;
    let mut service = HyperLogLayer::new().layer(Orders);
    let request = Request::get("/orders/17").header("x-request-id", "abc-123").body(String::new())?;
    let mut answer = pin!(service.call(request));
    let mut context = Context::from_waker(Waker::noop());
    while answer.as_mut().poll(&mut context).is_pending() {}
    info!("the process lives on");
    Logger::global().close(Duration::from_secs(5))?;
    Ok(())
}

/// Holds what it is given until it is flushed, as a queue does.
#[derive(Default)]
struct Held(Mutex<Vec<u8>>);

impl Sink for Held {
    fn write(&self, line: &Line<'_>) -> Written {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(line.bytes);
        Written::Done
    }

    fn flush(&self, _deadline: Duration) -> Result<(), SinkError> {
        let held = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let mut out = std::io::stdout().lock();
        out.write_all(&held).and_then(|()| out.flush()).map_err(|error| SinkError::new("write what was held", error))
    }
}

/// Panics at the second look.
struct Orders;

impl Service<Request<String>> for Orders {
    type Response = Response<String>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<String>, Infallible>>>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<String>) -> Self::Future {
        let mut is_first = true;
        Box::pin(std::future::poll_fn(move |_| {
            if std::mem::take(&mut is_first) {
                info!("looking for the order");
                return Poll::Pending;
            }
            Poll::Ready(Ok(Response::new(find_order(request.uri().path()))))
        }))
    }
}

fn find_order(path: &str) -> String {
    panic!("there is no shelf for {path}")
}
