//! What is watched of requests while they run: polls, what is open, and the records beside the one of access.

use std::time::{Duration, Instant};

use hyperlog::http::{Extra, InFlight, Policy, RouteRule};
use hyperlog::{CapturedRecord, CapturedValue, Level};

use crate::client;
use crate::host::{Answer, Host, gate};
use crate::stage::{Stage, is_access, is_kind, unique};

fn show(extra: Extra) -> Policy {
    Policy::new().rule(RouteRule::new().show(extra))
}

#[track_caller]
fn duration(record: &CapturedRecord, key: &str) -> Duration {
    match record.get(key) {
        Some(CapturedValue::Duration(duration)) => *duration,
        other => panic!("{key} is {other:?} in {record}"),
    }
}

pub(crate) fn polls_are_counted_where_somebody_wants_to_know<H: Host>() {
    let check = |policy: Policy| {
        let stage = Stage::acting::<H, _>(policy, async |_| {
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
            Answer::new(200, "")
        });
        stage.send("GET /act/ann");
        stage.access()
    };
    let access = check(show(Extra::Polls));
    assert!(access.number("polls") >= 11.0, "{access}");
    let (busy, longest) = (duration(&access, "busy"), duration(&access, "longest_poll"));
    assert!(longest <= busy && busy <= duration(&access, "duration"), "{access}");
    let access = check(Policy::new());
    assert!(!access.has("polls") && !access.has("busy") && !access.has("longest_poll"), "{access}");
}

pub(crate) fn a_poll_that_takes_long_is_warned_of<H: Host>() {
    let stage = Stage::under::<H>(Policy::new().slow_poll(Duration::ZERO));
    // A process gives one such warning a second, whoever it is for.
    let start = Instant::now();
    let warning = loop {
        assert!(start.elapsed() < Duration::from_secs(20), "it never came");
        stage.send("GET /hello/ann");
        let mut records = stage.captured.records().into_iter();
        if let Some(warning) = records.find(|record| is_kind(record, "slow_poll")) {
            break warning;
        }
    };
    assert_eq!((warning.level(), warning.text("method")), (Level::WARN, "GET"));
    assert!(warning.has("request_id") && warning.has("route") == H::HAS_ROUTES, "{warning}");
    assert!(duration(&warning, "longest_poll") > Duration::ZERO, "{warning}");
    let stage = Stage::under::<H>(Policy::new().slow_poll(Duration::from_secs(3600)));
    stage.send("GET /hello/ann");
    stage.wait_for(is_access);
    assert!(!stage.stop().iter().any(|record| is_kind(record, "slow_poll")));
}

pub(crate) fn what_is_open_is_in_the_table_until_it_is_over<H: Host>() {
    let in_flight = InFlight::new();
    let stage = Stage::under::<H>(Policy::new().in_flight(&in_flight));
    let doors = [unique(), unique()];
    let mut connections = Vec::new();
    for door in &doors {
        let mut connection = stage.connect();
        connection.ask(&format!("GET /gate/{door}"), &[("x-request-id", door)]);
        stage.wait_for(|record| record.message() == "waiting" && record.text("request_id") == door);
        connections.push(connection);
    }
    let open = in_flight.open();
    assert_eq!(open.iter().map(|open| open.id.as_str()).collect::<Vec<_>>(), doors.each_ref().map(String::as_str));
    for open in &open {
        assert_eq!((&*open.method, open.last_record.as_deref()), ("GET", Some("waiting")));
        assert_eq!(open.route.as_deref(), H::HAS_ROUTES.then_some("/gate/{name}"));
    }
    assert!(open[0].age >= open[1].age);
    for (door, mut connection) in doors.iter().zip(connections) {
        gate(door).add_permits(1);
        assert_eq!(connection.reply().text(), "open");
        stage.wait_for_access(door);
    }
    drop(stage);
    assert!(in_flight.is_empty() && in_flight.open().is_empty(), "{in_flight:?}");
}

pub(crate) fn what_is_open_for_long_is_told_once_and_what_a_drain_leaves_is_told_too<H: Host>() {
    let in_flight = InFlight::new().tell_after(Duration::from_millis(1));
    let stage = Stage::under::<H>(Policy::new().in_flight(&in_flight));
    let door = unique();
    let mut connection = stage.connect();
    connection.ask(&format!("GET /gate/{door}"), &[("x-request-id", "long")]);
    let told = stage.wait_for(|record| record.message() == "request still open");
    assert_eq!((told.text("kind"), told.level(), told.text("request_id")), ("open", Level::WARN, "long"));
    assert!(duration(&told, "age") >= Duration::from_millis(1), "{told}");
    assert_eq!(told.has("route"), H::HAS_ROUTES);
    stage.wait_for_saying("waiting");
    in_flight.tell_open();
    gate(&door).add_permits(1);
    assert_eq!(connection.reply().text(), "open");
    stage.wait_for_access("long");
    in_flight.tell_open();
    let records = stage.stop();
    let told: Vec<_> = records.iter().filter(|record| record.message() == "request still open").collect();
    assert_eq!(told.len(), 2, "{records:#?}");
    assert!(told.iter().all(|told| told.text("request_id") == "long"), "{told:#?}");
    // That it was told of is not what it did last.
    assert_eq!(told[1].text("last_record"), "waiting");
}

pub(crate) fn a_request_that_begins_is_told_where_somebody_wants_it<H: Host>() {
    let stage = Stage::under::<H>(show(Extra::Start));
    let reply = stage.send_with("GET /hello/ann", &[("x-request-id", "abc-123")]);
    assert_eq!(reply.status, 200);
    stage.wait_for(is_access);
    let records = stage.stop();
    let (start, access) = (&records[0], records.last().expect("there are some"));
    assert!(is_kind(start, "start") && is_access(access), "{records:#?}");
    assert_eq!((start.message(), start.level()), ("request begun", Level::INFO));
    assert_eq!((start.text("method"), start.text("path")), ("GET", "/hello/ann"));
    assert_eq!((start.text("request_id"), start.has("route")), ("abc-123", H::HAS_ROUTES));
    assert_eq!(records.iter().filter(|record| is_kind(record, "start")).count(), 1);
}

pub(crate) fn a_response_whose_end_nobody_knows_is_told_when_it_begins<H: Host>() {
    let stage = Stage::under::<H>(show(Extra::Open));
    client::leave_at(stage.server.address, "GET /events", "data: 2\n\n");
    stage.wait_for(is_access);
    stage.send_with("GET /hello/ann", &[("x-request-id", "short")]);
    stage.wait_for_access("short");
    let records = stage.stop();
    let opened: Vec<_> = records.iter().filter(|record| is_kind(record, "open")).collect();
    assert_eq!(opened.len(), 1, "{records:#?}");
    assert_eq!((opened[0].message(), opened[0].text("path")), ("response begun", "/events"));
    assert_eq!((opened[0].number("status"), opened[0].has("route")), (200.0, H::HAS_ROUTES));
    let access = records.iter().find(|record| is_access(record)).expect("there is one");
    assert_eq!(opened[0].text("request_id"), access.text("request_id"));
}

pub(crate) fn a_response_is_told_when_it_begins_only_where_its_end_may_be_missed<H: Host>() {
    let check = |policy: Policy, is_told: bool| {
        let stage = Stage::under::<H>(policy);
        client::leave_at(stage.server.address, "GET /events", "data: 0\n\n");
        stage.wait_for(is_access);
        assert_eq!(stage.stop().iter().any(|record| is_kind(record, "open")), is_told);
    };
    check(Policy::new(), H::MAY_MISS_THE_END);
    check(Policy::new().rule(RouteRule::new().hide(Extra::Open)), false);
}
