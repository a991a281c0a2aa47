//! Scopes by behaviour: who logs through them, on which thread, and when they are left.

use hyperlog_core::{Captured, Entered, Logger, Scope, ScopeExt, fields, info, wrap};
use proptest::prelude::*;
use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

fn scope(name: &'static str) -> (Scope, Captured) {
    let (logger, captured) = Logger::capture();
    (Scope::new(logger.with(fields!(name))), captured)
}

/// Whose scope is current: the name that is bound to it.
fn current(of: &Captured) -> Option<String> {
    of.clear();
    Scope::current().map(|scope| {
        info!(logger: scope.logger(), "m");
        of.only().text("name").to_owned()
    })
}

#[test]
fn a_scope_is_current_until_its_guard_is_dropped_and_then_the_one_before_is() {
    let (logger, captured) = Logger::capture();
    let (outer, inner) = (Scope::new(logger.with(fields!(name = "o"))), Scope::new(logger.with(fields!(name = "i"))));
    assert!(Scope::current().is_none());
    {
        let _outer = outer.enter();
        assert_eq!(current(&captured).unwrap(), "o");
        {
            let _inner = inner.enter();
            assert_eq!(current(&captured).unwrap(), "i");
            let _again = outer.enter();
            assert_eq!(current(&captured).unwrap(), "o");
        }
        assert_eq!(current(&captured).unwrap(), "o");
    }
    assert!(Scope::current().is_none());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn guards_dropped_in_any_order_never_panic_and_never_leave_a_scope_behind(
        steps in prop::collection::vec((any::<bool>(), any::<prop::sample::Index>()), 0..30),
    ) {
        let (logger, captured) = Logger::capture();
        let mut guards: Vec<(usize, Entered)> = Vec::new();
        let mut entered: Vec<usize> = Vec::new();
        for (number, (enters, index)) in steps.into_iter().enumerate() {
            if enters || guards.is_empty() {
                guards.push((number, Scope::new(logger.with(fields!(name = number.to_string()))).enter()));
                entered.push(number);
            } else {
                let (number, guard) = guards.remove(index.index(guards.len()));
                drop(guard);
                if let Some(place) = entered.iter().position(|other| *other == number) {
                    entered.truncate(place);
                }
            }
            prop_assert_eq!(current(&captured), entered.last().map(usize::to_string));
        }
        drop(guards);
        prop_assert!(Scope::current().is_none());
    }
}

#[test]
fn a_forgotten_guard_is_left_with_the_scope_around_it() {
    let ((outer, _), (inner, _)) = (scope("outer"), scope("inner"));
    {
        let _outer = outer.enter();
        std::mem::forget(inner.enter());
    }
    assert!(Scope::current().is_none());
}

#[test]
fn what_is_bound_joins_the_scope_on_every_thread_and_no_other_scope() {
    let ((one, of_one), (two, of_two)) = (scope("one"), scope("two"));
    let _entered = one.enter();
    std::thread::scope(|threads| {
        for number in 0..8 {
            let (one, two) = (&one, &two);
            threads.spawn(move || {
                for _ in 0..50 {
                    one.bind(fields!(a = 1, b = number));
                    two.bind(&hyperlog_core::FieldSet::new().with(&format!("thread{number}"), true));
                }
            });
        }
    });
    info!("through the current scope");
    info!(logger: two.logger(), "through the other");
    assert_eq!(of_one.only().fields().len(), 3);
    assert_eq!(of_two.only().fields().len(), 1 + 8, "no binding is lost to another thread's");
}

struct Chatty(Scope);

impl fmt::Display for Chatty {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        info!("shown");
        self.0.bind(fields!(from_display = true));
        formatter.write_str("chatty")
    }
}

#[test]
fn a_value_that_logs_and_binds_while_it_is_bound_deadlocks_nothing() {
    let (scope, captured) = scope("one");
    let _entered = scope.enter();
    scope.bind(fields!(value = %Chatty(scope.clone())));
    info!("bound");
    assert_eq!(captured.only_saying("bound").text("value"), "chatty");
    assert!(captured.only_saying("bound").has("from_display"));
    let shown: Vec<_> = captured.records().into_iter().filter(|record| record.message() == "shown").collect();
    // Once more, because something was bound in between; but not for ever.
    assert!(shown.len() == 2 && shown.iter().all(|record| !record.has("value")), "{shown:?}");
}

struct LogsWhenDropped(&'static str);

impl Drop for LogsWhenDropped {
    fn drop(&mut self) {
        info!("{} dropped", self.0);
    }
}

/// Gives way so many times, and says where it is before each.
struct Steps {
    left: usize,
    _kept: LogsWhenDropped,
}

impl Future for Steps {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        info!(left = self.left, "step");
        if self.left == 0 {
            return Poll::Ready(());
        }
        self.left -= 1;
        Poll::Pending
    }
}

fn steps(left: usize) -> Steps {
    Steps { left, _kept: LogsWhenDropped("future") }
}

fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn a_future_carries_its_scope_across_threads_poll_by_poll() {
    let scopes: Vec<(Scope, Captured)> = (0..4).map(|_| scope("one")).collect();
    let futures: Vec<_> =
        scopes.iter().map(|(scope, _)| Mutex::new(Some(Box::pin(steps(20).in_scope(scope.clone()))))).collect();
    // Each thread polls every future in turn, so that each future moves from thread to thread.
    std::thread::scope(|threads| {
        for _ in 0..4 {
            threads.spawn(|| {
                while futures.iter().any(|future| future.lock().unwrap().is_some()) {
                    for future in &futures {
                        let mut slot = future.lock().unwrap();
                        if slot.as_mut().is_some_and(|future| poll(future.as_mut()).is_ready()) {
                            *slot = None;
                        }
                        assert!(Scope::current().is_none());
                    }
                    std::thread::yield_now();
                }
            });
        }
    });
    for (_, captured) in scopes {
        let left: Vec<_> =
            captured.records().iter().filter(|record| record.message() == "step").map(|r| r.number("left")).collect();
        assert_eq!(left, (0..=20).rev().map(f64::from).collect::<Vec<_>>());
        assert_eq!(captured.only_saying("future dropped").text("name"), "one");
    }
}

#[test]
fn a_future_is_dropped_inside_its_scope_polled_or_not_finished_or_not() {
    #[track_caller]
    fn check(polls: usize) {
        let ((outer, of_outer), (inner, of_inner)) = (scope("outer"), scope("inner"));
        let _entered = outer.enter();
        {
            let mut future = Box::pin(steps(1).in_scope(inner));
            for _ in 0..polls {
                let _ = poll(future.as_mut());
            }
        }
        assert_eq!(of_inner.only_saying("future dropped").text("name"), "inner");
        assert_eq!((of_inner.len(), of_outer.len()), (polls + 1, 0));
    }
    check(0);
    check(1);
    check(2);
}

#[test]
fn a_future_that_panics_leaves_its_scope() {
    let (scope, captured) = scope("one");
    let mut future = Box::pin(
        async {
            info!("before");
            panic!("in a future");
        }
        .in_scope(scope),
    );
    assert!(catch_unwind(AssertUnwindSafe(|| poll::<_>(future.as_mut()).map(|()| ()))).is_err());
    assert!(Scope::current().is_none());
    assert_eq!(captured.only().text("name"), "one");
}

#[test]
fn the_current_scope_is_taken_along_or_none_where_there_is_none() {
    let (scope, captured) = scope("one");
    let without = async { Scope::current().is_none() }.in_current_scope();
    let (with, closure) = {
        let _entered = scope.enter();
        (async { info!("in a future") }.in_current_scope(), wrap(|| info!("in a closure")))
    };
    assert_eq!(poll(pin!(without)), Poll::Ready(true));
    assert!(poll(pin!(with)).is_ready());
    std::thread::spawn(closure).join().unwrap();
    assert!(wrap(|| Scope::current().is_none())());
    assert_eq!(captured.len(), 2);
}

#[test]
fn one_future_inside_another_sees_its_own_scope_and_gives_back_the_outer_one() {
    let ((outer, of_outer), (inner, of_inner)) = (scope("outer"), scope("inner"));
    let both = async {
        info!("before");
        async { info!("within") }.in_scope(inner).await;
        info!("after");
    }
    .in_scope(outer);
    assert!(poll(pin!(both)).is_ready());
    assert_eq!((of_outer.len(), of_inner.only().message()), (2, "within"));
}

#[test]
fn what_a_scope_holds_may_log_when_the_last_handle_is_dropped() {
    struct Holder(Arc<Mutex<Vec<String>>>);
    impl Drop for Holder {
        fn drop(&mut self) {
            self.0.lock().unwrap().push(format!("{:?}", Scope::current()));
            info!(logger: Logger::disabled(), "dropped");
        }
    }
    let said = Arc::new(Mutex::new(Vec::new()));
    let (logger, captured) = Logger::capture();
    let holder = Holder(Arc::clone(&said));
    logger.on_level_change(move |_| drop(holder.0.lock()));
    let (outer, _) = scope("outer");
    {
        let _outer = outer.enter();
        let entered = Scope::new(logger).enter();
        info!("m");
        drop(entered);
    }
    assert_eq!(*said.lock().unwrap(), ["Some(Scope)"]);
    assert_eq!(captured.len(), 1);
}

thread_local! {
    static KEPT: RefCell<Option<LogsWhenDropped>> = const { RefCell::new(None) };
    static GUARD: RefCell<Option<Entered>> = const { RefCell::new(None) };
}

#[test]
fn a_guard_that_outlives_its_thread_s_storage_panics_nowhere() {
    let (scope, _) = scope("one");
    for first in [true, false] {
        let scope = scope.clone();
        let thread = std::thread::spawn(move || {
            if first {
                GUARD.with(|guard| *guard.borrow_mut() = None);
            }
            let entered = scope.enter();
            GUARD.with(|guard| *guard.borrow_mut() = Some(entered));
            KEPT.with(|kept| kept.borrow_mut().is_none())
        });
        assert!(thread.join().unwrap());
    }
}
