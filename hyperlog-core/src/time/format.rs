//! The ways to write a point in time, with the digits of the current second kept per thread.
//!
//! Records come many to a second, so that the date arithmetic is done once a second and copied in between.

use crate::time::{Timestamp, Zone};
use std::cell::Cell;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// How a time is written.
///
/// ```
/// use hyperlog_core::{TimeFormat, Timestamp};
///
/// let mut out = Vec::new();
/// TimeFormat::pattern("%d.%m.%Y %H:%M:%S,%3f")?.write(Timestamp::new(1_700_000_000, 42_000_000), &mut out);
/// assert_eq!(out, b"14.11.2023 22:13:20,042");
/// # Ok::<(), hyperlog_core::PatternError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum TimeFormat {
    /// `2023-11-14T22:13:20.042Z`
    Rfc3339Millis,
    /// `2023-11-14T22:13:20.042000Z`
    #[default]
    Rfc3339Micros,
    /// `2023-11-14T22:13:20.042000000Z`
    Rfc3339Nanos,
    /// Seconds since 1970, a number.
    UnixSeconds,
    /// Milliseconds since 1970, a number.
    UnixMillis,
    /// Nanoseconds since 1970, a number.
    UnixNanos,
    /// What [`TimeFormat::pattern`] makes.
    Pattern(TimePattern),
    /// No time at all, for a collector that stamps what it receives.
    Off,
}

impl TimeFormat {
    /// A format of your own, in the letters of `strftime`: `%Y %m %d %H %M %S`, `%3f %6f %9f` (fractions), `%j` (day of
    /// the year), `%a %b` (names of day and month), `%e` (day without a zero), `%y`, `%s` (seconds since 1970), `%T`
    /// (`%H:%M:%S`), `%F` (`%Y-%m-%d`), `%z` (`+00:00`) and `%%`.
    ///
    /// # Errors
    ///
    /// When a letter is not among these, or the pattern is longer than 128 bytes.
    pub fn pattern(pattern: &str) -> Result<TimeFormat, PatternError> {
        TimePattern::parse(pattern).map(TimeFormat::Pattern)
    }

    /// The same in another zone: with its offset where UTC has a `Z`, and in `%z`. Numbers count from 1970 in any zone.
    ///
    /// ```
    /// use hyperlog_core::{TimeFormat, Timestamp, Zone};
    ///
    /// let mut out = Vec::new();
    /// TimeFormat::Rfc3339Millis.in_zone(Zone::East(120)).write(Timestamp::new(1_700_000_000, 42_000_000), &mut out);
    /// assert_eq!(out, b"2023-11-15T00:13:20.042+02:00");
    /// ```
    #[must_use]
    pub fn in_zone(self, zone: Zone) -> TimeFormat {
        zone.prepare();
        match self {
            TimeFormat::Rfc3339Millis | TimeFormat::Rfc3339Micros | TimeFormat::Rfc3339Nanos if zone == Zone::Utc => {
                self
            }
            TimeFormat::Rfc3339Millis => TimeFormat::rfc3339_in(zone, 3),
            TimeFormat::Rfc3339Micros => TimeFormat::rfc3339_in(zone, 6),
            TimeFormat::Rfc3339Nanos => TimeFormat::rfc3339_in(zone, 9),
            TimeFormat::Pattern(pattern) => TimeFormat::Pattern(TimePattern { zone, ..pattern }),
            number => number,
        }
    }

    fn rfc3339_in(zone: Zone, digits: usize) -> TimeFormat {
        let text = |text: &str| Piece::Text(text.into());
        let date = [Piece::Year, text("-"), Piece::Month, text("-"), Piece::Day, text("T")];
        let time = [Piece::Hour, text(":"), Piece::Minute, text(":"), Piece::Second, text(".")];
        let pieces = date.into_iter().chain(time).chain([Piece::Fraction(digits), Piece::Offset]);
        TimeFormat::Pattern(TimePattern { pieces: pieces.collect(), zone })
    }

    /// Whether what is written is a number, which JSON leaves unquoted.
    pub fn is_number(&self) -> bool {
        matches!(self, TimeFormat::UnixSeconds | TimeFormat::UnixMillis | TimeFormat::UnixNanos)
    }

    /// Writes a time.
    #[inline]
    pub fn write(&self, time: Timestamp, out: &mut Vec<u8>) {
        match self {
            TimeFormat::Rfc3339Micros => write_rfc3339::<6>(time, out),
            other => other.write_rarer(time, out),
        }
    }

    #[inline(never)]
    fn write_rarer(&self, time: Timestamp, out: &mut Vec<u8>) {
        let mut number = itoa::Buffer::new();
        match self {
            TimeFormat::Rfc3339Millis => write_rfc3339::<3>(time, out),
            TimeFormat::Rfc3339Micros => write_rfc3339::<6>(time, out),
            TimeFormat::Rfc3339Nanos => write_rfc3339::<9>(time, out),
            TimeFormat::UnixSeconds => out.extend_from_slice(number.format(time.seconds()).as_bytes()),
            TimeFormat::UnixMillis => {
                out.extend_from_slice(number.format(time.unix_nanos().div_euclid(1_000_000)).as_bytes());
            }
            TimeFormat::UnixNanos => out.extend_from_slice(number.format(time.unix_nanos()).as_bytes()),
            TimeFormat::Pattern(pattern) => pattern.write(time, out),
            TimeFormat::Off => {}
        }
    }
}

/// A pattern that has been read and found good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimePattern {
    pieces: Arc<[Piece]>,
    zone: Zone,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(Box<str>),
    Year,
    ShortYear,
    Month,
    MonthName,
    Day,
    PaddedDay,
    DayOfYear,
    Weekday,
    Hour,
    Minute,
    Second,
    Fraction(usize),
    Unix,
    Offset,
}

impl TimePattern {
    const MAX_LENGTH: usize = 128;

    fn parse(pattern: &str) -> Result<TimePattern, PatternError> {
        let refuse = |position, why| Err(PatternError { position, why });
        if pattern.len() > TimePattern::MAX_LENGTH {
            return refuse(TimePattern::MAX_LENGTH, "a time pattern has at most 128 bytes");
        }
        let mut pieces = Vec::new();
        let mut text = String::new();
        let mut rest = pattern;
        while let Some(letter) = rest.chars().next() {
            let position = pattern.len() - rest.len();
            rest = &rest[letter.len_utf8()..];
            if letter.is_control() {
                return refuse(position, "a time pattern has no line ends and no other controls");
            }
            if letter != '%' {
                text.push(letter);
                continue;
            }
            let after = |count: usize| rest.get(count..).unwrap_or_default();
            let (found, remaining): (&[Piece], &str) = match rest.as_bytes() {
                [b'%', ..] => {
                    text.push('%');
                    (&[], after(1))
                }
                [digits @ (b'3' | b'6' | b'9'), b'f', ..] => (&[Piece::Fraction(usize::from(digits - b'0'))], after(2)),
                [b'Y', ..] => (&[Piece::Year], after(1)),
                [b'y', ..] => (&[Piece::ShortYear], after(1)),
                [b'm', ..] => (&[Piece::Month], after(1)),
                [b'b', ..] => (&[Piece::MonthName], after(1)),
                [b'd', ..] => (&[Piece::Day], after(1)),
                [b'e', ..] => (&[Piece::PaddedDay], after(1)),
                [b'j', ..] => (&[Piece::DayOfYear], after(1)),
                [b'a', ..] => (&[Piece::Weekday], after(1)),
                [b'H', ..] => (&[Piece::Hour], after(1)),
                [b'M', ..] => (&[Piece::Minute], after(1)),
                [b'S', ..] => (&[Piece::Second], after(1)),
                [b's', ..] => (&[Piece::Unix], after(1)),
                [b'z', ..] => (&[Piece::Offset], after(1)),
                [b'T', ..] => {
                    rest = &rest[1..];
                    let colon = || Piece::Text(":".into());
                    flush(&mut text, &mut pieces);
                    pieces.extend([Piece::Hour, colon(), Piece::Minute, colon(), Piece::Second]);
                    continue;
                }
                [b'F', ..] => {
                    rest = &rest[1..];
                    let dash = || Piece::Text("-".into());
                    flush(&mut text, &mut pieces);
                    pieces.extend([Piece::Year, dash(), Piece::Month, dash(), Piece::Day]);
                    continue;
                }
                _ => return refuse(position, "after '%' goes one of Y y m b d e j a H M S T F s z 3f 6f 9f %"),
            };
            if !found.is_empty() {
                flush(&mut text, &mut pieces);
                pieces.extend_from_slice(found);
            }
            rest = remaining;
        }
        flush(&mut text, &mut pieces);
        Ok(TimePattern { pieces: pieces.into(), zone: Zone::Utc })
    }

    fn write(&self, time: Timestamp, out: &mut Vec<u8>) {
        let minutes = self.zone.minutes_east(time);
        let seconds = time.seconds().saturating_add(i64::from(minutes) * 60);
        let date = Date::of(seconds);
        let second = seconds.rem_euclid(86_400) as u32;
        for piece in self.pieces.iter() {
            match piece {
                Piece::Text(text) => out.extend_from_slice(text.as_bytes()),
                Piece::Year => push_number(date.year, 4, b'0', out),
                Piece::ShortYear => push_number(date.year.rem_euclid(100), 2, b'0', out),
                Piece::Month => push_number(i64::from(date.month), 2, b'0', out),
                Piece::MonthName => out.extend_from_slice(MONTHS[date.month as usize - 1].as_bytes()),
                Piece::Day => push_number(i64::from(date.day), 2, b'0', out),
                Piece::PaddedDay => push_number(i64::from(date.day), 2, b' ', out),
                Piece::DayOfYear => push_number(date.day_of_year(), 3, b'0', out),
                Piece::Weekday => out.extend_from_slice(WEEKDAYS[date.weekday].as_bytes()),
                Piece::Hour => push_number(i64::from(second / 3600), 2, b'0', out),
                Piece::Minute => push_number(i64::from(second / 60 % 60), 2, b'0', out),
                Piece::Second => push_number(i64::from(second % 60), 2, b'0', out),
                Piece::Fraction(digits) => {
                    let fraction = time.subsec_nanos() / 10_u32.pow(9 - *digits as u32);
                    push_number(i64::from(fraction), *digits, b'0', out);
                }
                Piece::Unix => out.extend_from_slice(itoa::Buffer::new().format(time.seconds()).as_bytes()),
                Piece::Offset => push_offset(minutes, out),
            }
        }
    }
}

fn flush(text: &mut String, pieces: &mut Vec<Piece>) {
    if !text.is_empty() {
        pieces.push(Piece::Text(std::mem::take(text).into()));
    }
}

fn push_offset(minutes: i32, out: &mut Vec<u8>) {
    out.push(if minutes < 0 { b'-' } else { b'+' });
    push_number(i64::from(minutes.abs() / 60), 2, b'0', out);
    out.push(b':');
    push_number(i64::from(minutes.abs() % 60), 2, b'0', out);
}

fn push_number(number: i64, width: usize, pad: u8, out: &mut Vec<u8>) {
    let mut buffer = itoa::Buffer::new();
    let digits = buffer.format(number.unsigned_abs());
    if number < 0 {
        out.push(b'-');
    }
    out.extend(std::iter::repeat_n(pad, width.saturating_sub(digits.len())));
    out.extend_from_slice(digits.as_bytes());
}

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];

/// A day of the proleptic Gregorian calendar.
struct Date {
    year: i64,
    month: u32,
    day: u32,
    weekday: usize,
}

impl Date {
    /// Counts in eras of 400 years that begin on the first of March, so that the leap day comes last.
    fn of(seconds: i64) -> Date {
        let days = seconds.div_euclid(86_400);
        let since_march = days + 719_468;
        let era = since_march.div_euclid(146_097);
        let day_of_era = since_march.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let day = (day_of_year - (153 * shifted_month + 2) / 5 + 1) as u32;
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 } as u32;
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        Date { year, month, day, weekday: days.rem_euclid(7) as usize }
    }

    fn is_leap(&self) -> bool {
        self.year % 4 == 0 && (self.year % 100 != 0 || self.year % 400 == 0)
    }

    fn day_of_year(&self) -> i64 {
        const BEFORE: [i64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
        let leap_day = i64::from(self.is_leap() && self.month > 2);
        BEFORE[self.month as usize - 1] + leap_day + i64::from(self.day)
    }
}

/// `2023-11-14T22:13:20.` of a second, and the digits behind it as long as nobody has written them.
pub(crate) type SecondDigits = [u8; 32];

/// The digits of a second, made once for all records in it.
pub(crate) struct CurrentSecond {
    second: Cell<i64>,
    digits: Cell<SecondDigits>,
}

impl CurrentSecond {
    pub(crate) const fn new() -> CurrentSecond {
        CurrentSecond { second: Cell::new(0), digits: Cell::new(*b"1970-01-01T00:00:00.            ") }
    }

    /// None if it is another second.
    #[inline(always)]
    pub(crate) fn digits_of(&self, second: i64) -> Option<&Cell<SecondDigits>> {
        if self.second.get() == second { Some(&self.digits) } else { None }
    }

    #[cold]
    pub(crate) fn renew(&self, second: i64) {
        self.digits.set(make_digits(second));
        self.second.set(second);
    }
}

thread_local! {
    static CURRENT_SECOND: CurrentSecond = const { CurrentSecond::new() };
}

fn make_digits(second: i64) -> SecondDigits {
    let shown = second.clamp(FIRST_SECOND, LAST_SECOND);
    let date = Date::of(shown);
    let of_day = shown.rem_euclid(86_400) as u32;
    let mut digits = *b"0000-00-00T00:00:00.            ";
    let mut put = |at: usize, number: u32| digits[at..at + 2].copy_from_slice(&PAIRS[number as usize % 100]);
    put(0, (date.year / 100) as u32);
    put(2, (date.year % 100) as u32);
    put(5, date.month);
    put(8, date.day);
    put(11, of_day / 3600);
    put(14, of_day / 60 % 60);
    put(17, of_day % 60);
    digits
}

/// RFC 3339 has four digits for the year: seconds outside of these are written as the nearest inside.
const FIRST_SECOND: i64 = -62_167_219_200;
const LAST_SECOND: i64 = 253_402_300_799;

/// The two digits of each number below a hundred.
pub(crate) static PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[0; 2]; 100];
    let mut number = 0;
    while number < 100 {
        pairs[number] = [b'0' + (number / 10) as u8, b'0' + (number % 10) as u8];
        number += 1;
    }
    pairs
};

/// The three digits of each number below a thousand, and a byte more so that they can be copied in one step. As many
/// places as ten bits can name, so that looking one up needs no check.
pub(crate) static TRIPLES: [[u8; 4]; 1024] = {
    let mut triples = [[b'Z'; 4]; 1024];
    let mut number = 0;
    while number < 1000 {
        let [tens, ones] = PAIRS[number % 100];
        triples[number] = [b'0' + (number / 100) as u8, tens, ones, b'Z'];
        number += 1;
    }
    triples
};

fn write_rfc3339<const DIGITS: usize>(time: Timestamp, out: &mut Vec<u8>) {
    let mut text = CURRENT_SECOND.with(|current| match current.digits_of(time.seconds()) {
        Some(digits) => digits.get(),
        None => {
            current.renew(time.seconds());
            current.digits.get()
        }
    });
    let mut rest = time.subsec_nanos();
    for digit in text[20..29].iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    text[20 + DIGITS] = b'Z';
    out.extend_from_slice(&text[..21 + DIGITS]);
}

/// A time pattern that cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternError {
    position: usize,
    why: &'static str,
}

impl fmt::Display for PatternError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "time pattern at byte {}: {}", self.position, self.why)
    }
}

impl Error for PatternError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(format: &TimeFormat, seconds: i64, nanos: u32) -> String {
        let mut out = Vec::new();
        format.write(Timestamp::new(seconds, nanos), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn every_format_writes_the_same_moment() {
        let check = |format: TimeFormat, expected: &str| {
            assert_eq!(written(&format, 1_700_000_000, 42_123_456), expected, "{format:?}");
        };
        check(TimeFormat::Rfc3339Millis, "2023-11-14T22:13:20.042Z");
        check(TimeFormat::Rfc3339Micros, "2023-11-14T22:13:20.042123Z");
        check(TimeFormat::Rfc3339Nanos, "2023-11-14T22:13:20.042123456Z");
        check(TimeFormat::UnixSeconds, "1700000000");
        check(TimeFormat::UnixMillis, "1700000000042");
        check(TimeFormat::UnixNanos, "1700000000042123456");
        check(TimeFormat::Off, "");
        check(
            TimeFormat::pattern("%a %e %b %y %T.%6f day %j %F %s %z 100%%").unwrap(),
            "Tue 14 Nov 23 22:13:20.042123 day 318 2023-11-14 1700000000 +00:00 100%",
        );
    }

    #[test]
    fn the_calendar_knows_leap_years_and_times_before_1970() {
        let check = |seconds: i64, expected: &str| {
            assert_eq!(written(&TimeFormat::Rfc3339Millis, seconds, 0), expected);
        };
        check(0, "1970-01-01T00:00:00.000Z");
        check(-1, "1969-12-31T23:59:59.000Z");
        check(951_782_400, "2000-02-29T00:00:00.000Z");
        check(4_107_542_400, "2100-03-01T00:00:00.000Z");
        check(1_735_689_599, "2024-12-31T23:59:59.000Z");
        check(FIRST_SECOND, "0000-01-01T00:00:00.000Z");
        check(LAST_SECOND, "9999-12-31T23:59:59.000Z");
        check(i64::MAX, "9999-12-31T23:59:59.000Z");
        check(i64::MIN, "0000-01-01T00:00:00.000Z");
    }

    #[test]
    fn a_clock_below_the_epoch_counts_downwards() {
        let before = std::time::UNIX_EPOCH - std::time::Duration::from_millis(1_500);
        let time = Timestamp::from(before);
        assert_eq!((time.seconds(), time.subsec_nanos()), (-2, 500_000_000));
        assert_eq!(time.to_string(), "1969-12-31T23:59:58.500000Z");
    }

    #[test]
    fn a_bad_pattern_is_refused_with_its_place() {
        let check = |pattern: &str, expected: &str| {
            assert!(TimeFormat::pattern(pattern).unwrap_err().to_string().starts_with(expected), "{pattern}");
        };
        check("%Y-%q", "time pattern at byte 3:");
        check("%", "time pattern at byte 0:");
        check("%Y\n", "time pattern at byte 2:");
        check("é%4f", "time pattern at byte 2:");
        check(&"x".repeat(200), "time pattern at byte 128:");
    }
}
