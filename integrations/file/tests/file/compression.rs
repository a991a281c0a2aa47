//! Archives that are compressed on the side.

use crate::place::{PATIENCE, Place, archives_in, counted, unpacked, wait_until, write};
use hyperlog_core::Sink;
use hyperlog_file::{Compression, File, Retention, Rotation};
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

fn codecs() -> Vec<(Compression, &'static str, [i32; 2])> {
    vec![
        (Compression::gzip(), ".gz", [1, 9]),
        #[cfg(feature = "zstd")]
        (Compression::zstd(), ".zst", [1, 19]),
    ]
}

/// What compresses, but not to nothing.
fn text(lines: usize) -> String {
    let mut state = 1_u64;
    let mut line = |number: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        format!("{{\"number\":{number},\"id\":{},\"message\":\"a request was answered\"}}\n", state >> 40)
    };
    (0..lines).map(&mut line).collect()
}

fn are_all_packed(place: &Place, ending: &str) -> bool {
    let names = fs::read_dir(place.directory()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let is_done = |name: &String| name == "app.log" || name == ".app.log.lock" || name.ends_with(ending);
    names.into_iter().all(|name| is_done(&name))
}

#[test]
fn archives_are_compressed_and_nothing_is_lost() {
    for (compression, ending, _) in codecs() {
        let place = Place::new();
        let file = File::new(place.path()).rotation(Rotation::new().size(20_000)).compression(compression);
        let sink = file.direct().unwrap();
        let text = text(2_000);
        text.split_inclusive('\n').for_each(|line| write(&sink, line));
        wait_until("compression", || are_all_packed(&place, ending));
        sink.close(PATIENCE).unwrap();
        assert!(place.archives().len() > 5);
        assert_eq!(place.all_text(), text);
        let packed: u64 =
            place.archives().iter().map(|name| fs::metadata(place.directory().join(name)).unwrap().len()).sum();
        assert!(packed < text.len() as u64 / 2);
    }
}

#[test]
fn an_archive_that_is_seen_before_it_is_there_is_compressed_when_it_is() {
    let place = Place::new();
    let file = File::new(place.path()).rotation(Rotation::new().size(20_000)).compression(Compression::gzip());
    let sink = file.direct().unwrap();
    // A name as a rotation reserves it, before the file is renamed to it.
    let reserved = place.directory().join("app.20200101T000000Z.0001.log");
    fs::write(&reserved, "").unwrap();
    let text = text(500);
    let rotate = || text.split_inclusive('\n').for_each(|line| write(&sink, line));
    let others_are_packed = || {
        let archives = place.archives();
        archives.len() > 1 && archives.iter().skip(1).all(|name| name.ends_with(".gz"))
    };
    rotate();
    wait_until("compression of the others", others_are_packed);
    fs::write(&reserved, &text).unwrap();
    rotate();
    wait_until("compression", || !reserved.exists());
    assert_eq!(crate::place::unpacked(&reserved.with_extension("log.gz")), text.as_bytes());
}

#[test]
fn the_level_is_honoured() {
    for (compression, ending, levels) in codecs() {
        let sizes = levels.map(|level| {
            let place = Place::new();
            let archive = "app.20260101T000000Z.0001.log";
            fs::write(place.directory().join(archive), text(5_000)).unwrap();
            let _sink = File::new(place.path()).compression(compression.level(level)).direct().unwrap();
            wait_until("compression", || are_all_packed(&place, ending));
            fs::metadata(place.directory().join(format!("{archive}{ending}"))).unwrap().len()
        });
        assert!(sizes[1] < sizes[0], "{ending}: {sizes:?} at {levels:?}");
    }
}

#[test]
fn what_a_process_left_is_compressed_by_the_next() {
    let place = Place::new();
    let text = text(1_000);
    let [first, second] = ["app.20260101T000000Z.0001.log", "app.20260101T000000Z.0002.log"];
    fs::write(place.directory().join(first), &text).unwrap();
    // This one was compressed to its end, and the process died before it removed the source.
    fs::write(place.directory().join(second), &text).unwrap();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, text.as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    fs::write(place.directory().join(format!("{second}.gz")), &packed).unwrap();
    let partial = place.directory().join(format!("{first}.gz.partial"));
    fs::write(&partial, "half").unwrap();
    let _sink = File::new(place.path()).compression(Compression::gzip()).direct().unwrap();
    assert!(!partial.exists() || fs::read(&partial).unwrap() != b"half");
    wait_until("compression", || are_all_packed(&place, ".gz"));
    assert_eq!(place.archives(), [format!("{first}.gz"), format!("{second}.gz")]);
    assert_eq!(fs::read(place.directory().join(format!("{second}.gz"))).unwrap(), packed, "it was whole already");
    assert_eq!(unpacked(&place.directory().join(format!("{first}.gz"))), text.as_bytes());
}

#[test]
fn an_archive_of_somebody_else_in_the_way_stays_and_so_does_the_source() {
    let place = Place::new();
    let [first, second] = ["app.20260101T000000Z.0001.log", "app.20260101T000000Z.0002.log"];
    [first, second].iter().for_each(|name| fs::write(place.directory().join(name), text(100)).unwrap());
    fs::write(place.directory().join(format!("{first}.gz")), "theirs").unwrap();
    let _sink = File::new(place.path()).compression(Compression::gzip()).direct().unwrap();
    wait_until("compression of the other", || !place.directory().join(second).exists());
    assert_eq!(fs::read(place.directory().join(first)).unwrap(), text(100).as_bytes());
    assert_eq!(fs::read(place.directory().join(format!("{first}.gz"))).unwrap(), b"theirs");
}

#[test]
fn what_does_not_get_smaller_stays_as_it_is() {
    let place = Place::new();
    let mut noise = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut noise, text(3_000).as_bytes()).unwrap();
    let (noise, archive) = (noise.finish().unwrap(), place.directory().join("app.20260101T000000Z.0001.log"));
    fs::write(&archive, &noise).unwrap();
    let other = place.directory().join("app.20260101T000000Z.0002.log");
    fs::write(&other, text(100)).unwrap();
    let _sink = File::new(place.path()).compression(Compression::gzip()).direct().unwrap();
    wait_until("compression of the other", || !other.exists());
    assert_eq!(fs::read(&archive).unwrap(), noise);
    assert_eq!(place.archives(), ["app.20260101T000000Z.0001.log", "app.20260101T000000Z.0002.log.gz"]);
}

/// Compresses much, and writes meanwhile.
#[test]
fn logging_goes_on_while_a_large_archive_is_compressed_and_the_end_does_not_wait_for_it() {
    let place = Place::new();
    let archive = place.directory().join("app.20260101T000000Z.0001.log");
    fs::write(&archive, text(20_000).repeat(60)).unwrap();
    let partial = archive.with_extension("log.gz.partial");
    let sink = File::new(place.path()).compression(Compression::gzip().level(9)).direct().unwrap();
    wait_until("compression", || partial.exists());
    let mut slowest = Duration::ZERO;
    for line in 0..1_000 {
        let begun = Instant::now();
        write(&sink, &format!("{line}\n"));
        slowest = slowest.max(begun.elapsed());
    }
    assert!(partial.exists(), "it was compressed before anything could be seen");
    assert!(slowest < Duration::from_secs(1), "a record waited for {slowest:?}");
    let begun = Instant::now();
    let _ = sink.close(Duration::ZERO);
    assert!(begun.elapsed() < Duration::from_secs(1), "the end waited for {:?}", begun.elapsed());
    wait_until("the end", || !partial.exists());
    assert!(archive.exists(), "what was not finished is left as it was");
}

#[cfg(target_os = "linux")]
#[test]
fn threads_descriptors_and_what_is_half_done_are_bounded() {
    let place = Place::in_memory();
    let count = |path: &str| fs::read_dir(path).unwrap().count();
    let [threads, files] = ["/proc/self/task", "/proc/self/fd"].map(count);
    let file = File::new(place.path()).rotation(Rotation::new().size(500)).compression(Compression::gzip());
    let sink = file.direct().unwrap();
    let lines = text(1_000);
    for (number, line) in lines.split_inclusive('\n').enumerate() {
        (0..7).for_each(|_| write(&sink, line));
        if number % 20 == 0 {
            assert!(count("/proc/self/task") <= threads + 1 + OTHERS, "{} threads", count("/proc/self/task"));
            assert!(count("/proc/self/fd") <= files + 32 + OTHERS, "{} files", count("/proc/self/fd"));
            let names = fs::read_dir(place.directory()).unwrap().map(|entry| entry.unwrap().file_name());
            let partial = names.filter(|name| name.to_str().unwrap().ends_with(".partial")).count();
            assert!(partial <= 1, "{partial} are being compressed");
        }
    }
    wait_until("compression", || are_all_packed(&place, ".gz"));
    assert!(place.archives().len() >= 900, "{} rotations", place.archives().len());
    let expected: String = lines.split_inclusive('\n').map(|line| line.repeat(7)).collect();
    assert_eq!(place.lines(), counted(&expected));
    sink.close(PATIENCE).unwrap();
}

/// Threads and files of tests that run beside, where they share a process.
#[cfg(target_os = "linux")]
const OTHERS: usize = 64;

#[test]
fn what_the_log_takes_of_the_disk_stays_below_its_bound_and_one_file() {
    let place = Place::new();
    let (total, size) = (200_000, 20_000);
    let file = File::new(place.path())
        .rotation(Rotation::new().size(size))
        .retention(Retention::new().total_bytes(total))
        .compression(Compression::gzip());
    let sink = file.direct().unwrap();
    let (is_over, text) = (AtomicBool::new(false), text(30_000));
    let most = std::thread::scope(|scope| {
        let watch = scope.spawn(|| {
            let mut most = 0;
            while !is_over.load(Ordering::Relaxed) {
                most = most.max(taken_by(place.directory()));
                std::thread::sleep(Duration::from_millis(1));
            }
            most
        });
        text.split_inclusive('\n').for_each(|line| write(&sink, line));
        is_over.store(true, Ordering::Relaxed);
        watch.join().unwrap()
    });
    assert!(most <= total + size, "{most} bytes");
    assert!(most > total / 2 && archives_in(place.directory()).len() >= 5, "there was something to see");
}

/// What all files take together. A file that is renamed while they are counted may be counted twice: each counts once.
fn taken_by(directory: &Path) -> u64 {
    let mut seen = std::collections::BTreeMap::new();
    for path in fs::read_dir(directory).unwrap().filter_map(|entry| Some(entry.ok()?.path())) {
        if let Ok(there) = fs::metadata(&path) {
            #[cfg(unix)]
            let identity = std::os::unix::fs::MetadataExt::ino(&there);
            #[cfg(not(unix))]
            let identity = path;
            seen.insert(identity, there.len());
        }
    }
    seen.values().sum()
}
