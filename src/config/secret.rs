//! A value that nobody is to see, and where it is kept.

use crate::config::error::ConfigError;
use crate::config::registry::Surroundings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;

/// A secret: best the name of a variable or the path of a file that holds it; the secret itself, if it must be.
#[derive(Clone, serde::Deserialize)]
#[serde(transparent)]
pub struct Secret(Kept);

#[derive(Clone, serde::Deserialize)]
#[serde(untagged, expecting = "a text, or a table with `env` or `file`")]
enum Kept {
    /// It stands in a variable of the environment.
    Variable(InVariable),
    /// It stands in a file.
    File(InFile),
    /// It stands here.
    Here(String),
}

#[derive(Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct InVariable {
    env: String,
}

#[derive(Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct InFile {
    file: PathBuf,
}

/// More than any secret has.
const MOST_BYTES: u64 = 64 * 1024;

impl Secret {
    /// The secret itself.
    ///
    /// # Errors
    ///
    /// When the variable is not set, or the file cannot be read.
    pub fn reveal(&self, place: &Surroundings) -> Result<String, ConfigError> {
        match &self.0 {
            Kept::Here(secret) => Ok(secret.clone()),
            Kept::Variable(InVariable { env }) => std::env::var(env)
                .map_err(|_| ConfigError::new(format!("the variable {env}, which holds the secret, is not set"))),
            Kept::File(InFile { file }) => {
                use std::io::Read;
                let path = place.path(file)?;
                let mut secret = String::new();
                let read =
                    std::fs::File::open(&path).and_then(|file| file.take(MOST_BYTES).read_to_string(&mut secret));
                read.map_err(|error| {
                    ConfigError::new(format!("the secret in {} cannot be read: {error}", path.display())).because(error)
                })?;
                // Editors end files with a new line, which is no part of the secret.
                Ok(secret.trim_end_matches(['\n', '\r']).to_owned())
            }
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kept::Variable(InVariable { env }) => write!(formatter, "Secret({env})"),
            Kept::File(InFile { file }) => write!(formatter, "Secret({})", file.display()),
            Kept::Here(_) => formatter.write_str("Secret([REDACTED])"),
        }
    }
}

impl JsonSchema for Secret {
    fn schema_name() -> Cow<'static, str> {
        "Secret".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A secret: `{ env = \"NAME\" }`, `{ file = \"path\" }`, or the secret itself.",
            "anyOf": [
                { "type": "string" },
                { "type": "object", "properties": { "env": { "type": "string" } }, "required": ["env"], "additionalProperties": false },
                { "type": "object", "properties": { "file": { "type": "string" } }, "required": ["file"], "additionalProperties": false },
            ],
        })
    }
}
