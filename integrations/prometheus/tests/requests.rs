//! Requests are counted by what is known of them, never by what a client makes up.

mod request;

use hyperlog_core::Logger;
use hyperlog_core::http::{InFlight, Policy};
use hyperlog_prometheus::{Format, Metrics, Requests};
use request::{GET, Request};
use std::sync::Arc;

const TRACE_PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// A policy whose requests are counted, and what is shown of them.
struct Server {
    policy: Arc<Policy>,
    logger: Logger,
    metrics: Metrics,
}

impl Server {
    fn of(requests: Requests) -> Server {
        let requests = Arc::new(requests);
        let policy = Arc::new(Policy::new().observe(requests.observer()));
        Server { policy, logger: Logger::capture().0, metrics: Metrics::new().with(requests) }
    }

    fn serve(&self, request: &Request<'_>) {
        request.serve(&self.policy, &self.logger);
    }

    fn shown(&self, format: Format) -> String {
        self.metrics.render(format).expect("requests are always shown").body
    }

    #[track_caller]
    fn check(&self, lines: &[&str]) {
        let shown = self.shown(Format::Text);
        for line in lines {
            assert!(shown.lines().any(|shown| shown == *line), "{line} is not in\n{shown}");
        }
    }
}

/// How many lines there are of a metric.
fn lines_of(shown: &str, name: &str) -> usize {
    shown.lines().filter(|line| line.starts_with(&format!("{name}{{"))).count()
}

#[test]
fn a_request_is_counted_by_route_method_class_of_status_and_outcome() {
    let server = Server::of(Requests::new());
    server.serve(&GET);
    server.serve(&Request { status: 201, path: "/orders/8", ..GET });
    server.serve(&Request { status: 503, ..GET });
    server.serve(&Request { method: "POST", route: None, status: 404, ..GET });
    drop(GET.open(&server.policy, &server.logger));
    server.check(&[
        r#"hyperlog_http_requests_total{route="/orders/{id}",method="GET",status="2xx",outcome="ok"} 2"#,
        r#"hyperlog_http_requests_total{route="/orders/{id}",method="GET",status="5xx",outcome="error"} 1"#,
        r#"hyperlog_http_requests_total{route="/orders/{id}",method="GET",status="none",outcome="cancelled"} 1"#,
        r#"hyperlog_http_requests_total{route="none",method="POST",status="4xx",outcome="ok"} 1"#,
        r#"hyperlog_http_request_duration_seconds_count{route="/orders/{id}",method="GET",status="2xx"} 2"#,
        r#"hyperlog_http_request_duration_seconds_bucket{route="none",method="POST",status="4xx",le="+Inf"} 1"#,
        r#"hyperlog_http_request_bytes_total{route="/orders/{id}",method="GET",status="2xx"} 10"#,
        r#"hyperlog_http_response_bytes_total{route="/orders/{id}",method="GET",status="2xx"} 24"#,
    ]);
}

#[test]
fn paths_without_a_route_and_methods_that_nobody_knows_add_no_lines() {
    let server = Server::of(Requests::new());
    let long = "X".repeat(8 * 1024);
    for number in 0..100_000 {
        let path = format!("/{number}\"\n\\");
        let method = if number % 2 == 0 { "BREW" } else { &long };
        server.serve(&Request { method, path: &path, route: None, status: 404, ..GET });
    }
    server.check(&[r#"hyperlog_http_requests_total{route="none",method="other",status="4xx",outcome="ok"} 100000"#]);
    assert_eq!(lines_of(&server.shown(Format::Text), "hyperlog_http_requests_total"), 1);
}

#[test]
fn routes_beyond_the_cap_are_counted_together_and_lose_nothing() {
    let server = Server::of(Requests::new().most_routes(3));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for number in 0..1_000 {
                    server.serve(&Request { route: Some(&format!("/{}", number % 50)), ..GET });
                }
            });
        }
    });
    server.serve(&Request { route: Some(&"/long".repeat(100)), ..GET });
    let shown = server.shown(Format::Text);
    assert_eq!(lines_of(&shown, "hyperlog_http_requests_total"), 4, "{shown}");
    let requests = shown.lines().filter(|line| line.starts_with("hyperlog_http_requests_total"));
    let total: u64 = requests.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum();
    assert_eq!(total, 4_001);
}

#[test]
fn without_room_for_any_route_all_are_counted_together() {
    let server = Server::of(Requests::new().most_routes(0));
    server.serve(&GET);
    server.check(&[r#"hyperlog_http_requests_total{route="other",method="GET",status="2xx",outcome="ok"} 1"#]);
}

#[test]
fn a_route_by_the_name_of_what_is_beyond_makes_no_second_line_of_it() {
    let server = Server::of(Requests::new().most_routes(1));
    for route in [Some("other"), Some("none"), None, Some("/first"), Some("/second")] {
        server.serve(&Request { route, ..GET });
    }
    server.check(&[
        r#"hyperlog_http_requests_total{route="none",method="GET",status="2xx",outcome="ok"} 2"#,
        r#"hyperlog_http_requests_total{route="other",method="GET",status="2xx",outcome="ok"} 2"#,
        r#"hyperlog_http_requests_total{route="/first",method="GET",status="2xx",outcome="ok"} 1"#,
    ]);
}

#[test]
fn a_route_is_escaped() {
    let server = Server::of(Requests::new());
    server.serve(&Request { route: Some("/a\"} 1\nfake_total{x=\"\\\u{fffd}"), ..GET });
    server.check(&[
        r#"hyperlog_http_request_bytes_total{route="/a\"} 1\nfake_total{x=\"\\�",method="GET",status="2xx"} 5"#,
    ]);
    assert!(!server.shown(Format::OpenMetrics).lines().any(|line| line.starts_with("fake_total")));
}

#[test]
fn a_duration_has_a_trace_as_its_example_if_the_trace_is_one() {
    let server = Server::of(Requests::new());
    server.serve(&Request { trace_parent: Some("00-00000000000000000000000000000000-00f067aa0ba902b7-01"), ..GET });
    server.serve(&Request { trace_parent: Some("00-evil\"} 1-1-01"), ..GET });
    assert!(!server.shown(Format::OpenMetrics).contains("trace_id"));
    server.serve(&Request { trace_parent: Some(TRACE_PARENT), ..GET });
    let shown = server.shown(Format::OpenMetrics);
    let example = r#"# {trace_id="4bf92f3577b34da6a3ce929d0e0e4736"} "#;
    let bucket = shown.lines().find(|line| line.contains(example)).expect("a bucket has the example");
    assert!(bucket.starts_with("hyperlog_http_request_duration_seconds_bucket{"), "{bucket}");
    assert!(shown.ends_with("# EOF\n"));
    assert!(!server.shown(Format::Text).contains("trace_id"), "the older text has no room for it");
}

#[test]
fn bounds_may_come_in_any_order_and_need_not_be_numbers() {
    let server = Server::of(Requests::new().buckets([60.0, f64::NAN, 30.0, f64::INFINITY, 60.0]));
    server.serve(&GET);
    let shown = server.shown(Format::Text);
    let bounds: Vec<&str> = shown.lines().filter_map(|line| line.split("le=\"").nth(1)?.split('"').next()).collect();
    assert_eq!(bounds, ["30", "60", "+Inf"]);
}

#[test]
fn requests_that_are_open_are_shown_where_the_policy_keeps_them() {
    let in_flight = InFlight::new();
    let requests = Arc::new(Requests::new().in_flight(&in_flight));
    let policy = Arc::new(Policy::new().observe(requests.observer()).in_flight(&in_flight));
    let server = Server { policy, logger: Logger::capture().0, metrics: Metrics::new().with(requests) };
    let open = GET.open(&server.policy, &server.logger);
    server.check(&["hyperlog_http_requests_in_flight 1.0"]);
    drop(open);
    server.check(&["hyperlog_http_requests_in_flight 0.0"]);
    assert!(!Server::of(Requests::new()).shown(Format::Text).contains("in_flight"));
}
