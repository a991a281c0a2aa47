//! A server, and what it logs.

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use hyperlog::http::{Policy, SharedPolicy};
use hyperlog::{Captured, CapturedRecord, Logger};

use crate::client::{self, Connection, Reply};
use crate::host::{Answer, Asked, Host, Other, Server, Setup, Side};

pub(crate) struct Stage {
    pub(crate) server: Server,
    pub(crate) captured: Captured,
}

impl Stage {
    pub(crate) fn new<H: Host>() -> Stage {
        Stage::with::<H>(|_| {})
    }

    /// With another middleware beside ours.
    pub(crate) fn beside<H: Host>(other: Other, side: Side) -> Stage {
        Stage::with::<H>(|setup| setup.beside = Some((other, side)))
    }

    pub(crate) fn with<H: Host>(change: impl FnOnce(&mut Setup)) -> Stage {
        let (logger, captured) = Logger::capture();
        let mut setup = Setup::new(logger);
        change(&mut setup);
        Stage { server: H::start(setup), captured }
    }

    /// With a policy.
    pub(crate) fn under<H: Host>(policy: Policy) -> Stage {
        Stage::with::<H>(|setup| setup.policy = Some(SharedPolicy::new(policy)))
    }

    /// With a policy, and a scenario in the place of a handler.
    pub(crate) fn acting<H: Host, F: Future<Output = Answer> + Send + 'static>(
        policy: Policy,
        act: impl Fn(Asked) -> F + Send + Sync + 'static,
    ) -> Stage {
        Stage::with::<H>(|setup| {
            setup.policy = Some(SharedPolicy::new(policy));
            setup.act(act);
        })
    }

    pub(crate) fn connect(&self) -> Connection {
        Connection::open(self.server.address)
    }

    #[track_caller]
    pub(crate) fn send(&self, request: &str) -> Reply {
        self.send_with(request, &[])
    }

    #[track_caller]
    pub(crate) fn send_with(&self, request: &str, headers: &[(&str, &str)]) -> Reply {
        client::send(self.server.address, request, headers)
    }

    /// Sends a request with a body.
    #[track_caller]
    pub(crate) fn send_body(&self, request: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        let mut connection = self.connect();
        let length = body.len().to_string();
        connection.ask(request, &[headers, &[("content-length", &length), ("connection", "close")]].concat());
        connection.write(body);
        connection.reply()
    }

    /// Waits for a record that was not there when its cause was: the server is another thread.
    #[track_caller]
    pub(crate) fn wait_for(&self, wanted: impl Fn(&CapturedRecord) -> bool) -> CapturedRecord {
        self.wait_until(|records| records.iter().find(|record| wanted(record)).cloned())
    }

    /// Waits for a record with this message.
    #[track_caller]
    pub(crate) fn wait_for_saying(&self, message: &str) -> CapturedRecord {
        self.wait_for(|record| record.message() == message)
    }

    /// Waits for the access record of a request.
    #[track_caller]
    pub(crate) fn wait_for_access(&self, id: &str) -> CapturedRecord {
        self.wait_for(|record| is_access(record) && record.text("request_id") == id)
    }

    /// Waits until this is found among the records. The nap orders nothing, it spares the processor between two looks.
    #[track_caller]
    fn wait_until<T>(&self, find: impl Fn(&[CapturedRecord]) -> Option<T>) -> T {
        self.wait_a_while(find).unwrap_or_else(|records| panic!("it never came; there are {records:#?}"))
    }

    /// As [`Stage::wait_until`], but gives what there is instead if it does not come.
    pub(crate) fn wait_a_while<T>(
        &self,
        find: impl Fn(&[CapturedRecord]) -> Option<T>,
    ) -> Result<T, Vec<CapturedRecord>> {
        let start = Instant::now();
        loop {
            let records = self.captured.records();
            if let Some(found) = find(&records) {
                return Ok(found);
            }
            if start.elapsed() > Duration::from_secs(20) {
                return Err(records);
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Waits for the access record, then stops the server to see that there is no other.
    #[track_caller]
    pub(crate) fn access(self) -> CapturedRecord {
        self.all_access(1).remove(0)
    }

    /// Waits for so many access records, then stops the server to see that there are no others.
    #[track_caller]
    pub(crate) fn all_access(self, count: usize) -> Vec<CapturedRecord> {
        let count_access = |records: &[CapturedRecord]| records.iter().filter(|record| is_access(record)).count();
        self.wait_until(|records| (count_access(records) >= count).then_some(()));
        let records = self.stop();
        let records: Vec<CapturedRecord> = records.into_iter().filter(is_access).collect();
        assert_eq!(records.len(), count, "{records:#?}");
        records
    }

    /// Stops the server, and gives all records.
    pub(crate) fn stop(self) -> Vec<CapturedRecord> {
        drop(self.server);
        self.captured.records()
    }
}

/// A name that nobody else has.
pub(crate) fn unique() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("unique-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

pub(crate) fn is_access(record: &CapturedRecord) -> bool {
    is_kind(record, "access")
}

pub(crate) fn is_kind(record: &CapturedRecord, kind: &str) -> bool {
    record.has("kind") && record.text("kind") == kind
}
