//! What is logged of a request, by whoever may say: the policy, its table, layers inside, the handler.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hyperlog::http::{Access, Outcome, Policy, RouteRule, SharedPolicy};
use hyperlog::{CapturedRecord, CapturedValue, Level, Scope, info};

use crate::host::{Answer, Asked, Host, Inside, SECRET, gate};
use crate::stage::{Stage, is_access, is_kind, unique};

/// Logs a line, and answers with the status that is asked for.
async fn work(asked: Asked) -> Answer {
    info!("working");
    match &*asked.name {
        "panic" => panic!("{SECRET}"),
        status => Answer::new(status.parse().expect("a scenario asks for a status"), ""),
    }
}

fn working<H: Host>(policy: Policy) -> Stage {
    Stage::acting::<H, _>(policy, work)
}

fn working_inside<H: Host>(policy: Policy, inside: Inside) -> Stage {
    Stage::with::<H>(|setup| {
        setup.policy = Some(SharedPolicy::new(policy));
        setup.inside = inside;
        setup.act(work);
    })
}

pub(crate) fn the_level_follows_the_status_and_a_table_says_otherwise<H: Host>() {
    let check = |policy: Policy, expected: [(u16, Level); 6]| {
        let stage = working::<H>(policy);
        for (status, level) in expected {
            assert_eq!(
                stage.send_with(&format!("GET /act/{status}"), &[("x-request-id", &status.to_string())]).status,
                status
            );
            assert_eq!(stage.wait_for_access(&status.to_string()).level(), level, "{status}");
        }
        stage.all_access(expected.len());
    };
    let (info, warn, error) = (Level::INFO, Level::WARN, Level::ERROR);
    check(Policy::new(), [(204, info), (301, info), (404, warn), (429, warn), (500, error), (503, error)]);
    let table = Policy::new()
        .status_level(400..=499, Level::DEBUG)
        .status_level(429..=429, Level::NOTICE)
        .status_level(503..=503, warn);
    check(table, [(204, info), (301, info), (404, Level::DEBUG), (429, Level::NOTICE), (500, error), (503, warn)]);
}

pub(crate) fn the_level_of_an_outcome_counts_whatever_the_status<H: Host>() {
    let policy = Policy::new()
        .status_level(500..=599, Level::WARN)
        .outcome_level(Outcome::Error, Level::CRITICAL)
        .outcome_level(Outcome::BodyError, Level::NOTICE);
    let stage = working::<H>(policy);
    stage.send_with("GET /act/503", &[("x-request-id", "failing")]);
    stage.send_with("GET /broken", &[("x-request-id", "broken")]);
    stage.send_with("GET /act/200", &[("x-request-id", "served")]);
    assert_eq!(stage.wait_for_access("failing").level(), Level::CRITICAL);
    assert_eq!(stage.wait_for_access("broken").level(), Level::NOTICE);
    assert_eq!(stage.wait_for_access("served").level(), Level::INFO);
}

pub(crate) fn a_function_of_all_that_is_known_may_say_the_level<H: Host>() {
    let policy = Policy::new().status_level(200..=299, Level::ERROR).levels(|ended| {
        assert!(ended.response_bytes == 3 && ended.time_to_first_byte.is_some_and(|first| first <= ended.duration));
        match (ended.method, ended.path, ended.status, ended.outcome) {
            ("GET", "/act/ann", Some(200), Outcome::Ok) => Level::NOTICE,
            _ => Level::TRACE,
        }
    });
    let stage = Stage::under::<H>(policy);
    assert_eq!(stage.send("GET /act/ann").text(), "ann");
    assert_eq!(stage.access().level(), Level::NOTICE);
}

pub(crate) fn a_rule_lowers_what_is_served_and_a_failure_only_if_it_says_so<H: Host>() {
    let lowered = RouteRule::new().level(Level::DEBUG);
    for (rule, served, failed) in [
        (lowered, Level::DEBUG, Level::ERROR),
        (lowered.failures(Level::WARN), Level::DEBUG, Level::WARN),
        (RouteRule::new().failures(Level::CRITICAL), Level::INFO, Level::CRITICAL),
    ] {
        let stage = working_inside::<H>(Policy::new(), Inside::Rules([RouteRule::new(), rule]));
        stage.send_with("GET /act/200", &[("x-request-id", "served")]);
        stage.send_with("GET /act/500", &[("x-request-id", "failed")]);
        stage.send_with("GET /act/panic", &[("x-request-id", "panicked")]);
        assert_eq!(stage.wait_for_access("served").level(), served, "{rule:?}");
        assert_eq!(stage.wait_for_access("failed").level(), failed, "{rule:?}");
        assert_eq!(stage.wait_for_access("panicked").level(), failed, "{rule:?}");
    }
}

pub(crate) fn the_nearest_to_the_handler_has_the_last_word<H: Host>() {
    const LEVELS: [Level; 6] =
        [Level::TRACE, Level::DEBUG, Level::NOTICE, Level::ERROR, Level::CRITICAL, Level::SECURITY];
    let exact = if H::HAS_ROUTES { "/act/{name}" } else { "/act/ann" };
    for (first, level) in LEVELS.into_iter().enumerate() {
        let rule = |place: usize| match place >= first {
            true => RouteRule::new().level(LEVELS[place]),
            false => RouteRule::new(),
        };
        let [handler, inner, outer, table, pattern, default] = [0, 1, 2, 3, 4, 5].map(rule);
        let stage = Stage::with::<H>(|setup| {
            let policy = Policy::new().route(exact, table).route("/act/*", pattern).rule(default);
            setup.policy = Some(SharedPolicy::new(policy));
            setup.inside = Inside::Rules([outer, inner]);
            setup.act(move |_| async move {
                Scope::current().expect("it is in one").apply(handler);
                Answer::new(200, "")
            });
        });
        stage.send("GET /act/ann");
        assert_eq!(stage.access().level(), level, "{first}");
    }
}

pub(crate) fn data_of_a_resource_counts_more_than_that_of_its_scope<H: Host>() {
    let (outer, inner) = (RouteRule::new().level(Level::DEBUG), RouteRule::new().level(Level::NOTICE));
    let stage =
        working_inside::<H>(Policy::new().rule(RouteRule::new().level(Level::ERROR)), Inside::Data([outer, inner]));
    stage.send_with("GET /act/200", &[("x-request-id", "resource")]);
    stage.send_with("GET /act/plain/ann", &[("x-request-id", "scope")]);
    stage.send_with("GET /text", &[("x-request-id", "neither")]);
    assert_eq!(stage.wait_for_access("resource").level(), Level::NOTICE);
    assert_eq!(stage.wait_for_access("scope").level(), Level::DEBUG);
    assert_eq!(stage.wait_for_access("neither").level(), Level::ERROR);
}

pub(crate) fn a_route_that_is_off_gives_no_record_but_its_lines_keep_the_id<H: Host>() {
    for (policy, inside) in [
        (Policy::new().route("/act/*", RouteRule::off()), Inside::Nothing),
        (Policy::new(), Inside::Rules([RouteRule::new(), RouteRule::off()])),
    ] {
        let stage = working_inside::<H>(policy, inside.clone());
        let reply = stage.send("GET /act/200");
        assert_eq!(reply.status, 200);
        let records = stage.stop();
        assert_eq!(records.len(), 1, "{inside:?} {records:#?}");
        assert_eq!((records[0].message(), records[0].text("request_id")), ("working", reply.header("x-request-id")));
    }
}

pub(crate) fn a_quiet_route_shows_nothing_of_what_is_served<H: Host>() {
    let stage = working::<H>(Policy::new().route("/act/*", RouteRule::new().access(Access::Quiet)));
    let reply = stage.send("GET /act/404");
    assert!(reply.status == 404 && !reply.header("x-request-id").is_empty());
    assert_eq!(stage.stop(), []);
}

pub(crate) fn nothing_hides_a_failure_or_its_records<H: Host>() {
    for rule in [RouteRule::off(), RouteRule::new().access(Access::Quiet), RouteRule::new().sample(0.0)] {
        for (name, outcome) in [("503", "error"), ("panic", "panic")] {
            let stage = working::<H>(Policy::new().rule(rule).skip(|_| true));
            stage.send(&format!("GET /act/{name}"));
            let line = stage.wait_for_saying("working");
            if outcome == "panic" {
                let panic = stage.wait_for(|record| is_kind(record, "panic"));
                assert_eq!(panic.text("error"), SECRET, "{rule:?}");
            }
            let access = stage.access();
            assert_eq!((access.text("outcome"), access.level()), (outcome, Level::ERROR), "{rule:?}");
            assert_eq!(access.text("keep_reason"), "failure", "{rule:?}");
            assert_eq!(access.text("request_id"), line.text("request_id"), "{rule:?}");
        }
    }
}

pub(crate) fn a_level_of_the_logger_hides_no_failure_above_it<H: Host>() {
    let stage = Stage::with::<H>(|setup| {
        setup.logger.set_level(Level::ERROR);
        setup.act(work);
    });
    stage.send("GET /act/200");
    stage.send("GET /act/panic");
    stage.wait_for(|record| is_kind(record, "panic"));
    stage.wait_for(is_access);
    let records = stage.stop();
    assert_eq!(records.len(), 2, "{records:#?}");
    assert!(records.iter().all(|record| record.level() == Level::ERROR), "{records:#?}");
}

pub(crate) fn what_is_slow_is_seen_and_says_so<H: Host>() {
    for rule in [RouteRule::off(), RouteRule::new().sample(0.0), RouteRule::new().level(Level::DEBUG)] {
        let stage = working::<H>(Policy::new().rule(rule.slow(Duration::ZERO)));
        stage.send("GET /act/200");
        stage.wait_for_saying("working");
        let access = stage.access();
        assert_eq!((access.text("outcome"), access.level()), ("ok", Level::WARN), "{rule:?}");
        assert_eq!(access.get("slow"), Some(&CapturedValue::Bool(true)), "{rule:?}");
        let is_passed_over = rule != RouteRule::new().level(Level::DEBUG);
        assert_eq!(access.has("keep_reason").then(|| access.text("keep_reason")), is_passed_over.then_some("slow"));
    }
    let stage = working::<H>(Policy::new().rule(RouteRule::new().slow(Duration::from_secs(3600))));
    stage.send("GET /act/200");
    let access = stage.access();
    assert!(access.level() == Level::INFO && !access.has("slow"), "{access}");
}

pub(crate) fn a_share_decides_on_all_records_of_a_request_together<H: Host>() {
    const ASKED: usize = 100;
    let stage = working::<H>(Policy::new().rule(RouteRule::new().sample(0.5)));
    let mut connection = stage.connect();
    for number in 0..ASKED {
        connection.ask("GET /act/200", &[("x-request-id", &format!("number-{number}"))]);
        assert_eq!(connection.reply().status, 200);
    }
    drop(connection);
    let records = stage.stop();
    let (mut seen, of) = (Vec::new(), |id: &str, records: &[CapturedRecord]| {
        records.iter().filter(|record| record.text("request_id") == id).cloned().collect::<Vec<_>>()
    });
    for number in 0..ASKED {
        match &of(&format!("number-{number}"), &records)[..] {
            [] => {}
            [line, access] => {
                assert!(line.message() == "working" && is_access(access), "{line} {access}");
                // It stands for two.
                assert_eq!(access.number("sample_rate"), 2.0, "{access}");
                seen.push(number);
            }
            other => panic!("{other:#?}"),
        }
    }
    assert!((20..80).contains(&seen.len()), "{seen:?}");
    // Another server decides alike.
    static SEEN: Mutex<Option<Vec<usize>>> = Mutex::new(None);
    let mut before = SEEN.lock().expect("no test panics meanwhile");
    assert_eq!(before.get_or_insert_with(|| seen.clone()), &seen);
}

pub(crate) fn requests_of_one_trace_are_seen_together<H: Host>() {
    let stage = working::<H>(Policy::new().rule(RouteRule::new().sample(0.5)));
    let mut connection = stage.connect();
    for trace in 1..=16 {
        for _ in 0..3 {
            let parent = format!("00-{trace:032x}-00f067aa0ba902b7-00");
            connection.ask("GET /act/200", &[("traceparent", &parent)]);
            assert_eq!(connection.reply().status, 200);
        }
    }
    drop(connection);
    let records = stage.stop();
    let counts: Vec<usize> = (1..=16)
        .map(|trace: u32| records.iter().filter(|record| record.text("trace_id") == format!("{trace:032x}")).count())
        .collect();
    assert!(counts.iter().all(|count| matches!(count, 0 | 6)), "{counts:?}");
    assert!(counts.contains(&0) && counts.contains(&6), "{counts:?}");
}

pub(crate) fn a_policy_is_swapped_while_requests_are_served_and_each_keeps_its_own<H: Host>() {
    let shared = SharedPolicy::new(Policy::new().rule(RouteRule::new().level(Level::NOTICE)));
    let stage = Stage::with::<H>(|setup| setup.policy = Some(shared.clone()));
    let door = unique();
    let mut early = stage.connect();
    early.ask(&format!("GET /gate/{door}"), &[("x-request-id", "early")]);
    stage.wait_for_saying("waiting");
    shared.swap(Policy::new().rule(RouteRule::new().level(Level::DEBUG)));
    stage.send_with("GET /hello/ann", &[("x-request-id", "late")]);
    gate(&door).add_permits(1);
    assert_eq!(early.reply().text(), "open");
    assert_eq!(stage.wait_for_access("early").level(), Level::NOTICE);
    assert_eq!(stage.wait_for_access("late").level(), Level::DEBUG);
}

pub(crate) fn what_a_function_skips_is_still_observed<H: Host>() {
    let observed = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&observed);
    let policy = Policy::new()
        .skip(|ended| ended.path == "/act/200" && ended.status == Some(200))
        .observe(move |_| _ = counter.fetch_add(1, Ordering::SeqCst));
    let stage = working::<H>(policy);
    for status in [200, 404, 500] {
        stage.send(&format!("GET /act/{status}"));
    }
    let access = stage.all_access(2);
    assert_eq!(access.iter().map(|access| access.number("status")).collect::<Vec<_>>(), [404.0, 500.0]);
    assert!(access.iter().all(|access| !access.has("keep_reason")), "{access:#?}");
    assert_eq!(observed.load(Ordering::SeqCst), 3);
}

pub(crate) fn no_rule_of_a_route_reaches_another<H: Host>() {
    let policy = Policy::new().route("/act/*", RouteRule::off()).route("/text", RouteRule::new().level(Level::NOTICE));
    let stage = working::<H>(policy);
    for path in ["/act/200", "/text", "/hello/ann"] {
        stage.send_with(&format!("GET {path}"), &[("x-request-id", &path.replace('/', "."))]);
    }
    assert_eq!(stage.wait_for_access(".text").level(), Level::NOTICE);
    assert_eq!(stage.wait_for_access(".hello.ann").level(), Level::INFO);
    stage.all_access(2);
}

pub(crate) fn a_layer_inside_decides_about_all_records_of_a_request_too<H: Host>() {
    for rule in [RouteRule::new().sample(0.0), RouteRule::new().access(Access::Quiet)] {
        let stage = working_inside::<H>(Policy::new(), Inside::Rules([RouteRule::new(), rule]));
        assert_eq!(stage.send("GET /act/204").status, 204);
        assert_eq!(stage.send("GET /act/500").status, 500);
        stage.wait_for(is_access);
        let records = stage.stop();
        let messages: Vec<&str> = records.iter().map(CapturedRecord::message).collect();
        assert_eq!(messages, ["working", "request failed"], "{rule:?}");
        assert_eq!(records[1].text("keep_reason"), "failure");
    }
}
