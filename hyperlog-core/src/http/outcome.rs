//! How a request ended, and how severe that is.
//!
//! The status alone does not say: a response that began with 200 may never have been finished.

use crate::level::Level;
use std::fmt;

/// How a request ended.
///
/// | outcome | when | level |
/// |---|---|---|
/// | `ok` | served to the end, with a status below 500 | info; warn for a 4xx |
/// | `error` | a status of 5xx, or no response but an error | error |
/// | `panic` | the handler, or the body, panicked | error |
/// | `cancelled` | dropped before it was complete: the client left, a timeout struck | info |
/// | `body_error` | the body failed after the status was sent | error |
/// | `closed` | a stream without an end was left, or nobody asked for a body that was there in full | info |
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// Served to the end.
    Ok,
    /// The server failed.
    Error,
    /// The handler, or the body, panicked.
    Panic,
    /// Dropped before it was complete.
    Cancelled,
    /// The body failed after the status was sent.
    BodyError,
    /// A stream without an end was left.
    Closed,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Outcome; 6] =
        [Outcome::Ok, Outcome::Error, Outcome::Panic, Outcome::Cancelled, Outcome::BodyError, Outcome::Closed];

    /// Whether the server is to blame: no rule can hide that.
    pub const fn is_failure(self) -> bool {
        matches!(self, Outcome::Error | Outcome::Panic | Outcome::BodyError)
    }

    /// The outcome of a response that was served to the end.
    pub(crate) fn of_status(status: u16) -> Outcome {
        if status < 500 { Outcome::Ok } else { Outcome::Error }
    }

    /// The name it has in a record.
    pub const fn name(self) -> &'static str {
        match self {
            Outcome::Ok => "ok",
            Outcome::Error => "error",
            Outcome::Panic => "panic",
            Outcome::Cancelled => "cancelled",
            Outcome::BodyError => "body_error",
            Outcome::Closed => "closed",
        }
    }

    /// How severe it is, with this status.
    pub fn level(self, status: Option<u16>) -> Level {
        match (self, status) {
            (Outcome::Error | Outcome::Panic | Outcome::BodyError, _) => Level::ERROR,
            (Outcome::Ok, Some(400..=499)) => Level::WARN,
            (Outcome::Ok | Outcome::Cancelled | Outcome::Closed, _) => Level::INFO,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_level_follows_status_and_outcome() {
        let check = |outcome: Outcome, status: Option<u16>, expected| {
            assert_eq!(outcome.level(status), expected, "{outcome} {status:?}");
        };
        for (status, expected) in [
            (101, Level::INFO),
            (200, Level::INFO),
            (204, Level::INFO),
            (301, Level::INFO),
            (399, Level::INFO),
            (400, Level::WARN),
            (404, Level::WARN),
            (499, Level::WARN),
            (500, Level::ERROR),
            (503, Level::ERROR),
            (999, Level::ERROR),
        ] {
            check(Outcome::of_status(status), Some(status), expected);
        }
        check(Outcome::Error, None, Level::ERROR);
        check(Outcome::Panic, Some(200), Level::ERROR);
        check(Outcome::BodyError, Some(200), Level::ERROR);
        check(Outcome::Cancelled, None, Level::INFO);
        check(Outcome::Cancelled, Some(404), Level::INFO);
        check(Outcome::Closed, Some(200), Level::INFO);
    }
}
