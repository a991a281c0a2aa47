//! Days, and the periods into which a clock divides them: in UTC, since a boundary that summer time moves comes twice or not
//! at all.

/// How often a new file begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Period {
    /// On the minute.
    Minute,
    /// On the hour.
    Hour,
    /// At midnight, UTC.
    Day,
    /// At midnight before Monday, UTC.
    Week,
}

impl Period {
    /// The number of the period in which a second lies: the next period has the next number.
    pub(crate) fn number_at(self, second: i64) -> i64 {
        match self {
            Period::Minute => second.div_euclid(60),
            Period::Hour => second.div_euclid(60 * 60),
            Period::Day => second.div_euclid(DAY),
            // The first day of 1970 was a Thursday.
            Period::Week => (second.div_euclid(DAY) + 3).div_euclid(7),
        }
    }
}

const DAY: i64 = 24 * 60 * 60;

/// The seconds that fit a stamp, whose year has four digits.
const FIRST: i64 = -62_167_219_200;
const LAST: i64 = 253_402_300_799;

/// A second as `20261127T083000Z`, which sorts as it passes.
pub(crate) fn stamp_of(second: i64) -> String {
    let second = stampable(second);
    let (year, month, day) = date_of(second.div_euclid(DAY));
    let rest = second.rem_euclid(DAY);
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
}

/// The nearest second that has a stamp.
pub(crate) fn stampable(second: i64) -> i64 {
    second.clamp(FIRST, LAST)
}

/// The second of a stamp, if it is exactly one.
pub(crate) fn second_of(stamp: &[u8]) -> Option<i64> {
    let digits = |from: usize, to: usize| {
        let digits = stamp.get(from..to)?;
        digits
            .iter()
            .try_fold(0_i64, |number, digit| digit.is_ascii_digit().then(|| number * 10 + i64::from(digit - b'0')))
    };
    let days = days_to(digits(0, 4)?, digits(4, 6)?, digits(6, 8)?);
    let second = days * DAY + digits(9, 11)? * 3600 + digits(11, 13)? * 60 + digits(13, 15)?;
    // What is no date, or no time, or has other letters, is not what we would write.
    (stamp_of(second).as_bytes() == stamp).then_some(second)
}

/// Year, month and day of so many days after 1970, by Howard Hinnant's rule: years begin in March, where leap days end.
fn date_of(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

/// The other way round.
fn days_to(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_stamp_is_the_date_that_everybody_knows() {
        for (second, stamp) in [
            (0, "19700101T000000Z"),
            (1_795_768_200, "20261127T083000Z"),
            (951_782_400, "20000229T000000Z"),
            (-1, "19691231T235959Z"),
            (i64::MIN, "00000101T000000Z"),
            (i64::MAX, "99991231T235959Z"),
        ] {
            assert_eq!(stamp_of(second), stamp);
        }
    }

    #[test]
    fn what_is_not_quite_a_stamp_is_none() {
        for stamp in
            ["20261327T083000Z", "20260230T083000Z", "20261127T243000Z", "20261127T083000", "20261127t083000Z", ""]
        {
            assert_eq!(second_of(stamp.as_bytes()), None, "{stamp}");
        }
    }

    #[test]
    fn periods_begin_where_calendars_say() {
        let monday = 1_795_392_000; // 2026-11-23
        for (period, begin) in [
            (Period::Minute, monday + 60),
            (Period::Hour, monday + 3600),
            (Period::Day, monday + DAY),
            (Period::Week, monday),
            (Period::Week, -3 * DAY),
            (Period::Day, -DAY),
        ] {
            assert_eq!(period.number_at(begin), period.number_at(begin - 1) + 1, "{period:?} at {begin}");
            assert_eq!(period.number_at(begin), period.number_at(begin + 59), "{period:?} at {begin}");
        }
    }

    proptest! {
        #[test]
        fn stamps_read_back_and_sort_as_time_passes(one in FIRST..=LAST, other in FIRST..=LAST) {
            prop_assert_eq!(second_of(stamp_of(one).as_bytes()), Some(one));
            prop_assert_eq!(one.cmp(&other), stamp_of(one).cmp(&stamp_of(other)));
        }
    }
}
