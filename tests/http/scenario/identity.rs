//! Who a request is: its id, its place in a trace, and who sent it; and what of that goes on to others.

use std::convert::Infallible;

use http::{HeaderMap, Request};
use hyperlog::http::{InboundIds, Network, Policy, RequestId, RouteRule};
use hyperlog::tower::{OutgoingLayer, put_ids};
use hyperlog::{Level, Scope, info};
use tower::ServiceExt as _;
use tower_layer::Layer;

use crate::host::{Answer, Asked, Host};
use crate::stage::{Stage, is_access};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

fn parent() -> String {
    format!("00-{TRACE}-{PARENT}-01")
}

/// Answers with the headers that a request to somebody else would bear.
async fn forward(_asked: Asked) -> Answer {
    info!("working");
    let mut lines = String::new();
    let scope = Scope::current().expect("it is in one");
    scope.for_each_outgoing_header(|name, value| lines.push_str(&format!("{name}: {value}\n")));
    Answer::new(200, lines)
}

pub(crate) fn a_valid_trace_parent_is_on_every_record_and_goes_on<H: Host>() {
    let stage = Stage::acting::<H, _>(Policy::new(), forward);
    let headers = [("traceparent", &*parent()), ("tracestate", "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE")];
    let reply = stage.send_with("GET /act/ann", &[&headers[..], &[("x-request-id", "abc-123")]].concat());
    let outgoing = format!(
        "x-request-id: abc-123\ntraceparent: {}\ntracestate: rojo=00f067aa0ba902b7,congo=t61rcWkgMzE\n",
        parent()
    );
    assert_eq!(reply.text(), outgoing);
    assert_eq!(stage.wait_for_saying("working").text("trace_id"), TRACE);
    let access = stage.access();
    assert_eq!((access.text("trace_id"), access.text("parent_span_id")), (TRACE, PARENT));
}

pub(crate) fn an_invalid_trace_parent_is_as_good_as_none<H: Host>() {
    let stage = Stage::acting::<H, _>(Policy::new(), forward);
    let zero = "0".repeat(32);
    let invalid = [
        format!("ff-{TRACE}-{PARENT}-01"),
        format!("00-{zero}-{PARENT}-01"),
        format!("00-{TRACE}-{}-01", &zero[..16]),
        format!("00-{}-{PARENT}-01", TRACE.to_uppercase()),
        format!("00-{}-{PARENT}-01", &TRACE[1..]),
        format!("00-{TRACE}-{PARENT}-01-more"),
        format!("00-{TRACE}-{PARENT}"),
        format!("00-{TRACE}-{}g-01", &PARENT[1..]),
        "gibberish".to_owned(),
        String::new(),
    ];
    for (number, parent) in invalid.iter().enumerate() {
        let id = format!("number-{number}");
        let headers = [("traceparent", &**parent), ("tracestate", "rojo=1"), ("x-request-id", &*id)];
        let reply = stage.send_with("GET /act/ann", &headers);
        assert_eq!((reply.status, reply.text()), (200, &*format!("x-request-id: {id}\n")), "{parent}");
        let access = stage.wait_for_access(&id);
        assert!(!access.has("trace_id") && !access.has("parent_span_id"), "{parent} {access}");
    }
    stage.all_access(invalid.len());
}

pub(crate) fn two_trace_parents_are_as_good_as_none<H: Host>() {
    // Requests with many headers are looked through in another way.
    for others in [0, 20] {
        let stage = Stage::acting::<H, _>(Policy::new(), forward);
        let another = format!("00-{TRACE}-{}-01", "a".repeat(16));
        let names: Vec<String> = (0..others).map(|number| format!("x-other-{number}")).collect();
        let mut headers: Vec<(&str, &str)> = names.iter().map(|name| (&**name, "1")).collect();
        let parent = parent();
        headers.extend([("x-request-id", "abc-123"), ("traceparent", &parent), ("tracestate", "rojo=1")]);
        headers.push(("traceparent", &another));
        let reply = stage.send_with("GET /act/ann", &headers);
        assert_eq!((reply.status, reply.text()), (200, "x-request-id: abc-123\n"), "{others}");
        let access = stage.access();
        assert!(!access.has("trace_id") && !access.has("parent_span_id"), "{others} {access}");
    }
}

pub(crate) fn a_later_version_counts_as_far_as_the_first_knows_it<H: Host>() {
    let stage = Stage::acting::<H, _>(Policy::new(), forward);
    let reply = stage.send_with("GET /act/ann", &[("traceparent", &format!("cc-{TRACE}-{PARENT}-01-what-the-future"))]);
    assert!(reply.tells(&format!("traceparent: {}", parent())), "{reply:?}");
    assert_eq!(stage.access().text("trace_id"), TRACE);
}

pub(crate) fn the_lines_of_a_trace_state_are_one_list<H: Host>() {
    let stage = Stage::acting::<H, _>(Policy::new(), forward);
    let headers = [("traceparent", &*parent()), ("tracestate", "rojo=1"), ("tracestate", "congo=2,pais=3")];
    let reply = stage.send_with("GET /act/ann", &headers);
    assert!(reply.tells("tracestate: rojo=1,congo=2,pais=3\n"), "{reply:?}");
}

pub(crate) fn whoever_is_not_seen_still_knows_who_it_is<H: Host>() {
    for rule in [RouteRule::new().sample(0.0), RouteRule::off().level(Level::TRACE)] {
        let stage = Stage::acting::<H, _>(Policy::new().rule(rule), async |_| {
            let scope = Scope::current().expect("it is in one");
            let id = scope.request_id().expect("there is one");
            let trace = scope.trace_parent().expect("there is one");
            Answer::new(200, format!("{id} {}", trace.trace_id()))
        });
        let reply = stage.send_with("GET /act/ann", &[("x-request-id", "abc-123"), ("traceparent", &parent())]);
        assert_eq!(reply.text(), format!("abc-123 {TRACE}"), "{rule:?}");
        assert_eq!(reply.header("x-request-id"), "abc-123");
        assert!(!stage.stop().iter().any(is_access), "{rule:?}");
    }
}

pub(crate) fn ids_travel_in_the_header_that_was_chosen<H: Host>() {
    let stage = Stage::acting::<H, _>(Policy::new().id_header("X-Correlation-Id"), forward);
    let headers = [("x-correlation-id", "abc-123"), ("x-request-id", "another")];
    let reply = stage.send_with("GET /act/ann", &headers);
    assert_eq!((reply.text(), reply.header("x-correlation-id")), ("x-correlation-id: abc-123\n", "abc-123"));
    assert!(reply.headers("x-request-id").is_empty(), "{reply:?}");
    let access = stage.access();
    assert_eq!((access.text("request_id"), access.text("request_id_source")), ("abc-123", "inbound"));
}

pub(crate) fn ids_of_others_are_not_taken_where_they_are_ignored<H: Host>() {
    let stage = Stage::acting::<H, _>(Policy::new().inbound_ids(InboundIds::Ignored), forward);
    let reply = stage.send_with("GET /act/ann", &[("x-request-id", "abc-123")]);
    let id = reply.header("x-request-id");
    assert_ne!(id, "abc-123");
    assert_eq!(reply.text(), format!("x-request-id: {id}\n"));
    let access = stage.access();
    assert_eq!((access.text("request_id"), access.text("request_id_source")), (id, "generated"));
}

pub(crate) fn ids_are_made_as_the_policy_wants<H: Host>() {
    let policy = Policy::new().generate_ids(|| RequestId::parse(b"made-to-measure").expect("it is valid"));
    let stage = Stage::under::<H>(policy);
    assert_eq!(stage.send("GET /hello/ann").header("x-request-id"), "made-to-measure");
    assert_eq!(
        stage.send_with("GET /hello/ann", &[("x-request-id", "two words")]).header("x-request-id"),
        "made-to-measure"
    );
    let access = stage.all_access(2);
    assert!(access.iter().all(|access| access.text("request_id") == "made-to-measure"), "{access:#?}");
}

pub(crate) fn ids_are_taken_from_trusted_peers_alone<H: Host>() {
    for (trusted, is_taken) in [("127.0.0.0/8", true), ("10.0.0.0/8", false)] {
        let stage = Stage::under::<H>(trusting(&[trusted]).inbound_ids(InboundIds::FromTrusted));
        let reply = stage.send_with("GET /hello/ann", &[("x-request-id", "abc-123")]);
        assert_eq!(reply.header("x-request-id") == "abc-123", is_taken, "{trusted}");
        let source = if is_taken { "inbound" } else { "generated" };
        assert_eq!(stage.access().text("request_id_source"), source, "{trusted}");
    }
}

pub(crate) fn other_ids_are_taken_from_trusted_peers_alone_and_the_correlation_goes_on<H: Host>() {
    for (trusted, is_taken) in [("127.0.0.0/8", true), ("10.0.0.0/8", false)] {
        let policy = trusting(&[trusted]).correlation_id("X-Correlation-Id").user_id("x-user").tenant_id("x-tenant");
        let stage = Stage::acting::<H, _>(policy, forward);
        let headers = [
            ("x-request-id", "abc-123"),
            ("x-correlation-id", "order-7"),
            ("x-user", "ann@example.org|1"),
            ("x-tenant", "acme"),
            ("x-tenant", "twice is once too often"),
        ];
        let reply = stage.send_with("GET /act/ann", &headers);
        let goes_on =
            if is_taken { "x-request-id: abc-123\nx-correlation-id: order-7\n" } else { "x-request-id: abc-123\n" };
        assert_eq!(reply.text(), goes_on, "{trusted}");
        for record in [stage.wait_for_saying("working"), stage.access()] {
            let ids = ["correlation_id", "user_id", "tenant_id"].map(|key| record.has(key).then(|| record.text(key)));
            let taken = [Some("order-7"), Some("ann@example.org|1"), None];
            assert_eq!(ids, if is_taken { taken } else { [None; 3] }, "{trusted} {record}");
        }
    }
}

pub(crate) fn what_is_no_id_is_not_taken_from_anybody<H: Host>() {
    let policy = || trusting(&["127.0.0.0/8"]).tenant_id("x-tenant");
    let long = "a".repeat(129);
    for id in ["two words", "", "\u{e4}", &long] {
        let stage = Stage::acting::<H, _>(policy(), forward);
        stage.send_with("GET /act/ann", &[("x-tenant", id)]);
        assert!(!stage.access().has("tenant_id"), "{id:?}");
    }
    let stage = Stage::acting::<H, _>(policy(), forward);
    stage.send_with("GET /act/ann", &[("x-tenant", &long[1..])]);
    assert_eq!(stage.access().text("tenant_id"), &long[1..]);
}

pub(crate) fn the_baggage_that_was_named_is_on_every_record<H: Host>() {
    let send = |lines: &[(&str, &str)]| {
        let stage = Stage::acting::<H, _>(Policy::new().baggage(["plan", "region"]), forward);
        let reply = stage.send_with("GET /act/ann", lines);
        assert!(!reply.tells("baggage"), "{reply:?}");
        let seen = [stage.wait_for_saying("working"), stage.access()].map(|record| {
            ["plan", "region", "other"].map(|name| {
                let key = format!("baggage.{name}");
                record.has(&key).then(|| record.text(&key).to_owned())
            })
        });
        assert_eq!(seen[0], seen[1]);
        seen[0].clone()
    };
    let plan = Some("gold & silver".to_owned());
    assert_eq!(send(&[("baggage", "plan=gold%20%26%20silver;ttl=3,other=1")]), [plan.clone(), None, None]);
    let lines = [("baggage", "plan=gold%20%26%20silver"), ("baggage", "region = eu")];
    assert_eq!(send(&lines), [plan, Some("eu".to_owned()), None]);
    assert_eq!(send(&[("baggage", "plan=gold, region=e u")]), [None, None, None]);
    assert_eq!(send(&[("baggage", &format!("plan=gold,other={}", "a".repeat(9000)))]), [None, None, None]);
    assert_eq!(send(&[]), [None, None, None]);
}

pub(crate) fn nobody_is_trusted_where_peers_are_not_known<H: Host>() {
    let stage = Stage::under::<H>(trusting(&["0.0.0.0/0", "::/0"]).inbound_ids(InboundIds::FromTrusted));
    let headers = [("x-request-id", "abc-123"), ("x-forwarded-for", "6.6.6.6"), ("forwarded", "for=6.6.6.6")];
    assert_ne!(stage.send_with("GET /hello/ann", &headers).header("x-request-id"), "abc-123");
    let access = stage.access();
    assert_eq!(access.text("request_id_source"), "generated");
    assert!(!access.has("client_ip"), "{access}");
}

fn trusting(networks: &[&str]) -> Policy {
    let parse = |network: &&str| network.parse::<Network>().expect("it is one");
    Policy::new().trust(networks.iter().map(parse))
}

pub(crate) fn an_untrusted_peer_is_the_client_whatever_it_says<H: Host>() {
    for policy in [Policy::new(), trusting(&["10.0.0.0/8"])] {
        let stage = Stage::under::<H>(policy);
        let headers = [("x-forwarded-for", "6.6.6.6"), ("x-real-ip", "6.6.6.6"), ("forwarded", "for=6.6.6.6")];
        stage.send_with("GET /hello/ann", &headers);
        let access = stage.access();
        assert_eq!(access.text("client_ip"), "127.0.0.1");
        assert!(!access.to_string().contains("6.6.6.6"), "{access}");
    }
}

pub(crate) fn behind_trusted_proxies_the_client_is_the_rightmost_that_is_not<H: Host>() {
    let check = |headers: &[(&str, &str)], expected: &str| {
        let stage = Stage::under::<H>(trusting(&["127.0.0.0/8", "10.0.0.0/8", "fd00::/8"]));
        stage.send_with("GET /hello/ann", headers);
        assert_eq!(stage.access().text("client_ip"), expected, "{headers:?}");
    };
    check(&[], "127.0.0.1");
    check(&[("x-forwarded-for", "6.6.6.6, 1.1.1.1, 10.0.0.2")], "1.1.1.1");
    check(&[("x-forwarded-for", "6.6.6.6"), ("x-forwarded-for", "1.1.1.1, 10.0.0.2")], "1.1.1.1");
    check(&[("x-forwarded-for", "10.0.0.3, 10.0.0.2")], "10.0.0.3");
    check(&[("x-forwarded-for", "6.6.6.6, nonsense, 10.0.0.2")], "10.0.0.2");
    check(&[("x-forwarded-for", "6.6.6.6, 1.1.1.1:4711")], "1.1.1.1");
    check(&[("x-real-ip", "6.6.6.6")], "127.0.0.1");
    check(
        &[("forwarded", r#"for=6.6.6.6, for="[2001:db8::7]:4711";proto=https, For=10.0.0.2;by=10.0.0.1"#)],
        "2001:db8::7",
    );
    check(&[("forwarded", r#"for=1.1.1.1, for="[fd00::1]""#), ("x-forwarded-for", "6.6.6.6, 1.1.1.1")], "1.1.1.1");
    // A proxy that adds to one of them lets the other pass.
    check(&[("forwarded", "for=6.6.6.6"), ("x-forwarded-for", "1.1.1.1")], "127.0.0.1");
    check(&[("forwarded", "for=6.6.6.6, for=unknown, for=10.0.0.2")], "10.0.0.2");
}

pub(crate) fn a_request_to_somebody_else_bears_the_ids_unless_it_has_its_own<H: Host>() {
    let stage = Stage::acting::<H, _>(Policy::new(), async |_| {
        let client = OutgoingLayer.layer(tower::service_fn(async |request: Request<()>| {
            Ok::<_, Infallible>(format!("{:?}", request.headers()))
        }));
        let plain = client.oneshot(Request::new(())).await.unwrap_or_else(|never| match never {});
        let own = Request::builder().header("x-request-id", "own").body(()).expect("it is valid");
        let own = client.oneshot(own).await.unwrap_or_else(|never| match never {});
        let mut put = HeaderMap::new();
        put_ids(&Scope::current().expect("it is in one"), &mut put);
        Answer::new(200, format!("{plain}\n{own}\n{put:?}"))
    });
    let reply = stage.send_with("GET /act/ann", &[("x-request-id", "abc-123"), ("traceparent", &parent())]);
    let lines: Vec<&str> = reply.text().lines().collect();
    let parent = parent();
    assert_eq!(lines[0], format!("{{\"x-request-id\": \"abc-123\", \"traceparent\": \"{parent}\"}}"));
    assert_eq!(lines[1], format!("{{\"x-request-id\": \"own\", \"traceparent\": \"{parent}\"}}"));
    assert_eq!(lines[2], lines[0]);
}
