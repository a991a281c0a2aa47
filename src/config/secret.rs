//! A value that nobody is to see, and where it is kept.

use crate::config::error::ConfigError;
use crate::config::load;
use crate::config::registry::Surroundings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

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
    /// The secret itself, if it stands in the configuration. A path that leads nowhere is an error already.
    #[cfg(feature = "webhook")]
    pub(crate) fn written(&self, place: &Surroundings) -> Result<Option<&str>, ConfigError> {
        Ok(match &self.0 {
            Kept::Here(secret) => Some(secret),
            Kept::Variable(_) => None,
            Kept::File(InFile { file }) => place.path(file).map(|_| None)?,
        })
    }

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
                let path = place.path(file)?;
                let secret = read(&path).map_err(|error| {
                    ConfigError::new(format!("the secret in {} cannot be read: {error}", path.display()))
                })?;
                Witness::note(path, &secret);
                Ok(secret)
            }
        }
    }
}

fn read(path: &Path) -> std::io::Result<String> {
    let mut secret = String::new();
    load::open(path)?.take(MOST_BYTES).read_to_string(&mut secret)?;
    // Editors end files with a new line, which is no part of the secret.
    Ok(secret.trim_end_matches(['\n', '\r']).to_owned())
}

/// By which it is known whether a secret in a file has changed, without keeping it.
#[derive(Clone)]
pub(crate) struct Witness {
    path: PathBuf,
    hash: u64,
}

thread_local! {
    /// None as long as nobody wants to know.
    static WITNESSES: RefCell<Option<Vec<Witness>>> = const { RefCell::new(None) };
}

/// Runs something, and says which secrets were read from files meanwhile.
pub(crate) fn witnessed<R>(run: impl FnOnce() -> R) -> (R, Vec<Witness>) {
    WITNESSES.set(Some(Vec::new()));
    let result = run();
    (result, WITNESSES.take().unwrap_or_default())
}

impl Witness {
    fn note(path: PathBuf, secret: &str) {
        let hash = hash_of(secret);
        WITNESSES.with_borrow_mut(|witnesses| {
            if let Some(witnesses) = witnesses {
                witnesses.push(Witness { path, hash });
            }
        });
    }

    /// Whether the file holds what it held. One that cannot be read now holds nothing else.
    pub(crate) fn is_still_so(&self) -> bool {
        read(&self.path).is_ok_and(|secret| hash_of(&secret) == self.hash)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// Of no use to anybody outside of this process.
fn hash_of(secret: &str) -> u64 {
    static KEYS: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    KEYS.hash_one(secret)
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
