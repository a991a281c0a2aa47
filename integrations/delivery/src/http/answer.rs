//! What a server says, and what that means for the records: one table for all systems that speak HTTP.

use crate::backend::{DeliveryError, Reply};
use std::fmt;
use std::time::{Duration, SystemTime};

/// What a server answered.
pub struct Answer {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
    pub(super) retry_after: Option<Duration>,
    pub(super) origin: String,
}

impl Answer {
    /// The status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// As much of the body as is kept, and as came. It may repeat what was sent, secrets too: do not tell it.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// How long the server wants to be left alone, if it says.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// What became of a batch that was answered so, if these are the codes that mean it has arrived.
    ///
    /// | status | means |
    /// |---|---|
    /// | one of `accepts` | [`Reply::Delivered`] |
    /// | 408, 425, 429, 500 to 599 | [`Reply::Retry`], not before `retry-after` |
    /// | 413 | [`Reply::Split`] |
    /// | 401 | [`Reply::AuthExpired`] |
    /// | 410 | [`Reply::Disable`] |
    /// | 300 to 399 | [`Reply::Reject`]: a redirect is not followed |
    /// | any other | [`Reply::Reject`] |
    pub fn verdict(&self, accepts: &[u16]) -> Reply {
        if accepts.contains(&self.status) {
            return Reply::Delivered;
        }
        match self.status {
            408 | 425 | 429 | 500..=599 => Reply::Retry { after: self.retry_after, why: self.why("") },
            413 => Reply::Split(self.why("")),
            401 => Reply::AuthExpired(self.why("")),
            410 => Reply::Disable(self.why("")),
            200..=299 => Reply::Reject(self.why(", which is not among the codes that mean success")),
            300..=399 => Reply::Reject(self.why(": the server redirects, which is not followed")),
            _ => Reply::Reject(self.why("")),
        }
    }

    fn why(&self, more: &str) -> DeliveryError {
        DeliveryError::new(format!("{} answered {}{more}", self.origin, self.status))
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Answer({} of {}, {} bytes)", self.status, self.origin, self.body.len())
    }
}

/// What a header `retry-after` says: seconds, or a date.
pub(super) fn read_retry_after(text: &str, now: SystemTime) -> Option<Duration> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More than fits is as long as may be, which whoever waits bounds anyway.
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16) -> Answer {
        let origin = "https://h.example:443".to_owned();
        Answer { status, body: b"canary".to_vec(), retry_after: Some(Duration::from_secs(7)), origin }
    }

    #[test]
    fn each_status_means_what_the_table_says() {
        let name = |reply: Reply| match reply {
            Reply::Delivered => "delivered",
            Reply::Partial(_) => "partial",
            Reply::Retry { after, .. } if after == Some(Duration::from_secs(7)) => "retry",
            Reply::Interrupted { .. } => "interrupted",
            Reply::Retry { .. } => "retry at once",
            Reply::Split(_) => "split",
            Reply::Reject(_) => "reject",
            Reply::AuthExpired(_) => "auth",
            Reply::Disable(_) => "disable",
        };
        let cases: &[(&[u16], &str)] = &[
            (&[200, 204], "delivered"),
            (&[408, 425, 429, 500, 502, 503, 504, 507, 599], "retry"),
            (&[413], "split"),
            (&[401], "auth"),
            (&[410], "disable"),
            (
                &[100, 201, 206, 260, 300, 301, 302, 307, 308, 400, 403, 404, 405, 409, 415, 422, 451, 600, 999],
                "reject",
            ),
        ];
        for (codes, expected) in cases {
            for code in *codes {
                assert_eq!(name(answer(*code).verdict(&[200, 204])), *expected, "{code}");
            }
        }
        assert_eq!(name(answer(404).verdict(&[404])), "delivered", "who calls knows best");
    }

    #[test]
    fn a_verdict_tells_the_origin_and_the_status_and_not_the_body() {
        for status in [201, 302, 401, 404, 410, 413, 503] {
            let answer = answer(status);
            let told = format!("{answer:?} {:?}", answer.verdict(&[200]));
            assert!(told.contains("h.example") && told.contains(&status.to_string()), "{told}");
            assert!(!told.contains("canary"), "{told}");
        }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_or_nothing() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        let cases = [
            ("0", Some(0)),
            (" 120 ", Some(120)),
            ("99999999999999999999999999", Some(u64::MAX)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(0)),
            ("Sun, 06 Nov 1994 08:51:37 GMT", Some(120)),
            ("Sunday, 06-Nov-94 08:50:37 GMT", Some(60)),
            ("Sat, 05 Nov 1994 08:49:37 GMT", Some(0)),
            ("", None),
            ("-1", None),
            ("1.5", None),
            ("soon", None),
            ("Sun, 99 Nov 1994 08:49:37 GMT", None),
        ];
        for (text, seconds) in cases {
            assert_eq!(read_retry_after(text, now), seconds.map(Duration::from_secs), "{text:?}");
        }
    }
}
