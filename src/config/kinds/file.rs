//! Files that rotate.

use crate::config::quantity::{Bytes, Time};
use crate::config::registry::{Opened, Registry, Surroundings, Target};
use hyperlog_file::{Compression, File, Links, Period, Retention, Rotation, Sharing};
use schemars::JsonSchema;
use std::path::PathBuf;

/// A file that rotates, and what becomes of its archives.
#[derive(serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Where it is. A relative path leads from the directory of the configuration.
    path: PathBuf,
    /// When a new file begins. Never, if nothing is said.
    #[serde(default)]
    rotate: Rotate,
    /// Which archives stay. All, if nothing is said.
    #[serde(default)]
    keep: Keep,
    /// How archives are compressed. Not at all, if nothing is said.
    #[serde(default)]
    compress: Option<Compress>,
    /// Whether other processes write to it as well.
    #[serde(default)]
    shared: bool,
    /// Whether the path may be a symbolic link.
    #[serde(default)]
    follow_links: bool,
    /// The permissions of files, in octal digits. `640` if nothing is said.
    #[serde(default)]
    mode: Option<String>,
    /// The permissions of directories, in octal digits. `750` if nothing is said.
    #[serde(default)]
    directory_mode: Option<String>,
}

/// When a new file begins: by size, by time, or by both.
#[derive(Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Rotate {
    /// From this size on.
    size: Option<Bytes>,
    /// With each of these, in UTC.
    every: Option<Every>,
}

#[derive(Clone, Copy, serde::Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Every {
    /// On the minute.
    Minute,
    /// On the hour.
    Hour,
    /// At midnight.
    Day,
    /// At midnight before Monday.
    Week,
}

/// Which archives stay: those that keep all of these.
#[derive(Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Keep {
    /// So many at most.
    count: Option<u32>,
    /// None older than this.
    age: Option<Time>,
    /// So much in all.
    total: Option<Bytes>,
}

#[derive(Clone, Copy, serde::Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Compress {
    /// By gzip.
    Gzip,
    /// By zstd.
    #[cfg(feature = "zstd")]
    Zstd,
}

pub(super) fn all(registry: Registry) -> Registry {
    let open = |settings: Settings, place: &Surroundings| Ok(Opened::exporter(settings.file(place)?.exporter()?));
    let check = |settings: Settings, place: &Surroundings| settings.file(place).map(drop);
    let file = |settings: Settings| Target { path: settings.path, is_shared: settings.shared };
    registry.output_checked("file", open, check).writes_to("file", file)
}

impl Settings {
    fn file(self, place: &Surroundings) -> Result<File, Box<dyn std::error::Error + Send + Sync>> {
        let mut file =
            File::new(place.path(&self.path)?).rotation(self.rotate.rotation()).retention(self.keep.retention());
        if place.is_in_place {
            file = file.in_turn();
        }
        file = match self.compress {
            None => file,
            Some(Compress::Gzip) => file.compression(Compression::gzip()),
            #[cfg(feature = "zstd")]
            Some(Compress::Zstd) => file.compression(Compression::zstd()),
        };
        if self.shared {
            file = file.sharing(Sharing::Shared);
        }
        if self.follow_links {
            file = file.links(Links::Followed);
        }
        if let Some(mode) = self.mode {
            file = file.mode(octal(&mode)?);
        }
        if let Some(mode) = self.directory_mode {
            file = file.directory_mode(octal(&mode)?);
        }
        Ok(file)
    }
}

fn octal(digits: &str) -> Result<u32, String> {
    let mode = u32::from_str_radix(digits, 8).ok().filter(|mode| *mode <= 0o777);
    mode.ok_or_else(|| "permissions are three octal digits, such as \"640\"".to_owned())
}

impl Rotate {
    fn rotation(self) -> Rotation {
        let mut rotation = Rotation::new();
        if let Some(size) = self.size {
            rotation = rotation.size(size.0);
        }
        if let Some(every) = self.every {
            rotation = rotation.every(match every {
                Every::Minute => Period::Minute,
                Every::Hour => Period::Hour,
                Every::Day => Period::Day,
                Every::Week => Period::Week,
            });
        }
        rotation
    }
}

impl Keep {
    fn retention(self) -> Retention {
        let mut retention = Retention::new();
        if let Some(count) = self.count {
            retention = retention.count(count as usize);
        }
        if let Some(age) = self.age {
            retention = retention.age(age.0);
        }
        if let Some(total) = self.total {
            retention = retention.total_bytes(total.0);
        }
        retention
    }
}
