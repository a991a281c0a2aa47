//! What others do to the file, its directory and its name.
#![cfg(unix)]

use crate::place::{PATIENCE, Place, flush, wait_until, write};
use hyperlog_core::Sink;
use hyperlog_file::{File, Links, Rotation};
use std::error::Error;
use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;
use std::time::{Duration, Instant};

#[test]
fn a_file_that_was_renamed_or_removed_is_made_anew_within_a_second() {
    for is_removed in [false, true] {
        let place = Place::new();
        let sink = File::new(place.path()).direct().unwrap();
        write(&sink, "before\n");
        match is_removed {
            false => fs::rename(place.path(), place.directory().join("moved")).unwrap(),
            true => fs::remove_file(place.path()).unwrap(),
        }
        let begun = Instant::now();
        wait_until("a new file", || {
            write(&sink, "after\n");
            place.path().exists()
        });
        assert!(begun.elapsed() < Duration::from_millis(1_500), "it took {:?}", begun.elapsed());
    }
}

#[test]
fn a_queue_finds_a_file_that_was_renamed_or_removed() {
    for is_removed in [false, true] {
        let place = Place::new();
        let sink = File::new(place.path()).start().unwrap();
        write(&sink, "before\n");
        flush(&sink);
        match is_removed {
            false => fs::rename(place.path(), place.directory().join("moved")).unwrap(),
            true => fs::remove_file(place.path()).unwrap(),
        }
        // Nobody writes: the thread that delivers looks by itself.
        wait_until("a new file", || place.path().exists());
        write(&sink, "after\n");
        flush(&sink);
        assert_eq!(place.text(), "after\n");
        if !is_removed {
            assert_eq!(fs::read_to_string(place.directory().join("moved")).unwrap(), "before\n");
        }
    }
}

#[test]
fn a_file_is_reopened_at_once_on_request() {
    let place = Place::new();
    let file = File::new(place.path());
    let handle = file.handle();
    let sink = file.direct().unwrap();
    write(&sink, "before\n");
    fs::rename(place.path(), place.directory().join("moved")).unwrap();
    handle.reopen();
    write(&sink, "after\n");
    assert_eq!(place.text(), "after\n");
    // What is there by now is written to.
    fs::write(place.directory().join("other"), "other\n").unwrap();
    fs::rename(place.directory().join("other"), place.path()).unwrap();
    handle.reopen();
    write(&sink, "last\n");
    assert_eq!(place.text(), "other\nlast\n");
    assert_eq!(fs::read_to_string(place.directory().join("moved")).unwrap(), "before\n");
}

#[cfg(feature = "signal")]
#[test]
fn a_file_is_reopened_on_a_signal() {
    let place = Place::new();
    let file = File::new(place.path());
    file.handle().reopen_on_sighup().unwrap();
    let sink = file.direct().unwrap();
    write(&sink, "before\n");
    fs::rename(place.path(), place.directory().join("moved")).unwrap();
    let own = std::process::id().to_string();
    assert!(Command::new("kill").args(["-HUP", &own]).status().unwrap().success());
    wait_until("a new file", || {
        write(&sink, "after\n");
        place.path().exists()
    });
}

#[test]
fn a_file_that_was_cut_is_appended_to_without_a_hole() {
    let place = Place::new();
    let file = File::new(place.path()).rotation(Rotation::new().size(20));
    let handle = file.handle();
    let sink = file.direct().unwrap();
    write(&sink, "0123456789abcde\n");
    fs::OpenOptions::new().write(true).open(place.path()).unwrap().set_len(0).unwrap();
    write(&sink, "one\n");
    assert_eq!(place.text(), "one\n");
    handle.reopen();
    write(&sink, "0123456789\n");
    assert_eq!(place.archives().len(), 0, "what was cut off does not count any more");
}

#[test]
fn a_directory_that_was_removed_is_made_anew() {
    let place = Place::new();
    let path = place.directory().join("below").join("further").join("app.log");
    let sink = File::new(&path).rotation(Rotation::new().size(1 << 20)).start().unwrap();
    write(&sink, "before\n");
    flush(&sink);
    fs::remove_dir_all(place.directory().join("below")).unwrap();
    wait_until("a new directory", || path.exists());
    write(&sink, "after\n");
    flush(&sink);
    assert_eq!(fs::read_to_string(&path).unwrap(), "after\n");
    assert!(File::new(&path).start().is_err(), "the new directory has a lock, too");
}

#[test]
fn what_cannot_be_written_waits_until_it_can_be_and_is_not_lost() {
    let place = Place::new();
    let directory = place.directory().join("below");
    let path = directory.join("app.log");
    let sink = File::new(&path).start().unwrap();
    let handle = sink.handle();
    write(&sink, "before\n");
    flush(&sink);
    // A file where the directory was: nothing can be created there.
    fs::remove_dir_all(&directory).unwrap();
    fs::write(&directory, "in the way").unwrap();
    // The second in which the path was looked at passes.
    wait_until("trouble", || {
        write(&sink, "lost with its file\n");
        sink.flush(Duration::from_millis(200)).is_err()
    });
    let lost = handle.account().left.total();
    write(&sink, "kept\n");
    fs::remove_file(&directory).unwrap();
    flush(&sink);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.ends_with("kept\n"), "{text:?}");
    let account = handle.account();
    assert_eq!(account.dropped_total(), 0);
    assert_eq!(account.left.total() - lost, text.lines().count() as u64);
}

#[test]
fn a_line_that_was_torn_when_a_process_died_is_not_continued() {
    for (there, expected) in [("whole\n", "whole\nnext\n"), ("to", "to\nnext\n"), ("", "next\n")] {
        let place = Place::new();
        fs::write(place.path(), there).unwrap();
        write(&File::new(place.path()).direct().unwrap(), "next\n");
        assert_eq!(place.text(), expected);
    }
}

#[test]
fn a_link_is_not_followed_unless_that_is_wanted() {
    let place = Place::new();
    let victim = place.directory().join("victim");
    fs::write(&victim, "theirs\n").unwrap();
    symlink(&victim, place.path()).unwrap();
    let error = File::new(place.path()).start().unwrap_err();
    assert!(error.to_string().contains("symbolic link"), "{error}");
    let sink = File::new(place.path()).links(Links::Followed).rotation(Rotation::new().size(8)).direct().unwrap();
    ["ours\n", "next\n"].iter().for_each(|text| write(&sink, text));
    assert_eq!(fs::read_to_string(&victim).unwrap(), "next\n");
    assert!(fs::symlink_metadata(place.path()).unwrap().is_symlink(), "the link stays where it is");
    // Where it leads need not be there yet.
    let (place, elsewhere) = (Place::new(), Place::new());
    symlink(elsewhere.path(), place.path()).unwrap();
    write(&File::new(place.path()).links(Links::Followed).direct().unwrap(), "ours\n");
    assert_eq!(elsewhere.text(), "ours\n");
}

#[test]
fn a_link_that_is_planted_later_is_not_followed_either() {
    let place = Place::new();
    let victim = place.directory().join("victim");
    fs::write(&victim, "theirs\n").unwrap();
    let file = File::new(place.path()).rotation(Rotation::new().size(10));
    let handle = file.handle();
    let sink = file.direct().unwrap();
    write(&sink, "before\n");
    fs::rename(place.path(), place.directory().join("moved")).unwrap();
    symlink(&victim, place.path()).unwrap();
    for text in ["one\n", "two\n", "three\n", "four\n"] {
        handle.reopen();
        write(&sink, text);
    }
    assert_eq!(fs::read_to_string(&victim).unwrap(), "theirs\n");
    assert_eq!(fs::read_to_string(place.directory().join("moved")).unwrap(), "before\none\ntwo\nthree\nfour\n");
}

#[test]
fn links_in_the_place_of_a_lock_or_of_archives_are_not_followed() {
    let place = Place::new();
    let victim = place.directory().join("victim");
    fs::write(&victim, "theirs\n").unwrap();
    symlink(&victim, place.directory().join(".app.log.lock")).unwrap();
    let (clock, _) = hyperlog_core::Clock::manual(hyperlog_core::Timestamp::new(1_795_780_800, 0));
    for number in 1..4 {
        let planted = format!("app.20261127T120000Z.000{number}.log");
        symlink(&victim, place.directory().join(planted)).unwrap();
    }
    let sink = File::new(place.path()).rotation(Rotation::new().size(1)).clock(clock).direct().unwrap();
    ["a\n", "b\n"].iter().for_each(|text| write(&sink, text));
    assert_eq!(fs::read_to_string(&victim).unwrap(), "theirs\n");
    assert_eq!(fs::read_to_string(place.directory().join("app.20261127T120000Z.0004.log")).unwrap(), "a\n");
    assert!(File::new(place.path()).start().is_err(), "the file itself is locked");
}

#[test]
fn what_is_no_plain_file_is_refused() {
    let place = Place::new();
    let (pipe, directory) = (place.directory().join("pipe.log"), place.directory().join("directory.log"));
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    fs::create_dir(&directory).unwrap();
    for (path, expected) in [
        (pipe.as_path(), "no plain file"),
        (&directory, "is a directory"),
        ("/dev/null".as_ref(), "no plain file"),
        ("/dev/full".as_ref(), "no plain file"),
    ] {
        let error = File::new(path).start().unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
    // A pipe that somebody reads can be opened, and is refused all the same.
    let mut reader = Command::new("cat").arg(&pipe).spawn().unwrap();
    wait_until("a refusal with a reader", || {
        let error = File::new(&pipe).start().unwrap_err();
        error.source().is_some_and(|source| source.to_string().contains("no plain file"))
    });
    drop(reader.kill());
    drop(reader.wait());
}

#[test]
fn a_second_output_on_the_same_path_is_refused_until_the_first_has_ended() {
    let place = Place::new();
    for _ in 0..3 {
        let sink = File::new(place.path()).start().unwrap();
        let error = File::new(place.path()).direct().unwrap_err();
        assert!(error.to_string().contains("another output writes to it"), "{error}");
        write(&sink, "one\n");
        sink.close(PATIENCE).unwrap();
        let direct = File::new(place.path()).direct().unwrap();
        let error = File::new(place.path()).start().unwrap_err();
        assert!(error.to_string().contains("Sharing::Shared"), "{error}");
        write(&direct, "two\n");
        direct.close(PATIENCE).unwrap();
    }
    assert_eq!(place.text(), "one\ntwo\n".repeat(3));
}

#[test]
fn a_torn_line_that_was_cut_off_by_others_leaves_nothing_behind() {
    let place = Place::new();
    fs::write(place.path(), "torn").unwrap();
    let sink = File::new(place.path()).direct().unwrap();
    sink.begin(b"head\n");
    fs::write(place.path(), "").unwrap();
    write(&sink, "one\n");
    assert_eq!(place.text(), "head\none\n");
}
