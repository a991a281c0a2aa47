//! What the client's own library says while it sends is not sent in turn.

mod fake;

use fake::{Fake, LONG, ok};
use hyperlog_core::{Json, Level, Logger, Memory, Output, debug, info};
use hyperlog_delivery::Limits;
use hyperlog_webhook::{Addresses, Proxy, Transport, Webhook};
use std::sync::OnceLock;
use std::time::Duration;

/// Passes what libraries say on to a logger, as a bridge does.
struct Bridge;

static LOGGER: OnceLock<Logger> = OnceLock::new();

impl log::Log for Bridge {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        if let Some(logger) = LOGGER.get() {
            debug!(logger: logger, from = record.target(), "{}", record.args());
        }
    }

    fn flush(&self) {}
}

#[test]
fn what_the_client_says_while_it_sends_is_not_sent_and_tells_no_secret() {
    let fake = Fake::start(|_| ok());
    let sink = Webhook::new(&format!("http://{}/canary?token=canary", fake.address))
        .secret_header("authorization", "Bearer canary")
        .transport(Transport::PlainAllowed)
        .addresses(Addresses::Any)
        .proxy(Proxy::Off)
        .limits(Limits::default().linger(Duration::ZERO))
        .start()
        .unwrap();
    let handle = sink.handle();
    let memory = Memory::new();
    let logger = Logger::builder()
        .level(Level::TRACE)
        .output(Output::new(Json::new(), sink).name("webhook"))
        .output(Output::new(Json::new(), memory.clone()).name("memory"))
        .build()
        .unwrap();
    LOGGER.set(logger.clone()).unwrap();
    log::set_logger(&Bridge).unwrap();
    log::set_max_level(log::LevelFilter::Debug);

    info!(logger: logger, "one");
    logger.flush(LONG).unwrap();
    let told = memory.text();
    assert!(told.contains(r#""from":"ureq"#), "the library said something: {told}");
    assert!(!told.contains("canary"), "{told}");

    // Were what it said sent, there would be more to send, and more said, for ever.
    let seen = fake.seen();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].messages(), ["one"]);
    logger.flush(LONG).unwrap();
    assert_eq!(fake.seen().len(), 1);

    let health = &logger.health()[0];
    assert!(health.is_conserved(), "{health:?}");
    assert_eq!(health.written.total(), 1);
    let echoed = health.dropped.iter().find(|(reason, _)| reason.name() == "echoed").unwrap();
    assert_eq!(echoed.1.total(), health.dropped_total());
    assert!(health.dropped_total() > 0);
    assert_eq!(handle.close(LONG).left.total(), 1);
}
