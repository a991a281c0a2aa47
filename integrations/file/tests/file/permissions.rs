//! Who may read and write what is created, whatever the mask of the process is.
#![cfg(unix)]

use crate::children::{Role, child_under};
use crate::place::{PATIENCE, Place, wait_until, write};
use hyperlog_core::Sink;
use hyperlog_file::{Compression, File, Rotation};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;

fn mode_of(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn files_and_directories_have_their_modes_whatever_the_mask_is() {
    for mask in ["000", "022", "077", "777"] {
        let place = Place::new();
        let path = place.directory().join("one").join("two").join("app.log");
        let script = format!("umask {mask}; exec \"$@\"");
        let status = child_under(&["sh", "-c", &script, "sh"], Role::Rotate, &path).status().unwrap();
        assert!(status.success());
        let directory = path.parent().unwrap();
        assert_eq!((mode_of(directory), mode_of(directory.parent().unwrap())), (0o750, 0o750), "{mask}");
        let names: Vec<_> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert!(names.len() >= 5, "{names:?}");
        names.iter().for_each(|path| assert_eq!(mode_of(path), 0o640, "{path:?} under {mask}"));
    }
}

#[test]
fn modes_can_be_chosen_and_a_directory_that_was_there_keeps_its_own() {
    let place = Place::new();
    let path = place.directory().join("one").join("app.log");
    let before = mode_of(place.directory());
    let sink = File::new(&path).mode(0o600).directory_mode(0o700).rotation(Rotation::new().size(1)).direct().unwrap();
    ["a\n", "b\n"].iter().for_each(|text| write(&sink, text));
    assert_eq!((mode_of(path.parent().unwrap()), mode_of(place.directory())), (0o700, before));
    fs::read_dir(path.parent().unwrap()).unwrap().for_each(|entry| assert_eq!(mode_of(&entry.unwrap().path()), 0o600));
}

#[test]
fn archives_keep_the_mode_and_the_owner_of_their_file() {
    let place = Place::new();
    let file = File::new(place.path()).rotation(Rotation::new().size(100)).compression(Compression::gzip());
    let sink = file.direct().unwrap();
    write(&sink, &format!("{}\n", "a".repeat(90)));
    fs::set_permissions(place.path(), fs::Permissions::from_mode(0o604)).unwrap();
    let own = fs::metadata(place.path()).unwrap();
    // Only the mighty may give files away.
    let owner = match chown(place.path(), Some(12_345), Some(23_456)) {
        Ok(()) => (12_345, 23_456),
        Err(_) => (own.uid(), own.gid()),
    };
    write(&sink, &format!("{}\n", "b".repeat(90)));
    wait_until("compression", || {
        place.archives().iter().any(|name| name.ends_with(".gz")) && place.archives().len() == 1
    });
    sink.close(PATIENCE).unwrap();
    let there = fs::metadata(place.directory().join(&place.archives()[0])).unwrap();
    assert_eq!(there.permissions().mode() & 0o7777, 0o604);
    assert_eq!((there.uid(), there.gid()), owner);
}
