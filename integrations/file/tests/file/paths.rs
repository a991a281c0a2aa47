//! Paths and options that are refused, with what to do instead.

use crate::place::{Place, write};
use hyperlog_file::{Buffer, Compression, File, Retention, Rotation, Sharing};
use proptest::prelude::*;
use std::time::Duration;

#[test]
fn a_path_that_names_no_file_is_refused() {
    for (path, expected) in [
        ("", "is empty"),
        (".", "names a directory"),
        ("..", "names a directory"),
        ("/", "names a directory"),
        ("logs/", "names a directory"),
        ("logs/.", "names a directory"),
        ("logs/..", "names a directory"),
        ("logs/app\0.log", "NUL"),
        ("logs/app.log.gz", "choose another"),
        (&format!("logs/{}", "x".repeat(256)), "longer than 255"),
    ] {
        let error = File::new(path).start().unwrap_err().to_string();
        assert!(error.starts_with("cannot log to ") && error.contains(expected), "{error}");
    }
}

#[test]
fn options_that_contradict_themselves_or_each_other_are_refused() {
    let place = Place::new();
    let file = || File::new(place.path());
    for (file, expected) in [
        (file().rotation(Rotation::new().size(0)), "a size of 0"),
        (file().retention(Retention::new().count(0)), "a count of 0"),
        (file().retention(Retention::new().age(Duration::ZERO)), "an age of zero"),
        (file().retention(Retention::new().total_bytes(0)), "0 bytes in total"),
        (file().rotation(Rotation::new().size(10)).retention(Retention::new().total_bytes(9)), "less than the size"),
        (file().compression(Compression::gzip().level(10)), "no such level"),
        (file().compression(Compression::gzip().level(-1)), "no such level"),
        (file().compression(Compression::gzip()).sharing(Sharing::Shared), "cannot be compressed"),
        (file().mode(0o666), "everybody"),
        (file().directory_mode(0o777), "everybody"),
        (file().mode(0o4640), "beyond"),
        (file().mode(0o440), "not even the owner"),
        (file().directory_mode(0o640), "not even the owner"),
        (file().buffer(Buffer::Bytes(0)), "a buffer of 0"),
        (
            File::new(place.directory().join("x".repeat(250))).rotation(Rotation::new().size(1)),
            "its archives could not have theirs",
        ),
    ] {
        let error = file.start().unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    assert!(!place.path().exists(), "nothing is created before all is known to be right");
}

#[test]
fn a_path_that_cannot_be_written_is_told_with_what_to_do() {
    let place = Place::new();
    std::fs::write(place.directory().join("file"), "").unwrap();
    for (path, expected) in [
        (place.directory().join("file").join("app.log"), "choose another path"),
        ("/proc/nothing/app.log".into(), "no such directory"),
        ("/sys/app.log".into(), "let the user of this process"),
    ] {
        let error = File::new(&path).start().unwrap_err();
        assert!(error.to_string().contains(expected), "{error}: {:?}", std::error::Error::source(&error));
        assert_eq!(error.path(), path);
        // Nothing was taken, so that another output can stand in for it.
        write(&File::new(place.path()).direct().unwrap(), "instead\n");
    }
}

#[test]
fn a_name_from_data_that_leads_elsewhere_is_refused() {
    let place = Place::new();
    for name in [
        "",
        ".",
        "..",
        "../app.log",
        "a/b",
        "/etc/passwd",
        "a\\b",
        "c:app",
        "a\0b",
        "a\nb",
        "a\u{1b}[31mb",
        "a\u{85}b",
        ".app.log.lock",
        "app.log.gz",
        "app.20261127T083000Z.0001.log",
        "app.20261127T083000Z.0001.log.gz.partial",
        &"x".repeat(256),
        &"ä".repeat(128),
    ] {
        assert!(File::in_directory(place.directory(), name).start().is_err(), "{name:?}");
    }
    assert_eq!(std::fs::read_dir(place.directory()).unwrap().count(), 0);
    for name in ["app.log", "tenant 7", "naïve…", "..app", "x"] {
        write(&File::in_directory(place.directory(), name).direct().unwrap(), "ours\n");
        assert!(place.directory().join(name).is_file(), "{name:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_name_from_data_stays_in_its_directory_or_is_refused(name in prop_oneof![
        any::<String>(), "[./a\\\\:]{0,6}", "(\\.\\./){0,3}[a-z]{0,3}", "[a-zäß€.]{0,300}"
    ]) {
        let place = Place::new();
        let root = place.directory().join("root");
        std::fs::create_dir(&root).unwrap();
        let opened = File::in_directory(&root, &name).direct();
        let outside: Vec<_> = std::fs::read_dir(place.directory()).unwrap().map(|entry| entry.unwrap().path()).collect();
        prop_assert_eq!(outside, [root.clone()]);
        let inside = std::fs::read_dir(&root).unwrap().filter(|entry| entry.as_ref().unwrap().path().is_file()).count();
        // A lock stands beside it, if it can have a name.
        prop_assert!(if opened.is_ok() { (1..=2).contains(&inside) } else { inside == 0 }, "{} files", inside);
        prop_assert!(std::fs::read_dir(&root).unwrap().all(|entry| !entry.unwrap().path().is_dir()));
    }
}
