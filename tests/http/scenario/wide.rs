//! The record of a request, wide: what handlers, extractors, nested code and spawned work put on it.

use std::sync::Arc;

use hyperlog::http::{Extract, Policy, RequestHead, ResponseHead, ServerTiming};
use hyperlog::{CapturedRecord, CapturedValue, FieldSet, Level, Scope, ScopeExt, fields, info, wrap};
use tokio::sync::Notify;

use crate::host::{Answer, CHAIN, Host, Inside, Other, Side};
use crate::stage::{Stage, is_access};

fn scope() -> Scope {
    Scope::current().expect("it is in one")
}

/// Code that knows nothing of requests.
async fn deep(depth: usize) {
    tokio::task::yield_now().await;
    match depth {
        0 => scope().add("rows", 42),
        _ => Box::pin(deep(depth - 1)).await,
    }
}

pub(crate) fn whatever_works_on_a_request_adds_to_its_record_alone<H: Host>() {
    let stage = Stage::acting::<H, _>(Policy::new(), async |_| {
        scope().add("cart", "empty");
        scope().add("cart", "full");
        deep(5).await;
        assert!(H::spawn(async { scope().add("spawned", true) }).await);
        assert!(H::block(|| scope().add("blocking", true)).await);
        info!("working");
        Answer::new(200, "")
    });
    stage.send("GET /act/ann");
    let line = stage.wait_for_saying("working");
    let access = stage.access();
    assert_eq!((access.text("cart"), access.number("rows")), ("full", 42.0));
    assert_eq!(access.fields().iter().filter(|(name, _)| name == "cart").count(), 1, "{access}");
    for name in ["spawned", "blocking"] {
        assert_eq!(access.get(name), Some(&CapturedValue::Bool(true)), "{access}");
    }
    for name in ["cart", "rows", "spawned", "blocking"] {
        assert!(!line.has(name), "{line}");
    }
}

pub(crate) fn an_added_field_cannot_forge_what_the_record_says<H: Host>() {
    let stage = Stage::acting::<H, _>(Policy::new(), async |_| {
        scope().add("status", 999);
        scope().add("request_id", "forged");
        scope().add("password", "hunter2");
        Answer::new(200, "")
    });
    let reply = stage.send("GET /act/ann");
    let access = stage.access();
    assert_eq!((access.number("status"), access.text("request_id")), (200.0, reply.header("x-request-id")));
    assert!(!access.to_string().contains("hunter2"), "{access}");
}

pub(crate) fn what_is_bound_is_on_every_later_record<H: Host>() {
    let stage = Stage::acting::<H, _>(Policy::new(), async |_| {
        info!("before");
        scope().bind(fields!(user = "ann"));
        info!("after");
        assert!(H::spawn(async { info!("beside") }).await);
        Answer::new(200, "")
    });
    stage.send("GET /act/ann");
    assert!(!stage.wait_for_saying("before").has("user"));
    for message in ["after", "beside"] {
        assert_eq!(stage.wait_for_saying(message).text("user"), "ann");
    }
    assert_eq!(stage.access().text("user"), "ann");
}

pub(crate) fn work_keeps_the_id_if_it_is_taken_along<H: Host>() {
    let stage = Stage::acting::<H, _>(Policy::new(), async |_| {
        assert!(H::spawn(async { info!("spawned") }).await);
        assert!(H::block(|| info!("blocking")).await);
        tokio::task::spawn(async { info!("adapted") }.in_current_scope()).await.expect("it does not panic");
        std::thread::spawn(wrap(|| info!("wrapped"))).join().expect("it does not panic");
        let seen = tokio::task::spawn(async { Scope::current().is_some() }).await.expect("it does not panic");
        assert!(!seen, "nothing is taken along unasked");
        Answer::new(200, "")
    });
    let reply = stage.send("GET /act/ann");
    assert_eq!(reply.status, 200);
    for message in ["spawned", "blocking", "adapted", "wrapped"] {
        assert_eq!(stage.wait_for_saying(message).text("request_id"), reply.header("x-request-id"), "{message}");
    }
}

pub(crate) fn work_that_outlives_its_request_keeps_the_id_and_changes_no_record<H: Host>() {
    let told = Arc::new(Notify::new());
    let act = {
        let told = Arc::clone(&told);
        move |_| {
            let told = Arc::clone(&told);
            // Not waited for.
            drop(H::spawn(async move {
                told.notified().await;
                scope().add("late", true);
                scope().record_error(&CHAIN);
                info!("outliving");
            }));
            async { Answer::new(200, "") }
        }
    };
    let stage = Stage::acting::<H, _>(Policy::new(), act);
    let reply = stage.send("GET /act/ann");
    let access = stage.wait_for(is_access);
    told.notify_one();
    assert_eq!(stage.wait_for_saying("outliving").text("request_id"), reply.header("x-request-id"));
    assert!(!access.has("late") && !access.has("error"), "{access}");
    stage.access();
}

#[track_caller]
fn check_chain(access: &CapturedRecord) {
    assert_eq!(access.text("error"), "no order");
    let causes = ["no database", "disk on fire"].map(|cause| CapturedValue::Text(cause.to_owned()));
    assert_eq!(access.get("error.causes"), Some(&CapturedValue::List(causes.into())), "{access}");
}

pub(crate) fn an_error_is_told_with_its_causes_and_the_first_counts<H: Host>() {
    for status in [200, 422, 500] {
        let stage = Stage::acting::<H, _>(Policy::new(), move |_| {
            scope().record_error(&CHAIN);
            scope().record_error(&std::io::Error::other("of the second no word"));
            async move { Answer::new(status, "") }
        });
        assert_eq!(stage.send("GET /act/ann").status, status);
        let access = stage.access();
        check_chain(&access);
        assert_eq!(access.number("status"), f64::from(status));
        assert!(!access.to_string().contains("of the second"), "{access}");
    }
}

pub(crate) fn an_error_that_travels_with_a_response_is_told_once<H: Host>() {
    for is_recorded in [false, true] {
        let stage = Stage::acting::<H, _>(Policy::new(), move |_| {
            if is_recorded {
                scope().record_error(&CHAIN);
            }
            let mut answer = Answer::new(500, "");
            answer.cause = Some(CHAIN);
            async { answer }
        });
        let reply = stage.send("GET /act/ann");
        assert!(reply.status == 500 && !reply.tells("no order"), "{reply:?}");
        let access = stage.access();
        check_chain(&access);
        assert_eq!(access.fields().iter().filter(|(name, _)| name == "error").count(), 1, "{access}");
    }
}

pub(crate) fn a_service_that_fails_is_told_with_its_causes_and_no_status<H: Host>() {
    let stage = Stage::with::<H>(|setup| setup.inside = Inside::Failing);
    let mut connection = stage.connect();
    connection.ask("GET /act/ann", &[]);
    assert!(connection.try_reply().is_none(), "the error is passed on, and the server knows no response for it");
    let access = stage.access();
    check_chain(&access);
    assert_eq!((access.text("outcome"), access.level()), ("error", Level::ERROR));
    assert!(!access.has("status"), "{access}");
}

pub(crate) fn an_error_of_a_known_type_is_told_with_its_causes<H: Host>() {
    let stage = Stage::new::<H>();
    stage.send_with("GET /known", &[("x-request-id", "known")]);
    stage.send_with("GET /unknown", &[("x-request-id", "unknown")]);
    check_chain(&stage.wait_for_access("known"));
    let unknown = stage.wait_for_access("unknown");
    assert_eq!((unknown.text("error"), unknown.number("status")), ("no order", 500.0));
    assert!(!unknown.has("error.causes"), "{unknown}");
}

pub(crate) fn times_are_on_the_record_and_leave_only_if_the_policy_wants_it<H: Host>() {
    for (policy, leaves) in [(Policy::new(), false), (Policy::new().server_timing(ServerTiming::Shown), true)] {
        let stage = Stage::acting::<H, _>(policy, async |_| {
            for _ in 0..2 {
                let _timing = scope().time("db");
                tokio::task::yield_now().await;
            }
            drop(scope().time("the cache"));
            Answer::new(200, "")
        });
        let reply = stage.send("GET /act/ann");
        let access = stage.access();
        for name in ["db", "the cache"] {
            assert!(matches!(access.get(name), Some(CapturedValue::Duration(_))), "{name} {access}");
        }
        match (leaves, &reply.headers("server-timing")[..]) {
            (false, []) => {}
            (true, [timing]) => {
                let names: Vec<&str> = timing.split(", ").filter_map(|part| part.split(";dur=").next()).collect();
                assert_eq!(names, ["app", "db", "the-cache"]);
                let is_number = |part: &str| part.split(";dur=").nth(1).is_some_and(|time| time.parse::<f64>().is_ok());
                assert!(timing.split(", ").all(is_number), "{timing}");
            }
            other => panic!("{other:?}"),
        }
    }
}

/// Draws from both heads.
struct Both;

impl Extract for Both {
    fn on_request(&self, head: &dyn RequestHead, fields: &mut FieldSet) {
        fields.add("method_length", head.method().len() as u64);
        if let Some(api) = head.header("x-api").and_then(|api| std::str::from_utf8(api).ok()) {
            fields.add("api", api);
        }
    }

    fn on_response(&self, head: &dyn ResponseHead, fields: &mut FieldSet) {
        if let Some(cache) = head.header("x-cache").and_then(|cache| std::str::from_utf8(cache).ok()) {
            fields.add("cache", cache).add("half", head.status() / 2);
        }
    }
}

pub(crate) fn what_is_drawn_from_a_request_is_on_all_its_records<H: Host>() {
    let stage = Stage::acting::<H, _>(Policy::new().extract(Both), async |asked| {
        if asked.name == "loud" {
            info!("working");
        }
        Answer::new(200, "").header("x-cache", "hit")
    });
    for name in ["loud", "silent"] {
        stage.send_with(&format!("GET /act/{name}"), &[("x-api", "v2"), ("x-request-id", name)]);
        let access = stage.wait_for_access(name);
        assert_eq!((access.text("api"), access.number("method_length")), ("v2", 3.0), "{access}");
        assert_eq!((access.text("cache"), access.number("half")), ("hit", 100.0), "{access}");
    }
    let line = stage.wait_for_saying("working");
    assert_eq!((line.text("api"), line.number("method_length")), ("v2", 3.0));
    assert!(!line.has("cache"), "{line}");
}

pub(crate) fn what_others_left_with_a_request_can_be_drawn<H: Host>() {
    let policy = Policy::new().extract(|head: &dyn RequestHead, fields: &mut FieldSet| {
        if let Some(tenant) = H::tenant(head.extensions()) {
            fields.add("tenant", tenant.0);
        }
    });
    for (side, is_there) in [(Side::Outside, true), (Side::Inside, false)] {
        let stage = Stage::with::<H>(|setup| {
            setup.policy = Some(hyperlog::http::SharedPolicy::new(policy.clone()));
            setup.beside = Some((Other::Door, side));
            setup.act(async |_| {
                info!("working");
                Answer::new(200, "")
            });
        });
        stage.send("GET /act/ann");
        let line = stage.wait_for_saying("working");
        for record in [line, stage.access()] {
            assert_eq!(record.has("tenant").then(|| record.text("tenant")), is_there.then_some("acme"), "{record}");
        }
    }
}
