//! From within a runtime of one thread.

use crate::fake::{Fake, LONG, ok};
use crate::output::Wire;
use std::time::Duration;

#[test]
fn on_a_runtime_of_one_thread_a_flush_and_a_close_are_awaited_while_others_go_on() {
    let fake = Fake::start(|_| ok());
    let wire = Wire::to(&fake);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        (0..100).for_each(|number| wire.log(&format!("record {number}")));
        let (flush_started, goes_on) = tokio::sync::oneshot::channel();
        let other = tokio::spawn(async move { flush_started.send(()).is_ok() });
        wire.handle.flushed(LONG).await.unwrap();
        assert!(other.await.unwrap() && goes_on.await.is_ok());
        assert_eq!(wire.handle.account().left.total(), 100);

        wire.log("last");
        let account = wire.handle.closed(LONG).await;
        assert_eq!((account.left.total(), account.dropped_total()), (101, 0));
    });
    wire.check_account();
}

#[test]
fn on_a_runtime_of_one_thread_a_close_is_over_by_its_deadline() {
    let fake = Fake::start(|_| crate::fake::Act::Silence);
    let wire = Wire::to(&fake);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    wire.log("one");
    fake.await_seen(1);
    let deadline = Duration::from_millis(100);
    let begun = std::time::Instant::now();
    let account = runtime.block_on(wire.handle.closed(deadline));
    assert!(begun.elapsed() < 10 * deadline);
    assert_eq!((account.left.total(), account.dropped_total()), (0, 1));
    wire.check_account();
}
