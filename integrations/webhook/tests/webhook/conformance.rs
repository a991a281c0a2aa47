//! What every backend promises.

use crate::fake::{Fake, ok, status};
use crate::output::webhook_to;
use hyperlog_delivery::testing::check_backend;
use hyperlog_webhook::Shape;
use std::sync::Arc;

const CANARY: &str = "canary";

#[test]
fn the_web_hook_keeps_what_backends_promise() {
    for shape in [Shape::Array, Shape::Lines] {
        let fake = Arc::new(Fake::start(|_| ok()));
        let seen = Arc::clone(&fake);
        let url = format!("http://{}/{CANARY}", fake.address);
        let make = move || webhook_to(&url).shape(shape).secret_header("x-key", CANARY).backend().unwrap();
        check_backend(make)
            .observed_by(move || seen.seen().iter().flat_map(|seen| seen.body.clone()).collect())
            .without(CANARY)
            .run();
    }
}

#[test]
fn the_web_hook_keeps_what_backends_promise_when_the_receiver_takes_little() {
    let is_taken = |body: &[u8]| body.len() < 1_000;
    let fake = Arc::new(Fake::start(move |seen| if is_taken(&seen.body) { ok() } else { status(413) }));
    let seen = Arc::clone(&fake);
    let url = format!("http://{}/{CANARY}", fake.address);
    check_backend(move || webhook_to(&url).backend().unwrap())
        .observed_by(move || {
            seen.seen().iter().filter(|seen| is_taken(&seen.body)).flat_map(|seen| seen.body.clone()).collect()
        })
        .without(CANARY)
        .run();
}
