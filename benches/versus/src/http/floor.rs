//! The least a middleware can do and still give: request id (read or make, echo), panic catch, one JSON line
//! with method, route, path, status, latency, id. One allocation: the response header value.
//!
//! Every ratio to the floor is a ratio to this code, so it stays as it is; a slower floor would flatter everybody else.
//!
//! It is unsafe code where the one that it is copied from is: what is to be hard to beat leaves nothing out.
#![allow(unsafe_code, clippy::all, reason = "the floor may do anything that makes it faster, and is not tidied up")]

use crate::sink::Null;
use actix_web::dev::{Service as _, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::header as actix;
use actix_web::{App, Error};
use axum::extract::MatchedPath;
use axum::response::IntoResponse;
use http::{HeaderValue, Method, Request, Response, Uri, header::HeaderName};
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;
use tower::{Layer, Service};

thread_local! {
    static SEED: Cell<u64> = const { Cell::new(0x9E37_79B9_7F4A_7C15) };
    static BUF: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static SEC: Cell<(i64, [u8; 20])> = const { Cell::new((0, *b"0000-00-00T00:00:00.")) };
}
fn rnd() -> u64 {
    SEED.with(|s| {
        let x = s.get().wrapping_add(0xA076_1D64_78BD_642F);
        s.set(x);
        let t = (x as u128) * ((x ^ 0xE703_7ED1_A0B4_28DB) as u128);
        (t >> 64) as u64 ^ t as u64
    })
}
pub fn uuid() -> [u8; 36] {
    let (a, b) = (rnd(), rnd());
    let raw = ((a as u128) << 64 | b as u128).to_be_bytes();
    let mut o = [b'-'; 36];
    let mut p = 0;
    for (i, x) in raw.into_iter().enumerate() {
        if matches!(i, 4 | 6 | 8 | 10) {
            p += 1
        }
        const H: &[u8; 16] = b"0123456789abcdef";
        let x = if i == 6 {
            x & 0x0f | 0x40
        } else if i == 8 {
            x & 0x3f | 0x80
        } else {
            x
        };
        o[p] = H[(x >> 4) as usize];
        o[p + 1] = H[(x & 15) as usize];
        p += 2;
    }
    o
}
fn stamp(b: &mut Vec<u8>) {
    let mut t = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    unsafe { libc::clock_gettime(libc::CLOCK_REALTIME, &mut t) };
    let (s, mut p) = SEC.get();
    if s != t.tv_sec {
        let mut tm: libc::tm = unsafe { std::mem::zeroed() };
        unsafe { libc::gmtime_r(&t.tv_sec, &mut tm) };
        let f = format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.",
            tm.tm_year + 1900,
            tm.tm_mon + 1,
            tm.tm_mday,
            tm.tm_hour,
            tm.tm_min,
            tm.tm_sec
        );
        p.copy_from_slice(f.as_bytes());
        SEC.set((t.tv_sec, p));
    }
    b.extend_from_slice(&p);
    let us = t.tv_nsec as u32 / 1000;
    let mut d = [0u8; 7];
    let mut v = us;
    for i in (0..6).rev() {
        d[i] = b'0' + (v % 10) as u8;
        v /= 10
    }
    d[6] = b'Z';
    b.extend_from_slice(&d);
}
fn esc(b: &mut Vec<u8>, s: &str) {
    // method, route and path are visible ASCII by the http crate's rules; only these two need care
    if s.bytes().fold(false, |a, c| a | (c == b'"') | (c == b'\\') | (c < 0x20)) {
        b.extend(s.bytes().flat_map(|c| if c == b'"' || c == b'\\' { [b'\\', c] } else { [c, 0] }))
    } else {
        b.extend_from_slice(s.as_bytes())
    }
}
pub fn line(method: &str, route: &str, path: &str, status: u16, start: Instant, id: &[u8]) {
    BUF.with_borrow_mut(|b| {
        b.clear();
        b.extend_from_slice(b"{\"timestamp\":\"");
        stamp(b);
        b.extend_from_slice(
            b"\",\"level\":\"INFO\",\"target\":\"http\",\"message\":\"request completed\",\"method\":\"",
        );
        esc(b, method);
        b.extend_from_slice(b"\",\"route\":\"");
        esc(b, route);
        b.extend_from_slice(b"\",\"path\":\"");
        esc(b, path);
        b.extend_from_slice(b"\",\"status\":");
        b.extend_from_slice(itoa::Buffer::new().format(status).as_bytes());
        b.extend_from_slice(b",\"latency_us\":");
        b.extend_from_slice(itoa::Buffer::new().format(start.elapsed().as_nanos() as u64 / 1000).as_bytes());
        b.extend_from_slice(b",\"request_id\":\"");
        b.extend_from_slice(id);
        b.extend_from_slice(b"\"}\n");
        let _ = Null.write(b);
    })
}
#[derive(Clone)]
pub struct FloorLayer;
impl<S> Layer<S> for FloorLayer {
    type Service = Floor<S>;
    fn layer(&self, s: S) -> Floor<S> {
        Floor(s)
    }
}
#[derive(Clone)]
pub struct Floor<S>(S);
static XRI: HeaderName = HeaderName::from_static("x-request-id");
impl<S, B> Service<Request<B>> for Floor<S>
where
    S: Service<Request<B>, Response = axum::response::Response>,
{
    type Response = axum::response::Response;
    type Error = S::Error;
    type Future = Fut<S::Future>;
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }
    fn call(&mut self, req: Request<B>) -> Self::Future {
        let start = Instant::now();
        let id = req.headers().get(&XRI).cloned();
        let (method, uri, route) =
            (req.method().clone(), req.uri().clone(), req.extensions().get::<MatchedPath>().cloned());
        let id = id.unwrap_or_else(|| HeaderValue::from_bytes(&uuid()).unwrap());
        Fut { inner: self.0.call(req), start, method, uri, route, id: Some(id) }
    }
}
pin_project_lite::pin_project! { pub struct Fut<F> { #[pin] inner: F, start: Instant, method: Method, uri: Uri, route: Option<MatchedPath>, id: Option<HeaderValue> } }
impl<F, E> Future for Fut<F>
where
    F: Future<Output = Result<axum::response::Response, E>>,
{
    type Output = Result<axum::response::Response, E>;
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let me = self.project();
        let mut r: Response<axum::body::Body> = match catch_unwind(AssertUnwindSafe(|| me.inner.poll(cx))) {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(Err(e))) => return Poll::Ready(Err(e)),
            Ok(Poll::Ready(Ok(r))) => r,
            Err(_) => http::StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        };
        let id = me.id.take().unwrap();
        line(
            me.method.as_str(),
            me.route.as_ref().map_or("", |r| r.as_str()),
            me.uri.path(),
            r.status().as_u16(),
            *me.start,
            id.as_bytes(),
        );
        r.headers_mut().insert(&XRI, id);
        Poll::Ready(Ok(r))
    }
}

/// The same around an app of actix-web.
pub fn around<T>(
    app: App<T>,
) -> App<impl ServiceFactory<ServiceRequest, Config = (), Response = ServiceResponse, Error = Error, InitError = ()>>
where
    T: ServiceFactory<ServiceRequest, Config = (), Response = ServiceResponse, Error = Error, InitError = ()>,
{
    app.wrap_fn(|req, srv| {
        let start = std::time::Instant::now();
        let id = req
            .headers()
            .get("x-request-id")
            .cloned()
            .unwrap_or_else(|| actix::HeaderValue::from_bytes(&uuid()).unwrap());
        let (method, route, path) = (req.method().clone(), req.match_pattern(), req.uri().clone());
        let f = srv.call(req);
        async move {
            let mut r = f.await?;
            line(
                method.as_str(),
                route.as_deref().unwrap_or(""),
                path.path(),
                r.status().as_u16(),
                start,
                id.as_bytes(),
            );
            r.headers_mut().insert(actix::HeaderName::from_static("x-request-id"), id);
            Ok(r)
        }
    })
}
