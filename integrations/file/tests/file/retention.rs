//! Which archives stay, and that nothing else ever goes.

use crate::place::{Place, write};
use hyperlog_file::{File, Retention, Rotation};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::fs;
use std::time::{Duration, SystemTime};

/// Files that look much like archives.
const NEIGHBOURS: [&str; 12] = [
    "app.log.bak",
    "app.log.1",
    "app.log.gz",
    "app2.20200101T000000Z.0001.log",
    "ap.20200101T000000Z.0001.log",
    "app.20200101T000000Z.0001.log.bak",
    "app.20200101T000000Z.1.log",
    "app.20201301T000000Z.0001.log",
    "app.20200101T000000Z.0001.txt",
    "app.20200101T000000Z.0001",
    "app.20200101.log",
    "app.partial",
];

fn sets() -> [(&'static str, Retention, usize); 3] {
    let none = Retention::new();
    [
        ("count", none.count(3), 3),
        ("total", none.total_bytes(35), 3),
        ("age", none.age(Duration::from_secs(3_600)), usize::MAX),
    ]
}

#[test]
fn archives_beyond_a_bound_go_after_each_rotation_and_neighbours_stay() {
    for (name, retention, most) in sets() {
        let place = Place::new();
        NEIGHBOURS.iter().for_each(|name| fs::write(place.directory().join(name), "theirs").unwrap());
        let before: BTreeSet<_> = place.archives().into_iter().collect();
        let file = File::new(place.path()).rotation(Rotation::new().size(10)).retention(retention);
        let sink = file.direct().unwrap();
        for line in 0..20 {
            write(&sink, &format!("{line:09}\n"));
            let ours = place.archives().into_iter().filter(|name| !before.contains(name)).count();
            assert!(ours <= most && ours == most.min(line), "{name}: {ours} of {line}");
        }
        NEIGHBOURS
            .iter()
            .for_each(|name| assert_eq!(fs::read(place.directory().join(name)).unwrap(), b"theirs", "{name}"));
    }
}

#[test]
fn archives_beyond_a_bound_go_at_start() {
    for (name, retention, _) in sets() {
        let place = Place::new();
        for number in 1..=9 {
            fs::write(place.directory().join(format!("app.20200101T000000Z.000{number}.log")), "0123456789").unwrap();
        }
        fs::write(place.path(), "01234").unwrap();
        let _sink = File::new(place.path()).retention(retention).direct().unwrap();
        let expected: &[&str] = match name {
            "age" => &[],
            _ => &["app.20200101T000000Z.0007.log", "app.20200101T000000Z.0008.log", "app.20200101T000000Z.0009.log"],
        };
        assert_eq!(place.archives(), expected, "{name}");
        assert_eq!(place.text(), "01234");
    }
}

#[test]
fn an_archive_that_was_copied_or_named_by_a_clock_ahead_is_as_old_as_the_older_of_the_two_says() {
    let place = Place::new();
    let ages = [("app.20200101T000000Z.0001.log", 0), ("app.20990101T000000Z.0001.log", 7_200)];
    for (name, age) in ages {
        let file = fs::File::create(place.directory().join(name)).unwrap();
        fs::write(place.directory().join(name), "old").unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(age)).unwrap();
    }
    let retention = Retention::new().age(Duration::from_secs(3_600));
    let _sink = File::new(place.path()).retention(retention).direct().unwrap();
    assert_eq!(place.archives(), [""; 0]);
}

#[test]
fn what_was_left_halfway_goes_at_start() {
    let place = Place::new();
    let left = ["app.20200101T000000Z.0001.log.gz.partial", "app.20200101T000000Z.0002.log"];
    fs::write(place.directory().join(left[0]), "half").unwrap();
    fs::write(place.directory().join(left[1]), "").unwrap();
    let _sink = File::new(place.path()).direct().unwrap();
    left.iter().for_each(|name| assert!(!place.directory().join(name).exists(), "{name}"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_no_archive_of_ours_is_never_removed(
        names in prop::collection::btree_set(prop_oneof![
            "[a-z.]{1,12}(\\.log)?",
            "app[.a-z0-9]{0,3}\\.20[12][0-9]01(0[1-9]|1[0-9])T000000Z\\.[0-9]{1,5}\\.log(\\.gz|\\.bak|\\.partial|)",
            "app\\.20[12][0-9]0101T000000Z\\.000[1-9]\\.(log|txt|log\\.old)"
        ], 1..12)
    ) {
        let place = Place::new();
        // Told apart without the code that is tested.
        let is_archive = |name: &str| {
            let parts: Vec<&str> = name.split('.').collect();
            let is_number = |text: &str| text.len() == 4 || text.len() > 4 && !text.starts_with('0');
            let is_named = parts.len() >= 4 && parts[0] == "app" && parts[1].len() == 16 && parts[1].ends_with('Z');
            let ending = parts.get(4..).unwrap_or_default();
            let is_ended = [&[][..], &["gz"], &["zst"], &["gz", "partial"], &["zst", "partial"]].contains(&ending);
            is_named && is_number(parts[2]) && parts[2] != "0000" && parts[3] == "log" && is_ended
        };
        let names: BTreeSet<_> = names.into_iter().filter(|name| name != "app.log" && !name.trim_matches('.').is_empty()).collect();
        names.iter().for_each(|name| fs::write(place.directory().join(name), "theirs").unwrap());
        let retention = Retention::new().count(1).total_bytes(10).age(Duration::from_secs(1));
        let sink = File::new(place.path()).rotation(Rotation::new().size(5)).retention(retention).direct().unwrap();
        (0..5).for_each(|line| write(&sink, &format!("{line}234\n")));
        for name in names.iter().filter(|name| !is_archive(name)) {
            prop_assert!(place.directory().join(name).exists(), "{} was removed", name);
        }
        prop_assert!(place.archives().iter().filter(|name| is_archive(name)).count() <= 1);
    }
}
