//! An output to a receiver of the tests, with a logger before it.

use crate::fake::{Fake, LONG};
use hyperlog_core::{Json, Lane, Logger, Output, info};
use hyperlog_delivery::{Exporter, Handle, Limits, Retry};
use hyperlog_webhook::{Addresses, Proxy, Transport, Webhook};
use std::time::Duration;

pub(crate) struct Wire {
    pub(crate) logger: Logger,
    pub(crate) handle: Handle,
}

/// To a receiver on this machine, whatever the environment says of proxies.
pub(crate) fn webhook(fake: &Fake) -> Webhook {
    webhook_to(&fake.url())
}

pub(crate) fn webhook_to(url: &str) -> Webhook {
    Webhook::new(url).transport(Transport::PlainAllowed).addresses(Addresses::Any).proxy(Proxy::Off).limits(limits())
}

/// As by default, without waiting for more.
pub(crate) fn limits() -> Limits {
    Limits::default().records(1_000).overhead(1).linger(Duration::ZERO)
}

/// Tries again at once.
pub(crate) fn at_once() -> Retry {
    let short = Duration::from_millis(2);
    Retry::new().first(short).longest(short)
}

pub(crate) fn start(exporter: Exporter) -> Wire {
    let sink = exporter.start().unwrap();
    let handle = sink.handle();
    // Without the logger's own records of what was lost, so that there is nothing to count but what a test logs.
    let output = Output::new(Json::new(), sink).name("webhook").lane(Lane::target("shop"));
    Wire { logger: Logger::builder().output(output).build().unwrap(), handle }
}

impl Wire {
    pub(crate) fn to(fake: &Fake) -> Wire {
        start(webhook(fake).exporter().unwrap().retry(at_once()))
    }

    pub(crate) fn log(&self, message: &str) {
        info!(logger: self.logger, target: "shop", "{message}");
    }

    #[track_caller]
    pub(crate) fn flush(&self) {
        self.logger.flush(LONG).unwrap();
    }

    /// Closes the output, and says how many records have left and how many were lost. None is missing.
    #[track_caller]
    pub(crate) fn close(self, deadline: Duration) -> (u64, u64) {
        self.handle.close(deadline);
        self.check_account();
        let health = &self.logger.health()[0];
        assert_eq!(health.pending.total(), 0, "what is closed has nothing left");
        (health.written.total(), health.dropped_total())
    }

    /// Every record is accounted for.
    #[track_caller]
    pub(crate) fn check_account(&self) {
        let health = &self.logger.health()[0];
        assert!(health.is_conserved(), "{health:?}");
    }
}
