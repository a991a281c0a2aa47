//! What became of records is shown as the logger and the queues say it.

use hyperlog_core::{
    Condition, DropReason, Json, LastError, Level, Line, Logger, Memory, Output, Sink, Written, debug, error, info,
    report_fault,
};
use hyperlog_delivery::{Backend, Batch, DeliveryError, Exporter, Reply};
use hyperlog_prometheus::prometheus_client::metrics::counter::Counter;
use hyperlog_prometheus::prometheus_client::registry::Registry;
use hyperlog_prometheus::{Format, Metrics, Records};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

#[track_caller]
fn check(metrics: &Metrics, lines: &[&str]) {
    let shown = metrics.render(Format::Text).expect("there is something to show").body;
    for line in lines {
        assert!(shown.lines().any(|shown| shown == *line), "{line} is not in\n{shown}");
    }
}

/// Loses what it is given.
struct Sieve(Condition);

impl Sink for Sieve {
    fn write(&self, _: &Line<'_>) -> Written {
        Written::Dropped(DropReason::Gone)
    }

    fn condition(&self) -> Condition {
        self.0.clone()
    }

    fn last_error(&self) -> Option<LastError> {
        Some(LastError::new("secret", Duration::from_secs(60)))
    }
}

#[test]
fn records_are_counted_by_output_and_level_and_those_lost_by_reason() {
    let logger = Logger::builder()
        .level(Level::TRACE)
        .output(Output::new(Json::new(), Memory::new()).name("all"))
        .output(Output::new(Json::new(), Sieve(Condition::Failed("secret".into()))).name("failed").level(Level::ERROR))
        .output(Output::new(Json::new(), Sieve(Condition::Degraded("secret".into()))).name("ill \"\n\\"))
        .build()
        .unwrap();
    let metrics = Metrics::new().with(Records::of(&logger));
    info!(logger: logger, "ready");
    debug!(logger: logger, "looking");
    error!(logger: logger, "failed");
    report_fault("a test", format_args!("nothing is wrong"));
    check(
        &metrics,
        &[
            "# TYPE hyperlog_records_written_total counter",
            r#"hyperlog_records_accepted_total{output="all",level="info"} 1"#,
            r#"hyperlog_records_written_total{output="all",level="debug"} 1"#,
            r#"hyperlog_records_written_total{output="all",level="fatal"} 0"#,
            r#"hyperlog_records_accepted_total{output="failed",level="info"} 0"#,
            r#"hyperlog_records_dropped_total{output="failed",reason="gone",level="error"} 1"#,
            r#"hyperlog_records_dropped_total{output="ill \"\n\\",reason="gone",level="info"} 1"#,
            r#"hyperlog_records_dropped_total{output="all",reason="full",level="info"} 0"#,
            r#"hyperlog_records_pending{output="all",level="info"} 0.0"#,
            r#"hyperlog_records_cut_total{output="all"} 0"#,
            r#"hyperlog_output_up{output="all"} 1.0"#,
            r#"hyperlog_output_up{output="failed"} 0.0"#,
            r#"hyperlog_output_degraded{output="all"} 0.0"#,
            r#"hyperlog_output_up{output="ill \"\n\\"} 1.0"#,
            r#"hyperlog_output_degraded{output="ill \"\n\\"} 1.0"#,
            r#"hyperlog_output_floor_severity{output="all"} 0.0"#,
            r#"hyperlog_output_last_error_timestamp_seconds{output="all"} 0.0"#,
            "hyperlog_configuration_refused 0.0",
        ],
    );
    logger.note_refused_configuration(Some("shop.toml:1:1: secret"));
    check(&metrics, &["hyperlog_configuration_refused 1.0"]);
    let shown = metrics.render(Format::OpenMetrics).unwrap();
    assert!(!shown.body.contains("secret"), "what an output says of itself is no label");
    let last_error = r#"hyperlog_output_last_error_timestamp_seconds{output="failed"} "#;
    let last_error = shown.body.lines().find_map(|line| line.strip_prefix(last_error)).unwrap().parse::<f64>().unwrap();
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs_f64();
    assert!((now - 600.0..now - 59.0).contains(&last_error), "{last_error} of {now}");
    let faults = shown.body.lines().find_map(|line| line.strip_prefix("hyperlog_faults_total "));
    assert!(faults.unwrap().parse::<u32>().unwrap() >= 1);
    assert_eq!(shown.content_type, "application/openmetrics-text; version=1.0.0; charset=utf-8");
}

#[test]
fn outputs_of_one_name_make_lines_of_their_own() {
    let logger = Logger::builder()
        .output(Output::new(Json::new(), Memory::new()).name("twin"))
        .output(Output::new(Json::new(), Memory::new()).name("twin").level(Level::ERROR))
        .build()
        .unwrap();
    info!(logger: logger, "ready");
    check(
        &Metrics::new().with(Records::of(&logger)),
        &[
            r#"hyperlog_records_written_total{output="twin",level="info"} 1"#,
            r#"hyperlog_records_written_total{output="twin-2",level="info"} 0"#,
        ],
    );
}

/// Takes whatever comes, or nothing.
struct Receiver(Result<(), ()>);

impl Backend for Receiver {
    fn deliver(&mut self, _: &Batch<'_>) -> Reply {
        match self.0 {
            Ok(()) => Reply::Delivered,
            Err(()) => Reply::Disable(DeliveryError::new("it is gone")),
        }
    }
}

#[test]
fn queues_are_shown_as_they_say_they_are() {
    let well = Exporter::new(Receiver(Ok(()))).name("well").capacity(1 << 20).start().unwrap();
    let gone = Exporter::new(Receiver(Err(()))).name("gone").start().unwrap();
    let elsewhere = gone.handle();
    // A logger each: of what one output loses, the others are told.
    let logger = |name, sink| Logger::builder().output(Output::new(Json::new(), sink).name(name)).build().unwrap();
    let (well, gone) = (logger("well", well), logger("gone", gone));
    for (logger, is_well) in [(&well, true), (&gone, false)] {
        info!(logger: logger, "ready");
        assert_eq!(logger.flush(Duration::from_secs(20)).is_ok(), is_well);
    }
    let metrics = Metrics::new().with(Records::of(&well).queue(elsewhere));
    check(
        &metrics,
        &[
            r#"hyperlog_queue_records{output="well"} 0.0"#,
            r#"hyperlog_queue_bytes{output="well"} 0.0"#,
            r#"hyperlog_queue_capacity_bytes{output="well"} 1048576.0"#,
            r#"hyperlog_delivery_batches_total{output="well"} 1"#,
            r#"hyperlog_delivery_failures_total{output="well"} 0"#,
            r#"hyperlog_delivery_failures_total{output="gone"} 1"#,
            r#"hyperlog_delivery_retries_total{output="gone"} 0"#,
            r#"hyperlog_delivery_breaker{output="well",state="closed"} 1.0"#,
            r#"hyperlog_delivery_breaker{output="well",state="open"} 0.0"#,
            r#"hyperlog_delivery_breaker{output="well",state="half_open"} 0.0"#,
        ],
    );
    let shown = metrics.render(Format::Text).unwrap().body;
    let spent = shown.lines().find_map(|line| line.strip_prefix(r#"hyperlog_delivery_seconds_total{output="well"} "#));
    assert!(spent.unwrap().parse::<f64>().unwrap() > 0.0, "{shown}");
}

#[test]
fn the_metrics_of_an_application_stand_beside_ours_and_ours_in_its_registry() {
    let logger = Logger::capture().0;
    let orders: Counter = Counter::default();
    orders.inc();
    let mut registry = Registry::with_prefix("shop");
    registry.register("orders", "Orders", orders);
    let registry = Arc::new(registry);
    let beside = Metrics::new().with(Records::of(&logger)).registry(Arc::clone(&registry));
    check(&beside, &["shop_orders_total 1", "# TYPE hyperlog_faults_total counter"]);
    let both = beside.render(Format::OpenMetrics).unwrap().body;
    assert_eq!(both.matches("# EOF").count(), 1, "{both}");

    let mut own = Registry::with_prefix("shop");
    own.register_collector(Box::new(Records::of(&logger)));
    check(&Metrics::new().registry(own), &["# TYPE shop_hyperlog_faults_total counter"]);
}

#[test]
fn where_there_is_nothing_to_show_nothing_is_shown() {
    for metrics in [Metrics::new(), Metrics::new().registry(Registry::default())] {
        assert_eq!(metrics.render(Format::Text), None);
        assert_eq!(metrics.render(Format::OpenMetrics), None);
    }
}
