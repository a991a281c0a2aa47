//! Statuses of responses, one or a hundred of them.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error};
use std::borrow::Cow;
use std::ops::RangeInclusive;

/// A status, `404`, or all of a hundred, `4xx`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Statuses {
    first: u16,
    last: u16,
}

impl Statuses {
    fn parse(text: &str) -> Option<Statuses> {
        if let Some(hundred) = text.strip_suffix("xx") {
            let hundred = hundred.parse::<u16>().ok().filter(|hundred| (1..=9).contains(hundred) && text.len() == 3)?;
            return Some(Statuses { first: hundred * 100, last: hundred * 100 + 99 });
        }
        let status = text.parse().ok().filter(|status| (100..=999).contains(status) && text.len() == 3)?;
        Some(Statuses { first: status, last: status })
    }

    pub(super) fn range(self) -> RangeInclusive<u16> {
        self.first..=self.last
    }

    pub(super) fn count(self) -> u16 {
        self.last - self.first + 1
    }
}

impl<'de> Deserialize<'de> for Statuses {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Statuses, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        let what = || D::Error::custom("this is no status: write one, as `404`, or all of a hundred, as `4xx`");
        Statuses::parse(&text).ok_or_else(what)
    }
}

impl JsonSchema for Statuses {
    fn schema_name() -> Cow<'static, str> {
        "Statuses".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "description": "A status, `404`, or all of a hundred, `4xx`.", "type": "string", "pattern": "^[1-9]([0-9]{2}|xx)$" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_has_three_digits_or_one_and_stands_for_a_hundred() {
        let range = |text| Statuses::parse(text).map(Statuses::range);
        assert_eq!(range("404"), Some(404..=404));
        assert_eq!(range("4xx"), Some(400..=499));
        for wrong in ["", "xx", "40", "4x", "0xx", "099", "4040", "+404", "+4xx", "10xx", "404xx", "4XX", "x04"] {
            assert_eq!(range(wrong), None, "{wrong}");
        }
    }
}
