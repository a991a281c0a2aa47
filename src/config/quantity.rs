//! Amounts with a unit, as people write them: `250ms`, `64 MiB`, `5%`.

use crate::config::error::ConfigError;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error};
use std::borrow::Cow;
use std::time::Duration;

/// A time: `"250ms"`, `"1.5s"`, `"5m"`, `"12h"`, `"30d"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Time(pub(crate) Duration);

/// A size: `"64 MiB"`, `"10kB"`, or a number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bytes(pub(crate) u64);

const TIMES: [(&str, f64); 7] =
    [("ns", 1e-9), ("us", 1e-6), ("ms", 1e-3), ("s", 1.0), ("m", 60.0), ("h", 3_600.0), ("d", 86_400.0)];

const SIZES: [(&str, f64); 7] = [
    ("B", 1.0),
    ("kB", 1e3),
    ("MB", 1e6),
    ("GB", 1e9),
    ("KiB", 1024.0),
    ("MiB", 1_048_576.0),
    ("GiB", 1_073_741_824.0),
];

/// A number and what its unit stands for.
fn amount(text: &str, units: &[(&str, f64)]) -> Option<f64> {
    let text = text.trim();
    let digits = text.find(|character: char| !character.is_ascii_digit() && character != '.').unwrap_or(text.len());
    let number: f64 = text[..digits].parse().ok()?;
    let unit = text[digits..].trim();
    let (_, factor) = units.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit))?;
    Some(number * factor)
}

fn names(units: &[(&str, f64)]) -> String {
    units.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}

impl Time {
    fn parse(text: &str) -> Result<Time, ConfigError> {
        let seconds = amount(text, &TIMES).and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let what = || format!("this has to be a time with its unit, such as \"250ms\"; there are {}", names(&TIMES));
        seconds.map(Time).ok_or_else(|| ConfigError::new(what()))
    }
}

impl Bytes {
    fn parse(text: &str) -> Result<Bytes, ConfigError> {
        let bytes = text.trim().parse().ok().or_else(|| amount(text, &SIZES));
        let bytes = bytes.filter(|bytes| *bytes >= 0.0 && *bytes < 9e15);
        let what = || format!("this has to be a size with its unit, such as \"64 MiB\"; there are {}", names(&SIZES));
        bytes.map(|bytes| Bytes(bytes as u64)).ok_or_else(|| ConfigError::new(what()))
    }

    /// As a count of what stands in memory.
    pub(crate) fn in_memory(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Time, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        Time::parse(&text).map_err(D::Error::custom)
    }
}

/// A size may be a plain number too.
#[derive(serde::Deserialize)]
#[serde(untagged, expecting = "a size such as \"64 MiB\", or a number of bytes")]
enum Written {
    Number(u64),
    Text(String),
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
        match Written::deserialize(deserializer)? {
            Written::Number(bytes) => Ok(Bytes(bytes)),
            Written::Text(text) => Bytes::parse(&text).map_err(D::Error::custom),
        }
    }
}

impl JsonSchema for Time {
    fn schema_name() -> Cow<'static, str> {
        "Time".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A time with its unit: \"250ms\", \"1.5s\", \"5m\", \"12h\", \"30d\".",
            "type": "string",
            "examples": ["250ms", "30d"],
            "pattern": r"^\s*[0-9]+(\.[0-9]+)?\s*([nN][sS]|[uU][sS]|[mM][sS]|[sS]|[mM]|[hH]|[dD])\s*$",
        })
    }
}

impl JsonSchema for Bytes {
    fn schema_name() -> Cow<'static, str> {
        "Size".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A size with its unit, \"64 MiB\" or \"10kB\", or a number of bytes.",
            "examples": ["64 MiB", "10kB"],
            "anyOf": [
                { "type": "integer", "minimum": 0 },
                { "type": "string", "pattern": r"^\s*[0-9]+(\.[0-9]+)?\s*([kKmMgG]([iI])?)?[bB]?\s*$" },
            ],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_sizes_are_read_with_their_units_and_nothing_without() {
        let time = |text| Time::parse(text).map(|time| time.0).ok();
        assert_eq!(time("250ms"), Some(Duration::from_millis(250)));
        assert_eq!(time("1.5 s"), Some(Duration::from_millis(1_500)));
        assert_eq!(time("30d"), Some(Duration::from_secs(30 * 86_400)));
        for wrong in ["", "5", "ms", "5 parsecs", "-1s", "1e3s", "99999999999999999999d"] {
            assert_eq!(time(wrong), None, "{wrong}");
        }
        let bytes = |text| Bytes::parse(text).map(|bytes| bytes.0).ok();
        assert_eq!(bytes("64 MiB"), Some(64 << 20));
        assert_eq!(bytes("10kb"), Some(10_000));
        assert_eq!(bytes("512"), Some(512));
        for wrong in ["", "MiB", "-5", "5 pages", "999999999 GiB"] {
            assert_eq!(bytes(wrong), None, "{wrong}");
        }
    }
}
