//! Disks that are full, in small file systems of their own.
#![cfg(target_os = "linux")]

use crate::place::{PATIENCE, archives_in, counted, flush, unpacked, wait_until, write};
use hyperlog_core::Sink;
use hyperlog_file::{Compression, File, Rotation};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// A small file system in memory, where this machine lets us have one.
struct Disk {
    directory: tempfile::TempDir,
}

impl Disk {
    fn new(options: &str) -> Option<Disk> {
        let directory = tempfile::tempdir().unwrap();
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(directory.path()).output();
        match mount {
            Ok(output) if output.status.success() => Some(Disk { directory }),
            other => {
                skip(&format!("no file system can be mounted: {other:?}"));
                None
            }
        }
    }

    fn directory(&self) -> &Path {
        self.directory.path()
    }

    fn path(&self) -> PathBuf {
        self.directory().join("app.log")
    }

    /// Takes all that is left.
    fn fill(&self) -> PathBuf {
        let (path, block) = (self.directory().join("ballast"), [0; 4096]);
        let mut ballast = fs::File::create(&path).unwrap();
        while std::io::Write::write_all(&mut ballast, &block).is_ok() {}
        path
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        drop(Command::new("umount").args(["-l"]).arg(self.directory.path()).status());
    }
}

#[expect(clippy::print_stderr, reason = "whoever runs the tests is to know what was not run")]
pub(crate) fn skip(why: &str) {
    eprintln!("skipped: {why}");
}

#[test]
fn a_full_disk_stops_no_caller_and_logging_goes_on_within_a_second_of_room() {
    let Some(disk) = Disk::new("size=1m") else { return };
    let sink = File::new(disk.path()).exporter().unwrap().capacity(64 * 1024).start().unwrap();
    let handle = sink.handle();
    write(&sink, "before\n");
    flush(&sink);
    let ballast = disk.fill();
    let begun = Instant::now();
    let line = |number: usize| format!("{number} {}\n", "x".repeat(100));
    let (mut slowest, mut lost) = (Duration::ZERO, 0);
    for number in 0..20_000 {
        let begun = Instant::now();
        let written = crate::place::try_write(&sink, &line(number));
        lost += u64::from(matches!(written, hyperlog_core::Written::Dropped(_)));
        slowest = slowest.max(begun.elapsed());
    }
    assert!(slowest < Duration::from_secs(1), "a caller waited for {slowest:?} of {:?}", begun.elapsed());
    wait_until("trouble", || handle.health().failures > 0);
    fs::remove_file(ballast).unwrap();
    let begun = Instant::now();
    let before = handle.account().left.total();
    wait_until("a record after there is room", || handle.account().left.total() > before);
    assert!(begun.elapsed() < Duration::from_secs(1), "it took {:?}", begun.elapsed());
    let _ = sink.flush(PATIENCE);
    let (account, text) = (handle.account(), fs::read_to_string(disk.path()).unwrap());
    assert!(text.ends_with('\n'));
    let is_whole =
        |text: &str| text == "before" || text.split_once(' ').is_some_and(|(_, rest)| rest == "x".repeat(100));
    assert!(text.lines().all(is_whole), "a line is torn");
    assert_eq!(text.lines().count() as u64, account.left.total());
    let lost = lost + account.dropped_total();
    assert!(lost > 0);
    assert_eq!(account.left.total() + account.pending.total() + lost, 20_001);
    assert!(counted(&text).values().all(|count| *count == 1), "a line came twice");
}

#[test]
fn without_a_queue_what_a_full_disk_does_not_take_is_answered_so() {
    let Some(disk) = Disk::new("size=1m") else { return };
    let sink = File::new(disk.path()).direct().unwrap();
    let line = |number: usize| format!("{number} {}\n", "x".repeat(1_000));
    let taken: Vec<usize> = (0..1_500)
        .filter(|number| crate::place::try_write(&sink, &line(*number)) == hyperlog_core::Written::Done)
        .collect();
    assert!(taken.len() < 1_500 && taken.len() > 900, "{} lines", taken.len());
    let text: String = taken.into_iter().map(line).collect();
    assert_eq!(fs::read_to_string(disk.path()).unwrap(), text);
}

#[test]
fn a_disk_that_fills_while_files_are_rotated_and_compressed_loses_no_archive() {
    let Some(disk) = Disk::new("size=1m") else { return };
    let file = File::new(disk.path()).rotation(Rotation::new().size(50_000)).compression(Compression::gzip());
    let sink = file.exporter().unwrap().when_full(hyperlog_delivery::WhenFull::DropNewest).start().unwrap();
    let handle = sink.handle();
    // Digits that do not get much smaller.
    let mut state = 1_u64;
    let mut line = |number: usize| {
        let mut noise = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            format!("{:x}", state >> 8)
        };
        format!("{number} {}\n", (0..20).map(|_| noise()).collect::<String>())
    };
    let mut expected = String::new();
    let mut ballast = None;
    for number in 0..2_500 {
        let line = line(number);
        if crate::place::try_write(&sink, &line) == hyperlog_core::Written::Queued {
            expected.push_str(&line);
        }
        if number == 1_000 {
            flush(&sink);
            ballast = Some(disk.fill());
        }
    }
    wait_until("trouble", || handle.health().failures > 0);
    fs::remove_file(ballast.unwrap()).unwrap();
    flush(&sink);
    sink.close(PATIENCE).unwrap();
    let names = archives_in(disk.directory());
    let archives = names.iter().map(|name| String::from_utf8(unpacked(&disk.directory().join(name))).unwrap());
    let text: String = archives.chain([fs::read_to_string(disk.path()).unwrap()]).collect();
    assert_eq!(handle.account().dropped_total(), 0);
    assert!(counted(&text) == counted(&expected), "{} of {} bytes", text.len(), expected.len());
}

#[test]
fn without_inodes_the_file_grows_on() {
    let Some(disk) = Disk::new("size=4m,nr_inodes=8") else { return };
    let sink = File::new(disk.path()).rotation(Rotation::new().size(1_000)).direct().unwrap();
    let mut ballast = Vec::new();
    while let Ok(file) = fs::File::create(disk.directory().join(format!("ballast{}", ballast.len()))) {
        ballast.push(file);
    }
    let line = |number: usize| format!("{number} {}\n", "x".repeat(100));
    (0..100).for_each(|number| write(&sink, &line(number)));
    assert_eq!(archives_in(disk.directory()).len(), 0);
    assert_eq!(fs::read_to_string(disk.path()).unwrap(), (0..100).map(line).collect::<String>());
    drop(ballast);
    fs::remove_file(disk.directory().join("ballast0")).unwrap();
    wait_until("a rotation", || {
        write(&sink, "more\n");
        archives_in(disk.directory()).len() == 1
    });
}
