//! What archives are called, and which files are archives of ours.
//!
//! A name is recognised only if it is exactly what would have been written, so that a neighbour is never taken for an
//! archive: retention removes what is recognised here, and nothing else.

use crate::calendar::{second_of, stamp_of, stampable};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// Where the file is, and what stands beside it is called.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) path: PathBuf,
    pub(crate) directory: PathBuf,
    stem: OsString,
    /// With its dot; empty if there is none.
    extension: OsString,
}

/// Which archive: when it was put away, and the how-manieth of that second. Later ones are greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Turn {
    pub(crate) second: i64,
    pub(crate) number: u32,
}

/// In which shape an archive is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Shape {
    /// As it was written.
    Plain,
    /// Compressed.
    Packed(Codec),
    /// About to be compressed: worth nothing until it is renamed.
    Partial(Codec),
}

/// By what archives are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Codec {
    Gzip,
    Zstd,
}

impl Codec {
    pub(crate) const ALL: [Codec; 2] = [Codec::Gzip, Codec::Zstd];

    fn ending(self) -> &'static str {
        match self {
            Codec::Gzip => ".gz",
            Codec::Zstd => ".zst",
        }
    }
}

const PARTIAL: &str = ".partial";

/// How much longer than that of the file the name of an archive may be.
pub(crate) const LONGER: usize = ".20261127T083000Z.4294967295.zst.partial".len();

impl Turn {
    /// The one after this, at this second or later: names go on where they were if the clock was set back.
    pub(crate) fn next(self, now: i64) -> Turn {
        let now = stampable(now);
        match now > self.second {
            true => Turn { second: now, number: 1 },
            false => Turn { second: self.second, number: self.number.saturating_add(1) },
        }
    }

    /// Before all others.
    pub(crate) const NONE: Turn = Turn { second: i64::MIN, number: 0 };
}

impl Place {
    /// Of a path that names a file.
    pub(crate) fn of(path: &Path) -> Place {
        let directory = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        let mut extension = OsString::new();
        if let Some(bare) = path.extension() {
            extension.push(".");
            extension.push(bare);
        }
        let stem = path.file_stem().unwrap_or_default().to_owned();
        Place { path: path.to_owned(), directory, stem, extension }
    }

    /// Where an archive is.
    pub(crate) fn archive(&self, turn: Turn, shape: Shape) -> PathBuf {
        let mut name = self.stem.clone();
        name.push(format!(".{}.{:04}", stamp_of(turn.second), turn.number));
        name.push(&self.extension);
        if let Shape::Packed(codec) | Shape::Partial(codec) = shape {
            name.push(codec.ending());
        }
        if let Shape::Partial(_) = shape {
            name.push(PARTIAL);
        }
        self.directory.join(name)
    }

    /// Which archive of ours has this name, if any.
    pub(crate) fn recognise(&self, name: &OsStr) -> Option<(Turn, Shape)> {
        let rest = name.as_encoded_bytes().strip_prefix(self.stem.as_encoded_bytes())?;
        let (turn, rest) = read_turn(rest)?;
        let shape = read_shape(rest.strip_prefix(self.extension.as_encoded_bytes())?)?;
        Some((turn, shape))
    }

    /// Where whoever writes the file leaves its lock.
    pub(crate) fn lock(&self) -> PathBuf {
        let mut name = OsString::from(".");
        name.push(&self.stem);
        name.push(&self.extension);
        name.push(".lock");
        self.directory.join(name)
    }
}

/// Whether a name could be one that belongs to another file's archives, or to its lock.
pub(crate) fn is_reserved(name: &str) -> bool {
    let bytes = name.as_bytes();
    let dots = (0..bytes.len()).filter(|at| bytes[*at] == b'.');
    let is_archive = dots.into_iter().any(|at| read_turn(&bytes[at..]).is_some());
    is_archive || name.ends_with(".lock") || is_packed(name)
}

/// Whether a name ends as archives do that are compressed, and would be taken for one.
pub(crate) fn is_packed(name: &str) -> bool {
    name.ends_with(PARTIAL) || Codec::ALL.iter().any(|codec| name.ends_with(codec.ending()))
}

/// Reads `.20261127T083000Z.0001`.
fn read_turn(bytes: &[u8]) -> Option<(Turn, &[u8])> {
    let rest = bytes.strip_prefix(b".")?;
    let (stamp, rest) = rest.split_at_checked(16)?;
    let rest = rest.strip_prefix(b".")?;
    let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = rest.split_at(length);
    let number: u32 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    let is_ours = number > 0 && format!("{number:04}").as_bytes() == digits;
    is_ours.then_some((Turn { second: second_of(stamp)?, number }, rest))
}

fn read_shape(bytes: &[u8]) -> Option<Shape> {
    if bytes.is_empty() {
        return Some(Shape::Plain);
    }
    let codec = |bytes: &[u8]| Codec::ALL.into_iter().find(|codec| codec.ending().as_bytes() == bytes);
    match bytes.strip_suffix(PARTIAL.as_bytes()) {
        Some(bytes) => codec(bytes).map(Shape::Partial),
        None => codec(bytes).map(Shape::Packed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn recognise(path: &str, name: &str) -> Option<(Turn, Shape)> {
        Place::of(Path::new(path)).recognise(OsStr::new(name))
    }

    #[test]
    fn an_archive_is_recognised_and_a_neighbour_is_not() {
        let turn = Turn { second: 1_795_768_200, number: 1 };
        for (path, name, expected) in [
            ("logs/app.log", "app.20261127T083000Z.0001.log", Some(Shape::Plain)),
            ("logs/app.log", "app.20261127T083000Z.0001.log.gz", Some(Shape::Packed(Codec::Gzip))),
            ("logs/app.log", "app.20261127T083000Z.0001.log.zst", Some(Shape::Packed(Codec::Zstd))),
            ("logs/app.log", "app.20261127T083000Z.0001.log.gz.partial", Some(Shape::Partial(Codec::Gzip))),
            ("app", "app.20261127T083000Z.0001", Some(Shape::Plain)),
            (".log", ".log.20261127T083000Z.0001", Some(Shape::Plain)),
            ("logs/app.log", "app.log", None),
            ("logs/app.log", "app.log.bak", None),
            ("logs/app.log", "app2.20261127T083000Z.0001.log", None),
            ("logs/app.log", "app.20261127T083000Z.0001.log.bak", None),
            ("logs/app.log", "app.20261127T083000Z.0001.log.gz.bak", None),
            ("logs/app.log", "app.20261127T083000Z.0001.txt", None),
            ("logs/app.log", "app.20261127T083000Z.0001", None),
            ("logs/app.log", "app.20261127T083000Z.1.log", None),
            ("logs/app.log", "app.20261127T083000Z.00001.log", None),
            ("logs/app.log", "app.20261127T083000Z.0000.log", None),
            ("logs/app.log", "app.20261127T083000Z.99999999999.log", None),
            ("logs/app.log", "app.20261327T083000Z.0001.log", None),
            ("logs/app.log", "app.20261127.log", None),
            ("logs/app.log", "app.1.log", None),
            ("app", "app.20261127T083000Z.0001.log", None),
            ("logs/app.log", ".app.log.lock", None),
        ] {
            assert_eq!(recognise(path, name), expected.map(|shape| (turn, shape)), "{name} beside {path}");
        }
    }

    #[test]
    fn turns_go_on_when_the_clock_does_not() {
        let turn = Turn::NONE.next(1_000);
        assert_eq!(turn, Turn { second: 1_000, number: 1 });
        assert_eq!(turn.next(1_000), Turn { second: 1_000, number: 2 });
        assert_eq!(turn.next(10), Turn { second: 1_000, number: 2 });
        assert_eq!(turn.next(1_001), Turn { second: 1_001, number: 1 });
        assert!(Turn::NONE.next(i64::MIN) > Turn::NONE);
    }

    fn shapes() -> impl Strategy<Value = Shape> {
        let codecs = || prop::sample::select(Codec::ALL.to_vec());
        prop_oneof![Just(Shape::Plain), codecs().prop_map(Shape::Packed), codecs().prop_map(Shape::Partial)]
    }

    proptest! {
        #[test]
        fn names_read_back(
            file in "[a-zA-Z0-9_.-]{1,20}", second in -1_000_000_000_i64..200_000_000_000, number in 1..=u32::MAX,
            shape in shapes()
        ) {
            prop_assume!(Path::new(&file).file_name().is_some());
            let (place, turn) = (Place::of(&Path::new("logs").join(&file)), Turn { second, number });
            let path = place.archive(turn, shape);
            let name = path.file_name().unwrap();
            prop_assert_eq!(place.recognise(name), Some((turn, shape)));
            prop_assert!(name.len() <= file.len() + LONGER);
            prop_assert!(is_reserved(name.to_str().unwrap()));
        }

        #[test]
        fn what_is_recognised_is_what_would_be_written(
            name in prop_oneof![
                "app\\.[0-9T]{15}Z\\.[0-9]{1,6}\\.log(\\.gz|\\.zst)?(\\.partial|\\.bak)?",
                "(app|ap|app2|)\\.20[0-9]{2}[01][0-9][0-3][0-9]T[0-2][0-9]{3}00Z\\.[0-9]{4}(\\.log|)",
                ".{0,40}"
            ]
        ) {
            let place = Place::of(Path::new("logs/app.log"));
            if let Some((turn, shape)) = place.recognise(OsStr::new(&name)) {
                prop_assert_eq!(place.archive(turn, shape), Path::new("logs").join(name));
            }
        }
    }
}
