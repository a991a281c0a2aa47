//! When a new file begins, and what the old one is called.

use crate::place::{Place, counted, flush, write};
use hyperlog_core::{Clock, Sink, Timestamp};
use hyperlog_file::{File, Period, Rotation};
use std::sync::Barrier;
use std::time::Duration;

const NOON: i64 = 1_795_780_800; // 2026-11-27T12:00:00Z

#[test]
fn eight_threads_and_two_thousand_rotations_write_each_line_once_and_whole() {
    let place = Place::new();
    let (threads, lines) = (8, 2_000);
    let exporter = File::new(place.path()).rotation(Rotation::new().size(256)).exporter().unwrap();
    let sink = exporter.when_full(hyperlog_delivery::WhenFull::Block(crate::place::PATIENCE)).start().unwrap();
    write_from(threads, lines, &sink);
    flush(&sink);
    check_all(&place, threads, lines);
}

#[test]
fn eight_threads_write_each_line_once_and_whole_without_a_queue() {
    let place = Place::new();
    let (threads, lines) = (8, 2_000);
    let sink = File::new(place.path()).rotation(Rotation::new().size(256)).direct().unwrap();
    write_from(threads, lines, &sink);
    check_all(&place, threads, lines);
}

fn text_of(thread: usize, line: usize) -> String {
    format!("{thread} {line} {}\n", "x".repeat(line % 40))
}

fn write_from(threads: usize, lines: usize, sink: &impl Sink) {
    let begin = Barrier::new(threads);
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let begin = &begin;
            scope.spawn(move || {
                begin.wait();
                (0..lines).for_each(|line| write(sink, &text_of(thread, line)));
            });
        }
    });
}

#[track_caller]
fn check_all(place: &Place, threads: usize, lines: usize) {
    let expected: String = (0..threads).flat_map(|thread| (0..lines).map(move |line| text_of(thread, line))).collect();
    assert!(place.archives().len() >= 1_500, "{} rotations", place.archives().len());
    assert_eq!(place.lines(), counted(&expected));
    for name in place.archives() {
        let text = std::fs::read_to_string(place.directory().join(&name)).unwrap();
        assert!(text.ends_with('\n') && text.len() <= 256, "{name}: {text:?}");
    }
}

#[test]
fn a_file_ends_before_it_grows_beyond_its_size_and_a_larger_record_has_its_own() {
    let place = Place::new();
    let sink = File::new(place.path()).rotation(Rotation::new().size(10)).direct().unwrap();
    for text in ["1234\n", "5678\n", "9\n", "longer than all\n", "a\n", "b\n"] {
        write(&sink, text);
    }
    let texts: Vec<_> =
        place.archives().iter().map(|name| std::fs::read_to_string(place.directory().join(name)).unwrap()).collect();
    assert_eq!(texts, ["1234\n5678\n", "9\n", "longer than all\n"]);
    assert_eq!(place.text(), "a\nb\n");
}

#[test]
fn archives_are_called_by_the_second_and_numbered_within_it() {
    let place = Place::new();
    let (clock, hands) = Clock::manual(Timestamp::new(NOON, 0));
    let file = File::new(place.path()).rotation(Rotation::new().size(1)).clock(clock);
    let sink = file.direct().unwrap();
    ["a\n", "b\n", "c\n"].iter().for_each(|text| write(&sink, text));
    hands.advance(Duration::from_secs(1));
    write(&sink, "d\n");
    hands.set(Timestamp::new(NOON - 100, 0));
    write(&sink, "e\n");
    assert_eq!(
        place.archives(),
        [
            "app.20261127T120000Z.0001.log",
            "app.20261127T120000Z.0002.log",
            "app.20261127T120001Z.0001.log",
            "app.20261127T120001Z.0002.log"
        ]
    );
    assert_eq!(place.all_text(), "a\nb\nc\nd\ne\n");
}

#[test]
fn a_name_that_is_taken_is_left_alone() {
    let place = Place::new();
    let (clock, _) = Clock::manual(Timestamp::new(NOON, 0));
    let file = File::new(place.path()).rotation(Rotation::new().size(1)).clock(clock);
    let sink = file.direct().unwrap();
    let taken = ["app.20261127T120000Z.0001.log", "app.20261127T120000Z.0002.log.gz"];
    taken.iter().for_each(|name| std::fs::write(place.directory().join(name), "theirs").unwrap());
    ["a\n", "b\n"].iter().for_each(|text| write(&sink, text));
    taken.iter().for_each(|name| assert_eq!(std::fs::read(place.directory().join(name)).unwrap(), b"theirs"));
    assert_eq!(std::fs::read(place.directory().join("app.20261127T120000Z.0003.log")).unwrap(), b"a\n");
}

#[test]
fn a_new_period_begins_a_new_file() {
    for (period, passed) in
        [(Period::Minute, 60), (Period::Hour, 3_600), (Period::Day, 12 * 3_600), (Period::Week, 60 * 3_600)]
    {
        let place = Place::new();
        let (clock, hands) = Clock::manual(Timestamp::new(NOON, 0));
        let sink = File::new(place.path()).rotation(Rotation::new().every(period)).clock(clock).direct().unwrap();
        write(&sink, "first\n");
        hands.advance(Duration::from_secs(passed - 1));
        write(&sink, "second\n");
        assert_eq!(place.archives().len(), 0, "{period:?}");
        hands.advance(Duration::from_secs(1));
        write(&sink, "third\n");
        assert_eq!((place.archives().len(), place.text().as_str()), (1, "third\n"), "{period:?}");
    }
}

#[test]
fn a_restart_goes_on_with_the_size_and_the_period_of_the_file() {
    let place = Place::new();
    let (clock, hands) = Clock::manual(Timestamp::now());
    let rotation = Rotation::new().size(10).every(Period::Hour);
    let open = || File::new(place.path()).rotation(rotation).clock(clock.clone()).direct().unwrap();
    write(&open(), "1234\n");
    write(&open(), "5678\n");
    assert_eq!((place.archives().len(), place.text().as_str()), (0, "1234\n5678\n"));
    write(&open(), "9\n");
    assert_eq!((place.archives().len(), place.text().as_str()), (1, "9\n"));
    hands.advance(Duration::from_secs(3_600));
    write(&open(), "a\n");
    assert_eq!((place.archives().len(), place.text().as_str()), (2, "a\n"));
    assert_eq!(place.all_text(), "1234\n5678\n9\na\n");
}

#[test]
fn a_clock_that_is_set_back_neither_rotates_again_nor_overwrites() {
    let place = Place::new();
    let (clock, hands) = Clock::manual(Timestamp::new(NOON - 1, 0));
    let sink = File::new(place.path()).rotation(Rotation::new().every(Period::Hour)).clock(clock).direct().unwrap();
    for turn in 0..20 {
        hands.set(Timestamp::new(NOON - turn % 2, 0));
        write(&sink, &format!("{turn}\n"));
    }
    assert_eq!(place.archives().len(), 0, "it began at noon and went back");
    hands.set(Timestamp::new(NOON + 3_600, 0));
    write(&sink, "next\n");
    hands.set(Timestamp::new(0, 0));
    (0..5).for_each(|_| write(&sink, "long ago\n"));
    assert_eq!(place.archives().len(), 1);
    assert_eq!(place.text(), format!("next\n{}", "long ago\n".repeat(5)));
}

#[test]
fn an_idle_file_is_put_away_when_its_period_has_passed() {
    let place = Place::new();
    let (clock, hands) = Clock::manual(Timestamp::new(NOON, 0));
    let sink = File::new(place.path()).rotation(Rotation::new().every(Period::Day)).clock(clock).start().unwrap();
    write(&sink, "today\n");
    flush(&sink);
    hands.advance(Duration::from_secs(12 * 3_600));
    crate::place::wait_until("a rotation", || place.archives().len() == 1);
    crate::place::wait_until("a new file", || place.path().exists());
    assert_eq!(place.text(), "");
}

#[test]
fn a_new_file_begins_on_request() {
    let place = Place::new();
    let file = File::new(place.path());
    let handle = file.handle();
    let sink = file.direct().unwrap();
    handle.rotate();
    write(&sink, "one\n");
    handle.rotate();
    handle.rotate();
    write(&sink, "two\n");
    assert_eq!((place.archives().len(), place.text().as_str()), (1, "two\n"), "an empty file is not put away");
}

#[test]
fn each_file_begins_with_what_the_encoder_writes_first() {
    let place = Place::new();
    let open = || File::new(place.path()).rotation(Rotation::new().size(30)).direct().unwrap();
    let sink = open();
    sink.begin(b"time,message\n");
    ["1,one\n", "2,two\n", "3,three\n", "4,four\n"].iter().for_each(|text| write(&sink, text));
    drop(sink);
    let sink = open();
    sink.begin(b"time,message\n");
    write(&sink, "5,five\n");
    assert_eq!(place.all_text(), "time,message\n1,one\n2,two\ntime,message\n3,three\n4,four\ntime,message\n5,five\n");
}

#[test]
fn each_file_of_a_queue_begins_with_what_the_encoder_writes_first() {
    let place = Place::new();
    let sink = File::new(place.path()).rotation(Rotation::new().size(20)).start().unwrap();
    sink.begin(b"head\n");
    (0..10).for_each(|line| write(&sink, &format!("line {line}\n")));
    flush(&sink);
    assert_eq!(place.archives().len(), 4);
    let begins = |name: &String| std::fs::read(place.directory().join(name)).unwrap().starts_with(b"head\nline");
    assert!(place.archives().iter().all(begins));
    assert_eq!(place.text(), "head\nline 8\nline 9\n");
}
