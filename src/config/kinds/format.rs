//! The formats of records.

use crate::config::registry::Registry;
use hyperlog_core::{Encode, Json, Logfmt, MessageTemplate, Pretty, PrettyLayout, Schema, TimeFormat};
use schemars::{JsonSchema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error};
use std::borrow::Cow;

type Made = Result<Box<dyn Encode>, Box<dyn std::error::Error + Send + Sync>>;

pub(super) fn all(registry: Registry) -> Registry {
    let registry = registry.format("json", json).format("pretty", pretty).format("logfmt", logfmt);
    #[cfg(feature = "formats")]
    let registry = more::all(registry);
    registry
}

/// A line of JSON for each record.
#[derive(serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct JsonSettings {
    /// The names and forms of what stands in a record.
    #[serde(default)]
    schema: SchemaName,
    /// The project whose traces Google Cloud is to find; for the schema `google_cloud`.
    #[serde(default)]
    project: Option<String>,
    /// How times are written.
    #[serde(default)]
    time: Option<Time>,
    /// Whether a message is shown without its arguments too, as `template`.
    #[serde(default)]
    template: bool,
}

/// What a collector of records expects.
#[derive(Default, serde::Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum SchemaName {
    /// hyperlog's own.
    #[default]
    Default,
    /// OpenTelemetry's.
    OpenTelemetry,
    /// Elastic's Common Schema.
    Ecs,
    /// What Google Cloud Logging reads.
    GoogleCloud,
    /// Datadog's.
    Datadog,
    /// bunyan's, which pino shares.
    Bunyan,
    /// Logstash's.
    Logstash,
}

fn json(settings: JsonSettings) -> Made {
    let mut schema = match (settings.schema, settings.project) {
        (SchemaName::GoogleCloud, Some(project)) => Schema::google_cloud(&project),
        (_, Some(_)) => return Err("the key `project` is for the schema `google_cloud` alone".into()),
        (SchemaName::Default, None) => Schema::DEFAULT,
        (SchemaName::OpenTelemetry, None) => Schema::OPEN_TELEMETRY,
        (SchemaName::Ecs, None) => Schema::ECS,
        (SchemaName::GoogleCloud, None) => Schema::GOOGLE_CLOUD,
        (SchemaName::Datadog, None) => Schema::DATADOG,
        (SchemaName::Bunyan, None) => Schema::BUNYAN,
        (SchemaName::Logstash, None) => Schema::LOGSTASH,
    };
    if let Some(time) = settings.time {
        schema = schema.time(time.0);
    }
    let json = Json::with_schema(schema);
    Ok(Box::new(match settings.template {
        true => json.message_template(MessageTemplate::Shown),
        false => json,
    }))
}

/// For people: a line for each record, in colours on a terminal.
#[derive(serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PrettySettings {
    /// Whether lists, maps and long texts stand below the line.
    #[serde(default)]
    layout: Layout,
    /// How times are written.
    #[serde(default)]
    time: Option<Time>,
}

#[derive(Default, serde::Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Layout {
    /// They stand in it.
    #[default]
    Compact,
    /// They do.
    Expanded,
}

fn pretty(settings: PrettySettings) -> Made {
    let mut pretty = Pretty::new().layout(match settings.layout {
        Layout::Compact => PrettyLayout::Compact,
        Layout::Expanded => PrettyLayout::Expanded,
    });
    if let Some(time) = settings.time {
        pretty = pretty.time(time.0);
    }
    Ok(Box::new(pretty))
}

/// A line of `key=value` for each record.
#[derive(serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct LogfmtSettings {
    /// How times are written.
    #[serde(default)]
    time: Option<Time>,
}

fn logfmt(settings: LogfmtSettings) -> Made {
    let logfmt = Logfmt::new();
    Ok(Box::new(match settings.time {
        Some(time) => logfmt.time(time.0),
        None => logfmt,
    }))
}

/// How times are written: a name, or a pattern with a `%`.
struct Time(TimeFormat);

const TIMES: [(&str, TimeFormat); 7] = [
    ("rfc3339_millis", TimeFormat::Rfc3339Millis),
    ("rfc3339_micros", TimeFormat::Rfc3339Micros),
    ("rfc3339_nanos", TimeFormat::Rfc3339Nanos),
    ("unix_seconds", TimeFormat::UnixSeconds),
    ("unix_millis", TimeFormat::UnixMillis),
    ("unix_nanos", TimeFormat::UnixNanos),
    ("off", TimeFormat::Off),
];

const TIME_NAMES: &[&str] =
    &["rfc3339_millis", "rfc3339_micros", "rfc3339_nanos", "unix_seconds", "unix_millis", "unix_nanos", "off"];

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Time, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        if text.contains('%') {
            return TimeFormat::pattern(&text).map(Time).map_err(D::Error::custom);
        }
        let known = TIMES.into_iter().find(|(name, _)| *name == text);
        known.map(|(_, format)| Time(format)).ok_or_else(|| D::Error::unknown_variant(&text, TIME_NAMES))
    }
}

impl JsonSchema for Time {
    fn schema_name() -> Cow<'static, str> {
        "TimeFormat".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> schemars::Schema {
        json_schema!({
            "description": "How times are written: a name, or a pattern such as \"%H:%M:%S.%3f\".",
            "anyOf": [{ "enum": TIME_NAMES }, { "type": "string", "pattern": "%" }],
        })
    }
}

#[cfg(feature = "formats")]
mod more {
    use super::{Made, Time};
    use crate::config::registry::Registry;
    use hyperlog_core::{Csv, Facility, Gelf, Syslog, Template, Terminator};
    use schemars::JsonSchema;

    pub(super) fn all(registry: Registry) -> Registry {
        registry.format("csv", csv).format("gelf", gelf).format("syslog", syslog).format("template", template)
    }

    /// A line of CSV for each record, safe for spreadsheets.
    #[derive(serde::Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct CsvSettings {
        /// The fields that have a column of their own.
        columns: Vec<String>,
        /// The name of the column for all others. Without it they are left out.
        #[serde(default)]
        rest: Option<String>,
        /// How times are written.
        #[serde(default)]
        time: Option<Time>,
    }

    fn csv(settings: CsvSettings) -> Made {
        let mut csv = Csv::new(settings.columns);
        if let Some(rest) = settings.rest {
            csv = csv.rest(&rest);
        }
        if let Some(time) = settings.time {
            csv = csv.time(time.0);
        }
        Ok(Box::new(csv))
    }

    /// Graylog's format.
    #[derive(serde::Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct GelfSettings {
        /// The name of the host.
        host: String,
        /// Whether a record ends in a zero byte, as over TCP, instead of a new line.
        #[serde(default)]
        zero: bool,
    }

    fn gelf(settings: GelfSettings) -> Made {
        let gelf = Gelf::new(&settings.host);
        Ok(Box::new(if settings.zero { gelf.terminator(Terminator::Nul) } else { gelf }))
    }

    /// Syslog, as in RFC 5424.
    #[derive(serde::Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct SyslogSettings {
        /// The name of the application.
        app: String,
        /// The name of the host.
        #[serde(default)]
        host: Option<String>,
        /// The facility. `user` if nothing is said.
        #[serde(default)]
        facility: FacilityName,
    }

    #[derive(Clone, Copy, Default, serde::Deserialize, JsonSchema)]
    #[serde(rename_all = "snake_case")]
    enum FacilityName {
        #[default]
        User,
        Daemon,
        Auth,
        Audit,
        Local0,
        Local1,
        Local2,
        Local3,
        Local4,
        Local5,
        Local6,
        Local7,
    }

    fn syslog(settings: SyslogSettings) -> Made {
        let mut syslog = Syslog::new(&settings.app).facility(match settings.facility {
            FacilityName::User => Facility::User,
            FacilityName::Daemon => Facility::Daemon,
            FacilityName::Auth => Facility::Auth,
            FacilityName::Audit => Facility::Audit,
            FacilityName::Local0 => Facility::Local0,
            FacilityName::Local1 => Facility::Local1,
            FacilityName::Local2 => Facility::Local2,
            FacilityName::Local3 => Facility::Local3,
            FacilityName::Local4 => Facility::Local4,
            FacilityName::Local5 => Facility::Local5,
            FacilityName::Local6 => Facility::Local6,
            FacilityName::Local7 => Facility::Local7,
        });
        if let Some(host) = settings.host {
            syslog = syslog.host(&host);
        }
        Ok(Box::new(syslog))
    }

    /// A line that looks as you like.
    #[derive(serde::Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct TemplateSettings {
        /// What it looks like: `{time} {level} {message}`.
        pattern: String,
        /// How times are written.
        #[serde(default)]
        time: Option<Time>,
    }

    fn template(settings: TemplateSettings) -> Made {
        let template = Template::parse(&settings.pattern)?;
        Ok(Box::new(match settings.time {
            Some(time) => template.time(time.0),
            None => template,
        }))
    }
}
