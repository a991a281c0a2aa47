//! Where on earth a time is told.
//!
//! The rules of the machine's zone are read once, from its file, by a parser without `unsafe` code; neither the C library
//! nor its locks are asked, so that a thread that changes the environment meanwhile does no harm.

use crate::time::Timestamp;
#[cfg(feature = "local")]
use std::sync::OnceLock;
#[cfg(feature = "local")]
use tz::TimeZone;

/// Where on earth a time is told: see [`TimeFormat::in_zone`](crate::TimeFormat::in_zone).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Zone {
    /// Everywhere the same.
    #[default]
    Utc,
    /// So many minutes ahead of UTC, less than a day; a negative number is behind.
    East(i32),
    /// As the machine is set: by `TZ` in the environment as it was when the first format asked for it, else by
    /// `/etc/localtime`. Where neither is understood, and on Windows, it is UTC.
    #[cfg(feature = "local")]
    Local,
}

/// No zone is a day or more from UTC.
const MOST_MINUTES: i32 = 24 * 60 - 1;

impl Zone {
    /// Reads what has to be read, so that no record waits for it.
    pub(super) fn prepare(self) {
        let _ = self.minutes_east(Timestamp::default());
    }

    /// How far ahead of UTC it is at a time.
    pub(super) fn minutes_east(self, time: Timestamp) -> i32 {
        // Only the machine's zone keeps its clocks forward in summer.
        let _ = time;
        let minutes = match self {
            Zone::Utc => 0,
            Zone::East(minutes) => minutes,
            #[cfg(feature = "local")]
            Zone::Local => local().map_or(0, |zone| minutes_in(zone, time)),
        };
        minutes.clamp(-MOST_MINUTES, MOST_MINUTES)
    }
}

/// The rules of the machine's zone.
#[cfg(feature = "local")]
fn local() -> Option<&'static TimeZone> {
    static LOCAL: OnceLock<Option<TimeZone>> = OnceLock::new();
    LOCAL.get_or_init(|| read(std::env::var("TZ").ok().as_deref())).as_ref()
}

/// The rules that `TZ` names, or else those that the machine is set to.
#[cfg(feature = "local")]
fn read(named: Option<&str>) -> Option<TimeZone> {
    match named {
        Some("") => None,
        Some(name) => TimeZone::from_posix_tz(name).ok(),
        None => TimeZone::local().ok(),
    }
}

/// Whole minutes: RFC 3339 has no seconds in an offset, and only times before 1972 would need them.
#[cfg(feature = "local")]
fn minutes_in(zone: &TimeZone, time: Timestamp) -> i32 {
    zone.find_local_time_type(time.seconds()).map_or(0, |rules| rules.ut_offset() / 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::TimeFormat;

    fn written(format: TimeFormat, seconds: i64) -> String {
        let mut out = Vec::new();
        format.write(Timestamp::new(seconds, 120_934_567), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn every_text_format_is_told_in_its_zone() {
        let check = |format: TimeFormat, minutes: i32, expected: &str| {
            assert_eq!(written(format.in_zone(Zone::East(minutes)), 1_700_000_000), expected);
        };
        check(TimeFormat::Rfc3339Millis, 120, "2023-11-15T00:13:20.120+02:00");
        check(TimeFormat::Rfc3339Micros, -210, "2023-11-14T18:43:20.120934-03:30");
        check(TimeFormat::Rfc3339Nanos, 0, "2023-11-14T22:13:20.120934567+00:00");
        check(TimeFormat::pattern("%F %T %z").unwrap(), 345, "2023-11-15 03:58:20 +05:45");
        check(TimeFormat::pattern("%s").unwrap(), 345, "1700000000");
        check(TimeFormat::UnixSeconds, 120, "1700000000");
        check(TimeFormat::Off, 120, "");
        check(TimeFormat::Rfc3339Millis, i32::MAX, "2023-11-15T22:12:20.120+23:59");
        check(TimeFormat::Rfc3339Millis, i32::MIN, "2023-11-13T22:14:20.120-23:59");
    }

    #[test]
    fn the_first_and_the_last_time_are_told_in_every_zone() {
        for minutes in [i32::MIN, -1, 0, 1, i32::MAX] {
            for seconds in [i64::MIN, -1, 0, i64::MAX] {
                assert!(!written(TimeFormat::Rfc3339Nanos.in_zone(Zone::East(minutes)), seconds).is_empty());
            }
        }
    }

    #[test]
    fn utc_keeps_its_letter() {
        assert_eq!(TimeFormat::Rfc3339Micros.in_zone(Zone::Utc), TimeFormat::Rfc3339Micros);
        let pattern = TimeFormat::pattern("%T%z").unwrap();
        assert_eq!(pattern.clone().in_zone(Zone::East(60)).in_zone(Zone::Utc), pattern);
    }

    #[test]
    #[cfg(feature = "local")]
    fn rules_are_read_and_what_is_not_understood_is_utc() {
        let at = |name, seconds| read(Some(name)).map(|zone| minutes_in(&zone, Timestamp::new(seconds, 0)));
        const RULES: &str = "CET-1CEST,M3.5.0,M10.5.0/3";
        assert_eq!((at(RULES, 1_700_000_000), at(RULES, 1_690_000_000)), (Some(60), Some(120)));
        assert_eq!((at("", 0), at("no such zone", 0), at("\0", 0)), (None, None, None));
        assert!(at(RULES, i64::MAX).is_some() && at(RULES, i64::MIN).is_some());
    }

    #[test]
    #[cfg(feature = "local")]
    fn the_zone_of_the_machine_is_told_whatever_it_is() {
        let written = written(TimeFormat::Rfc3339Millis.in_zone(Zone::Local), 1_700_000_000);
        assert_eq!((written.len(), &written[23..24] == "+" || &written[23..24] == "-"), (29, true), "{written}");
    }
}
