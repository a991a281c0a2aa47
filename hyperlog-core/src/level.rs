//! How severe a record is: a number on OpenTelemetry's severity scale, with a name.
//!
//! A number and not a closed enum, so that levels between and beyond the usual six cost nothing and map exactly
//! to every other scale.

use std::error::Error;
use std::fmt;
use std::num::NonZeroU8;
use std::str::FromStr;
use std::sync::OnceLock;

/// How severe a record is.
///
/// Levels are ordered by severity: `Level::ERROR > Level::INFO`. That is the reverse of `tracing`, where a more verbose
/// level is the greater one.
///
/// ```
/// use hyperlog_core::Level;
///
/// assert!(Level::ERROR > Level::WARN);
/// assert_eq!("warning".parse::<Level>().unwrap(), Level::WARN);
/// assert_eq!(Level::NOTICE.severity(), 10);
/// assert_eq!(Level::NOTICE.name(), "NOTICE");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Level(NonZeroU8);

impl Level {
    /// Every step of a computation.
    pub const TRACE: Level = Level::at(1);
    /// What a developer needs to follow a single case.
    pub const DEBUG: Level = Level::at(5);
    /// The ordinary course of business.
    pub const INFO: Level = Level::at(9);
    /// Ordinary, but worth finding among the rest.
    pub const NOTICE: Level = Level::at(10);
    /// Something that will need attention.
    pub const WARN: Level = Level::at(13);
    /// An operation failed.
    pub const ERROR: Level = Level::at(17);
    /// A part of the system failed.
    pub const CRITICAL: Level = Level::at(18);
    /// Somebody's security is concerned. Ranks above [`Level::ERROR`], so that nothing sheds or samples it first.
    pub const SECURITY: Level = Level::at(19);
    /// Evidence of who did what. Ranks above [`Level::ERROR`], so that nothing sheds or samples it first.
    pub const AUDIT: Level = Level::at(20);
    /// The process cannot go on.
    pub const FATAL: Level = Level::at(21);

    /// The highest severity of the scale.
    pub const MAX_SEVERITY: u8 = 24;

    const fn at(severity: u8) -> Level {
        match NonZeroU8::new(severity) {
            Some(severity) => Level(severity),
            None => panic!("severities start at one"),
        }
    }

    /// The level with this number on OpenTelemetry's scale, 1 (trace) to 24 (beyond fatal).
    ///
    /// Numbers without a name of their own show the name of their range (`DEBUG2`), until [`Level::register`] gives
    /// them one.
    pub const fn from_severity(severity: u8) -> Option<Level> {
        match severity {
            1..=Level::MAX_SEVERITY => Some(Level::at(severity)),
            _ => None,
        }
    }

    /// Gives a number a name of your own, for the whole process. A built-in name cannot be replaced.
    ///
    /// ```
    /// use hyperlog_core::Level;
    ///
    /// let billing = Level::register(11, "BILLING")?;
    /// assert_eq!(billing.name(), "BILLING");
    /// assert_eq!("billing".parse::<Level>().unwrap(), billing);
    /// # Ok::<(), hyperlog_core::RegisterLevelError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the number is not on the scale, is taken under another name, or the name is empty, is in use, or holds
    /// anything but ASCII letters, digits, `-` and `_`.
    pub fn register(severity: u8, name: &'static str) -> Result<Level, RegisterLevelError> {
        let refuse = |why| Err(RegisterLevelError { severity, name, why });
        let Some(level) = Level::from_severity(severity) else {
            return refuse("severities go from 1 to 24");
        };
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if name.is_empty() || !name.bytes().all(plain) || name.bytes().all(|byte| byte.is_ascii_digit()) {
            return refuse("a name consists of ASCII letters, digits, '-' and '_', with at least one letter");
        }
        match name.parse::<Level>() {
            Ok(same) if same == level => return Ok(level),
            Ok(_) => return refuse("the name belongs to another level"),
            Err(_) => {}
        }
        if level.built_in_name().is_some() || *level.registered().get_or_init(|| name) != name {
            return refuse("the number has a name already");
        }
        Ok(level)
    }

    /// The number on OpenTelemetry's scale, 1 to 24.
    pub const fn severity(self) -> u8 {
        self.0.get()
    }

    /// The name, in upper case for the built-in levels.
    pub fn name(self) -> &'static str {
        match self.built_in_name() {
            Some(name) => name,
            None => self.registered().get().copied().unwrap_or_else(|| self.range_name()),
        }
    }

    /// The built-in level at or below this one, for scales that know nothing between: of the six TRACE, DEBUG, INFO,
    /// WARN, ERROR and FATAL.
    pub const fn class(self) -> Level {
        match self.severity() {
            1..=4 => Level::TRACE,
            5..=8 => Level::DEBUG,
            9..=12 => Level::INFO,
            13..=16 => Level::WARN,
            17..=20 => Level::ERROR,
            _ => Level::FATAL,
        }
    }

    const fn built_in_name(self) -> Option<&'static str> {
        Some(match self {
            Level::TRACE => "TRACE",
            Level::DEBUG => "DEBUG",
            Level::INFO => "INFO",
            Level::NOTICE => "NOTICE",
            Level::WARN => "WARN",
            Level::ERROR => "ERROR",
            Level::CRITICAL => "CRITICAL",
            Level::SECURITY => "SECURITY",
            Level::AUDIT => "AUDIT",
            Level::FATAL => "FATAL",
            _ => return None,
        })
    }

    const fn range_name(self) -> &'static str {
        match self.severity() {
            2 => "TRACE2",
            3 => "TRACE3",
            4 => "TRACE4",
            6 => "DEBUG2",
            7 => "DEBUG3",
            8 => "DEBUG4",
            11 => "INFO3",
            12 => "INFO4",
            14 => "WARN2",
            15 => "WARN3",
            16 => "WARN4",
            22 => "FATAL2",
            23 => "FATAL3",
            _ => "FATAL4",
        }
    }

    fn registered(self) -> &'static OnceLock<&'static str> {
        static NAMES: [OnceLock<&'static str>; Level::MAX_SEVERITY as usize] =
            [const { OnceLock::new() }; Level::MAX_SEVERITY as usize];
        &NAMES[usize::from(self.severity() - 1)]
    }

    fn all() -> impl Iterator<Item = Level> {
        (1..=Level::MAX_SEVERITY).filter_map(Level::from_severity)
    }
}

impl FromStr for Level {
    type Err = ParseLevelError;

    /// Understands every name in any case, the usual short forms (`warning`, `err`, `crit`, `emerg`…) and the numbers
    /// 1 to 24.
    fn from_str(text: &str) -> Result<Level, ParseLevelError> {
        let text = text.trim();
        if let Ok(severity) = text.parse::<u8>() {
            return Level::from_severity(severity).ok_or(ParseLevelError);
        }
        let alias = |name: &str| text.eq_ignore_ascii_case(name);
        if let Some(level) = Level::all().find(|level| alias(level.name()) || alias(level.range_name_or_none())) {
            return Ok(level);
        }
        Ok(match text.to_ascii_lowercase().as_str() {
            "information" => Level::INFO,
            "warning" => Level::WARN,
            "err" => Level::ERROR,
            "crit" => Level::CRITICAL,
            "alert" | "emerg" | "emergency" | "panic" => Level::FATAL,
            _ => return Err(ParseLevelError),
        })
    }
}

impl Level {
    fn range_name_or_none(self) -> &'static str {
        if self.built_in_name().is_some() { "" } else { self.range_name() }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

impl fmt::Debug for Level {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Level::{}", self.name())
    }
}

/// A text that names no level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseLevelError;

impl fmt::Display for ParseLevelError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("no such level: write trace, debug, info, notice, warn, error, critical, security, audit, fatal, a registered name or a number from 1 to 24")
    }
}

impl Error for ParseLevelError {}

/// Why a level could not be given a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterLevelError {
    severity: u8,
    name: &'static str,
    why: &'static str,
}

impl fmt::Display for RegisterLevelError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "cannot name severity {} {:?}: {}", self.severity, self.name, self.why)
    }
}

impl Error for RegisterLevelError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_is_read_back_from_its_own_name_and_number() {
        for level in Level::all() {
            assert_eq!(level.name().to_lowercase().parse(), Ok(level));
            assert_eq!(level.severity().to_string().parse(), Ok(level));
        }
    }

    #[test]
    fn severity_orders_levels() {
        let rising = [
            Level::TRACE,
            Level::DEBUG,
            Level::INFO,
            Level::NOTICE,
            Level::WARN,
            Level::ERROR,
            Level::CRITICAL,
            Level::SECURITY,
            Level::AUDIT,
            Level::FATAL,
        ];
        assert!(rising.is_sorted());
        assert!(Level::SECURITY.class() == Level::ERROR && Level::AUDIT > Level::ERROR);
    }

    #[test]
    fn a_custom_level_parses_ranks_and_keeps_its_name() {
        let custom = Level::register(14, "DEPRECATED").unwrap();
        assert_eq!("deprecated".parse(), Ok(custom));
        assert_eq!("warn2".parse(), Ok(custom));
        assert!(Level::WARN < custom && custom < Level::ERROR);
        assert_eq!(Level::register(14, "DEPRECATED"), Ok(custom));
        assert!(Level::register(14, "OTHER").is_err());
        assert!(Level::register(9, "USUAL").is_err());
        assert!(Level::register(15, "info").is_err());
        assert!(Level::register(0, "NOTHING").is_err());
        assert!(Level::register(15, "two words").is_err());
    }
}
