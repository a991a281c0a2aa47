//! Names that a configuration says about requests: of headers, networks, entries of baggage, and routes.
//!
//! They are read strictly: what could never be met in a request is an error, and none shows what was said.

use hyperlog_core::http::{Network, RoutePattern};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error};
use std::borrow::Cow;

/// The name of a header.
#[derive(Clone, Debug)]
pub(super) struct HeaderName(String);

/// The name of an entry of the header `baggage`.
#[derive(Clone, Debug)]
pub(super) struct BaggageName(String);

/// An address, or a network.
#[derive(Clone, Copy, Debug)]
pub(super) struct NetworkName(pub(super) Network);

/// The pattern of a route.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct RouteName(String);

/// The longest name of anything.
const LONGEST: usize = 256;

/// The longest pattern of a route.
const LONGEST_PATTERN: usize = 1_024;

/// What makes an expression of a pattern.
const EXPRESSION: &str = "regex:";

impl HeaderName {
    fn parse(text: &str) -> Result<HeaderName, String> {
        let name = is_token(text).then(|| HeaderName(text.to_owned()));
        name.ok_or_else(|| {
            "this is no name of a header: write letters, digits and hyphens, as in `x-tenant`".to_owned()
        })
    }
}

impl AsRef<str> for HeaderName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl BaggageName {
    fn parse(text: &str) -> Result<BaggageName, String> {
        let name = is_token(text).then(|| BaggageName(text.to_owned()));
        name.ok_or_else(|| "this is no name of an entry: write letters, digits, hyphens and dots".to_owned())
    }
}

impl AsRef<str> for BaggageName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// As RFC 9110 has it.
fn is_token(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    (1..=LONGEST).contains(&text.len()) && text.bytes().all(is_allowed)
}

impl NetworkName {
    fn parse(text: &str) -> Result<NetworkName, String> {
        let what = "this is no network: write an address, or one with the length of its prefix, as 10.0.0.0/8";
        text.parse().map(NetworkName).map_err(|_| what.to_owned())
    }
}

impl RouteName {
    fn parse(text: &str) -> Result<RouteName, String> {
        if text.len() > LONGEST_PATTERN {
            return Err(format!("this pattern has more than {LONGEST_PATTERN} bytes"));
        }
        match text.strip_prefix(EXPRESSION) {
            Some(expression) => drop(compiled(expression)?),
            None if text.starts_with(['/', '*']) => {}
            None => {
                let what = "this is no pattern of a route: it begins with `/` or `*`, or is `regex:` and an expression";
                return Err(what.to_owned());
            }
        }
        Ok(RouteName(text.to_owned()))
    }

    pub(super) fn is_expression(&self) -> bool {
        self.0.starts_with(EXPRESSION)
    }

    pub(super) fn length(&self) -> usize {
        self.0.len()
    }

    pub(super) fn pattern(&self) -> RoutePattern {
        let expression = self.0.strip_prefix(EXPRESSION).and_then(|expression| compiled(expression).ok());
        expression.unwrap_or_else(|| RoutePattern::from(&*self.0))
    }
}

#[cfg(feature = "patterns")]
fn compiled(expression: &str) -> Result<RoutePattern, String> {
    RoutePattern::regex(expression).map_err(|error| {
        let why = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
        // What stands above the last line shows where in the expression, in several lines.
        let why = why.lines().next_back().unwrap_or_default().trim_start_matches("error: ").to_owned();
        format!("this is no expression that can be used: {why}")
    })
}

#[cfg(not(feature = "patterns"))]
fn compiled(_: &str) -> Result<RoutePattern, String> {
    Err("expressions need the feature `patterns` of hyperlog: add it in Cargo.toml".to_owned())
}

macro_rules! parsed {
    ($($type:ident $name:literal $pattern:literal $what:literal;)*) => {
        $(
            impl<'de> Deserialize<'de> for $type {
                fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<$type, D::Error> {
                    $type::parse(&Cow::<str>::deserialize(deserializer)?).map_err(D::Error::custom)
                }
            }

            impl JsonSchema for $type {
                fn schema_name() -> Cow<'static, str> {
                    $name.into()
                }

                fn json_schema(_: &mut SchemaGenerator) -> Schema {
                    json_schema!({ "description": $what, "type": "string", "pattern": $pattern })
                }
            }
        )*
    };
}

parsed! {
    HeaderName "HeaderName" r"^[!#$%&'*+\-.^_`|~0-9a-zA-Z]{1,256}$" "The name of a header: `x-tenant`.";
    BaggageName "BaggageName" r"^[!#$%&'*+\-.^_`|~0-9a-zA-Z]{1,256}$" "The name of an entry of `baggage`.";
    NetworkName "Network" r"^[0-9a-fA-F.:]+(/[0-9]{1,3})?$" "An address, or one with the length of its prefix: `10.0.0.0/8`.";
    RouteName "Route" r"^([/*]|regex:)" "The pattern of a route: `/users/{id}`, `/admin/*`, `regex:^/v[0-9]+/`.";
}
