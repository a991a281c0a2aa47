//! Parts of a unit of work, and bridges that enter and leave them out of order.

use hyperlog_core::bridge::{self, Origin, Wanted};
use hyperlog_core::{FieldSet, Level, LevelFilter, Logger, Recording, Scope, Value, fields, info};
use std::sync::atomic::{AtomicUsize, Ordering};

fn step(number: u64) -> FieldSet {
    FieldSet::new().with("step", number)
}

#[test]
fn what_is_bound_to_the_whole_later_stands_on_records_of_its_parts() {
    let (logger, captured) = Logger::capture();
    let job = Scope::new(logger.with(fields!(job = 7)));
    let (outer, inner) = (job.part(&step(1)), job.part(&step(1)).part(&FieldSet::new().with("try", 3)));
    info!(logger: inner.logger(), "before");
    job.bind(fields!(user = "ann"));
    info!(logger: outer.logger(), "outer");
    info!(logger: inner.logger(), "inner");

    assert!(!captured.only_saying("before").has("user"));
    assert_eq!(captured.only_saying("outer").text("user"), "ann");
    let inner = captured.only_saying("inner");
    assert_eq!((inner.text("user"), inner.number("step"), inner.number("try")), ("ann", 1.0, 3.0));
}

#[test]
fn what_is_bound_to_a_part_stands_on_its_records_and_within_it_alone() {
    let (logger, captured) = Logger::capture();
    let job = Scope::new(logger);
    let outer = job.part(&step(1));
    let inner = outer.part(&FieldSet::new().with("try", 3));
    let beside = job.part(&step(2));
    outer.bind_here(&FieldSet::new().with("rows", 5).with("step", 9));
    for (scope, name) in [(&job, "whole"), (&outer, "outer"), (&inner, "inner"), (&beside, "beside")] {
        info!(logger: scope.logger(), "{name}");
    }
    assert!(!captured.only_saying("whole").has("rows"));
    assert_eq!(captured.only_saying("beside").number("step"), 2.0);
    assert!(!captured.only_saying("beside").has("rows"));
    for name in ["outer", "inner"] {
        let record = captured.only_saying(name);
        assert_eq!((record.number("rows"), record.number("step")), (5.0, 9.0), "{name}");
    }
}

#[test]
fn of_two_fields_with_one_name_that_of_the_innermost_part_counts_even_after_a_late_one_outside() {
    let (logger, captured) = Logger::capture();
    let outer = Scope::new(logger).part(&step(1));
    let inner = outer.part(&step(2));
    outer.bind_here(&step(3));
    info!(logger: inner.logger(), "inner");
    info!(logger: outer.logger(), "outer");
    assert_eq!(captured.only_saying("inner").number("step"), 2.0);
    assert_eq!(captured.only_saying("outer").number("step"), 3.0);
}

#[test]
fn one_call_inside_parts_with_other_names_overrides_what_is_there_and_only_that() {
    let (logger, captured) = Logger::capture();
    let whole = Scope::new(logger);
    // Names that look alike at a glance, so that they have to be compared.
    for name in ["axb", "ayb", "axb", "ayb"] {
        let part = whole.part(&FieldSet::new().with(name, 1));
        info!(logger: part.logger(), ayb = 2, "said");
    }
    let counts: Vec<usize> = captured.records().iter().map(|record| record.fields().len()).collect();
    assert_eq!(counts, [2, 1, 2, 1]);
}

#[test]
fn what_binds_to_a_part_without_more_binds_to_the_whole() {
    let (logger, captured) = Logger::capture();
    let job = Scope::new(logger);
    job.part(&step(1)).bind(fields!(user = "ann"));
    info!(logger: job.logger(), "whole");
    assert_eq!(captured.only().text("user"), "ann");
}

#[test]
fn a_field_that_is_set_over_and_over_is_kept_once() {
    let (logger, captured) = Logger::capture();
    let part = Scope::new(logger).part(&FieldSet::new());
    for number in 0..500_u64 {
        part.bind_here(&step(number));
    }
    info!(logger: part.logger(), "at last");
    let record = captured.only();
    assert_eq!((record.number("step"), record.fields().len()), (499.0, 1));
}

#[test]
fn however_deep_parts_stand_within_parts_they_follow_and_end() {
    let (logger, captured) = Logger::capture();
    let job = Scope::new(logger);
    let mut innermost = job.part(&step(1));
    for _ in 0..50_000 {
        innermost = innermost.part(&FieldSet::new());
    }
    job.bind(fields!(user = "ann"));
    info!(logger: innermost.logger(), "deep");
    assert_eq!(captured.only().text("user"), "ann");
    drop(job);
    drop(innermost);
}

#[test]
fn threads_that_bind_to_a_part_at_once_lose_nothing() {
    let (logger, captured) = Logger::capture();
    let part = Scope::new(logger).part(&FieldSet::new());
    std::thread::scope(|threads| {
        for name in ["a", "b", "c", "d"] {
            let part = part.clone();
            threads.spawn(move || {
                for number in 0..100_u64 {
                    part.bind_here(&FieldSet::new().with(name, number));
                    drop(part.logger());
                }
            });
        }
    });
    info!(logger: part.logger(), "after");
    let record = captured.only();
    assert_eq!(["a", "b", "c", "d"].map(|name| record.number(name)), [99.0; 4]);
}

#[test]
fn scopes_that_are_left_out_of_order_leave_the_others() {
    let (logger, captured) = Logger::capture();
    let [a, b] = ["a", "b"].map(|name| Scope::new(logger.with(fields!(name))));
    a.enter_without_guard();
    b.enter_without_guard();
    b.enter_without_guard();
    a.leave();
    info!("both left");
    b.leave();
    info!("one left");
    b.leave();
    b.leave();
    assert!(Scope::current().is_none());
    assert_eq!(captured.only_saying("both left").text("name"), "b");
    assert_eq!(captured.only_saying("one left").text("name"), "b");
}

fn origin(level: Level, target: &'static str, names: &[&'static str]) -> &'static Origin {
    Box::leak(Box::new(Origin::new(level, target, names)))
}

#[test]
fn an_origin_answers_to_levels_and_to_scopes_that_hold_more() {
    let (logger, captured) = Logger::capture_with(|builder| builder.directives("warn,pool=info".parse().unwrap()));
    let (pool, other) = (origin(Level::INFO, "pool", &[]), origin(Level::DEBUG, "elsewhere", &[]));
    assert!(pool.pass(&logger).is_some() && other.pass(&logger).is_none());
    assert!(logger.wants(Level::INFO, "pool") && !logger.wants(Level::DEBUG, "elsewhere"));

    let recording = Recording::new(&logger, Level::DEBUG);
    let held = recording.logger();
    assert!(held.wants(Level::DEBUG, "elsewhere"));
    assert_ne!(other.wanted(), Wanted::Never);
    assert!(bridge::most_verbose() <= LevelFilter::from(Level::DEBUG));
    let pass = other.pass(held).expect("the recording holds it");
    other.log(held, pass, format_args!("held"), &[]);
    assert!(captured.is_empty());
}

#[test]
fn an_origin_with_odd_names_and_other_fields_than_it_named_logs_what_it_is_given() {
    let (logger, captured) = Logger::capture();
    let odd = origin(Level::INFO, "odd", &["a \"b\"", "", "password"]);
    let pass = odd.pass(&logger).unwrap();
    odd.log(&logger, pass, format_args!("odd"), &[Value::U64(1), Value::U64(2), Value::Str("hunter2")]);
    odd.log(&logger, pass, format_args!("too few"), &[]);
    odd.log_fields(&logger, pass, format_args!("others"), &FieldSet::new().with("other", 3));
    let record = captured.only_saying("odd");
    assert_eq!(record.number("a \"b\""), 1.0);
    assert_ne!(record.text("password"), "hunter2");
    assert_eq!(captured.only_saying("others").number("other"), 3.0);
    assert_eq!(captured.len(), 2);
}

#[test]
fn listeners_are_told_of_levels_and_of_new_loggers() {
    static TOLD: AtomicUsize = AtomicUsize::new(0);
    bridge::on_change(|| {
        TOLD.fetch_add(1, Ordering::Relaxed);
    });
    let (logger, _captured) = Logger::capture();
    let after_new = TOLD.load(Ordering::Relaxed);
    logger.set_level(Level::TRACE);
    assert!(after_new > 0 && TOLD.load(Ordering::Relaxed) > after_new);
    assert!(bridge::most_verbose().allows(Level::TRACE));
}

#[cfg(feature = "http")]
mod of_a_request {
    use super::*;
    use hyperlog_core::debug;
    use hyperlog_core::http::{Exchange, Header, Policy, RequestHead, RouteRule};
    use std::sync::Arc;

    struct Request;

    impl RequestHead for Request {
        fn method(&self) -> &str {
            "GET"
        }

        fn path(&self) -> &str {
            "/"
        }

        fn header(&self, name: &str) -> Option<&[u8]> {
            (name == "x-request-id").then_some(b"abc-123")
        }

        fn for_each_header<'h>(&'h self, _each: &mut dyn FnMut(Header<'h>)) {}
    }

    #[test]
    fn whoever_asks_a_part_about_the_request_is_answered_by_the_request() {
        let (logger, captured) = Logger::capture();
        let exchange = Exchange::open(&logger, &Arc::new(Policy::new()), &Request);
        let part = exchange.scope().part(&step(1));
        let entered = part.enter();
        let scope = Scope::current().expect("it was entered");
        assert_eq!(scope.request_id().expect("it is a request's").as_str(), "abc-123");
        scope.add("cart", 3);
        scope.bind(fields!(request_id = "forged", user = "ann"));
        info!("inside");
        drop(entered);
        drop(exchange);

        let record = captured.only_saying("inside");
        assert_eq!((record.text("request_id"), record.text("user")), ("abc-123", "ann"));
        assert_eq!(record.number("step"), 1.0);
        let access = captured.records().into_iter().find(|record| record.has("kind")).expect("the request has one");
        assert_eq!((access.number("cart"), access.text("user")), (3.0, "ann"));
        assert!(!access.has("step"));
    }

    #[test]
    fn a_recorder_that_a_rule_adds_on_the_way_holds_what_parts_say_that_were_there_before() {
        let (logger, captured) = Logger::capture_with(|builder| builder.level(Level::INFO));
        let mut exchange = Exchange::open(&logger, &Arc::new(Policy::new()), &Request);
        let part = exchange.scope().part(&step(1));
        let entered = part.enter();
        debug!("too early");
        part.apply(RouteRule::new().recorder(Level::DEBUG));
        debug!("held");
        drop(entered);
        assert!(captured.is_empty());
        exchange.failed(std::fmt::Error);
        drop(exchange);
        let said: Vec<String> = captured.records().iter().map(|record| record.message().to_owned()).collect();
        assert!(said.iter().any(|message| message == "held"), "{said:?}");
        assert!(!said.iter().any(|message| message == "too early"), "{said:?}");
    }
}
