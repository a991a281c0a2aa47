//! What a configuration may say, as types: names, forms and defaults in one place, from which the reference and the JSON
//! Schema are made.
//!
//! What belongs to one kind of output or format stands with that kind, in `kinds`.

use crate::config::quantity::{Bytes, Time};
use hyperlog_core::{Directives, Level, LevelFilter};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// All that is not an output.
#[derive(Debug, Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "snake_case")]
pub(crate) struct Settings {
    /// Which records are logged: a level, and others for targets, as in `info,sqlx=warn`. `info` if nothing is said.
    pub(crate) level: Option<Levels>,
    /// Whether records show the file and the line that they come from.
    pub(crate) location: Option<Shown>,
    /// What is given up for time: several settings in one, over which goes whatever else is said. `balanced` if nothing is;
    /// `bare` SHOWS SECRETS THAT STAND IN TEXTS.
    pub(crate) performance: Option<Mode>,
    /// What the process says of itself in each record.
    pub(crate) identity: Identity,
    /// What is cut.
    pub(crate) limits: Limits,
    /// What is hidden.
    pub(crate) redaction: Redaction,
    /// What of many alike is kept.
    pub(crate) sampling: Sampling,
    /// What follows a fatal record.
    pub(crate) fatal: Fatal,
    /// The functions on each record's way, by the names that the program gave them, in their order.
    pub(crate) hooks: Vec<String>,
    /// What is logged of requests, by every layer that is given no policy of its own.
    #[cfg(feature = "http")]
    pub(crate) http: crate::config::http::Http,
    /// What is counted for Prometheus, and shown where the program serves the metrics of its logger.
    #[cfg(feature = "prometheus")]
    pub(crate) metrics: crate::config::metrics::Metrics,
    /// Whether the file is read anew when it has changed. It is, if nothing is said.
    pub(crate) reload: Option<Switch>,
    /// Whether what the process runs in is looked at. It is, if nothing is said.
    pub(crate) detect: Option<Switch>,
}

/// What is given up for time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mode {
    /// Nothing.
    Balanced,
    /// No call waits for an output: consoles are written to from a queue, unless they are terminals. Queues hold 64 MiB,
    /// errors wait in them, and what finds no room is lost.
    HighPerformance,
    /// The same, and TEXTS ARE NOT LOOKED THROUGH FOR SECRETS: only names such as `password` hide.
    Bare,
}

/// Whether something is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Switch {
    /// It is.
    On,
    /// It is not.
    Off,
}

/// Whether something is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Shown {
    /// It is.
    Shown,
    /// It is not.
    Hidden,
}

/// What the process says of itself in each record.
#[derive(Debug, Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Identity {
    /// The name of the service.
    pub(crate) service: Option<String>,
    /// Its version.
    pub(crate) version: Option<String>,
    /// Where it runs: `production`, say.
    pub(crate) environment: Option<String>,
    /// Whether the name of the host is shown.
    pub(crate) host: Option<Shown>,
    /// Whether the number of the process is shown.
    pub(crate) pid: Option<Shown>,
    /// Other fields, which are texts.
    pub(crate) fields: BTreeMap<String, String>,
}

/// What is cut.
#[derive(Debug, Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Limits {
    /// The longest message. 16 KiB if nothing is said.
    pub(crate) message: Option<Bytes>,
    /// The longest text of a field. 16 KiB if nothing is said.
    pub(crate) text: Option<Bytes>,
    /// The longest name of a field. 128 bytes if nothing is said.
    pub(crate) key: Option<Bytes>,
    /// The most fields of a record. 128 if nothing is said.
    pub(crate) fields: Option<u32>,
    /// The most levels of maps and lists. 16 if nothing is said.
    pub(crate) depth: Option<u32>,
    /// The longest record. 256 KiB if nothing is said, and 1 KiB at least.
    pub(crate) record: Option<Bytes>,
}

/// What is hidden. Secrets are, whatever is said here, unless it is switched off.
#[derive(Debug, Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Redaction {
    /// `off` shows everything, secrets too.
    pub(crate) mode: Option<Switch>,
    /// What of a hidden value is still seen.
    pub(crate) mask: Option<Mask>,
    /// Names and paths of fields that are hidden besides.
    pub(crate) hide: Vec<String>,
    /// Names and paths of fields that are shown, though they would be hidden.
    pub(crate) show: Vec<String>,
    /// What else is looked for.
    pub(crate) presets: Vec<Personal>,
    /// Regular expressions of what is hidden in texts. They need the feature `patterns`.
    pub(crate) patterns: Vec<String>,
    /// `off` looks through no text, so that SECRETS IN MESSAGES, ERRORS AND URLS ARE SHOWN, and only names hide. `on` if
    /// nothing is said, unless `performance` is `bare`.
    pub(crate) texts: Option<Switch>,
    /// How much of a text is looked through. What comes after it is hidden.
    pub(crate) scan_limit: Option<Bytes>,
}

/// What of a hidden value is still seen.
#[derive(Clone, Copy, Debug, serde::Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mask {
    /// Nothing: `[REDACTED]`.
    Full,
    /// Its last four characters.
    Last4,
    /// Not even that there was a value.
    Drop,
}

/// Data of persons, and what a law or a standard is about.
#[derive(Clone, Copy, Debug, serde::Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Personal {
    Card,
    Email,
    Phone,
    Ssn,
    Iban,
    Gdpr,
    Hipaa,
    Pci,
    Sox,
    Ccpa,
}

/// What of many alike is kept.
#[derive(Debug, Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Sampling {
    /// `collapse` tells repetitions of a failure as a count; `keep`, the default, keeps each.
    pub(crate) failures: Option<Failures>,
    /// The first rule that a record matches decides.
    pub(crate) rules: Vec<SamplingRule>,
}

/// What becomes of failures.
#[derive(Clone, Debug, serde::Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Failures {
    /// Each one is kept.
    Keep,
    /// The first in each window is kept, and its repetitions are counted.
    Collapse {
        /// How long repetitions are gathered.
        window: Time,
        /// The field by which failures are alike, instead of the place that logs them.
        #[serde(default)]
        field: Option<String>,
    },
}

/// A way of sampling, for some levels and targets.
#[derive(Clone, Debug, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SamplingRule {
    /// How it is done.
    pub(crate) method: SamplingMethod,
    /// The least severe level that it is for.
    #[serde(default)]
    pub(crate) from: Option<LevelName>,
    /// The most severe level that it is for.
    #[serde(default)]
    pub(crate) to: Option<LevelName>,
    /// The target that it is for, with those inside it.
    #[serde(default)]
    pub(crate) target: Option<String>,
    /// The field by which records are alike, instead of the place that logs them.
    #[serde(default)]
    pub(crate) field: Option<String>,
    /// How often counting starts anew.
    #[serde(default)]
    pub(crate) window: Option<Time>,
    /// For how many keys there is room. 1,024 if nothing is said.
    #[serde(default)]
    pub(crate) keys: Option<u32>,
}

/// How records are sampled.
#[derive(Clone, Debug, serde::Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum SamplingMethod {
    /// One in so many.
    OneIn(u32),
    /// The first so many of each window, and nothing more.
    First(u32),
    /// The first so many of each window, then one in so many.
    FirstThen {
        /// How many are kept whatever comes.
        first: u32,
        /// One in how many of the others.
        one_in: u32,
    },
    /// A share, by the id of the trace.
    Probability(f64),
    /// About so many a second.
    Adaptive(f64),
    /// So many a second in the long run, and a burst at once.
    Bucket {
        /// How many a second.
        per_second: f64,
        /// How many at once after a calm.
        burst: u32,
    },
}

/// What follows a fatal record.
#[derive(Debug, Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Fatal {
    /// How long outputs are flushed for. Two seconds if nothing is said.
    pub(crate) deadline: Option<Time>,
    /// How the process goes on. It returns if nothing is said.
    pub(crate) then: Option<Then>,
}

/// How the process goes on.
#[derive(Clone, Copy, Debug, serde::Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Then {
    /// The call returns.
    Return,
    /// It ends with this code.
    Exit(i32),
    /// It aborts.
    Abort,
    /// It panics.
    Panic,
}

/// A level, and others for targets.
#[derive(Clone, Debug)]
pub(crate) struct Levels(pub(crate) Directives);

/// A level, or `off`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Threshold(pub(crate) LevelFilter);

/// A level.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LevelName(pub(crate) Level);

macro_rules! read_from_text {
    ($($type:ident $name:literal $pattern:literal $what:literal;)*) => {
        $(
            impl<'de> Deserialize<'de> for $type {
                fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<$type, D::Error> {
                    let text = Cow::<str>::deserialize(deserializer)?;
                    text.parse().map($type).map_err(D::Error::custom)
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

read_from_text! {
    Levels "Levels" ".*" "A level, and others for targets: `info,sqlx=warn,shop::db=debug`.";
    Threshold "Threshold" "^[a-zA-Z0-9]+$" "A level and what is more severe, or `off`.";
    LevelName "Level" "^[a-zA-Z0-9]+$" "A level: `trace`, `debug`, `info`, `notice`, `warn`, `error`, `critical`, `fatal`.";
}
