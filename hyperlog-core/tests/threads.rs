//! Threads by behaviour: more than there are places to count at, and those that log while they end.

use hyperlog_core::{Json, Level, Logger, Memory, Output, fields, info};
use std::cell::RefCell;
use std::sync::Barrier;

struct Farewell(Logger, u32);

impl Drop for Farewell {
    fn drop(&mut self) {
        info!(logger: self.0, number = self.1, "farewell");
        let _entered = self.0.with(fields!(within = true)).enter();
        info!(logger: Logger::current(), "through the scope, if there still can be one");
        info!(logger: self.0.with(fields!(bound = 1)), "bound at the end");
    }
}

thread_local! {
    static FIRST: RefCell<Option<Farewell>> = const { RefCell::new(None) };
    static LAST: RefCell<Option<Farewell>> = const { RefCell::new(None) };
}

#[test]
fn destructors_of_a_thread_log_before_and_after_the_logger_s_own_memory_is_gone() {
    let (logger, captured) = Logger::capture();
    let of_thread = logger.clone();
    std::thread::spawn(move || {
        FIRST.with(|first| *first.borrow_mut() = Some(Farewell(of_thread.clone(), 1)));
        info!(logger: of_thread, "alive");
        let _entered = of_thread.enter();
        LAST.with(|last| *last.borrow_mut() = Some(Farewell(of_thread.clone(), 2)));
    })
    .join()
    .unwrap();
    let mut farewells: Vec<_> = captured
        .records()
        .iter()
        .filter(|record| record.message() == "farewell")
        .map(|record| record.number("number"))
        .collect();
    farewells.sort_by(f64::total_cmp);
    assert_eq!(farewells, [1.0, 2.0]);
    assert_eq!(captured.records().iter().filter(|record| record.has("bound")).count(), 2);
    assert!(logger.health().iter().all(|output| output.is_conserved()));
}

#[test]
fn two_hundred_threads_at_once_are_counted_exactly_and_their_places_are_given_back() {
    const THREADS: usize = 200;
    let memory = Memory::new();
    let logger = Logger::builder().output(Output::new(Json::new(), memory.clone())).build().unwrap();
    for round in 1..=3 {
        let together = Barrier::new(THREADS);
        std::thread::scope(|scope| {
            for number in 0..THREADS {
                let (logger, together) = (&logger, &together);
                scope.spawn(move || {
                    info!(logger: logger, number, "before all have begun");
                    together.wait();
                    for _ in 0..9 {
                        info!(logger: logger, number, "m");
                    }
                });
            }
        });
        let health = &logger.health()[0];
        assert_eq!(health.written.of(Level::INFO), (round * THREADS * 10) as u64);
        assert_eq!(health.accepted, health.written);
        assert!(health.is_conserved());
    }
    assert_eq!(memory.len(), 3 * THREADS * 10);
}
