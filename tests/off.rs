//! What is off costs nothing: allocations are counted beside those of the same service without us.
//!
//! It is unsafe code because counting allocations takes an allocator.

#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::convert::Infallible;
use std::future::{Future, Ready, ready};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use actix_web::middleware::Condition;
use actix_web::test::{TestRequest, init_service};
use actix_web::{App, web};
use axum::body::Body as AxumBody;
use axum::routing::get;
use http::{Request, Response};
use hyper::body::{Body, Bytes, Frame, SizeHint};
use hyperlog::http::{Mode, RouteRule};
use hyperlog::{Json, Level, Line, Logger, Output, Sink, Written, debug};
use tower::layer::util::Identity;
use tower::util::MapResponseLayer;
use tower_layer::Layer;
use tower_service::Service;

struct Counting;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every call is handed to the system's allocator unchanged; the counter is a plain cell without a destructor.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.set(COUNT.get() + 1);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn a_layer_of_tower_that_is_off_allocates_nothing() {
    use hyperlog::tower::HyperLogLayer;
    let request = || Request::get("/hello").body(AxumBody::empty()).expect("it is valid");
    let bare = allocations_of(Identity::new().layer(Hello), request);
    let ours = HyperLogLayer::new().logger(Logger::disabled());
    assert_eq!(allocations_of(ours.clone().mode(Mode::Off).layer(Hello), request), bare);
    assert!(allocations_of(ours.layer(Hello), request) > bare, "and what is on is counted");
}

/// axum puts a body of a type that it does not know into a box, whatever the layer does.
#[test]
fn a_layer_of_axum_that_is_off_allocates_what_any_body_of_another_type_does() {
    use hyperlog::axum::HyperLogLayer;
    let request = || Request::get("/hello").body(AxumBody::empty()).expect("it is valid");
    let app = || axum::Router::new().route("/hello", get(async || "hello"));
    let bare = allocations_of(app().layer(Identity::new()).with_state(()), request);
    let another = MapResponseLayer::new(|response: Response<AxumBody>| response.map(Another));
    let another = allocations_of(app().layer(another).with_state(()), request);
    assert_eq!(another, bare + 1);
    let ours = HyperLogLayer::new().logger(Logger::disabled());
    assert_eq!(allocations_of(app().layer(ours.clone().mode(Mode::Off)).with_state(()), request), another);
    assert!(allocations_of(app().layer(ours).with_state(()), request) > another, "and what is on is counted");
}

#[test]
fn a_middleware_of_actix_that_is_off_allocates_no_more_than_one_that_is_not_there() {
    use hyperlog::actix::HyperLog;
    let ours = || HyperLog.logger(Logger::disabled());
    macro_rules! allocations {
        ($middleware:expr) => {
            actix_web::rt::System::new().block_on(async {
                let app = App::new().wrap($middleware).route("/hello", web::get().to(async || "hello"));
                let app = init_service(app).await;
                let mut counted = 0;
                // The first request makes room for those to come.
                for _ in 0..3 {
                    let request = TestRequest::get().uri("/hello").to_request();
                    let before = COUNT.get();
                    let response = actix_web::dev::Service::call(&app, request).await.expect("it answers");
                    counted = COUNT.get() - before;
                    assert_eq!(response.status(), 200);
                }
                counted
            })
        };
    }
    let without = allocations!(Condition::new(false, ours()));
    let off = allocations!(ours().mode(Mode::Off));
    assert!(off <= without, "{off} {without}");
    assert!(allocations!(ours()) > without, "and what is on is counted");
}

#[test]
fn a_request_of_a_route_that_is_off_is_written_nowhere_and_what_it_logs_below_the_level_allocates_nothing() {
    use hyperlog::tower::HyperLogLayer;
    let written = Arc::new(AtomicUsize::new(0));
    let logger = Logger::builder().level(Level::INFO).output(Output::new(Json::new(), Meter(written.clone())));
    let logger = logger.build().expect("it is complete");
    let layer = HyperLogLayer::new().logger(logger).route("/hello", RouteRule::off());
    let request = |path: &'static str| move || Request::get(path).body(AxumBody::empty()).expect("it is valid");
    let silent = allocations_of(layer.layer(Hello), request("/hello"));
    let chatty = allocations_of(layer.layer(Chatty), request("/hello"));
    assert_eq!(chatty, silent);
    assert_eq!(written.load(Ordering::Relaxed), 0);
    allocations_of(layer.layer(Hello), request("/other"));
    assert!(written.load(Ordering::Relaxed) > 0, "and what is written is counted");
}

/// How many allocations a call takes, from the call to the end of the body, once the thread is warm.
fn allocations_of<S, B>(mut service: S, request: impl Fn() -> Request<AxumBody>) -> usize
where
    S: Service<Request<AxumBody>, Response = Response<B>, Error = Infallible>,
    B: Body,
{
    let mut counted = 0;
    for _ in 0..3 {
        let request = request();
        let before = COUNT.get();
        let answer = pin!(service.call(request));
        let response = finish(answer).unwrap_or_else(|never| match never {});
        let mut body = pin!(response.into_body());
        while finish(std::future::poll_fn(|context| body.as_mut().poll_frame(context))).is_some() {}
        counted = COUNT.get() - before;
    }
    counted
}

/// Polls what never waits for anybody.
fn finish<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return output;
        }
    }
}

#[derive(Clone)]
struct Hello;

/// Logs what nobody wants to see.
#[derive(Clone)]
struct Chatty;

macro_rules! greet {
    ($service:ty, $act:block) => {
        impl Service<Request<AxumBody>> for $service {
            type Response = Response<String>;
            type Error = Infallible;
            type Future = Ready<Result<Response<String>, Infallible>>;

            fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
                Poll::Ready(Ok(()))
            }

            fn call(&mut self, _request: Request<AxumBody>) -> Self::Future {
                $act
                ready(Ok(Response::new("hello".to_owned())))
            }
        }
    };
}

greet!(Hello, {});
greet!(Chatty, { debug!(name = "ann", "greeting") });

/// A body of a type that axum does not know.
struct Another(AxumBody);

impl Body for Another {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.0).poll_frame(context)
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}

/// Counts bytes and keeps none.
struct Meter(Arc<AtomicUsize>);

impl Sink for Meter {
    fn write(&self, line: &Line<'_>) -> Written {
        self.0.fetch_add(line.bytes.len(), Ordering::Relaxed);
        Written::Done
    }
}
