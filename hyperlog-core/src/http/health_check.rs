//! What a probe is answered: whether the process is alive, and whether it should be sent requests.

use crate::condition::Condition;
use crate::encode::push_tree;
use crate::health::{Health, LastError, OutputHealth};
use crate::keys::DurationForm;
use crate::logger::Logger;
use crate::value::{ToValue, Tree, TreeVisitor};
use std::fmt;

/// What a probe is answered, by how a logger is. Clones answer the same.
///
/// | how the logger is | liveness | readiness |
/// |---|---|---|
/// | well | 200 | 200 |
/// | degraded: something is lost or will be, and it may mend by itself | 200 | 200, but 503 if it is a required output |
/// | failed: no output takes anything, and none will before a new start | 503 | 503 |
///
/// An output that waits for a disk or a network is degraded. So whatever is wrong with these never ends a process, which
/// would not mend it.
///
/// ```
/// use hyperlog_core::http::HealthCheck;
/// use hyperlog_core::{Json, Logger, Memory, Output};
/// use std::time::Duration;
///
/// let logger = Logger::builder().output(Output::new(Json::new(), Memory::new()).name("all")).build()?;
/// let check = HealthCheck::of(&logger);
/// assert_eq!(check.readiness().status, 200);
/// assert_eq!(
///     check.readiness().body,
///     r#"{"ready":true,"status":"well","outputs":[{"name":"all","status":"well"}]}"#
/// );
///
/// logger.close(Duration::from_secs(5))?;
/// assert_eq!(check.liveness().status, 503);
/// assert_eq!(
///     check.liveness().body,
///     r#"{"alive":false,"status":"failed","outputs":[{"name":"all","status":"failed"}]}"#
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct HealthCheck {
    logger: Logger,
    required: Vec<String>,
    is_detailed: bool,
}

/// An answer to a probe, which no cache may keep.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HealthAnswer {
    /// The status code: 200 or 503.
    pub status: u16,
    /// JSON.
    pub body: String,
}

impl HealthCheck {
    /// Of this logger. Clones and children of it have the same outputs.
    pub fn of(logger: &Logger) -> HealthCheck {
        HealthCheck { logger: logger.clone(), required: Vec::new(), is_detailed: false }
    }

    /// Is not ready unless the output of this name is there and well: one without which no request may be served, such as
    /// that of an audit trail.
    pub fn required(mut self, output: impl Into<String>) -> HealthCheck {
        self.required.push(output.into());
        self
    }

    /// Tells why an output is not well, what went wrong last, what became of its records, and what waits. Where probes are
    /// answered to anybody, that is more than anybody should know.
    pub fn detailed(mut self) -> HealthCheck {
        self.is_detailed = true;
        self
    }

    /// Whether the process should go on.
    pub fn liveness(&self) -> HealthAnswer {
        let health = self.logger.health();
        let condition = health.condition();
        self.answer("alive", !has_failed(&condition), &condition, &health)
    }

    /// Whether it should be sent requests.
    pub fn readiness(&self) -> HealthAnswer {
        let health = self.logger.health();
        let condition = health.condition();
        let is_well = |name: &String| health.output(name).is_some_and(|output| output.condition == Condition::Well);
        let is_ready = !has_failed(&condition) && self.required.iter().all(is_well);
        self.answer("ready", is_ready, &condition, &health)
    }

    fn answer(&self, question: &'static str, is_so: bool, condition: &Condition, health: &Health) -> HealthAnswer {
        let missing = self.required.iter().filter(|name| health.output(name).is_none() && question == "ready");
        let answer =
            Answer { question, is_so, condition, health, missing: missing.collect(), is_detailed: self.is_detailed };
        let mut body = Vec::new();
        push_tree(&answer, DurationForm::Seconds, &mut body);
        HealthAnswer { status: if is_so { 200 } else { 503 }, body: String::from_utf8(body).unwrap_or_default() }
    }
}

impl fmt::Debug for HealthCheck {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("HealthCheck");
        shown.field("required", &self.required).field("is_detailed", &self.is_detailed).finish_non_exhaustive()
    }
}

fn has_failed(condition: &Condition) -> bool {
    matches!(condition, Condition::Failed(_))
}

/// What is told of it.
struct Answer<'a> {
    question: &'static str,
    is_so: bool,
    condition: &'a Condition,
    health: &'a Health,
    /// Outputs that are required and not there.
    missing: Vec<&'a String>,
    is_detailed: bool,
}

impl Tree for Answer<'_> {
    fn walk(&self, visitor: &mut dyn TreeVisitor) {
        visitor.begin_map();
        show(visitor, self.question, self.is_so);
        show(visitor, "status", self.condition.name());
        visitor.key("outputs");
        visitor.begin_list();
        self.health.iter().for_each(|output| self.output(output, visitor));
        visitor.end();
        if !self.missing.is_empty() {
            visitor.key("missing");
            visitor.begin_list();
            self.missing.iter().for_each(|name| visitor.value(name.to_value()));
            visitor.end();
        }
        if let Some(refused) = &self.health.refused_configuration {
            visitor.key("configuration");
            visitor.begin_map();
            show(visitor, "status", "refused");
            if self.is_detailed {
                show_error(refused, visitor);
            }
            visitor.end();
        }
        visitor.end();
    }
}

impl Answer<'_> {
    fn output(&self, output: &OutputHealth, visitor: &mut dyn TreeVisitor) {
        visitor.begin_map();
        show(visitor, "name", output.name.as_str());
        show(visitor, "status", output.condition.name());
        if self.is_detailed {
            details(output, visitor);
        }
        visitor.end();
    }
}

fn details(output: &OutputHealth, visitor: &mut dyn TreeVisitor) {
    if let Some(why) = output.condition.why() {
        show(visitor, "why", why);
    }
    show(visitor, "accepted", output.accepted.total());
    show(visitor, "written", output.written.total());
    show(visitor, "pending", output.pending.total());
    visitor.key("dropped");
    visitor.begin_map();
    let lost = output.dropped.iter().map(|(reason, counts)| (reason.name(), counts.total()));
    lost.filter(|(_, records)| *records > 0).for_each(|(reason, records)| show(visitor, reason, records));
    visitor.end();
    if let Some(floor) = output.floor {
        show(visitor, "floor", floor.name());
    }
    if let Some(last) = &output.last_error {
        visitor.key("last_error");
        visitor.begin_map();
        show_error(last, visitor);
        visitor.end();
    }
    if let Some(delivery) = &output.delivery {
        visitor.key("queue");
        visitor.begin_map();
        show(visitor, "records", delivery.queued_records);
        show(visitor, "bytes", delivery.queued_bytes as u64);
        show(visitor, "capacity_bytes", delivery.capacity as u64);
        show(visitor, "batches", delivery.batches);
        show(visitor, "failures", delivery.failures);
        show(visitor, "retries", delivery.retries);
        show(visitor, "breaker", delivery.breaker.name());
        visitor.end();
    }
}

fn show_error(error: &LastError, visitor: &mut dyn TreeVisitor) {
    show(visitor, "what", error.what.as_str());
    show(visitor, "seconds_ago", error.ago.as_secs());
}

fn show(visitor: &mut dyn TreeVisitor, key: &str, value: impl ToValue) {
    visitor.key(key);
    visitor.value(value.to_value());
}
